"""Real training steps on a few images, taken back afterwards: what they move, whether they learn, what they cost."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from lowres.networks.operation_outputs import operation_outputs
from lowres.networks.probes.moved_tensors import TensorWatch, is_statistic, judge_moves
from lowres.networks.probes.two_batches import Overfit, judge_overfit
from lowres.networks.training.out_of_memory import is_out_of_memory, memory_errors
from lowres.networks.training.traced_once import build_for_training
from lowres.networks.training.trainable_network import TrainableNetwork
from lowres.values.findings import Finding
from lowres.values.recipes.recipe_sections import FineTuning
from lowres.values.training.schedule import TrainingLength
from lowres.values.training.training_cost import judge_ended_memory, judge_step_memory

# The first suits pretrained trunks; a small network at random needs more to learn in a few steps.
RATES = (1e-4, 1e-3, 1e-2)
BATCH_IMAGES = 4
# Small networks need more of them, and take no time for it. By size and not by the clock: a verdict does not depend on
# who else uses the machine.
STEPS, STEPS_OF_SMALL_NETWORKS = 16, 60
_SMALL_NETWORK_BYTES = 2**20
_FLOAT_BYTES = 4


def frozen_step(trunk: keras.Model, head: keras.Model, pixels: NDArray[np.uint8], labels: NDArray[np.int64]) -> Finding:
    """Return whether a step of the whole classifier moves the head and leaves the trunk alone, bit by bit.

    pixels, labels: of a few images. Every weight is put back.
    """
    inputs = keras.Input(trunk.input_shape[1:], dtype=trunk.inputs[0].dtype)
    model = keras.Model(inputs, head(trunk(inputs)))
    with TensorWatch(model.variables) as watch:
        _compile(model, RATES[-1])
        _step(model, pixels, labels)
        trained = [variable for variable in head.weights if not is_statistic(variable)]
        return judge_moves("frozen phase", trained, trunk.weights, watch.moved())


@dataclass(frozen=True)
class TunedTrial:
    """findings on the second phase's step, and what the recipe's batch takes; None where one image is too much."""

    findings: tuple[Finding, ...]
    step_seconds: float | None


def tuned_steps(
    network: TrainableNetwork,
    choices: FineTuning,
    inputs: NDArray[Any],
    labels: NDArray[np.int64],
    memory_bytes: int = 0,
    rates: Sequence[float] = RATES,
) -> TunedTrial:
    """Return what trial steps of fine-tuning show; every weight is put back.

    inputs: of some images, as `network.model` takes them, of any precision. memory_bytes: of the machine, 0: unknown.
    rates: to learn two batches by heart at, the first that does it counts.
    """
    inputs = np.asarray(inputs, np.float32)
    with TensorWatch([*network.model.variables, *network.frozen]) as watch:
        overfit, moved = _learned(network, inputs, labels, watch, rates)
        moves = judge_moves("fine-tuning", network.trained, _standing(network, choices), moved)
        size, steps = choices.batch_images, choices.accumulation_steps
        needed = size * activation_bytes(network.model, inputs.shape[1:])
        memory, seconds = judge_step_memory(size, steps, needed, memory_bytes), None
        if memory.status != "FAIL":
            fitting, seconds = _fitting_step(network.model, inputs, labels, TrainingLength(size, size, 1, steps))
            memory = memory if fitting == size else judge_ended_memory(size, steps, fitting, needed)
    return TunedTrial((moves, judge_overfit("fine-tuning", overfit), memory), seconds)


def activation_bytes(model: keras.Model, shape: Sequence[int]) -> int:
    """Return about what a step keeps of an image for its gradients: its input and every operation's output, float32.

    shape: of an image as the model takes it, which may leave its sides open.
    """
    shapes = [tuple(shape), *(output.shape[1:] for output in operation_outputs(model, (None, *shape)))]
    return _FLOAT_BYTES * sum(math.prod(one) for one in shapes)


def _learned(
    network: TrainableNetwork,
    inputs: NDArray[Any],
    labels: NDArray[np.int64],
    watch: TensorWatch,
    rates: Sequence[float],
) -> tuple[Overfit, set[int]]:
    """The first rate at which two batches are learned by heart, or the last one tried; and what the first step moved.

    The weights are as they were afterwards.
    """
    batches = [(start + np.arange(BATCH_IMAGES)) % len(labels) for start in (0, BATCH_IMAGES)]
    is_small = activation_bytes(network.model, inputs.shape[1:]) < _SMALL_NETWORK_BYTES
    steps = STEPS_OF_SMALL_NETWORKS if is_small else STEPS
    moved: set[int] = set()
    for rate in rates:
        _compile(network.model, rate, is_built=is_small)
        losses: list[float] = []
        for step in range(steps):
            rows = batches[step % 2]
            losses.append(_step(network.model, inputs[rows], labels[rows]))
            moved = moved or watch.moved()
            overfit = Overfit(f"Adam at a rate of {rate:g}", losses[0], float(np.mean(losses[-2:])), len(losses))
            if overfit.has_learned:
                break
        watch.put_back()
        if overfit.has_learned:
            break
    return overfit, moved


def _standing(network: TrainableNetwork, choices: FineTuning) -> list[Any]:
    """What a step must leave alone; BatchNorm above the cut is free to move where the recipe trains it."""
    return network.frozen if choices.normalisation == "training" else [*network.frozen, *network.statistics]


def _fitting_step(
    model: keras.Model, inputs: NDArray[Any], labels: NDArray[np.int64], length: TrainingLength
) -> tuple[int, float | None]:
    """The images of a pass that memory is enough for, halved as training halves them, and seconds of all at that.

    0 and None: not even one image.
    """
    asked = length.batch_images
    while True:
        seconds = _timed(model, inputs, labels, length.batch_images)
        if seconds is not None:
            return length.batch_images, seconds * asked / length.batch_images
        if length.batch_images == 1:
            return 0, None
        length = length.halved()


def _timed(model: keras.Model, inputs: NDArray[Any], labels: NDArray[np.int64], batch_images: int) -> float | None:
    """Seconds of a step at that batch, the first not counted, which holds the building of it; None where memory ended.

    On a busy machine the building took a minute and the step two seconds: an hour's training was told as twenty.
    """
    rows = np.arange(batch_images) % len(labels)
    _compile(model, RATES[0], is_built=True)
    try:
        batch, targets = inputs[rows], labels[rows]
        _step(model, batch, targets)
        return _seconds(model, batch, targets)
    except memory_errors() as error:
        if not is_out_of_memory(error):
            raise
        return None


def _seconds(model: keras.Model, inputs: NDArray[Any], labels: NDArray[np.int64]) -> float:
    started = time.perf_counter()
    _step(model, inputs, labels)
    return time.perf_counter() - started


def _step(model: keras.Model, inputs: NDArray[Any], labels: NDArray[np.int64]) -> float:
    # Keras gives the mean loss since the last reset.
    model.reset_metrics()
    return float(model.train_on_batch(inputs, labels))


def _compile(model: keras.Model, rate: float, is_built: bool = False) -> None:
    """Make the model ready to train: built into one program, or operation by operation, sooner done for a few steps."""
    # Not the recipe's optimizer: it knows only what it should move, and with a rate for each block the lowest may move
    # by less than a float32 can tell.
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(rate), loss=loss, run_eagerly=not is_built)
    build_for_training(model, np.zeros(1, np.int64))
