"""Pages that are one file: nothing fetched, and of scripts only the page's own may run."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from lowres.faces import numbers_in_words, report_pictures
from lowres.faces.fact_words import fact_in_words


def render_page(template: str, script: str, context: dict[str, Any]) -> str:
    """Return the page of a template with the script of another, and the hash by which a browser lets it run."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    loader = PackageLoader("lowres.faces")
    page = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    page.filters["fact"] = fact_in_words
    # What the report's macros draw with.
    page.filters["percent"] = numbers_in_words.percent
    page.filters["inline"] = report_pictures.inline_picture
    page.filters["inline_heat"] = report_pictures.inline_heat
    text = page.get_template(script).render()
    sha256 = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return page.get_template(template).render(context | {"script": Markup(text), "script_sha256": sha256})
