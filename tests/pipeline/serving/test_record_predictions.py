"""`predict --record`: the store holds what the rows say, each picture by its name, and what the head was given."""

import shutil

import numpy as np
import pytest
from PIL import Image

from lowres.errors import StoreError
from lowres.files.monitoring.store import open_store
from lowres.files.pictures.asked_pictures import asked_pictures
from lowres.files.study.study_folder import read_ledger
from lowres.files.study.version_folders import ledger_identity, study_version
from lowres.pipeline.predict_pictures import StudyPredictor, open_finished_study
from lowres.pipeline.serving.record_predictions import recorded_model, recording_into
from lowres.values.judging.prediction_rows import UnreadPicture
from lowres.values.monitoring.picture_policy import PicturePolicy


@pytest.fixture(scope="module")
def recorded(picture_study, tmp_path_factory):
    """Rows of some pictures, the window of the store, and the pictures kept."""
    path = tmp_path_factory.mktemp("records") / "records.sqlite"
    study, pictures = open_finished_study(picture_study), picture_study.parent / "pictures"
    words = [str(pictures / "red" / "large.jpg"), "nowhere.png", *(str(pictures / name) for name in ("dark", "light"))]
    said = []
    with recording_into(str(path), study, PicturePolicy.of("review-only"), said.append) as record:
        predictor = StudyPredictor(study, record)
        rows = [row for some in predictor.rows(asked_pictures(words), 3) for row in some]
    with open_store(str(path), make=False) as store:
        window = store.read_window("study")
        kept = store.read_pictures(window.ids.tolist())
    assert said == [f"made the store {path}"]
    return rows, window, kept


def test_what_is_recorded_is_what_the_rows_say(recorded):
    rows, window, kept = recorded
    read = [row for row in rows if not isinstance(row, UnreadPicture)]
    assert len(read) == len(rows) - 1 == 43
    assert window.caller_ids.tolist() == [row.id[:100] for row in read]
    assert [window.class_names[place] for place in window.predicted] == [row.class_name for row in read]
    np.testing.assert_allclose(window.confidences, [row.probability for row in read], atol=1e-6)
    assert window.needs_review.tolist() == [int(row.needs_review) for row in read]
    assert window.has_picture.tolist() == [row.needs_review for row in read]
    assert len(kept) == sum(row.needs_review for row in read)
    assert np.isnan(window.seconds).all()


def test_the_embedding_is_what_the_head_was_given(recorded, picture_study):
    from lowres.networks.trained_classifier import TrainedClassifier

    window = recorded[1]
    classifier = TrainedClassifier.load(picture_study / "model.keras")
    logits = classifier.logits_from_features(window.embeddings.astype(np.float32))
    np.testing.assert_array_equal(logits.argmax(axis=1), window.predicted)
    assert window.embeddings.shape == (43, classifier.trunk.output_shape[-1])


def test_the_size_is_the_one_a_picture_came_in(recorded):
    window = recorded[1]
    sizes = {}
    for name in window.caller_ids.tolist():
        with Image.open(name) as image:
            sizes[name] = image.size
    assert len(set(sizes.values())) == 2
    found = zip(window.statistics["width"].tolist(), window.statistics["height"].tolist(), strict=True)
    assert dict(zip(window.caller_ids.tolist(), found, strict=True)) == sizes


def test_a_study_is_called_as_it_is_served(picture_study, tmp_path):
    found = recorded_model(open_finished_study(picture_study))
    assert (found.name, found.version) == ("study", study_version(picture_study))
    assert found.identity == ledger_identity(read_ledger(picture_study))
    shutil.copytree(picture_study, tmp_path / "shades" / "12")
    numbered = recorded_model(open_finished_study(tmp_path / "shades" / "12"))
    assert (numbered.name, numbered.version, numbered.identity) == ("shades", 12, found.identity)


def test_what_cannot_be_recorded_is_refused_before_anything_is_predicted(picture_study, tmp_path):
    study = open_finished_study(picture_study)
    with (
        pytest.raises(StoreError, match="expected a folder for the store"),
        recording_into(str(tmp_path / "no" / "records"), study, PicturePolicy(), print),
    ):
        pass
