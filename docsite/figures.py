"""The figures of pages that people write: a comment names them, and benchmarks/results fills them in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from docsite.markdown import code, prose, table
from docsite.recipe_pages import machine_words
from lowres.faces.numbers_in_words import duration, percent

Results = dict[str, Any]
# Written by another script than its name says, and alone on the machine.
_SCRIPTS = {"peers": "benchmarks/peers/compare.py"}
_OTHER_WORK = "Other work may have run beside it."
_BESIDE = {"peers": "Nothing else ran beside it."}
_MARKER = re.compile(r"^<!-- figures: ([\w-]+) -->$", re.MULTILINE)


def with_figures(text: str, root: Path) -> str:
    """Return a page with tables in place of its comments `<!-- figures: NAME -->`; KeyError: a name without a table.

    Where benchmarks/results holds no such file, the page says that nothing is measured yet.
    """

    def fill(match: re.Match[str]) -> str:
        draw, name = FIGURES[match[1]], match[1]
        path = root / "benchmarks" / "results" / f"{name}.json"
        if not path.exists():
            return f"Not measured yet: there is no `benchmarks/results/{name}.json`."
        results = json.loads(path.read_bytes())
        on = f"Measured on {_machines(results)}; from `benchmarks/results/{name}.json`, written by "
        return f"{draw(results)}\n{on}`{_SCRIPTS.get(name, f'benchmarks/{name}.py')}`. {_BESIDE.get(name, _OTHER_WORK)}"

    return _MARKER.sub(fill, text)


def _machines(results: Results) -> str:
    """The machine of the results, or those of their rows."""
    machines = [results["machine"]] if "machine" in results else [row["machine"] for row in results["rows"]]
    return "; ".join(dict.fromkeys(machine_words(one) for one in machines))


def _tutorial(results: Results) -> str:
    judged = table(
        ("Study", "Test accuracy", "95 % interval", "n", "By guessing the commonest class"),
        (
            [
                code(f"studies/{name}"),
                f"**{percent(study['accuracy'])}**",
                _interval(study["accuracy_interval"]),
                f"{study['n']:,}",
                percent(study["majority_baseline"]),
            ]
            for name, study in results["studies"].items()
        ),
    )
    rows = ([_step(words), duration(seconds)] for words, seconds in results["seconds"].items())
    return f"{judged}\n{table(('Step', 'Time'), rows)}"


def _step(words: str) -> str:
    return code(words) if words.startswith("lowres ") else words


def _unbalanced(results: Results) -> str:
    rare = results["rare"]
    header = ("Training", "Accuracy", "Balanced accuracy", f"Recall of {rare}", f"Precision of {rare}", "Kept")
    rows = (
        [
            name,
            *(percent(one[f"mean_{key}"]) for key in ("accuracy", "balanced_accuracy")),
            f"**{percent(one['mean_rare_recall'])}**{_of_one(one)}",
            percent(one["mean_rare_precision"]),
            ", ".join(_kept(run["kept_epoch"]) for run in one["runs"]),
        ]
        for name, one in results["variants"].items()
    )
    counts = ", ".join(f"{number:,} of {name}" for name, number in results["train_images"].items())
    runs = len(next(iter(results["variants"].values()))["runs"])
    tested = len(results["train_images"]) * results["test_images_a_class"]
    return (
        f"{table(header, rows)}\nTraining pictures: {counts}; test pictures: {results['test_images_a_class']:,} of "
        f"each, n = {tested:,}. {runs} run{'s' * (runs > 1)} each.\n"
    )


def _kept(epoch: int) -> str:
    return f"epoch {epoch}" if epoch else "the frozen phase's head"


def _of_one(variant: Results) -> str:
    """The interval of a single run; of several, intervals of each would say nothing of their mean."""
    runs = variant["runs"]
    return f" ({_interval(runs[0]['rare_recall_interval'])})" if len(runs) == 1 else ""


def _exports(results: Results) -> str:
    """Those for phones."""
    header = ("Format", "Size", "Test accuracy", "Against the study", "Same class as the study", "n")
    rows = (
        [
            code(one["format"]),
            f"{one['size_bytes'] / 1e6:.1f} MB",
            f"{percent(one['test']['accuracy'])} ({_interval(one['test']['accuracy_interval'])})",
            f"{_signed(100 * one['test']['gain'])} points",
            percent(one["test"]["agreement"]),
            f"{one['test']['n']:,}",
        ]
        for one in results["exports"]
        if one["format"].startswith("litert")
    )
    pace = "".join(
        f"\nOne picture after another on this machine: `{pair['int8']}` took "
        f"{pair['median_milliseconds'][1]:.1f} ms and `{pair['float32']}` {pair['median_milliseconds'][0]:.1f} ms "
        f"(medians of {pair['turns']}).\n"
        for pair in results["int8_beside_float32"]
        if pair["int8"].startswith("litert")
    )
    return f"Study `{results['study']}`, test pictures.\n\n{table(header, rows)}{pace}"


def _peers(results: Results) -> str:
    """By minutes, so that what a reader has time for stands together; a machine's rows apart from another's."""
    header = ("Minutes", "Tool", "Network or recipe", "Pixels", "Test accuracy", "95 % interval", "With mirror images")
    machines = dict.fromkeys(machine_words(row["machine"]) for row in results["rows"])
    tables = []
    for one in machines:
        rows = sorted((row for row in results["rows"] if machine_words(row["machine"]) == one), key=_minutes_of_row)
        title = f"On {one}:\n\n" if len(machines) > 1 else ""
        tables.append(title + table(header, map(_peer_row, rows)))
    judged = next(row["test"]["n"] for row in results["rows"] if row["fits"])
    trained = results["rows"][0]["train_images"]
    missing = results.get("not_run")
    left = f" Not run: {'; '.join(missing)}." if missing else ""
    return (
        "\n".join(tables) + f"\nTest pictures: n = {judged:,}, training pictures: {trained:,}; one run a row.{left}\n"
    )


def _peer_row(row: Results) -> list[str]:
    name = f"lowres, {code(row['network'])}" if row["peer"] == "lowres" else row["peer"]
    start = [f"{_minutes_of_row(row):.1f}", name, prose(row["recipe"])]
    if not row["fits"]:
        return [*start, "", f"does not fit: {row['why']}", "", ""]
    flipped = percent(row["test_with_flips"]["accuracy"]) if "test_with_flips" in row else ""
    judged = [f"**{percent(row['test']['accuracy'])}**", _interval(row["test"]["interval"]), flipped]
    return [*start, str(row.get("pixels", "")), *judged]


def _minutes_of_row(row: Results) -> float:
    """What it took; the minutes it was given, where it did not fit."""
    return float(row["seconds"]) / 60 if row["fits"] else float(row["minutes"])


def _signed(points: float) -> str:
    # Nothing has no sign, so minus nought becomes nought.
    return f"{round(points, 1) + 0.0:+.1f}"


def _interval(ends: list[float]) -> str:
    return " to ".join(percent(end) for end in ends)


FIGURES: dict[str, Callable[[Results], str]] = {
    "exports": _exports,
    "peers": _peers,
    "tutorial": _tutorial,
    "unbalanced": _unbalanced,
}
