"""Each picture stands crisp beside its heat map, under its answer and what was asked."""

import io

import numpy as np
import pytest
from PIL import Image

from lowres.faces.figures.heat_sheet import HeatTile, heat_sheet


def tile(number: int, heat=None) -> HeatTile:
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[:, :, 1] = 40 + number
    heat = np.eye(4, dtype=np.float32) if heat is None else heat
    return HeatTile(f"{number}.png", pixels, heat, f"cat {number}, 90%", "why cat, not dog")


@pytest.fixture
def drawn(painted, words_of):
    """The figure of some tiles, and its words."""

    def draw(tiles):
        drawing = heat_sheet(tiles, "What it looks at", "conv2")
        return drawing, words_of(painted[-1])

    return draw


def test_every_picture_has_its_words_and_its_map(drawn):
    drawing, words = drawn([tile(1), tile(2), tile(3, np.zeros((4, 4), np.float32)), tile(4)])
    for text in ("cat 1, 90%", "4.png", "why cat, not dog", "why cat, not dog; no place spoke for it"):
        assert text in words
    assert drawing.note == "4 pictures; right of each its 4 x 4 heat map at layer conv2"
    picture = np.asarray(Image.open(io.BytesIO(drawing.png)).convert("RGB"))
    # The picture itself, enlarged five times, unchanged; its map beside it has colours that it lacks.
    for number in (1, 4):
        assert (picture == (0, 40 + number, 0)).all(axis=2).sum() == 160 * 160


def test_of_many_the_first_are_drawn_and_the_rest_counted(drawn, monkeypatch):
    monkeypatch.setattr("lowres.faces.figures.heat_sheet.MOST_TILES", 2)
    drawing, words = drawn([tile(number) for number in range(5)])
    assert drawing.note.startswith("2 of 5 pictures")
    assert "1.png" in words
    assert "2.png" not in words
