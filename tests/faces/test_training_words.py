"""Each sentence about a training says what its numbers allow, and changes when they do."""

from dataclasses import replace

import pytest

from lowres.faces import training_words
from lowres.faces.report import plain_words
from lowres.faces.report import words as report_words
from lowres.faces.report.data import SelfTaught
from lowres.faces.training_course import training_course
from lowres.values.altering.mirroring import Mirroring
from lowres.values.recipes.recipe_sections import Augmentation


def plain(words):
    return words.replace("\N{NO-BREAK SPACE}", " ")


def with_settings(data, settings):
    """The study under a changed recipe."""
    recipe = data.recipe.with_settings(settings)
    return replace(data, recipe=recipe, augmentation=recipe.augmentation)


@pytest.fixture
def row(solved_then_tuned):
    return next(row for row in solved_then_tuned if row.epoch == 3)


def test_an_epoch_is_one_plain_line_with_the_time_left(row):
    line = training_words.epoch_line(row, 10, 0.951, 480)
    assert line == "epoch 3 of 10: loss 0.133, validation 94.0 % (best 95.1 %), 71 s, 8 min left"
    assert line.isascii()
    assert line.isprintable()


def test_the_best_is_never_below_the_epoch_itself_and_the_last_has_nothing_left(row):
    assert training_words.epoch_line(row, 3, 0.5, 0) == (
        "epoch 3 of 3: loss 0.133, validation 94.0 % (best 94.0 %), 71 s"
    )
    assert training_words.epoch_line(row, 4, 0.5, 71.0).endswith("71 s, 71 s left")


def test_a_frozen_study_says_that_nothing_of_the_trunk_was_trained(digits_data, tuned_in_both_phases):
    words = training_words.how_tuned(digits_data, training_course(digits_data.history))
    assert words.startswith("Nothing of a-trunk was trained: it stayed frozen")
    assert words.endswith("solved for at once, without epochs, so there is no curve.")
    in_epochs = training_course([row for row in tuned_in_both_phases if row.phase == "frozen"])
    assert "no curve" not in training_words.how_tuned(digits_data, in_epochs)
    assert training_words.what_was_gained(digits_data) == ""


def test_fine_tuning_says_what_was_trained_and_for_how_long(tuned_data):
    course, train = training_course(tuned_data.history), len(tuned_data.split.train)
    assert plain(training_words.how_tuned(tuned_data, course)) == (
        "The head was first trained on the frozen trunk. Then fine-tuning trained the trunk from blocks_5 up together "
        f"with it, 2,312,345 weights in all, for 4 epochs over {train} training pictures: 32 pictures an update, 95 "
        "pictures a second, in bfloat16."
    )
    more = replace(tuned_data.making.fine_tuning, from_layer="", accumulation_steps=2, stopped_early=True)
    words = training_words.how_tuned(replace(tuned_data, making=replace(tuned_data.making, fine_tuning=more)), course)
    assert "trained the whole trunk together with it" in words
    fewer = training_words.how_tuned(with_settings(tuned_data, {"fine_tuning.depthwise": "freeze"}), course)
    assert "trained the trunk from blocks_5 up (but for its depthwise kernels) together with it" in fewer
    assert ", then stopped because validation no longer rose: 64 pictures an update in 2 passes," in words


def gained(data, **changes):
    """What is said of a gain, with other numbers."""
    making = replace(data.making, fine_tuning=replace(data.making.fine_tuning, **changes))
    return plain(training_words.what_was_gained(replace(data, making=making)))


def test_the_gain_is_told_with_its_n_and_its_doubt(tuned_data):
    n = len(tuned_data.split.validation)
    assert n == 144
    # 95 % Wilson interval of 128 in 144: scipy.stats.binomtest(128, 144).proportion_ci(method="wilson")
    assert gained(tuned_data, validation_accuracy=0.93, frozen_validation_accuracy=128 / 144) == (
        "On the 144 validation pictures the frozen trunk reached 88.9 %, fine-tuning 93.0 %: 4.1 points more. The "
        "frozen trunk's 95 % interval (82.7 % to 93.0 %) holds both, so they do not settle whether it helped. The "
        "weights kept are those of epoch 3 of 4, the best on validation, which flatters that number a little; the test "
        "pictures had no say."
    )
    clear = gained(tuned_data, validation_accuracy=0.98, frozen_validation_accuracy=128 / 144)
    assert "fine-tuning 98.0 %: 9.1 points more. The weights kept" in clear
    assert "3.0 points less." in gained(tuned_data, validation_accuracy=0.87, frozen_validation_accuracy=0.9)
    assert "90.0 %: no more." in gained(tuned_data, validation_accuracy=0.9, frozen_validation_accuracy=0.9)


def test_whose_weights_were_kept(tuned_data):
    assert "those averaged over the updates up to epoch 3 of 4, the best" in gained(tuned_data, averaged_weights=True)
    last = with_settings(tuned_data, {"fine_tuning.keep": "last"})
    assert gained(last, kept_epoch=4).endswith("those of epoch 4 of 4, kept because it was the last.")
    assert gained(tuned_data, kept_epoch=0) == (
        "On the 144 validation pictures no epoch was better than the frozen trunk with its 88.9 %, so the weights from "
        "before fine-tuning were kept."
    )


def taught(data, **changes):
    """What is said of a student."""
    student = replace(SelfTaught(2000, 0, 128 / 144, 0.99, True, 4), **changes)
    making = replace(data.making, fine_tuning=replace(data.making.fine_tuning, self_training=student))
    return replace(data, making=making)


def test_a_student_is_told_with_what_taught_it_and_what_was_kept(tuned_data):
    assert training_words.what_unlabelled_taught(tuned_data) == ""
    kept = taught(tuned_data)
    words = plain(training_words.what_unlabelled_taught(kept))
    assert "learned for 4 epochs from the training pictures and from 2,000 pictures without labels:" in words
    assert words.endswith("the teacher named 88.9 % correctly, the student 99.0 %; the student was kept.")
    refused = taught(tuned_data, student_validation_accuracy=0.87, keeps_student=False, left_out=3)
    words = plain(training_words.what_unlabelled_taught(refused))
    assert "without labels (3 more were left out as copies)" in words
    # Of 144 pictures, 87 % lies in the interval of 88.9 %.
    assert words.endswith("the student 87.0 %; the teacher was kept. A difference so small may be chance.")
    none = taught(tuned_data, unlabelled_images=0, keeps_student=False)
    assert training_words.what_unlabelled_taught(none).endswith("but there were none.")


def test_a_student_that_is_kept_is_no_frozen_trunk_and_learned_from_both(tuned_data):
    train = len(tuned_data.split.train)
    kept, refused = taught(tuned_data), taught(tuned_data, keeps_student=False)
    assert plain(plain_words.what_it_does(kept)).count(f"from {train} pictures and from 2,000 more whose names") == 1
    assert "whose names" not in plain_words.what_it_does(refused)
    assert f"{train} training pictures and 2,000 without labels" in plain(report_words.how_made(kept, kept.making))
    assert "without labels" not in report_words.how_made(refused, refused.making)
    unmoved = replace(kept.making, fine_tuning=replace(kept.making.fine_tuning, kept_epoch=0))
    assert not unmoved.is_trunk_frozen
    assert replace(refused.making, fine_tuning=replace(refused.making.fine_tuning, kept_epoch=0)).is_trunk_frozen


@pytest.mark.parametrize(
    ("training", "words"),
    [
        (0.99, ": training runs away by 19.0 points, so much of what it learned does not carry over."),
        (0.85, ": 5.0 points less, a distance that is usual."),
        (0.81, ": the two stay together, so it has not learned by heart."),
        (0.70, ": training runs behind, its pictures or its weights still changing."),
    ],
)
def test_training_is_held_against_validation(digits_data, row, training, words):
    kept = replace(row, accuracy=training, validation_accuracy=0.8, is_kept=True)
    said = plain(training_words.ahead_of_validation(digits_data, training_course([kept])))
    lead = (
        f"It named {100 * training:.1f} % of the training pictures correctly in epoch 3, and 80.0 % of the validation"
    )
    assert said == f"{lead} pictures, from which it never learned{words}"


def test_training_accuracy_on_changed_pictures_is_told_as_such(tuned_data):
    def said(data, rows):
        return training_words.ahead_of_validation(data, training_course(rows))

    mixing = with_settings(tuned_data, {"fine_tuning.cutmix_alpha": "1.0"})
    assert "training pictures, changed as it saw them, cor" in said(tuned_data, tuned_data.history)
    assert "training pictures, changed and mixed as it saw them, cor" in said(mixing, tuned_data.history)
    assert "training pictures correctly, and" in said(tuned_data, tuned_data.history[:3])
    assert said(tuned_data, ()) == ""


def test_augmentation_is_told_change_by_change():
    assert training_words.augmentation_words(Augmentation()) == ""
    described = Augmentation(flip="random", rotation_fraction=0.1, zoom_fraction=0.1)
    assert training_words.augmentation_words(described) == (
        "mirrored at random, turned by up to 36 degrees, zoomed by up to 10 %"
    )
    assert training_words.augmentation_words(Augmentation(shift_fraction=0.1)) == "shifted by up to 10 % of the side"
    rest = Augmentation(
        flip="alternating",
        shift_pixels=3,
        cutout_pixels=8,
        brightness=0.2,
        contrast=0.3,
        saturation=0.4,
        policy="trivial",
    )
    assert training_words.augmentation_words(rest) == (
        "mirrored every other epoch, shifted by up to 3 px, brightness changed by up to 20 %, contrast by up to 30 %, "
        "colours by up to 40 %, one more change by lot (TrivialAugment), a square of 8 px painted over"
    )
    assert training_words.augmentation_words(Augmentation(policy="random", policy_changes=3)) == (
        "3 more changes by lot (RandAugment, each 30 % of the strongest)"
    )


@pytest.mark.parametrize(
    ("settings", "views"),
    [
        ({}, 4),
        ({"fine_tuning.views": "2"}, 2),
        ({"fine_tuning.views": "50"}, 4),
        ({"fine_tuning.epochs": "0"}, 0),
        ({"fine_tuning.epochs": "0", "frozen_phase.views": "6"}, 6),
        ({"augmentation.flip": "none", "augmentation.shift_pixels": "0"}, 0),
        ({"augmentation.flip": "none", "augmentation.shift_fraction": "0.1"}, 4),
    ],
)
def test_versions_are_counted_as_training_makes_them(tuned_data, settings, views):
    data = with_settings(tuned_data, settings)
    assert data.training_views == views
    said = plain(training_words.how_changed(data))
    assert (f"saw each of them in {views} versions: " in said) == bool(views)
    assert bool(said) == bool(views)


def test_mixing_is_told_only_where_it_happens(tuned_data):
    mixing = {"fine_tuning.mixup_alpha": "0.2", "fine_tuning.cutmix_alpha": "1.0"}
    assert "mixed with each other (mixup and cutmix)." in training_words.how_changed(with_settings(tuned_data, mixing))
    frozen = with_settings(tuned_data, mixing | {"fine_tuning.epochs": "0", "frozen_phase.views": "3"})
    assert "mixed" not in training_words.how_changed(frozen)
    assert "mixed" not in training_words.how_changed(tuned_data)


@pytest.mark.parametrize(
    ("mirroring", "words"),
    [
        (
            Mirroring(0.9, 0.89, 2, 0.05, keeps_labels=True),
            "it named 90.0 % of 144 validation pictures correctly, and 89.0 % of their mirror images (two lost most, "
            "5.0 points of its recall), so training mirrors pictures.",
        ),
        (
            Mirroring(0.9, 0.3, None, 0.0, keeps_labels=False),
            "it named 90.0 % of 144 validation pictures correctly, and 30.0 % of their mirror images, so training "
            "leaves left and right alone.",
        ),
    ],
)
def test_what_decided_about_mirrors_is_told(tuned_data, mirroring, words):
    assert plain(training_words.why_mirrored(replace(tuned_data, mirroring=mirroring))).endswith(words)
    assert training_words.why_mirrored(tuned_data) == ""
