"""Pictures beside their heat maps, of any model: no true class is known, only what was asked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lowres.faces.figures.canvas import (
    HEADER_PIXELS,
    INK,
    MARGIN_PIXELS,
    MUTED,
    WIDTH_PIXELS,
    Drawing,
    add_axes,
    cut,
    draw,
    ramp,
    write,
)
from lowres.faces.figures.overlay import HEAT_COLOURS, magnified, overlay

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_TILES = 200
_COLUMNS, _TILE, _GAP, _PITCH = 3, 176, 4, 266


@dataclass(frozen=True, eq=False)
class HeatTile:
    """One picture, uint8 `[h, w, 3]`, its heat `[rows, columns]` from 0 to 1, the answer given, and the question."""

    name: str
    pixels: NDArray[np.uint8] = field(repr=False)
    heat: NDArray[np.float32] = field(repr=False)
    answer: str
    question: str


def heat_sheet(tiles: Sequence[HeatTile], title: str, layer: str) -> Drawing:
    """Draw up to 200 pictures, each beside its heat map, under what was asked and answered."""
    shown = tiles[:MOST_TILES]
    lines = math.ceil(len(shown) / _COLUMNS)

    def paint(figure: Figure) -> None:
        for place, tile in enumerate(shown):
            left = MARGIN_PIXELS + (place % _COLUMNS) * (WIDTH_PIXELS - 2 * MARGIN_PIXELS + 24) / _COLUMNS
            _put_tile(figure, tile, left, HEADER_PIXELS + place // _COLUMNS * _PITCH)
        top = HEADER_PIXELS + lines * _PITCH + 8
        axes = add_axes(figure, MARGIN_PIXELS + 190, top, 300, 16)
        axes.imshow(np.linspace(0, 1, 256)[None], cmap=ramp(*HEAT_COLOURS), aspect="auto")
        axes.set_axis_off()
        write(figure, MARGIN_PIXELS, top + 8, "does not speak for it", size=8.5, color=MUTED)
        write(figure, MARGIN_PIXELS + 502, top + 8, "speaks most for it", size=8.5, color=MUTED)

    rows, across = shown[0].heat.shape if shown else (0, 0)
    more = f" of {len(tiles)}" if len(tiles) > len(shown) else ""
    note = f"{len(shown)}{more} pictures; right of each its {across} x {rows} heat map at layer {layer}"
    return draw("heat_sheet", title, note, (WIDTH_PIXELS, HEADER_PIXELS + lines * _PITCH + 44), paint)


def _put_tile(figure: Figure, tile: HeatTile, left: float, top: float) -> None:
    for number, picture in enumerate((magnified(tile.pixels, _TILE), overlay(tile.pixels, tile.heat, _TILE))):
        height = len(picture)
        down = round(float(figure.get_size_inches()[1]) * figure.dpi)
        # Pixel on pixel: nothing is resampled on the way.
        x = round(left + number * (_TILE + _GAP))
        figure.figimage(picture, x, down - round(top + (_TILE - height) / 2) - height)
    write(figure, left, top + _TILE + 16, cut(tile.answer, 36), size=8.5, color=INK, weight="bold")
    empty = "" if tile.heat.any() else "; no place spoke for it"
    write(figure, left, top + _TILE + 38, cut(tile.question + empty, 48), size=8.5, color=INK)
    write(figure, left, top + _TILE + 60, cut(tile.name, 48), size=8, color=MUTED)
