"""Facts against numbers worked by hand, and every one with a place it came from."""

import math

import pytest

from described_study import described_facts


def test_hand_worked():
    facts = described_facts()
    assert facts.number("train, float32 bytes") == 8000 * 32 * 32 * 3 * 4 == 98304000
    assert facts.number("chance loss") == pytest.approx(2.302585, abs=1e-6)
    assert facts.number("improvement of fine-tuning") == pytest.approx(4.667, abs=1e-3)
    assert facts.number("head share of parameters") == pytest.approx(527114 / 24114826)
    assert facts.number("trunk parameters") == 23587712
    assert facts.number("total seconds") == 77 * 60
    assert facts["map size"].value == (7, 7)
    assert facts.number("upscaling") == 7
    assert [(one, other, int(fact.number)) for one, other, fact in facts.confusions()] == [
        ("ship", "airplane", 237), ("deer", "horse", 232), ("cat", "frog", 218), ("bird", "deer", 208)
    ]  # fmt: skip
    assert facts.ranked("f1")[-1][0] == "cat"


def test_every_fact_says_where_it_came_from():
    for fact in described_facts().values():
        assert fact.origin
        assert not isinstance(fact.value, float) or math.isfinite(fact.value)


def test_words_are_no_number():
    with pytest.raises(TypeError, match="expected a number as 'backbone', got 'resnet50'"):
        described_facts().number("backbone")
