"""From recorded predictions to a verdict: the study's own pictures are calm, darkened ones are named, once each."""

import json
import shutil
from datetime import UTC

import numpy as np
import pytest
from PIL import Image

from lowres.errors import StoreError, StudyError
from lowres.files.monitoring.store import open_store
from lowres.files.monitoring.watch_files import read_reference, reference_path
from lowres.files.pictures.asked_pictures import asked_pictures
from lowres.pipeline.predict_pictures import StudyPredictor, open_finished_study
from lowres.pipeline.progress import SilentProgress
from lowres.pipeline.serving.record_predictions import recording_into
from lowres.pipeline.watching.dashboard import dashboard_page
from lowres.pipeline.watching.watch import watch_study
from lowres.values.monitoring.human_label import HumanLabel
from lowres.values.monitoring.picture_policy import PicturePolicy
from lowres.values.watching.rules import WatchRules

RULES = WatchRules(window_records=50, lookbacks=(1,), calm_windows=10)


def record(study, store, words):
    with recording_into(str(store), open_finished_study(study), PicturePolicy.of("all"), lambda text: None) as into:
        for _ in StudyPredictor(open_finished_study(study), into).rows(asked_pictures(words), 1):
            pass


def look(study, store, again=False, **choices):
    return watch_study(
        study, str(store), RULES, **({"most_windows": 20} | choices), again=again, progress=SilentProgress()
    )


@pytest.fixture(scope="module")
def watched(picture_study, tmp_path_factory):
    """A study of its own, with some of its pictures recorded, and then black ones."""
    folder = tmp_path_factory.mktemp("watched")
    shutil.copytree(picture_study.parent / "pictures", folder / "pictures")
    shutil.copytree(picture_study, folder / "study")
    store = folder / "records.sqlite"
    record(folder / "study", store, [str(folder / "pictures")])
    first = look(folder / "study", store)
    random = np.random.default_rng(0)
    for number in range(60):
        (folder / "night").mkdir(exist_ok=True)
        Image.fromarray(random.integers(0, 12, (8, 8, 3), np.uint8)).save(folder / "night" / f"{number}.png")
    record(folder / "study", store, [str(folder / "night")])
    return folder, store, first, look(folder / "study", store)


def test_the_reference_is_the_validation_part_as_the_server_answers_it(watched):
    folder, _, first, _ = watched
    reference = read_reference(folder / "study")
    with np.load(folder / "study" / "predictions" / "validation.npz") as validation:
        np.testing.assert_array_equal(reference.labels, validation["labels"])
        named = validation["logits"].argmax(axis=1)
    assert (reference.probabilities.argmax(axis=1) == named).mean() > 0.9
    assert len(set(reference.spoiled_kinds)) == 15
    assert len(first.reference) == len(reference)


def test_each_window_is_judged_once(watched):
    folder, store, first, second = watched
    assert len(first.verdicts) == 1
    assert [verdict.n for verdict in second.verdicts] == [50]
    third = look(folder / "study", store)
    assert third.verdicts == ()
    assert third.is_calm
    with open_store(str(store), make=False) as opened:
        assert third.waiting == (opened.count("study") - 100) % 50


def test_labels_given_after_a_window_was_judged_count_for_it(watched, tmp_path):
    folder, store, first, _ = watched
    study, copy = tmp_path / "study", tmp_path / "records.sqlite"
    shutil.copytree(folder / "study", study)
    with open_store(str(store), make=False) as opened:
        window = opened.read_window("study", last=opened.count("study")).rows(slice(0, 50))
    assert str(window.times[0]) + "Z" == first.verdicts[0].to_json()["start"]
    shutil.copy(store, copy)
    watched_file = study / "monitoring" / "watched.json"
    (key, said), *_ = json.loads(watched_file.read_text()).items()
    # What was said is kept by store, and this is a copy at another place.
    watched_file.write_text(watched_file.read_text().replace(key, key.replace(str(store), str(copy))))
    assert said["verdicts"][0]["labelled_accuracy"] is None
    names = window.class_names
    given = np.where(np.arange(20) < 15, window.predicted[:20], (window.predicted[:20] + 1) % len(names))
    with open_store(str(copy), make=False) as opened:
        at = window.times[0].item().replace(tzinfo=UTC)
        opened.label([HumanLabel(str(window.ids[row]), "ann", names[given[row]], at) for row in range(20)])
    assert look(study, copy).verdicts == ()
    (now,) = json.loads(watched_file.read_text()).values()
    told = now["verdicts"][0]["labelled_accuracy"]
    assert (told["right"], told["n"]) == (15, 20)
    assert [n for _, n in told["by_class"]] == np.bincount(given, minlength=len(names)).tolist()
    assert now["verdicts"][1:] == said["verdicts"][1:]


def test_the_night_is_named(watched):
    _, _, _, second = watched
    assert not second.is_calm
    assert any(cause.kind in ("strangers", "brightness", "contrast", "classes") for cause in second.verdicts[0].causes)
    assert second.verdicts[0].medians["brightness"] < 0.2


def test_the_dashboard_shows_the_last_verdict_and_pictures_that_were_kept(watched):
    folder, store, _, second = watched
    html = dashboard_page(folder / "study", str(store))
    assert "Alarm" in html
    reason = second.verdicts[-1].causes[0].reason
    assert reason[1:40] in html
    assert html.count("<img") > 5


def test_what_cannot_be_watched_says_so(watched, tmp_path):
    folder, store, _, _ = watched
    with pytest.raises(StoreError, match="expected a store of records"):
        look(folder / "study", tmp_path / "none.sqlite")
    open_store(str(tmp_path / "empty.sqlite")).close()
    with pytest.raises(StoreError, match="expected predictions of the study .*study as it is trained now"):
        look(folder / "study", tmp_path / "empty.sqlite")
    recipe = folder / "study" / "recipe.toml"
    text = recipe.read_text()
    kept = reference_path(folder / "study").read_bytes()
    reference_path(folder / "study").unlink()
    changed = text.replace("retrain_on_all = false", "retrain_on_all = true").replace('keep = "best"', 'keep = "last"')
    recipe.write_text(changed.replace("[fine_tuning]\nepochs = 0", "[fine_tuning]\nepochs = 1"))
    try:
        with pytest.raises(StudyError, match="whose network never saw its validation part"):
            look(folder / "study", store)
    finally:
        recipe.write_text(text)
        reference_path(folder / "study").write_bytes(kept)
