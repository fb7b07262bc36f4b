"""What is timed and how it is counted, with a script that needs no framework."""

import numpy as np
import pytest

from lowres.networks.exporting import fresh_process
from lowres.networks.exporting.fresh_process import images_per_second, load_script, measure

SCRIPT = (
    "import sys\nassert not sys.argv[1:]\ndef predict(pixels): return pixels.reshape(len(pixels), -1)[:, :2] / 255\n"
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(fresh_process.sys, "argv", ["pytest", "a picture"])
    (tmp_path / "predict.py").write_text(SCRIPT)
    return tmp_path


def test_every_image_is_answered_once_and_in_order(folder):
    pixels = np.arange(7 * 3, dtype=np.uint8).reshape(7, 1, 1, 3)
    found, measured = measure(folder, pixels, 3)
    np.testing.assert_allclose(found, pixels.reshape(7, 3)[:, :2] / 255, rtol=1e-6)
    assert found.dtype == np.float32
    assert (measured["latency_runs"], measured["throughput_images"], measured["batch_images"]) == (60, 3, 3)
    assert measured["latency_milliseconds"] > 0


def test_the_script_is_loaded_as_if_it_had_been_given_no_pictures(folder):
    assert load_script(folder / "predict.py")(np.full((1, 1, 1, 3), 255, np.uint8)).tolist() == [[1.0, 1.0]]


@pytest.mark.parametrize(
    ("seconds", "images", "batch_images", "pace"),
    [
        ([9.0, 1.0, 3.0], 6, 2, (1.0, 4)),  # the first compiles
        ([9.0, 1.0, 50.0], 5, 2, (2.0, 2)),  # the last is short
        ([4.0], 2, 8, (0.5, 2)),  # there is no other
    ],
)
def test_pace_by_hand(seconds, images, batch_images, pace):
    assert images_per_second(seconds, images, batch_images) == pace
