"""Records refuse what no prediction is, and their ids are UUIDs of version 7 in the order of time."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from lowres.errors import PredictionsError
from lowres.values.monitoring.human_label import HumanLabel
from lowres.values.monitoring.image_statistics import STATISTICS
from lowres.values.monitoring.served_record import RecordedModel, ServedRecord, draw_record_id

NOON = datetime(2026, 11, 26, 12, 0, 0, 123000, tzinfo=UTC)
MODEL = RecordedModel("cats", 7, "0123", ("cat", "dog"))
RECORD = ServedRecord(
    "a", NOON, MODEL, "0a" * 32, dict.fromkeys(STATISTICS, 0.5), np.array([0.25, 0.75], np.float32)
)  # fmt: skip


def test_ids_are_uuids_of_version_7_and_later_ones_sort_later():
    ids = [draw_record_id(NOON + timedelta(milliseconds=n)) for n in range(1000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 1000
    for text in ids[:50]:
        parsed = uuid.UUID(text)
        assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)
    assert int(ids[0][:12], 16) == 1795694400123
    elsewhere = NOON.astimezone(timezone(timedelta(hours=9)))
    assert draw_record_id(elsewhere)[:12] == ids[0][:12]
    assert abs(int(draw_record_id()[:12], 16) / 1000 - datetime.now(UTC).timestamp()) < 60


def test_the_likeliest_class_is_the_answer():
    assert RECORD.predicted == 1
    assert replace(RECORD, probabilities=np.array([0.5, 0.5], np.float32)).predicted == 0


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"at": NOON.replace(tzinfo=None)}, "expected a time with its zone for record a"),
        ({"sha256": "0A" * 32}, "expected a SHA-256 in hexadecimal"),
        ({"sha256": "0a" * 20}, "expected a SHA-256 in hexadecimal"),
        ({"statistics": {"width": 1.0}}, r"expected width, height, brightness.* got \['width'\]"),
        ({"probabilities": np.array([1.0], np.float32)}, "expected 2 probabilities that add up to 1"),
        ({"probabilities": np.array([0.5, 0.6], np.float32)}, r"that add up to 1\.1"),
        ({"probabilities": np.array([np.nan, 0.5], np.float32)}, "that add up to nan"),
    ],
)
def test_what_no_prediction_is_is_refused(change, told):
    with pytest.raises(PredictionsError, match=told):
        replace(RECORD, **change)


@pytest.mark.parametrize("change", [{"name": ""}, {"version": 0}, {"class_names": ()}])
def test_a_model_that_cannot_be_found_again_is_refused(change):
    with pytest.raises(PredictionsError, match="expected a model with a name, a version from 1 and classes"):
        replace(MODEL, **change)


def test_a_label_says_one_thing():
    label = HumanLabel("a", "ann", None, NOON)
    assert label.cannot_tell
    assert not replace(label, is_withdrawn=True).cannot_tell
    assert not replace(label, class_name="cat").cannot_tell
    for change in ({"reviewer": ""}, {"class_name": ""}, {"class_name": "cat", "is_withdrawn": True}):
        with pytest.raises(PredictionsError, match="expected a reviewer and a class, None for cannot tell"):
            replace(label, **change)
    with pytest.raises(PredictionsError, match="expected a time with its zone"):
        replace(label, at=NOON.replace(tzinfo=None))
