"""What helps to present a study and defend it: practice questions, slides, and a text held against its facts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lowres.errors import DocumentError
from lowres.pipeline.stages.report import FIGURES_FOLDER
from lowres.pipeline.study_facts import read_records
from lowres.values.study_facts.gathering import study_facts

if TYPE_CHECKING:
    from lowres.values.claims.claim import Claim

QUESTIONS_FILE, CARDS_FILE, SLIDES_FILE = "questions.md", "questions.html", "slides.html"


@dataclass(frozen=True)
class PracticeAnswer:
    """How many practice questions were written, as text and as flash cards."""

    questions: int
    text: Path
    cards: Path


@dataclass(frozen=True)
class CheckAnswer:
    """The claims of a text about a study, in their order; numbers: how many numbers the text holds, claims or not."""

    folder: Path
    document: Path
    claims: tuple[Claim, ...]
    numbers: int

    def count(self, verdict: str) -> int:
        """How many claims came to a verdict."""
        return sum(claim.verdict == verdict for claim in self.claims)


@dataclass(frozen=True)
class SlidesAnswer:
    """Where the slides lie, and how many there are."""

    slides: int
    page: Path


def write_questions(folder: Path, out: Path | None = None) -> PracticeAnswer:
    """Write the practice questions of the finished study in `folder` into `out`, or into the study itself.

    Refused with StudyError: no study there, or one that is not finished.
    """
    from lowres.faces.practice.bank import practice_sections
    from lowres.faces.practice.pages import questions_markdown, questions_page
    from lowres.files.atomic import atomic_write_text

    facts = study_facts(read_records(folder))
    sections = practice_sections(facts)
    place = out or folder
    atomic_write_text(place / QUESTIONS_FILE, questions_markdown(facts, sections))
    atomic_write_text(place / CARDS_FILE, questions_page(facts, sections))
    count = sum(len(section.questions) for section in sections)
    return PracticeAnswer(count, place / QUESTIONS_FILE, place / CARDS_FILE)


def check_document(folder: Path, document: Path) -> CheckAnswer:
    """Return the numeric claims a person's text makes about a finished study, each held against the study's facts.

    Refused with DocumentError: a file that is no text, or one that makes no such claim; with StudyError: no finished
    study.
    """
    from lowres.files.text_file import read_text
    from lowres.values.claims.claim import claims_of
    from lowres.values.claims.passage import sentences
    from lowres.values.claims.written_number import written_numbers

    text = read_text(document)
    facts = study_facts(read_records(folder))
    claims = claims_of(text, facts)
    numbers = sum(len(written_numbers(sentence.text)) for sentence in sentences(text))
    if not claims:
        raise DocumentError(
            f"expected numbers about the study {folder} in {document}, got none among {numbers} numbers; name what a "
            "number is of, as in 'test accuracy: 89.5 %'"
        )
    return CheckAnswer(folder, document, claims, numbers)


def write_slides(folder: Path, out: Path | None = None) -> SlidesAnswer:
    """Write the slides of the finished study in `folder` to the file `out`, or into the study itself.

    Refused with StudyError: no study there, or one that is not finished.
    """
    from lowres.faces.practice.bank import practice_sections
    from lowres.faces.report.study_charts import training_charts
    from lowres.faces.slides.deck import deck
    from lowres.faces.slides.page import slides_page
    from lowres.faces.training_course import training_course
    from lowres.files.atomic import atomic_write_text

    records = read_records(folder)
    facts = study_facts(records)
    charts = training_charts(training_course(records.history), len(records.class_names))
    slides = deck(facts, practice_sections(facts), charts)
    wanted = {slide.picture for slide in slides if slide.picture}
    found = {name: folder / FIGURES_FOLDER / f"{name}.png" for name in sorted(wanted)}
    pictures = {name: path.read_bytes() for name, path in found.items() if path.is_file()}
    place = out or folder / SLIDES_FILE
    atomic_write_text(place, slides_page(facts, slides, pictures))
    return SlidesAnswer(len(slides), place)
