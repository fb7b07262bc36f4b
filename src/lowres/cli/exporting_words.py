"""What `export` says in the end: a row a format that stands, and why the others do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lowres.faces.export_words import interval, milliseconds, signed_points, size
from lowres.faces.numbers_in_words import with_plain_spaces

if TYPE_CHECKING:
    from lowres.pipeline.export import ExportAnswer
    from lowres.values.exporting.parity import Parity

_HEADERS = (
    "format", "agrees", "at least", "largest diff.", "accuracy", "95 % interval", "to study", "size", "one", "a second"
)  # fmt: skip


def answer_json(answer: ExportAnswer) -> dict[str, Any]:
    """Return the answer as plain data."""
    return {
        "study": answer.folder.as_posix(),
        "exports": [one.to_json() for one in answer.kept],
        "refused": [{"format": name, "reason": reason} for name, reason in answer.refused],
        "report": answer.report.as_posix() if answer.report else None,
    }


def answer_text(answer: ExportAnswer) -> str:
    """Return the table of what stands, and a line a format that was refused."""
    rows = [_HEADERS, *(_row(one) for one in answer.kept)] if answer.kept else []
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines += _measured_on(answer.kept)
    lines += [f"not kept  {name}: {reason}" for name, reason in answer.refused]
    lines += [f"exports   {answer.folder / 'exports'}"] if answer.kept else []
    return "\n".join(lines + ([f"report    {answer.report}"] if answer.report else []))


def _row(one: Parity) -> tuple[str, ...]:
    cells = (
        one.format,
        f"{one.agreement:.1%}",
        f"{one.threshold:.1%}",
        f"{one.largest_difference:.3f}",
        f"{one.accuracy:.1%}",
        interval(one.accuracy_interval),
        signed_points(one.gain),
        size(one.size_bytes),
        milliseconds(one.pace.latency_milliseconds),
        f"{one.pace.images_per_second:,.0f}",
    )
    return tuple(with_plain_spaces(cell) for cell in cells)


def _measured_on(kept: tuple[Parity, ...]) -> list[str]:
    if not kept:
        return []
    counts = " to ".join(f"{n:,}" for n in sorted({min(one.n for one in kept), max(one.n for one in kept)}))
    cores = " to ".join(map(str, sorted({one.pace.cores for one in kept})))
    return [f"measured  on {counts} validation images, each format in a process of its own, {cores} cores"]
