"""The heads' cost grows with what there is to do, and heads nobody asked for cost nothing."""

import pytest

from lowres.networks.probes.head_cost import dense_step_seconds, solving_seconds
from lowres.values.recipes.recipe import Head


def test_twice_the_images_take_twice_as_long(monkeypatch):
    from lowres.networks.probes import head_cost as room

    monkeypatch.setattr(room, "_timed", lambda product: 0.5)
    linear = Head(kinds=("linear",), regularisations=(0.1, 1.0))
    assert solving_seconds(1024, 8, 3, linear) == pytest.approx(2 * solving_seconds(512, 8, 3, linear))
    # Two hundred evaluations of half a second, for each of two strengths; seven products.
    assert solving_seconds(512, 8, 3, linear) == 200
    assert solving_seconds(512, 8, 3, Head(kinds=("lda",))) == 3.5


def test_a_dense_head_is_not_solved():
    assert solving_seconds(8000, 64, 10, Head(kinds=("dense",))) == 0


def test_a_step_of_the_dense_head_takes_some_time():
    assert 0 < dense_step_seconds(64, 10, 32) < 10
