"""What a network's training says while it goes on: to the terminal, and to TensorBoard's log."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lowres.pipeline.training.activations import CHUNK_IMAGES

if TYPE_CHECKING:
    from lowres.pipeline.study_run import StudyRun
    from lowres.pipeline.training.tuned_network import Lesson
    from lowres.values.training.history import EpochRow

_FEWEST_TIMED = 10
# The first updates hold the compiling.
_LEFT_OUT = 2


class Teller:
    """Passes on what training says; satisfies `networks.training.watcher.Watcher`."""

    def __init__(self, run: StudyRun, lesson: Lesson) -> None:
        """Tell of that lesson of the run."""
        self._knows_validation = lesson.knows_validation
        choices = lesson.recipe.fine_tuning
        self._progress, self._epochs = run.progress, choices.epochs
        self._log, self._lesson = run.training_log, lesson
        self._accuracies: tuple[float, ...] = ()
        self._times: list[float] = []
        # Whole chunks: the first update of each waits for what the frozen part makes of it.
        chunk = max(1, CHUNK_IMAGES // (choices.batch_images * choices.accumulation_steps))
        self._timed = chunk * -(-_FEWEST_TIMED // chunk)

    def step(self, epoch: int, done: int, total: int) -> None:
        """Tell how far the epoch is and, once enough updates were timed, how long the whole training will take."""
        self._progress.advance(f"epoch {epoch} of {self._epochs}", done, total)
        if len(self._times) < self._timed + _LEFT_OUT:
            self._times.append(time.perf_counter())
            if len(self._times) == self._timed + _LEFT_OUT:
                each = (self._times[-1] - self._times[_LEFT_OUT - 1]) / self._timed
                minutes = each * total * (self._epochs - epoch + 1) / 60
                self._progress.note(f"fine-tuning will take about {max(1, round(minutes))} min")

    def epoch(self, row: EpochRow, epochs: int, best_validation_accuracy: float, seconds_left: float) -> None:
        """Tell how an epoch went, and log it where a log is kept."""
        from lowres.faces.training_words import epoch_line, seen_epoch_line

        if self._knows_validation:
            self._progress.note(seen_epoch_line(row, epochs, seconds_left))
            return
        self._accuracies += (row.validation_accuracy,)
        self._progress.note(epoch_line(row, epochs, best_validation_accuracy, seconds_left))
        self._progress.curve("validation accuracy", self._accuracies)
        if self._log:
            self._log.add(self._lesson.told(row))

    def note(self, text: str) -> None:
        """Pass on a sentence."""
        self._progress.note(text)
