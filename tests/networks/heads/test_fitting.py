"""Every candidate is tried, the validation part chooses, and the model built is the candidate that was chosen."""

import dataclasses
import json

import keras
import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import log_loss

from lowres.errors import TrainingError
from lowres.networks.heads.dense import fit_dense
from lowres.networks.heads.feature_set import FeatureSet
from lowres.networks.heads.fitting import train_head
from lowres.values.recipes.recipe import Head
from lowres.values.recipes.recipe_sections import FrozenPhase
from lowres.values.training.head_report import HeadCandidate

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
    with pytest.raises(TrainingError, match=r"augmented train features of shape \[400, channels\].* got \[399, 32\]"):
        dataclasses.replace(tiny_features, augmented_train=(tiny_features.train, tiny_features.train[1:]))


def test_features_that_are_not_finite_are_refused(tiny_features: FeatureSet) -> None:
    broken = tiny_features.train.copy()
    broken[3, 1], broken[8] = np.nan, np.inf
    with pytest.raises(TrainingError, match="finite train features, got NaN or infinity in 2 of 400 rows; set"):
        dataclasses.replace(tiny_features, train=broken)


def _clouds(n: int = 90) -> tuple[np.ndarray, np.ndarray]:
    """Three clouds in 6 channels, far enough apart to be told."""
    draw = np.random.default_rng(5)
    labels = np.arange(n) % 3
    return (3 * draw.normal(size=(3, 6))[labels] + draw.normal(size=(n, 6))).astype(np.float32), labels


def test_nearly_constant_features_teach_the_dense_head_nothing_unless_standardised() -> None:
    """The described failure: features of doubly scaled pixels differ by a hundredth; a head on them stays at chance."""
    clouds, labels = _clouds()
    alike = (0.5 + 1e-4 * clouds).astype(np.float32)
    features = FeatureSet(alike[:60], labels[:60], alike[60:], labels[60:])
    accuracy = {}
    for standardise in (False, True):
        choices = Head(kinds=("dense",), epochs=8, standardise=standardise)
        head, report = train_head(features, 3, (1, 1, 6), choices, flipped_views="never")
        accuracy[standardise] = report.chosen.validation_accuracy
        logits = head.predict_on_batch(alike[60:, None, None, :])
        assert (logits.argmax(axis=1) == labels[60:]).mean() == pytest.approx(accuracy[standardise])
    assert accuracy[False] < 0.6
    assert accuracy[True] > 0.9


def test_linear_heads_are_standardised_whatever_the_recipe_says(tiny_features: FeatureSet) -> None:
    """And the dense head beside them is not: its first layer saw the features as they are."""
    (plain, _), (told, _) = (
        train_head(tiny_features, 10, MAP_SHAPE, QUICK.model_copy(update={"standardise": said}), flipped_views="never")
        for said in (True, False)
    )
    for one, other in zip(plain.get_weights(), told.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    choices = Head(kinds=("lda", "dense", "linear"), epochs=1, regularisations=(0.1,), standardise=False)
    _, report = train_head(tiny_features, 10, MAP_SHAPE, choices, flipped_views="never")
    assert [candidate.kind for candidate in report.candidates] == ["lda", "dense", "linear"]
    alone = {
        kind: train_head(tiny_features, 10, MAP_SHAPE, choices.model_copy(update={"kinds": (kind,)}),
                         flipped_views="never")[1].chosen.validation_nll
        for kind in ("lda", "linear", "dense")
    }  # fmt: skip
    assert {candidate.kind: candidate.validation_nll for candidate in report.candidates} == pytest.approx(alone)


def test_augmented_views_are_more_rows_of_the_same_labels(tiny_features: FeatureSet) -> None:
    """A head on three views is the head on one set three times as long."""
    draw = np.random.default_rng(0)
    views = [tiny_features.train + np.float32(0.02) * draw.normal(size=(400, 32)).astype(np.float32) for _ in range(2)]
    with_views = dataclasses.replace(tiny_features, flipped_train=None, augmented_train=tuple(views))
    longer = dataclasses.replace(
        tiny_features,
        flipped_train=None,
        train=np.concatenate([tiny_features.train, *views]),
        train_labels=np.tile(tiny_features.train_labels, 3),
    )
    (head, report), (expected, _) = (
        train_head(features, 10, MAP_SHAPE, QUICK, flipped_views=choice)
        for features, choice in ((with_views, "auto"), (longer, "never"))
    )
    for found, wanted in zip(head.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(found, wanted)
    # Augmentation flips by itself, so `auto` does not try mirrored images as well.
    assert [one.name for one in report.candidates] == [
        "linear 0.1, with 2 augmented views", "linear 0.001, with 2 augmented views", "lda, with 2 augmented views",
    ]  # fmt: skip
    assert report.train_images == 400


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What the dense head was last trained with."""
    seen: dict[str, object] = {}

    def watch(train, validation, classes, training, *, views, **told):
        seen.update(rows=len(train[1]), views=views, training=training)
        return fit_dense(train, validation, classes, training, views=views, **told)

    monkeypatch.setattr("lowres.networks.heads.fitting.fit_dense", watch)
    return seen


def test_the_dense_head_is_trained_as_the_recipe_says(tiny_features: FeatureSet, given) -> None:
    choices = Head(kinds=("dense",), epochs=1, batch_images=50, learning_rate=0.02)
    phase = FrozenPhase(early_stopping_patience_epochs=9, plateau_patience_epochs=7, plateau_factor=0.3)
    train_head(tiny_features, 10, MAP_SHAPE, choices, phase, flipped_views="never", seed=6)
    assert dataclasses.asdict(given["training"]) == {
        "epochs": 1,
        "batch_images": 50,
        "learning_rate": 0.02,
        "seed": 6,
        "early_stopping_patience_epochs": 9,
        "plateau_patience_epochs": 7,
        "plateau_factor": 0.3,
    }


def test_the_dense_head_sees_one_view_an_epoch(tiny_features: FeatureSet, given) -> None:
    choices = Head(kinds=("dense",), epochs=1)
    views = dataclasses.replace(tiny_features, augmented_train=(tiny_features.train,) * 3)
    for features, flipped, expected in (
        (tiny_features, "never", {"rows": 400, "views": 1}),
        (tiny_features, "always", {"rows": 800, "views": 1}),
        (views, "auto", {"rows": 1600, "views": 4}),
        (views, "always", {"rows": 2000, "views": 5}),
    ):
        train_head(features, 10, MAP_SHAPE, choices, flipped_views=flipped)
        assert {name: given[name] for name in expected} == expected


def test_the_history_has_a_row_a_solved_head_and_a_row_an_epoch(tiny_features: FeatureSet) -> None:
    choices = Head(kinds=("linear", "dense"), regularisations=(0.1, 0.01), epochs=3)
    told: list[tuple[str, int, int]] = []
    head, report = train_head(
        tiny_features, 10, MAP_SHAPE, choices, flipped_views="never", advance=lambda *more: told.append(more)
    )
    rows = report.history
    assert [(row.head, row.epoch) for row in rows] == [
        ("linear 0.1", None), ("linear 0.01", None), ("dense", 1), ("dense", 2), ("dense", 3),
    ]  # fmt: skip
    assert told == [("epochs of the dense head", done, 3) for done in (1, 2, 3)]
    (kept,) = (row for row in rows if row.is_kept)
    assert kept.head == report.chosen.name
    assert (kept.validation_accuracy, kept.validation_loss) == pytest.approx(
        (report.chosen.validation_accuracy, report.chosen.validation_nll), abs=1e-5
    )
    # Solved heads are judged on the training part as they are.
    assert kept.epoch is None
    logits = head.predict_on_batch(_maps(tiny_features.train)).astype(np.float64)
    assert kept.loss == pytest.approx(log_loss(tiny_features.train_labels, softmax(logits, axis=1)), abs=1e-4)
    assert kept.accuracy == pytest.approx((logits.argmax(axis=1) == tiny_features.train_labels).mean())
    assert "history" not in report.to_json()
