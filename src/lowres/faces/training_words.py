"""The sentences about a training: while it runs, and in the report afterwards."""

from __future__ import annotations

from lowres.faces.numbers_in_words import count, duration, percent, points, with_plain_spaces
from lowres.faces.report.data import FineTuned, ReportData
from lowres.faces.training_course import TrainingCourse
from lowres.values.judging.intervals import wilson_interval
from lowres.values.recipes.recipe import Recipe
from lowres.values.recipes.recipe_sections import Augmentation, FineTuning
from lowres.values.training.drawn_networks import before_training, begins_at_random
from lowres.values.training.history import EpochRow

# How far training is ahead of validation: no more than is usual, and so far that it is learning by heart.
_CLOSE, _FAR = 0.03, 0.1


def epoch_line(row: EpochRow, epochs: int, best_validation_accuracy: float, seconds_left: float) -> str:
    """Return one line for people about an epoch that has just ended; nothing about time once it was the last."""
    best, seconds = percent(max(best_validation_accuracy, row.validation_accuracy)), duration(row.seconds)
    left = f", {_time_left(seconds_left)} left" if row.epoch != epochs else ""
    return with_plain_spaces(
        f"epoch {row.epoch} of {epochs}: loss {row.loss:.3f}, validation {percent(row.validation_accuracy)} "
        f"(best {best}), {seconds}{left}"
    )


def seen_epoch_line(row: EpochRow, epochs: int, seconds_left: float) -> str:
    """Return the line of an epoch that trained on the validation part too, which says nothing of it any more."""
    left = f", {_time_left(seconds_left)} left" if row.epoch != epochs else ""
    return with_plain_spaces(f"epoch {row.epoch} of {epochs}: loss {row.loss:.3f}, {duration(row.seconds)}{left}")


def how_tuned(data: ReportData, course: TrainingCourse) -> str:
    """Return what was trained after the frozen phase, for how long; or that nothing was."""
    tuned, choices = data.making.fine_tuning, data.recipe.fine_tuning
    if tuned is None:
        curve = "" if course.has_epochs else " That head is solved for at once, without epochs, so there is no curve."
        return (
            f"Nothing of {data.making.backbone} was trained: it stayed frozen, as it came, and only the head on top of "
            f"it learned from these pictures.{curve}"
        )
    begun = _begun(data)
    if data.recipe.has_frozen_phase:
        part = _trained_part(tuned, choices)
        begun = f"The head was first trained on the frozen trunk. Then fine-tuning trained {part} together with it"
    stop = ", then stopped because validation no longer rose" if tuned.stopped_early else ""
    batch = tuned.batch_images * tuned.accumulation_steps
    passes = f" in {tuned.accumulation_steps} passes" if tuned.accumulation_steps > 1 else ""
    on = f" on {tuned.backend}" if tuned.backend else ""
    return (
        f"{begun}, {count(tuned.trained_parameters, 'weight')} in all, for {count(tuned.epochs, 'epoch')} "
        f"over {count(len(data.split.train), 'training picture')}{stop}: {batch} "
        f"pictures an update{passes}, {tuned.images_per_second:,.0f} pictures a second{on}, in {tuned.precision}."
        f"{_anew(tuned)}"
    )


def _begun(data: ReportData) -> str:
    if begins_at_random(data.recipe.network):
        return f"{data.making.backbone} and its head began at random. Training changed both"
    return f"{data.making.backbone} began with the weights named below. Training changed it and its head"


def _anew(tuned: FineTuned) -> str:
    if not tuned.retrained_images:
        return ""
    return (
        f" When validation had decided everything, the network that is kept was trained anew, as long, on all "
        f"{count(tuned.retrained_images, 'picture')} of both parts; what is said of validation pictures here is said "
        "of the first network, and so are the temperature and the thresholds."
    )


def what_was_gained(data: ReportData) -> str:
    """Return what fine-tuning gained over the frozen trunk on validation, and whose weights were kept."""
    tuned, n = data.making.fine_tuning, len(data.split.validation)
    if tuned is None:
        return ""
    before, after = tuned.frozen_validation_accuracy, tuned.validation_accuracy
    if not data.recipe.has_frozen_phase:
        return (
            f"On the {count(n, 'validation picture')} it reached {percent(after)}, from {percent(before)} "
            f"{before_training(data.recipe)}. {_whose_weights(data.recipe, tuned)}"
        )
    if not tuned.kept_epoch:
        return (
            f"On the {count(n, 'validation picture')} no epoch was better than the frozen trunk with its "
            f"{percent(before)}, so the weights from before fine-tuning were kept."
        )
    change = f"{points(after - before)} {'more' if after > before else 'less'}" if after != before else "no more"
    return (
        f"On the {count(n, 'validation picture')} the frozen trunk reached {percent(before)}, fine-tuning "
        f"{percent(after)}: {change}.{_doubt(before, after, n)} {_whose_weights(data.recipe, tuned)}{_together(tuned)}"
    )


def what_unlabelled_taught(data: ReportData) -> str:
    """Return what a student learned from pictures without labels, and which network was kept; nothing of no student."""
    tuned, validation = data.making.fine_tuning, count(len(data.split.validation), "validation picture")
    student = tuned.self_training if tuned else None
    if student is None:
        return ""
    if not student.unlabelled_images:
        return "Pictures without labels would have taught a student more, but there were none."
    before, after = student.teacher_validation_accuracy, student.student_validation_accuracy
    low, high = wilson_interval(round(before * len(data.split.validation)), len(data.split.validation))
    doubt = " A difference so small may be chance." if low <= after <= high else ""
    left_out = f" ({student.left_out:,} more were left out as copies)" if student.left_out else ""
    return (
        f"That network then taught a student, which began where fine-tuning had begun and learned for "
        f"{count(student.epochs, 'epoch')} from the training pictures and from "
        f"{count(student.unlabelled_images, 'picture')} without labels{left_out}: there it learned to answer as the "
        f"teacher did, doubts and mistakes included. Of the {validation} the teacher named {percent(before)} "
        f"correctly, the student {percent(after)}; the {'student' if student.keeps_student else 'teacher'} was kept."
        f"{doubt}"
    )


def ahead_of_validation(data: ReportData, course: TrainingCourse) -> str:
    """Return how far training accuracy is ahead of validation, and what that means; nothing of no training."""
    kept = course.kept
    if kept is None:
        return ""
    ahead, when = kept.accuracy - kept.validation_accuracy, f" in epoch {kept.epoch}" if kept.epoch else ""
    seen = f"the training pictures{_as_seen(data) if kept.epoch else ''}"
    lead = (
        f"It named {percent(kept.accuracy)} of {seen} correctly{when}, and {percent(kept.validation_accuracy)} of the "
        "validation pictures, from which it never learned"
    )
    if ahead > _FAR:
        return f"{lead}: training runs away by {points(ahead)}, so much of what it learned does not carry over."
    if ahead > _CLOSE:
        return f"{lead}: {points(ahead)} less, a distance that is usual."
    if ahead >= -_CLOSE:
        return f"{lead}: the two stay together, so it has not learned by heart."
    return f"{lead}: training runs behind, its pictures or its weights still changing."


def augmentation_words(choices: Augmentation) -> str:
    """Return how training pictures are changed, in a few words; nothing where they are not."""
    flip = {"random": "mirrored at random", "alternating": "mirrored every other epoch"}.get(choices.flip, "")
    size = {
        "shifted by up to {} px": choices.shift_pixels,
        "shifted by up to {} % of the side": 100 * choices.shift_fraction,
        "turned by up to {} degrees": 360 * choices.rotation_fraction,
        "zoomed by up to {} %": 100 * choices.zoom_fraction,
        "brightness changed by up to {} %": 100 * choices.brightness,
        "contrast by up to {} %": 100 * choices.contrast,
        "colours by up to {} %": 100 * choices.saturation,
    }
    changes = [flip, *(words.format(f"{amount:g}") for words, amount in size.items() if amount)]
    policies = {
        "trivial": "one more change by lot (TrivialAugment)",
        "random": f"{choices.policy_changes} more changes by lot (RandAugment, each "
        f"{100 * choices.policy_strength:g} % of the strongest)",
    }
    changes += [policies[choices.policy]] if choices.policy in policies else []
    changes += [f"a square of {choices.cutout_pixels} px painted over"] if choices.cutout_pixels else []
    return ", ".join(change for change in changes if change)


def how_changed(data: ReportData) -> str:
    """Return how training pictures were changed, and into how many versions; nothing where they were not."""
    views, tuning = data.training_views, data.recipe.fine_tuning
    if not views:
        return ""
    alphas = {"mixup": tuning.mixup_alpha, "cutmix": tuning.cutmix_alpha} if tuning.epochs else {}
    mixed = " and ".join(name for name, alpha in alphas.items() if alpha)
    mixing = f" Pictures of a batch were also mixed with each other ({mixed})." if mixed else ""
    return (
        f"So that fewer pictures teach more, training saw each of them in {count(views, 'version')}: "
        f"{augmentation_words(data.augmentation)}.{mixing} Validation and test pictures were never changed."
    )


def why_mirrored(data: ReportData) -> str:
    """Return what decided whether training mirrors pictures; nothing where the recipe did."""
    found = data.mirroring
    if found is None:
        return ""
    name = data.images.class_names[found.worst_class] if found.worst_class is not None else ""
    asked = count(len(data.split.validation), "validation picture")
    worst = f" ({name} lost most, {points(found.worst_class_loss)} of its recall)" if found.worst_class_loss > 0 else ""
    outcome = "so training mirrors pictures" if found.keeps_labels else "so training leaves left and right alone"
    return (
        "Whether a mirrored picture is still of its class was asked of the classifier on the frozen trunk, which had "
        f"never seen one: it named {percent(found.accuracy)} of {asked} correctly, and "
        f"{percent(found.mirrored_accuracy)} of their mirror images{worst}, {outcome}."
    )


def _trained_part(tuned: FineTuned, choices: FineTuning) -> str:
    part = f"the trunk from {tuned.from_layer} up" if tuned.from_layer else "the whole trunk"
    return f"{part} (but for its depthwise kernels)" if choices.depthwise == "freeze" else part


def _doubt(before: float, after: float, n: int) -> str:
    low, high = wilson_interval(round(before * n), n)
    if not low <= after <= high:
        return ""
    interval = f"{percent(low)} to {percent(high)}"
    return f" The frozen trunk's 95 % interval ({interval}) holds both, so they do not settle whether it helped."


def _whose_weights(recipe: Recipe, tuned: FineTuned) -> str:
    weights = "averaged over the updates up to" if tuned.averaged_weights else "of"
    which = "the best on validation, which flatters that number a little; the test pictures had no say"
    if recipe.fine_tuning.keep == "last":
        which = "kept because it was the last"
    return f"The weights kept are those {weights} epoch {tuned.kept_epoch} of {tuned.epochs}, {which}."


def _together(tuned: FineTuned) -> str:
    if len(tuned.members) < 2:
        return ""
    alone = ", ".join(percent(accuracy) for accuracy in tuned.members)
    return (
        f" That is {len(tuned.members)} networks, trained one after another from seeds of their own, whose logits are "
        f"averaged in one model; alone they reached {alone}. What is said of one here is said of the first."
    )


def _as_seen(data: ReportData) -> str:
    """That training pictures were not seen as they are, between commas; nothing where they were."""
    choices = data.recipe.fine_tuning
    is_mixed = choices.epochs > 0 and (choices.mixup_alpha > 0 or choices.cutmix_alpha > 0)
    words = ["changed"] * bool(data.training_views) + ["mixed"] * is_mixed
    return f", {' and '.join(words)} as it saw them," if words else ""


def _time_left(seconds: float) -> str:
    """About how long: to the minute from two minutes on, since nobody can tell better."""
    return duration(seconds) if seconds < 120 else f"{seconds / 60:.0f} min"
