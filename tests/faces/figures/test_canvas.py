"""A drawing is its pixels and nothing else: the same every time, whatever the user's settings or class names."""

import io
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from PIL import Image

from lowres.errors import NotWritable
from lowres.faces.figures import canvas, write_figures
from lowres.faces.figures.canvas import cut, cut_names, draw, text_pixels


def nothing(figure):
    del figure


def test_the_size_is_to_the_pixel_and_the_file_says_nothing_else():
    drawing = draw("empty", "A title", "n = 0", (701, 203), nothing)
    with Image.open(io.BytesIO(drawing.png)) as picture:
        assert picture.format == "PNG"
        assert picture.size == (701, 203) == (drawing.width_pixels, drawing.height_pixels)
        assert set(picture.info) <= {"dpi"}


def test_the_users_settings_change_nothing():
    before = draw("empty", "A title", "n = 0", (600, 200), nothing)
    with matplotlib.rc_context({"font.size": 30, "figure.facecolor": "red", "savefig.bbox": "tight"}):
        assert draw("empty", "A title", "n = 0", (600, 200), nothing).png == before.png
        assert matplotlib.rcParams["font.size"] == 30


def test_a_long_title_stays_inside():
    drawing = draw("empty", "many words " * 20, "n = 0", (600, 200), nothing)
    with Image.open(io.BytesIO(drawing.png)) as picture:
        ink = np.asarray(picture.convert("L")) < 250
    assert ink.any()
    assert not ink[:, 600 - 20 :].any()


@pytest.mark.parametrize("name", ["$x_1$ and \\frac{", "日本語 العربية 🐈", "a\nb\tc", "", "<b>&amp;"])
def test_any_class_name_can_be_written(name):
    drawing = draw("name", cut(name, 30), name, (600, 200), nothing)
    assert drawing.png.startswith(b"\x89PNG")
    assert text_pixels([name], 9) >= 0


def test_names_are_cut_where_they_still_differ():
    assert cut("short", 5) == "short"
    assert cut("somewhat longer", 9) == "somewhat…"
    assert cut(" two\nlines\x00 ", 20) == "two lines"
    assert cut_names(["a long beginning one", "a long beginning two", "b"], 9) == ["a lo…one", "a lo…two", "b"]


def test_wider_words_measure_wider():
    assert text_pixels(["mmmm"], 10) > text_pixels(["iiii", "i"], 10) > text_pixels([], 10) == 0
    assert text_pixels(["mmmm"], 20) == pytest.approx(2 * text_pixels(["mmmm"], 10), rel=0.1)


def test_figures_are_written_under_their_names(tmp_path):
    drawing = draw("empty", "A title", "n = 0", (600, 200), nothing)
    paths = write_figures(tmp_path / "figures", [drawing])
    assert paths == {"empty": tmp_path / "figures" / "empty.png"}
    assert paths["empty"].read_bytes() == drawing.png
    assert [path.name for path in (tmp_path / "figures").iterdir()] == ["empty.png"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "figures").write_text("a file")
    with pytest.raises(NotWritable, match=r"expected to write .*empty\.png"):
        write_figures(tmp_path / "figures", [draw("empty", "A title", "n = 0", (600, 200), nothing)])


def test_nothing_of_matplotlibs_pyplot_is_ever_loaded():
    program = (
        "import sys; from lowres.faces import figures; from lowres.faces.report import page, study_figures;"
        "assert not {'matplotlib', 'jinja2'} & set(sys.modules);"
        "figures.canvas.draw('a', 'b', 'c', (300, 200), lambda figure: None);"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)


def contrast(one, other):
    """WCAG 2.2, relative luminance and contrast ratio."""

    def luminance(code):
        channels = np.array([int(code[at : at + 2], 16) for at in (1, 3, 5)]) / 255
        linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_words_can_be_read_on_paper():
    for colour in (canvas.INK, canvas.MUTED, canvas.BLUE, canvas.RUST):
        assert contrast(colour, canvas.PAPER) >= 4.5
