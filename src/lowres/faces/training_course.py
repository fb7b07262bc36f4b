"""A training sorted for showing: the rows of history.csv by what they are, and what each phase came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lowres.values.training.history import FINE_TUNING, FROZEN, STUDENT, EpochRow


@dataclass(frozen=True)
class TrainingCourse:
    """How a training went.

    head_epochs: of the one head of the frozen phase that was trained in epochs, the one kept or else the best; often
    none. best_solved: of the heads solved at once, likewise. frozen: the frozen phase's result. fine_tuning: its
    epochs. tuned: the one of them that was kept; None where none was, be it that none was better than before.
    student: the epochs of a network that the fine-tuned one taught. taught: the one of them that was kept; None where
    its teacher was. networks: how many were fine-tuned; the epochs are those of one of them.
    """

    head_epochs: tuple[EpochRow, ...]
    best_solved: EpochRow | None
    frozen: EpochRow | None
    fine_tuning: tuple[EpochRow, ...]
    tuned: EpochRow | None
    student: tuple[EpochRow, ...] = ()
    taught: EpochRow | None = None
    networks: int = 1

    @property
    def has_epochs(self) -> bool:
        """Whether there is a curve to draw."""
        return bool(self.head_epochs or self.fine_tuning)

    @property
    def level(self) -> EpochRow | None:
        """What the epochs are to be measured by: the frozen phase's result, or the best head solved at once."""
        return self.frozen if self.fine_tuning else self.best_solved

    @property
    def kept(self) -> EpochRow | None:
        """The training's result."""
        return self.taught or self.tuned or self.frozen


def training_course(rows: Sequence[EpochRow]) -> TrainingCourse:
    """Return the rows of a history, sorted; of no rows, a course of nothing."""
    frozen = [row for row in rows if row.phase == FROZEN]
    tuned = [row for row in rows if row.phase == FINE_TUNING]
    # Of several networks the first that is kept; the others' curves would say the same again.
    name = next((row.head for row in tuned if row.is_kept), tuned[0].head if tuned else "")
    fine_tuning = tuple(row for row in tuned if row.head == name)
    student = tuple(row for row in rows if row.phase == STUDENT)
    in_epochs = _result([row for row in frozen if row.epoch is not None])
    return TrainingCourse(
        head_epochs=tuple(row for row in frozen if in_epochs and row.epoch and row.head == in_epochs.head),
        best_solved=_result([row for row in frozen if row.epoch is None]),
        frozen=_result(frozen),
        fine_tuning=fine_tuning,
        tuned=next((row for row in fine_tuning if row.is_kept), None),
        student=student,
        taught=next((row for row in student if row.is_kept), None),
        networks=max(1, len({row.head for row in tuned})),
    )


def _result(rows: Sequence[EpochRow]) -> EpochRow | None:
    """The row whose weights were kept, or else the best in validation; None of no rows."""
    return max(rows, key=lambda row: (row.is_kept, row.validation_accuracy), default=None)
