"""The templates of all pages and cards, with the filters they may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lowres.faces import numbers_in_words
from lowres.faces.fact_words import fact_in_words
from lowres.faces.report import pictures as report_pictures

if TYPE_CHECKING:
    from jinja2 import Environment


def page_templates(*, escapes: bool = True) -> Environment:
    """Return them; a name that a page does not give is an error. escapes: whether what is put in is text of a page."""
    # Here and not above: nothing else needs Jinja2.
    from jinja2 import Environment, PackageLoader, StrictUndefined

    found = Environment(
        loader=PackageLoader("lowres.faces"),
        autoescape=escapes,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["percent"] = numbers_in_words.percent
    found.filters["duration"] = numbers_in_words.duration
    found.filters["fact"] = fact_in_words
    found.filters["inline"] = report_pictures.inline_picture
    found.filters["inline_heat"] = report_pictures.inline_heat
    return found
