"""The described head learns, keeps its best epoch, and is the same for a seed."""

from typing import Any

import keras
import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import log_loss

from lowres.networks.heads.dense import (
    DenseTraining,
    TwoMatrices,
    _callbacks,
    _ShuffledBatches,
    dense_layers,
    fit_dense,
)


@pytest.fixture(scope="module")
def parts() -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    draw = np.random.default_rng(0)
    labels = draw.integers(0, 3, 240)
    features = (2 * draw.normal(size=(3, 6))[labels] + draw.normal(size=(240, 6))).astype(np.float32)
    return (features[:160], labels[:160]), (features[160:], labels[160:])


def test_it_has_the_described_number_of_weights() -> None:
    network = keras.Sequential([keras.Input((2048,)), *dense_layers(10)])
    assert network.count_params() == 527_114


def test_it_learns_what_is_there_to_learn(parts) -> None:
    head, rows = fit_dense(*parts, 3, DenseTraining(epochs=8))
    accuracy = (head.logits(parts[1][0]).argmax(axis=1) == parts[1][1]).mean()
    assert accuracy > 0.9
    assert 1 <= len(rows) <= 8


def test_the_history_is_true_of_the_head_that_is_kept(parts) -> None:
    """Keras' own figures at the epoch with the best validation accuracy, against the head that came back."""
    told: list[tuple[int, int]] = []
    training = DenseTraining(epochs=6, learning_rate=3e-2, batch_images=8)
    head, rows = fit_dense(*parts, 3, training, advance=lambda done, total: told.append((done, total)))
    assert [row.epoch for row in rows] == list(range(1, len(rows) + 1))
    assert told == [(row.epoch, 6) for row in rows]
    (kept,) = (row for row in rows if row.is_kept)
    assert kept.validation_accuracy == max(row.validation_accuracy for row in rows)
    features, labels = parts[1]
    logits = head.logits(features).astype(np.float64)
    assert kept.validation_accuracy == pytest.approx((logits.argmax(axis=1) == labels).mean(), abs=1e-6)
    assert kept.validation_loss == pytest.approx(log_loss(labels, softmax(logits, axis=1)), abs=1e-4)
    assert {(row.phase, row.head) for row in rows} == {("frozen", "")}
    assert all(row.seconds > 0 for row in rows)


NOISE = (np.random.default_rng(1).normal(size=(60, 4)).astype(np.float32), np.arange(60) % 3)


@pytest.mark.parametrize(
    ("stopping", "plateau", "epochs", "rates"),
    [
        # Validation that only gets worse: the best epoch is the first, and everything follows from the patiences.
        (5, 3, 6, [0.5, 0.5, 0.5, 0.5, 0.2, 0.2]),
        (2, 3, 3, [0.5, 0.5, 0.5]),
        (0, 2, 8, [0.5, 0.5, 0.5, 0.2, 0.2, 0.08, 0.08, 0.032]),
        (0, 0, 8, [0.5] * 8),
    ],
)
def test_patience_is_the_recipes(stopping: int, plateau: int, epochs: int, rates: list[float], monkeypatch) -> None:
    """By hand, on validation figures that are made up: accuracy and loss get worse epoch by epoch."""
    monkeypatch.setattr(keras.Model, "evaluate", _getting_worse())
    training = DenseTraining(
        epochs=8,
        learning_rate=0.5,
        early_stopping_patience_epochs=stopping,
        plateau_patience_epochs=plateau,
        plateau_factor=0.4,
    )
    _, rows = fit_dense(NOISE, NOISE, 3, training)
    assert len(rows) == epochs
    assert [row.learning_rate for row in rows] == pytest.approx(rates)
    assert [row.epoch for row in rows if row.is_kept] == [1]


def _getting_worse() -> Any:
    calls = iter(range(100))

    def evaluate(*_more: Any, **_options: Any) -> dict[str, float]:
        worse = next(calls) / 100
        return {"loss": 1 + worse, "accuracy": 0.9 - worse}

    return evaluate


def test_views_take_turns(parts) -> None:
    """5 images in 3 views: each epoch every image once, each image in another view than before, and all in 3 epochs."""
    features = np.arange(15, dtype=np.float32)[:, None]
    batches = _ShuffledBatches(features, np.tile(np.arange(5), 3), 2, seed=1, views=3)
    assert len(batches) == 3
    seen = []
    for _ in range(3):
        rows = np.concatenate([batches[index][0][:, 0] for index in range(3)]).astype(int)
        labels = np.concatenate([batches[index][1] for index in range(3)])
        np.testing.assert_array_equal(rows % 5, labels)
        np.testing.assert_array_equal(np.sort(labels), np.arange(5))
        seen.append(rows)
        batches.on_epoch_end()
    np.testing.assert_array_equal(np.sort(np.concatenate(seen)), np.arange(15))
    # Not all of one epoch in one view.
    assert all(len(set(rows // 5)) > 1 for rows in seen)


def test_a_seed_decides_everything(parts) -> None:
    """Also where other draws came between, for nothing hangs on the generators of the whole process."""
    np.random.seed(1)
    before = np.random.get_state()[1].copy()
    first, _ = fit_dense(*parts, 3, DenseTraining(epochs=1, seed=4))
    np.testing.assert_array_equal(before, np.random.get_state()[1])
    keras.random.normal((3,))
    again, _ = fit_dense(*parts, 3, DenseTraining(epochs=1, seed=4))
    other, _ = fit_dense(*parts, 3, DenseTraining(epochs=1, seed=5))
    np.testing.assert_array_equal(first.hidden_weights, again.hidden_weights)
    assert not np.array_equal(first.hidden_weights, other.hidden_weights)


def test_an_epoch_holds_every_row_once_and_each_epoch_another_order() -> None:
    rows = np.arange(10)
    batches = _ShuffledBatches(rows[:, None].astype(np.float32), rows, 4, seed=0)
    assert [len(batches[index][1]) for index in range(len(batches))] == [4, 4, 2]
    orders = []
    for _ in range(2):
        orders.append(np.concatenate([batches[index][1] for index in range(len(batches))]))
        np.testing.assert_array_equal(np.sort(orders[-1]), rows)
        batches.on_epoch_end()
    assert not np.array_equal(*orders)


def test_features_travel_with_their_labels() -> None:
    rows = np.arange(10)
    batches = _ShuffledBatches(rows[:, None].astype(np.float32), rows, 4, seed=3)
    for index in range(len(batches)):
        features, labels = batches[index]
        np.testing.assert_array_equal(features[:, 0], labels)


def test_the_rate_drops_before_training_stops() -> None:
    """Pitfall 11: with the patiences the other way round the rate never drops."""
    _, stop, rate = _callbacks(DenseTraining(), lambda done, total: None)
    assert rate.patience < stop.patience
    assert (stop.patience, rate.patience, rate.factor, stop.restore_best_weights) == (5, 3, 0.5, True)


def test_logits_by_hand() -> None:
    head = TwoMatrices(
        np.array([[1, -1]], np.float32),
        np.array([0, 1], np.float32),
        np.array([[1, 0], [2, 3]], np.float32),
        np.array([5, 6], np.float32),
    )
    # x = 2: hidden (2, 0); x = -2: hidden (0, 3).
    np.testing.assert_array_equal(head.logits(np.array([[2], [-2]], np.float32)), [[7, 6], [11, 15]])
