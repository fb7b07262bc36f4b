"""A Markdown text as passages: what is said, under which heading, in answer to which question, on which line."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

_HEADING = re.compile(r"\s{0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_FENCE = re.compile(r"\s{0,3}(```|~~~)")
_ITEM = re.compile(r"\s*(?:[-*+]|\d+[.)])\s+")
_RULE = re.compile(r"\s*(?:-{3,}|\*{3,}|_{3,})\s*$")
_QUESTION = re.compile(r"^\W*(?:(?:Q|Question)\s*\d*\s*[:.)]\s*|\*\*)?(.{6,}\?)\W*$", re.IGNORECASE)
_NOT_SAID = re.compile(r"https?://\S+|\]\([^)]*\)|<!--.*?-->|<[^>]+>|\bQ\d+\s*:")
_ANSWER = re.compile(r"^\s*(?:\*\*)?(?:A|Answer)\s*\d*\s*:(?:\*\*)?\s*", re.IGNORECASE)
_BREAK = re.compile(r"(?<=[.!?;])(?<!e\.g\.)(?<!i\.e\.)(?<!\bvs\.)(?<!\bca\.)(?<!approx\.)(?<!\bacc\.)\s+")


@dataclass(frozen=True)
class Sentence:
    """One sentence: its text, the line it begins on, and the question and the headings it stands under.

    lines: (place in the text, line number) wherever a new line begins. is_first: of the answer to its question.
    """

    text: str
    lines: tuple[tuple[int, int], ...]
    question: str = ""
    heading: str = ""
    is_first: bool = False

    def line_at(self, place: int) -> int:
        """The number, from 1, of the line a place of the text came from."""
        return self.lines[max(0, bisect_right([start for start, _ in self.lines], place) - 1)][1]

    @property
    def context(self) -> str:
        """What it is an answer to, and under which headings."""
        return f"{self.heading} / {self.question}"


@dataclass(frozen=True)
class _Block:
    """Lines that belong together: a paragraph, an item of a list, a row of a table with what its columns are called."""

    text: str
    lines: tuple[tuple[int, int], ...]
    kind: str = "text"


def sentences(text: str) -> tuple[Sentence, ...]:
    """Return every sentence of a Markdown text; code blocks, addresses and comments are left out."""
    headings: dict[int, str] = {}
    question, found, begins = "", [], False
    for block in _blocks(text):
        heading = " / ".join(headings.values())
        if block.kind.startswith("h"):
            level = int(block.kind[1:])
            headings = {key: words for key, words in headings.items() if key < level} | {level: block.text}
            question, begins = "", False
            if not block.text.rstrip().endswith("?"):
                continue
        asked = _QUESTION.match(block.text)
        if asked and block.kind != "row":
            question, begins = asked[1], True
            found += list(_split(block, question, heading, False))
            continue
        found += list(_split(block, question, heading, begins))
        begins = False
    return tuple(found)


def _split(block: _Block, question: str, heading: str, begins: bool) -> Iterator[Sentence]:
    text = _NOT_SAID.sub(lambda match: " " * len(match[0]), block.text)
    text = _ANSWER.sub(lambda match: " " * len(match[0]), text)
    text = re.sub(r"[`*_]{1,3}(?=\S)|(?<=\S)[`*]{1,3}", lambda match: _without(match), text)
    place = 0
    for match in [*_BREAK.finditer(text), None]:
        end = match.start() if match else len(text)
        piece = text[place:end]
        if piece.strip():
            lines = tuple((max(0, start - place), line) for start, line in block.lines if start < end)
            inside = tuple(row for row in lines if row[0] > 0)
            yield Sentence(
                piece,
                (lines[len(lines) - len(inside) - 1], *inside) if inside != lines else lines,
                question,
                heading,
                begins and not text[:place].strip(),
            )
        place = match.end() if match else end


def _without(match: re.Match[str]) -> str:
    """Marks of emphasis and code as blanks of the same length; the underscores inside names stay."""
    return match[0] if set(match[0]) == {"_"} else " " * len(match[0]) if len(match[0]) > 1 else "\N{ZERO WIDTH SPACE}"


def _blocks(text: str) -> Iterator[_Block]:
    held: list[tuple[int, str]] = []
    header: list[str] = []
    is_code = False
    written = text.splitlines()
    first = _after_metadata(written)
    for number, line in enumerate([*written[first:], ""], first + 1):
        if _FENCE.match(line):
            is_code = not is_code
        heading = _HEADING.match(line)
        is_row = line.lstrip().startswith("|")
        ends = (
            is_code
            or _FENCE.match(line)
            or heading
            or is_row
            or _ITEM.match(line)
            or _RULE.match(line)
            or (not line.strip())
            or _begins_anew(line)
        )
        if ends and held:
            yield _joined(held)
            held = []
        if not is_row:
            header = []
        if is_code or _FENCE.match(line) or _RULE.match(line) or not line.strip():
            continue
        if heading:
            yield _Block(heading[2], ((0, number),), f"h{len(heading[1])}")
        elif is_row:
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if not header:
                header = cells
            elif not all(re.fullmatch(r":?-+:?", cell) for cell in cells):
                yield from _row(header, cells, number)
        else:
            held.append((number, line))
            if _QUESTION.match(line):
                yield _joined(held)
                held = []


def _after_metadata(written: list[str]) -> int:
    """Where the text begins, behind a block of YAML at its top."""
    if written and written[0].strip() == "---":
        return next((place + 1 for place, line in enumerate(written[1:], 1) if line.strip() == "---"), 0)
    return 0


def _begins_anew(line: str) -> bool:
    return bool(_ANSWER.match(line) or re.match(r"\s*\**Q\d*\s*[:.]", line))


def _joined(held: list[tuple[int, str]]) -> _Block:
    text, lines = "", []
    for number, line in held:
        lines.append((len(text), number))
        text += line + " "
    return _Block(text, tuple(lines))


def _row(header: list[str], cells: list[str], number: int) -> Iterator[_Block]:
    """Each cell as a sentence that says whose and what it is."""
    for column, cell in zip(header[1:], cells[1:], strict=False):
        what = "" if len(header) == 2 else f", {column}"
        yield _Block(f"{cells[0]}{what}: {cell}", ((0, number),), "row")
