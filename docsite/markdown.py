"""Markdown as the pages are written in: tables, and the anchors and links of a text."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence

FENCED = re.compile(r"^( *)(`{3,}|~{3,}).*?^\1\2[`~]* *$", re.DOTALL | re.MULTILINE)
_INLINE_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
_LINK = re.compile(r"(?<!\\)\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?([^\s)>]+)>?(?:\s+[\"'][^)]*[\"'])?\s*\)")
_DEFINITION = re.compile(r"^ {0,3}\[[^\]]+\]:\s*<?(\S+?)>?\s*$", re.MULTILINE)
_ATTRIBUTE = re.compile(r"\b(?:href|src)=[\"']([^\"']+)[\"']")
_HEADING = re.compile(r"^#{1,6} +(.*?)(?: +#+)?$", re.MULTILINE)
_OWN_ID = re.compile(r"\{[^}]*#([\w.:-]+)[^}]*\} *$")
_ID = re.compile(r"\bid=[\"']([^\"']+)[\"']")
# mkdocstrings gives the object's own name as an anchor.
_OBJECT = re.compile(r"^::: +(\S+)", re.MULTILINE)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; what a cell holds is Markdown already, but for its bars and line ends."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join("| " + " | ".join(_cell(cell) for cell in line) + " |\n" for line in lines)


def code(text: str) -> str:
    """Return words as inline code."""
    return f"`{text}`" if text else ""


def prose(text: str) -> str:
    """Return plain words as Markdown that shows them as they are; what they mark as code stays code."""
    return _outside_code(" ".join(text.split()), _escaped)


def anchors(text: str) -> set[str]:
    """Return what a link may name behind `#` in a page: its headings as Python-Markdown turns them into ids."""
    found: set[str] = set()
    found.update(_OBJECT.findall(text))
    body = FENCED.sub("", text)
    found.update(_ID.findall(body))
    taken: dict[str, int] = {}
    for heading in _HEADING.findall(body):
        own = _OWN_ID.search(heading)
        if own:
            found.add(own[1])
            continue
        slug = slugged(heading)
        taken[slug] = taken.get(slug, -1) + 1
        found.add(f"{slug}_{taken[slug]}" if taken[slug] else slug)
    return found


def slugged(heading: str) -> str:
    """Return a heading's id, as Python-Markdown's `toc` makes it."""
    shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
    plain = unicodedata.normalize("NFKD", html.unescape(shown)).encode("ascii", "ignore").decode()
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain).strip().lower())


def links(text: str) -> Iterator[str]:
    """Yield the targets of a page's links and pictures; what stands in code is no link."""
    body = _INLINE_CODE.sub("", FENCED.sub("", text))
    for pattern in (_LINK, _DEFINITION, _ATTRIBUTE):
        yield from pattern.findall(body)


def blocks(text: str, language: str) -> list[str]:
    """Return the fenced blocks of a text in one language, without their fences."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def _escaped(text: str) -> str:
    return re.sub(r"([\\*_\[\]])", r"\\\1", text).replace("<", "&lt;")


def _cell(text: str) -> str:
    # Python-Markdown parts no cell at a bar in code, and would show the backslash there.
    return _outside_code(" ".join(text.split()), lambda part: part.replace("|", "\\|"))


def _outside_code(text: str, change: Callable[[str], str]) -> str:
    return "".join(part if part.startswith("`") else change(part) for part in re.split(r"(`[^`]+`)", text))
