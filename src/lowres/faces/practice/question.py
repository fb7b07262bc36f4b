"""A practice question with its answer: words with facts in them, so that each figure keeps where it came from."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from lowres.faces.fact_words import fact_in_words
from lowres.values.study_facts.fact import Fact, StudyFacts

Perspective = Literal["technical", "context"]
_PLACE = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class Draft:
    """A question before the facts are put in: {name} in the answer names one, of the study or of `more`."""

    perspective: Perspective
    ask: str
    answer: str
    more: dict[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """A question with its answer, as words and facts in their order; code: its place, such as "6.3"."""

    code: str
    perspective: Perspective
    ask: str
    parts: tuple[str | Fact, ...]

    @property
    def words(self) -> str:
        """The answer as plain text."""
        return "".join(part if isinstance(part, str) else fact_in_words(part) for part in self.parts)

    @property
    def facts(self) -> tuple[Fact, ...]:
        """Every fact in the answer, once."""
        return tuple({part.name: part for part in self.parts if not isinstance(part, str)}.values())


@dataclass(frozen=True)
class Section:
    """A section of the practice: its number ("G" for the general one), its title, its questions."""

    number: str
    title: str
    questions: tuple[Question, ...]

    def asked(self, perspective: Perspective) -> tuple[Question, ...]:
        """The questions of one perspective."""
        return tuple(question for question in self.questions if question.perspective == perspective)


def technical(ask: str, answer: str, **more: Fact) -> Draft:
    """Return a question about how it is done."""
    return Draft("technical", ask, answer, more)


def context(ask: str, answer: str, **more: Fact) -> Draft:
    """Return a question about why, for whom, and what it means."""
    return Draft("context", ask, answer, more)


def answered(draft: Draft, code: str, facts: StudyFacts) -> Question:
    """Return the question with its facts; refused with KeyError where the answer names one that the study lacks."""
    parts: list[str | Fact] = []
    place = 0
    for match in _PLACE.finditer(draft.answer):
        parts.append(draft.answer[place : match.start()])
        parts.append(draft.more[match[1]] if match[1] in draft.more else facts[match[1]])
        place = match.end()
    parts.append(draft.answer[place:])
    return Question(code, draft.perspective, draft.ask, tuple(part for part in parts if part != ""))


def if_known(facts: StudyFacts, name: str, words: str) -> str:
    """Return words that name a fact, or none where the study does not have it; they begin with a space."""
    return f" {words}" if name in facts else ""


def as_words(name: str, words: str, origin: str) -> Fact:
    """Return words as a fact, such as the name of a class, so that braces in them are never read as places."""
    return Fact(name, words, "words", origin)
