"""What the page says of trust is what evaluation.json and explanation.json say, and without them it says nothing."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from faces.proofs import ALL, NONE, proof
from lowres.faces.report.page import render_report
from lowres.faces.report.study_figures import study_figures
from lowres.pipeline.stages.reliance import read_reliance
from lowres.values.judging.appraisal import AppraisalChoices, appraise
from lowres.values.judging.robustness import CorruptedAccuracy, Robustness
from lowres.values.predictions import Predictions


@pytest.fixture(scope="module")
def evaluation_json(digits_data):
    """What the evaluation stage writes of this study, its validation part as sure and as right as its test part."""
    test = digits_data.predictions
    ids = tuple(f"validation {number}" for number in range(len(test)))
    validation = Predictions(ids, test.labels, test.logits, test.class_names)
    return json.loads(json.dumps(appraise(test, validation, AppraisalChoices(review_error=0.2)).to_json()))


@pytest.fixture(scope="module")
def told(digits_data, evaluation_json):
    rows = (CorruptedAccuracy("fog", "weather", (0.7, 0.6)), CorruptedAccuracy("noise", "noise", (0.5, 0.3)))
    return replace(
        digits_data,
        reliance=read_reliance(evaluation_json),
        proof=proof({"random": ALL, "centre": NONE}),
        robustness=Robustness(90, 0, 0.78, (0.7, 0.85), 0.525, (0.5, 0.55), rows),
    )


def words_of(html):
    text = re.sub(r"<(style|script).*?</\1>|<[^>]+>", " ", html, flags=re.DOTALL).replace("\N{NO-BREAK SPACE}", " ")
    return re.sub(r"\s+", " ", text.replace("&nbsp;", " "))


def test_what_was_written_is_read_back(evaluation_json, told):
    reliance = told.reliance
    assert reliance.curve.aurc == evaluation_json["risk_coverage"]["aurc"]
    assert len(reliance.curve.points) == len(evaluation_json["risk_coverage"]["points"])
    assert reliance.review.outcome.kept == evaluation_json["review"]["outcome"]["kept"]
    assert [one.mean_size for one in reliance.sets] == [row["mean_size"] for row in evaluation_json["conformal"]]
    assert read_reliance({"accuracy": 0.9}) is None


def test_the_verdict_says_whom_to_ask_and_what_the_maps_are_worth(evaluation_json, told):
    top = words_of(render_report(told)).split("In plain words")[0]
    review = evaluation_json["review"]
    assert f"answers of less than {100 * review['chosen']['threshold']:.1f} % confidence" in top
    assert "could not be shown to be better than a blob in the centre (n = 40)" in top


def test_the_sections_hold_the_numbers_behind_it(evaluation_json, told):
    text = words_of(render_report(told))
    outcome = evaluation_json["review"]["outcome"]
    assert (
        f"keeps {outcome['kept']} answers ({100 * outcome['coverage']:.1f} %), of which {outcome['errors']} are" in text
    )
    assert f"holds it in {100 * evaluation_json['conformal'][0]['coverage']:.1f} %" in text
    assert f"{100 * evaluation_json['ece_equal_mass']:.2f} %" in text
    assert "a random map ✓ +10.0 (+5.0 to +15.0)" in text
    assert "a blob in the centre ? +0.0 (-2.0 to +2.0)" in text
    assert "noise 50 % 30 % 40 % fog 70 % 60 % 65 %" in text


def test_each_has_its_figure(told):
    assert [drawing.name for drawing in study_figures(told)][-3:] == ["risk_coverage", "robustness", "grad_cam_gallery"]


def test_without_them_nothing_is_said(digits_data):
    text = words_of(render_report(digits_data))
    for words in ("When should a person look", "Are the heat maps true", "damaged", "Let a person"):
        assert words not in text


def test_mistakes_carry_the_heat_maps_that_were_made_for_them(digits_data):
    wrong = np.flatnonzero(~digits_data.predictions.is_right)
    ids = tuple(digits_data.predictions.ids[row] for row in wrong)
    maps = np.random.default_rng(0).uniform(size=(len(wrong), 4, 4)).astype(np.float32)
    targets = digits_data.predictions.predicted[wrong]
    mistakes = replace(digits_data.explanation, ids=ids, target_classes=targets, maps=maps, mistakes=None)
    explanation = replace(digits_data.explanation, mistakes=mistakes)
    html = render_report(replace(digits_data, explanation=explanation))
    cells = re.findall(r'<section class="cell" id="cell-(\d)-(\d)".*?</section>', html, re.DOTALL)
    assert len(cells) > 10
    for row, column in cells:
        if row != column:
            cell = re.search(rf'<section class="cell" id="cell-{row}-{column}".*?</section>', html, re.DOTALL)[0]
            assert cell.count("--h:url(") == cell.count("<figure")
