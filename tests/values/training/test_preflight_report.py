"""What preflight found survives JSON, and knows what forbids a training."""

import json

import pytest

from lowres.errors import StudyDamaged
from lowres.values.findings import Finding
from lowres.values.training.preflight_report import PreflightReport, preflight_from_json
from lowres.values.training.training_cost import TrainingMinutes

FINE = Finding("logits", "PASS", "-1 to 1")
ODD = Finding("memory", "WARN", "much", "less")
BROKEN = Finding("input range", "FAIL", "scaled twice", "scale once")


def report(*findings, accepted=False):
    return PreflightReport(findings, accepted, 64, 4.25, TrainingMinutes(1.5, 0.25, 20.0), {"cores": 2})


def test_it_goes_through_json_unchanged():
    given = report(FINE, BROKEN, accepted=True)
    data = json.loads(json.dumps(given.to_json()))
    assert preflight_from_json(data, "here") == given
    assert (data["status"], data["accepted"], data["minutes"]["total"]) == ("FAIL", True, 21.75)


def test_the_gravest_finding_is_the_status_and_only_fail_forbids():
    assert (report(FINE).status, report(FINE, ODD).status, report(ODD, BROKEN).status) == ("PASS", "WARN", "FAIL")
    assert report(ODD, BROKEN, FINE).failed == (BROKEN,)


@pytest.mark.parametrize("data", [{}, [], {"findings": [{"name": "x"}]}, {"minutes": 3}])
def test_another_document_is_refused(data):
    with pytest.raises(StudyDamaged, match="expected what preflight found in here, got something else .*; run"):
        preflight_from_json(data, "here")
