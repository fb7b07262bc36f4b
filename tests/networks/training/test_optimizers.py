"""Updates and averages are those that NumPy makes of the published formulas, variable by variable."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from lowres.networks.training.optimizers import WeightAverage, build_optimizer, rate_scales
from lowres.networks.training.trainable_network import trainable_network
from lowres.values.recipes.recipe_sections import FineTuning
from networks.trunks import head_on, residual_trunk

NAMES = ("kernel", "bias", "gamma", "beta", "depthwise_kernel")
SCALES = (0.25, 0.25, 0.5, 0.5, 1.0)
RATE = 0.1


def made_variables():
    random = np.random.default_rng(1)
    return [keras.Variable(random.normal(size=(3, 2)).astype(np.float32), name=name) for name in NAMES]


def drawn_gradients(seed):
    random = np.random.default_rng(seed)
    return [random.normal(size=(3, 2)).astype(np.float32) for _ in NAMES]


def values(variables):
    return [np.array(keras.ops.convert_to_numpy(variable.value)) for variable in variables]


def apply(optimizer, gradients, variables):
    optimizer.apply([keras.ops.convert_to_tensor(gradient) for gradient in gradients], variables)


def clipped(gradients, longest):
    length = np.sqrt(sum(np.square(gradient).sum() for gradient in gradients))
    return [gradient * min(1, longest / length) if longest else gradient for gradient in gradients]


def adam(weight, gradients, rate, decay):
    """Kingma and Ba 2015, algorithm 1 in the order of section 2; decay as Loshchilov and Hutter 2019, algorithm 2."""
    first, second = np.zeros_like(weight), np.zeros_like(weight)
    for step, gradient in enumerate(gradients, start=1):
        weight = weight - rate * decay * weight
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        weight = weight - rate * np.sqrt(1 - 0.999**step) / (1 - 0.9**step) * first / (np.sqrt(second) + 1e-7)
    return weight


def nesterov(weight, gradients, rate, decay):
    """Sutskever et al. 2013, equations 3 and 4, at the point that is looked ahead to."""
    velocity = np.zeros_like(weight)
    for gradient in gradients:
        weight = weight - rate * decay * weight
        velocity = 0.9 * velocity - rate * gradient
        weight = weight + 0.9 * velocity - rate * gradient
    return weight


@pytest.mark.parametrize("longest", [0.0, 1.5], ids=["any length", "clipped"])
@pytest.mark.parametrize(
    ("name", "rule", "decays"), [("adam", adam, False), ("adamw", adam, True), ("sgd", nesterov, True)]
)
def test_updates_are_the_published_ones(name, rule, decays, longest):
    variables = made_variables()
    choices = FineTuning(optimizer=name, learning_rate=RATE, weight_decay=0.2, gradient_clip_norm=longest)
    optimizer = build_optimizer(choices, variables, SCALES, 1)
    before, gradients = values(variables), [drawn_gradients(seed) for seed in (2, 3, 4)]
    for one in gradients:
        apply(optimizer, one, variables)
    used = [clipped(one, longest) for one in gradients]
    for place, (variable, scale) in enumerate(zip(variables, SCALES, strict=True)):
        # Kernels alone decay, whatever kind they are.
        decay = 0.2 if decays and variable.name.endswith("kernel") else 0.0
        expected = rule(before[place].astype(np.float64), [one[place] for one in used], RATE * scale, decay)
        np.testing.assert_allclose(values(variables)[place], expected, rtol=2e-5, atol=2e-6, err_msg=variable.name)


def test_without_decay_nothing_decays():
    variables = made_variables()
    optimizer = build_optimizer(FineTuning(optimizer="adamw", learning_rate=RATE), variables, SCALES, 1)
    before = values(variables)
    apply(optimizer, [np.zeros((3, 2), np.float32)] * len(NAMES), variables)
    for old, new in zip(before, values(variables), strict=True):
        np.testing.assert_array_equal(old, new)


def test_the_rate_may_be_changed_between_updates():
    variables = made_variables()
    optimizer = build_optimizer(FineTuning(optimizer="sgd", learning_rate=RATE), variables, SCALES, 1)
    before, gradients = values(variables), drawn_gradients(2)
    optimizer.learning_rate = 0.02
    apply(optimizer, gradients, variables)
    for old, new, gradient, scale in zip(before, values(variables), gradients, SCALES, strict=True):
        np.testing.assert_allclose(new, old - 1.9 * 0.02 * scale * gradient, rtol=1e-5, atol=1e-6)


def test_gradients_of_several_passes_make_one_update_of_their_mean():
    choices = FineTuning(optimizer="adamw", learning_rate=RATE, weight_decay=0.2, gradient_clip_norm=1.0)
    variables, alone = made_variables(), made_variables()
    optimizer = build_optimizer(choices, variables, SCALES, 2)
    at_once = build_optimizer(choices, alone, SCALES, 1)
    before = values(variables)
    for seed in (2, 4):
        passes = drawn_gradients(seed), drawn_gradients(seed + 1)
        apply(optimizer, passes[0], variables)
        if seed == 2:
            np.testing.assert_array_equal(values(variables), before)
        apply(optimizer, passes[1], variables)
        apply(at_once, [(one + other) / 2 for one, other in zip(*passes, strict=True)], alone)
    np.testing.assert_allclose(values(variables), values(alone), rtol=1e-5, atol=1e-6)


@pytest.fixture
def average():
    variables = made_variables()
    return variables, WeightAverage(variables, 0.5)


def moved(variables, by):
    for variable in variables:
        variable.assign(variable.value + by)


def test_the_average_is_the_formula_in_numpy(average):
    variables, kept = average
    expected = values(variables)
    for update in range(1, 12):
        moved(variables, 0.3 * update)
        kept.update(update)
        share = min(0.5, (1 + update) / (10 + update))
        expected = [share * old + (1 - share) * new for old, new in zip(expected, values(variables), strict=True)]
        np.testing.assert_allclose(values(kept.averages), expected, rtol=1e-5)
    assert share == 0.5


def test_an_average_that_took_the_weights_place_is_still_another_array(average):
    """On JAX a step gives the weights' arrays away, and an average that shared one was gone with it."""
    variables, kept = average
    kept.take_over()
    assert all(one.value is not two.value for one, two in zip(variables, kept.averages, strict=True))
    np.testing.assert_array_equal(values(variables), values(kept.averages))


def test_the_average_is_not_the_weights_themselves(average):
    variables, kept = average
    before = values(variables)
    moved(variables, 1.0)
    np.testing.assert_array_equal(values(kept.averages), before)


def test_the_average_takes_the_weights_place_for_a_while(average):
    variables, kept = average
    before = values(variables)
    moved(variables, 1.0)
    now = values(variables)
    with kept:
        np.testing.assert_array_equal(values(variables), before)
    np.testing.assert_array_equal(values(variables), now)


def test_the_weights_come_back_whatever_happens_meanwhile(average):
    variables, kept = average
    moved(variables, 1.0)
    now = values(variables)
    with pytest.raises(KeyboardInterrupt), kept:
        raise KeyboardInterrupt
    np.testing.assert_array_equal(values(variables), now)


def test_the_average_may_take_over_for_good(average):
    variables, kept = average
    before = values(variables)
    moved(variables, 1.0)
    kept.take_over()
    np.testing.assert_array_equal(values(variables), before)


def test_head_and_offsets_have_rates_of_their_own():
    trunk = residual_trunk()
    network = trainable_network(trunk, head_on(trunk), "", normalisation="training")
    choices = FineTuning(layer_decay=0.5, head_rate_factor=7.0, bias_rate_factor=10.0)
    scales = rate_scales(network, choices)
    head = {id(one) for one in network.blocks[-1]}
    blocks = {id(one): number for number, block in enumerate(network.blocks) for one in block}
    kinds = set()
    for variable, scale in zip(network.trained, scales, strict=True):
        is_offset = variable.name in ("beta", "bias") and id(variable) not in head
        below = len(network.blocks) - 1 - blocks[id(variable)]
        expected = 7.0 if id(variable) in head else 0.5**below * (10.0 if is_offset else 1.0)
        assert scale == pytest.approx(expected), variable.path
        kinds.add((id(variable) in head, variable.name))
    assert {(True, "bias"), (False, "beta"), (False, "gamma"), (False, "kernel")} <= kinds
