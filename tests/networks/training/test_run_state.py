"""A run state holds copies, goes back bit by bit, and one that does not fit changes nothing."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from lowres.errors import TrainingError
from lowres.networks.training.run_state import MemoryStore, RunState, put_back, values_of


@pytest.fixture
def groups():
    random = np.random.default_rng(0)
    weights = [keras.Variable(random.normal(size=size).astype(np.float32)) for size in ((3, 2), (4,), ())]
    return {"weights": weights, "seeds": [keras.Variable(np.array([7, 3]), dtype="int32", trainable=False)]}


def test_what_was_taken_goes_back_bit_by_bit(groups):
    arrays = values_of(groups)
    assert sorted(arrays) == ["seeds/0000", "weights/0000", "weights/0001", "weights/0002"]
    for variable in groups["weights"]:
        variable.assign(variable.value * np.float32(1.1) + 1)
    groups["seeds"][0].assign(np.array([7, 9]))
    assert not np.array_equal(values_of(groups)["weights/0000"], arrays["weights/0000"])
    put_back(groups, arrays)
    for name, value in values_of(groups).items():
        assert value.tobytes() == arrays[name].tobytes(), name


def test_what_was_taken_does_not_move_with_the_variables(groups):
    """Neither when it was taken, nor when it has been put back and training goes on in the same memory."""
    arrays = values_of(groups)
    copies = {name: value.copy() for name, value in arrays.items()}
    for _ in range(2):
        for variable in groups["weights"]:
            variable.assign_sub(keras.ops.ones_like(variable.value))
        put_back(groups, arrays)
    for name, value in arrays.items():
        np.testing.assert_array_equal(value, copies[name])


@pytest.mark.parametrize("fault", ["missing", "one too many", "another shape"])
def test_a_state_that_does_not_fit_is_refused_and_changes_nothing(groups, fault):
    arrays = {name: value + 1 for name, value in values_of(groups).items()}
    last = "weights/0002"
    if fault == "missing":
        del arrays[last]
    elif fault == "one too many":
        arrays["weights/0003"] = arrays[last]
    else:
        arrays[last] = np.zeros((2, 2), np.float32)
    before = values_of(groups)
    with pytest.raises(TrainingError, match=r"a run state of 4 arrays that fit this network, got [345] .*train again"):
        put_back(groups, arrays)
    for name, value in values_of(groups).items():
        np.testing.assert_array_equal(value, before[name])


def test_a_store_keeps_the_last_of_each_name():
    store = MemoryStore()
    assert store.load("best") is None
    first, second = RunState({}, {"epoch": 1}), RunState({}, {"epoch": 2})
    store.save("best", first)
    store.save("last", first)
    store.save("last", second)
    assert (store.load("best"), store.load("last")) == (first, second)
