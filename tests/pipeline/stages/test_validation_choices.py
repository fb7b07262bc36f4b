"""Every use of the validation part is told: those of the training from the ledger, those of the figures after them."""

import json

import pytest

from lowres.files.recipes import read_recipe
from lowres.files.study.ledger import StageRecord
from lowres.files.study.study_folder import StudySource, open_study
from lowres.pipeline.progress import SilentProgress
from lowres.pipeline.stages.validation_choices import training_choices
from lowres.pipeline.study_run import StudyRun

LINEAR = {
    "kind": "linear", "regularisation": 0.03, "flipped_views": True,
    "validation_accuracy": 0.9, "validation_nll": 0.3, "seconds": 1.0,
}  # fmt: skip
DENSE = LINEAR | {"kind": "dense", "regularisation": None, "epochs": 12}
TUNED = {"epochs": 8, "kept_epoch": 5, "stopped_early": True}


@pytest.fixture
def told(tmp_path):
    """What is told of a study whose stages wrote these facts: outcome and number compared, by what was chosen."""

    def choices(settings=None, chosen=LINEAR, tuned=None, **more):
        heads = {"candidates": [chosen, LINEAR], "chosen": chosen, "train_images": 8, "validation_images": 4}
        with open_study(tmp_path / "study") as study:
            facts = {"head": {"head": heads, **more}, "train": {"fine_tuning": tuned} if tuned else {}}
            study.ledger.stages |= {name: StageRecord(name, {}, facts=found) for name, found in facts.items()}
            run = StudyRun(
                study, read_recipe("quick").with_settings(settings or {}), StudySource("digits"), SilentProgress()
            )
            return {choice.what: (choice.chosen, choice.among) for choice in training_choices(run)}

    return choices


def test_the_head_and_how_many_it_was_chosen_from(told):
    assert told() == {"head": ("linear 0.03, with mirrored images", 2)}
    assert told(chosen=DENSE)["epoch of the dense head"] == ("see history.csv", 12)


@pytest.mark.parametrize(("keeps", "words"), [(True, "mirrored"), (False, "as they are")])
def test_whether_training_mirrors(told, keeps, words):
    assert told(mirroring={"keeps_labels": keeps})["training images"] == (words, 2)


def test_the_epoch_kept_and_where_training_ended(told):
    settings = {"fine_tuning.epochs": "10", "fine_tuning.early_stopping_patience_epochs": "2"}
    found = told(settings, tuned=TUNED)
    assert found["weights kept"] == ("of epoch 5", 9)
    assert found["end of the training"] == ("after epoch 8", 10)
    assert "drops of the learning rate" not in found
    assert told(settings, tuned=TUNED | {"kept_epoch": 0})["weights kept"] == ("those before the first epoch", 9)
    assert told(settings, tuned=TUNED | {"stopped_early": False})["end of the training"][0].startswith("none before")


def test_what_validation_did_not_choose_is_not_told(told):
    settings = {"fine_tuning.epochs": "8", "fine_tuning.keep": "last", "fine_tuning.schedule": "plateau"}
    assert told(settings, tuned=TUNED).keys() == {"head", "drops of the learning rate"}


def test_of_several_networks_each_keeps_its_own_epoch(told):
    found = told({"fine_tuning.epochs": "8", "fine_tuning.members": "3"}, tuned=TUNED)
    assert found["weights kept, of each of 3 networks"] == ("of the first, those of epoch 5", 9)


def test_evaluation_json_tells_them_in_the_order_they_were_made(picture_study):
    choices = json.loads((picture_study / "evaluation.json").read_bytes())["validation_choices"]
    assert [choice["what"].split(" of ")[0] for choice in choices] == [
        "head", "temperature", "confidence from which no person need look", "size", "size"
    ]  # fmt: skip
    assert choices[0] == {
        "what": "head", "chosen": "linear 0.01", "among": 1, "by": "highest validation accuracy"
    }  # fmt: skip
