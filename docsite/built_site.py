"""Reads the built site as a browser does: every link leads somewhere, and nothing is asked of another server.

.venv/bin/python docsite/built_site.py dist/site
"""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# What a browser fetches by itself; a link waits to be followed.
_FETCHED = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "src", "video": "src"}
_LINK_KINDS = {"stylesheet", "icon", "preload", "preconnect", "modulepreload", "manifest", "dns-prefetch"}
_CSS_ADDRESS = re.compile(r"url\(\s*[\"']?(https?:)?//|@import\s+[\"'](https?:)?//")


class _Page(HTMLParser):
    """What a page links to, what it fetches, and which anchors it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self.anchors.update(said[name] for name in ("id", "name") if name in said)
        if tag == "a" and "href" in said:
            self.links.append(said["href"])
        fetches = tag != "link" or bool(_LINK_KINDS & set(said.get("rel", "").split()))
        if fetches and said.get(_FETCHED.get(tag, "")):
            self.fetched.append(said[_FETCHED[tag]])


def site_problems(site: Path) -> list[str]:
    """Return one sentence a link that leads nowhere, and one for whatever would be fetched from another server."""
    pages = {path.resolve(): _Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    problems = [] if pages else [f"expected pages below {site}, got none"]
    for path, page in pages.items():
        name = path.relative_to(site.resolve())
        for target in page.fetched:
            if urlsplit(target).netloc:
                problems.append(f"{name}: fetches {target} from another server")
        for target in (*page.links, *page.fetched):
            problem = _problem(path, target, pages, site.resolve())
            problems += [f"{name}: {target}: {problem}"] if problem else []
    for sheet in sorted(site.rglob("*.css")):
        if _CSS_ADDRESS.search(sheet.read_text(encoding="utf-8")):
            problems.append(f"{sheet.relative_to(site)}: fetches something from another server")
    return problems


def _problem(page: Path, target: str, pages: dict[Path, _Page], site: Path) -> str:
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return ""
    # The page of a wrong address stands for any depth, so its own links begin at the site's root.
    place = site if parts.path.startswith("/") else page.parent
    found = (place / unquote(parts.path).lstrip("/")).resolve() if parts.path else page
    if found.is_dir():
        found = found / "index.html"
    if not found.exists():
        return "leads nowhere"
    anchor = unquote(parts.fragment)
    missing = anchor and anchor != "__skip" and found in pages and anchor not in pages[found].anchors
    return f"there is no #{anchor}" if missing else ""


if __name__ == "__main__":
    found = site_problems(Path(sys.argv[1]))
    print("\n".join(found) if found else "every link of the site leads somewhere, and none is fetched", file=sys.stderr)
    sys.exit(bool(found))
