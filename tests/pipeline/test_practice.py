"""A real study's facts against numbers counted elsewhere, its own texts confirmed, and what cannot be read refused."""

import json
import shutil

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

from lowres.errors import DocumentError, StudyError
from lowres.pipeline.practice import check_document, write_questions, write_slides
from lowres.pipeline.study import run_study
from lowres.pipeline.study_facts import read_study_facts
from tiny_study import tiny_choice


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("practice") / "study"
    run_study(tiny_choice(folder, explanation__faithfulness_images="0", explanation__mistakes_per_cell="0"))
    return folder


@pytest.fixture(scope="module")
def facts(study):
    return read_study_facts(study)


def test_figures_are_those_of_the_predictions(study, facts):
    kept = np.load(study / "predictions" / "test.npz")
    named = kept["logits"].argmax(axis=1)
    assert facts.number("test accuracy") == pytest.approx(accuracy_score(kept["labels"], named))
    precision, recall, f1, support = precision_recall_fscore_support(kept["labels"], named, zero_division=0)
    for place, name in enumerate(facts.class_names):
        told = [facts.of_class(measure, name).number for measure in ("precision", "recall", "f1", "support")]
        assert told == pytest.approx([precision[place], recall[place], f1[place], support[place]])
    assert facts.confused("1", "8").number == ((kept["labels"] == 1) & (named == 8)).sum()


def test_parameters_are_those_keras_counts(study, facts):
    import keras

    model = keras.saving.load_model(study / "model.keras")
    resizing = sum(
        layer.count_params()
        for layer in model.get_layer("trunk").layers
        if layer.name in ("resize_rows", "resize_columns")
    )
    assert resizing > 0
    assert facts.number("parameters") == model.count_params() - resizing
    assert facts.number("head parameters") == model.get_layer("head").count_params()


def test_what_it_writes_is_confirmed_by_its_own_check_and_is_the_same_each_time(study, tmp_path):
    first, again = write_questions(study, tmp_path / "first"), write_questions(study, tmp_path / "again")
    assert first.questions >= 60
    assert first.text.read_bytes() == again.text.read_bytes()
    assert first.cards.read_bytes() == again.cards.read_bytes()
    for document in (first.text, study / "card.md"):
        answer = check_document(study, document)
        assert len(answer.claims) > 40
        assert [claim for claim in answer.claims if claim.verdict == "contradicted"] == []
    slides = write_slides(study, tmp_path / "slides.html")
    assert 10 <= slides.slides <= 14
    assert slides.page.read_bytes() == write_slides(study, tmp_path / "more" / "slides.html").page.read_bytes()
    assert slides.page.read_text().count('<section class="slide') == slides.slides


def test_an_unfinished_study_says_what_is_missing_and_what_to_run(study, tmp_path):
    copy = tmp_path / "study"
    shutil.copytree(study, copy)
    (copy / "evaluation.json").unlink()
    with pytest.raises(StudyError, match=rf"evaluation.json is missing; run: lowres study {copy}"):
        write_questions(copy)
    ledger = json.loads((copy / "study.json").read_text())
    del ledger["stages"]["explain"]
    ledger["stages"]["report"]["current"] = False
    (copy / "study.json").write_text(json.dumps(ledger))
    with pytest.raises(StudyError, match="explain has not run; report is outdated"):
        write_slides(copy)
    with pytest.raises(StudyError, match="expected a study folder"):
        write_questions(tmp_path / "nowhere")


def test_a_text_without_claims_is_no_pass(study, tmp_path):
    (tmp_path / "text.md").write_text("We met on 12 May and drank 3 coffees.")
    with pytest.raises(DocumentError, match=r"got none among 2 numbers; name what a number is of"):
        check_document(study, tmp_path / "text.md")


def test_a_study_moved_without_its_images_still_answers(study, tmp_path):
    moved = tmp_path / "elsewhere"
    shutil.copytree(study, moved)
    assert read_study_facts(moved).keys() == read_study_facts(study).keys()
