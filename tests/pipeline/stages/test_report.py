"""The command in a report makes the same study, and what it tells of a training is what the study wrote down."""

import shlex
from pathlib import Path

import pytest

from lowres.faces.report.data import FineTuned
from lowres.files.recipes import read_recipe
from lowres.files.study.ledger import StageRecord
from lowres.files.study.study_folder import StudySource, open_study
from lowres.pipeline.choice import choose_study
from lowres.pipeline.progress import SilentProgress
from lowres.pipeline.stages.report import augmentation, command, fine_tuned, mirroring, training_history
from lowres.pipeline.study_run import StudyRun
from lowres.values.altering.mirroring import Mirroring
from lowres.values.recipes.recipe_sections import Augmentation
from lowres.values.training.history import EpochRow

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


def test_what_preflight_forbade_is_accepted_in_the_command_too(tmp_path):
    with open_study(tmp_path / "study") as study:
        run = StudyRun(study, read_recipe("quick"), DIGITS, SilentProgress())
        for accepted, ending in ((False, ["quick"]), (True, ["quick", "--accept", "preflight"])):
            study.ledger.finish(StageRecord("preflight", {}, facts={"accepted": accepted}))
            assert shlex.split(command(run))[4:] == ending


def test_a_path_with_a_space_survives_the_shell(typed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = typed(read_recipe("quick"), StudySource("my flowers", "../my flowers", skip_damaged=True))
    assert words == ["lowres", "study", str(Path("my flowers")), "--recipe", "quick", "--skip-damaged"]


FINE_TUNING = {
    "from_layer": "blocks_5",
    "cut_layer": "block5a_expand",
    "epochs": 10,
    "kept_epoch": 9,
    "stopped_early": False,
    "averaged_weights": True,
    "trained_parameters": 2312345,
    "images_per_second": 95.3,
    "precision": "bfloat16",
    "batch_images": 64,
    "accumulation_steps": 1,
    "views": 10,
    "validation_accuracy": 0.94,
    "frozen_validation_accuracy": 0.889,
}


@pytest.fixture
def trained(tmp_path):
    """A run over a study whose stages wrote these facts."""

    def run(settings=None, **facts):
        with open_study(tmp_path / "study") as study:
            study.ledger.stages |= {
                name: StageRecord(name, {}, facts=facts.get(name, {})) for name in ("head", "train")
            }
            study.ledger.stages |= {name: StageRecord(name, {}, facts=found) for name, found in facts.items()}
            return StudyRun(study, read_recipe("quick").with_settings(settings or {}), DIGITS, SilentProgress())

    return run


def test_what_fine_tuning_wrote_down_is_told_and_what_is_not_told_is_left(trained):
    told = {name: value for name, value in FINE_TUNING.items() if name != "cut_layer"}
    assert fine_tuned(trained(train={"fine_tuning": FINE_TUNING})) == FineTuned(**told)
    assert fine_tuned(trained()) is None


def test_the_history_is_that_of_the_file(trained):
    run = trained()
    text = (
        "phase,epoch,head,learning_rate,loss,accuracy,validation_loss,validation_accuracy,seconds,is_kept\n"
        "frozen,,lda,,0.2,0.95,0.3,0.9,3.0,true\nfine-tuning,1,,0.001,0.1,0.97,0.2,0.92,71.5,true\n"
    )
    (run.study.folder / "history.csv").write_text(text)
    assert training_history(run) == (
        EpochRow("frozen", None, "lda", None, 0.2, 0.95, 0.3, 0.9, 3.0, True),
        EpochRow("fine-tuning", 1, "", 0.001, 0.1, 0.97, 0.2, 0.92, 71.5, True),
    )


@pytest.mark.parametrize(("keeps_labels", "flip"), [(True, "alternating"), (False, "none")])
def test_augmentation_is_told_as_it_was_decided(trained, keeps_labels, flip):
    found = {"accuracy": 0.9, "mirrored_accuracy": 0.3, "worst_class": 4, "worst_class_loss": 0.9}
    found |= {"keeps_labels": keeps_labels}
    settings = {"augmentation.flip": "auto", "augmentation.shift_pixels": "2", "fine_tuning.epochs": "3"}
    run = trained(settings, head={"mirroring": found})
    assert augmentation(run) == Augmentation(flip=flip, shift_pixels=2)
    assert mirroring(run) == Mirroring(**found)


def test_without_fine_tuning_nobody_asked_about_mirrors(trained):
    assert augmentation(trained({"augmentation.flip": "random"})) == Augmentation(flip="random")
    run = trained({"augmentation.flip": "auto"})
    assert augmentation(run) == Augmentation()
    assert mirroring(run) is None
