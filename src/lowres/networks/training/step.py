"""A pass over a batch: which weights move, where their gradient is taken, and the optimizer that applies it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from lowres.networks.training.batches import Batch
from lowres.networks.training.losses import build_loss
from lowres.networks.training.optimizers import build_optimizer, rate_scales
from lowres.networks.training.sharpness import Ascent, ascending
from lowres.networks.training.standing_still import carry_over, hold_still, still_variables
from lowres.networks.training.traced_once import build_for_training
from lowres.networks.training.trainable_network import TrainableNetwork
from lowres.values.recipes.recipe_sections import FineTuning


class TrainingStep:
    """Owns what is compiled; compiled anew where an epoch lets fewer weights move than the one before."""

    def __init__(self, network: TrainableNetwork, choices: FineTuning, accumulation_steps: int) -> None:
        """Compile the network as its first epoch trains it; nothing is changed yet."""
        self._network, self._choices, self._accumulation_steps = network, choices, accumulation_steps
        self._still = still_variables(network, choices, 0)
        self._ascent: keras.Model | None = None
        self._optimizer: Any = None
        self._compile()

    def begin_epoch(self, epoch: int) -> None:
        """Let those weights move that do in an epoch, counted from 0; the optimizer keeps what it knows of them."""
        still = still_variables(self._network, self._choices, epoch)
        if still != self._still:
            self._still = still
            self._compile()

    def run(self, batch: Batch) -> tuple[float, float]:
        """Make a pass; return loss and accuracy before it, rows of weight 0 left out."""
        if self._ascent is None:
            return _pass(self._network.model, batch)
        before = _pass(self._ascent, batch)
        # Statistics are those of the weights that are kept, so of the way up alone.
        statistics = [keras.ops.copy(variable.value) for variable in self._network.statistics]
        _pass(self._network.model, batch)
        for variable, value in zip(self._network.statistics, statistics, strict=True):
            variable.assign(value)
        return before

    def set_rate(self, rate: float) -> None:
        """Take this learning rate from here on."""
        self._optimizer.learning_rate = rate

    def set_passes(self, done: int) -> None:
        """Count from here on as if so many passes had been made."""
        self._optimizer.variables[0].assign(done)

    @property
    def kept_variables(self) -> list[Any]:
        """What a run state holds of the optimizer: accumulators are empty between epochs, counts are set by hand."""
        return [one for one in self._optimizer.variables if not _is_made_anew(one)]

    @property
    def _targets(self) -> NDArray[np.float32]:
        return np.zeros((1, self._network.model.output_shape[-1]), np.float32)

    def _compile(self) -> None:
        moving = hold_still(self._network, self._still)
        scales = rate_scales(self._network, self._choices, moving)
        before, loss = self._optimizer, build_loss(self._choices)
        self._optimizer = build_optimizer(self._choices, moving, scales, self._accumulation_steps)
        if before is not None:
            carry_over(before, self._optimizer)
        if self._choices.sharpness_radius:
            ascent = Ascent(self._choices.sharpness_radius, self._optimizer)
            ascent.build(moving)
            self._ascent = ascending(self._network.model, ascent, loss)
            build_for_training(self._ascent, self._targets)
        self._network.model.compile(optimizer=self._optimizer, loss=loss, weighted_metrics=["categorical_accuracy"])
        build_for_training(self._network.model, self._targets)


def _pass(model: keras.Model, batch: Batch) -> tuple[float, float]:
    model.reset_metrics()
    said = model.train_on_batch(*batch, return_dict=True)
    return float(said["loss"]), float(said["categorical_accuracy"])


def _is_made_anew(variable: Any) -> bool:
    return any(word in variable.path for word in ("gradient_accumulator", "iteration", "learning_rate", "remembered"))
