"""A reference and windows made up by known laws: confidence tells accuracy, classes have directions of their own."""

from __future__ import annotations

import hashlib

import numpy as np

from lowres.values.monitoring.image_statistics import STATISTICS
from lowres.values.monitoring.record_window import NO_LABEL, RecordWindow
from lowres.values.watching.reference import Reference

CLASSES = ("cat", "dog", "bird", "fish")
CHANNELS = 16
CENTRES = np.linalg.qr(np.random.default_rng(7).normal(size=(CHANNELS, CHANNELS)))[0][: len(CLASSES)]


def answers(random, n, mix=None, spread=0.6, sureness=8.0):
    """Labels, probabilities that are calibrated, and embeddings around the label's own direction."""
    classes = len(CLASSES)
    labels = random.choice(classes, n, p=mix)
    confidence = random.beta(sureness, 1, n) * (1 - 1 / classes) + 1 / classes
    is_right = random.random(n) < confidence
    wrong = (labels + random.integers(1, classes, n)) % classes
    predicted = np.where(is_right, labels, wrong)
    shares = np.repeat(((1 - confidence) / (classes - 1))[:, None], classes, axis=1)
    shares[np.arange(n), predicted] = confidence
    embeddings = CENTRES[labels] + random.normal(scale=spread / 4, size=(n, CHANNELS))
    return labels, shares.astype(np.float32), embeddings.astype(np.float16)


def statistics(random, n, **changed):
    """Looks of pictures; by name, what each is multiplied with."""
    usual = {
        "width": np.full(n, 32.0),
        "height": np.full(n, 32.0),
        "brightness": random.normal(0.5, 0.1, n).clip(0.05, 1),
        "contrast": random.normal(0.2, 0.03, n).clip(0.02),
        "sharpness": random.normal(0.01, 0.002, n).clip(1e-4),
        "saturation": random.normal(0.3, 0.05, n),
        "greyness": random.normal(0.1, 0.02, n),
        "clipped": np.zeros(n),
    }
    return {name: (usual[name] * changed.get(name, 1.0)).astype(np.float32) for name in STATISTICS}


def reference(random, n=1000):
    labels, shares, embeddings = answers(random, n)
    worse = ((0.8, 5.0), (1.0, 3.0), (1.4, 1.5))
    parts = [answers(random, 150, spread=spread, sureness=sure) for spread, sure in worse]
    spoiled = [np.concatenate(one) for one in zip(*parts, strict=True)]
    return Reference(
        identity="0123456789abcdef",
        class_names=CLASSES,
        probabilities=shares,
        labels=labels,
        embeddings=embeddings,
        statistics=statistics(random, n),
        sha256=hashes(n, "reference"),
        examples=np.zeros((2, 4, 4, 3), np.uint8),
        spoiled_kinds=np.repeat(["mild", "middling", "severe"], 150),
        spoiled_probabilities=spoiled[1],
        spoiled_embeddings=spoiled[2],
        spoiled_labels=spoiled[0],
    )


def hashes(n, salt):
    return np.array([hashlib.sha256(f"{salt} {number}".encode()).hexdigest() for number in range(n)])


def window(random, n=500, start=0, labelled=0.0, sha256=None, given=None, embeddings=None, looks=None, **choices):
    """Recorded predictions; their true labels stand in `labels` for a share of them."""
    labels, shares, own = answers(random, n, **choices)
    told = np.where(random.random(n) < labelled, labels if given is None else given(labels), NO_LABEL)
    times = np.datetime64("2026-11-26T00:00:00", "us") + np.arange(start, start + n) * np.timedelta64(1, "s")
    return RecordWindow(
        model="cats",
        class_names=CLASSES,
        numbers=np.arange(start + 1, start + n + 1),
        ids=np.array([f"{number:032x}" for number in range(start, start + n)]),
        times=times,
        versions=np.ones(n, np.int64),
        sha256=hashes(n, start) if sha256 is None else sha256,
        caller_ids=np.array([""] * n),
        probabilities=shares,
        embeddings=own if embeddings is None else embeddings(own, random),
        statistics=statistics(random, n, **(looks or {})),
        seconds=np.full(n, 0.02, np.float32),
        needs_review=np.zeros(n, np.int8),
        has_picture=np.zeros(n, bool),
        labels=told.astype(np.int64),
    )
