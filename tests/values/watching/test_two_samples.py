"""Two samples are told apart by SciPy's and scikit-learn's arithmetic, and chance alone seldom is."""

import numpy as np
import pytest
from scipy import stats
from sklearn.neighbors import NearestNeighbors

from lowres.values.watching.neighbours import directions, neighbour_distances
from lowres.values.watching.two_samples import NO_SHIFT, embedding_shift, mix_shift, number_shift


def test_a_number_that_rose_or_fell():
    random = np.random.default_rng(0)
    before, after = random.normal(size=900), random.normal(1.0, 1.0, 400)
    found = number_shift(before, np.append(after, np.nan))
    theirs = stats.ks_2samp(before, after, method="asymp")
    assert (found.p, found.size) == pytest.approx((theirs.pvalue, theirs.statistic))
    assert found.direction == 1
    assert number_shift(after, before).direction == -1
    assert number_shift(before, np.array([np.nan])) == NO_SHIFT


def test_a_mix_of_classes():
    found = mix_shift(np.array([100, 200, 300, 0]), np.array([60, 90, 150, 0]))
    table = [[100, 200, 300], [60, 90, 150]]
    assert found.p == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue)
    assert found.size == pytest.approx((abs(1 / 6 - 0.2) + abs(1 / 3 - 0.3) + abs(0.5 - 0.5)) / 2)
    # A class seen twice in one row only is joined with the next rarest.
    joined = stats.chi2_contingency([[490 + 2, 500], [230, 250]], correction=False).pvalue
    assert mix_shift(np.array([2, 500, 490]), np.array([0, 250, 230])).p == pytest.approx(joined)
    assert mix_shift(np.array([5, 0]), np.array([0, 0])) == NO_SHIFT


def discrepancy(first, second):
    """Gretton et al. 2012, equation 3, term by term."""
    rows = np.concatenate([first, second])
    squares = ((rows[:, None] - rows[None]) ** 2).sum(axis=2)
    width = np.median(squares[np.triu_indices(len(rows), 1)])
    kernel, n, m = np.exp(-squares / width), len(first), len(second)
    own = sum(kernel[i, j] for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    other = sum(kernel[n + i, n + j] for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    return own + other - 2 * kernel[:n, n:].mean()


def test_the_discrepancy_is_that_of_the_paper():
    random = np.random.default_rng(1)
    first = directions(random.normal(size=(30, 5)))
    second = directions(random.normal(0.5, 1, size=(20, 5)))
    found = embedding_shift(first, second)
    assert found.size == pytest.approx(np.sqrt(max(discrepancy(first, second), 0) / 2), rel=1e-3)
    assert found.p < 0.01


def test_chance_alone_gives_every_p_as_often():
    random = np.random.default_rng(2)
    found = []
    for seed in range(60):
        rows = directions(random.normal(size=(160, 8)))
        found.append(embedding_shift(rows[:100], rows[100:], seed).p)
    assert stats.kstest(found, "uniform").pvalue > 0.01
    assert min(found) > 1e-4
    assert embedding_shift(rows[:5], rows[100:]) == NO_SHIFT


@pytest.mark.parametrize("is_own", [False, True])
def test_distances_to_neighbours_are_scikit_learns(is_own):
    random = np.random.default_rng(3)
    reference = directions(random.normal(size=(700, 6)))
    asked = reference if is_own else directions(random.normal(size=(40, 6)))
    theirs, _ = NearestNeighbors(n_neighbors=10 + is_own).fit(reference).kneighbors(asked)
    ours = neighbour_distances(asked, reference, 10, is_own=is_own)
    np.testing.assert_allclose(ours, theirs[:, -1], atol=2e-3)
    strange = asked[:2].copy()
    strange[0] = np.nan
    assert np.isnan(neighbour_distances(strange, reference)).tolist() == [True, False]
