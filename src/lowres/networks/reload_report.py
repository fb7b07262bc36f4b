"""Loads saved models in a process of its own and says what they answer: `python -m` this file (pitfall 22).

A line on stdin is a JSON object, `model` and `pixels` the paths of a .keras file and of a .npy file; a line on stdout
answers it: `{"logits": [...]}`, or `{"fault": words}`. Keras loads before the first question comes, and nothing else of
lowres does: what loads here loads for whoever has Keras and no lowres.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from lowres.errors import MissingDependency
from lowres.networks.backend import load_backend

# What Keras raises for a file that is damaged, layers it does not know, code it refuses to run, and shapes that differ.
_FAULTS = (OSError, ValueError, TypeError, KeyError, AttributeError, RuntimeError, NotImplementedError)


def answer(question: dict[str, Any]) -> dict[str, Any]:
    """Return the logits of the model for the pixels, as lists; the fault in words where it gives none."""
    import keras
    import numpy as np

    try:
        model = keras.saving.load_model(question["model"], compile=False)
        logits = model.predict_on_batch(np.load(question["pixels"], allow_pickle=False))
    except _FAULTS as error:
        words = " ".join(str(error).split())
        return {"fault": f"{type(error).__name__}: {words}"}
    return {"logits": np.asarray(logits, np.float32).tolist()}


def answers(questions: Iterable[str]) -> Iterator[str]:
    """Yield a line for every line; the only one is a fault where Keras does not load at all."""
    try:
        load_backend()
    except MissingDependency as error:
        yield json.dumps({"fault": str(error)})
        return
    for question in questions:
        yield json.dumps(answer(json.loads(question)))


if __name__ == "__main__":
    # Until stdin ends, which it does when whoever asks is gone.
    for line in answers(sys.stdin):
        print(line, flush=True)
