"""What a notebook shows below a cell: facts, tables, findings and figures as HTML that needs nothing from outside."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape

from lowres.faces.figures.canvas import Drawing
from lowres.values.findings import Finding, worst_first

_COLOURS = {"PASS": "#2f7d4f", "WARN": "#b0500c", "FAIL": "#b3261e"}


def block(title: str, *parts: str) -> str:
    """Return parts under a title."""
    return f'<div style="margin:.4em 0"><strong>{escape(title)}</strong>{"".join(parts)}</div>'


def sentence(text: str) -> str:
    """Return a paragraph."""
    return f'<p style="margin:.3em 0;max-width:60em">{escape(text)}</p>' if text else ""


def facts(rows: Iterable[tuple[str, str]]) -> str:
    """Return a table of names and what they are."""
    cells = "".join(
        f'<tr><th scope="row" style="text-align:left">{escape(name)}</th>'
        f'<td style="text-align:left">{escape(value)}</td></tr>'
        for name, value in rows
    )
    return f"<table>{cells}</table>"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; the first cell of a row is its name, the others are numbers."""
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    body = "".join(
        f'<tr><th scope="row" style="text-align:left">{escape(row[0])}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def findings(found: Iterable[Finding]) -> str:
    """Return checks, the gravest first, each with what was measured and what repairs it."""
    rows = "".join(
        f'<tr><td style="text-align:left;color:{_COLOURS[one.status]}"><strong>{one.status}</strong></td>'
        f'<th scope="row" style="text-align:left">{escape(one.name)}</th>'
        f'<td style="text-align:left">{escape(one.measured)}'
        + (f"<br><em>{escape(one.repair)}</em>" if one.repair else "")
        + "</td></tr>"
        for one in worst_first(found)
    )
    return f"<table>{rows}</table>"


def figure(drawing: Drawing) -> str:
    """Return a figure at half its pixels, so that dense screens show it sharp; its title and note are its text."""
    uri = base64.b64encode(drawing.png).decode()
    return (
        f'<img src="data:image/png;base64,{uri}" width="{drawing.width_pixels // 2}" '
        f'alt="{escape(f"{drawing.title}. {drawing.note}", quote=True)}" style="max-width:100%">'
    )
