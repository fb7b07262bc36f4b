"""What training is fed is the frozen part of augmented images, the same numbers however they are kept and asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lowres.errors import TrainingError
from lowres.files.study.study_folder import open_study
from lowres.networks.backend import load_backend
from lowres.pipeline.study import run_study
from lowres.pipeline.study_run import StudyRun
from lowres.pipeline.training import activations
from lowres.pipeline.training.activations import StudyInputs
from lowres.values.altering.augmentation import augment
from pipeline.chain import Watcher
from tiny_study import tiny_choice

EPOCHS, VIEWS = 4, 2


@pytest.fixture(scope="module")
def brought(tmp_path_factory):
    """A study that has its head."""
    load_backend()
    choice = tiny_choice(tmp_path_factory.mktemp("activations") / "study", augmentation__shift_pixels="1")
    run_study(choice, until="head")
    return choice


@pytest.fixture
def opened(brought):
    with open_study(brought.folder) as study:
        yield StudyRun(study, brought.recipe, brought.source, Watcher())


@pytest.fixture
def inputs_of(opened, tmp_path):
    """Make the inputs of a training from `tiny_conv2` on, with these choices of the recipe."""
    from lowres.networks.trained_classifier import TrainedClassifier
    from lowres.networks.training.trainable_network import trainable_network

    def make(folder="activations", seed=None, **choices):
        usual = {"epochs": EPOCHS, "views": VIEWS, "from_layer": "tiny_conv2", "batch_images": 64}
        tuning = opened.recipe.fine_tuning.model_copy(update=usual | choices)
        opened.recipe = opened.recipe.model_copy(update={"fine_tuning": tuning})
        classifier = TrainedClassifier.load(opened.study.folder / "checkpoints/frozen/model.keras")
        network = trainable_network(classifier.trunk, classifier.head, tuning.from_layer)
        recipe = opened.recipe if seed is None else opened.recipe.model_copy(update={"seed": seed})
        inputs = StudyInputs(opened, network, tmp_path / folder, recipe)
        inputs.network = network
        return inputs

    return make


def order_of(inputs, seed=0):
    return np.random.default_rng(seed).permutation(len(inputs._run.split.train))


def read(inputs, epoch, seed=0, batch=64):
    """All of an epoch, asked for as training does; in the order of the part."""
    order = order_of(inputs, seed)
    inputs.begin(epoch, order)
    parts = [inputs.training(order[start : start + batch]) for start in range(0, len(order), batch)]
    return np.concatenate(parts)[np.argsort(order)]


def expected(inputs, rows, view):
    """By hand: the images augmented, and what the layers below the cut make of them."""
    run = inputs._run
    images = run.split.train[rows]
    pixels = augment(run.images.pixels[images], images, run.recipe.augmentation, seed=run.recipe.seed, epoch=view)
    return inputs.network.below.predict_on_batch(pixels) if inputs.network.below else pixels


def test_they_are_what_the_frozen_part_makes_of_augmented_images(inputs_of):
    inputs, rows = inputs_of(), np.array([3, 900, 41])
    for epoch in range(3):
        found = read(inputs, epoch)[rows].astype(np.float32)
        np.testing.assert_allclose(found, expected(inputs, rows, epoch % VIEWS), rtol=2e-3, atol=2e-3)


def test_views_come_round_and_without_a_number_every_epoch_has_its_own(inputs_of):
    inputs = inputs_of()
    first, second, third = (read(inputs, epoch) for epoch in range(3))
    assert inputs.views == VIEWS
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, third)
    endless = inputs_of("endless", views=0)
    assert endless.views == EPOCHS
    epochs = [read(endless, epoch) for epoch in range(EPOCHS)]
    assert all(not np.array_equal(epochs[0], one) for one in epochs[1:])


def assert_same(found, kept, way):
    """To the bit, but for one in ten thousand, whose last bit float32's may turn: it depends on an image's place."""
    # What was kept is read as float32, every one of them a float16.
    np.testing.assert_array_equal(kept.astype(np.float16).astype(np.float32), kept.astype(np.float32))
    np.testing.assert_array_max_ulp(found.astype(np.float16), kept.astype(np.float16), maxulp=1)
    assert np.mean(found != kept) < 1e-4, way


def test_kept_or_computed_again_they_are_the_same(inputs_of):
    """The three ways also meet the images in another order."""
    ways = {
        "auto": inputs_of("auto"),
        "never": inputs_of("never", cache_activations="never"),
        "too large": inputs_of("large", cache_activations="auto", disk_budget_gigabytes=1e-6),
    }
    assert [inputs.keeps_views for inputs in ways.values()] == [True, False, False]
    rows = np.arange(70)
    for epoch in range(EPOCHS):
        kept = read(ways["auto"], epoch, seed=epoch)
        for name in ("never", "too large"):
            assert_same(read(ways[name], epoch, seed=epoch + 9), kept, name)
            assert_same(ways[name].validation(rows), ways["auto"].validation(rows), name)


def test_what_was_kept_of_another_split_is_not_taken_for_this_ones(inputs_of, opened):
    """A study stopped in its second phase and gone on with another split, of as many images."""
    rows = np.arange(40)
    read(inputs_of(), 0)
    inputs_of().validation(rows)
    train, validation = opened.split.train, opened.split.validation
    parts = (np.concatenate([validation[:100], train[100:]]), np.concatenate([train[:100], validation[100:]]))
    opened.split = replace(opened.split, train=parts[0], validation=parts[1])
    inputs = inputs_of()
    inputs.remove_others()
    found = read(inputs, 0)[rows].astype(np.float32)
    np.testing.assert_allclose(found, expected(inputs, rows, 0), rtol=2e-3, atol=2e-3)
    pixels = opened.images.pixels[opened.split.validation[rows]]
    there = inputs.network.below.predict_on_batch(pixels)
    np.testing.assert_allclose(inputs.validation(rows).astype(np.float32), there, rtol=2e-3, atol=2e-3)


def test_no_more_is_kept_than_the_disk_has_room_for(inputs_of, monkeypatch):
    assert inputs_of("roomy").keeps_views
    monkeypatch.setattr(activations, "free_bytes", lambda _: 1000)
    inputs = inputs_of("full")
    assert not inputs.keeps_views
    assert inputs.unmet_gigabytes > inputs.room_gigabytes == pytest.approx(900e-9)


def test_where_it_need_not_be_kept_it_is_not(inputs_of):
    """A view seen once; and "always" keeps what no budget allows."""
    once = inputs_of("once", views=EPOCHS)
    assert (once.keeps_views, once.keeps_validation) == (False, True)
    never = inputs_of("never", cache_activations="never")
    assert (never.keeps_views, never.keeps_validation) == (False, False)
    always = inputs_of("always", views=VIEWS, cache_activations="always", disk_budget_gigabytes=1e-6)
    assert (always.keeps_views, always.keeps_validation) == (True, True)
    assert (once.passes, never.passes, always.passes) == (EPOCHS, EPOCHS, VIEWS)


def test_the_budget_counts_all_views_and_validation(inputs_of):
    """By hand: 1,149 training images in 2 views and 288 of validation, 8x8x16 numbers of 2 bytes each."""
    taken = (1149 * 2 + 288) * 8 * 8 * 16 * 2 / 1e9
    assert (len(inputs_of()._run.split.train), len(inputs_of()._run.split.validation)) == (1149, 288)
    assert inputs_of(disk_budget_gigabytes=taken * 1.0001).keeps_views
    assert not inputs_of(disk_budget_gigabytes=taken * 0.9999).keeps_views


def test_any_rows_in_any_order_are_the_same_rows(inputs_of):
    inputs = inputs_of(cache_activations="never")
    everything = read(inputs, 1)
    order = order_of(inputs, seed=8)
    inputs.begin(1, order)
    for some in (np.array([7, 1100, 3, 512]), order[1140:], order[:2], order[1030:990:-1]):
        np.testing.assert_array_equal(inputs.training(some), everything[some])


def test_what_a_stopped_training_kept_is_not_computed_again(inputs_of, monkeypatch):
    before = inputs_of()
    order = order_of(before)
    before.begin(0, order)
    part = before.training(order[:64])
    again = inputs_of()
    monkeypatch.setattr(again._extractor, "extract", None)
    again.begin(0, order)
    np.testing.assert_array_equal(again.training(order[:64]), part)


def test_what_another_training_left_is_taken_away(inputs_of, tmp_path):
    read(inputs_of(), 0)
    of_this = sorted(path.name for path in (tmp_path / "activations").iterdir())
    (tmp_path / "activations" / ".part-1-00000000-left").write_text("x")
    inputs_of().remove_others()
    assert sorted(path.name for path in (tmp_path / "activations").iterdir()) == of_this
    inputs_of(seed=77).remove_others()
    assert list((tmp_path / "activations").iterdir()) == []
    inputs_of("nothing yet").remove_others()


def test_another_seed_makes_other_views(inputs_of):
    assert not np.array_equal(read(inputs_of(), 0), read(inputs_of("other", seed=77), 0))


def test_validation_is_not_augmented(inputs_of):
    inputs = inputs_of()
    rows = np.array([200, 5])
    pixels = inputs._run.images.pixels[inputs._run.split.validation[rows]]
    found = inputs.validation(rows)
    np.testing.assert_allclose(found, inputs.network.below.predict_on_batch(pixels), rtol=2e-3, atol=2e-3)


def test_a_trunk_that_trains_whole_is_fed_pixels(inputs_of):
    inputs, rows = inputs_of(from_layer=""), np.array([3, 900, 41])
    found = read(inputs, 1)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found[rows], expected(inputs, rows, 1))
    validation = inputs._run.images.pixels[inputs._run.split.validation[rows[:1]]]
    np.testing.assert_array_equal(inputs.validation(rows[:1]), validation)
    assert not inputs.keeps_views


def test_nothing_is_left_on_the_disk(inputs_of, tmp_path):
    inputs = inputs_of()
    read(inputs, 0)
    assert list((tmp_path / "activations").iterdir())
    inputs.remove()
    assert not (tmp_path / "activations").exists()
    inputs.remove()


@pytest.mark.parametrize("value", [np.nan, 1e5])
@pytest.mark.parametrize("choice", ["auto", "never"])
def test_activations_that_float16_cannot_hold_are_refused(inputs_of, monkeypatch, value, choice):
    inputs = inputs_of(cache_activations=choice)
    extract = inputs._extractor.extract
    monkeypatch.setattr(inputs._extractor, "extract", lambda pixels: extract(pixels) * 0 + value)
    with pytest.raises(TrainingError, match=r"activations below tiny_conv2 that float16 holds, got NaN or some beyond"):
        read(inputs, 0)
