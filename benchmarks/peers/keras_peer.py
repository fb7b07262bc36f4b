"""The described system as a plain Keras script: ResNet50 at 224 px, a frozen phase, then conv5.

`scaled-twice` is the document as written: [0, 1] and then preprocess_input. `right` undoes the [0, 1] first. The
minutes are shared as the document's own 28 and 49; where not even one epoch fits, a phase is as many steps as do.
In Keras 3 the `training=False` below does not reach fit (keras#20285): conv5's BatchNormalization trains in phase 2.
"""

from __future__ import annotations

import time
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from numpy.typing import NDArray
from peer_run import Part, PeerRun, read_run

AS_WRITTEN, RIGHT = "scaled-twice", "right"
BATCH_IMAGES = 32
FROZEN_SHARE = 28 / 77
FROZEN_EPOCHS, FINE_TUNING_EPOCHS = 12, 30
FIRST_STEPS = 3


class StopAt(keras.callbacks.Callback):
    """Ends a phase when its time is over, should the steps turn out slower than the first ones were."""

    def __init__(self, run: PeerRun, seconds_left: float) -> None:
        """Keep the clock; the phase ends when the run has `seconds_left` to go."""
        super().__init__()
        self._run, self._seconds_left, self.has_stopped = run, seconds_left, False

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Look at the clock."""
        if self._run.seconds_left <= self._seconds_left:
            self.has_stopped = self.model.stop_training = True


def build(run: PeerRun) -> tuple[keras.Model, keras.Model]:
    """Return the model, float32 images of 0 to 1 to ten probabilities, and the ResNet50 in it."""
    base = keras.applications.ResNet50(weights=None, include_top=False, pooling="avg", input_shape=(224, 224, 3))
    tensors = run.weights("resnet50")
    for layer in base.layers:
        layer.set_weights([tensors[f"{layer.name}/{variable.name}"] for variable in layer.weights])
    base.trainable = False
    inputs = keras.Input((32, 32, 3))
    x = layers.RandomFlip("horizontal")(inputs)
    x = layers.RandomRotation(0.1)(x)
    x = layers.RandomZoom(0.1)(x)
    x = layers.Resizing(224, 224, interpolation="bilinear")(x)
    if run.network == RIGHT:
        x = layers.Rescaling(255.0)(x)
    x = base(keras.applications.resnet50.preprocess_input(x), training=False)
    x = layers.Dropout(0.3)(x)
    x = layers.Dense(256, activation="relu")(x)
    x = layers.Dropout(0.3)(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x)), base


def train_phase(
    run: PeerRun, model: keras.Model, rate: float, most_epochs: int, until: float, parts: tuple[Part, Part]
) -> dict[str, Any]:
    """Train until the run has `until` seconds left, and return what was done; the best epoch's weights are kept."""
    train, validation = parts
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    images = scaled(train.pixels)
    step, evaluation = first_seconds(model, images, train.labels)
    an_epoch = step * len(images) / BATCH_IMAGES + evaluation * len(validation.labels) / BATCH_IMAGES
    seconds = run.seconds_to_plan - until
    epochs = min(most_epochs, int(seconds / an_epoch))
    clock = StopAt(run, until)
    if epochs < 1:
        count = max(BATCH_IMAGES, int(seconds / step) * BATCH_IMAGES)
        rows = np.random.default_rng(run.seed).permutation(len(images))[:count]
        model.fit(images[rows], train.labels[rows], batch_size=BATCH_IMAGES, verbose=2, callbacks=[clock])
        return {"epochs": round(len(rows) / len(images), 2), "step_seconds": round(step, 2)}
    history = model.fit(
        images,
        train.labels,
        batch_size=BATCH_IMAGES,
        epochs=epochs,
        validation_data=(scaled(validation.pixels), validation.labels),
        verbose=2,
        callbacks=[
            clock,
            keras.callbacks.EarlyStopping("val_accuracy", patience=5, restore_best_weights=True),
            keras.callbacks.ReduceLROnPlateau("val_loss", factor=0.5, patience=3),
        ],
    )
    facts = {"epochs": len(history.epoch), "epochs_planned": epochs, "step_seconds": round(step, 2)}
    return {**facts, "validation_accuracy": history.history.get("val_accuracy"), "cut_short": clock.has_stopped}


def first_seconds(model: keras.Model, images: NDArray[np.float32], labels: NDArray[np.int64]) -> tuple[float, float]:
    """Return the seconds of one training step and of one prediction, the graphs being built; the steps count."""
    rows = slice(0, BATCH_IMAGES)
    model.train_on_batch(images[rows], labels[rows])
    model.predict_on_batch(images[rows])
    started = time.monotonic()
    for _ in range(FIRST_STEPS):
        model.train_on_batch(images[rows], labels[rows])
    trained = time.monotonic()
    model.predict_on_batch(images[rows])
    return (trained - started) / FIRST_STEPS, time.monotonic() - trained


def scaled(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the described float32 images, 0 to 1."""
    return pixels.astype(np.float32) / 255.0


def main() -> None:
    """Train both phases within the minutes, then score."""
    run = read_run((AS_WRITTEN, RIGHT))
    tf.config.threading.set_intra_op_parallelism_threads(2)
    keras.utils.set_random_seed(run.seed)
    model, base = build(run)
    parts = run.part("train"), run.part("validation")
    until = run.minutes * 60 * (1 - FROZEN_SHARE)
    frozen = train_phase(run, model, 1e-3, FROZEN_EPOCHS, until, parts)
    base.trainable = True
    for layer in base.layers:
        layer.trainable = layer.name.startswith("conv5")
    fine_tuned = train_phase(run, model, 1e-4, FINE_TUNING_EPOCHS, 0.0, parts)
    facts = {"pixels": 224, "batch_images": BATCH_IMAGES, "frozen": frozen, "fine_tuned": fine_tuned}
    run.finish(
        lambda pixels: model.predict(scaled(pixels), batch_size=BATCH_IMAGES, verbose=0),
        ("keras", "tensorflow-cpu", "numpy"),
        facts,
    )


if __name__ == "__main__":
    main()
