"""Real features are learned by heart by every kind of head; features that do not differ are not."""

import numpy as np
import pytest

from lowres.networks.probes.starting_head import starting_head
from lowres.networks.probes.two_batches import Overfit, judge_overfit, overfit_head
from lowres.values.recipes.recipe import Head

RAW = Head(kinds=("dense",), standardise=False)


def judged(features, labels, choices):
    head = starting_head(features, 10, choices, seed=0)
    return judge_overfit("frozen phase", overfit_head(head, features, labels, choices, seed=0))


@pytest.mark.parametrize("choices", [Head(), Head(kinds=("lda",)), Head(kinds=("dense",), learning_rate=3e-3)])
def test_real_features_are_learned_by_heart(pooled, labels, choices):
    found = judged(pooled, labels, choices)
    assert found.status == "PASS", found.measured
    assert found.name == "two batches: frozen phase"


def test_features_that_hardly_differ_teach_a_raw_dense_head_nothing(labels):
    random = np.random.default_rng(0)
    flat = (0.45 + 0.0045 * random.standard_normal((64, 512))).astype(np.float32)
    found = judged(flat, labels, RAW)
    assert found.status == "FAIL"
    assert "two batches it cannot even learn by heart" in found.measured
    assert "in 120 steps, the dense head at a rate of 0.01" in found.measured
    assert judged(100 * (flat - 0.45), labels, RAW).status == "PASS"


def test_features_that_are_all_equal_teach_a_linear_head_nothing(labels):
    found = judged(np.ones((64, 24), np.float32), labels, Head())
    assert found.status == "FAIL"


@pytest.mark.parametrize(
    ("last", "status"),
    [(1.15, "PASS"), (1.16, "WARN"), (1.95, "WARN"), (1.96, "FAIL"), (float("nan"), "FAIL"), (float("inf"), "FAIL")],
)
def test_what_is_left_of_the_first_loss_decides(last, status):
    assert judge_overfit("fine-tuning", Overfit("somehow", 2.3, last, 9)).status == status
