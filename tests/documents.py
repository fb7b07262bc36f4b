"""What documents say to type: their commands and tables, and each command made small enough for a test."""

from __future__ import annotations

import shlex
from pathlib import Path

from docsite.markdown import blocks

from lowres.cli.stage_commands import VERBS

ROOT = Path(__file__).resolve().parent.parent
# What makes a study of the README small: other words in place of its own, and settings it ends with.
TINY_SETTINGS = ["--set", "network.input_pixels=32", "--set", "split.pool_images=300", "--set", "fine_tuning.epochs=0"]
# A file of its own tests the proof of heat maps.
TINY_SETTINGS += ["--set", "explanation.faithfulness_images=4"]
# A student has to be taught by a network that was fine-tuned: here a tiny one, for an epoch each.
TAUGHT_SETTINGS = {"network.backbone": "tiny-conv", "fine_tuning.from_layer": "tiny_conv2", "fine_tuning.epochs": "1"}
TAUGHT_SETTINGS |= {"self_training.epochs": "1", "fine_tuning.members": "1", "fine_tuning.depthwise": "train"}
TINY_SOURCES = {"cifar10": "digits"}


def commands(text: str) -> list[str]:
    """Return the lines of every `sh` block: those are run as they stand, or made small; `bash` blocks are not."""
    return [line for block in blocks(text, "sh") for line in block.splitlines()]


def table(text: str, first_header: str) -> dict[str, str]:
    """Return the rows of the table whose first header is given, code marks taken off the first column."""
    rows = text.split(f"| {first_header} |")[1].split("\n\n")[0].splitlines()[2:]
    cells = ([cell.strip() for cell in row.strip("|").split("|")] for row in rows)
    return {first.strip("`"): second for first, second in cells}


def tiny_words(command: str, settings: list[str]) -> list[str]:
    """Return the words after `lowres` as a test runs them: where the command makes a study, a tiny one."""
    program, *words = shlex.split(command)
    assert program == "lowres", f"expected a command of make or lowres, got {command!r}"
    if "--unlabelled" in words:
        settings = settings + [word for key, text in TAUGHT_SETTINGS.items() for word in ("--set", f"{key}={text}")]
    is_study = words[0] in VERBS and not any(word.startswith("studies/") for word in words[1:3])
    return [TINY_SOURCES.get(word, word) for word in words] + (settings if is_study else [])
