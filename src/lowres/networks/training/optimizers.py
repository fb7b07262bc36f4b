"""The optimizers of fine-tuning: Keras' own, with a learning rate for each block and an average of the weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from lowres.networks.training.muon import MOMENTUM_BESIDE, Muon
from lowres.networks.training.sharpness import put_back
from lowres.networks.training.trainable_network import TrainableNetwork
from lowres.values.recipes.recipe_sections import FineTuning
from lowres.values.training.schedule import layer_scales

_NESTEROV_MOMENTUM = 0.9
# Decay pulls kernels towards zero; pulling a scale or an offset there would change what a layer is for.
_NOT_DECAYED = ("gamma", "beta", "bias")
_OFFSETS = ("beta", "bias")


def rate_scales(network: TrainableNetwork, choices: FineTuning, moving: Sequence[Any] | None = None) -> list[float]:
    """Return what the learning rate is multiplied with for each of `network.trained`, or of those that are moving."""
    scales = (*layer_scales(len(network.blocks) - 1, choices.layer_decay), choices.head_rate_factor)
    head = {id(variable) for variable in network.blocks[-1]}
    scale_of = {
        id(one): scale * (choices.bias_rate_factor if one.name in _OFFSETS and id(one) not in head else 1.0)
        for one, scale in zip(network.trained, network.of_blocks(scales), strict=True)
    }
    return [scale_of[id(one)] for one in (network.trained if moving is None else moving)]


def build_optimizer(
    choices: FineTuning, variables: Sequence[Any], scales: Sequence[float], accumulation_steps: int
) -> keras.optimizers.Optimizer:
    """Return the optimizer the recipe asks for, built for the variables, which are in the order of their model.

    scales: what the learning rate (and the decay with it) is multiplied with for each variable.
    """
    options: dict[str, Any] = {
        # Else Keras numbers them, and the same variable has another path each time.
        "name": choices.optimizer,
        "learning_rate": choices.learning_rate,
        "weight_decay": choices.weight_decay or None,
        "global_clipnorm": choices.gradient_clip_norm or None,
        "gradient_accumulation_steps": accumulation_steps if accumulation_steps > 1 else None,
    }
    kinds = {
        "adam": lambda: _scaled(keras.optimizers.Adam)(**options | {"weight_decay": None}),
        "adamw": lambda: _scaled(keras.optimizers.AdamW)(**options | {"weight_decay": choices.weight_decay}),
        "sgd": lambda: _scaled(keras.optimizers.SGD)(momentum=_NESTEROV_MOMENTUM, nesterov=True, **options),
        "muon": lambda: _scaled(Muon)(momentum=MOMENTUM_BESIDE, nesterov=True, **options),
    }
    optimizer = kinds[choices.optimizer]()
    optimizer.rate_scales = list(scales)
    if choices.optimizer != "muon":
        optimizer.exclude_from_weight_decay(var_names=list(_NOT_DECAYED))
    optimizer.build(list(variables))
    return optimizer


def _scaled(kind: type[keras.optimizers.Optimizer]) -> Any:
    """The optimizer with `rate_scales`, one number a variable in the order it was built for."""

    class Scaled(kind):
        rate_scales: Sequence[float] = ()
        remembered: Sequence[Any] = ()

        def apply(self, grads: Any, trainable_variables: Any = None) -> None:
            put_back(self)
            super().apply(grads, trainable_variables)

        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> Any:
            scale = self.rate_scales[self._get_variable_index(variable)]
            return super().update_step(gradient, variable, learning_rate * scale)

        def _apply_weight_decay(self, variables: Sequence[Any]) -> None:
            if self.weight_decay is None or issubclass(kind, Muon):
                super()._apply_weight_decay(variables)
                return
            for variable in variables:
                if self._use_weight_decay(variable):
                    rate = self.learning_rate * self.weight_decay * self.rate_scales[self._get_variable_index(variable)]
                    variable.assign(variable - variable * keras.ops.cast(rate, variable.dtype))

    Scaled.__name__ = kind.__name__
    return Scaled


class WeightAverage:
    """An exponential moving average of weights (Polyak and Juditsky 1992), which may take their place for a while.

    share: what an update keeps of the average; smaller for the first updates, (1 + n) / (10 + n), so that the weights
    before training leave it soon.
    """

    def __init__(self, variables: Sequence[Any], share: float) -> None:
        """Begin with the weights as they are."""
        self._variables, self._share = list(variables), share
        # By way of NumPy: given a TensorFlow variable, Keras wraps that very variable, and the average would be it.
        self.averages = [
            keras.Variable(
                np.array(keras.ops.convert_to_numpy(one)),
                trainable=False,
                name=f"average_of_{one.path}".replace("/", "_"),
            )
            for one in self._variables
        ]
        self._aside: list[Any] = []

    def update(self, updates_done: int) -> None:
        """Take in the weights after that many updates."""
        share = min(self._share, (1 + updates_done) / (10 + updates_done))
        for average, variable in zip(self.averages, self._variables, strict=True):
            average.assign(average.value * share + variable.value * (1 - share))

    def __enter__(self) -> None:
        """Put the averages in the weights' place."""
        self._aside = [keras.ops.copy(variable.value) for variable in self._variables]
        self.take_over()

    def take_over(self) -> None:
        """Put the averages in the weights' place for good."""
        for average, variable in zip(self.averages, self._variables, strict=True):
            # A copy: on JAX the two would be one array, and a step of Keras gives the weights' arrays away for good.
            variable.assign(keras.ops.copy(average.value))

    def __exit__(self, *_: object) -> None:
        """Put the weights back."""
        for variable, value in zip(self._variables, self._aside, strict=True):
            variable.assign(value)
        self._aside = []
