"""A watch sees every bit that moves and puts it back; each way in which freezing goes wrong has its own words."""

import keras
import numpy as np
import pytest

from lowres.networks.probes.moved_tensors import TensorWatch, judge_moves


@pytest.fixture
def variables():
    return [keras.Variable(np.full(3, value, np.float32), name=name) for value, name in ((1, "kernel"), (2, "bias"))]


@pytest.fixture
def normalisation():
    layer = keras.layers.BatchNormalization(name="bn")
    layer.build((None, 3))
    return layer


def ids(variables):
    return {id(variable) for variable in variables}


def test_the_last_bit_counts_and_is_put_back(variables):
    kernel, bias = variables
    with TensorWatch(variables) as watch:
        assert watch.moved() == set()
        kernel.assign(np.array([1, 1, np.nextafter(np.float32(1), np.float32(2))], np.float32))
        bias.assign(np.array([2, 2, 2], np.float32))
        assert watch.moved() == {id(kernel)}
    np.testing.assert_array_equal(np.asarray(kernel.value), [1, 1, 1])


def test_a_zero_that_changes_its_sign_has_moved():
    variable = keras.Variable(np.zeros(1, np.float32))
    watch = TensorWatch([variable])
    variable.assign(np.array([-0.0], np.float32))
    assert watch.moved() == {id(variable)}


def test_weights_are_put_back_after_an_error_too(variables):
    def move_and_fail():
        with TensorWatch(variables):
            variables[0].assign(np.zeros(3, np.float32))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        move_and_fail()
    np.testing.assert_array_equal(np.asarray(variables[0].value), [1, 1, 1])


def test_all_that_trains_and_nothing_else_passes(variables, normalisation):
    frozen = normalisation.non_trainable_variables
    found = judge_moves("frozen phase", variables, frozen, ids(variables))
    assert found.status == "PASS"
    assert found.name == "what trains: frozen phase"
    assert found.measured == "a step changed 2 of 4 tensors, expected 2; 2 BatchNorm statistics are bit-equal"


def test_a_frozen_tensor_that_moved_is_named(variables):
    found = judge_moves("fine-tuning", variables[:1], variables[1:], ids(variables))
    assert found.status == "FAIL"
    assert found.measured == "a step changed 2 of 2 tensors, expected 1: frozen tensors moved, bias"
    assert "trainable = False" in found.repair


def test_a_tensor_that_trains_and_did_not_move_is_named(variables):
    found = judge_moves("fine-tuning", variables, [], ids(variables[:1]))
    assert found.status == "FAIL"
    assert found.measured == "a step changed 1 of 2 tensors, expected 2: these did not move, bias"
    assert "trainable = True" in found.repair


def test_moving_statistics_are_told_from_other_frozen_tensors(variables, normalisation):
    frozen = normalisation.non_trainable_variables
    found = judge_moves("fine-tuning", variables, frozen, ids([*variables, *frozen]))
    assert found.status == "FAIL"
    assert "BatchNorm moved its statistics, bn/moving_mean, bn/moving_variance" in found.measured
    assert "fine_tuning.normalisation = inference" in found.repair


def test_a_phase_in_which_nothing_trains_is_no_phase(variables):
    found = judge_moves("fine-tuning", [], variables, set())
    assert found.status == "FAIL"
    assert found.measured.endswith("expected 0: nothing trains")


def test_a_long_list_is_cut():
    many = [keras.Variable(np.zeros(1, np.float32), name=f"kernel{number}") for number in range(5)]
    assert judge_moves("x", many, [], set()).measured.endswith("kernel0, kernel1, kernel2 and 2 more")
