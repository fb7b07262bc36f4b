"""An epoch holds every image once, in batches of one shape, and an update's gradient is that of its images together."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from PIL import Image
from sklearn.utils.class_weight import compute_sample_weight

from lowres.networks.training.batches import TrainingBatches, TrainingPart, _in_float32, filled_rows
from lowres.values.recipes.recipe_sections import FineTuning
from lowres.values.training.schedule import TrainingLength

CLASSES = 3


class Told:
    """Images that say who they are: the first channels are the label as one-hot, the last is the row."""

    def __init__(self, labels):
        self.labels, self.begun = labels, []

    def begin(self, epoch, order):
        self.begun.append((epoch, order))

    def training(self, rows):
        images = np.zeros((len(rows), 4, 4, CLASSES + 1), np.float16)
        images[..., :CLASSES] = np.eye(CLASSES)[self.labels[rows], None, None]
        images[..., CLASSES] = rows[:, None, None]
        return images


def batches(images, size, steps, labels=None, seed=5, taught=None, **choices):
    labels = np.arange(images) % CLASSES if labels is None else labels
    length = TrainingLength(images, size, epochs=2, accumulation_steps=steps)
    part = TrainingPart(Told(labels), labels, labels[:1], CLASSES, taught)
    return TrainingBatches(part, FineTuning(**choices), length, seed)


def rows_of(batch):
    return np.round(batch.inputs[..., CLASSES].mean(axis=(1, 2))).astype(int)


@pytest.mark.parametrize(
    ("images", "size", "steps"), [(12, 4, 1), (9, 4, 1), (9, 2, 2), (7, 2, 2), (3, 8, 2), (1, 4, 3)]
)
def test_every_image_is_there_once_and_all_batches_have_one_shape(images, size, steps):
    made = batches(images, size, steps)
    updates = list(made.updates(0))
    assert len(updates) == made.length.updates_per_epoch
    seen = []
    for passes in updates:
        assert len(passes) == steps
        for batch in passes:
            assert [part.shape for part in batch] == [(size, 4, 4, CLASSES + 1), (size, CLASSES), (size,)]
            assert [part.dtype for part in batch] == [np.float32] * 3
            seen.extend(rows_of(batch)[batch.weights > 0])
            np.testing.assert_array_equal(batch.targets.argmax(axis=1), made.part.training_labels[rows_of(batch)])
    np.testing.assert_array_equal(np.sort(seen), np.arange(images))
    ((epoch, order),) = made.part.inputs.begun
    assert epoch == 0
    np.testing.assert_array_equal(order, seen)


def stepped(passes, steps):
    """The weights of a linear model after one update of plain descent over these batches."""
    model = keras.Sequential([keras.Input((4, 4, CLASSES + 1)), keras.layers.Flatten(), keras.layers.Dense(CLASSES)])
    model.set_weights([np.linspace(-1, 1, size).reshape(shape) for size, shape in ((192, (64, 3)), (3, (3,)))])
    optimizer = keras.optimizers.SGD(0.1, gradient_accumulation_steps=steps if steps > 1 else None)
    model.compile(optimizer, keras.losses.CategoricalCrossentropy(from_logits=True), weighted_metrics=[])
    for batch in passes:
        model.train_on_batch(*batch)
    return np.concatenate([weight.ravel() for weight in model.get_weights()])


@pytest.mark.parametrize("class_weights", ["none", "balanced"])
def test_an_updates_gradient_is_that_of_its_images_in_one_batch(class_weights):
    """The last update of 9 images has one: a pass filled up with it, and a pass of nothing but filling."""
    labels = np.array([0, 0, 0, 0, 0, 1, 1, 1, 2])
    made = batches(9, 2, 2, labels, class_weights=class_weights)
    weights = compute_sample_weight("balanced", labels) if class_weights == "balanced" else np.ones(9)
    for passes in made.updates(0):
        rows = np.concatenate([rows_of(batch)[batch.weights > 0] for batch in passes])
        inputs = made.part.inputs.training(rows).astype(np.float32)
        whole = (inputs, np.eye(CLASSES, dtype=np.float32)[labels[rows]], weights[rows].astype(np.float32))
        np.testing.assert_allclose(stepped(passes, 2), stepped([whole], 1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("choices", [{"mixup_alpha": 0.8}, {"cutmix_alpha": 1.0}], ids=str)
def test_what_is_mixed_is_mixed_in_targets_as_in_images(choices):
    """The images are their labels, so that their mean over the pixels is what the target must say."""
    mixed = 0
    for passes in batches(24, 8, 1, **choices).updates(1):
        for batch in passes:
            np.testing.assert_allclose(batch.inputs[..., :CLASSES].mean(axis=(1, 2)), batch.targets, atol=1e-3)
            mixed += (batch.targets.max(axis=1) < 0.99).sum()
    assert mixed > 4


def test_balanced_weights_follow_the_mixed_target():
    """By hand: classes of 6, 3 and 3 of 12 images weigh 2/3, 4/3 and 4/3."""
    labels = np.repeat([0, 1, 2], [6, 3, 3])
    for passes in batches(12, 6, 1, labels, class_weights="balanced", mixup_alpha=1.0).updates(0):
        for batch in passes:
            np.testing.assert_allclose(batch.weights, batch.targets @ [2 / 3, 4 / 3, 4 / 3], rtol=1e-5)


def test_smoothed_targets_by_hand():
    (passes, *_) = batches(6, 6, 1, label_smoothing=0.3).updates(0)
    np.testing.assert_allclose(np.sort(passes[0].targets, axis=1), np.tile([0.1, 0.1, 0.8], (6, 1)), rtol=1e-5)


def test_seed_and_epoch_decide_everything():
    def said(seed, epoch):
        made = batches(24, 8, 1, seed=seed, mixup_alpha=1.0)
        return np.concatenate([batch.inputs for passes in made.updates(epoch) for batch in passes])

    np.testing.assert_array_equal(said(5, 1), said(5, 1))
    assert not np.array_equal(said(5, 1), said(5, 2))
    assert not np.array_equal(said(5, 1), said(6, 1))


def test_each_batch_of_an_epoch_is_mixed_in_its_own_way():
    made = batches(16, 4, 2, np.zeros(16, np.int64), mixup_alpha=1.0)
    partners = [np.diff(batch.inputs[:, 0, 0, CLASSES]) for passes in made.updates(0) for batch in passes]
    assert len({tuple(one) for one in partners}) == 4


def test_filling_repeats_the_rows_as_often_as_it_takes():
    np.testing.assert_array_equal(filled_rows(np.array([4, 5]), 5), [4, 5, 4, 5, 4])
    whole = np.arange(3)
    assert filled_rows(whole, 3) is whole


def test_images_shrunk_for_an_early_epoch_are_pillows():
    """A triangle filter widened by the scale, which is what Pillow does when it makes an image smaller."""
    pixels = np.random.default_rng(0).random((2, 16, 16, 3)).astype(np.float32)
    made = batches(2, 2, 1, progressive_pixels=(8,))
    made.part.inputs.training = lambda rows: pixels[rows]
    ((batch,),) = made.updates(0)
    for ours, image in zip(batch.inputs, pixels[np.random.default_rng((5, 0)).permutation(2)], strict=True):
        for channel in range(3):
            theirs = Image.fromarray(image[..., channel]).resize((8, 8), Image.Resampling.BILINEAR)
            np.testing.assert_allclose(ours[..., channel], np.asarray(theirs), atol=1e-5)
    ((batch,),) = made.updates(1)
    assert batch.inputs.shape == (2, 16, 16, 3)


def test_rows_that_are_taught_have_those_targets_and_the_others_their_smoothed_labels():
    taught = np.array([[0.2, 0.7, 0.1], [0.5, 0.1, 0.4]], np.float32)
    made = batches(7, 3, 1, taught=taught, label_smoothing=0.3)
    rows = np.concatenate([rows_of(batch) for (batch,) in made.updates(0)])
    targets = np.concatenate([batch.targets for (batch,) in made.updates(0)])
    for row, target in zip(rows, targets, strict=True):
        expected = taught[row - 5] if row >= 5 else np.where(np.arange(CLASSES) == row % CLASSES, 0.8, 0.1)
        np.testing.assert_allclose(target, expected, atol=1e-6)


def test_float16_is_widened_to_the_same_numbers():
    every = np.arange(2**16, dtype=np.uint16).view(np.float16)
    finite = every[np.isfinite(every)]
    np.testing.assert_array_equal(_in_float32(finite), finite.astype(np.float32))
