"""What stands of verdicts, and how far people agree: scikit-learn's kappa."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from lowres.values.monitoring.human_label import HumanLabel
from lowres.values.reviewing.agreement import tally

BEGAN = datetime(2026, 11, 26, tzinfo=UTC)


def label(id, reviewer, name, number=0, **more):
    return HumanLabel(str(id), reviewer, name, BEGAN + timedelta(seconds=number), **more)


def test_kappa_is_scikit_learns():
    random = np.random.default_rng(0)
    first = random.choice(["cat", "dog", "bird"], 80, p=[0.6, 0.3, 0.1])
    second = np.where(random.random(80) < 0.7, first, random.choice(["cat", "dog", "bird"], 80))
    said = tally(
        [label(n, "ann", str(name)) for n, name in enumerate(first)]
        + [label(n, "bob", str(name)) for n, name in enumerate(second)]
    )
    (found,) = said.agreements
    assert found.reviewers == ("ann", "bob")
    assert (found.n, found.same) == (80, int((first == second).sum()))
    assert found.kappa == pytest.approx(cohen_kappa_score(first, second))
    assert len(said.disputed) == 80 - found.same


def test_the_last_word_stands_and_what_is_withdrawn_does_not():
    said = tally(
        [
            label(1, "ann", "cat"),
            label(1, "ann", "dog", 1),
            label(2, "ann", "cat"),
            label(2, "ann", None, 1, is_withdrawn=True),
            label(3, "ann", None),
            label(4, "ann", "cat"),
            label(4, "bob", None),
            label(5, "bob", "cat"),
            label(5, "ann", "dog"),
        ]
    )
    assert said.classes == {"1": "dog", "4": "cat"}
    assert said.disputed == ("5",)
    assert said.untold == ("3",)
    assert said.said == {"ann": 4, "bob": 2}
    (one,) = said.agreements
    assert (one.n, one.same) == (1, 0)


def test_where_everybody_says_the_same_kappa_says_nothing():
    said = tally([label(1, "ann", "cat"), label(1, "bob", "cat")])
    assert said.agreements[0].kappa is None
    assert tally([]).classes == {}
