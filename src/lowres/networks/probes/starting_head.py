"""The head as a recipe begins with it: random weights on real features, nothing learned yet."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from lowres.networks.heads.dense import TwoMatrices, dense_layers
from lowres.networks.heads.fitting import build_head
from lowres.networks.heads.linear import Matrix, Standardiser
from lowres.networks.probes.first_logits import expected_loss
from lowres.values.recipes.recipe import Head

# A linear head is solved from zero; a step through zero weights would move nothing below them.
_LINEAR_DEVIATION = 0.01
_NOISE_ROWS = 256


@dataclass(frozen=True, eq=False)
class StartingHead:
    """A head before training, as plain matrices on features that `standardiser` has scaled."""

    fitted: Matrix | TwoMatrices
    standardiser: Standardiser

    @property
    def is_dense(self) -> bool:
        """Whether it is trained over epochs; a linear one is solved."""
        return isinstance(self.fitted, TwoMatrices)

    def logits(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return float32 `[n, classes]` of pooled features `[n, channels]`."""
        return self.fitted.logits(self.standardiser.apply(features))

    def loss_on_noise(self, seed: int = 0) -> float:
        """Return the loss its random weights cost on features of mean 0 and deviation 1 that mean nothing."""
        noise = np.random.default_rng(seed).standard_normal((_NOISE_ROWS, len(self.standardiser.mean)))
        return expected_loss(self.fitted.logits(noise.astype(np.float32)))

    def model(self, feature_shape: tuple[int, ...]) -> keras.Model:
        """Return it as the model "head", from feature map `feature_shape` to logits."""
        return build_head(self.fitted, self.standardiser, feature_shape)


def starting_head(features: NDArray[np.float32], classes: int, choices: Head, seed: int) -> StartingHead:
    """Return the recipe's head before training: the dense one where it is among the kinds, else a linear one.

    features: pooled, `[n, channels]`; the standardisation is taken from them.
    """
    channels = features.shape[1]
    if "dense" not in choices.kinds:
        weights = np.random.default_rng(seed).normal(0, _LINEAR_DEVIATION, (channels, classes))
        matrix = Matrix(weights.astype(np.float32), np.zeros(classes, np.float32))
        return StartingHead(matrix, Standardiser.of(features))
    layers = keras.Sequential([keras.Input((channels,)), *dense_layers(classes, seed)])
    standardiser = Standardiser.of(features) if choices.standardise else Standardiser.none(channels)
    return StartingHead(TwoMatrices(*(np.array(weight) for weight in layers.get_weights())), standardiser)
