"""A quantity people write about: its wordings, what its numbers look like, and which facts of a study answer it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from lowres.values.claims.written_number import Kind

Phase = Literal["", "frozen", "tuned"]
# Between them one letter of the private range says which number of the sentence it is: digits could be a class's name.
FIRST = 0xE000
# A number that stands in a wording is written {n}, any other {any}; both are marks by then.
OPEN, CLOSE = "\N{MATHEMATICAL LEFT WHITE SQUARE BRACKET}", "\N{MATHEMATICAL RIGHT WHITE SQUARE BRACKET}"
_IS = (
    r"(?:[\s:=(,*~\u200b-]|\b(?:of|is|was|were|are|at|has|had|with|reached|reaches|achieved|achieves|about|only|just|a|an|"
    r"the|came|comes|to|as|be|been|stands|by|value|in total|it)\b)*"
)
_IMAGES = r"[\s-](?:\w+ )?(?:images?|pictures?|samples?|examples?|photos?|rows)\b"


@dataclass(frozen=True)
class Quantity:
    """One row of the table.

    name: as people are told it. facts: names of the facts that may answer it, with {class}, {true}, {predicted} where
    the wording names classes; a claim stands if one of them agrees, since a wording may mean either. kinds: how its
    numbers may be written. forms: regular expressions with {n}, {any}, {is}, {images}, {start}, {same} (as far as the
    next class) and class names.
    when, never: what the question and headings must, or must not, hold. unless: what must not stand near the number.
    phase: of the training, where only claims about one are meant. is_setting: chosen beforehand, so that "did not reach
    65 %" still claims it. is_range: whether only numbers with two ends are meant. lacking: why a study may not know.
    """

    name: str
    facts: tuple[str, ...]
    kinds: tuple[Kind, ...]
    forms: tuple[str, ...]
    when: str = ""
    never: str = ""
    unless: str = ""
    phase: Phase = ""
    is_setting: bool = False
    is_range: bool = False
    lacking: str = "the study's files do not hold it"

    @cached_property
    def named(self) -> frozenset[str]:
        """Which classes its wordings name."""
        return frozenset(name for name in ("class", "true", "predicted") if any(f"{{{name}}}" in f for f in self.forms))

    def compiled(self, class_names: Sequence[str]) -> tuple[re.Pattern[str], ...]:
        """Return its wordings ready for a study of these classes."""
        if self.named and not class_names:
            return ()
        return tuple(re.compile(_filled(form, class_names), re.IGNORECASE) for form in self.forms)

    def fits(self, context: str, phase: Phase) -> bool:
        """Whether a sentence in this context may be about it."""
        if self.phase and self.phase != phase:
            return False
        if self.when and not re.search(self.when, context, re.IGNORECASE):
            return False
        return not (self.never and re.search(self.never, context, re.IGNORECASE))


def _filled(form: str, class_names: Sequence[str]) -> str:
    longest_first = sorted(class_names, key=len, reverse=True)
    one = "|".join(re.escape(name) for name in longest_first)
    filled = form.replace("{is}", _IS).replace("{images}", _IMAGES).replace("{start}", r"^[\s\W]*?")
    # As far as the next class: what follows that is said of it.
    filled = filled.replace("{same}", rf"(?:(?!(?<!\w)(?:{one})(?:e?s)?(?!\w))[^.;|]){{0,45}}?" if one else "")
    filled = filled.replace("{any}", rf"{OPEN}.{CLOSE}").replace("{n}", rf"{OPEN}(?P<n>.){CLOSE}", 1)
    for name in ("class", "true", "predicted"):
        filled = filled.replace(f"{{{name}}}", rf"(?<!\w)(?P<{name}>{one})(?:e?s)?(?!\w)" if one else "(?!)")
    return filled
