"""All practice questions of a study: the ten sections of the presentation, and the general ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lowres.faces.practice import data_questions, network_questions, result_questions
from lowres.faces.practice.question import Draft, Section, answered
from lowres.values.study_facts.fact import StudyFacts

_SECTIONS: tuple[tuple[str, str, Callable[[StudyFacts], Iterator[Draft]]], ...] = (
    ("1", "Environment", data_questions.environment),
    ("2", "Data and exploration", data_questions.data),
    ("3", "Preprocessing", data_questions.preprocessing),
    ("4", "Augmentation", data_questions.augmentation),
    ("5", "Model architecture", network_questions.architecture),
    ("6", "Training phase 1 (frozen)", network_questions.frozen),
    ("7", "Training phase 2 (fine-tuning)", network_questions.fine_tuning),
    ("8", "Evaluation", result_questions.evaluation),
    ("9", "Heat maps", result_questions.heat_maps),
    ("10", "Conclusions", result_questions.conclusions),
    ("G", "General", result_questions.general),
)


def practice_sections(facts: StudyFacts) -> tuple[Section, ...]:
    """Return every section with its questions, those that make no sense for this study left out or answered so."""
    return tuple(
        Section(
            number,
            title,
            tuple(answered(draft, f"{number}.{place}", facts) for place, draft in enumerate(drafts(facts), 1)),
        )
        for number, title, drafts in _SECTIONS
    )
