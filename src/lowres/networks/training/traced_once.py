"""What a compiled network makes in its first step, made before it: TensorFlow traces a step twice where it makes it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray


def build_for_training(model: keras.Model, targets: NDArray[Any]) -> None:
    """Make the variables of a compiled model's optimizer and metrics, so that its step is traced once.

    targets: of one image, as a step will get them; only shape and type matter. A second trace takes as long as the
    first, which of a deep trunk is longer than a hundred steps. Metrics are left at nothing.
    """
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    model.compute_metrics(None, targets, np.zeros((1, model.output_shape[-1]), np.float32))
    model.reset_metrics()
