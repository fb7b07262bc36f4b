"""The described head learns, keeps its best epoch, and is the same for a seed."""

import keras
import numpy as np
import pytest

from lowres.networks.dense_head import DenseTraining, TwoMatrices, _callbacks, _ShuffledBatches, dense_layers, fit_dense


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
    head = fit_dense(*parts, 3, DenseTraining(epochs=8))
    accuracy = (head.logits(parts[1][0]).argmax(axis=1) == parts[1][1]).mean()
    assert accuracy > 0.9
    assert 1 <= head.epochs <= 8


def test_a_seed_decides_everything(parts) -> None:
    """Also where other draws came between, for nothing hangs on the generators of the whole process."""
    np.random.seed(1)
    before = np.random.get_state()[1].copy()
    first = fit_dense(*parts, 3, DenseTraining(epochs=1, seed=4))
    np.testing.assert_array_equal(before, np.random.get_state()[1])
    keras.random.normal((3,))
    again = fit_dense(*parts, 3, DenseTraining(epochs=1, seed=4))
    other = fit_dense(*parts, 3, DenseTraining(epochs=1, seed=5))
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
    stop, rate = _callbacks()
    assert rate.patience < stop.patience
    assert (stop.patience, rate.patience, rate.factor, stop.restore_best_weights) == (5, 3, 0.5, True)


def test_logits_by_hand() -> None:
    head = TwoMatrices(
        np.array([[1, -1]], np.float32),
        np.array([0, 1], np.float32),
        np.array([[1, 0], [2, 3]], np.float32),
        np.array([5, 6], np.float32),
        epochs=1,
    )
    # x = 2: hidden (2, 0); x = -2: hidden (0, 3).
    np.testing.assert_array_equal(head.logits(np.array([[2], [-2]], np.float32)), [[7, 6], [11, 15]])
