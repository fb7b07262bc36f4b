"""Writes benchmarks/results/torchmetrics_values.json: what torchmetrics says of predictions anyone can draw again.

In an environment of its own (torch is no dependency of lowres):
pip install torch torchmetrics; python benchmarks/torchmetrics_values.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

RESULTS = Path(__file__).parent / "results" / "torchmetrics_values.json"
# Images, classes, how far the logits are spread, and the temperature that labels are drawn at.
CASES = {
    "overconfident": (2000, 10, 3.0, 2.0),
    "underconfident": (2000, 10, 1.0, 0.5),
    "two classes": (500, 2, 2.0, 1.0),
    "a few images": (7, 4, 1.0, 1.0),
}
BINS = (5, 10, 15)


def drawn(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return logits float32 `[n, classes]` and labels int64 `[n]` of a case."""
    n, classes, spread, temperature = CASES[name]
    random = np.random.default_rng(list(CASES).index(name))
    logits = random.normal(0, spread, (n, classes)).astype(np.float32)
    weights = np.exp(logits.astype(np.float64) / temperature)
    shares = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
    return logits, (shares < random.random((n, 1))).sum(axis=1).clip(max=classes - 1)


def judged(name: str) -> dict[str, Any]:
    """Return what torchmetrics says of a case."""
    import torch
    from torchmetrics.functional.classification import (
        multiclass_accuracy,
        multiclass_calibration_error,
        multiclass_f1_score,
        multiclass_precision,
        multiclass_recall,
    )

    logits, labels = (torch.from_numpy(array) for array in drawn(name))
    # In double precision, or confidences beside the edge of a bin fall on its other side.
    probabilities, classes = logits.double().softmax(dim=1), logits.shape[1]
    each = {"num_classes": classes, "average": "none"}
    return {
        "ece": {
            str(bins): float(multiclass_calibration_error(probabilities, labels, classes, n_bins=bins, norm="l1"))
            for bins in BINS
        },
        "nll": float(torch.nn.functional.cross_entropy(logits.double(), labels)),
        "accuracy": float(multiclass_accuracy(probabilities, labels, classes, average="micro")),
        "balanced_accuracy": float(multiclass_accuracy(probabilities, labels, classes, average="macro")),
        "top_2": float(multiclass_accuracy(probabilities, labels, classes, top_k=2, average="micro")),
        "precision": multiclass_precision(probabilities, labels, **each).tolist(),
        "recall": multiclass_recall(probabilities, labels, **each).tolist(),
        "f1": multiclass_f1_score(probabilities, labels, **each).tolist(),
    }


if __name__ == "__main__":
    import torch
    import torchmetrics

    values = {"torch": torch.__version__, "torchmetrics": torchmetrics.__version__}
    values["cases"] = {name: judged(name) for name in CASES}
    RESULTS.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
