"""Answers become records: probabilities by SciPy, hashes by hashlib, whatever was answered together."""

import hashlib
from datetime import UTC, datetime

import numpy as np
import pytest
from scipy.special import softmax

from lowres.errors import PredictionsError
from lowres.values.judging.prediction_rows import AnswerRules
from lowres.values.monitoring.image_statistics import image_statistics
from lowres.values.monitoring.picture_policy import Keep, PicturePolicy
from lowres.values.monitoring.recording import AnsweredPictures, records_of
from lowres.values.monitoring.served_record import RecordedModel

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
CATS, BIRDS = (RecordedModel(name, 7, "0123", tuple("abc")) for name in ("cats", "birds"))


def answered(seed, count=2, side=4, model=CATS, rules=AnswerRules(2.0, 0.6), channels=5, **more):  # noqa: B008
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 256, (count, side, side, 3), dtype=np.uint8)
    outputs = random.normal(size=(count, 3 + channels)).astype(np.float32)
    return AnsweredPictures(model, rules, NOON, pixels, np.full((count, 2), 9), outputs, **more)


def test_records_keep_the_order_whatever_shape_and_model_they_have():
    given = [answered(0, caller_id="0"), answered(1, side=6, caller_id="1"), answered(2, model=BIRDS, caller_id="2")]
    given += [answered(3, 1, rules=AnswerRules(1.0), channels=0, caller_id="3"), answered(4, 3, caller_id="4")]
    records = records_of(given, PicturePolicy(Keep.ALL))
    rows = [(one, row) for one in given for row in range(len(one))]
    assert [record.caller_id for record in records] == [one.caller_id for one, _ in rows]
    assert len({record.id for record in records}) == len(rows) == 10
    for record, (one, row) in zip(records, rows, strict=True):
        shares = softmax(one.outputs[row, :3].astype(float) / one.rules.temperature)
        np.testing.assert_allclose(record.probabilities, shares, atol=1e-6)
        assert record.model is one.model
        assert record.sha256 == hashlib.sha256(one.pixels[row].tobytes()).hexdigest()
        np.testing.assert_array_equal(record.picture, one.pixels[row])
        statistics = image_statistics(one.pixels[row : row + 1], one.sizes[row : row + 1])
        assert record.statistics == pytest.approx({name: float(column[0]) for name, column in statistics.items()})
        if one.rules.review_threshold is None:
            assert (record.needs_review, record.embedding) == (None, None)
        else:
            assert record.needs_review == (shares.max() < 0.6)
            np.testing.assert_array_equal(record.embedding, one.outputs[row, 3:].astype(np.float16))


def test_an_embedding_beyond_float16_stays_finite():
    one = answered(0)
    one.outputs[0, 3] = 1e6
    assert records_of([one], PicturePolicy())[0].embedding[0] == np.finfo(np.float16).max


def test_nothing_becomes_nothing():
    assert records_of([], PicturePolicy()) == []


def test_rows_of_other_pictures_are_refused():
    one = answered(0)
    with pytest.raises(PredictionsError, match=r"expected sizes and outputs of 2 pictures, 3 logits each, got 2 sizes"):
        AnsweredPictures(CATS, one.rules, NOON, one.pixels, one.sizes, one.outputs[:1])
    with pytest.raises(PredictionsError, match=r"outputs \[2, 2\]"):
        AnsweredPictures(CATS, one.rules, NOON, one.pixels, one.sizes, one.outputs[:, :2])
