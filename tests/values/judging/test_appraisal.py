"""What is judged together: nothing is chosen by the judged images, and what has no ground is absent, not zero."""

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from lowres.errors import PredictionsError
from lowres.values.judging.answers import answers_of
from lowres.values.judging.appraisal import AppraisalChoices, appraise, refuse_shared_rows
from lowres.values.judging.calibration import fit_temperature
from lowres.values.judging.evaluation import Evaluation
from lowres.values.judging.selective import choose_review_threshold

CHOICES = AppraisalChoices(target_accuracy=0.9, review_error=0.35, set_coverage=0.9)
OF_PROBABILITIES = {"top_k", "nll", "brier", "ece", "ece_equal_mass", "reliability", "risk_coverage"}
OF_VALIDATION = {"temperature", "nll_after_temperature", "ece_after_temperature", "ece_equal_mass_after_temperature"}
OF_CHOICE = {"review", "conformal"}


@pytest.fixture
def validation(predictions_of):
    """Predictions of 800 other images in the same 7 classes."""
    random = np.random.default_rng(8)
    labels = random.integers(0, 7, 800)
    logits = random.normal(size=(800, 7)) * 2
    logits[np.arange(800), labels] += 2.5
    found = predictions_of(logits, labels)
    return replace(found, ids=tuple(f"validation {row}" for row in range(800)))


def test_everything_is_there_with_validation(random_predictions, validation):
    data = json.loads(json.dumps(appraise(random_predictions, validation, CHOICES).to_json(), allow_nan=False))
    assert data.keys() >= OF_PROBABILITIES | OF_VALIDATION | OF_CHOICE
    assert data["absent"] == {}
    assert data["temperature"] == fit_temperature(validation).temperature
    assert [row["method"] for row in data["conformal"]] == ["LAC", "APS"]
    assert Evaluation.from_json(data).to_json().items() <= data.items()


def test_what_validation_chose_is_told_with_what_came_of_it(random_predictions, validation):
    data = appraise(random_predictions, validation, CHOICES).to_json()
    told = {row["what"]: row["chosen"] for row in data["validation_choices"]}
    assert told == {
        "temperature": f"{data['temperature']:.4f}, from 0.01 to 100",
        "confidence from which no person need look": f"{data['review']['chosen']['threshold']:.6f}",
        "size of the LAC sets of classes": f"quantile {data['conformal'][0]['quantile']:.6f}",
        "size of the APS sets of classes": f"quantile {data['conformal'][1]['quantile']:.6f}",
    }
    assert appraise(random_predictions, None, CHOICES).to_json()["validation_choices"] == []


def test_a_threshold_that_validation_cannot_vouch_for_is_told_as_none(random_predictions, validation):
    few = replace(validation, ids=validation.ids[:3], labels=validation.labels[:3], logits=validation.logits[:3])
    told = appraise(random_predictions, few, AppraisalChoices(review_error=0.01, set_coverage=0.99)).choices
    assert [choice.chosen for choice in told[1:]] == ["none is high enough", "every class", "every class"]


def test_both_binnings_are_named_and_scikit_learns(random_predictions, validation):
    data = appraise(random_predictions, validation, CHOICES).to_json()
    told = [(table["binning"], table["temperature"]) for table in data["reliability"]]
    width, mass = (
        "15 equal-width bins of the highest probability",
        "15 bins of equally many images by the highest probability",
    )
    warm = data["temperature"]
    assert told == [(width, 1.0), (mass, 1.0), (width, warm), (mass, warm)]
    errors = ("ece", "ece_equal_mass", "ece_after_temperature", "ece_equal_mass_after_temperature")
    for key, table, strategy in zip(errors, data["reliability"], ("uniform", "quantile") * 2, strict=True):
        assert data[key] == table["ece"]
        confidence = random_predictions.probabilities(table["temperature"]).max(axis=1)
        accuracy, _ = calibration_curve(random_predictions.is_right, confidence, n_bins=15, strategy=strategy)
        np.testing.assert_allclose([row["accuracy"] for row in table["bins"]], accuracy)


def test_the_threshold_is_chosen_on_validation_alone(random_predictions, validation):
    chosen = appraise(random_predictions, validation, CHOICES).review.chosen
    probabilities = validation.probabilities(fit_temperature(validation).temperature)
    assert chosen == choose_review_threshold(probabilities.max(axis=1), validation.is_right, 0.35)
    assert chosen.threshold is not None
    labels = np.random.default_rng(0).permutation(random_predictions.labels)
    other = appraise(replace(random_predictions, labels=labels), validation, CHOICES)
    assert other.review.chosen == chosen
    assert [sets.quantile for sets in other.conformal] == [
        sets.quantile for sets in appraise(random_predictions, validation, CHOICES).conformal
    ]


def test_without_validation_nothing_is_chosen_and_the_reason_is_told(random_predictions):
    data = appraise(random_predictions, None, CHOICES).to_json()
    assert data.keys() >= OF_PROBABILITIES
    assert not data.keys() & (OF_VALIDATION | OF_CHOICE)
    assert data["absent"].keys() == OF_VALIDATION | OF_CHOICE
    assert all("no validation predictions were given" in reason for reason in data["absent"].values())


def test_hard_labels_have_counts_and_no_calibration(random_predictions, validation):
    data = appraise(answers_of(random_predictions), validation, CHOICES).to_json()
    whole = appraise(random_predictions, validation, CHOICES).to_json()
    assert not data.keys() & (OF_PROBABILITIES | OF_VALIDATION | OF_CHOICE)
    assert data["absent"].keys() == OF_PROBABILITIES | OF_VALIDATION | OF_CHOICE
    for key in ("accuracy", "accuracy_interval", "per_class", "confusion", "confusion_pairs", "gap_to_target"):
        assert data[key] == whole[key]


def test_images_of_both_parts_are_counted_and_refused(random_predictions, validation):
    shared = replace(validation, ids=(*random_predictions.ids[:12], *validation.ids[12:]))
    with pytest.raises(
        PredictionsError, match=r"apart from the judged ones, got 12 of 600 judged images in both \(image"
    ):
        appraise(random_predictions, shared, CHOICES)


def test_rows_of_both_parts_are_refused_where_ids_do_not_tell(random_predictions, validation):
    order = np.random.default_rng(1).permutation(600)
    renamed = replace(
        random_predictions,
        ids=tuple(f"v{row}" for row in order),
        labels=random_predictions.labels[order],
        logits=random_predictions.logits[order],
    )
    with pytest.raises(PredictionsError, match="got the labels and outputs of all 600 judged rows in both"):
        refuse_shared_rows(renamed, random_predictions)
    refuse_shared_rows(validation, random_predictions)


def test_few_different_outputs_may_well_be_shared(predictions_of):
    coarse = predictions_of([[0.1, 0.9], [0.2, 0.8]] * 50, [0, 1] * 50)
    refuse_shared_rows(coarse, replace(coarse, ids=tuple(f"t{row}" for row in range(100))))


def test_examples_are_the_surest_of_the_commonest_confusions(random_predictions):
    data = appraise(random_predictions, None, CHOICES).to_json()
    assert [(row["true"], row["predicted"]) for row in data["confusion_examples"]] == [
        (row["true"], row["predicted"]) for row in data["confusion_pairs"][:20]
    ]
    confidence = dict(zip(random_predictions.ids, random_predictions.probabilities().max(axis=1), strict=True))
    answers = answers_of(random_predictions)
    for row, pair in zip(data["confusion_examples"], data["confusion_pairs"], strict=False):
        assert len(row["ids"]) == min(5, pair["count"])
        assert [confidence[name] for name in row["ids"]] == sorted((confidence[n] for n in row["ids"]), reverse=True)
        rows = [answers.ids.index(name) for name in row["ids"]]
        assert {answers.class_names[answers.labels[index]] for index in rows} == {row["true"]}
        assert {answers.class_names[answers.predicted[index]] for index in rows} == {row["predicted"]}
