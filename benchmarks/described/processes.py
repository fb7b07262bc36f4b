"""Claims about what a process must do first (seeds, device settings), each tried in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from described.claim import Claim

_TRIAL = Path(__file__).with_name("trial.py")


def claims() -> list[Claim]:
    """Return the claims about seeds and about when devices can be configured."""
    return [*_seeds(), *_devices()]


def _seeds() -> list[Claim]:
    described = [_fit("-", "42", "42") for _ in range(2)]
    other_numpy = [_fit("42", seed, "42") for seed in ("42", "43")]
    every = [_fit("42", "42", "42", "deterministic") for _ in range(2)]
    figures = {
        "described_first_equal": _equal(described, "first"),
        "described_trained_equal": _equal(described, "trained"),
        "numpy_changed_equal": _equal(other_numpy, "trained"),
        "all_seeded_equal": _equal([other_numpy[0], _fit("42", "42", "42")], "trained"),
        "deterministic_equal": _equal(every, "trained"),
    }
    words = {key: "equal" if value else "different" for key, value in figures.items()}
    told = {f"{key}_words": word for key, word in words.items()}
    return [
        Claim(
            "1 Q5",
            "To ensure reproducibility. NumPy controls data shuffling and augmentation randomness, while TensorFlow "
            "controls weight initialization and dropout patterns.",
            "wrong",
            "Two processes with NumPy and TensorFlow seeded: first weights {described_first_equal_words}, trained "
            "weights {described_trained_equal_words}. Keras 3 draws the seeds of its layers from Python's `random`. "
            "With "
            "that seeded too and NumPy's seed changed, trained weights are {numpy_changed_equal_words}: NumPy plays no "
            "part in a fit. All three seeded (keras.utils.set_random_seed): {all_seeded_equal_words} over two runs, "
            "and "
            "with tf.config.experimental.enable_op_determinism() {deterministic_equal_words}. A tiny network on one "
            "processor; a GPU or another network may differ without the last.",
            {**figures, **told},
            holds=not figures["described_first_equal"] and figures["numpy_changed_equal"],
        )
    ]


def _devices() -> list[Claim]:
    found = _trial("devices")
    figures = {key.replace(" ", "_"): value for key, value in found.items()}
    return [
        Claim(
            "1 Q3",
            "Once layers are imported, the GPU context is created and memory settings become immutable.",
            "wrong",
            "Imports create no context, nor does making a layer: settings were {after_imports} after the first and "
            "{after_making_a_layer} after the second. The first use of a device does: then, "
            "{after_the_first_use_of_a_device!r}. Shown on a processor split in two, as there is no GPU; for GPUs "
            'TensorFlow\'s words are "Physical devices cannot be modified after being initialized". Setting it first '
            "remains a good habit.",
            figures,
            holds=found["after making a layer"] == "accepted" != found["after the first use of a device"],
        )
    ]


def _fit(*words: str) -> Any:
    return _trial("fit", *words)


def _trial(*words: str) -> Any:
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow", "TF_NUM_INTRAOP_THREADS": "2"}
    done = subprocess.run(
        [sys.executable, _TRIAL, *words], env=quiet, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    return json.loads(done.stdout)


def _equal(runs: list[Any], which: str) -> bool:
    return len({run[which] for run in runs}) == 1
