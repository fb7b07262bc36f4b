"""`lowres.load` answers for paths, PIL images and arrays alike, names what is no picture, and costs nothing unasked."""

import ast
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import lowres
from lowres.errors import DamagedImage, DataError, StudyError


@pytest.fixture(scope="module")
def study(picture_study):
    return lowres.load(picture_study)


@pytest.fixture
def pictures(picture_study):
    return picture_study.parent / "pictures"


def test_every_kind_of_picture_gets_the_same_answer(study, pictures):
    path = pictures / "red" / "03.png"
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB"))
        (expected,) = study.predict(path)
        for given in (str(path), [path], image, [image], pixels, pixels[None], [pixels], iter([str(path)])):
            (one,) = study.predict(given)
            assert one.class_name == expected.class_name
            assert one.probability == pytest.approx(expected.probability, abs=1e-6)
    assert isinstance(expected, lowres.Prediction)
    assert expected.id == str(path)
    assert expected.top[0] == (expected.class_name, expected.probability)
    assert (len(expected.top), expected.needs_review) == (3, False)
    assert study.class_names == ("dark", "light", "red")


def test_many_pictures_come_in_their_order(study, pictures):
    rows = study.predict(pictures / "dark", top=1)
    assert [Path(row.id).name for row in rows] == [*(f"{number:02d}.png" for number in range(20)), "large.jpg"]
    assert {len(row.top) for row in rows} == {1}
    assert len(study.predict(np.zeros((70, 5, 9, 3), np.uint8), flips=True)) == 70
    assert study.predict([]) == ()


def test_pixels_scaled_already_are_refused_with_the_mistake_named(study):
    fractions = np.linspace(0, 1, 2 * 12 * 12 * 3, dtype=np.float32).reshape(2, 12, 12, 3)
    with pytest.raises(DataError, match=r"expected uint8 pixels from 0 to 255 in the images, got float32 0 to 1; the "
                                        r"network scales inside"):  # fmt: skip
        study.predict(fractions)


def test_what_cannot_be_read_is_named_or_streamed_past(study, pictures, tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    words = [tmp_path / "text.png", pictures / "red" / "00.png"]
    with pytest.raises(DamagedImage, match=r"expected 2 readable pictures, got 1 that are not:\n.*text\.png: cannot"):
        study.predict(words)
    first, second = study.stream(words)
    assert isinstance(first, lowres.UnreadPicture)
    assert second.class_name == study.predict(words[1])[0].class_name


def test_no_study_is_refused_by_its_folder(tmp_path):
    with pytest.raises(StudyError, match="got a folder without study.json; make one: lowres study"):
        lowres.load(tmp_path)


def test_what_lowres_offers_is_there_and_told_to_type_checkers():
    tree = ast.parse(Path(lowres.__file__).read_text(encoding="utf-8"))
    declared = {
        name.asname: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module.startswith("lowres.")
        for name in node.names
    }
    assert declared == lowres._OFFERED
    assert set(declared) <= set(dir(lowres))
    assert all(getattr(lowres, name).__module__ == module for name, module in declared.items())
    with pytest.raises(AttributeError, match="has no attribute 'lode'; it offers Backbone, .*load"):
        lowres.lode  # noqa: B018


def test_importing_lowres_loads_nothing_else():
    program = "import sys; import lowres; print(*{name for name in sys.modules if name.startswith('lowres')}, end=' ')"
    program += "; print(*{name.split('.')[0] for name in sys.modules} - sys.stdlib_module_names)"
    # -S: what the environment itself loads at the start of every program is no part of it.
    path = Path(lowres.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-S", "-c", program], env={"PYTHONPATH": str(path)}, capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) - {"__main__"} == {"lowres"}
