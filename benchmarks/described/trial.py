"""One tiny training, or one look at TensorFlow's devices, in a process of its own; prints what came of it as JSON.

    .venv/bin/python benchmarks/described/trial.py fit PYTHON_SEED NUMPY_SEED TENSORFLOW_SEED [deterministic]
    .venv/bin/python benchmarks/described/trial.py devices

A seed of `-` is left as the process found it.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers


def fit(python_seed: str, numpy_seed: str, tensorflow_seed: str, deterministic: bool) -> dict[str, str]:
    """Return hashes of the first and of the trained weights of a small network with dropout and augmentation."""
    if python_seed != "-":
        random.seed(int(python_seed))
    if numpy_seed != "-":
        np.random.seed(int(numpy_seed))
    if tensorflow_seed != "-":
        tf.random.set_seed(int(tensorflow_seed))
    if deterministic:
        tf.config.experimental.enable_op_determinism()
    model = _network()
    first = _hash(model)
    generator = np.random.default_rng(0)
    images, labels = generator.random((256, 16, 16, 3), np.float32), generator.integers(0, 10, 256)
    model.fit(images, labels, batch_size=32, epochs=2, verbose=0)
    return {"first": first, "trained": _hash(model)}


def devices() -> dict[str, Any]:
    """Return what a change of device settings meets after each step of a usual notebook."""
    import keras.layers as imported_layers

    found: dict[str, Any] = {"after imports": _configure(2)}
    imported_layers.Dense(3)
    found["after making a layer"] = _configure(2)
    found["logical devices"] = len(tf.config.list_logical_devices("CPU"))
    found["after the first use of a device"] = _configure(3)
    return found


def _network() -> keras.Model:
    model = keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.RandomFlip("horizontal"),
            layers.Conv2D(16, 3, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dropout(0.3),
            layers.Dense(10),
        ]
    )
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def _hash(model: keras.Model) -> str:
    return hashlib.sha256(b"".join(np.array(weight).tobytes() for weight in model.get_weights())).hexdigest()[:16]


def _configure(count: int) -> str:
    """Split the processor as one would limit a GPU's memory, the setting of a device there is here."""
    processor = tf.config.list_physical_devices("CPU")[0]
    try:
        tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * count)
    except RuntimeError as error:
        return f"RuntimeError: {error}"
    return "accepted"


if __name__ == "__main__":
    words = sys.argv[1:]
    result = devices() if words[0] == "devices" else fit(words[1], words[2], words[3], words[4:] == ["deterministic"])
    sys.stdout.write(json.dumps(result) + "\n")
