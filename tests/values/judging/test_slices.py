"""Slices by hand: values, quartiles against NumPy, small ones marked, the worst first."""

import numpy as np
from scipy.stats import binomtest

from lowres.values.judging.slices import sliced_column


def test_values_are_slices_the_worst_first():
    right = np.array([True] * 40 + [False] * 10 + [True] * 2 + [False] * 8)
    found = sliced_column("camera", ["A"] * 50 + ["B"] * 10, right)
    assert [(row.value, row.n, row.accuracy, row.is_small) for row in found.slices] == [
        ("B", 10, 0.2, True),
        ("A", 50, 0.8, False),
    ]
    low, high = binomtest(2, 10).proportion_ci(method="wilson")
    np.testing.assert_allclose(found.slices[0].accuracy_interval, (low, high))
    assert (found.kind, found.skipped) == ("values", "")


def test_numbers_are_cut_at_their_quartiles():
    random = np.random.default_rng(0)
    numbers = random.normal(size=400).round(4)
    right = numbers > np.median(numbers)
    found = sliced_column("brightness", [str(number) for number in numbers], right)
    assert found.kind == "quartiles"
    assert [row.n for row in found.slices] == [100] * 4
    assert [row.accuracy for row in found.slices] == [0.0, 0.0, 1.0, 1.0]
    first = next(row for row in found.slices if row.value.startswith("quartile 1"))
    assert first.value == f"quartile 1: {numbers.min():g} to {np.quantile(numbers, 0.25):g}"


def test_few_numbers_are_codes():
    found = sliced_column("year", ["2020", "2021"] * 30, np.ones(60, dtype=bool))
    assert [row.value for row in found.slices] == ["2020", "2021"]


def test_empty_cells_are_a_slice_of_their_own():
    numbers = [str(number) for number in range(100)] + ["", " "]
    found = sliced_column("age", numbers, np.r_[np.ones(100, dtype=bool), [False, False]])
    assert [(row.value, row.n) for row in found.slices][0] == ("(empty)", 2)
    assert sum(row.n for row in found.slices) == 102


def test_names_are_no_kinds():
    found = sliced_column("file", [f"{number}.png" for number in range(60)], np.ones(60, dtype=bool))
    assert found.slices == ()
    assert found.skipped == "60 different values, more than 50: a name rather than a kind"


def test_equal_numbers_share_a_quartile():
    numbers = ["0"] * 90 + [str(number) for number in range(1, 11)]
    found = sliced_column("count", numbers, np.ones(100, dtype=bool))
    assert sum(row.n for row in found.slices) == 100
    assert max(row.n for row in found.slices) == 90
