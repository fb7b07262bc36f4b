"""The page's colours can be read, in the light and in the dark, on screen and on paper."""

import re
from importlib.resources import files

import pytest

WORDS_ON = [
    ("ink", "page"),
    ("ink", "card"),
    ("ink", "code"),
    ("muted", "page"),
    ("muted", "card"),
    ("blue", "card"),
    ("rust", "card"),
    ("green", "mint"),
    ("rust", "sand"),
    ("red", "rose"),
]


def palettes():
    """The light, the dark and the printed colours: the later ones overlay the first."""
    css = files("lowres.faces").joinpath("templates/report.css.j2").read_text(encoding="utf-8")
    found = [dict(re.findall(r"--(\w+):(#\w+)", block)) for block in re.findall(r":root\{(.*?)\}", css)]
    assert len(found) == 3
    return [found[0] | later for later in ({}, *found[1:])]


def luminance(code):
    digits = code[1:] if len(code) == 7 else "".join(2 * digit for digit in code[1:])
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """The ratio of WCAG 2.2."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_ratio_is_that_of_the_standard():
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("palette", palettes(), ids=("light", "dark", "paper"))
@pytest.mark.parametrize(("words", "ground"), WORDS_ON)
def test_words_stand_out_from_their_ground(palette, words, ground):
    assert contrast(palette[words], palette[ground]) >= 4.5
