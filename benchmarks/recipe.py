"""Writes benchmarks/results/<recipe>.json from studies that `lowres study` made: accuracy, its minutes, its curve.

LOWRES_CACHE=$(mktemp -d) lowres study cifar10 --recipe transfer --study studies/transfer-0
.venv/bin/python benchmarks/recipe.py studies/transfer-0 studies/transfer-1

Each folder is a run; a run of the same recipe, backend and seed takes the place of the one the file held, and stands
beside it where settings of the recipe were changed, which the run then names. Studies that were made with an empty
cache say what a newcomer waits; `--warm` marks those that were not.
"""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path
from typing import Any

from lowres.files.atomic import atomic_write_json
from lowres.files.recipes import read_recipe
from lowres.pipeline.stages.report import differing_settings
from lowres.values.training.history import FROZEN, STUDENT, EpochRow, history_from_csv

RESULTS = Path(__file__).parent / "results"
JUDGED = (
    "n",
    "accuracy",
    "accuracy_interval",
    "ece",
    "ece_after_temperature",
    "temperature",
    "with_flipped_views",
    "with_six_views",
)


def main() -> None:
    """Gather what each study's own files say; nothing is computed here but sums, means and deviations."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("studies", nargs="+", type=Path)
    asked.add_argument("--backend", default="tensorflow", help="what Keras ran on, for studies that do not say so")
    asked.add_argument("--warm", action="store_true", help="the data, weights or features were cached before")
    options = asked.parse_args()
    for study in options.studies:
        name, run = read_run(study, not options.warm, options.backend)
        path = RESULTS / f"{name}.json"
        before = json.loads(path.read_bytes())["runs"] if path.exists() else []
        others = [one for one in before if _which(one) != _which(run)]
        runs = sorted([*others, run], key=_which)
        data = json.loads((study / "study.json").read_bytes())["source"]["name"]
        atomic_write_json(path, {"recipe": name, "data": data, **_together(runs), "runs": runs})


def _which(run: dict[str, Any]) -> tuple[str, str, int]:
    return json.dumps(run.get("changed", {})), run.get("backend", "tensorflow"), run["seed"]


def read_run(study: Path, is_cold: bool, backend: str) -> tuple[str, dict[str, Any]]:
    """Return the recipe's name and what the study's own files say of it."""
    evaluation = json.loads((study / "evaluation.json").read_bytes())
    preflight = json.loads((study / "preflight.json").read_bytes())
    stages = json.loads((study / "study.json").read_bytes())["stages"]
    recipe = read_recipe(str(study / "recipe.toml"))
    changed = {key: value for key, value in (differing_settings(recipe) or {}).items() if "." in key}
    seconds = {name: stage["seconds"] for name, stage in stages.items()}
    path = study / "history.csv"
    rows = history_from_csv(path.read_text(encoding="utf-8"), str(path))
    fine_tuning = stages["train"]["facts"].get("fine_tuning") or {}
    taught = fine_tuning.get("self_training", {})
    run = {
        "seed": recipe.seed,
        **({"changed": changed} if changed else {}),
        "cold_cache": is_cold,
        **{key: evaluation[key] for key in JUDGED if key in evaluation},
        "chosen_head": stages["head"]["facts"]["head"]["chosen"],
        "fine_tuning": fine_tuning or None,
        "engine": stages["features"]["facts"]["engine"],
        "images_per_second": stages["features"]["facts"]["images_per_second"],
        "stage_seconds": seconds,
        "total_seconds": round(sum(seconds.values()), 1),
        "validation_curve": _curve(rows, seconds, taught.get("naming_seconds", 0.0)),
        # The study's own: it may have been made elsewhere.
        "machine": preflight["machine"],
        "versions": stages["head"]["versions"],
        "backend": fine_tuning.get("backend") or backend,
    }
    return recipe.name, run


def _curve(rows: tuple[EpochRow, ...], seconds: dict[str, float], naming_seconds: float) -> list[dict[str, float]]:
    """Minutes since the study began and validation accuracy: after the frozen phase, then after each epoch.

    naming_seconds: of a teacher, between its last epoch and the first of its student.
    """
    names = list(seconds)
    now = sum(seconds[name] for name in names[: names.index("head") + 1])
    frozen = [row for row in rows if row.is_kept and row.phase == FROZEN]
    points = [{"minutes": round(now / 60, 2), "validation_accuracy": row.validation_accuracy} for row in frozen]
    for row in rows:
        if row.phase != FROZEN:
            now += row.seconds + naming_seconds * (row.phase == STUDENT and row.epoch == 1)
            points.append({"minutes": round(now / 60, 2), "validation_accuracy": row.validation_accuracy})
    return points


def _together(all_runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Of the runs by the recipe as it stands, where there are any."""
    runs = [run for run in all_runs if not run.get("changed")] or all_runs
    accuracies = [run["accuracy"] for run in runs]
    together: dict[str, Any] = {"n": runs[0]["n"], "number_of_runs": len(runs), "mean_accuracy": _mean(accuracies)}
    if len(runs) > 1:
        together["deviation"] = round(statistics.stdev(accuracies), 5)
    for key, name in (("with_flipped_views", "flips"), ("with_six_views", "six_views")):
        if all(key in run for run in runs):
            together[f"mean_accuracy_with_{name}"] = _mean([run[key]["accuracy"] for run in runs])
    together["mean_minutes"] = round(statistics.mean(run["total_seconds"] for run in runs) / 60, 2)
    return together


def _mean(values: list[float]) -> float:
    return round(statistics.mean(values), 5)


if __name__ == "__main__":
    main()
