"""Temperature against a grid and a known answer; calibration error against scikit-learn's curve."""

import subprocess
import sys

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import log_loss

from lowres.errors import PredictionsError
from lowres.values.judging.calibration import (
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
    reliability_bins,
)

STRATEGY = {"equal_width": "uniform", "equal_mass": "quantile"}


@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
def test_nll_is_scikit_learns_log_loss(random_predictions, temperature):
    expected = log_loss(random_predictions.labels, random_predictions.probabilities(temperature))
    assert negative_log_likelihood(random_predictions, temperature) == pytest.approx(expected, rel=1e-9)


def test_nll_of_a_sure_mistake_is_the_distance_of_the_logits(predictions_of):
    assert negative_log_likelihood(predictions_of([[0.0, 5000.0]], [0])) == 5000.0


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_refuses_a_temperature_that_is_not_positive(random_predictions, temperature):
    with pytest.raises(PredictionsError, match="expected a temperature above 0, got .*; 1 leaves"):
        negative_log_likelihood(random_predictions, temperature)


def test_temperature_of_labels_drawn_from_the_logits_is_the_factor_they_were_multiplied_by(predictions_of):
    random = np.random.default_rng(3)
    logits = random.normal(size=(20_000, 4)) * 2
    labels = (logits + random.gumbel(size=logits.shape)).argmax(axis=1)
    calibration = fit_temperature(predictions_of(logits * 2.5, labels))
    assert calibration.temperature == pytest.approx(2.5, rel=0.03)
    assert calibration.n == 20_000


def test_temperature_is_the_lowest_point_of_a_grid(random_predictions):
    calibration = fit_temperature(random_predictions)
    grid = np.exp(np.linspace(np.log(0.1), np.log(10), 461))
    probabilities = [random_predictions.probabilities(temperature) for temperature in grid]
    losses = [log_loss(random_predictions.labels, row) for row in probabilities]
    assert calibration.temperature == pytest.approx(grid[int(np.argmin(losses))], rel=0.01)
    assert calibration.nll_after == pytest.approx(min(losses), rel=1e-4)
    assert calibration.nll_before == pytest.approx(
        log_loss(random_predictions.labels, random_predictions.probabilities())
    )
    assert calibration.nll_after < calibration.nll_before


def test_temperature_of_two_kinds_of_rows_by_hand(predictions_of):
    # 3 of 4 right at a logit distance of 2: sigmoid(2 / T) = 3 / 4, so T = 2 / ln 3.
    calibration = fit_temperature(predictions_of([[2, 0]] * 4, [0, 0, 0, 1]))
    assert calibration.temperature == pytest.approx(2 / np.log(3), rel=1e-5)


def test_temperature_stays_one_where_everything_is_right(predictions_of):
    calibration = fit_temperature(predictions_of([[1, 0], [0, 3]], [0, 1]))
    assert calibration.temperature == 1.0
    assert calibration.nll_before == calibration.nll_after


@pytest.mark.parametrize("bins", [10, 15])
@pytest.mark.parametrize("binning", ["equal_width", "equal_mass"])
def test_bins_are_scikit_learns(random_predictions, bins, binning):
    probabilities = random_predictions.probabilities()
    confidence, right = probabilities.max(axis=1), random_predictions.is_right
    accuracy, mean = calibration_curve(right, confidence, n_bins=bins, strategy=STRATEGY[binning])
    table = reliability_bins(probabilities, random_predictions.labels, bins, binning)
    np.testing.assert_allclose([row.accuracy for row in table], accuracy)
    np.testing.assert_allclose([row.confidence for row in table], mean)
    assert sum(row.n for row in table) == 600
    assert all(row.low <= row.confidence <= row.high for row in table)
    assert all(row.accuracy_interval[0] <= row.accuracy <= row.accuracy_interval[1] for row in table)


def test_equal_mass_bins_hold_equally_many(random_predictions):
    table = reliability_bins(random_predictions.probabilities(), random_predictions.labels, 15, "equal_mass")
    assert [row.n for row in table] == [40] * 15


def test_ece_by_hand():
    # Three images at .9 of which two are right, one at exactly .8, an edge, which is right:
    # 3/4 * |2/3 - .9| + 1/4 * |1 - .8|
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.8, 0.2]])
    labels = np.array([0, 0, 0, 0])
    expected = 0.75 * (0.9 - 2 / 3) + 0.25 * 0.2
    assert expected_calibration_error(probabilities, labels, bins=5) == pytest.approx(expected)
    assert [row.high for row in reliability_bins(probabilities, labels, bins=5)] == pytest.approx([0.8, 1.0])


def test_ece_of_one_bin_is_the_gap_of_the_means(random_predictions):
    probabilities = random_predictions.probabilities()
    gap = abs(probabilities.max(axis=1).mean() - random_predictions.is_right.mean())
    assert expected_calibration_error(probabilities, random_predictions.labels, bins=1) == pytest.approx(gap)


def test_confidences_all_alike_share_a_bin():
    probabilities = np.full((6, 2), 0.5)
    for binning in ("equal_width", "equal_mass"):
        table = reliability_bins(probabilities, np.array([0, 0, 0, 1, 1, 1]), 15, binning)
        assert [(row.n, row.confidence, row.accuracy) for row in table] == [(6, 0.5, 0.5)]


def test_reading_a_finished_study_needs_no_scipy():
    heavy = "('scipy', 'sklearn', 'pydantic')"
    code = f"import lowres.values.judging.evaluation, sys; print([m for m in {heavy} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
