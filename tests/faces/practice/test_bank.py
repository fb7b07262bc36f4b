"""The practice says what the study shows, asks nothing that makes no sense for it, and survives its own check."""

import re

import pytest

from described_study import described_facts, described_records, stages_of_networks
from lowres.faces.practice.bank import practice_sections
from lowres.faces.practice.pages import questions_markdown, questions_page
from lowres.values.claims.claim import claims_of


def asked(facts):
    return {question.ask: question.words for section in practice_sections(facts) for question in section.questions}


def test_ten_sections_and_the_general_one():
    sections = practice_sections(described_facts())
    assert [section.number for section in sections] == [*map(str, range(1, 11)), "G"]
    assert sum(len(section.questions) for section in sections) >= 60
    for section in sections:
        assert section.asked("technical")
        assert section.asked("context")


def test_the_documents_wrong_explanation_is_answered_by_the_study():
    told = asked(described_facts())["Why did the frozen phase stay near chance?"]
    assert "scaled twice" in told
    assert "10.50" in told


def test_a_study_without_fine_tuning_is_asked_about_none():
    records = described_records()
    stages = dict(records.stages)
    stages["train"] = type(stages["train"])({}, 0.0, stages["train"].versions)
    frozen = tuple(row for row in records.history if row.phase == "frozen")
    questions = asked(described_facts(stages=stages, history=frozen))
    assert "Was anything of the network itself trained?" in questions
    assert not any("became trainable" in ask for ask in questions)


def test_of_several_networks_the_accuracy_is_that_of_all_and_of_no_epoch():
    facts = described_facts(stages=stages_of_networks(0.49, 0.48, 0.47))
    questions = asked(facts)
    assert questions["What was the best validation accuracy of fine-tuning?"].startswith(
        "52.00\N{NO-BREAK SPACE}%, of 3 networks together"
    )
    assert questions["How long did fine-tuning take?"].endswith("for 30 epochs of each of 3 networks.")
    claims = claims_of(questions_markdown(facts, practice_sections(facts)), facts)
    assert [claim for claim in claims if claim.verdict != "confirmed"] == []


def test_its_own_text_is_confirmed_and_a_changed_figure_is_not():
    facts = described_facts()
    text = questions_markdown(facts, practice_sections(facts))
    claims = claims_of(text, facts)
    assert len(claims) > 60
    assert [claim for claim in claims if claim.verdict != "confirmed"] == []
    changed = claims_of(text.replace("Test: 48.90 %", "Test: 84.90 %"), facts)
    assert [(claim.written, claim.verdict) for claim in changed if claim.verdict != "confirmed"] == [
        ("84.90 %", "contradicted")
    ]


def test_every_figure_stands_with_its_origin_and_the_page_fetches_nothing():
    facts = described_facts()
    sections = practice_sections(facts)
    page, text = questions_page(facts, sections), questions_markdown(facts, sections)
    for section in sections:
        for question in section.questions:
            for fact in question.facts:
                assert f"`{fact.origin}`" in text
    assert "evaluation.json: accuracy</code>" in page
    assert not re.search(r"(?:src|href)=\"(?!data:)", page)
    assert (page, text) == (questions_page(facts, practice_sections(facts)), questions_markdown(facts, sections))


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "{test accuracy}", "a & b"])
def test_class_names_are_shown_and_never_run(name):
    records = described_records()
    evaluation = dict(records.evaluation)
    evaluation["per_class"] = [{**row, "f1": 0.01} if row["name"] == "cat" else row for row in evaluation["per_class"]]
    evaluation["per_class"] = [
        {**row, "name": name} if row["name"] == "cat" else row for row in evaluation["per_class"]
    ]
    stages = dict(records.stages)
    images = {**stages["images"].facts, "class_names": [name if one == "cat" else one for one in records.class_names]}
    stages["images"] = type(stages["images"])(images, 0.0, {})
    facts = described_facts(evaluation=evaluation, stages=stages)
    page = questions_page(facts, practice_sections(facts))
    assert "<script>alert" not in page
    assert name in asked(facts)["Which classes are best and worst?"]
