"""The predictions written are those of the model saved: where the two part, the study stops."""

import pytest

from lowres.errors import TrainingError
from lowres.pipeline.stages import predict
from lowres.pipeline.study import run_study
from lowres.pipeline.training.trunk_features import TrunkFeatures
from tiny_study import tiny_choice


def test_features_of_another_network_are_found_out(tmp_path, monkeypatch):
    choice = tiny_choice(tmp_path / "study")
    run_study(choice, until="train")
    read = TrunkFeatures.read
    # As if the rows of the cache had been shuffled.
    monkeypatch.setattr(TrunkFeatures, "read", lambda self, rows, flipped=False: read(self, rows, flipped)[::-1])
    with pytest.raises(TrainingError, match=r"model\.keras to say what its features say, got agreement on .* of 64"):
        run_study(choice, until="predict")
    monkeypatch.undo()
    answer = run_study(choice, until="predict")
    assert answer.stages[-1].reasons == ("it did not finish last time",)


def test_the_agreement_is_kept_among_the_facts(tmp_path):
    import json

    run_study(tiny_choice(tmp_path / "study"), until="predict")
    facts = json.loads((tmp_path / "study" / "study.json").read_text())["stages"]["predict"]["facts"]
    assert facts["probe_images"] == predict.PROBE_IMAGES
    assert facts["probe_agreement"] == 1
