"""Maps that change when the network forgets pass; maps that are the picture's alone do not. Oracles: SciPy, loops."""

import json

import numpy as np
from scipy.stats import spearmanr

from lowres.values.explaining.map_similarity import rank_correlations, structural_similarities
from lowres.values.explaining.randomisation_check import RandomisationCheck, check_randomised
from lowres.values.explaining.saliency_baselines import edge_maps, random_maps

RANDOM = np.random.default_rng(7)
MAPS = RANDOM.normal(size=(12, 5, 5)).astype(np.float32)


def test_rank_correlations_are_scipys():
    others = (MAPS + RANDOM.normal(size=MAPS.shape)).round(1).astype(np.float32)
    expected = [spearmanr(one.ravel(), other.ravel()).statistic for one, other in zip(MAPS, others, strict=True)]
    np.testing.assert_allclose(rank_correlations(MAPS, others), expected, atol=1e-12)


def test_a_constant_map_is_like_none():
    assert rank_correlations(MAPS, np.zeros_like(MAPS)).tolist() == [0] * 12


def test_structural_similarity_written_out():
    """scikit-image's formula with its defaults (7 x 7 uniform windows, sample covariance), data_range 1, by loops."""
    one, other = np.abs(RANDOM.normal(size=(2, 1, 9, 8))).astype(np.float32)
    x, y = (each[0] / each[0].max() for each in (one, other))
    values = []
    for top in range(3):
        for left in range(2):
            a, b = (each[top : top + 7, left : left + 7].ravel().astype(float) for each in (x, y))
            (va, cab), (_, vb) = np.cov(a, b)
            values.append(
                (2 * a.mean() * b.mean() + 1e-4)
                * (2 * cab + 9e-4)
                / ((a.mean() ** 2 + b.mean() ** 2 + 1e-4) * (va + vb + 9e-4))
            )
    np.testing.assert_allclose(structural_similarities(one, other, 9, 8), [np.mean(values)], rtol=1e-5)


def test_a_map_is_like_itself():
    np.testing.assert_allclose(structural_similarities(MAPS, MAPS, 32, 32), 1)
    np.testing.assert_allclose(rank_correlations(MAPS, 3 * MAPS + 1), 1)


def check(*randomised):
    steps = [(f"step {number}", maps) for number, maps in enumerate(randomised)]
    return check_randomised("method", MAPS, steps, (32, 32), seed=0)


def test_maps_that_become_others_pass():
    found = check(random_maps(12, (5, 5), 1), random_maps(12, (5, 5), 2))
    assert found.is_passed
    assert abs(found.steps[0].rank_correlation) < 0.2
    assert found.n == 12


def test_maps_of_the_picture_alone_fail():
    """An edge detector asks no network, so randomising the network leaves its maps as they were."""
    edges = edge_maps(RANDOM.integers(0, 256, (12, 8, 8, 3), dtype=np.uint8))
    found = check_randomised("edges", edges, [("head", edges), ("all", edges.copy())], (8, 8), seed=0)
    assert not found.is_passed
    np.testing.assert_allclose([step.rank_correlation for step in found.steps], 1)
    np.testing.assert_allclose([step.structural_similarity for step in found.steps], 1)


def test_a_method_that_asks_for_no_class_fails_at_the_head():
    found = check(MAPS, random_maps(12, (5, 5), 2))
    assert (found.needs_the_head, found.steps[-1].has_changed, found.is_passed) == (False, True, False)


def test_a_network_that_never_mattered_fails_at_the_end():
    found = check(random_maps(12, (5, 5), 2), MAPS)
    assert (found.needs_the_head, found.is_passed) == (True, False)


def test_it_comes_back_from_json():
    found = check(random_maps(12, (5, 5), 1), MAPS)
    data = json.loads(json.dumps(found.to_json()))
    assert RandomisationCheck.from_json(data) == found
    assert data["is_passed"] is False
    assert [step["randomised"] for step in data["steps"]] == ["step 0", "step 1"]
