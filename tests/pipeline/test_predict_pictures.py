"""A finished study says of its own test pictures what predictions/test.npz says, and of endless ones without an end."""

import json
import shutil
from collections import deque
from itertools import count

import numpy as np
import pytest
from scipy.special import softmax

from lowres.errors import StudyDamaged, StudyError
from lowres.files.pictures.asked_pictures import AskedPicture, asked_pictures
from lowres.files.study.predictions_file import read_predictions
from lowres.pipeline.predict_pictures import BATCH_IMAGES, StudyPredictor, open_finished_study
from lowres.pipeline.study import run_study
from lowres.values.judging.prediction_rows import UnreadPicture
from tiny_study import tiny_choice


@pytest.fixture(scope="module")
def predictor(picture_study):
    return StudyPredictor(open_finished_study(picture_study))


def all_rows(predictor, words, **choices):
    return [row for rows in predictor.rows(asked_pictures(words), **choices) for row in rows]


@pytest.mark.parametrize(("part", "flips"), [("test", False), ("test_flipped", True)])
def test_the_studys_own_test_pictures_come_out_as_they_were_predicted(picture_study, predictor, part, flips):
    known = read_predictions(picture_study / f"predictions/{part}.npz")
    temperature = json.loads((picture_study / "evaluation.json").read_bytes())["temperature"]
    pictures = picture_study.parent / "pictures"
    assert any(id.endswith("large.jpg") for id in known.ids), "expected a picture that is brought to the canvas"
    rows = all_rows(predictor, [str(pictures / id) for id in known.ids], top=3, flips=flips)
    assert [row.id for row in rows] == [str(pictures / id) for id in known.ids]
    names = known.class_names
    assert [row.class_name for row in rows] == [names[number] for number in known.logits.argmax(axis=1)]
    expected = softmax(known.logits.astype(float) / temperature, axis=1)
    told = [[dict(row.top)[name] for name in names] for row in rows]
    np.testing.assert_allclose(told, expected, atol=1e-6)


def test_review_and_sets_are_those_of_the_evaluation(picture_study, predictor):
    evaluation = json.loads((picture_study / "evaluation.json").read_bytes())
    ids = read_predictions(picture_study / "predictions/test.npz").ids
    rows = all_rows(predictor, [str(picture_study.parent / "pictures" / id) for id in ids], top=1)
    assert sum(not row.needs_review for row in rows) == evaluation["review"]["outcome"]["kept"]
    sets = next(one for one in evaluation["conformal"] if one["method"] == "LAC")
    assert np.bincount([len(row.possible) for row in rows], minlength=4).tolist() == sets["sizes"]


def test_endless_pictures_are_answered_a_few_batches_behind(predictor):
    taken = []

    def endless():
        for number in count():
            taken.append(number)
            yield AskedPicture(str(number), np.full((12, 12, 3), number % 256, np.uint8))

    batches = predictor.rows(endless(), top=1)
    for number in range(20):
        rows = next(batches)
        assert [row.id for row in rows] == [str(number * BATCH_IMAGES + place) for place in range(BATCH_IMAGES)]
        assert len(taken) <= (number + 5) * BATCH_IMAGES
    batches.close()


def test_bad_pictures_keep_their_place_also_where_a_whole_batch_is_bad(picture_study, predictor):
    good = str(picture_study.parent / "pictures" / "red" / "00.png")
    words = [good, *["nowhere"] * (2 * BATCH_IMAGES), good, "nowhere"]
    rows = all_rows(predictor, words, top=1)
    assert [isinstance(row, UnreadPicture) for row in rows] == [word == "nowhere" for word in words]
    alone = all_rows(predictor, [good], top=1)[0]
    assert [row for row in rows if not isinstance(row, UnreadPicture)] == pytest.approx([alone, alone])
    assert all_rows(predictor, [], top=1) == []


class EngineAhead:
    """Answers each batch with its first pixel, has taken two more by then, and like OpenVINO wants no empty batch."""

    name, precision, note = "ahead", "float32", ""

    def run(self, batches):
        working = deque()
        for batch in batches:
            assert len(batch) > 0, "expected at least one picture a batch"
            working.append(np.stack([batch[:, 0, 0, 0], *[np.zeros(len(batch))] * 2], axis=1).astype(np.float32))
            if len(working) > 2:
                yield working.popleft()
        yield from working


def test_an_engine_that_runs_ahead_changes_no_row(picture_study):
    ahead = StudyPredictor(open_finished_study(picture_study))
    ahead.__dict__["_engine"] = EngineAhead()
    bad = AskedPicture("bad", None, "torn")
    asked = [
        bad if 40 <= row < 120 else AskedPicture(str(row), np.full((12, 12, 3), row, np.uint8)) for row in range(200)
    ]
    rows = [row for rows in ahead.rows(asked, top=3) for row in rows]
    assert [row.id for row in rows] == [one.id for one in asked]
    temperature = ahead.study.rules.temperature
    for row, one in zip(rows, asked, strict=True):
        if one is not bad:
            expected = softmax([int(one.id) / temperature, 0, 0])[0]
            assert dict(row.top)["dark"] == pytest.approx(expected)


def test_nothing_is_loaded_before_the_first_picture(picture_study):
    new = StudyPredictor(open_finished_study(picture_study))
    assert new.engine == ""
    all_rows(new, [str(picture_study.parent / "pictures" / "red")], top=1)
    assert new.engine == "keras float32"


def test_a_study_that_is_not_finished_says_which_command_finishes_it(tmp_path):
    folder = tmp_path / "study"
    with pytest.raises(StudyError, match=r"expected a study folder at .*study, got nothing; make one: lowres study"):
        open_finished_study(folder)
    run_study(tiny_choice(folder), until="split")
    with pytest.raises(StudyError, match=r"expected model\.keras of a finished study in .*, which was not made yet; "
                                         r"run: lowres evaluate .*study"):  # fmt: skip
        open_finished_study(folder)


@pytest.fixture
def copied(picture_study, tmp_path):
    shutil.copytree(picture_study, tmp_path / "study")
    return tmp_path / "study"


def test_a_study_whose_files_have_changed_is_not_believed(copied):
    (copied / "evaluation.json").write_text('{"temperature": 1}')
    with pytest.raises(StudyDamaged, match=r"evaluation\.json is damaged .*run: lowres evaluate"):
        open_finished_study(copied)
    (copied / "model.keras").unlink()
    with pytest.raises(StudyDamaged, match=r"model\.keras is missing; run: lowres evaluate"):
        open_finished_study(copied)


def test_a_study_that_is_outdated_is_not_asked(copied):
    document = json.loads((copied / "study.json").read_text())
    document["stages"]["evaluate"]["current"] = False
    (copied / "study.json").write_text(json.dumps(document))
    with pytest.raises(
        StudyError, match=r"expected evaluation\.json in .* as its recipe asks, got one that is outdated"
    ):
        open_finished_study(copied)
