"""A network that forgets what it learned, from the top downwards: what the sanity check of heat maps asks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from lowres.networks.engines import UncompiledEngine
from lowres.networks.explaining import Explainer
from lowres.networks.probes.moved_tensors import TensorWatch
from lowres.networks.trained_classifier import TrainedClassifier

# How far down the trunk goes with the head, as fractions of its tensors.
DEPTHS = (0.0, 0.25, 0.5, 1.0)


def shuffled_explainers(classifier: TrainedClassifier, layer: str, seed: int) -> Iterator[tuple[str, Explainer]]:
    """Yield what was shuffled and an explainer at `layer` that has it so: the head, then ever more of the trunk.

    Every tensor keeps its values and they change places, drawn by the seed, so that the scale of what flows through
    stays about what it was. It is one explainer each time, shuffled further. Where the layer is the classifier's own,
    the classifier itself is shuffled meanwhile, and has its weights back when the last step is left.
    """
    explainer = Explainer(classifier, layer)
    # Run a few times only, so nothing is compiled: that takes longer than all the passes.
    explainer.engine = UncompiledEngine(explainer.trunk)
    random = np.random.default_rng(seed)
    # Where an earlier layer is explained, its "head" holds the end of the trunk too; the order is that of the layers.
    tensors = [*_learned(explainer.trunk), *_learned(explainer.head)]
    of_trunk, done = len(tensors) - len(_learned(classifier.head)), 0
    with TensorWatch(tensors):
        for depth in DEPTHS:
            until = len(tensors) - of_trunk + round(depth * of_trunk)
            _shuffle(tensors[len(tensors) - until : len(tensors) - done], random)
            done = until
            yield _words(depth), explainer


def _words(depth: float) -> str:
    if depth == 0:
        return "the head"
    return "the whole network" if depth == 1 else f"the head and the last {depth:.0%} of the trunk"


def _learned(part: keras.Model) -> list[Any]:
    """Variables a training may have set, in the order of the layers; resizing is no knowledge and stays."""
    return [variable for layer in part.layers if not layer.name.startswith("resize_") for variable in layer.variables]


def _shuffle(variables: list[Any], random: np.random.Generator) -> None:
    for variable in variables:
        values = keras.ops.convert_to_numpy(variable)
        if np.issubdtype(values.dtype, np.floating):
            variable.assign(random.permutation(values.ravel()).reshape(values.shape))
