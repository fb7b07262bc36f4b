"""The training curves show the history's own numbers where they belong, and say what they came to."""

import math
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_hex

from lowres.faces import figures
from lowres.faces.figures.canvas import BLUE, MUTED, RUST
from lowres.faces.training_course import training_course
from lowres.values.training.history import EpochRow

BOX = "\N{NO-BREAK SPACE}"


def drawn(rows, **more):
    return figures.training_curves(training_course(rows), **{"classes": 10, "validation_images": 2000} | more)


def lines(axes, colour, style):
    """The points of the lines of one colour and style that run along the epochs."""
    found = [line for line in axes.lines if to_hex(line.get_color()) == colour and line.get_linestyle() == style]
    return [line.get_xydata() for line in found if len(line.get_xydata()) and list(line.get_xdata()) != [0, 1]]


def levels(axes):
    """Where horizontal lines go from edge to edge."""
    return [line.get_ydata()[0] for line in axes.lines if list(line.get_xdata()) == [0, 1]]


def texts(axes):
    return [text.get_text().replace(BOX, " ") for text in axes.texts]


def test_each_phase_is_drawn_beside_the_other_with_its_own_numbers(tuned_in_both_phases, painted):
    drawing = drawn(tuned_in_both_phases, from_layer="conv5_block1")
    accuracy, loss, rate = painted[0].axes
    head, tuning = ([row for row in tuned_in_both_phases if row.phase == name and row.epoch] for name in
                    ("frozen", "fine-tuning"))  # fmt: skip
    for axes, training, validation in (
        (accuracy, "accuracy", "validation_accuracy"),
        (loss, "loss", "validation_loss"),
    ):
        for name, colour, style in ((training, MUTED, "--"), (validation, BLUE, "-")):
            first, second = lines(axes, colour, style)
            np.testing.assert_allclose(first, [(n + 0.5, getattr(row, name)) for n, row in enumerate(head)])
            np.testing.assert_allclose(second, [(n + 5.5, getattr(row, name)) for n, row in enumerate(tuning)])
        # The boundary lies between the fifth epoch of the head and the first of fine-tuning.
        assert [list(line.get_xdata()) for line in axes.lines if list(line.get_ydata()) == [0, 1]] == [[5, 5]]
    assert rate.get_yscale() == "log"
    assert [label.get_text() for label in rate.get_xticklabels()] == ["1", "2", "3", "4", "5", "1", "2", "3"]
    assert {"frozen trunk, head: dense", "fine-tuning from conv5_block1 up"} <= set(texts(accuracy))
    assert drawing.title.replace(BOX, " ") == "Fine-tuning gained 6.0 points on validation: from 80.0 % to 86.0 %"
    assert drawing.note.startswith("n = 2,000 validation images")


def test_what_was_kept_is_ringed_and_named(tuned_in_both_phases, painted):
    drawn(tuned_in_both_phases)
    rings = [line for line in painted[0].axes[0].lines if to_hex(line.get_markeredgecolor()) == RUST]
    np.testing.assert_allclose([ring.get_xydata()[0] for ring in rings], [(3.5, 0.8), (6.5, 0.86)])
    written = texts(painted[0].axes[0])
    assert "kept: epoch 2, 86.0 %" in written
    assert "frozen trunk, dense: 80.0 %" in written


def test_a_head_solved_at_once_is_a_level_that_fine_tuning_is_measured_by(solved_then_tuned, painted):
    drawing = drawn(solved_then_tuned)
    accuracy, loss, _ = painted[0].axes
    assert 0.889 in levels(accuracy)
    assert 0.35 in levels(loss)
    assert "frozen trunk, linear 0.03: 88.9 %" in texts(accuracy)
    assert "fine-tuning of the whole network" in texts(accuracy)
    assert drawing.title.replace(BOX, " ").endswith("from 88.9 % to 94.0 %")
    # Its ground is left of the epochs, and empty.
    ground = accuracy.get_xlim()[0], lines(accuracy, BLUE, "-")[0][0][0]
    assert ground[0] == 0 < ground[1]


def test_where_nothing_was_gained_the_title_says_so(solved_then_tuned, painted):
    worse = [
        replace(row, validation_accuracy=row.validation_accuracy - 0.1, is_kept=False) for row in solved_then_tuned[3:]
    ]
    drawing = drawn([*solved_then_tuned[:3], *worse])
    assert drawing.title.replace(BOX, " ") == "Fine-tuning gained nothing: 88.9 % before it, at best 84.0 % during it"
    assert "kept: frozen trunk, linear 0.03: 88.9 %" in texts(painted[0].axes[0])


@pytest.mark.parametrize("gain", [0, -0.1])
def test_of_several_networks_the_title_says_which_one_is_shown(gain, solved_then_tuned, painted):
    tuned = [
        replace(row, validation_accuracy=row.validation_accuracy + gain, is_kept=row.is_kept and gain == 0)
        for row in solved_then_tuned[3:]
    ]
    three = [replace(row, head=f"network {number}") for number in (1, 2, 3) for row in tuned]
    title = drawn([*solved_then_tuned[:3], *three]).title.replace(BOX, " ")
    assert title.startswith(f"Fine-tuning network 1 of 3 gained {'nothing' if gain else '5.1 points'}")
    if not gain:
        scratch = drawn(three).title.replace(BOX, " ")
        assert scratch == "Trained from scratch, network 1 of 3 reached 94.0 % on validation in epoch 3"


def test_a_frozen_study_shows_the_head_alone(tuned_in_both_phases, painted):
    frozen = [row for row in tuned_in_both_phases if row.phase == "frozen"]
    drawing = drawn(frozen)
    accuracy = painted[0].axes[0]
    assert drawing.title.replace(BOX, " ") == "The head reached 80.0 % on validation in epoch 4"
    assert {"kept: epoch 4, 80.0 %", "frozen trunk, linear 0.03: 78.0 %"} <= set(texts(accuracy))
    assert accuracy.get_xlim() == (0, 5)


@pytest.mark.parametrize("classes", [2, 10, 100])
def test_chance_is_on_the_loss(classes, solved_then_tuned, painted):
    drawn(solved_then_tuned, classes=classes)
    loss = painted[0].axes[1]
    assert math.log(classes) in levels(loss)
    assert loss.get_ylim()[1] > math.log(classes)
    assert f"chance: ln(classes) = {math.log(classes):.2f}" in texts(loss)


def test_a_run_stuck_at_chance_looks_stuck(painted):
    stuck = [EpochRow("frozen", n, "dense", 1e-3, 2.303, 0.1 + n / 1000, 2.302, 0.1, 1.0, n == 1) for n in range(1, 7)]
    drawn(stuck)
    accuracy, loss, rate = painted[0].axes
    for axes, column in ((accuracy, 0.005), (loss, 0.001)):
        low, high = axes.get_ylim()
        assert column < 0.11 * (high - low)
    assert "chance: 10.0 %" in texts(accuracy)
    assert loss.get_yscale() == rate.get_yscale() == "linear"


def test_without_rates_there_is_no_panel_for_them(solved_then_tuned, painted):
    drawing = drawn([replace(row, learning_rate=None) for row in solved_then_tuned])
    assert len(painted[0].axes) == 2
    assert drawing.height_pixels < drawn(solved_then_tuned).height_pixels


@pytest.mark.parametrize("epochs", [1, 2, 41, 500])
def test_any_number_of_epochs_is_drawn(epochs, solved_then_tuned, painted, pixels_of):
    row = solved_then_tuned[-1]
    many = [replace(row, epoch=n, is_kept=n == epochs, learning_rate=0.0) for n in range(1, epochs + 1)]
    drawing = drawn([*solved_then_tuned[:3], *many])
    assert pixels_of(drawing.png).shape == (drawing.height_pixels, drawing.width_pixels, 3)
    ticks = [label.get_text() for label in painted[0].axes[-1].get_xticklabels()]
    assert 1 <= len(ticks) <= 14
    assert all(int(tick) <= epochs for tick in ticks)


def test_epochs_that_came_to_nothing_are_drawn_too(solved_then_tuned):
    lost = replace(solved_then_tuned[-1], loss=math.nan, validation_loss=math.nan)
    assert drawn([*solved_then_tuned[:-1], lost]).png.startswith(b"\x89PNG")


def test_the_same_history_gives_the_same_bytes(tuned_in_both_phases):
    assert drawn(tuned_in_both_phases).png == drawn(tuned_in_both_phases).png


def test_a_student_stands_right_of_its_teacher(taught, painted):
    drawing = drawn(taught)
    accuracy = painted[0].axes[0]
    tuning, student = lines(accuracy, BLUE, "-")
    np.testing.assert_allclose(student[:, 0], tuning[-1][0] + np.arange(1, 4))
    np.testing.assert_allclose(student[:, 1], [0.93, 0.95, 0.96])
    assert {"student of that network", "kept: epoch 3, 96.0 %", "kept: epoch 3, 94.0 %"} <= set(texts(accuracy))
    title = drawing.title.replace(BOX, " ")
    assert title == "The kept student reached 96.0 % on validation, its teacher 94.0 %"


def test_a_student_that_was_not_kept_is_not_ringed(taught, painted):
    worse = [replace(row, validation_accuracy=0.9 + row.epoch / 1000, is_kept=False) for row in taught[-3:]]
    drawing = drawn([*taught[:-3], *worse])
    assert [text for text in texts(painted[0].axes[0]) if text.startswith("kept")] == ["kept: epoch 3, 94.0 %"]
    title = drawing.title.replace(BOX, " ")
    assert title == "The student reached 90.3 % on validation, its teacher, kept, 94.0 %"


def test_without_a_frozen_phase_there_is_no_ground_for_one(solved_then_tuned, painted):
    drawing = drawn(solved_then_tuned[3:])
    accuracy = painted[0].axes[0]
    assert accuracy.get_xlim() == (0, 4)
    assert "training of the whole network" in texts(accuracy)
    assert "frozen" not in " ".join(texts(accuracy))
    assert drawing.title.replace(BOX, " ") == "Trained from scratch, it reached 94.0 % on validation in epoch 3"
