"""A sample has every class as often as the others, and any beginning of it too."""

import numpy as np
import pytest

from lowres.values.stratified_sample import stratified_sample

LABELS = np.array([0] * 500 + [1] * 40 + [2] * 3 + [3] * 60)


def test_classes_take_turns_until_they_run_out():
    rows = stratified_sample(LABELS, np.arange(len(LABELS)), 40, seed=0)
    assert np.bincount(LABELS[rows]).tolist() == [13, 12, 3, 12]
    for turn in range(3):
        assert sorted(LABELS[rows[4 * turn : 4 * turn + 4]]) == [0, 1, 2, 3]


def test_only_the_given_rows_are_taken_each_once():
    given = np.arange(5, 600, 7)
    rows = stratified_sample(LABELS, given, 30, seed=1)
    assert len(set(rows.tolist())) == 30
    assert set(rows.tolist()) <= set(given.tolist())


@pytest.mark.parametrize("wanted", [10, 11, 1000])
def test_a_small_part_is_taken_whole(wanted):
    given = np.array([3, 505, 541, 99, 544, 1, 2, 4, 5, 6])
    assert sorted(stratified_sample(LABELS, given, wanted, seed=0)) == sorted(given)


def test_the_seed_alone_decides():
    rows = [stratified_sample(LABELS, np.arange(len(LABELS)), 20, seed).tolist() for seed in (4, 4, 5)]
    assert rows[0] == rows[1] != rows[2]
