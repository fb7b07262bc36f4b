"""Probabilities in place of logits, labels without an output and exploding features are named; random heads pass."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import log_loss

from lowres.networks.probes.first_logits import (
    cross_entropies,
    expected_loss,
    judge_first_loss,
    probe_labels,
    probe_logits,
)
from networks.probes.small_network import small_head

RANDOM = np.random.default_rng(0)
LABELS = np.arange(64) % 10


def logits(deviation):
    return RANDOM.normal(0, deviation, (64, 10)).astype(np.float32)


@pytest.mark.parametrize(
    ("labels", "outputs", "classes"),
    [([0, 1, 3], 3, 3), ([1, 2, 3], 3, 3), ([-1, 0, 1], 3, 3), ([0, 1, 2], 3, 4), ([0, 1, 2], 4, 3)],
)
def test_labels_that_do_not_fit_the_outputs_fail(labels, outputs, classes):
    found = probe_labels(np.array(labels), outputs, classes)
    assert found.status == "FAIL"
    assert found.measured.endswith(f"{classes} classes, {outputs} logits: they do not fit")


def test_labels_of_which_some_class_is_not_among_the_few_images_pass():
    assert probe_labels(np.array([0, 1, 1]), 3, 3).status == "PASS"


def test_a_head_with_a_softmax_is_named(pixels):
    head = small_head(softmax=True)
    maps = RANDOM.normal(size=(16, 4, 4, 24)).astype(np.float32)
    found = probe_logits(np.asarray(head(maps)))
    assert found.status == "FAIL"
    assert "these are probabilities, softmax was already applied" in found.measured
    assert "take the softmax off" in found.repair


def test_logits_that_are_no_numbers_fail():
    broken = logits(1)
    broken[[3, 5], 2] = np.inf
    assert probe_logits(broken).measured == "NaN or infinity in 2 of 64 rows"


def test_logits_pass_even_where_none_is_negative():
    assert probe_logits(np.abs(logits(1))).status == "PASS"


def test_a_row_that_happens_to_sum_to_one_is_no_softmax():
    assert probe_logits(np.array([[0.5, 0.5], [2.0, 3.0]], np.float32)).status == "PASS"


def test_the_loss_is_scikit_learns():
    drawn = logits(2)
    probabilities = softmax(drawn.astype(np.float64), axis=1)
    assert cross_entropies(drawn, LABELS).mean() == pytest.approx(log_loss(LABELS, probabilities), rel=1e-6)


def test_the_loss_of_equal_logits_is_ln_classes():
    assert expected_loss(np.zeros((5, 7), np.float32)) == pytest.approx(np.log(7))


def test_random_logits_cost_half_their_variance_more():
    # E[max] aside, ln E[exp z] = variance / 2 for normal z and many classes.
    drawn = RANDOM.normal(0, 0.5, (200, 1000)).astype(np.float32)
    assert expected_loss(drawn) == pytest.approx(np.log(1000) + 0.125, abs=0.005)


@pytest.mark.parametrize("deviation", [0.01, 0.3, 1.3])
def test_a_head_that_knows_nothing_passes(deviation):
    assert judge_first_loss(logits(deviation), LABELS, expected_loss(logits(deviation))).status == "PASS"


def test_exploding_features_fail():
    found = judge_first_loss(logits(60), LABELS, expected_loss(logits(1)))
    assert found.status == "FAIL"
    assert "ln 10 = 2.303" in found.measured
    assert "not within 15%" in found.measured


def test_a_head_that_knows_the_answers_before_training_fails():
    found = judge_first_loss(8 * np.eye(10, dtype=np.float32)[LABELS], LABELS, np.log(10))
    assert found.status == "FAIL"
