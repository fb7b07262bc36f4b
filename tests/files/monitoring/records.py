"""Records made up for tests."""

import hashlib
from datetime import UTC, datetime, timedelta

import numpy as np

from lowres.values.monitoring.image_statistics import image_statistics
from lowres.values.monitoring.served_record import RecordedModel, ServedRecord, draw_record_id

BEGAN = datetime(2026, 11, 26, 12, tzinfo=UTC)
CATS = RecordedModel("cats", 7, "0123456789abcdef", ("cat", "dog", "bird"), 0.8)


def some_records(count, random, model=CATS, channels=6, began=BEGAN, **choices):
    """Records a second apart; every third keeps its picture, every fourth has no embedding."""
    return [_record(number, random, model, channels, began, choices) for number in range(count)]


def _record(number, random, model, channels, began, choices):
    pixels = random.integers(0, 256, (5, 4, 3), dtype=np.uint8)
    at = began + timedelta(seconds=number)
    facts = {
        "id": draw_record_id(at),
        "at": at,
        "model": model,
        "sha256": hashlib.sha256(pixels.tobytes()).hexdigest(),
        "statistics": {name: float(one[0]) for name, one in image_statistics(pixels[None]).items()},
        "probabilities": random.dirichlet(np.ones(len(model.class_names))).astype(np.float32),
        "embedding": None if number % 4 == 3 else random.normal(size=channels).astype(np.float16),
        "seconds": float("nan") if number % 5 == 4 else 0.25,
        "caller_id": f"request {number // 2}",
        "needs_review": (None, True, False)[number % 3],
        "picture": pixels if number % 3 == 0 else None,
    }
    return ServedRecord(**(facts | choices))
