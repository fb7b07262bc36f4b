"""The shelf follows the folders: new versions load and answer, damaged ones are told, a pin rolls back."""

import json
import shutil

import numpy as np
import pytest
from scipy.special import softmax

from faces.serving.served import model
from lowres.errors import LowresError, NotServed, StudyDamaged, StudyError
from lowres.faces.serving.batcher import Batcher
from lowres.faces.serving.shelf import Shelf, State
from lowres.files.pictures.asked_pictures import asked_pictures
from lowres.files.pictures.picture_batches import picture_batches
from lowres.files.study.predictions_file import read_predictions
from lowres.pipeline.serving.serve import ModelOpener, ServedSource, ShelfKeeper, served_sources


class Folders:
    """An opener that reads no network, and the folders it is given; a study whose ledger says so does not open."""

    def __init__(self, root):
        self.root, self.opened, self.said = root, [], []
        self.shelf = Shelf(lambda one: Batcher(one.answer, batch_pictures=4, waiting_pictures=8))

    def write(self, name, second=1, digest="a" * 64):
        folder = self.root / name
        folder.mkdir(parents=True, exist_ok=True)
        stages = {
            "train": {"inputs": {}, "outputs": {"model.keras": digest}},
            "evaluate": {"inputs": {}, "outputs": {}, "finished": f"1970-01-01T00:00:{second:02}+00:00"},
        }
        (folder / "study.json").write_text(json.dumps({"source": None, "running": "", "stages": stages}))

    def open(self, name, version, folder):
        self.opened.append(version)
        stages = json.loads((folder / "study.json").read_text())["stages"]
        digest = stages["train"]["outputs"]["model.keras"]
        if digest == "damaged":
            raise StudyDamaged("expected model.keras as it was written")
        from lowres.files.study.study_folder import read_ledger
        from lowres.files.study.version_folders import ledger_identity

        return model(name, version, identity=ledger_identity(read_ledger(folder)))

    def keeper(self, **choices):
        source = ServedSource("colours", self.root)
        return ShelfKeeper(self.shelf, (source,), self, say=self.said.append, **choices)

    @property
    def answers(self):
        return self.shelf.current("colours")


@pytest.fixture
def folders(tmp_path):
    folders = Folders(tmp_path / "colours")
    yield folders
    folders.shelf.close()


def test_the_newest_answers_and_the_one_before_stays_at_hand(folders):
    for name in ("1", "2", "3"):
        folders.write(name)
    folders.keeper().open_all()
    assert (folders.answers, sorted(folders.shelf.loaded("colours"))) == (3, [2, 3])


def test_a_new_version_is_loaded_once_and_answers(folders):
    folders.write("1")
    keeper = folders.keeper()
    keeper.open_all()
    keeper.look_again()
    folders.write("2")
    for _ in range(3):
        keeper.look_again()
    assert (folders.answers, folders.opened) == (2, [1, 2])
    folders.write("3")
    keeper.look_again()
    assert sorted(folders.shelf.loaded("colours")) == [2, 3]
    assert folders.said[-4:] == [
        f"colours version 3: loading {folders.root / '3'}",
        "colours version 3 is loaded",
        "colours: version 3 answers now",
        "colours version 1 is served no longer",
    ]


def test_a_pin_rolls_back_and_its_end_goes_forward(folders):
    folders.write("1")
    folders.write("2")
    keeper = folders.keeper()
    keeper.open_all()
    (folders.root / "current").write_text("1\n")
    keeper.look_again()
    assert folders.answers == 1
    folders.write("3")
    keeper.look_again()
    assert (folders.answers, sorted(folders.shelf.loaded("colours"))) == (1, [1, 2, 3])
    (folders.root / "current").unlink()
    keeper.look_again()
    assert (folders.answers, sorted(folders.shelf.loaded("colours"))) == (3, [2, 3])


def test_a_version_taken_away_rolls_back_too(folders):
    folders.write("1")
    folders.write("2")
    keeper = folders.keeper()
    keeper.open_all()
    shutil.rmtree(folders.root / "2")
    keeper.look_again()
    assert (folders.answers, list(folders.shelf.loaded("colours"))) == (1, [1])
    shutil.rmtree(folders.root / "1")
    keeper.look_again()
    keeper.look_again()
    assert folders.answers == 1
    assert len([text for text in folders.said if "got neither" in text]) == 1


def test_a_damaged_version_is_told_once_and_tried_again_when_it_changes(folders):
    folders.write("1")
    keeper = folders.keeper()
    keeper.open_all()
    folders.write("2", digest="damaged")
    for _ in range(3):
        keeper.look_again()
    assert folders.answers == 1
    told = [text for text in folders.said if "is not served" in text]
    assert told == ["colours version 2 is not served: expected model.keras as it was written"]
    newest = folders.shelf.states("colours")[0]
    assert (newest.version, newest.state, newest.problem) == (2, State.END, "expected model.keras as it was written")
    folders.write("2")
    keeper.look_again()
    assert folders.answers == 2


def test_a_study_trained_again_in_its_place_is_a_newer_version(folders):
    folders.write(".", second=10)
    keeper = folders.keeper()
    keeper.open_all()
    folders.write(".", second=20, digest="b" * 64)
    keeper.look_again()
    assert (folders.answers, sorted(folders.shelf.loaded("colours"))) == (20, [10, 20])
    folders.write(".", second=30, digest="c" * 64)
    keeper.look_again()
    assert sorted(folders.shelf.loaded("colours")) == [20, 30]


def test_what_else_is_written_in_a_study_loads_nothing(folders):
    folders.write("1")
    keeper = folders.keeper()
    keeper.open_all()
    folders.write("1")
    (folders.root / "1" / "model.keras").touch()
    keeper.look_again()
    assert folders.opened == [1]
    folders.write("1", digest="b" * 64)
    keeper.look_again()
    assert folders.opened == [1, 1]


def test_with_nothing_to_serve_it_does_not_begin(folders):
    with pytest.raises(StudyError, match="got nothing; make one"):
        folders.keeper().open_all()
    folders.write("1", digest="damaged")
    with pytest.raises(StudyDamaged, match="expected model.keras as it was written"):
        folders.keeper().open_all()


def test_names_come_from_folders_or_are_given(tmp_path):
    sources = served_sources([str(tmp_path / "first"), f"second={tmp_path / 'first'}"])
    assert [(one.name, one.folder) for one in sources] == [
        ("first", tmp_path / "first"),
        ("second", tmp_path / "first"),
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["a/b", "c/b"], "expected a name of its own for c/b, got 'b', which a/b has; name it: NAME=c/b"),
        (["my model"], "expected a name of letters, digits, dots, dashes and underscores for my model, got 'my model'"),
        (["=x"], "got ''; name it: NAME=x"),
    ],
)
def test_names_that_cannot_be_are_refused(words, message):
    with pytest.raises(StudyError, match=message):
        served_sources(words)


@pytest.fixture(scope="module")
def opened(picture_study):
    return ModelOpener(batch_pictures=3, explains=True).open("pictures", 5, picture_study)


def test_a_served_study_says_what_its_own_predictions_say(picture_study, opened):
    known = read_predictions(picture_study / "predictions/test.npz")
    words = [str(picture_study.parent / "pictures" / id) for id in known.ids]
    pixels = np.concatenate([one.pixels for one in picture_batches(asked_pictures(words), opened.size, opened.fit, 32)])
    np.testing.assert_allclose(softmax(opened.answer(pixels), axis=1), softmax(known.logits, axis=1), atol=1e-5)
    assert (opened.class_names, opened.version, opened.engine) == (("dark", "light", "red"), 5, "keras float32")
    assert opened.rules.temperature == json.loads((picture_study / "evaluation.json").read_bytes())["temperature"]


def test_its_confusions_are_the_columns_of_the_matrix(picture_study, opened):
    known = read_predictions(picture_study / "predictions/test.npz")
    for at, name in enumerate(known.class_names):
        answered = known.labels[known.logits.argmax(axis=1) == at]
        assert opened.answered[name] == len(answered)
        wrong = {one.true: one.count for one in opened.mistaken_for[name]}
        counts = {other: int((answered == place).sum()) for place, other in enumerate(known.class_names) if place != at}
        assert wrong == {other: count for other, count in counts.items() if count}
        assert list(wrong.values()) == sorted(wrong.values(), reverse=True)


def test_it_explains_as_the_study_does(picture_study, opened):
    from lowres.networks.explaining import Explainer
    from lowres.networks.trained_classifier import TrainedClassifier

    pixels = np.random.default_rng(0).integers(0, 256, (1, 12, 12, 3), np.uint8)
    found = opened.explain(pixels[0], 1, 2)
    explainer = Explainer(TrainedClassifier.load(picture_study / "model.keras"))
    expected = explainer.maps(pixels, np.array([1]), np.array([2]), method="grad-cam")
    np.testing.assert_allclose(found.heat, expected[0], rtol=1e-4, atol=1e-6)
    assert found.method == "Grad-CAM"
    assert ModelOpener(3, explains=False).open("pictures", 5, picture_study).explain is None


def test_an_unfinished_study_is_refused(picture_study, tmp_path):
    shutil.copytree(picture_study, tmp_path / "study")
    (tmp_path / "study" / "model.keras").write_bytes(b"")
    with pytest.raises(LowresError, match=r"model\.keras is damaged"):
        ModelOpener(3, explains=False).open("pictures", 5, tmp_path / "study")


def test_nothing_is_served_under_an_unknown_name(folders):
    with pytest.raises(NotServed, match="served are no models"):
        folders.shelf.model("colours")
