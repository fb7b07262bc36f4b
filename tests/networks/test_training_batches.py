"""Every image once an epoch, batches of one shape, and weights that make the mean over an update whatever is filled."""

import numpy as np
import pytest

from lowres.networks.training_batches import TrainingBatches
from lowres.values.recipe_sections import FineTuning
from lowres.values.schedule import TrainingLength

LABELS = np.array([0, 1, 2, 0, 1, 2, 0, 0, 1, 0, 0])


class Rows:
    """Inputs that say which row they are."""

    def __init__(self):
        self.begun = []

    def begin(self, epoch, order):
        self.begun.append((epoch, order.tolist()))

    def training(self, rows):
        return rows.astype(np.float16)[:, None, None, None] + np.zeros((1, 2, 2, 1), np.float16)

    def validation(self, rows):
        return self.training(rows)


def batches(batch_images=4, accumulation_steps=1, seed=3, labels=LABELS, inputs=None, **choices):
    length = TrainingLength(len(labels), batch_images, 1, accumulation_steps)
    return TrainingBatches(inputs or Rows(), labels, 3, FineTuning(**choices), length, seed)


@pytest.mark.parametrize(("batch_images", "accumulation_steps"), [(4, 1), (11, 1), (2, 2), (3, 3), (2, 5)])
def test_every_image_counts_once_and_every_batch_has_one_shape(batch_images, accumulation_steps):
    updates = list(batches(batch_images, accumulation_steps).updates(epoch=0))
    assert len(updates) == -(-11 // (batch_images * accumulation_steps))
    counted = []
    for update in updates:
        assert len(update) == accumulation_steps
        for batch in update:
            assert batch.inputs.shape == (batch_images, 2, 2, 1)
            assert batch.inputs.dtype == batch.targets.dtype == batch.weights.dtype == np.float32
            real = batch.weights > 0
            counted += batch.inputs[real, 0, 0, 0].astype(int).tolist()
            np.testing.assert_array_equal(
                batch.targets[real].argmax(1), LABELS[batch.inputs[real, 0, 0, 0].astype(int)]
            )
    assert sorted(counted) == list(range(11))


@pytest.mark.parametrize(("batch_images", "accumulation_steps"), [(4, 1), (2, 2), (3, 3), (2, 5)])
def test_the_mean_of_an_updates_passes_is_the_mean_over_its_images(batch_images, accumulation_steps):
    # Keras divides a pass by its size; an accumulating optimizer divides the sum of passes by their number.
    for update in batches(batch_images, accumulation_steps).updates(epoch=0):
        images = [row for batch in update for row in batch.inputs[batch.weights > 0, 0, 0, 0]]
        passes = [float((batch.weights * batch.inputs[:, 0, 0, 0]).sum() / batch_images) for batch in update]
        assert np.mean(passes) == pytest.approx(np.mean(images), rel=1e-6)


def test_order_depends_on_seed_and_epoch_and_is_announced():
    inputs = Rows()
    first = [batch.inputs[:, 0, 0, 0].tolist() for (batch,) in batches(inputs=inputs).updates(epoch=0)]
    again = [batch.inputs[:, 0, 0, 0].tolist() for (batch,) in batches().updates(epoch=0)]
    assert first == again
    assert [row for batch in first for row in batch][:11] == inputs.begun[0][1]
    assert first != [batch.inputs[:, 0, 0, 0].tolist() for (batch,) in batches().updates(epoch=1)]
    assert first != [batch.inputs[:, 0, 0, 0].tolist() for (batch,) in batches(seed=4).updates(epoch=0)]


def test_mixed_batches_are_the_same_again_and_their_targets_add_up():
    mixed = {"mixup_alpha": 0.4, "label_smoothing": 0.1}
    one, two = (list(batches(**mixed).updates(epoch=2)) for _ in range(2))
    for (batch,), (same,) in zip(one, two, strict=True):
        np.testing.assert_array_equal(batch.inputs, same.inputs)
        np.testing.assert_allclose(batch.targets.sum(axis=1), 1.0, rtol=1e-6)
        assert (batch.targets > 0).all()
    whole = np.concatenate([batch.inputs[:, 0, 0, 0] for (batch,) in one])
    assert np.abs(whole - whole.round()).max() > 0.01


def test_balanced_classes_weigh_the_same_in_sum():
    sums = np.zeros(3)
    for (batch,) in batches(11, class_weights="balanced").updates(epoch=0):
        sums += batch.weights @ batch.targets
    np.testing.assert_allclose(sums, 11 / 3, rtol=1e-5)
