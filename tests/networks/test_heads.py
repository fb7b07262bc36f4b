"""Every candidate is tried, the validation part chooses, and the model built is the candidate that was chosen."""

import dataclasses
import json

import keras
import numpy as np
import pytest

from lowres.errors import TrainingError
from lowres.networks.heads import FeatureSet, HeadCandidate, train_head
from lowres.values.recipe import Head

QUICK = Head(kinds=("linear", "lda"), regularisations=(1e-3, 1e-1))
MAP_SHAPE = (4, 4, 32)


def _maps(pooled: np.ndarray) -> np.ndarray:
    """Feature maps whose mean is the pooled features, and that are not flat."""
    wave = np.array([[1, -1], [-1, 1]]).repeat(2, axis=0).repeat(2, axis=1)[None, :, :, None]
    return (pooled[:, None, None, :] + 0.3 * wave).astype(np.float32)


def _accuracy(head: keras.Model, features: np.ndarray, labels: np.ndarray) -> float:
    return float((head.predict_on_batch(_maps(features)).argmax(axis=1) == labels).mean())


def test_every_candidate_is_tried_and_reported(tiny_features: FeatureSet) -> None:
    heard: list[HeadCandidate] = []
    _, report = train_head(tiny_features, 10, MAP_SHAPE, QUICK, report=heard.append)
    tried = [(c.kind, c.regularisation, c.flipped_views) for c in report.candidates]
    once = [("linear", 1e-1), ("linear", 1e-3), ("lda", None)]
    assert tried == [(*kind, flipped) for flipped in (False, True) for kind in once]
    assert heard == list(report.candidates)
    assert (report.train_images, report.validation_images) == (400, 200)
    json.dumps(report.to_json(), allow_nan=False)


def test_the_best_on_validation_is_chosen(tiny_features: FeatureSet) -> None:
    _, report = train_head(tiny_features, 10, MAP_SHAPE, QUICK)
    best = max(candidate.validation_accuracy for candidate in report.candidates)
    equals = [c.validation_nll for c in report.candidates if c.validation_accuracy == best]
    assert report.chosen.validation_accuracy == best
    assert report.chosen.validation_nll == min(equals)


def test_among_equals_the_lowest_nll_is_chosen() -> None:
    """Two clouds far apart: every strength is right about all, and the weakest is the surest."""
    labels = np.repeat([0, 1], 30)
    clouds = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32) + 20 * labels[:, None].astype(np.float32)
    features = FeatureSet(clouds, labels, clouds, labels)
    choices = Head(kinds=("linear",), regularisations=(1e-3, 1.0, 1e-1))
    _, report = train_head(features, 2, (1, 1, 2), choices, flipped_views="never")
    assert {candidate.validation_accuracy for candidate in report.candidates} == {1.0}
    assert report.chosen.regularisation == 1e-3


@pytest.mark.parametrize("kind", ["linear", "lda", "dense"])
def test_the_model_is_the_candidate_that_was_chosen(kind: str, tiny_features: FeatureSet) -> None:
    choices = Head(kinds=(kind,), epochs=3)
    head, report = train_head(tiny_features, 10, MAP_SHAPE, choices, flipped_views="never")
    labels = tiny_features.validation_labels
    assert _accuracy(head, tiny_features.validation, labels) == pytest.approx(report.chosen.validation_accuracy)
    logits = head.predict_on_batch(_maps(tiny_features.validation)).astype(np.float64)
    log_likelihoods = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    nll = -log_likelihoods[np.arange(len(labels)), labels].mean()
    assert nll == pytest.approx(report.chosen.validation_nll, rel=1e-4)
    assert report.chosen.validation_accuracy > 0.4
    # The described head keeps its dropouts, so that it can be trained on.
    expected = ["Dropout", "Dense", "Dropout", "Dense"] if kind == "dense" else ["Dense"]
    assert [type(layer).__name__ for layer in head.layers[2:]] == expected


def test_the_head_is_average_then_dense_then_logits(tiny_features: FeatureSet) -> None:
    head, _ = train_head(tiny_features, 10, MAP_SHAPE, QUICK, flipped_views="never")
    assert (head.name, [layer.name for layer in head.layers]) == ("head", ["feature_map", "pooled", "logits"])
    assert head.layers[-1].activation is keras.activations.linear
    assert head.layers[-1].dtype_policy.name == "float32"
    assert head.count_params() == 33 * 10


def test_a_study_of_one_seed_has_one_head(tiny_features: FeatureSet) -> None:
    choices = Head(kinds=("dense",), epochs=1)
    (first, _), (second, _) = (
        train_head(tiny_features, 10, MAP_SHAPE, choices, flipped_views="never", seed=3) for _ in range(2)
    )
    for one, other in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_mirrored_images_are_used_where_they_pay() -> None:
    """Validation images look left, half of the train images' mirror images do: only they teach the class."""
    draw = np.random.default_rng(0)
    labels = np.repeat([0, 1], 40)
    signal = np.where(labels == 0, -1.0, 1.0)[:, None]

    def noisy(features: np.ndarray) -> np.ndarray:
        return np.hstack([features, np.zeros_like(features)]) + 0.1 * draw.normal(size=(80, 2)).astype(np.float32)

    silent, telling = np.float32(noisy(0 * signal)), np.float32(noisy(signal))
    features = FeatureSet(silent, labels, telling, labels, flipped_train=telling)
    _, report = train_head(features, 2, (1, 1, 2), Head(kinds=("lda",)))
    assert report.chosen.flipped_views
    _, report = train_head(features, 2, (1, 1, 2), Head(kinds=("lda",)), flipped_views="never")
    assert not report.chosen.flipped_views
    _, report = train_head(features, 2, (1, 1, 2), Head(kinds=("lda",)), flipped_views="always")
    assert [candidate.flipped_views for candidate in report.candidates] == [True]


def test_mirrored_images_that_were_not_extracted_are_asked_for(tiny_features: FeatureSet) -> None:
    without = dataclasses.replace(tiny_features, flipped_train=None)
    with pytest.raises(TrainingError, match="mirrored train images for flipped_views = 'auto', got none; extract"):
        train_head(without, 10, MAP_SHAPE, QUICK)


def test_unknown_choices_are_refused(tiny_features: FeatureSet) -> None:
    with pytest.raises(TrainingError, match="flipped_views among auto, always, never, got 'sometimes'"):
        train_head(tiny_features, 10, MAP_SHAPE, QUICK, flipped_views="sometimes")
    with pytest.raises(TrainingError, match="a head among linear, lda and dense, got 'forest'"):
        train_head(tiny_features, 10, MAP_SHAPE, QUICK.model_copy(update={"kinds": ("forest",)}))


def test_a_class_without_train_images_is_refused(tiny_features: FeatureSet) -> None:
    with pytest.raises(TrainingError, match=r"images of all 11 classes, got labels of 10 \(0 to 9\); split again"):
        train_head(tiny_features, 11, MAP_SHAPE, QUICK)


def test_rows_that_do_not_belong_together_are_refused(tiny_features: FeatureSet) -> None:
    with pytest.raises(TrainingError, match=r"validation features of shape \[199, channels\].* got \[200, 32\]"):
        dataclasses.replace(tiny_features, validation_labels=tiny_features.validation_labels[1:])
    with pytest.raises(TrainingError, match=r"flipped train features of shape \[400, channels\].* got \[399, 32\]"):
        dataclasses.replace(tiny_features, flipped_train=tiny_features.train[1:])


def test_features_that_are_not_finite_are_refused(tiny_features: FeatureSet) -> None:
    broken = tiny_features.train.copy()
    broken[3, 1], broken[8] = np.nan, np.inf
    with pytest.raises(TrainingError, match="finite train features, got NaN or infinity in 2 of 400 rows; set"):
        dataclasses.replace(tiny_features, train=broken)
