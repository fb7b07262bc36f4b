"""The command in a report is one that can be typed, and makes the same study."""

import shlex
from pathlib import Path

import pytest

from lowres.files.recipes import read_recipe
from lowres.files.study_folder import StudySource, open_study
from lowres.pipeline.choice import choose_study
from lowres.pipeline.progress import SilentProgress
from lowres.pipeline.report import command
from lowres.pipeline.study_run import StudyRun

DIGITS = StudySource("digits")


@pytest.fixture
def typed(tmp_path):
    """The command for a recipe and a source, as words."""

    def words(recipe, source=DIGITS):
        with open_study(tmp_path / "study") as study:
            return shlex.split(command(StudyRun(study, recipe, source, SilentProgress())))

    return words


def test_a_packaged_recipe_is_named_and_what_differs_is_set(typed):
    recipe = read_recipe("quick").with_settings({"head.kinds": '["lda"]', "split.pool_images": "500"})
    words = typed(recipe)
    assert words[:5] == ["lowres", "study", "digits", "--recipe", "quick"]
    settings = dict(word.split("=", 1) for word in words[6::2])
    assert settings == {"head.kinds": '["lda"]', "split.pool_images": "500"}
    assert choose_study("digits", "quick", settings).recipe == recipe


def test_a_recipe_of_ones_own_is_named_by_its_file(typed, tmp_path):
    words = typed(read_recipe("quick").with_settings({"name": "mine"}))
    assert words == ["lowres", "study", "digits", "--recipe", (tmp_path / "study" / "recipe.toml").as_posix()]


def test_a_value_left_out_that_the_packaged_recipe_has_takes_the_file(typed, monkeypatch):
    quick = read_recipe("quick")
    aiming = quick.with_settings({"evaluation.target_accuracy": "0.9"})
    monkeypatch.setattr("lowres.files.recipes.read_recipe", lambda name: aiming)
    assert typed(quick)[4].endswith("recipe.toml")
    assert typed(aiming) == ["lowres", "study", "digits", "--recipe", "quick"]


def test_a_path_with_a_space_survives_the_shell(typed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = typed(read_recipe("quick"), StudySource("my flowers", "../my flowers", skip_damaged=True))
    assert words == ["lowres", "study", str(Path("my flowers")), "--recipe", "quick", "--skip-damaged"]
