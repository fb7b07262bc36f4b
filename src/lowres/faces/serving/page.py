"""The page at `/`: one self-contained HTML file that asks the server it came from, and nobody else."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

from lowres.faces.page_templates import page_templates
from lowres.values.monitoring.picture_policy import AUDITED_SHARE, Keep, PicturePolicy


@dataclass(frozen=True)
class Page:
    """html: the whole page. headers: what a browser may do with it."""

    html: bytes
    headers: dict[str, str]


def render_page(policy: PicturePolicy | None = None, keep_days: float = 0) -> Page:
    """Return the page; what it shows of the models it asks the server for when it is opened.

    policy: which pictures are kept, for so many days, where predictions are recorded; None: nothing is.
    """
    return _rendered("serve", privacy=what_becomes_of_a_picture(policy, keep_days))


def render_review_page() -> Page:
    """Return the page on which people judge pictures that were kept."""
    return _rendered("review")


def _rendered(name: str, **more: str) -> Page:
    from markupsafe import Markup

    pages = page_templates()
    script, styles = (pages.get_template(f"{name}.{kind}.j2").render() for kind in ("js", "css"))
    context: dict[str, Any] = {"script": Markup(script), "styles": Markup(styles), **more}
    html = pages.get_template(f"{name}.html.j2").render(context)
    return Page(html.encode(), _headers(script, styles))


def what_becomes_of_a_picture(policy: PicturePolicy | None, keep_days: float) -> str:
    """Return what the page tells people before they send one."""
    if policy is None:
        return "It goes to this server only, and is not kept."
    told = "It goes to this server only, which writes down its answer and figures such as brightness"
    days, lot = f"for {keep_days:g} days", f"{AUDITED_SHARE:.0%}"
    kept = {
        Keep.NONE: "; the picture is not kept.",
        Keep.REVIEW_ONLY: f", and keeps the picture {days} if a person should look at it, or by lot ({lot}).",
        Keep.SAMPLE: f", and keeps {100 * policy.share:.3g} % of all pictures {days}.",
        Keep.ALL: f", and keeps the picture {days}.",
    }
    return told + kept[policy.keep]


def _headers(script: str, styles: str) -> dict[str, str]:
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; connect-src 'self'; "
        f"img-src data: blob:; script-src '{_digest(script)}'; style-src '{_digest(styles)}'"
    )
    return {
        "Content-Security-Policy": policy,
        "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-cache",
    }


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
