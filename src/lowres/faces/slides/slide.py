"""A slide: a title that says what is to be seen, figures, a few lines, a picture or bars, and the speaker's notes."""

from __future__ import annotations

from dataclasses import dataclass

from lowres.faces.practice.question import Draft, Question, answered
from lowres.faces.report.page_charts import Chart
from lowres.values.study_facts.fact import Fact, StudyFacts

Words = tuple[str | Fact, ...]


@dataclass(frozen=True)
class Bar:
    """A row of a bar chart: its name, the fact, and how long it is drawn, a fraction."""

    name: str
    fact: Fact
    share: float


@dataclass(frozen=True)
class Slide:
    """One slide.

    kicker: which section it belongs to. figures: a large number each, with what it is of. lines: sentences. picture:
    the study's figure by name, with what it shows; shown where the study has it. notes: short answers for the speaker.
    """

    kicker: str
    title: Words
    figures: tuple[tuple[str, Fact], ...] = ()
    lines: tuple[Words, ...] = ()
    picture: str = ""
    bars: tuple[Bar, ...] = ()
    charts: tuple[Chart, ...] = ()
    notes: tuple[Question, ...] = ()

    @property
    def is_wide(self) -> bool:
        """Whether there is something to be seen beside the words."""
        return bool(self.picture or self.bars or self.charts)


def said(words: str, facts: StudyFacts, **more: Fact) -> Words:
    """Return words with facts in them; {name} names one."""
    return answered(Draft("technical", "", words, more), "", facts).parts


def figures_of(facts: StudyFacts, *rows: tuple[str, str]) -> tuple[tuple[str, Fact], ...]:
    """Return (label, fact) of every row (label, name of the fact) that the study has."""
    return tuple((label, facts[name]) for label, name in rows if name in facts)


def bars_of(rows: list[tuple[str, Fact]], whole: float) -> tuple[Bar, ...]:
    """Return bars whose length is their share of `whole`."""
    return tuple(Bar(name, fact, min(1.0, fact.number / whole) if whole else 0.0) for name, fact in rows)
