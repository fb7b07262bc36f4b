"""Claims about Keras' augmentation layers and callbacks, tried against NumPy, SciPy and by hand."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray
from scipy.ndimage import affine_transform

from described.claim import Claim

_SIDE = 33


def claims() -> list[Claim]:
    """Return the claims about augmentation and early stopping."""
    return [*_strengths(), *_training_flag(), *_order(), *_early_stopping()]


def _strengths() -> list[Claim]:
    turned = _by_keras(layers.RandomRotation((0.1, 0.1), interpolation="bilinear"))
    angles = {degrees: _turn(degrees) for degrees in np.arange(-60, 61, 0.5)}
    zoomed = _by_keras(layers.RandomZoom((0.1, 0.1), interpolation="bilinear"))
    zooms = {round(scale, 2): _stretch(scale) for scale in np.arange(0.7, 1.31, 0.01)}
    figures = {"degrees": abs(float(_nearest(turned, angles))), "zoom": float(_nearest(zoomed, zooms))}
    return [
        Claim(
            "4 Q1",
            "RandomRotation (0.1 = ±36 degrees), RandomZoom (0.1 = ±10% zoom)",
            "right",
            "A factor of 0.1 turned a picture as SciPy does by {degrees:.1f} degrees, and scaled it as SciPy does with "
            "{zoom:.2f} source pixels a pixel.",
            figures,
            holds=abs(figures["degrees"] - 36) <= 1 and abs(figures["zoom"] - 1.1) < 0.02,
        )
    ]


def _training_flag() -> list[Claim]:
    picture = _picture()
    flip, turn = layers.RandomFlip("horizontal"), layers.RandomRotation(0.1)
    same = all(np.array_equal(np.array(layer(picture, training=False)), picture) for layer in (flip, turn))
    moved = float(np.abs(np.array(turn(picture, training=True)) - picture).max())
    return [
        Claim(
            "4 Q4",
            "When True, augmentation is applied; when False, the input passes through unchanged.",
            "right",
            "Bit for bit the same with training=False ({same}); with True a value moved by up to {moved:.2f}.",
            {"same": same, "moved": moved},
            holds=same and moved > 0,
        )
    ]


def _order() -> list[Claim]:
    bytes_ = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3)).astype(np.float32)
    before = _augmented(bytes_ / 255)
    after = _augmented(bytes_) / 255
    return [
        Claim(
            "3 Q5",
            "Before. We normalize the data once during preprocessing, then augmentation is applied dynamically",
            "right for another reason",
            "The order makes no difference to flip, rotation and zoom, which only move and mix pixels: scaled before "
            "or "
            "after, with the same seed, they agree to {difference:.0e}. Brightness or contrast would need their "
            "value_range set to it.",
            {"difference": float(np.abs(before - after).max())},
        )
    ]


def _early_stopping() -> list[Claim]:
    figures = {"stops_after": _epochs_until_stopped(25), "stops_after_if_next": _epochs_until_stopped(26)}
    return [
        Claim(
            "7 Q6",
            "EarlyStopping didn't trigger because validation accuracy kept improving. Best weights at epoch 25.",
            "contradicts itself",
            "A best at epoch 25 of 30 means five epochs without improvement. Keras' EarlyStopping with patience 5, fed "
            "such a history, stops after epoch {stops_after}, the last one: it did trigger, unseen. Counted from 0 the "
            "best is the 26th and {stops_after_if_next} epochs pass, but accuracy still did not keep improving.",
            figures,
            holds=figures == {"stops_after": 30, "stops_after_if_next": "all"},
        )
    ]


def _epochs_until_stopped(best_epoch: int, epochs: int = 30) -> int | str:
    callback = keras.callbacks.EarlyStopping("val_accuracy", patience=5, mode="max")
    model = keras.Sequential([keras.Input((1,)), layers.Dense(1)])
    model.stop_training = False
    callback.set_model(model)
    callback.on_train_begin()
    for epoch in range(epochs):
        callback.on_epoch_end(epoch, {"val_accuracy": 0.49 - 0.001 * abs(epoch + 1 - best_epoch)})
        if model.stop_training:
            return epoch + 1
    return "all"


def _picture() -> NDArray[np.float32]:
    """A smooth lopsided blob, which no turn or stretch leaves as it was."""
    row, column = np.mgrid[:_SIDE, :_SIDE] - _SIDE // 2
    blob = np.exp(-((column - 4) ** 2) / 60 - (row + 2) ** 2 / 20)
    return np.asarray(blob[None, :, :, None], dtype=np.float32)


def _by_keras(layer: Any) -> NDArray[np.float32]:
    return np.array(layer(_picture(), training=True))[0, :, :, 0]


def _turn(degrees: float) -> NDArray[np.float32]:
    angle = np.deg2rad(degrees)
    return _sampled(np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]))


def _stretch(scale: float) -> NDArray[np.float32]:
    return _sampled(np.eye(2) * scale)


def _sampled(matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    centre = np.full(2, (_SIDE - 1) / 2)
    picture = _picture()[0, :, :, 0]
    return np.asarray(affine_transform(picture, matrix, centre - matrix @ centre, order=1, mode="reflect"))


def _nearest(picture: NDArray[np.float32], candidates: dict[Any, NDArray[np.float32]]) -> Any:
    return min(candidates, key=lambda one: float(np.square(candidates[one] - picture).sum()))


def _augmented(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    x: Any = pixels
    for layer in (
        layers.RandomFlip("horizontal", seed=1),
        layers.RandomRotation(0.1, seed=2),
        layers.RandomZoom(0.1, seed=3),
    ):
        x = layer(x, training=True)
    return np.array(x)
