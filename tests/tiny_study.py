"""A whole study in seconds: real digits, a trunk of 6,000 random weights, one head, four heat maps."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from lowres.pipeline.choice import StudyChoice, choose_study

# Keras runs the trunk, since OpenVINO takes longer to compile it than to run it.
TINY_SETTINGS = {
    "network.backbone": "tiny-conv",
    "network.input_pixels": "16",
    "features.engine": "keras",
    "features.flipped_views": "never",
    "head.kinds": '["linear"]',
    "head.regularisations": "[0.01]",
    "explanation.gallery_images": "4",
}
LONGEST_SECONDS = 240


def tiny_choice(folder: Path, source: str | None = "digits", **settings: str) -> StudyChoice:
    """Return the choice of a tiny study; settings as `head__epochs="3"`."""
    dotted = {key.replace("__", "."): text for key, text in settings.items()}
    return choose_study(source, "quick", TINY_SETTINGS | dotted, folder)


def tiny_words(folder: Path, source: str = "digits", **settings: str) -> list[str]:
    """Return the words after `lowres study` that make the same study."""
    dotted = TINY_SETTINGS | {key.replace("__", "."): text for key, text in settings.items()}
    words = [source, "--recipe", "quick", "--study", str(folder)]
    return words + [word for key, text in dotted.items() for word in ("--set", f"{key}={text}")]


def lowres(*words: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end, whatever that is."""
    command = [sys.executable, "-m", "lowres", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_SECONDS, **more)


def start_lowres(*words: str) -> subprocess.Popen[str]:
    """Start the command line; its lines come as they are printed.

    Ctrl-C reaches it as it does from a terminal: whoever runs the tests in the background may ignore it, and what is
    ignored is inherited.
    """
    return subprocess.Popen(
        [sys.executable, "-m", "lowres", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        bufsize=1,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def write_pictures(folder: Path, per_class: int = 12, classes: tuple[str, ...] = ("dark", "light", "red")) -> Path:
    """Write class folders of small PNG pictures that a random trunk can tell apart; return the folder."""
    random = np.random.default_rng(3)
    levels = {name: 40 + 160 * number // max(1, len(classes) - 1) for number, name in enumerate(classes)}
    for name, level in levels.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(per_class):
            noise = random.integers(-25, 25, size=(12, 12, 3))
            Image.fromarray((level + noise).astype(np.uint8)).save(folder / name / f"{number:02d}.png")
    return folder
