"""When training stops, when its rate drops, and which epoch is kept: small states that survive a kill as JSON.

The rules are those of Keras' EarlyStopping, ReduceLROnPlateau and ModelCheckpoint(save_best_only) with min_delta 0. Two
differences: a value that is not a finite number is never the best one, and a patience of 0 means never.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, Self

from lowres.errors import TrainingError

Mode = Literal["max", "min"]


@dataclass(frozen=True)
class _State:
    """What all three keep: the best value yet, and in which direction better lies. Epochs count from 0."""

    mode: Mode = "max"
    best: float | None = None

    def is_better(self, value: float) -> bool:
        """Whether a value beats the best one; an equal one does not, nor does NaN or infinity."""
        if not math.isfinite(value):
            return False
        return self.best is None or (value > self.best if self.mode == "max" else value < self.best)

    def to_json(self) -> dict[str, Any]:
        """Return the state as plain values; `from_json` brings it back equal."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Return the state that `to_json` wrote. Refused with TrainingError: other keys than those of this state."""
        known = {field.name for field in fields(cls)}
        if set(data) != known:
            raise TrainingError(
                f"expected the keys {', '.join(sorted(known))} in the run state of {cls.__name__}, got "
                f"{', '.join(sorted(data)) or 'none'}; try training without this checkpoint"
            )
        return cls(**data)


@dataclass(frozen=True)
class EarlyStopping(_State):
    """Stops after `patience_epochs` epochs in a row without a better value; 0: never."""

    patience_epochs: int = 0
    best_epoch: int | None = None
    waited_epochs: int = 0

    def update(self, epoch: int, value: float) -> tuple[EarlyStopping, bool]:
        """Return the state after an epoch, and whether to stop now."""
        if self.is_better(value):
            return replace(self, best=float(value), best_epoch=int(epoch), waited_epochs=0), False
        waited = self.waited_epochs + 1
        return replace(self, waited_epochs=waited), 0 < self.patience_epochs <= waited


@dataclass(frozen=True)
class ReduceOnPlateau(_State):
    """Multiplies `scale`, and so the rate, with `factor` after `patience_epochs` in a row without a better value."""

    patience_epochs: int = 0
    factor: float = 0.5
    scale: float = 1.0
    waited_epochs: int = 0

    def update(self, epoch: int, value: float) -> tuple[ReduceOnPlateau, bool]:
        """Return the state after an epoch, and whether the rate drops now."""
        if self.is_better(value):
            return replace(self, best=float(value), waited_epochs=0), False
        waited = self.waited_epochs + 1
        if not 0 < self.patience_epochs <= waited:
            return replace(self, waited_epochs=waited), False
        return replace(self, scale=self.scale * self.factor, waited_epochs=0), True


@dataclass(frozen=True)
class BestKeeper(_State):
    """Knows the best epoch; kept beside its weights, so that no restart overwrites them with worse (pitfall 8)."""

    best_epoch: int | None = None

    def update(self, epoch: int, value: float) -> tuple[BestKeeper, bool]:
        """Return the state after an epoch, and whether its weights are the best yet."""
        if self.is_better(value):
            return replace(self, best=float(value), best_epoch=int(epoch)), True
        return self, False
