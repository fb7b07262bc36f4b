"""Compares results that were judged on the same images: two or more at a time, or groups of runs by seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lowres.errors import PredictionsError
from lowres.pipeline.results import Result, read_results
from lowres.values.findings import Finding
from lowres.values.judging.intervals import Interval, wilson_interval

if TYPE_CHECKING:
    from lowres.values.judging.output_kinds import Kind
    from lowres.values.judging.paired import PairedDifference
    from lowres.values.judging.seeds import RunsDifference, RunsSummary

USUAL_DIFFERENCES = (0.005, 0.01, 0.02)


@dataclass(frozen=True)
class ResultRow:
    """One result's own accuracy as a fraction, with its 95 % Wilson interval."""

    name: str
    n: int
    accuracy: float
    accuracy_interval: Interval
    kind: str


@dataclass(frozen=True)
class Comparison:
    """Each result, and every two of them image by image."""

    results: tuple[ResultRow, ...]
    pairs: tuple[PairedDifference, ...]
    findings: tuple[Finding, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain numbers, text, lists and tables."""
        return asdict(self)


@dataclass(frozen=True)
class SeedsNeeded:
    """Seeds each of two methods needs for a true difference, as a fraction; None: more than ten thousand."""

    difference: float
    seeds: int | None


@dataclass(frozen=True)
class Runs:
    """One or two groups of runs, their difference, and how many seeds differences take at their deviation."""

    runs: RunsSummary
    against: RunsSummary | None
    difference: RunsDifference | None
    deviation: float
    seeds_needed: tuple[SeedsNeeded, ...]
    findings: tuple[Finding, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain numbers, text, lists and tables."""
        return asdict(self)


def compare_results(paths: Sequence[Path], labels: Path | None = None, kind: Kind | None = None) -> Comparison:
    """Return how the results differ, the later from the earlier; refused with PredictionsError on other images."""
    from lowres.values.judging.paired import compare_all

    results = read_results(paths, labels, kind)
    pairs = compare_all([(result.place.name, result.answers) for result in results])
    findings = [Finding(f"{one.place.name}: {f.name}", f.status, f.measured, f.repair)
                for one in results for f in one.judgeable.findings]  # fmt: skip
    if not all(result.judgeable.has_ids for result in results):
        measured = "the results have no ids, so that row n was taken for the same image in all"
        findings.append(Finding("rows", "WARN", measured, "give them a column or an array 'id'"))
    return Comparison(tuple(_row(result) for result in results), pairs, tuple(findings))


def compare_runs(
    paths: Sequence[Path], against: Sequence[Path] = (), difference: float | None = None, labels: Path | None = None
) -> Runs:
    """Return what the seed does to the accuracy of one or two methods.

    difference: a fraction to be seen; left out, that between the two groups and the usual ones.
    Refused with PredictionsError: fewer than two runs, other images, runs that are one another's copy.
    """
    from lowres.values.judging.paired import align
    from lowres.values.judging.seeds import difference_of_runs, pooled_deviation, seeds_needed, summarise_runs

    results = read_results([*paths, *against], labels)
    reference = (results[0].place.name, results[0].answers)
    for result in results[1:]:
        align(reference, (result.place.name, result.answers))
    groups = [results[: len(paths)], results[len(paths) :]] if against else [results]
    findings = tuple(finding for group in groups for finding in _group_findings(group))
    summaries = [summarise_runs([float(one.answers.is_right.mean()) for one in group]) for group in groups]
    observed = difference_of_runs(summaries[0], summaries[1]) if against else None
    deviation = pooled_deviation(summaries)
    asked = [difference] if difference else list(USUAL_DIFFERENCES)
    asked += [abs(observed.difference)] if observed and observed.difference and not difference else []
    needed = tuple(SeedsNeeded(one, seeds_needed(one, deviation)) for one in sorted(asked))
    return Runs(summaries[0], summaries[1] if against else None, observed, deviation, needed, findings)


def _group_findings(group: Sequence[Result]) -> list[Finding]:
    """Runs of a group must differ, and in their seed alone: copies are refused, other recipes told."""
    for index, one in enumerate(group):
        for other in group[index + 1 :]:
            if _is_copy(one, other):
                raise PredictionsError(
                    f"expected runs of different seeds, got the very same outputs in {one.place.name} and "
                    f"{other.place.name}; train each with a seed of its own: --set seed=1"
                )
    recipes = [_recipe_values(one.place.recipe) for one in group if one.place.recipe]
    keys = {key for recipe in recipes for key in recipe}
    differing = sorted(key for key in keys if len({recipe.get(key) for recipe in recipes}) > 1)
    if not differing:
        return []
    measured = f"runs of one group differ in more than their seed: {', '.join(differing)}"
    return [Finding("recipes", "WARN", measured, "their deviation is not that of the seed")]


def _is_copy(one: Result, other: Result) -> bool:
    from lowres.values.predictions import Predictions

    first, second = one.judgeable.judged, other.judgeable.judged
    if isinstance(first, Predictions) and isinstance(second, Predictions):
        return first.ids == second.ids and np.array_equal(first.logits, second.logits)
    return False


def _recipe_values(path: Path) -> dict[str, str]:
    from lowres.files.recipes import read_recipe
    from lowres.pipeline.stage import recipe_values

    recipe = read_recipe(str(path))
    keys = tuple(key for key in type(recipe).model_fields if key not in ("name", "about", "seed", "evaluation"))
    return recipe_values(recipe, keys)


def _row(result: Result) -> ResultRow:
    right, kind = result.answers.is_right, result.judgeable.kind
    interval = wilson_interval(int(right.sum()), len(right))
    return ResultRow(result.place.name, len(right), float(right.mean()), interval, kind)
