"""Stopping, dropping and keeping are Keras' own, also through a kill at any epoch."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lowres.errors import TrainingError
from lowres.values.training.stopping import BestKeeper, EarlyStopping, ReduceOnPlateau

# Sixteenths are exact in single precision too, which Keras compares in.
METRICS = st.lists(st.integers(-8, 8).map(lambda number: number / 16), min_size=1, max_size=40)
MODES = st.sampled_from(["max", "min"])


def after_kill(state):
    """The state as a new process reads it."""
    return type(state).from_json(json.loads(json.dumps(state.to_json(), allow_nan=False)))


def played(state, metrics, kill_at=None):
    """The states after each epoch and what was decided; the process dies after epoch `kill_at`."""
    states, decisions = [], []
    for epoch, metric in enumerate(metrics):
        state, decision = state.update(epoch, metric)
        if epoch == kill_at:
            state = after_kill(state)
        states.append(state)
        decisions.append(decision)
    return states, decisions


def keras_callback(build, **model):
    import keras

    callback = build(keras.callbacks)
    callback.set_model(SimpleNamespace(stop_training=False, **model))
    callback.on_train_begin()
    return callback


@settings(deadline=None, max_examples=60, database=None)
@given(METRICS, MODES, st.integers(1, 6))
def test_early_stopping_is_keras(metrics, mode, patience):
    callback = keras_callback(lambda module: module.EarlyStopping("value", patience=patience, mode=mode))
    state = EarlyStopping(mode, patience_epochs=patience)
    for epoch, metric in enumerate(metrics):
        callback.on_epoch_end(epoch, {"value": metric})
        state, has_to_stop = state.update(epoch, metric)
        assert has_to_stop == callback.model.stop_training
        assert (state.best, state.best_epoch) == (callback.best, callback.best_epoch)
        if has_to_stop:
            break


@settings(deadline=None, max_examples=60, database=None)
@given(METRICS, MODES, st.integers(1, 6))
def test_reduce_on_plateau_is_keras(metrics, mode, patience):
    import keras

    optimizer = keras.optimizers.SGD(1.0)
    callback = keras_callback(
        lambda module: module.ReduceLROnPlateau("value", factor=0.5, patience=patience, mode=mode), optimizer=optimizer
    )
    state = ReduceOnPlateau(mode, patience_epochs=patience, factor=0.5)
    for epoch, metric in enumerate(metrics):
        before = state.scale
        callback.on_epoch_end(epoch, {"value": metric})
        state, has_dropped = state.update(epoch, metric)
        assert state.scale == float(keras.ops.convert_to_numpy(optimizer.learning_rate))
        assert has_dropped == (state.scale < before)


@settings(deadline=None, max_examples=60, database=None)
@given(METRICS, MODES)
def test_the_best_epoch_is_the_first_of_the_best_values(metrics, mode):
    states, decisions = played(BestKeeper(mode), metrics)
    best = np.argmax(metrics) if mode == "max" else np.argmin(metrics)
    assert (states[-1].best, states[-1].best_epoch) == (metrics[best], best)
    assert max(epoch for epoch, is_best in enumerate(decisions) if is_best) == best


@settings(deadline=None, max_examples=60, database=None)
@given(METRICS, MODES, st.integers(0, 39))
def test_killed_after_any_epoch_is_never_killed(metrics, mode, kill_at):
    for state in (
        EarlyStopping(mode, patience_epochs=3),
        ReduceOnPlateau(mode, patience_epochs=2, factor=0.3),
        BestKeeper(mode),
    ):
        assert played(state, metrics, kill_at) == played(state, metrics)


def test_by_hand():
    metrics = [0.5, 0.6, 0.6, 0.5, 0.7, 0.6, 0.6, 0.6]
    assert played(EarlyStopping(patience_epochs=3), metrics)[1] == [False] * 7 + [True]
    states, drops = played(ReduceOnPlateau(patience_epochs=2, factor=0.5), metrics)
    assert drops == [False, False, False, True, False, False, True, False]
    assert [state.scale for state in states][-1] == 0.25
    assert played(BestKeeper(), metrics)[1] == [True, True, False, False, True, False, False, False]


def test_no_patience_is_never():
    worse = [1.0 / (epoch + 1) for epoch in range(50)]
    assert not any(played(EarlyStopping(), worse)[1])
    states, drops = played(ReduceOnPlateau(), worse)
    assert not any(drops)
    assert states[-1].scale == 1.0


@pytest.mark.parametrize("mode", ["max", "min"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_never_best(mode, bad):
    # Keras takes a NaN in the first epoch for the best value, which nothing then beats.
    states, decisions = played(BestKeeper(mode), [bad, 0.25, bad])
    assert decisions == [False, True, False]
    assert (states[-1].best, states[-1].best_epoch) == (0.25, 1)
    assert played(EarlyStopping(mode, patience_epochs=2), [0.5, bad, bad])[1] == [False, False, True]


def test_numpy_numbers_survive_json():
    state, _ = EarlyStopping(patience_epochs=3).update(np.int64(0), np.float32(0.5))
    assert after_kill(state) == state


def test_another_state_is_refused():
    with pytest.raises(TrainingError, match=r"expected the keys best, best_epoch, mode in the run state of BestKeeper"):
        BestKeeper.from_json({"best": 1.0})
    with pytest.raises(TrainingError, match=r"got none; try training without this checkpoint"):
        EarlyStopping.from_json({})
