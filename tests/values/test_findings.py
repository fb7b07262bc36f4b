"""Findings sort by how grave they are."""

from dataclasses import FrozenInstanceError

import pytest

from lowres.values.findings import Finding, worst, worst_first

FINE, ODD, BROKEN = (Finding(name, status, "", "") for name, status in [("a", "PASS"), ("b", "WARN"), ("c", "FAIL")])


@pytest.mark.parametrize(
    ("findings", "status"), [([], "PASS"), ([FINE], "PASS"), ([ODD, FINE], "WARN"), ([FINE, BROKEN, ODD], "FAIL")]
)
def test_worst(findings, status):
    assert worst(findings) == status


def test_worst_first_keeps_the_order_of_equals():
    second = Finding("d", "WARN", "")
    assert worst_first([FINE, ODD, second, BROKEN]) == (BROKEN, ODD, second, FINE)


def test_findings_do_not_change():
    with pytest.raises(FrozenInstanceError):
        FINE.status = "FAIL"
