"""A review from kept pictures to the next version: who said what, what is exported, and that it trains."""

import shutil
import time
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from lowres.cli.application import application
from lowres.errors import NotServed, StoreError
from lowres.files.monitoring.store import open_store
from lowres.files.pictures.asked_pictures import asked_pictures
from lowres.files.sources.array_files import open_array_file
from lowres.pipeline.predict_pictures import StudyPredictor, open_finished_study
from lowres.pipeline.progress import SilentProgress
from lowres.pipeline.serving.record_predictions import recording_into
from lowres.pipeline.serving.recorded_study import recorded_study
from lowres.pipeline.watching.review import export_review, queue_for, review_status
from lowres.pipeline.watching.review_desk import StudyReviewDesk
from lowres.values.monitoring.picture_policy import PicturePolicy


@pytest.fixture(scope="module")
def reviewed(picture_study, tmp_path_factory):
    """A study, and a store with new pictures of it of which two people have spoken."""
    folder = tmp_path_factory.mktemp("reviewed")
    shutil.copytree(picture_study.parent / "pictures", folder / "pictures")
    shutil.copytree(picture_study, folder / "study")
    (folder / "new").mkdir()
    random = np.random.default_rng(1)
    for number in range(12):
        pixels = random.integers(0, 90, (8, 8, 3), np.uint8)
        Image.fromarray(pixels).save(folder / "new" / f"{number:02d}.png")
    store = str(folder / "records.sqlite")
    study = open_finished_study(folder / "study")
    with recording_into(store, study, PicturePolicy.of("all"), lambda text: None) as record:
        for _ in StudyPredictor(study, record).rows(asked_pictures([str(folder / "new")]), 1):
            pass
    with open_store(store) as opened:
        desk = StudyReviewDesk(opened, lambda name: folder / "study")
        queue, judged = desk.queue("study", "ann", 50)
        assert judged == 0
        ids = [item.id for item in queue]
        for number, id in enumerate(ids):
            desk.say(
                "study", id, "ann", (None, "dark", "unicorn")[0 if number == 0 else 2 if number == 1 else 1], False
            )
        for number, id in enumerate(ids[2:6]):
            desk.say("study", id, "bob", "light" if number == 0 else "dark", False)
    return folder, store, ids


def test_everybody_has_a_queue_of_their_own(reviewed):
    folder, store, ids = reviewed
    assert len(ids) == 12
    with open_store(store) as opened:
        model = recorded_study(folder / "study", opened)
        assert queue_for(opened, model, "ann", 50) == ()
        assert len(queue_for(opened, model, "bob", 50)) == 8
        assert len(queue_for(opened, model, "eve", 5)) == 5


def test_what_is_withdrawn_comes_back(reviewed):
    folder, store, ids = reviewed
    with open_store(store) as opened:
        desk = StudyReviewDesk(opened, lambda name: folder / "study")
        desk.say("study", ids[-1], "ann", None, True)
        queue, judged = desk.queue("study", "ann", 50)
        assert [item.id for item in queue] == [ids[-1]]
        assert judged == 11
        desk.say("study", ids[-1], "ann", "dark", False)


def test_a_picture_comes_with_its_answer_and_its_neighbours(reviewed):
    folder, store, ids = reviewed
    with open_store(store) as opened:
        desk = StudyReviewDesk(opened, lambda name: folder / "study")
        assert desk.picture("study", ids[0]).neighbours is None
        found = _told_of_neighbours(desk, ids[0])
        assert found.no_neighbours == ""
        assert len(found.neighbours) == 6
        assert {one.class_name for one in found.neighbours} == {"dark"}
        distances = [one.distance for one in found.neighbours]
        assert distances == sorted(distances)
        with pytest.raises(NotServed, match="picture of record nowhere"):
            desk.picture("study", "nowhere")


def test_neighbours_are_looked_for_again_where_their_pictures_were_gone(reviewed):
    folder, store, ids = reviewed
    with open_store(store) as opened:
        desk = StudyReviewDesk(opened, lambda name: folder / "study")
        (folder / "pictures").rename(folder / "elsewhere")
        try:
            assert "not to be had here" in _told_of_neighbours(desk, ids[0]).no_neighbours
        finally:
            (folder / "elsewhere").rename(folder / "pictures")
        assert len(_told_of_neighbours(desk, ids[0]).neighbours) == 6


def _told_of_neighbours(desk, id):
    for _ in range(600):
        found = desk.picture("study", id)
        if found.neighbours is not None:
            return found
        time.sleep(0.1)
    raise AssertionError("neighbours never came")


def test_the_status_counts(reviewed):
    folder, store, _ = reviewed
    status = review_status(folder / "study", store)
    assert status.tally.said == {"ann": 12, "bob": 4}
    assert len(status.tally.disputed) == 1
    assert len(status.tally.untold) == 1
    (both,) = status.tally.agreements
    assert (both.n, both.same) == (4, 3)
    result = CliRunner().invoke(application, ["review", "status", str(folder / "study"), "--store", store])
    assert "ann and bob: 3 of 4 alike, kappa 0.00" in result.output


def test_the_next_version_trains_on_what_was_said_and_is_compared(reviewed, monkeypatch):
    folder, store, _ = reviewed
    monkeypatch.chdir(folder)
    run = CliRunner().invoke
    result = run(application, ["review", "export", "study", "--store", store, "--out", "next.npz"])
    assert result.exit_code == 0, result.output
    assert "9 of them reviewed pictures" in result.output
    for words in ("people disagree: 1", "nobody could tell: 1", "a class the study does not know: 1"):
        assert words in result.output
    images = open_array_file(folder / "next.npz")
    own = [id for id in images.ids if not id.startswith("reviewed/")]
    assert len(images.ids) - len(own) == 9
    assert images.class_names == ("dark", "light", "red")
    assert {
        images.class_names[label] for label, id in zip(images.labels, images.ids, strict=True) if "reviewed/" in id
    } == {"dark"}
    with np.load(folder / "study" / "predictions" / "test.npz") as test:
        held = [id for id, out in zip(images.ids, images.held_out, strict=True) if out]
        assert sorted(held) == sorted(test["ids"].tolist())
    result = run(application, ["study", "--from-review", "next.npz", "--study", "after"])
    assert result.exit_code == 0, result.output
    result = run(application, ["compare", "study", "after", "--json"])
    assert result.exit_code == 0, result.output


def test_pictures_of_the_test_part_do_not_train_the_next_version(reviewed, tmp_path):
    folder, _, _ = reviewed
    study, store = open_finished_study(folder / "study"), str(tmp_path / "records.sqlite")
    with np.load(folder / "study" / "predictions" / "test.npz") as test:
        tested = [folder / "pictures" / id for id in test["ids"].tolist() if id.endswith(".png")][:2]
    assert len(tested) == 2
    with recording_into(store, study, PicturePolicy.of("all"), lambda text: None) as record:
        asked = asked_pictures([str(path) for path in tested])
        list(StudyPredictor(study, record).rows(asked, 1))
    with open_store(store) as opened:
        desk = StudyReviewDesk(opened, lambda name: folder / "study")
        for item in desk.queue("study", "ann", 50)[0]:
            desk.say("study", item.id, "ann", "dark", False)
    with pytest.raises(StoreError, match="not of its test part"):
        export_review(folder / "study", store, tmp_path / "none.npz", SilentProgress())
    new = sorted((folder / "new").iterdir())[0]
    with recording_into(store, study, PicturePolicy.of("all"), lambda text: None) as record:
        list(StudyPredictor(study, record).rows(asked_pictures([str(new)]), 1))
    with open_store(store) as opened:
        desk = StudyReviewDesk(opened, lambda name: folder / "study")
        for item in desk.queue("study", "ann", 50)[0]:
            desk.say("study", item.id, "ann", "dark", False)
    data = export_review(folder / "study", store, tmp_path / "next.npz", SilentProgress())
    assert data.left_out == {"of the study's test part": 2}
    assert sum(data.added.values()) == 1


def test_a_review_that_cannot_be_says_why(reviewed, tmp_path):
    folder, store, _ = reviewed
    open_store(str(tmp_path / "empty.sqlite")).close()
    with pytest.raises(StoreError, match="expected predictions of the study"):
        review_status(folder / "study", str(tmp_path / "empty.sqlite"))
    run = CliRunner().invoke
    result = run(application, ["review", "export", str(folder / "study"), "--store", store])
    assert (result.exit_code, "expected --out" in result.output) == (2, True)
    result = run(application, ["study", "digits", "--from-review", "x.npz"])
    assert (result.exit_code, "either a source or --from-review" in result.output) == (2, True)
    result = run(application, ["study", "--from-review", str(tmp_path / "none.npz")])
    assert (result.exit_code, "expected the file that lowres review export wrote" in result.output) == (2, True)


def test_a_picture_that_was_deleted_is_told(reviewed):
    folder, store, ids = reviewed
    with open_store(store) as opened:
        opened.sweep(pictures_before=datetime.now(UTC) + timedelta(days=1))
        desk = StudyReviewDesk(opened, lambda name: folder / "study")
        with pytest.raises(NotServed, match="expected the picture of record"):
            desk.picture("study", ids[0])
        with pytest.raises(StoreError, match="expected reviewed pictures"):
            export_review(folder / "study", store, folder / "late.npz", SilentProgress())
