"""Mixed batches add up: what an image loses its partner gains, in pixels and in targets alike."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.utils.class_weight import compute_class_weight

from lowres.errors import DataError, TrainingError
from lowres.values.altering.mixing import MixingPlan, balanced_class_weights, plan_mixing, soft_targets


def plan(images=8, mixup=0.0, cutmix=0.0, seed=0, epoch=0, step=0):
    return plan_mixing(images, mixup_alpha=mixup, cutmix_alpha=cutmix, seed=seed, epoch=epoch, step=step)


def test_mixup_by_hand():
    two = MixingPlan(np.array([1, 0]), np.array([0.75, 0.5]))
    np.testing.assert_allclose(two.mix(np.array([[8.0, 0.0], [4.0, 2.0]])), [[7.0, 0.5], [6.0, 1.0]])
    np.testing.assert_allclose(two.mix_targets(np.eye(2, dtype=np.float32)), [[0.75, 0.25], [0.5, 0.5]])


def test_cutmix_by_hand():
    # The partner covers the upper left quarter, then the lower half; the fractions fit any grid.
    two = MixingPlan(np.array([1, 0]), np.zeros(2), np.array([[0, 0, 0.5, 0.5], [0.5, -1, 2, 2]]))
    values = np.stack([np.zeros((4, 4, 1)), np.ones((4, 4, 1))])
    mixed = two.mix(values)[..., 0]
    assert mixed[0].tolist() == [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert mixed[1].tolist() == [[1, 1, 1, 1], [1, 1, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0]]
    np.testing.assert_allclose(two.mix_targets(np.eye(2, dtype=np.float32), 4, 4), [[0.75, 0.25], [0.5, 0.5]])
    # Three rows cannot be halved: the middle one's middle lies on the edge and counts as covered from there on.
    np.testing.assert_allclose(two.shares(3, 3), [1 - 1 / 9, 1 / 3])


@settings(deadline=None, max_examples=60, database=None)
@given(
    st.integers(1, 20),
    st.sampled_from([(0.2, 0.0), (0.0, 1.0), (0.4, 0.4)]),
    st.integers(0, 2**32 - 1),
    st.integers(1, 9),
    st.integers(1, 9),
)
def test_pixels_and_targets_are_shared_alike(images, alphas, seed, height, width):
    mixing = plan(images, *alphas, seed=seed)
    # Each image is filled with its own number, so that the sum over a mixed one tells who has which share.
    values = np.tile(np.arange(images, dtype=np.float64)[:, None, None, None], (1, height, width, 2))
    mixed = mixing.mix(values)
    targets = mixing.mix_targets(np.eye(images, dtype=np.float32), height, width)
    np.testing.assert_allclose(targets.sum(axis=1), 1, rtol=1e-6)
    assert targets.min() >= 0
    np.testing.assert_allclose(mixed.mean(axis=(1, 2, 3)), targets @ np.arange(images), rtol=1e-5, atol=1e-5)
    assert sorted(mixing.partners.tolist()) == list(range(images))


@pytest.mark.parametrize("alphas", [(0.2, 0), (0, 1.0), (0.3, 0.3)])
def test_plans_belong_to_seed_epoch_and_step(alphas):
    first, again = plan(16, *alphas, step=3), plan(16, *alphas, step=3)
    np.testing.assert_array_equal(first.partners, again.partners)
    np.testing.assert_array_equal(first.own_shares, again.own_shares)
    for other in (plan(16, *alphas, step=4), plan(16, *alphas, epoch=1, step=3), plan(16, *alphas, seed=1, step=3)):
        assert (first.partners != other.partners).any()


def test_shares_are_beta_and_both_kinds_come_up():
    plans = [plan(50, 0.4, 0.4, step=step) for step in range(200)]
    shares = np.concatenate([mixing.own_shares for mixing in plans])
    assert stats.kstest(shares, stats.beta(0.4, 0.4).cdf).pvalue > 0.01
    assert 70 < sum(mixing.boxes is None for mixing in plans) < 130


def test_boxes_have_the_area_of_the_share_where_no_edge_cuts_them():
    mixing = plan(4000, cutmix=1.0)
    top, left, bottom, right = mixing.boxes.T
    np.testing.assert_allclose((bottom - top) * (right - left), 1 - mixing.own_shares, atol=1e-12)
    is_whole = (mixing.boxes.min(axis=1) >= 0) & (mixing.boxes.max(axis=1) <= 1)
    assert is_whole.sum() > 300
    np.testing.assert_allclose(mixing.shares(200, 200)[is_whole], mixing.own_shares[is_whole], atol=0.011)
    middle = (mixing.boxes[:, :2] + mixing.boxes[:, 2:]) / 2
    assert stats.kstest(middle[:, 0], "uniform").pvalue > 0.01
    assert abs(np.corrcoef(middle.T)[0, 1]) < 0.05


def test_types():
    pixels = np.random.default_rng(0).integers(0, 256, (8, 6, 6, 3), dtype=np.uint8)
    for mixing in (plan(mixup=0.2), plan(cutmix=1.0)):
        assert mixing.mix(pixels).dtype == np.float32
        assert mixing.mix(pixels.astype(np.float16)).dtype == np.float16
    assert plan(mixup=0.2).mix(np.ones((8, 5), np.float32)).shape == (8, 5)


def test_no_mixing():
    assert plan() is None
    assert plan(0, mixup=0.2) is None


def test_soft_targets_by_hand():
    np.testing.assert_allclose(
        soft_targets(np.array([2, 0]), 4, 0.2), [[0.05, 0.05, 0.85, 0.05], [0.85, 0.05, 0.05, 0.05]]
    )
    np.testing.assert_array_equal(soft_targets(np.array([1]), 3), [[0, 1, 0]])
    assert soft_targets(np.array([1]), 3).dtype == np.float32


def test_balanced_class_weights_are_scikit_learns():
    labels = np.repeat([0, 1, 2], [50, 30, 7])
    expected = compute_class_weight("balanced", classes=np.arange(3), y=labels)
    weights = balanced_class_weights(np.bincount(labels))
    np.testing.assert_allclose(weights, expected, rtol=1e-6)
    assert weights[labels].mean() == pytest.approx(1.0)


def test_refusals():
    with pytest.raises(TrainingError, match=r"expected the 8 rows that mixing was planned for, got 7"):
        plan(mixup=0.2).mix(np.ones((7, 3)))
    with pytest.raises(TrainingError, match=r"expected the 8 rows that mixing was planned for, got 9"):
        plan(mixup=0.2).mix_targets(np.ones((9, 3), np.float32))
    with pytest.raises(TrainingError, match=r"expected values \[n, height, width, channels\] for cutmix, got \[8, 3\]"):
        plan(cutmix=1.0).mix(np.ones((8, 3)))
    with pytest.raises(
        TrainingError, match=r"expected the height and width of what cutmix was applied to, got 0 and 0"
    ):
        plan(cutmix=1.0).mix_targets(np.ones((8, 3), np.float32))
    with pytest.raises(DataError, match=r"expected labels from 0 to 2, got 1 to 3"):
        soft_targets(np.array([1, 3]), 3)
    with pytest.raises(DataError, match=r"expected images of every class to weigh classes by, got none of \[1\]"):
        balanced_class_weights(np.array([4, 0, 2]))
