"""What stands above the curves of a training: the one sentence they show."""

from __future__ import annotations

from lowres.faces.numbers_in_words import percent, points
from lowres.faces.training_course import TrainingCourse


def headline(course: TrainingCourse) -> str:
    """Return what the training of that course came to, as one sentence without its full stop."""
    if course.student:
        return _headline_of_a_student(course)
    if course.frozen is None and course.fine_tuning:
        best = course.tuned or max(course.fine_tuning, key=lambda row: row.validation_accuracy)
        reached = f"{percent(best.validation_accuracy)} on validation in epoch {best.epoch}"
        return f"Trained from scratch, {_which(course) or 'it'} reached {reached}"
    if not course.fine_tuning or course.frozen is None:
        best = max(course.head_epochs, key=lambda row: (row.is_kept, row.validation_accuracy))
        return f"The head reached {percent(best.validation_accuracy)} on validation in epoch {best.epoch}"
    before = course.frozen.validation_accuracy
    after = (course.tuned or max(course.fine_tuning, key=lambda row: row.validation_accuracy)).validation_accuracy
    which = f" {_which(course)}".rstrip()
    if after > before:
        from_to = f"from {percent(before)} to {percent(after)}"
        return f"Fine-tuning{which} gained {points(after - before)} on validation: {from_to}"
    most, when = ("", "after") if course.tuned else ("at best ", "during it")
    return f"Fine-tuning{which} gained nothing: {percent(before)} before it, {most}{percent(after)} {when}"


def _which(course: TrainingCourse) -> str:
    """Which network the curves show, where there are several, as the history names it; together they may be better."""
    return f"{course.fine_tuning[0].head} of {course.networks}" if course.networks > 1 else ""


def _headline_of_a_student(course: TrainingCourse) -> str:
    """What it came to beside its teacher, which is the network fine-tuned or the one before it."""
    student = course.taught or max(course.student, key=lambda row: row.validation_accuracy)
    teacher = course.tuned or course.frozen or course.fine_tuning[-1]
    reached, taught = percent(student.validation_accuracy), percent(teacher.validation_accuracy)
    if course.taught:
        return f"The kept student reached {reached} on validation, its teacher {taught}"
    return f"The student reached {reached} on validation, its teacher, kept, {taught}"
