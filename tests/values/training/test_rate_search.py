"""The rate suggested is a tenth of where the loss was lowest, worked by hand and on a training of NumPy's own."""

import math

import numpy as np
import pytest

from lowres.errors import TrainingError
from lowres.values.training.rate_search import HIGHEST_RATE, LOWEST_RATE, UPDATES, rising_rates, search_rate


def test_rates_rise_evenly_on_a_logarithmic_scale():
    rates = rising_rates()
    assert (len(rates), rates[0], rates[-1]) == (UPDATES, LOWEST_RATE, HIGHEST_RATE)
    np.testing.assert_allclose(np.diff(np.log(rates)), math.log(1e6) / 99)


def test_the_smoothing_worked_by_hand():
    search = search_rate(rising_rates(12), [2.0, 1.0] + [1.0] * 10)
    # Debiased: 2; (0.9 * 0.2 + 0.1) / (1 - 0.81) = 0.28 / 0.19.
    assert search.losses[:2] == pytest.approx((2.0, 0.28 / 0.19))
    assert search.ran_away_at is None


def test_the_suggestion_is_a_tenth_of_the_rate_where_the_loss_begins_to_rise():
    rates = rising_rates(61)
    search = search_rate(rates, [10.0] * 20 + [1.0] * 40 + [30.0])
    assert search.edge == rates[59]
    assert search.suggested == pytest.approx(rates[59] / 10, rel=0.05)


def test_noise_of_a_loss_that_cannot_fall_decides_nothing():
    noise = np.random.default_rng(5).normal(0, 0.01, 100)
    # Lowest at the very first update, by chance; really rising from the seventieth on.
    losses = 0.5 + noise + np.maximum(0, np.arange(100) - 70) * 0.05
    losses[0] = 0.46
    search = search_rate(rising_rates(), losses)
    assert rising_rates()[68] < search.edge < rising_rates()[78]


def test_it_stops_where_the_training_runs_away_and_asks_for_no_more():
    asked = []

    def losses():
        for number in range(UPDATES):
            asked.append(number)
            yield 1.0 if number < 20 else 1e9

    search = search_rate(rising_rates(), losses())
    assert search.ran_away_at == rising_rates()[20]
    assert len(search.losses) == len(search.rates) == 20
    assert asked == list(range(21))


def test_no_number_is_a_training_that_ran_away():
    search = search_rate(rising_rates(), [1.0] * 15 + [math.nan] * 85)
    assert (search.ran_away_at, len(search.rates)) == (rising_rates()[15], 15)


def test_descent_on_a_parabola_runs_away_where_theory_says():
    """Plain descent on curvature 50 diverges at rates above 2 / 50."""
    place, losses = 1.0, []
    for rate in rising_rates():
        losses.append(25 * place**2)
        place -= rate * 50 * place
    search = search_rate(rising_rates(), losses)
    assert search.ran_away_at is not None
    # Late, since by then it stands near the bottom and has to climb from there.
    assert 2 / 50 < search.ran_away_at < 10 * 2 / 50
    assert search.suggested < 2 / 50


def test_a_training_lost_from_the_start_is_refused():
    with pytest.raises(TrainingError, match=r"stays finite for 10 updates at rates from 1e-06, got 3; run `lowres pre"):
        search_rate(rising_rates(), [1.0, 1.0, 1.0, math.inf])


def test_its_json_holds_what_a_script_wants():
    found = search_rate(rising_rates(30), np.linspace(2, 1, 30)).to_json()
    assert list(found) == ["suggested", "edge", "ran_away_at", "rates", "losses"]
    assert found["suggested"] == 0.1
    assert len(found["rates"]) == len(found["losses"]) == 30
