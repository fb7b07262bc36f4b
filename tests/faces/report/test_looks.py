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


def mixed(one, other, share):
    """`share` of one colour in another, as `color-mix(in srgb, ...)` has it."""
    parts = [[int(code[at : at + 2], 16) for at in (1, 3, 5)] for code in map(whole, (one, other))]
    return "#" + "".join(f"{round(share * a + (1 - share) * b):02x}" for a, b in zip(*parts, strict=True))


def whole(code):
    return code if len(code) == 7 else "#" + "".join(2 * digit for digit in code[1:])


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


@pytest.mark.parametrize("palette", palettes(), ids=("light", "dark", "paper"))
@pytest.mark.parametrize("colour", ["blue", "rust"])
def test_counts_stand_out_from_their_cell_however_strong_its_colour(palette, colour):
    css = files("lowres.faces").joinpath("templates/report.css.j2").read_text(encoding="utf-8")
    strongest = int(re.search(rf"var\(--{colour}\) calc\(var\(--s\)\*(\d+)%\),var\(--card\)", css)[1]) / 100
    for share in (0, 0.25, 0.5, 0.75, 1):
        assert contrast(palette["ink"], mixed(palette[colour], palette["card"], share * strongest)) >= 4.5
