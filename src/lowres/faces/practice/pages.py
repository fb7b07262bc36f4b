"""The practice questions as Markdown, and as flash cards in one HTML page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lowres.faces.fact_words import fact_in_words
from lowres.faces.numbers_in_words import with_plain_spaces
from lowres.faces.practice.question import Question, Section
from lowres.faces.self_contained import render_page
from lowres.values.study_facts.fact import StudyFacts

_PERSPECTIVES = (("technical", "Technical questions"), ("context", "Context questions"))


def questions_markdown(facts: StudyFacts, sections: Sequence[Section]) -> str:
    """Return the questions with their answers, each followed by where its figures came from."""
    lines = [f"# {facts.source}: practice questions", ""]
    lines += ["Every figure is read from the study's files; behind each answer stands which and where.", ""]
    for section in sections:
        title = f"Section {section.number}: {section.title}" if section.number.isdigit() else section.title
        lines += [f"## {title}", ""]
        for perspective, words in _PERSPECTIVES:
            asked = section.asked(perspective)  # type: ignore[arg-type]
            if asked:
                lines += [f"### {words}", ""]
            for question in asked:
                lines += _question_lines(question)
    return with_plain_spaces("\n".join(lines).rstrip() + "\n")


def _question_lines(question: Question) -> Iterator[str]:
    yield f"**Q{question.code}: {question.ask}**  "
    yield f"A: {question.words}"
    yield ""
    for fact in question.facts:
        yield f"- from `{fact.origin}`: {fact.name}"
    if question.facts:
        yield ""


def questions_page(facts: StudyFacts, sections: Sequence[Section]) -> str:
    """Return the flash cards as one HTML page: cards by keyboard or touch, and a plain list without the script."""
    context = {
        "facts": facts,
        "sections": sections,
        "count": sum(len(section.questions) for section in sections),
        "words": fact_in_words,
    }
    return render_page("questions.html.j2", "questions.js.j2", context)
