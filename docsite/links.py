"""Follows every link of the Markdown pages and says which lead nowhere; needs no MkDocs.

.venv/bin/python docsite/links.py
"""

from __future__ import annotations

import posixpath
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from docsite.markdown import anchors, links  # noqa: E402

_OUTSIDE = ("http", "https", "mailto")


def broken_links(pages: Mapping[str, str], other_files: frozenset[str] = frozenset()) -> list[str]:
    """Return one sentence a link that leads nowhere.

    pages: Markdown by its path, relative to one folder, with slashes. other_files: paths that may be linked to beside
    pages. Addresses of other sites are not visited.
    """
    known = {name: anchors(text) for name, text in pages.items()}
    return [
        f"{name}: {target}: {problem}"
        for name, text in pages.items()
        for target in links(text)
        if (problem := _problem(name, target, known, other_files))
    ]


def _problem(page: str, target: str, known: Mapping[str, set[str]], other_files: frozenset[str]) -> str:
    parts = urlsplit(target)
    if parts.scheme in _OUTSIDE:
        return ""
    if parts.scheme or parts.netloc or target.startswith("/"):
        return "expected a path relative to the page, or an address of another site"
    wanted = posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(parts.path))) if parts.path else page
    if wanted in known:
        missing = parts.fragment and parts.fragment not in known[wanted]
        return f"{wanted} has no heading #{parts.fragment}" if missing else ""
    return "" if wanted in other_files else f"there is no {wanted}"


def site_pages(root: Path) -> dict[str, str]:
    """Return every page of the site as Markdown, by its path in the site: those in docs/, and the written ones."""
    from docsite.written_pages import written_pages

    docs = root / "docs"
    own = {path.relative_to(docs).as_posix(): path.read_text(encoding="utf-8") for path in sorted(docs.rglob("*.md"))}
    return own | written_pages(root)


def files_beside(root: Path) -> frozenset[str]:
    """Return what lies in docs/ beside pages."""
    docs = root / "docs"
    return frozenset(path.relative_to(docs).as_posix() for path in docs.rglob("*") if path.is_file())


def all_broken_links(root: Path) -> list[str]:
    """Return the broken links of the site's pages, and those of the README and the changelog in the checkout."""
    site = broken_links(site_pages(root), files_beside(root))
    checkout = {name: (root / name).read_text(encoding="utf-8") for name in ("README.md", "CHANGELOG.md")}
    others = frozenset(path.relative_to(root).as_posix() for path in (root / "docs").rglob("*"))
    return site + broken_links(checkout, others)


if __name__ == "__main__":
    found = all_broken_links(ROOT)
    print("\n".join(found) if found else "every link leads somewhere", file=sys.stderr)
    sys.exit(bool(found))
