"""When a watch alarms: every threshold of it, as a person may set it in a file."""

from __future__ import annotations

import tomllib
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from lowres.errors import PredictionsError
from lowres.values.recipes.recipe import nearest


class WatchRules(BaseModel):
    """The thresholds; the defaults suit a study of a few thousand pictures."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    window_records: int = Field(500, ge=50, le=100_000, description="Predictions in a window.")
    lookbacks: tuple[int, ...] = Field(
        (1, 2, 4, 8), min_length=1, description="How many of the newest windows are tested together, for slow shifts."
    )
    calm_windows: int = Field(
        2000, ge=10, description="Windows of a calm stream in which one false alarm is expected at most."
    )
    smallest_shift: float = Field(
        0.1, ge=0, lt=1, description="Smallest shift that counts, as the widest gap between two distributions (0 to 1)."
    )
    copied_share: float = Field(0.2, gt=0, le=1, description="Share of pictures of a window that repeat another one.")
    accuracy_drop: float = Field(
        0.05, gt=0, lt=1, description="How far accuracy may fall, for certain, below that of the validation part."
    )

    @field_validator("lookbacks")
    @classmethod
    def _rising(cls, lookbacks: tuple[int, ...]) -> tuple[int, ...]:
        if list(lookbacks) != sorted(set(lookbacks)) or lookbacks[0] < 1:
            raise ValueError("expected whole numbers from 1, each larger than the one before")
        return lookbacks

    def test_level(self, tests: int) -> float:
        """The p-value below which one of so many tests, over every lookback, is an alarm (Bonferroni)."""
        return 1 / (self.calm_windows * max(1, tests) * len(self.lookbacks))


def parse_rules(text: str, origin: str) -> WatchRules:
    """Read rules from TOML text; refused with PredictionsError: no TOML, a key that is none (naming the nearest)."""
    try:
        data: dict[str, Any] = tomllib.loads(text)
        return WatchRules.model_validate(data)
    except tomllib.TOMLDecodeError as error:
        raise PredictionsError(f"expected thresholds as TOML in {origin}, got text that is none: {error}") from error
    except ValidationError as error:
        known = list(WatchRules.model_fields)
        complaints = [
            f"unknown key {item['loc'][0]!r} in {origin}; {nearest(str(item['loc'][0]), known)}"
            if item["type"] == "extra_forbidden"
            else f"{item['loc'][0]} in {origin}: {item['msg']}, got {item['input']!r}"
            for item in error.errors()
        ]
        raise PredictionsError("\n".join(complaints)) from error
