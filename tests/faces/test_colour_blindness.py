"""Colours that mean different things stay apart for every kind of colour blindness, in the figures and in the page."""

import re
from importlib.resources import files

import numpy as np
import pytest

from lowres.faces.figures.canvas import BLUE, ORANGE, RUST, SKY
from lowres.faces.figures.overlay import HEAT_COLOURS
from lowres.faces.figures.reliance import LOSS_COLOURS

# What dichromats see, on linear RGB: Machado, Oliveira and Fernandes, IEEE TVCG 15 (2009), table of severity 1.0.
SEEN_BY = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
# Far more than the 2.3 that is just noticed (Mahy et al. 1994).
APART = 20


def linear(code):
    parts = np.array([int(code[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(code, blindness):
    """CIE L*a*b* (D65) of a colour as somebody with this blindness sees it."""
    seen = np.clip(np.array(SEEN_BY[blindness]) @ linear(code), 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = to_xyz @ seen / np.array([0.9505, 1.0, 1.089])
    x, y, z = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in (x, y, z))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def apart(one, other, blindness):
    return float(np.linalg.norm(lab(one, blindness) - lab(other, blindness)))


def page_colours():
    css = files("lowres.faces").joinpath("templates/report.css.j2").read_text(encoding="utf-8")
    palettes = [dict(re.findall(r"--(\w+):(#\w+)", block)) for block in re.findall(r":root\{(.*?)\}", css)]
    return [(palette["blue"], palette["rust"]) for palette in palettes]


def test_red_and_green_of_one_lightness_would_not_do():
    assert apart("#c83c3c", "#808018", "deuteranopia") < APART


@pytest.mark.parametrize("blindness", SEEN_BY)
@pytest.mark.parametrize("pair", [(BLUE, ORANGE), (BLUE, SKY), (SKY, ORANGE), (BLUE, RUST), *page_colours()])
def test_right_and_wrong_stay_apart(pair, blindness):
    assert apart(*pair, blindness) > APART


@pytest.mark.parametrize("blindness", SEEN_BY)
@pytest.mark.parametrize("ramp", [HEAT_COLOURS, LOSS_COLOURS[::-1]], ids=["heat", "loss"])
def test_ramps_grow_lighter_all_the_way(ramp, blindness):
    lightness = [lab(code, blindness)[0] for code in ramp]
    assert all(after > before + 3 for before, after in zip(lightness, lightness[1:], strict=False))
