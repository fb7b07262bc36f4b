"""A study's files as they were read: what its facts are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lowres.values.recipes.recipe import Recipe
from lowres.values.training.history import EpochRow


@dataclass(frozen=True)
class Parameters:
    """How many numbers a saved network holds: in all, and in its head; head: None where it cannot be told apart."""

    total: int
    head: int | None = None


@dataclass(frozen=True)
class StageTold:
    """What the ledger says of one stage: facts, wall-clock seconds, versions of packages, names of its files."""

    facts: Mapping[str, Any]
    seconds: float
    versions: Mapping[str, str]
    outputs: tuple[str, ...] = ()


@dataclass(frozen=True)
class StudyRecords:
    """One finished study, file by file.

    source: what its data set is called. stages: of study.json, by name. part_counts: images by class name and part, of
    split.csv. evaluation, preflight, explanation: what the JSON files hold. parameters: None where model.keras could
    not be counted. sizes: bytes of its files by name.
    """

    source: str
    recipe: Recipe
    stages: Mapping[str, StageTold]
    part_counts: Mapping[str, Mapping[str, int]]
    evaluation: Mapping[str, Any]
    preflight: Mapping[str, Any]
    explanation: Mapping[str, Any]
    history: tuple[EpochRow, ...]
    parameters: Parameters | None
    sizes: Mapping[str, int] = field(default_factory=dict)

    def told(self, stage: str) -> Mapping[str, Any]:
        """The facts of a stage."""
        return self.stages[stage].facts

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes, in the study's order."""
        return tuple(self.told("images")["class_names"])

    @property
    def tuned(self) -> Mapping[str, Any] | None:
        """What fine-tuning wrote down; None where the recipe asks for none."""
        found: Mapping[str, Any] | None = self.told("train").get("fine_tuning")
        return found
