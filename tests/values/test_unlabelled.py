"""What may teach without a label is in no part, a copy of nothing in one, and there once."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lowres.values.labelled_images import LabelledImages
from lowres.values.split import PARTS, Split
from lowres.values.unlabelled import find_unlabelled

quick = settings(deadline=None, max_examples=80, database=None)


def images_of(kinds, groups=None):
    """Images of which two are the same where their kinds are."""
    pixels = np.repeat(np.asarray(kinds, np.uint8), 12).reshape(-1, 2, 2, 3)
    labels = np.arange(len(kinds)) % 2
    return LabelledImages(pixels, labels, ("a", "b"), tuple(map(str, range(len(kinds)))), groups=groups)


def further_of(kinds):
    return np.repeat(np.asarray(kinds, np.uint8), 12).reshape(-1, 2, 2, 3)


@given(data=st.data())
@quick
def test_it_is_what_a_slow_look_at_every_pair_finds(data):
    kinds = data.draw(st.lists(st.integers(0, 12), min_size=4, max_size=16))
    more = data.draw(st.lists(st.integers(0, 12), max_size=8))
    group_of = data.draw(st.lists(st.integers(0, 20), min_size=len(kinds), max_size=len(kinds)))
    parts = dict(zip(PARTS, np.arange(3)[:, None], strict=True))
    images = images_of(kinds, np.array(group_of))
    found = find_unlabelled(images, Split(**parts, fingerprint=images.fingerprint), further_of(more))

    everything = kinds + more
    linked = {0, 1, 2}
    while True:
        # One of a part, a copy of one linked already, or of its group.
        grown = {
            row
            for row, kind in enumerate(everything)
            if row in linked
            or any(everything[other] == kind for other in linked)
            or (row < len(kinds) and any(other < len(kinds) and group_of[other] == group_of[row] for other in linked))
        }
        if grown == linked:
            break
        linked = grown
    expected = [row for row, kind in enumerate(everything) if row not in linked and kind not in everything[:row]]
    assert found.numbers.tolist() == expected
    assert found.left_out == len(everything) - 3 - len(expected)
    np.testing.assert_array_equal(
        found.pixels(images.pixels, found.numbers)[:, 0, 0, 0], [everything[row] for row in expected]
    )


def test_the_labels_of_what_is_left_over_are_not_looked_at():
    images = images_of(range(20))
    others = LabelledImages(images.pixels, (images.labels + (np.arange(20) > 5)) % 2, images.class_names, images.ids)
    parts = {"train": np.arange(4), "validation": np.array([4]), "test": np.array([5])}
    one, other = (
        find_unlabelled(each, Split(**parts, fingerprint=each.fingerprint), most=6, seed=3) for each in (images, others)
    )
    assert len(one) == 6
    assert one.numbers.tolist() == other.numbers.tolist()
    assert one.fingerprint(images.pixels) == other.fingerprint(others.pixels)


def test_most_are_drawn_by_the_seed_from_all_there_are():
    images = images_of(range(30))
    split = Split(np.arange(4), np.array([4]), np.array([5]), images.fingerprint)
    drawn = [set(find_unlabelled(images, split, most=10, seed=seed).numbers.tolist()) for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert all(len(one) == 10 and one <= set(range(6, 30)) for one in drawn)
    assert len(find_unlabelled(images, split, most=24)) == len(find_unlabelled(images, split, most=99)) == 24


def test_other_pixels_have_another_fingerprint():
    images = images_of(range(10))
    split = Split(np.arange(4), np.array([4]), np.array([5]), images.fingerprint)
    one, other = (find_unlabelled(images, split, further_of(kinds)) for kinds in ([20, 21], [20, 22]))
    assert one.numbers.tolist() == other.numbers.tolist() == [6, 7, 8, 9, 10, 11]
    assert one.fingerprint(images.pixels) != other.fingerprint(images.pixels)
