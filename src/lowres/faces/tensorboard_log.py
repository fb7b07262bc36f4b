"""A training for TensorBoard: the rows of history.csv as event files, each phase and network a run of its own."""

from __future__ import annotations

import importlib.util
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lowres.errors import MissingDependency
from lowres.values.training.history import EpochRow

# By this ending lowres knows its own files again, and replaces no others.
SUFFIX = ".lowres"
_TAGS = {
    "loss/train": "loss",
    "loss/validation": "validation_loss",
    "accuracy/train": "accuracy",
    "accuracy/validation": "validation_accuracy",
    "learning_rate": "learning_rate",
}


class TrainingLog:
    """Event files under a folder that `tensorboard --logdir` is pointed to; no TensorFlow is needed.

    Runs are folders: the study's name, below it `fine-tuning`, `frozen-dense` and so on. A step is an epoch; heads that
    are solved at once stand at step 0.
    """

    def __init__(self, folder: Path, name: str) -> None:
        """Write below `folder / name`; refused with MissingDependency where TensorBoard's package is not there."""
        if importlib.util.find_spec("tensorboard") is None:
            raise MissingDependency(
                "expected the package tensorboard for --tensorboard, got none installed; pip install 'lowres[track]', "
                "or read the study's history.csv"
            )
        self._folder = folder / name
        self._writers: dict[str, Any] = {}

    def add(self, row: EpochRow) -> None:
        """Write an epoch while the training runs; the first of a run replaces what an earlier training left there."""
        run = _run_of(row)
        if row.epoch == 1 and run not in self._writers:
            self._clear(run)
        self._write(run, row)
        self._writers[run].flush()

    def complete(self, rows: Sequence[EpochRow]) -> None:
        """Write the whole history anew, epochs of earlier attempts and heads with it, and close the files."""
        self.close()
        for run in {_run_of(row) for row in rows}:
            self._clear(run)
        for row in rows:
            self._write(_run_of(row), row)
        self.close()

    def close(self) -> None:
        """Close the files that are open."""
        for writer in self._writers.values():
            writer.close()
        self._writers = {}

    def _write(self, run: str, row: EpochRow) -> None:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        if run not in self._writers:
            self._writers[run] = EventFileWriter(str(self._folder / run), filename_suffix=SUFFIX)
        known = {tag: getattr(row, field) for tag, field in _TAGS.items()}
        values = [Summary.Value(tag=tag, simple_value=value) for tag, value in known.items() if value is not None]
        event = Event(wall_time=time.time(), step=row.epoch or 0, summary=Summary(value=values))
        self._writers[run].add_event(event)

    def _clear(self, run: str) -> None:
        for path in (self._folder / run).glob(f"events.out.tfevents.*{SUFFIX}"):
            path.unlink()


def _run_of(row: EpochRow) -> str:
    """Fit for a folder's name: the phase, and which head or network where several are told apart."""
    return re.sub(r"[^\w.]+", "-", f"{row.phase} {row.head}".strip())
