"""What a stage is: its name, what it reads, and the function that makes its results."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lowres.pipeline.study_run import StudyRun
    from lowres.values.recipes.recipe import Recipe


@dataclass(frozen=True)
class Made:
    """What a stage made.

    outputs: files, relative to the study (POSIX). key: hash of what it made elsewhere. facts: for study.json, small.
    note: one line for people. earlier_seconds: of work that a process did which was stopped before the stage ended.
    """

    outputs: tuple[str, ...] = ()
    key: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    earlier_seconds: float = 0.0


@dataclass(frozen=True)
class Stage:
    """One step of a study.

    recipe_keys: what it reads of the recipe: sections, single values, or values of a section by dotted name, so that
    a value nobody reads makes nothing run again. costs_only: values below those that change time, disk or memory and
    nothing it makes, so that a study goes on when they change. reads: stages whose results it reads.
    code: a number to raise whenever the same inputs would no longer give the same results.
    other_inputs: what else its results depend on, by name. uses_networks: whether it needs Keras loaded.
    """

    name: str
    make: Callable[[StudyRun], Made]
    recipe_keys: tuple[str, ...] = ()
    costs_only: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    code: int = 1
    other_inputs: Callable[[StudyRun], dict[str, str]] | None = None
    uses_networks: bool = False

    def inputs(self, run: StudyRun) -> dict[str, str]:
        """Everything its results depend on, each by a name people understand; the same inputs, the same results."""
        inputs = {f"lowres' own {self.name} stage": str(self.code)}
        values = recipe_values(run.recipe, self.recipe_keys)
        inputs |= {key: value for key, value in values.items() if key not in self.costs_only}
        for earlier in self.reads:
            inputs |= run.study.ledger.stages[earlier].results
        return inputs | (self.other_inputs(run) if self.other_inputs else {})


def recipe_values(recipe: Recipe, keys: tuple[str, ...]) -> dict[str, str]:
    """Return every single value under the given keys (`seed`, `features.engine`), as JSON by dotted name."""
    data = recipe.model_dump(mode="json")
    values: dict[str, str] = {}
    for key in keys:
        section, _, name = key.partition(".")
        found = data[section][name] if name else data[section]
        rows = {f"{key}.{name}": row for name, row in found.items()} if isinstance(found, dict) else {key: found}
        values |= {name: json.dumps(row) for name, row in rows.items()}
    return values
