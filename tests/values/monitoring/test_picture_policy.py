"""Words become policies; a sample is the share asked for, and the same pictures each time."""

import hashlib

import pytest

from lowres.errors import PredictionsError
from lowres.values.monitoring.picture_policy import AUDITED_SHARE, Keep, PicturePolicy

HASHES = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(4000)]
FLAGS = [(True, False, None)[n % 3] for n in range(4000)]


@pytest.mark.parametrize(
    ("words", "policy"),
    [
        ("none", PicturePolicy(Keep.NONE)),
        ("review-only", PicturePolicy(Keep.REVIEW_ONLY)),
        ("all", PicturePolicy(Keep.ALL)),
        ("sample", PicturePolicy(Keep.SAMPLE, 0.01)),
        ("sample:0.25", PicturePolicy(Keep.SAMPLE, 0.25)),
    ],
)
def test_words_become_a_policy(words, policy):
    assert PicturePolicy.of(words) == policy


@pytest.mark.parametrize("words", ["", "some", "sample:", "sample:many", "all:0.5", "none:1"])
def test_other_words_are_refused(words):
    with pytest.raises(PredictionsError, match="expected none, review-only, all, sample or a share as in sample:0.05"):
        PicturePolicy.of(words)


@pytest.mark.parametrize("share", ["0", "1.5", "-1", "nan"])
def test_shares_that_are_none_are_refused(share):
    with pytest.raises(PredictionsError, match=r"expected a share of pictures above 0 and up to 1, got"):
        PicturePolicy.of(f"sample:{share}")


def test_none_review_and_all_by_hand():
    assert PicturePolicy.of("none").keeps(HASHES[:3], FLAGS[:3]) == [False] * 3
    assert PicturePolicy.of("all").keeps(HASHES[:3], FLAGS[:3]) == [True] * 3
    assert PicturePolicy.of("review-only").keeps(HASHES[:3], FLAGS[:3]) == [True, False, False]


def test_review_only_keeps_some_by_lot_too():
    """Else nobody could audit the answers that the study vouches for."""
    kept = PicturePolicy.of("review-only").keeps(HASHES, [False] * len(HASHES))
    assert kept == PicturePolicy(Keep.SAMPLE, AUDITED_SHARE).keeps(HASHES, [False] * len(HASHES))
    assert abs(sum(kept) - 80) <= 36


@pytest.mark.parametrize("share", [0.01, 0.3, 1.0])
def test_a_sample_is_the_share_asked_for_within_four_standard_errors(share):
    policy = PicturePolicy(Keep.SAMPLE, share)
    kept = policy.keeps(HASHES, FLAGS)
    assert abs(sum(kept) - 4000 * share) <= 4 * (4000 * share * (1 - share)) ** 0.5
    assert policy.keeps(HASHES[::-1], FLAGS) == kept[::-1]


def test_a_larger_sample_holds_the_smaller_one():
    small, large = (PicturePolicy(Keep.SAMPLE, share).keeps(HASHES, FLAGS) for share in (0.1, 0.2))
    assert all(two for one, two in zip(small, large, strict=True) if one)
