"""Measures that torchmetrics has too agree with what it said once (benchmarks/torchmetrics_values.py)."""

import importlib.util
import json
from pathlib import Path

import pytest

from lowres.values.judging.calibration import expected_calibration_error, negative_log_likelihood
from lowres.values.judging.evaluation import evaluate
from lowres.values.predictions import Predictions

_SCRIPT = Path(__file__).resolve().parents[3] / "benchmarks/torchmetrics_values.py"
_spec = importlib.util.spec_from_file_location("torchmetrics_values", _SCRIPT)
oracle = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(oracle)
VALUES = json.loads(oracle.RESULTS.read_text(encoding="utf-8"))["cases"]


@pytest.fixture(params=oracle.CASES)
def case(request):
    """Predictions of one case, and what torchmetrics said of them."""
    logits, labels = oracle.drawn(request.param)
    names = tuple(f"class {number}" for number in range(logits.shape[1]))
    ids = tuple(str(number) for number in range(len(labels)))
    return Predictions(ids, labels, logits, names), VALUES[request.param]


@pytest.mark.parametrize("bins", oracle.BINS)
def test_calibration_error(case, bins):
    predictions, said = case
    ours = expected_calibration_error(predictions.probabilities(), predictions.labels, bins)
    assert ours == pytest.approx(said["ece"][str(bins)], abs=1e-6)


def test_likelihood_and_accuracies(case):
    predictions, said = case
    evaluation = evaluate(predictions)
    assert negative_log_likelihood(predictions) == pytest.approx(said["nll"], rel=1e-9)
    assert evaluation.accuracy == pytest.approx(said["accuracy"], abs=1e-6)
    assert evaluation.balanced_accuracy == pytest.approx(said["balanced_accuracy"], abs=1e-6)
    if len(predictions.class_names) > 2:
        assert evaluation.top_k[2] == pytest.approx(said["top_2"], abs=1e-6)


@pytest.mark.parametrize("measure", ["precision", "recall", "f1"])
def test_every_class(case, measure):
    predictions, said = case
    ours = [getattr(score, measure) for score in evaluate(predictions).per_class]
    assert ours == pytest.approx(said[measure], abs=1e-6)
