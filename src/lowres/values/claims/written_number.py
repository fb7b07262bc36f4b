"""Numbers as people write them: what each may mean, how exactly it was meant, and where it stands in the line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

Kind = Literal["plain", "percent", "points", "bytes", "seconds", "ratio", "degrees", "pixels", "size", "version"]
Bound = Literal["", "at least", "more than", "at most", "less than"]


@dataclass(frozen=True)
class WrittenNumber:
    """A number in a line of text.

    text: as written, unit included, from `start` to `end` of the line. kind: what its unit says. values: one number;
    two where it is a range; the sides of a size; none of a version. steps: what the last digit of each value is worth.
    is_about: "~" or a word like it stood before. bound: what a word like "over" made of it. meanings: by what to
    multiply, several where a unit is used in several ways (MB). is_range: whether the values are ends.
    """

    text: str
    start: int
    end: int
    kind: Kind
    values: tuple[float, ...]
    steps: tuple[float, ...] = ()
    is_about: bool = False
    bound: Bound = ""
    meanings: tuple[float, ...] = (1.0,)
    is_range: bool = False
    magnitude: str = ""


_DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d{1,2}(?!\w))?"
# Not the number in "CIFAR-10", "conv5", "F1", "top-1", "0.1.0" or "#7".
_BEFORE = r"(?<![\w.#])(?<![A-Za-z]-)(?<!\d,)"
_ABOUT = (
    r"(?P<about>(?:[~≈∼]|\b(?:about|approximately|approx\.?|around|roughly|nearly|almost|circa|ca\.|some)(?=\s))\s*)?"
)
_BOUND = (
    r"(?P<bound>(?:[<>≤≥]|\b(?:at least|no less than|not less than|over|more than|above|exceeds|exceeding|"
    r"greater than|at"
    r" most|no more than|up to|below|under|less than|fewer than)(?=\s))\s*)?"
)
_TO = r"\s*(?:-|–|—|\.\.\.?|\bto\b|\band\b)\s*"
_UNITS: tuple[tuple[str, Kind, tuple[float, ...]], ...] = (
    (r"percentage[ -]points?|percent(?:age)? points?|points?\b(?! out)|pp\b|p\.p\.", "points", (0.01,)),
    (r"%\s*-?points?", "points", (0.01,)),
    (r"%|per ?cent\b|percent\b", "percent", (0.01,)),
    (r"GiB\b", "bytes", (2.0**30,)),
    (r"MiB\b", "bytes", (2.0**20,)),
    (r"KiB\b", "bytes", (2.0**10,)),
    (r"GB\b|gigabytes?\b", "bytes", (1e9, 2.0**30)),
    (r"MB\b|megabytes?\b", "bytes", (1e6, 2.0**20)),
    (r"[kK]B\b|kilobytes?\b", "bytes", (1e3, 2.0**10)),
    (r"bytes?\b", "bytes", (1.0,)),
    (r"hours?\b|hrs?\b|h\b", "seconds", (3600.0,)),
    (r"minutes?\b|mins?\b", "seconds", (60.0,)),
    (r"milliseconds?\b|ms\b", "seconds", (1e-3,)),
    (r"seconds?\b|secs?\b|s\b", "seconds", (1.0,)),
    (r"(?:[x×]|-?fold|times)(?![\w])(?!\s*\d)", "ratio", (1.0,)),
    (r"°|degrees?\b", "degrees", (1.0,)),
    (r"pixels?\b|px\b", "pixels", (1.0,)),
)
_MAGNITUDES = {"k": 1e3, "K": 1e3, "M": 1e6, "B": 1e9, "million": 1e6, "billion": 1e9, "thousand": 1e3}
_MAGNITUDE = r"(?:(?P<{0}>[kKM])(?![\w])|\s?(?P<{0}word>million|billion|thousand)\b)?"
_UNIT = r"(?:[\s -]?(?P<unit>" + "|".join(form for form, _, _ in _UNITS) + r"))?"
_SIZE = re.compile(_BEFORE + r"(?P<sides>\d+\s*[x×]\s*\d+(?:\s*[x×]\s*\d+)?)(?![\w])(?:[\s-]?(?:px|pixels?)\b)?")
_VERSION = re.compile(r"(?<![\w.])\d+(?:\.\d+)*\.x\b|(?<![\w.])\d+\.\d+\.\d+(?:\.\d+)*(?![\w])")
_LONG = re.compile(
    _BEFORE
    + _ABOUT
    + r"(?:(?P<hours>\d+)\s*(?:h|hours?|hrs?)\s*(?:and\s*)?)?(?:(?P<minutes>\d+)\s*(?:min(?:utes?)?|mins?|m)\b\s*"
    r"(?:and\s*)?)(?:(?P<seconds>\d+)\s*(?:s|sec(?:onds?)?)\b)?",
    re.IGNORECASE,
)
_PLAIN = re.compile(
    _BEFORE + _BOUND + _ABOUT + rf"(?P<open>\[\s*)?(?P<sign>±\s?|(?<![\w)\]%]\s)[+−-](?!\s))?(?P<first>(?<![\w.])(?:"
    rf"\d+,\d{{1,2}}(?=\s?%)|{_DIGITS}))"
    + _MAGNITUDE.format("m1")
    + r"(?:(?P<firstunit>\s?%)?(?P<to>"
    + _TO
    + rf"|(?<=\d),\s*(?=-?\d+(?:\.\d+)?\s*\]))(?P<second>[−-]?{_DIGITS})"
    + _MAGNITUDE.format("m2")
    + r")?"
    + _UNIT
    + r"(?P<more>\+(?!\w))?(?P<close>\s*\])?",
    re.IGNORECASE,
)
# What follows these is the name of a place, not an amount.
_NAMING = re.compile(
    r"\b(?:phase|section|sprint|question|figure|fig\.|table|step|chapter|version|part|week|issue|page|line|no\.|cell|class|"
    r"run|seed set|appendix|equation|slide|exercise|task|python)\s*$",
    re.IGNORECASE,
)
_AND = re.compile(r"\band\b", re.IGNORECASE)
_BOUNDS: dict[str, Bound] = {
    ">": "more than",
    "≥": "at least",
    "<": "less than",
    "≤": "at most",
    "over": "at least",
    "above": "more than",
    "more than": "more than",
    "exceeds": "more than",
    "exceeding": "more than",
    "greater than": "more than",
    "at least": "at least",
    "no less than": "at least",
    "not less than": "at least",
    "at most": "at most",
    "no more than": "at most",
    "up to": "at most",
    "below": "less than",
    "under": "less than",
    "less than": "less than",
    "fewer than": "less than",
}


def written_numbers(line: str) -> tuple[WrittenNumber, ...]:
    """Return the numbers of a line from left to right; none of them shares a letter with another."""
    found: list[WrittenNumber] = []
    for read in (_sizes, _versions, _long_durations, _plain):
        for number in read(line):
            if all(number.end <= other.start or number.start >= other.end for other in found):
                found.append(number)
    return tuple(sorted(found, key=lambda number: number.start))


def _sizes(line: str) -> Iterator[WrittenNumber]:
    for match in _SIZE.finditer(line):
        sides = tuple(float(side) for side in re.findall(r"\d+", match["sides"]))
        yield WrittenNumber(match[0], match.start(), match.end(), "size", sides, (1.0,) * len(sides))


def _versions(line: str) -> Iterator[WrittenNumber]:
    for match in _VERSION.finditer(line):
        yield WrittenNumber(match[0], match.start(), match.end(), "version", ())


def _long_durations(line: str) -> Iterator[WrittenNumber]:
    """Durations of several units, such as "1 h 5 min" and "7 min 24 s"."""
    for match in _LONG.finditer(line):
        given = [
            (int(match[name]), unit) for name, unit in (("hours", 3600), ("minutes", 60), ("seconds", 1)) if match[name]
        ]
        if len(given) > 1:
            total = float(sum(amount * unit for amount, unit in given))
            about = bool(match["about"])
            yield WrittenNumber(
                match[0], match.start(), match.end(), "seconds", (total,), (float(given[-1][1]),), about
            )


def _plain(line: str) -> Iterator[WrittenNumber]:
    place = 0
    while match := _PLAIN.search(line, place):
        number = _read(match, line)
        place = max(number.end, match.start() + 1) if number else match.end()
        if number and not _NAMING.search(line[: number.start]):
            yield number


def _read(match: re.Match[str], line: str) -> WrittenNumber | None:
    end = match.end()
    is_range = match["second"] is not None and _is_range(match, line)
    if match["second"] is not None and not is_range:
        # "from 10 % to 49 %" and "8 and 9" are two numbers; the second is found on the next search.
        cut = (
            match.end("firstunit")
            if match["firstunit"]
            else max(match.end("first"), match.end("m1"), match.end("m1word"))
        )
        return _number(match, line, match["firstunit"], cut, ())
    if end < len(line) and _glued(line, end):
        return None
    return _number(match, line, match["unit"] or match["firstunit"], end, ("second",) if is_range else ())


def _is_range(match: re.Match[str], line: str) -> bool:
    if _AND.search(match["to"]):
        return bool(re.search(r"\bbetween\s*$", line[: match.start("first")], re.IGNORECASE))
    if re.search(r"\bfrom\s*(?:[~≈]\s*)?$", line[: match.start("first")], re.IGNORECASE):
        return bool(
            re.search(
                r"\b(?:rang\w*|interval|scal\w*|values?|pixels?) from\s*$", line[: match.start("first")], re.IGNORECASE
            )
        )
    return True


def _glued(line: str, end: int) -> bool:
    """Whether letters follow at once, so that it is part of a name; "10-class" and "32px" are not."""
    return bool(re.match(r"[A-Za-z_]", line[end:])) or bool(re.match(r"\.\d", line[end:]))


def _number(match: re.Match[str], line: str, unit: str | None, end: int, more: tuple[str, ...]) -> WrittenNumber:
    kind, meanings = _unit(unit)
    values, steps = [], []
    for name, size in (("first", "m1"), *((name, "m2") for name in more)):
        magnitude = match[size] or match[f"{size}word"] or (match["m2"] if more else "") or ""
        factor = _MAGNITUDES.get(magnitude if len(magnitude) == 1 else magnitude.lower(), 1.0)
        written = match[name].replace("−", "-")
        value, step = _value(written, kind)
        sign = -1.0 if name == "first" and (match["sign"] or "").strip() in ("-", "−") else 1.0
        values.append(sign * value * factor)
        steps.append(step * factor)
    bound: Bound = "at least" if match["more"] else _BOUNDS.get((match["bound"] or "").strip().lower(), "")
    text = line[match.start() : end]
    start = match.start() + len(text) - len(text.lstrip())
    magnitude = match["m1"] or match["m1word"] or ""
    return WrittenNumber(
        text.strip(),
        start,
        end,
        kind,
        tuple(values),
        tuple(steps),
        bool(match["about"]),
        bound,
        meanings,
        bool(more),
        magnitude,
    )


def _unit(unit: str | None) -> tuple[Kind, tuple[float, ...]]:
    for form, kind, meanings in _UNITS:
        if unit and re.fullmatch(form, unit.strip(), re.IGNORECASE if kind != "bytes" else 0):
            return kind, meanings
    return "plain", (1.0,)


def _value(written: str, kind: Kind) -> tuple[float, float]:
    """The number and what its last digit is worth."""
    if re.fullmatch(r"\d+,\d{1,2}", written):
        written = written.replace(",", ".")
    decimal = Decimal(written.replace(",", ""))
    exponent = decimal.as_tuple().exponent
    return float(decimal), float(Decimal(1).scaleb(exponent if isinstance(exponent, int) else 0))


def scaled(number: WrittenNumber, factor: float) -> WrittenNumber:
    """Return the number with its values and the worth of its digits multiplied."""
    return replace(
        number, values=tuple(v * factor for v in number.values), steps=tuple(s * factor for s in number.steps)
    )
