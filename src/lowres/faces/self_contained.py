"""Pages that are one file: nothing fetched, and of scripts only the page's own may run."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from lowres.faces.page_templates import page_templates


def render_page(template: str, script: str, context: dict[str, Any]) -> str:
    """Return the page of a template with the script of another, and the hash by which a browser lets it run."""
    from markupsafe import Markup

    page = page_templates()
    text = page.get_template(script).render()
    sha256 = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return page.get_template(template).render(context | {"script": Markup(text), "script_sha256": sha256})
