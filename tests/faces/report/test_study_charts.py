"""The charts of the page hold the study's numbers at the places their axes say."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from lowres.faces.report.page_charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Chart, Line, padded, round_ticks
from lowres.faces.report.study_charts import confidence_chart, reliability_chart, training_charts
from lowres.faces.training_course import training_course
from lowres.values.training.history import EpochRow


def test_a_point_lies_where_the_axes_say():
    chart = Chart("t", "w", "x", "y", (0, 10), (1, 3), (), (), (Line(((0, 1), (5, 2), (10, 3)), "blue"),))
    left, right, top, bottom = LEFT, WIDTH - RIGHT, TOP, HEIGHT - BOTTOM
    middle = ((left + right) / 2, (top + bottom) / 2)
    assert chart.path(chart.lines[0]) == f"M{left} {bottom}L{middle[0]:g} {middle[1]:g}L{right} {top}"
    assert chart.y(99) == top


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(0, 1, (0, 0.25, 0.5, 0.75, 1)), (0.83, 0.97, (0.85, 0.9, 0.95)), (0, 2.3, (0, 0.5, 1, 1.5, 2)), (3, 3, (3,))],
)
def test_ticks_are_round_and_few(low, high, ticks):
    found = round_ticks(low, high)
    assert len(found) <= 5
    assert all(low <= tick <= high for tick in found)
    if ticks != (0, 0.25, 0.5, 0.75, 1):
        assert found == pytest.approx(ticks)


def test_a_narrow_course_is_not_blown_up():
    low, high = padded([0.9, 0.901], 0.05)
    assert high - low >= 0.05
    assert padded([0.99, 1.0], 0.05, 0.0, 1.0)[1] == 1.0


def test_both_phases_are_drawn_with_their_boundary_and_what_was_kept(tuned_in_both_phases):
    accuracy, loss = training_charts(training_course(tuned_in_both_phases), 10)
    validation = [line.points for line in accuracy.lines if line.look == "blue"]
    assert [y for _, y in validation[0]] == [0.6, 0.7, 0.75, 0.8, 0.79]
    assert [y for _, y in validation[1]] == [0.82, 0.86, 0.85]
    assert [x for line in validation for x, _ in line] == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5]
    boundary, *rings = accuracy.marks
    assert (boundary.x, boundary.y) == (5, None)
    assert [(ring.x, ring.y, ring.words) for ring in rings] == [
        (3.5, 0.8, "kept: epoch 4"),
        (6.5, 0.86, "kept: epoch 2"),
    ]
    assert loss.marks == (boundary,)


def test_two_equal_epochs_are_not_both_ringed(solved_then_tuned):
    twice = solved_then_tuned[:3] + tuple(
        EpochRow("fine-tuning", n, "", 1e-3, 0.4, 0.9, 0.3, 0.94, 71.0, n == 2) for n in (1, 2, 3)
    )
    accuracy, _ = training_charts(training_course(twice), 10)
    assert [mark.x for mark in accuracy.marks] == [1.5]


def test_a_training_without_epochs_has_no_chart(digits_data):
    assert training_charts(training_course(digits_data.history), 10) == ()


def test_reliability_is_scikit_learns(digits_data):
    chart = reliability_chart(digits_data.predictions, digits_data.evaluation)
    probabilities = digits_data.predictions.probabilities()
    right = digits_data.predictions.is_right
    # Its bins are closed below and ours above, so no confidence may lie on an edge.
    accuracy, confidence = calibration_curve(right, probabilities.max(axis=1), n_bins=15)
    expected = dict(zip(confidence.round(9), accuracy, strict=True))
    trained = next(line for line in chart.lines if line.words == "as trained")
    assert trained.points
    for x, y in trained.points:
        assert expected[round(x, 9)] == pytest.approx(y)


def test_confidences_are_shares_of_their_kind():
    chart = confidence_chart(np.array([0.97, 0.96, 0.41, 0.92]), np.array([True, True, True, False]))
    up = {round(bar.low[0], 2): bar.high[1] for bar in chart.bars if bar.look == "blue"}
    down = {round(bar.low[0], 2): bar.high[1] for bar in chart.bars if bar.look == "rust"}
    assert up == pytest.approx({0.4: 1 / 3, 0.95: 2 / 3})
    assert down == pytest.approx({0.9: -1})


def test_a_student_stands_behind_its_teacher(taught):
    accuracy, loss = training_charts(training_course(taught), 10)
    assert [[y for _, y in line.points] for line in accuracy.lines if line.look == "blue" and line.has_dots] == [
        [0.9, 0.92, 0.94, 0.93],
        [0.93, 0.95, 0.96],
    ]
    boundary, *rings = accuracy.marks
    assert (boundary.x, boundary.words) == (4, "student")
    assert [(ring.x, ring.y) for ring in rings] == [(2.5, 0.94), (6.5, 0.96)]
    assert loss.marks == (boundary,)
