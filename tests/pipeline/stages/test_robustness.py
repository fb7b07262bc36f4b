"""The stage spoils test images only, and what it says is what the saved model does."""

import json

import numpy as np
import pytest

from lowres.files.sources.open_source import open_source
from lowres.files.study.split_file import read_split
from lowres.networks.trained_classifier import TrainedClassifier
from lowres.pipeline.study import run_study
from lowres.values.altering.corruptions import corrupt
from lowres.values.judging.robustness import Robustness
from lowres.values.stratified_sample import stratified_sample
from tiny_study import tiny_choice


@pytest.mark.slow
def test_robustness_is_that_of_the_saved_model_on_test_images(tmp_path):
    choice = tiny_choice(tmp_path / "study", evaluation__robustness_images="40")
    answer = run_study(choice, "robustness")
    assert [stage.name for stage in answer.stages][-2:] == ["train", "robustness"]
    found = Robustness.from_json(json.loads((tmp_path / "study/robustness.json").read_bytes()))
    assert (found.n, len(found.corruptions)) == (40, 15)
    images = open_source("digits").images
    split = read_split(tmp_path / "study/split.csv", images)
    # Recomputed from the files: the same sample, drawn anew, one corruption and severity of the seventy-five.
    rows = stratified_sample(images.labels, split.test, 40, 0)
    assert set(rows) <= set(split.test)
    spoiled = corrupt(images.pixels[rows], "gaussian noise", 5, seed=0, numbers=rows)
    classifier = TrainedClassifier.load(tmp_path / "study/model.keras")
    right = classifier.logits(spoiled).argmax(axis=1) == images.labels[rows]
    assert found.corruptions[0].accuracies[4] == right.mean()
    assert found.mean_accuracy == pytest.approx(np.mean([row.accuracies for row in found.corruptions]))
    again = run_study(choice, "robustness")
    assert not any(stage.made for stage in again.stages)
    # What it does not read makes nothing run again: how the evaluation judges.
    unread = {"evaluation__target_accuracy": "0.9", "evaluation__set_coverage": "0.8", "evaluation__review_error": ".2"}
    other = tiny_choice(tmp_path / "study", evaluation__robustness_images="40", **unread)
    assert not any(stage.made for stage in run_study(other, "robustness").stages)
