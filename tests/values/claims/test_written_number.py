"""Numbers are read as their author meant them: against Python's own formatting, and against lists written by hand."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lowres.values.claims.written_number import written_numbers


def read(line):
    return [(number.kind, number.values) for number in written_numbers(line)]


@given(st.decimals(min_value=0, max_value=10**7, places=3, allow_nan=False), st.integers(0, 3))
def test_a_number_is_read_back_with_its_last_digit(value, places):
    text = f"{value:,.{places}f}"
    (number,) = written_numbers(f"it came to {text} there")
    assert number.values == (float(Decimal(text.replace(",", ""))),)
    assert number.steps == (pytest.approx(10.0**-places),)


@given(st.integers(0, 999), st.sampled_from(["%", " %", " percent"]), st.sampled_from(["", "~", "about "]))
def test_percent_however_it_is_written(value, unit, about):
    (number,) = written_numbers(f"accuracy {about}{value}{unit} here")
    assert (number.kind, number.values, number.is_about) == ("percent", (float(value),), bool(about))


@given(st.integers(0, 59), st.integers(0, 59))
def test_durations_of_two_units_are_one_number(minutes, seconds):
    (number,) = written_numbers(f"it took {minutes} min {seconds} s in all")
    assert (number.kind, number.values) == ("seconds", (60.0 * minutes + seconds,))


@given(st.text(max_size=60))
def test_any_text_is_read_and_no_letter_twice(text):
    numbers = written_numbers(text)
    assert all(one.end <= other.start for one, other in zip(numbers, numbers[1:], strict=False))
    assert all(re.search(r"\d", text[number.start : number.end]) for number in numbers)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("8K vs 50K", [("plain", (8000.0,)), ("plain", (50000.0,))]),
        ("24.1M parameters (91.99 MB)", [("plain", (24.1e6,)), ("bytes", (91.99,))]),
        ("44-49%", [("percent", (44.0, 49.0))]),
        ("88.9 % to 90.1 %", [("percent", (88.9, 90.1))]),
        ("from 10 % to 49 %", [("percent", (10.0,)), ("percent", (49.0,))]),
        ("10.5% → 49%", [("percent", (10.5,)), ("percent", (49.0,))]),
        ("[0,1] and [-1,1]", [("plain", (0.0, 1.0)), ("plain", (-1.0, 1.0))]),
        ("8000 images of 32x32x3", [("plain", (8000.0,)), ("size", (32.0, 32.0, 3.0))]),
        ("resized to 224 x 224 pixels", [("size", (224.0, 224.0))]),
        ("4.7x better, 1e-4", [("ratio", (4.7,)), ("plain", (1e-4,))]),
        ("65% target - 48.9% achieved", [("percent", (65.0,)), ("percent", (48.9,))]),
        ("16.1 percentage points", [("points", (16.1,))]),
        ("89,5 % richtig", [("percent", (89.5,))]),
        ("Keras 3.x and 0.1.0", [("version", ()), ("version", ())]),
        ("±36 degrees", [("degrees", (36.0,))]),
        ("6+ files", [("plain", (6.0,))]),
    ],
)
def test_hand_worked(line, expected):
    assert read(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        "CIFAR-10",
        "ResNet50",
        "conv5_block3_out",
        "F1",
        "uint8",
        "top-1",
        "Phase 1",
        "Section 3",
        "Sprint 2",
        "a #7 b",
        "v3",
        "x2y",
    ],
)
def test_names_are_no_numbers(line):
    assert read(line) == []


def test_bounds():
    told = written_numbers("over 80 %, at least 3 files, below 50 %, up to 30 epochs")
    assert [number.bound for number in told] == ["at least", "at least", "less than", "at most"]
