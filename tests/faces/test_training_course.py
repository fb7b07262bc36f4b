"""The rows of a history are sorted by what they are, and each phase's result is the one that was kept."""

from dataclasses import replace

from lowres.faces.training_course import training_course


def test_heads_solved_at_once_are_a_level_and_fine_tuning_is_a_curve(solved_then_tuned):
    course = training_course(solved_then_tuned)
    assert course.head_epochs == ()
    assert course.frozen.head == course.best_solved.head == course.level.head == "linear 0.03"
    assert [row.epoch for row in course.fine_tuning] == [1, 2, 3, 4]
    assert course.tuned.epoch == 3
    assert course.kept is course.tuned
    assert course.has_epochs


def test_both_phases_have_epochs(tuned_in_both_phases):
    course = training_course(tuned_in_both_phases)
    assert [row.epoch for row in course.head_epochs] == [1, 2, 3, 4, 5]
    assert course.frozen.epoch == 4
    assert course.best_solved.head == "linear 0.03"
    assert course.level is course.frozen


def test_of_two_heads_in_epochs_the_kept_one_is_shown(tuned_in_both_phases):
    mirrored = [
        replace(row, head="dense, mirrored", is_kept=False) for row in tuned_in_both_phases if row.head == "dense"
    ]
    better = [replace(row, validation_accuracy=0.99) for row in mirrored]
    course = training_course([*better, *tuned_in_both_phases])
    assert {row.head for row in course.head_epochs} == {"dense"}
    without = [replace(row, is_kept=False) for row in [*better, *tuned_in_both_phases]]
    assert {row.head for row in training_course(without).head_epochs} == {"dense, mirrored"}


def test_a_frozen_study_is_measured_by_its_best_solved_head(tuned_in_both_phases, solved_then_tuned):
    frozen = training_course([row for row in tuned_in_both_phases if row.phase == "frozen"])
    assert frozen.level.head == "linear 0.03"
    assert frozen.kept.epoch == 4
    assert not training_course(solved_then_tuned[:3]).has_epochs


def test_fine_tuning_of_which_nothing_was_kept_has_no_result(solved_then_tuned):
    course = training_course([replace(row, is_kept=row.epoch is None and row.is_kept) for row in solved_then_tuned])
    assert course.tuned is None
    assert course.kept is course.frozen


def test_no_rows_are_a_course_of_nothing():
    course = training_course([])
    assert (course.kept, course.level, course.has_epochs) == (None, None, False)


def test_a_student_is_a_phase_of_its_own(taught, solved_then_tuned):
    course = training_course(taught)
    assert [row.epoch for row in course.fine_tuning] == [1, 2, 3, 4]
    assert course.tuned.validation_accuracy == 0.94
    assert [row.epoch for row in course.student] == [1, 2, 3]
    assert course.kept is course.taught is taught[-1]
    not_kept = training_course([*taught[:-1], replace(taught[-1], is_kept=False)])
    assert not_kept.taught is None
    assert not_kept.kept == training_course(solved_then_tuned).kept
