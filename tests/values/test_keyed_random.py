"""Keyed numbers are SplitMix64's, evenly spread, and know nothing of order."""

import numpy as np
from scipy import stats

from lowres.values.keyed_random import ImageDraws, keyed_fractions, keyed_words

# The published first outputs of SplitMix64 from the state 0, as in the sources of Java and of xoshiro.
FROM_ZERO = (0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F)


def test_one_part_of_a_key_is_one_output_of_splitmix64():
    assert tuple(keyed_words(np.arange(3)).tolist()) == FROM_ZERO


def test_a_second_part_starts_from_the_first():
    golden, whole = 0x9E3779B97F4A7C15, 2**64
    state = (FROM_ZERO[2] + 6 * golden) % whole
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) % whole
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) % whole
    assert keyed_words(2, 5).tolist() == [state ^ (state >> 31)]


def test_fractions_are_even_and_independent_of_their_neighbours():
    draws = keyed_fractions(3, 7, np.arange(20_000), 1)
    assert stats.kstest(draws, "uniform").pvalue > 0.01
    for neighbour in (
        keyed_fractions(3, 7, np.arange(20_000), 2),
        keyed_fractions(3, 8, np.arange(20_000), 1),
        keyed_fractions(4, 7, np.arange(20_000), 1),
        np.roll(draws, 1),
    ):
        assert abs(np.corrcoef(draws, neighbour)[0, 1]) < 0.025


def test_whole_numbers_reach_both_ends_equally():
    draws = ImageDraws(0, 0, np.arange(14_000)).whole(-3, 3, 5)
    values, counts = np.unique(draws, return_counts=True)
    assert values.tolist() == [-3, -2, -1, 0, 1, 2, 3]
    assert stats.chisquare(counts).pvalue > 0.01


def test_an_image_draws_by_seed_epoch_number_and_purpose():
    draws = ImageDraws(11, 22, np.array([33, 44])).fractions(55)
    np.testing.assert_array_equal(draws, [keyed_fractions(11, 22, number, 55)[0] for number in (33, 44)])


def test_rows_keep_their_draws():
    draws = ImageDraws(1, 2, np.arange(50))
    chosen = np.array([40, 3, 17])
    np.testing.assert_array_equal(draws.rows(chosen).between(-2, 5, 1), draws.between(-2, 5, 1)[chosen])
    assert draws.between(-2, 5, 1).min() >= -2
    assert draws.between(-2, 5, 1).max() < 5
