"""The card parses, says what evaluation.json says, and no class name breaks out of its tables."""

import json
import re
from dataclasses import replace

import pytest
import yaml
from sklearn.metrics import f1_score, precision_score, recall_score

from lowres.faces.report.model_card import card_metadata, model_card
from lowres.values.judging.evaluation import Evaluation
from lowres.values.judging.validation_choices import ValidationChoice

# What huggingface_hub's `model_index_to_eval_results` reads of each result.
NEEDED = {"task", "dataset", "metrics"}


def parsed(card):
    """The card's two parts: what a YAML reader makes of the first, and the second."""
    found = re.fullmatch(r"---\n(.*?)\n---\n(.*)", card, re.DOTALL)
    return yaml.safe_load(found[1]), found[2]


def results_of(metadata):
    (model,) = metadata["model-index"]
    (result,) = model["results"]
    return {metric["type"]: metric["value"] for metric in result["metrics"]}, result


def test_the_metadata_is_what_yaml_reads_back(tuned_data):
    metadata, _ = parsed(model_card(tuned_data))
    assert metadata == card_metadata(tuned_data)
    assert metadata["license"] == "apache-2.0"
    assert metadata["library_name"] == "keras"
    assert metadata["pipeline_tag"] == "image-classification"
    assert {"lowres", "a-trunk"} <= set(metadata["tags"])


def test_the_results_are_those_of_evaluation_json(digits_data):
    metrics, result = results_of(parsed(model_card(digits_data))[0])
    assert set(result) == NEEDED
    assert result["dataset"] == {"type": "digits", "name": "digits", "split": "test"}
    written = json.loads(json.dumps(digits_data.evaluation.to_json()))
    for name in ("accuracy", "balanced_accuracy", "nll", "ece", "ece_after_temperature"):
        assert metrics[name] == written[name]
    assert [metrics["accuracy_lower_bound"], metrics["accuracy_upper_bound"]] == written["accuracy_interval"]
    assert metrics["brier_score"] == written["brier"]
    assert metrics["top_2_accuracy"] == written["top_k"]["2"]


def test_metrics_are_named_as_the_hub_names_them(digits_data):
    """Against scikit-learn, with the arguments that the card says the hub's own metrics take."""
    metadata = card_metadata(digits_data)
    known, labels = {"accuracy", "f1", "precision", "recall", "brier_score"}, digits_data.predictions.labels
    assert set(metadata["metrics"]) == known
    rows = {row["type"]: row for row in metadata["model-index"][0]["results"][0]["metrics"]}
    assert known < rows.keys()
    for name, measure in (("f1", f1_score), ("precision", precision_score), ("recall", recall_score)):
        wanted = measure(labels, digits_data.predictions.predicted, **rows[name]["args"])
        assert rows[name]["value"] == pytest.approx(wanted)
    assert all(set(row) <= {"type", "value", "name", "args"} for row in rows.values())


def test_what_validation_chose_is_listed(digits_data):
    choices = (ValidationChoice("head", "lda", 3, "highest validation accuracy"),)
    _, body = parsed(model_card(replace(digits_data, choices=choices)))
    assert "- head: lda; one of 3 (by highest validation accuracy)" in body
    assert "validation pictures chose" not in parsed(model_card(digits_data))[1].replace("chose the one", "")


def test_a_tiny_number_stays_a_number(digits_data):
    evaluation = Evaluation.from_json(digits_data.evaluation.to_json() | {"ece": 1e-7})
    metrics, _ = results_of(parsed(model_card(replace(digits_data, evaluation=evaluation)))[0])
    assert metrics["ece"] == pytest.approx(1e-7)


def test_the_words_give_the_same_numbers(digits_data):
    _, body = parsed(model_card(digits_data))
    evaluation = digits_data.evaluation
    assert f"| Accuracy | {100 * evaluation.accuracy:.2f} % |" in body
    for score in evaluation.per_class:
        row = f"| {score.name} | {score.support} | {100 * score.precision:.1f} % | {100 * score.recall:.1f} % |"
        assert row in body
    assert "These 10 classes only" in body
    assert digits_data.command in body
    assert "\N{NO-BREAK SPACE}" not in body


def test_a_licence_the_hub_has_no_name_for_is_told_as_it_is(digits_data):
    making = replace(digits_data.making, weights_licence="Our Own Licence 2")
    metadata = card_metadata(replace(digits_data, making=making))
    assert (metadata["license"], metadata["license_name"]) == ("other", "our-own-licence-2")


def test_where_a_licence_was_given_is_no_part_of_its_name(digits_data):
    making = replace(digits_data.making, weights_licence="Apache-2.0 (TensorFlow TPU repository)")
    metadata = card_metadata(replace(digits_data, making=making))
    assert metadata["license"] == "apache-2.0"
    assert "license_name" not in metadata


def test_cifar10_is_named_as_on_the_hub(digits_data):
    metadata = card_metadata(replace(digits_data, name="cifar10"))
    assert metadata["datasets"] == ["uoft-cs/cifar10"]
    assert results_of(metadata)[1]["dataset"]["type"] == "uoft-cs/cifar10"


def test_no_name_breaks_out(made_data):
    evil = ("a | b", "---\nlicense: mit", "**[x](y)**", "<b>")
    data = replace(made_data(evil), name='"\n---\n: {')
    metadata, body = parsed(model_card(data))
    assert metadata["license"] == "apache-2.0"
    assert results_of(metadata)[1]["dataset"]["name"] == '"\n---\n: {'
    rows = [line for line in body.splitlines() if re.match(r"\| (a|---|\\\*|\\<)", line)]
    assert len([row for row in rows if len(re.split(r"(?<!\\)\|", row)) == 7]) >= 4
