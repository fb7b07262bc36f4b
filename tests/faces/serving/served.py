"""A model of no network for the server's tests: it answers by the mean of each colour, and so does the oracle."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from PIL import Image
from scipy.special import softmax

from lowres.faces.serving.served_model import Confusion, HeatMap, ServedModel
from lowres.values.judging.prediction_rows import AnswerRules

NAMES = ("red", "green", "blue")
TEMPERATURE = 2.0
SIDES = (6, 4)
HEAT = np.arange(6, dtype=np.float32).reshape(2, 3) - 1


def logits_of(pixels: np.ndarray) -> np.ndarray:
    """The mean of each colour, divided by 32."""
    return pixels.mean(axis=(1, 2)).astype(np.float32) / 32


def embedding_of(pixels: np.ndarray) -> np.ndarray:
    """Five channels: the first row of the red of each picture."""
    return pixels[:, 0, :5, 0].astype(np.float32)


def with_embedding(pixels: np.ndarray) -> np.ndarray:
    """Logits and embedding side by side, as a model gives them whose answers are recorded."""
    return np.concatenate([logits_of(pixels), embedding_of(pixels)], axis=1)


def explain(pixels: np.ndarray, target: int, against: int | None) -> HeatMap:
    """A map of which only the class explained is known."""
    return HeatMap(HEAT + target - (0 if against is None else against), "Grad-CAM", "blocks")


def model(name: str = "colours", version: int = 3, **more: Any) -> ServedModel:
    """Pictures of 6 pixels width and 4 height, three classes, a temperature of 2."""
    facts = {
        "identity": f"{name}-{version}",
        "class_names": NAMES,
        "size": SIDES,
        "fit": "squash",
        "rules": AnswerRules(TEMPERATURE, 0.9, 0.05),
        "engine": "none",
        "answer": logits_of,
        "explain": explain,
        "answered": {"red": 50, "green": 40, "blue": 10},
        "mistaken_for": {"red": (Confusion("blue", 4), Confusion("green", 1)), "green": (), "blue": ()},
    }
    return ServedModel(name, version, **facts | more)


def expected(pixels: np.ndarray) -> np.ndarray:
    """The calibrated probabilities, by SciPy."""
    return softmax(logits_of(pixels).astype(float) / TEMPERATURE, axis=1)


def pictures(count: int, seed: int = 1) -> np.ndarray:
    """Random pictures of the model's size."""
    return np.random.default_rng(seed).integers(0, 256, (count, 4, 6, 3), dtype=np.uint8)


def png(pixels: np.ndarray, kind: str = "PNG", **choices: Any) -> bytes:
    """A picture as the bytes of a file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **choices)
    return buffer.getvalue()


def b64(content: bytes) -> dict[str, str]:
    """Bytes as both protocols have them in JSON."""
    return {"b64": base64.b64encode(content).decode()}
