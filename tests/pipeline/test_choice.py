"""The same words always mean the same study, and a study found by its folder goes on as it was."""

from pathlib import Path

import pytest

from lowres.errors import RecipeError, StudyDamaged, StudyError
from lowres.files.recipes import read_recipe
from lowres.files.study.study_folder import StudySource, open_study
from lowres.pipeline.choice import choose_study
from lowres.values.recipes.recipe import recipe_to_toml


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study of the user's own flowers, begun with a seed of 9."""
    (tmp_path / "data" / "flowers").mkdir(parents=True)
    folder = tmp_path / "my-study"
    with open_study(folder) as opened:
        opened.source = StudySource("flowers", "../data/flowers", skip_damaged=True, fingerprint="ab")
        opened.write_recipe(recipe_to_toml(read_recipe("quick").with_settings({"seed": "9"})))
        opened.save()
    return folder


def test_silence_means_digits_and_the_recipe_for_tiny_pictures():
    choice = choose_study()
    assert choice.source == StudySource("digits")
    assert choice.recipe == read_recipe("quick-96")
    assert choice.folder == Path("studies/digits-quick-96")


def test_words_say_everything():
    choice = choose_study("cifar10", "quick", {"seed": "3", "name": "my own"}, skip_damaged=True)
    assert choice.source == StudySource("cifar10", skip_damaged=True)
    assert choice.recipe.seed == 3
    assert choice.folder == Path("studies/cifar10-my-own")


def test_a_path_is_kept_as_seen_from_the_study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data" / "flowers").mkdir(parents=True)
    choice = choose_study("data/flowers")
    assert choice.folder == Path("studies/flowers-transfer")
    assert choice.source == StudySource("flowers", "../../data/flowers")
    assert Path(choice.source.location(choice.folder)).resolve() == tmp_path / "data" / "flowers"


def test_unlabelled_pictures_are_kept_as_seen_from_the_study(tmp_path, monkeypatch, study):
    monkeypatch.chdir(tmp_path)
    choice = choose_study("cifar10", unlabelled=Path("data/more"))
    assert choice.source == StudySource("cifar10", unlabelled="../../data/more")
    assert choice.source.unlabelled_place(choice.folder) == Path("data/more")
    assert choose_study(str(study), unlabelled=Path("data/more")).source.unlabelled == "../data/more"
    assert choose_study(str(study)).source.unlabelled == ""


@pytest.mark.parametrize("as_source", [True, False])
def test_a_study_goes_on_with_its_own_images_and_recipe(study, as_source):
    choice = choose_study(str(study)) if as_source else choose_study(folder=study)
    assert choice.source == StudySource("flowers", "../data/flowers", skip_damaged=True, fingerprint="ab")
    assert choice.recipe.seed == 9
    assert choice.folder == study


def test_settings_and_another_recipe_go_over_a_studys_own(study):
    assert choose_study(str(study), settings={"head.epochs": "2"}).recipe.head.epochs == 2
    assert choose_study(str(study), recipe="quick").recipe.seed == 0


def test_images_of_ones_own_are_fine_tuned_where_no_recipe_is_named(tmp_path):
    assert choose_study(str(tmp_path), folder=tmp_path / "study").recipe == read_recipe("transfer")
    assert choose_study("cifar10").recipe.fine_tuning.epochs > 0


def test_images_named_with_a_study_folder_leave_its_recipe_out(study):
    assert choose_study("digits", folder=study).recipe == read_recipe("quick-96")


def test_a_study_cannot_be_the_images_of_another(study, tmp_path):
    with pytest.raises(StudyError, match="as the source of a study in .*other, got .*my-study, which is a study"):
        choose_study(str(study), folder=tmp_path / "other")
    assert choose_study(str(study), folder=study).recipe.seed == 9


def test_a_study_that_lost_its_source_asks_for_it(study):
    (study / "study.json").write_text("{")
    with pytest.raises(StudyDamaged, match="name them again: lowres study SOURCE --study .*my-study"):
        choose_study(str(study))
    assert choose_study("digits", folder=study).folder == study


def test_a_recipe_edited_by_hand_is_the_studys_and_is_checked(study):
    path = study / "recipe.toml"
    path.write_text(path.read_text().replace("seed = 9", "seed = 11", 1))
    assert choose_study(str(study)).recipe.seed == 11
    path.write_text("colour = 1")
    with pytest.raises(RecipeError, match=r"unknown key 'colour' in .*recipe\.toml"):
        choose_study(str(study))


@pytest.mark.parametrize(
    ("recipe", "settings", "words"),
    [("quikc", {}, "mean 'quick'"), (None, {"network.input_pixel": "9"}, "mean 'network.input_pixels'")],
)
def test_a_misspelt_recipe_or_key_is_answered_with_the_nearest(recipe, settings, words):
    with pytest.raises(RecipeError, match=words):
        choose_study("digits", recipe, settings)
