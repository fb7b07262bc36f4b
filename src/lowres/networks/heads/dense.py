"""The described head: Dropout .3, Dense 256 ReLU, Dropout .3, Dense; trained by Adam on cached features."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from lowres.networks.training.traced_once import build_for_training
from lowres.values.keyed_random import keyed_words
from lowres.values.training.history import FROZEN, EpochRow

Watched = Callable[[Sequence[float], NDArray[np.int64]], None]
HIDDEN_UNITS = 256
DROPOUT_FRACTION = 0.3
_PREDICTION_ROWS = 4096


@dataclass(frozen=True, eq=False)
class TwoMatrices:
    """A trained dense head; hidden `[channels, 256]`, output `[256, classes]`, float32, with a bias each."""

    hidden_weights: NDArray[np.float32]
    hidden_bias: NDArray[np.float32]
    output_weights: NDArray[np.float32]
    output_bias: NDArray[np.float32]

    def logits(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return float32 `[n, classes]` of features scaled as those it was trained on."""
        hidden = np.maximum(features @ self.hidden_weights + self.hidden_bias, 0.0)
        return np.asarray(hidden @ self.output_weights + self.output_bias, dtype=np.float32)


@dataclass(frozen=True)
class DenseTraining:
    """How it is trained: longest training in epochs, images a step, Adam's first rate, the seed of all that is random.

    The rate is multiplied with `plateau_factor` after so many epochs without a lower validation loss, and training
    stops after so many without a higher validation accuracy; a patience of 0 means never.
    """

    epochs: int = 40
    batch_images: int = 32
    learning_rate: float = 1e-3
    seed: int = 0
    early_stopping_patience_epochs: int = 5
    plateau_patience_epochs: int = 3
    plateau_factor: float = 0.5


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
    *,
    views: int = 1,
    advance: Callable[[int, int], None] = lambda done, total: None,
    watched: Watched | None = None,
) -> tuple[TwoMatrices, tuple[EpochRow, ...]]:
    """Return the head of the epoch with the best validation accuracy, and every epoch, that one marked as kept.

    train, validation: features `[n, channels]` and labels. views: the train rows are so many views of the same images,
    one view after the other; an epoch sees each image once, in the view after that of the epoch before. advance: told
    after each epoch how many are done, and how many there are at most. watched: is given after each epoch the loss of
    every step so far, each the mean of its epoch, and how often each class is predicted of validation, int64
    `[classes]`; what it raises ends the training.
    """
    network = keras.Sequential([keras.Input((train[0].shape[1],)), *dense_layers(classes, training.seed)])
    network.compile(
        optimizer=keras.optimizers.Adam(training.learning_rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    build_for_training(network, train[1][:1])
    record, stop, *drop = callbacks = _callbacks(training, advance)
    if watched is not None:
        callbacks.insert(0, _Watch(validation[0], classes, watched))
    network.fit(
        _ShuffledBatches(*train, training.batch_images, training.seed, views),
        validation_data=validation,
        validation_batch_size=_PREDICTION_ROWS,
        epochs=training.epochs,
        # The batches shuffle themselves, from the seed: Keras would draw from a generator of the whole process.
        shuffle=False,
        callbacks=callbacks,
        verbose=0,
    )
    rows = tuple(replace(row, is_kept=row.epoch == stop.best_epoch + 1) for row in record.rows)
    return TwoMatrices(*(np.array(weight) for weight in network.get_weights())), rows


def _callbacks(training: DenseTraining, advance: Callable[[int, int], None]) -> list[Any]:
    """New ones for every fit (pitfall 10): what is recorded, what stops and keeps the best, what drops the rate."""
    # Whoever never stops still keeps the best epoch: no training waits as long as it lasts.
    patience = training.early_stopping_patience_epochs or training.epochs
    stop = keras.callbacks.EarlyStopping(
        monitor="val_accuracy", mode="max", patience=patience, restore_best_weights=True
    )
    if training.plateau_patience_epochs == 0:
        return [_Record(advance), stop]
    drop = keras.callbacks.ReduceLROnPlateau(
        monitor="val_loss", factor=training.plateau_factor, patience=training.plateau_patience_epochs
    )
    return [_Record(advance), stop, drop]


class _Watch(keras.callbacks.Callback):
    """Shows how a training goes to whoever watches it; the head is small enough to be asked anew."""

    def __init__(self, validation: NDArray[np.float32], classes: int, watched: Watched) -> None:
        super().__init__()
        self._validation, self._classes, self._watched = validation, classes, watched
        self._losses: list[float] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._losses += [float((logs or {})["loss"])] * int(self.params["steps"])
        head = TwoMatrices(*(np.array(weight) for weight in self.model.get_weights()))
        predicted = head.logits(self._validation).argmax(axis=1)
        self._watched(tuple(self._losses), np.bincount(predicted, minlength=self._classes))


class _Record(keras.callbacks.Callback):
    """Collects a row an epoch, its rate read before the epoch, since the rate may drop at its end."""

    def __init__(self, advance: Callable[[int, int], None]) -> None:
        super().__init__()
        self.rows: list[EpochRow] = []
        self._advance = advance
        self._began, self._rate = 0.0, 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._began = time.perf_counter()
        self._rate = float(f"{float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)):.6g}")

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        measured = {name: round(float(value), 6) for name, value in (logs or {}).items()}
        row = EpochRow(
            phase=FROZEN,
            epoch=epoch + 1,
            head="",
            learning_rate=self._rate,
            loss=measured["loss"],
            accuracy=measured["accuracy"],
            validation_loss=measured["val_loss"],
            validation_accuracy=measured["val_accuracy"],
            seconds=round(time.perf_counter() - self._began, 3),
        )
        self.rows.append(row)
        self._advance(epoch + 1, self.params["epochs"])


class _ShuffledBatches(keras.utils.PyDataset):
    """Every image once an epoch, in an order and in views that depend on the seed and the epoch alone."""

    def __init__(
        self,
        features: NDArray[np.float32],
        labels: NDArray[np.int64],
        batch_images: int,
        seed: int,
        views: int = 1,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._features, self._labels, self._batch_images, self._seed = features, labels, batch_images, seed
        self._views, self._images = views, len(labels) // views
        # Each image begins elsewhere, so that an epoch holds all views alike.
        self._first_views = (keyed_words(seed, np.arange(self._images), views) % np.uint64(views)).astype(np.int64)
        self._epoch = 0
        self._order = self._drawn_order()

    def __len__(self) -> int:
        return -(-self._images // self._batch_images)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        rows = self._order[index * self._batch_images : (index + 1) * self._batch_images]
        return self._features[rows], self._labels[rows]

    def on_epoch_end(self) -> None:
        self._epoch += 1
        self._order = self._drawn_order()

    def _drawn_order(self) -> NDArray[np.int64]:
        images = np.random.default_rng((self._seed, self._epoch)).permutation(self._images)
        return images + self._images * ((self._first_views[images] + self._epoch) % self._views)
