"""A page a recipe: what it does, and what benchmarks/results holds of it: its curve, accuracy, minutes and machine."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from docsite.curves import drawn, validation_chart
from docsite.markdown import code, prose, table
from lowres.faces.numbers_in_words import percent
from lowres.files.recipes import packaged_names
from lowres.values.recipes.recipe import field_keys

_VIEWS = {
    "accuracy": "each image once",
    "with_flipped_views": "with its mirror image",
    "with_six_views": "six views of it",
}
# "He et al. 2016" is no end.
_END_OF_SENTENCE = re.compile(r"(?<!et al)\. ")
_OPENING = """# Recipes

A recipe is every choice of a study in one file. These come with lowres; `lowres study SOURCE --recipe NAME` takes one,
and [a recipe's keys](../reference/recipe-keys.md) say what can be changed. Figures are of whole studies, judged on all
test images, and come from `benchmarks/results`; a recipe without a file there is not measured yet: its page says so.

"""
_CAUTION = """
Minutes are those on the clock, whatever else ran on the machine; [the log](../log.md) says where that was much. One run
is no claim about the mean of many.
"""


def recipe_pages(root: Path) -> dict[str, str]:
    """Return `recipes/index.md` and `recipes/NAME.md` for every recipe that comes with lowres."""
    texts = {name: _recipe_text(root, name) for name in packaged_names()}
    results = {name: read_results(root, name) for name in texts}
    rows = ([f"[{name}]({name}.md)", *_in_short(results[name]), prose(_about(texts[name]))] for name in sorted(texts))
    header = ("Recipe", "Test accuracy", "Minutes", "On", "What it does")
    pages = {"recipes/index.md": _OPENING + table(header, rows) + _CAUTION}
    return pages | {f"recipes/{name}.md": _page(name, texts[name], results[name]) for name in texts}


def read_results(root: Path, name: str) -> dict[str, Any] | None:
    """Return what benchmarks/results holds of a recipe; None where it has not been measured."""
    path = root / "benchmarks" / "results" / f"{name}.json"
    return json.loads(path.read_bytes()) if path.exists() else None


def machine_words(machine: dict[str, Any]) -> str:
    """Return a machine in a few words."""
    cards = machine.get("graphics_cards") or []
    features = [one.replace("_", "-").upper() for one in machine.get("features", [])]
    return ", ".join([*cards, f"{machine['cores']} cores of {machine['processor']}", *features])


def _recipe_text(root: Path, name: str) -> str:
    return (root / "src" / "lowres" / "recipes" / f"{name}.toml").read_text(encoding="utf-8")


def _about(text: str) -> str:
    """The recipe's own words without the command they begin with, as far as they tell no figures."""
    words = " ".join(tomllib.loads(text)["about"].split()).split(": ", 1)[1]
    sentence = _END_OF_SENTENCE.split(words, maxsplit=1)[0].rstrip(".") + "."
    return sentence[:1].upper() + sentence[1:]


def _command(text: str) -> str:
    return " ".join(tomllib.loads(text)["about"].split()).split(": ", 1)[0]


def _in_short(results: dict[str, Any] | None) -> list[str]:
    if results is None:
        return ["not measured yet", "", ""]
    machines = dict.fromkeys(machine_words(run["machine"]) for run in results["runs"])
    changed = ", changed" if any(run.get("changed") for run in results["runs"]) else ""
    counted = f"{percent(results['mean_accuracy'])} (n = {results['n']:,}, {_runs(results)}{changed})"
    return [counted, f"{results['mean_minutes']:.1f}", "; ".join(machines)]


def _runs(results: dict[str, Any]) -> str:
    number = results["number_of_runs"]
    return "1 run" if number == 1 else f"{number} runs"


def _page(name: str, text: str, results: dict[str, Any] | None) -> str:
    opening = f"# {name}\n\n{prose(_about(text))}\n\n```sh\n{_command(text)}\n```\n"
    measured = _not_measured(name) if results is None else _measured(name, results)
    return opening + measured + _changes(text) + f'\n## The recipe\n\n```toml title="{name}.toml"\n{text}```\n'


def _not_measured(name: str) -> str:
    return (
        f'\n!!! warning "Not measured yet"\n    There is no `benchmarks/results/{name}.json`: neither accuracy nor '
        f"minutes of this recipe have been measured. `benchmarks/recipe.py` writes that file from a finished study.\n"
    )


def _measured(name: str, results: dict[str, Any]) -> str:
    judged = table(
        ("Run", "Judged by", "Test accuracy", "95 % interval", "n"),
        (row for number, run in enumerate(results["runs"], 1) for row in _accuracies(number, run)),
    )
    made = table(
        ("Run", "Minutes", "Machine", "Predicted by", "Backend", "Seed", "Cache"),
        ([str(number), *_made(run)] for number, run in enumerate(results["runs"], 1)),
    )
    stages = {stage: None for run in results["runs"] for stage in run["stage_seconds"]}
    spent = table(
        ("Stage", *(f"Run {number}, seconds" for number in range(1, results["number_of_runs"] + 1))),
        ([code(stage), *(f"{run['stage_seconds'].get(stage, 0):,.1f}" for run in results["runs"])] for stage in stages),
    )
    return (
        f"\n## What it came to\n\nOn `{results['data']}`, {_runs(results)}; all of it from "
        f"`benchmarks/results/{name}.json`.{_changed(results)}\n\n{judged}\n{drawn(validation_chart(results))}\n{_curve_words(results)}\n"
        f"\n{made}{_CAUTION}\n## Where the minutes went\n\n{spent}"
    )


def _changed(results: dict[str, Any]) -> str:
    """Which runs were not of the recipe as it is."""
    said = (
        f" Run {number} had {', '.join(code(f'{key} = {value}') for key, value in run['changed'].items())} in place of "
        "what the recipe says."
        for number, run in enumerate(results["runs"], 1)
        if run.get("changed")
    )
    return "".join(said)


def _accuracies(number: int, run: dict[str, Any]) -> list[list[str]]:
    rows = {"accuracy": run} | {key: run[key] for key in _VIEWS if key != "accuracy" and key in run}
    return [
        [
            str(number),
            _VIEWS[key],
            f"**{percent(row['accuracy'], 2)}**",
            " to ".join(percent(end, 2) for end in row["accuracy_interval"]),
            f"{run['n']:,}",
        ]
        for key, row in rows.items()
    ]


def _made(run: dict[str, Any]) -> list[str]:
    cache = "empty: download included" if run["cold_cache"] else "filled before"
    minutes = f"{run['total_seconds'] / 60:.1f}"
    backend = run.get("backend", "tensorflow")
    return [minutes, machine_words(run["machine"]), run["engine"], backend, str(run["seed"]), cache]


def _curve_words(results: dict[str, Any]) -> str:
    longest = max(len(run["validation_curve"]) for run in results["runs"])
    if longest == 1:
        return "One point: the frozen phase has no epochs, its heads are solved at once.\n"
    return (
        "Each point is the accuracy on the validation part after an epoch, by the minutes since the study began; where "
        "there is a frozen phase, the first is its result. The test part is predicted once, after all of them.\n"
    )


def _changes(text: str) -> str:
    described = field_keys()
    recipe = tomllib.loads(text)
    rows = [
        [code(f"{section}.{key} = {json.dumps(value)}"), prose(described[f"{section}.{key}"])]
        for section, keys in recipe.items()
        if isinstance(keys, dict)
        for key, value in keys.items()
    ]
    return "\n## What it sets\n\n" + table(("Key", "What it does"), rows)
