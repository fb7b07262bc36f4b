"""A number agrees with a fact by the digits its author wrote."""

import pytest

from lowres.values.claims.verdict import agrees
from lowres.values.claims.written_number import written_numbers
from lowres.values.study_facts.fact import Fact


@pytest.mark.parametrize(
    ("written", "value", "unit", "expected"),
    [
        ("89.5 %", 0.8949, "fraction", True),
        ("89.4 %", 0.8949, "fraction", False),
        ("89 %", 0.8949, "fraction", True),
        ("0.895", 0.8949, "fraction", True),
        ("89.49", 0.8949, "fraction", True),
        ("~90 %", 0.8949, "fraction", True),
        ("~80 %", 0.8949, "fraction", False),
        ("over 85 %", 0.8949, "fraction", True),
        ("over 90 %", 0.8949, "fraction", False),
        ("44-49%", 0.47, "fraction", True),
        ("44-49%", 0.51, "fraction", False),
        ("93.8 MB", 98304000, "bytes", True),
        ("98.3 MB", 98304000, "bytes", True),
        ("98.3 MiB", 98304000, "bytes", False),
        ("23.5 MB", 24576000, "bytes", False),
        ("8K", 8000, "count", True),
        ("527K", 527114, "count", True),
        ("8,001", 8000, "count", False),
        ("~15 minutes", 900.0, "seconds", True),
        ("15 minutes", 960.0, "seconds", False),
        ("32x32", (32, 32), "size", True),
        ("64x64", (32, 32), "size", False),
        ("32 px", (32, 32), "size", True),
        ("0-255", (0, 255), "range", True),
        ("0-1", (0, 255), "range", False),
        ("88.87 % to 90.08 %", (0.88874, 0.90076), "range", True),
        ("88.87 % to 91.08 %", (0.88874, 0.90076), "range", False),
        ("1e-4", 0.0001, "rate", True),
        ("2.20", "2.20.0", "version", True),
        ("2.20", "2.21.0", "version", False),
        ("2.2", "2.20.0", "version", False),
        ("3.x", "3.15.1", "version", True),
    ],
)
def test_hand_worked(written, value, unit, expected):
    (number,) = written_numbers(written)
    assert agrees(number, Fact("a fact", value, unit, "a file")) is expected
