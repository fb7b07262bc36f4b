"""The report on heads comes back from JSON equal, and names each head in words."""

import json

import pytest

from lowres.values.training.head_report import HeadCandidate, HeadReport
from lowres.values.training.history import EpochRow

LINEAR = HeadCandidate("linear", 0.01, False, 0.8, 0.5, 1.5)
DENSE = HeadCandidate("dense", None, True, 0.9, 0.25, 3.0, epochs=7, augmented_views=4)


def test_it_comes_back_from_json_but_for_the_history():
    row = EpochRow("frozen", 1, "dense", 0.001, 1.0, 0.5, 1.0, 0.5, 1.0)
    report = HeadReport((LINEAR, DENSE), DENSE, 100, 25, history=(row,))
    data = json.loads(json.dumps(report.to_json()))
    assert data["chosen"]["validation_accuracy"] == 0.9
    assert "history" not in data
    assert HeadReport.from_json(data) == HeadReport((LINEAR, DENSE), DENSE, 100, 25)


@pytest.mark.parametrize(
    ("candidate", "name"),
    [
        (LINEAR, "linear 0.01"),
        (DENSE, "dense, with mirrored images, with 4 augmented views"),
        (HeadCandidate("lda", None, True, 0.9, 0.25, 3.0), "lda, with mirrored images"),
    ],
)
def test_a_head_has_a_name(candidate, name):
    assert candidate.name == name
