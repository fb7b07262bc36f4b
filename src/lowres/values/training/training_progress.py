"""Where a training stands between two epochs: small enough for JSON, and all needed to go on but the weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import Any

from lowres.values.recipes.recipe_sections import FineTuning
from lowres.values.training.history import EpochRow
from lowres.values.training.stopping import BestKeeper, EarlyStopping, ReduceOnPlateau


@dataclass(frozen=True)
class TrainingProgress:
    """The epochs and updates behind a training, what they gave, and what decides about the next.

    epoch: how many are done. losses: of every pass so far. best counts epochs from 1; 0 is the network as it came.
    """

    epoch: int
    update: int
    rows: tuple[EpochRow, ...]
    losses: tuple[float, ...]
    best: BestKeeper
    stopping: EarlyStopping
    plateau: ReduceOnPlateau
    is_stopped: bool = False

    @staticmethod
    def beginning(choices: FineTuning, validation_accuracy: float) -> TrainingProgress:
        """Return the progress before the first epoch of a network that is this good already."""
        stopping = EarlyStopping(patience_epochs=choices.early_stopping_patience_epochs)
        plateau = ReduceOnPlateau(
            mode="min", patience_epochs=choices.plateau_patience_epochs, factor=choices.plateau_factor
        )
        best, _ = BestKeeper().update(0, validation_accuracy)
        return TrainingProgress(0, 0, (), (), best, stopping, plateau)

    def after(self, row: EpochRow, losses: Sequence[float], update: int) -> tuple[TrainingProgress, bool]:
        """Return the progress after one more epoch, which ended with that update, and whether it was the best."""
        epoch = self.epoch + 1
        best, is_best = self.best.update(epoch, row.validation_accuracy)
        stopping, is_stopped = self.stopping.update(epoch, row.validation_accuracy)
        plateau, _ = self.plateau.update(epoch, row.validation_loss)
        after = TrainingProgress(
            epoch=epoch,
            update=update,
            rows=(*self.rows, row),
            losses=(*self.losses, *losses),
            best=best,
            stopping=stopping,
            plateau=plateau,
            is_stopped=is_stopped,
        )
        return after, is_best

    def with_kept(self, epoch: int) -> tuple[EpochRow, ...]:
        """Return the rows, that epoch's (counted from 1) marked as kept."""
        return tuple(replace(row, is_kept=row.epoch == epoch) for row in self.rows)

    def seconds_left(self, epochs: int) -> float:
        """Return how long the epochs still to come will take, by the last three."""
        return float(median(row.seconds for row in self.rows[-3:])) * (epochs - self.epoch) if self.rows else 0.0

    def to_json(self) -> dict[str, Any]:
        """Return plain values; `from_json` brings an equal progress back."""
        return asdict(self)

    @staticmethod
    def from_json(data: dict[str, Any]) -> TrainingProgress:
        """Return the progress that `to_json` wrote."""
        return TrainingProgress(
            epoch=data["epoch"],
            update=data["update"],
            rows=tuple(EpochRow(**row) for row in data["rows"]),
            losses=tuple(data["losses"]),
            best=BestKeeper.from_json(data["best"]),
            stopping=EarlyStopping.from_json(data["stopping"]),
            plateau=ReduceOnPlateau.from_json(data["plateau"]),
            is_stopped=data["is_stopped"],
        )
