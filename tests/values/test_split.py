"""Splits are disjoint, stratified, safe for groups and copies, settled by the seed, and scikit-learn's on CIFAR-10."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from lowres.errors import SplitError
from lowres.values.labelled_images import LabelledImages
from lowres.values.split import PARTS, Split, image_groups, make_split

quick = settings(deadline=None, max_examples=60, database=None)


def distinct_pixels(n):
    """`n` tiny images, no two alike: each holds its own number in its bytes."""
    numbers = np.arange(n, dtype="<u4").view(np.uint8).reshape(n, 4)
    return np.concatenate([numbers, np.zeros((n, 2), np.uint8)], axis=1).reshape(n, 1, 2, 3)


def build(labels, pixels=None, **more):
    labels = np.asarray(labels, dtype=np.int64)
    names = tuple(f"class {number}" for number in range(int(labels.max()) + 1))
    pixels = distinct_pixels(len(labels)) if pixels is None else pixels
    return LabelledImages(pixels, labels, names, tuple(map(str, range(len(labels)))), **more)


@pytest.fixture(scope="module")
def cifar_like():
    labels = np.random.default_rng(0).permuted(np.repeat(np.arange(10), 5000))
    test_labels = np.repeat(np.arange(10), 1000)
    held_out = np.repeat([False, True], [50_000, 10_000])
    return build(np.concatenate([labels, test_labels]), held_out=held_out)


def test_cifar10s_customary_split_is_train_test_split_called_by_hand(cifar_like):
    split = make_split(cifar_like, pool_images=10_000, seed=42)
    labels = cifar_like.labels
    pool, _ = train_test_split(np.arange(50_000), train_size=10_000, stratify=labels[:50_000], random_state=42)
    train, validation = train_test_split(pool, test_size=0.2, stratify=labels[pool], random_state=42)
    assert (len(split.train), len(split.validation), len(split.test)) == (8_000, 2_000, 10_000)
    np.testing.assert_array_equal(split.train, np.sort(train))
    np.testing.assert_array_equal(split.validation, np.sort(validation))
    np.testing.assert_array_equal(split.test, np.arange(50_000, 60_000))
    assert np.bincount(labels[split.train]).tolist() == [800] * 10
    assert np.bincount(labels[split.validation]).tolist() == [200] * 10


def test_without_held_out_images_test_is_drawn_first_by_hand():
    images = build(np.arange(500) % 5)
    split = make_split(images, seed=7)
    rest, test = train_test_split(np.arange(500), test_size=0.2, stratify=images.labels, random_state=7)
    train, validation = train_test_split(rest, test_size=0.2, stratify=images.labels[rest], random_state=7)
    for part, expected in zip(PARTS, (train, validation, test), strict=True):
        np.testing.assert_array_equal(split.part(part), np.sort(expected))


@pytest.mark.parametrize("pool", [0, 400, 10**6])
def test_a_pool_of_all_there_is_takes_all(pool):
    split = make_split(build(np.arange(500) % 5), pool_images=pool)
    assert len(split.train) + len(split.validation) == 400


@quick
@given(
    counts=st.lists(st.integers(12, 60), min_size=2, max_size=5),
    validation=st.floats(0.15, 0.5),
    test=st.floats(0.15, 0.5),
    seed=st.integers(0, 2**32 - 1),
    pool=st.integers(0, 200),
)
def test_parts_are_disjoint_stratified_sized_and_settled_by_the_seed(counts, validation, test, seed, pool):
    total, pooled_at_least = sum(counts), len(counts) * 12
    assume(pool == 0 or pool >= pooled_at_least)
    images = build(np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts)))
    chosen = {"validation_fraction": validation, "test_fraction": test, "seed": seed, "pool_images": pool}
    try:
        split = make_split(images, **chosen)
    except SplitError:
        # Only where a part was too small for its classes.
        smallest = min(total, pool or total) * min(counts) / total * min(validation, test, 1 - test)
        assert smallest < 4
        return
    parts = [split.part(name) for name in PARTS]
    together = np.concatenate(parts)
    assert len(set(together.tolist())) == len(together)
    remaining = total - np.ceil(test * total)
    # As documented: within one image a class of all there are, all.
    pool_size = pool if 0 < pool <= remaining - len(counts) else remaining
    assert len(split.test) == pytest.approx(test * total, abs=1)
    assert len(split.validation) == pytest.approx(validation * pool_size, abs=1)
    assert len(split.train) == pytest.approx((1 - validation) * pool_size, abs=1)
    for part in parts:
        shares = np.bincount(images.labels[part], minlength=len(counts))
        assert (shares > 0).all()
        # Stratified: each class within rounding (of up to three draws) of its share.
        assert np.abs(shares - len(part) * np.array(counts) / total).max() < 3
    again = make_split(images, **chosen)
    assert all((again.part(name) == part).all() for name, part in zip(PARTS, parts, strict=True))


def test_another_seed_another_split():
    images = build(np.arange(200) % 2)
    assert make_split(images, seed=1).train.tolist() != make_split(images, seed=2).train.tolist()


@quick
@given(
    sizes=st.lists(st.integers(1, 9), min_size=24, max_size=60),
    classes=st.integers(2, 3),
    seed=st.integers(0, 1000),
    pool_fraction=st.sampled_from([0, 0.6]),
)
def test_groups_stay_on_one_side_and_sizes_are_images_not_groups(sizes, classes, seed, pool_fraction):
    group = np.repeat(np.arange(len(sizes)), sizes)
    images = build(group % classes, groups=group * 7 - 3)
    total = len(group)
    split = make_split(images, seed=seed, pool_images=int(pool_fraction * total))
    sides = [set(images.groups[split.part(name)].tolist()) for name in PARTS]
    assert not sides[0] & sides[1]
    assert not sides[0] & sides[2]
    assert not sides[1] & sides[2]
    slack = classes * max(sizes)
    assert abs(len(split.test) - 0.2 * total) <= slack
    pool = len(split.train) + len(split.validation)
    assert abs(pool - (pool_fraction * total or 0.8 * total)) <= 2 * slack
    assert abs(len(split.validation) - 0.2 * pool) <= slack
    for name in PARTS:
        assert set(images.labels[split.part(name)].tolist()) == set(range(classes))


def test_sizes_hold_where_groups_differ_much():
    # Twenty patients with 100 images each, a thousand with one: counting groups would put any number in a part.
    sizes = np.array([100] * 20 + [1] * 1000)
    images = build(np.repeat(np.arange(1020) % 2, sizes), groups=np.repeat(np.arange(1020), sizes))
    split = make_split(images)
    assert (len(split.test), len(split.validation), len(split.train)) == (600, 480, 1920)


@quick
@given(n=st.integers(90, 120), different=st.integers(20, 60), seed=st.integers(0, 1000))
def test_exact_copies_stay_on_one_side(n, different, seed):
    content = np.random.default_rng(seed).integers(0, different, n)
    pixels = distinct_pixels(different)[content]
    images = build(content % 2, pixels)
    split = make_split(images, seed=seed)
    train, validation, test = ({image.tobytes() for image in pixels[split.part(name)]} for name in PARTS)
    assert not train & validation
    assert not train & test
    assert not validation & test
    assert len(split.train) + len(split.validation) + len(split.test) == len(content)


def test_a_few_copies_leave_the_sizes_as_asked():
    pixels = distinct_pixels(1000)
    pixels[500] = pixels[0]
    split = make_split(build(np.arange(1000) % 10, pixels), pool_images=500)
    assert [len(split.part(name)) for name in PARTS] == [400, 100, 200]


def grouped_and_held_out(counts):
    """Images of two classes, two of the first in one group, beside five held-out ones of each class."""
    labels = np.concatenate([np.repeat([0, 1], counts), [0, 1] * 5])
    groups = np.arange(len(labels))
    groups[1] = 0
    return build(labels, held_out=np.arange(len(labels)) >= sum(counts), groups=groups)


def test_groups_are_shared_out_by_largest_remainder():
    # A fifth of 23 is 5: 10 / 23 of it is 2.17, 13 / 23 is 2.83.
    images = grouped_and_held_out((10, 13))
    split = make_split(images)
    assert np.bincount(images.labels[split.validation]).tolist() == [2, 3]


def test_the_last_group_of_a_class_is_never_drawn_away():
    # 90 % of three images rounds to all three.
    images = grouped_and_held_out((30, 3))
    split = make_split(images, validation_fraction=0.9)
    assert np.bincount(images.labels[split.train]).tolist() == [3, 1]


def test_copies_and_groups_of_held_out_images_are_not_trained_on():
    pixels = distinct_pixels(100)
    held_out = np.arange(100) >= 80
    groups = np.arange(100)
    pixels[3] = pixels[90]
    groups[5] = groups[91]
    groups[7] = groups[3]
    split = make_split(build(np.arange(100) % 2, pixels, held_out=held_out, groups=groups))
    used = set(split.train.tolist()) | set(split.validation.tolist())
    # 7 shares a group with 3, which is a copy of 90.
    assert used == set(range(80)) - {3, 5, 7}
    assert split.test.tolist() == list(range(80, 100))


def slow_groups(images):
    """Merge labels until nothing changes."""
    n = len(images)
    number = list(range(n))
    keys = [[image.tobytes() for image in images.pixels]]
    keys += [] if images.groups is None else [images.groups.tolist()]
    for _ in range(n):
        for key in keys:
            lowest = {}
            for row in range(n):
                lowest[key[row]] = min(lowest.get(key[row], n), number[row])
            number = [lowest[key[row]] for row in range(n)]
    return number


@quick
@given(content=st.lists(st.integers(0, 9), min_size=4, max_size=14), grouped=st.booleans(), data=st.data())
def test_image_groups_against_slow_merging(content, grouped, data):
    groups = data.draw(st.lists(st.integers(-3, 9), min_size=len(content), max_size=len(content)))
    pixels = distinct_pixels(10)[content]
    images = build([0, 1] + [0] * (len(content) - 2), pixels, groups=np.array(groups) if grouped else None)
    ours, slow = image_groups(images).tolist(), slow_groups(images)
    assert [ours.index(number) for number in ours] == [slow.index(number) for number in slow]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (([1, 2], [2], [3]), "expected parts that share no image, got some image in two parts"),
        (([1, 1], [2], [3]), r"expected parts that share no image, .*\(or twice in one\)"),
        (([1], [], [3]), "expected at least one image in the validation part, got none"),
    ],
)
def test_split_refuses(parts, message):
    with pytest.raises(SplitError, match=message):
        Split(*(np.array(part) for part in parts), fingerprint="f")


def test_parts_are_sorted_and_read_only():
    split = Split(np.array([5, 1]), np.array([2]), np.array([3]), "f")
    assert split.part("train").tolist() == [1, 5]
    with pytest.raises(ValueError, match="read-only"):
        split.train[0] = 7


def test_split_names_its_parts():
    split = Split(np.array([1]), np.array([2]), np.array([3]), "f")
    with pytest.raises(SplitError, match="expected a part among train, validation, test, got 'dev'"):
        split.part("dev")


def test_split_refuses_other_images():
    images = build(np.arange(60) % 2)
    split = make_split(images)
    split.check(images)
    other = build((np.arange(60) + 1) % 2)
    with pytest.raises(SplitError, match=rf"fingerprint {images.fingerprint[:12]}\), got others .*; make a new split"):
        split.check(other)


def test_refuses_a_class_too_small_for_three_parts():
    message = r"expected at least 3 images of every class .*, got 2 of 'class 1'; add images of 'class 1' or leave"
    with pytest.raises(SplitError, match=message):
        make_split(build([0] * 50 + [1] * 2))


def test_refuses_a_fraction_too_small_for_the_classes():
    message = "cannot draw the test part from 100 images in 10 classes: .*larger fraction"
    with pytest.raises(SplitError, match=message):
        make_split(build(np.arange(100) % 10), test_fraction=0.05)


def test_refuses_a_part_that_would_lack_a_class():
    held_out = np.arange(60) >= 50
    with pytest.raises(SplitError, match=r"expected every class in the test part \(10 images\), got none of class 1;"):
        make_split(build([0, 1] * 25 + [0] * 10, held_out=held_out))


def test_refuses_a_class_of_one_group():
    groups = np.concatenate([np.arange(50), np.full(50, 99)])
    message = "expected at least two groups of 'class 1' to draw the test part from, got one of 50 images; add images"
    with pytest.raises(SplitError, match=message):
        make_split(build([0] * 50 + [1] * 50, groups=groups))
