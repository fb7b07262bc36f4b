"""Draws a recipe's validation accuracy by minutes, with the report's own chart, as SVG inside the page."""

from __future__ import annotations

from functools import cache
from itertools import cycle
from typing import Any

from lowres.faces import numbers_in_words
from lowres.faces.numbers_in_words import percent
from lowres.faces.report import page_charts
from lowres.faces.report import pictures as report_pictures
from lowres.faces.report.page_charts import Chart, Line, Look, padded, round_ticks


def validation_chart(results: dict[str, Any]) -> Chart:
    """Return the chart of a recipe's results: a line a run, minutes across, validation accuracy up."""
    looks: cycle[Look] = cycle(("blue", "rust", "ink"))
    lines = tuple(
        Line(
            tuple((point["minutes"], point["validation_accuracy"]) for point in run["validation_curve"]),
            look,
            f"run {number}, {run.get('backend', 'tensorflow')}" if len(results["runs"]) > 1 else "",
            has_dots=True,
        )
        for number, (run, look) in enumerate(zip(results["runs"], looks, strict=False), 1)
    )
    heights = [y for line in lines for _, y in line.points]
    low, high = padded(heights, 0.05, 0.0, 1.0)
    last = max(x for line in lines for x, _ in line.points)
    return Chart(
        title="Validation accuracy by minutes",
        words=f"It ends at {' and '.join(percent(line.points[-1][1]) for line in lines)}.",
        x_label="minutes",
        y_label="accuracy",
        x_range=(0, last * 1.05),
        y_range=(low, high),
        x_ticks=tuple((value, f"{value:g}") for value in round_ticks(0, last * 1.05)),
        y_ticks=tuple((value, percent(value, 0 if high - low >= 0.1 else 1)) for value in round_ticks(low, high)),
        lines=lines,
    )


def drawn(chart: Chart) -> str:
    """Return the chart as HTML that Markdown takes as it is: one block, no blank line in it."""
    lines = str(_macros().chart(chart)).splitlines()
    return "\n".join(line for line in lines if line.strip()) + "\n"


@cache
def _macros() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("lowres.faces")
    page = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    page.filters["percent"] = numbers_in_words.percent
    page.filters["duration"] = numbers_in_words.duration
    page.filters["inline"] = report_pictures.inline_picture
    page.filters["inline_heat"] = report_pictures.inline_heat
    return page.get_template("report_macros.html.j2").make_module({"box": page_charts})
