"""The described head: Dropout .3, Dense 256 ReLU, Dropout .3, Dense; trained by Adam on standardised features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

HIDDEN_UNITS = 256
DROPOUT_FRACTION = 0.3
STOP_PATIENCE_EPOCHS = 5
RATE_PATIENCE_EPOCHS = 3
RATE_FACTOR = 0.5
_PREDICTION_ROWS = 4096


@dataclass(frozen=True, eq=False)
class TwoMatrices:
    """A trained dense head; hidden `[channels, 256]`, output `[256, classes]`, float32, with a bias each."""

    hidden_weights: NDArray[np.float32]
    hidden_bias: NDArray[np.float32]
    output_weights: NDArray[np.float32]
    output_bias: NDArray[np.float32]
    epochs: int

    def logits(self, standardised: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return float32 `[n, classes]`."""
        hidden = np.maximum(standardised @ self.hidden_weights + self.hidden_bias, 0.0)
        return np.asarray(hidden @ self.output_weights + self.output_bias, dtype=np.float32)


@dataclass(frozen=True)
class DenseTraining:
    """Longest training in epochs, images a step, Adam's first rate, and the seed of all that is random."""

    epochs: int = 40
    batch_images: int = 32
    learning_rate: float = 1e-3
    seed: int = 0


def dense_layers(classes: int, seed: int = 0) -> list[keras.Layer]:
    """Return the four layers of the head, logits last; 527,114 parameters on 2,048 channels and 10 classes."""
    initializers = [keras.initializers.GlorotUniform(seed=seed + 2), keras.initializers.GlorotUniform(seed=seed + 3)]
    return [
        keras.layers.Dropout(DROPOUT_FRACTION, seed=seed, dtype="float32", name="head_dropout1"),
        keras.layers.Dense(
            HIDDEN_UNITS, activation="relu", kernel_initializer=initializers[0], dtype="float32", name="head_hidden"
        ),
        keras.layers.Dropout(DROPOUT_FRACTION, seed=seed + 1, dtype="float32", name="head_dropout2"),
        keras.layers.Dense(classes, kernel_initializer=initializers[1], dtype="float32", name="logits"),
    ]


def fit_dense(
    train: tuple[NDArray[np.float32], NDArray[np.int64]],
    validation: tuple[NDArray[np.float32], NDArray[np.int64]],
    classes: int,
    training: DenseTraining,
) -> TwoMatrices:
    """Return the head of the epoch with the best validation accuracy.

    train, validation: standardised features `[n, channels]` and labels. The rate halves after 3 epochs without a lower
    validation loss, training stops after 5 without a higher validation accuracy.
    """
    network = keras.Sequential([keras.Input((train[0].shape[1],)), *dense_layers(classes, training.seed)])
    network.compile(
        optimizer=keras.optimizers.Adam(training.learning_rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    history = network.fit(
        _ShuffledBatches(*train, training.batch_images, training.seed),
        validation_data=validation,
        validation_batch_size=_PREDICTION_ROWS,
        epochs=training.epochs,
        # The batches shuffle themselves, from the seed: Keras would draw from a generator of the whole process.
        shuffle=False,
        callbacks=_callbacks(),
        verbose=0,
    )
    hidden, hidden_bias, output, output_bias = (np.array(weight) for weight in network.get_weights())
    return TwoMatrices(hidden, hidden_bias, output, output_bias, epochs=len(history.epoch))


def _callbacks() -> list[keras.callbacks.Callback]:
    return [
        keras.callbacks.EarlyStopping(
            monitor="val_accuracy", mode="max", patience=STOP_PATIENCE_EPOCHS, restore_best_weights=True
        ),
        keras.callbacks.ReduceLROnPlateau(monitor="val_loss", factor=RATE_FACTOR, patience=RATE_PATIENCE_EPOCHS),
    ]


class _ShuffledBatches(keras.utils.PyDataset):
    """Every row once an epoch, in an order that depends on the seed and the epoch alone."""

    def __init__(
        self, features: NDArray[np.float32], labels: NDArray[np.int64], batch_images: int, seed: int, **options: Any
    ) -> None:
        super().__init__(**options)
        self._features, self._labels, self._batch_images, self._seed = features, labels, batch_images, seed
        self._epoch = 0
        self._order = self._drawn_order()

    def __len__(self) -> int:
        return -(-len(self._labels) // self._batch_images)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        rows = self._order[index * self._batch_images : (index + 1) * self._batch_images]
        return self._features[rows], self._labels[rows]

    def on_epoch_end(self) -> None:
        self._epoch += 1
        self._order = self._drawn_order()

    def _drawn_order(self) -> NDArray[np.int64]:
        return np.random.default_rng((self._seed, self._epoch)).permutation(len(self._labels))
