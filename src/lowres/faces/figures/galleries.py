"""Sheets of pictures: examples of each class, of each confusion, and of what the network looks at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lowres.faces.figures.canvas import (
    BLUE,
    HEADER_PIXELS,
    INK,
    MARGIN_PIXELS,
    MUTED,
    ORANGE,
    WIDTH_PIXELS,
    Drawing,
    add_axes,
    cut,
    cut_names,
    draw,
    percent,
    ramp,
    text_pixels,
    write,
)
from lowres.faces.figures.overlay import HEAT_COLOURS, magnified, overlay

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_INNER = WIDTH_PIXELS - 2 * MARGIN_PIXELS
_GAP = 8
MOST_CLASSES = 120


@dataclass(frozen=True, eq=False)
class ConfusedPair:
    """One direction of a confusion: pictures of class `true` that were called `predicted`.

    count of `support` pictures of that class; pixels: uint8 `[k, h, w, 3]` of some of them; confidences: `[k]`.
    """

    true: str
    predicted: str
    count: int
    support: int
    pixels: NDArray[np.uint8] = field(repr=False)
    confidences: NDArray[np.float64] = field(repr=False)


@dataclass(frozen=True, eq=False)
class Explained:
    """One picture uint8 `[h, w, 3]`, its heat map `[rows, columns]` from 0 to 1, and what was said about it."""

    id: str
    pixels: NDArray[np.uint8] = field(repr=False)
    heat: NDArray[np.floating] = field(repr=False)
    true: str
    predicted: str
    confidence: float

    @property
    def is_right(self) -> bool:
        """Whether the class predicted is the true one."""
        return self.true == self.predicted


def sample_grid(
    pixels: NDArray[np.uint8], labels: NDArray[np.int64], class_names: Sequence[str], *, seed: int = 0
) -> Drawing:
    """Draw a few images of each class, drawn by lot from the seed; of more than 120 classes the first 120.

    pixels: uint8 `[n, h, w, 3]`, labels: `[n]`; only the images shown are read.
    """
    shown = min(len(class_names), MOST_CLASSES)
    columns, tile = (1, 96) if shown <= 12 else (2, 64) if shown <= 60 else (3, 56)
    rows = math.ceil(shown / columns)
    width = _INNER / columns
    names = cut_names(class_names[:shown], 20)
    label = text_pixels(names, 9) + 14
    each = max(1, int((width - label + _GAP) / (tile + _GAP)))
    lot = np.random.default_rng(seed)
    chosen = [_some(np.flatnonzero(labels == number), each, lot) for number in range(shown)]

    def paint(figure: Figure) -> None:
        for number, rows_of_class in enumerate(chosen):
            left = MARGIN_PIXELS + (number // rows) * width
            top = HEADER_PIXELS + (number % rows) * (tile + _GAP)
            write(figure, left, top + tile / 2, names[number], size=9)
            for place, row in enumerate(rows_of_class):
                _put(figure, magnified(pixels[row], tile), left + label + place * (tile + _GAP), top, tile)

    height, across = pixels.shape[1:3]
    note = f"{sum(map(len, chosen)):,} of n = {len(labels):,} images, drawn by lot; each is {across} x {height} pixels"
    if shown < len(class_names):
        note += f"; the first {shown} of {len(class_names)} classes"
    title = f"What the {len(class_names)} classes look like"
    size = (WIDTH_PIXELS, HEADER_PIXELS + rows * (tile + _GAP) + MARGIN_PIXELS)
    return draw("sample_grid", title, note, size, paint)


def confusion_pairs(pairs: Sequence[ConfusedPair], n: int) -> Drawing:
    """Draw up to eight pictures of each confusion, one direction a row; `n` is the number of images tested."""
    tile, line = 112, 34
    pitch = tile + line + 44
    each = min(8, (_INNER + _GAP) // (tile + _GAP))

    def paint(figure: Figure) -> None:
        for row, pair in enumerate(pairs):
            top = HEADER_PIXELS + row * pitch
            seen, said = cut_names([pair.true, pair.predicted], 32)
            words = f"{seen} taken for {said}: {pair.count:,} of {pair.support:,}"
            write(figure, MARGIN_PIXELS, top + 8, words, size=10.5, weight="bold", color=ORANGE)
            for place, picture in enumerate(pair.pixels[:each]):
                left = MARGIN_PIXELS + place * (tile + _GAP + 12)
                _put(figure, magnified(picture, tile), left, top + line, tile)
                sure = percent(pair.confidences[place])
                write(figure, left + tile / 2, top + line + tile + 14, sure, size=8, ha="center", color=MUTED)

    wrong = sum(pair.count for pair in pairs)
    note = f"{wrong:,} of n = {n:,} test images are of these kinds; below each picture, how sure the wrong answer was"
    title = "The confusions that happen most" if pairs else "No class was taken for another"
    size = (WIDTH_PIXELS, HEADER_PIXELS + len(pairs) * pitch + 16)
    return draw("confusion_pairs", title, note, size, paint)


def grad_cam_gallery(explained: Sequence[Explained], method: str = "Grad-CAM") -> Drawing:
    """Draw each picture beside its heat map, the right answers first, then the wrong ones, each with its words."""
    columns, tile, pitch = 5, 104, 104 + 62
    parts = [
        (words, colour, [one for one in explained if one.is_right == right])
        for words, colour, right in (("Right", BLUE, True), ("Wrong", ORANGE, False))
    ]
    parts = [part for part in parts if part[2]]
    heights = [44 + math.ceil(len(part[2]) / columns) * pitch for part in parts]

    def paint(figure: Figure) -> None:
        top = float(HEADER_PIXELS)
        for (words, colour, members), height in zip(parts, heights, strict=True):
            write(figure, MARGIN_PIXELS, top + 14, f"{words} ({len(members)})", size=11.5, weight="bold", color=colour)
            for place, one in enumerate(members):
                left = MARGIN_PIXELS + (place % columns) * ((_INNER + 16) / columns)
                _put_explained(figure, one, left, top + 40 + (place // columns) * pitch, tile, colour)
            top += height
        _explain_heat(figure, top + 8)

    rows, across = explained[0].heat.shape if explained else (0, 0)
    note = f"n = {len(explained)} test images; left the picture, right its {across} x {rows} heat map stretched over it"
    size = (WIDTH_PIXELS, HEADER_PIXELS + sum(heights) + 66)
    return draw("grad_cam_gallery", f"What the network looks at ({method})", note, size, paint)


def _put_explained(figure: Figure, one: Explained, left: float, top: float, tile: int, colour: str) -> None:
    _put(figure, magnified(one.pixels, tile), left, top, tile)
    _put(figure, overlay(one.pixels, one.heat, tile), left + tile + 4, top, tile)
    said = f"{cut(one.predicted, 16)}, {percent(one.confidence)}"
    write(figure, left, top + tile + 14, said, size=8.5, color=colour, weight="bold")
    if not one.is_right:
        write(figure, left, top + tile + 34, f"is {cut(one.true, 22)}", size=8.5, color=INK)


def _explain_heat(figure: Figure, top: float) -> None:
    axes = add_axes(figure, MARGIN_PIXELS + 176, top, 300, 16)
    axes.imshow(np.linspace(0, 1, 256)[None], cmap=ramp(*HEAT_COLOURS), aspect="auto")
    axes.set_axis_off()
    write(figure, MARGIN_PIXELS, top + 8, "speaks little for it", size=8.5, color=MUTED)
    write(figure, MARGIN_PIXELS + 490, top + 8, "speaks most for the answer given", size=8.5, color=MUTED)


def _put(figure: Figure, picture: NDArray[np.uint8], left: float, top: float, tile: int) -> None:
    """Place a picture pixel on pixel, in the middle of a square tile: nothing is resampled on the way."""
    height, width = picture.shape[:2]
    down = round(float(figure.get_size_inches()[1]) * figure.dpi)
    x, y = round(left + (tile - width) / 2), down - round(top + (tile - height) / 2) - height
    figure.figimage(picture, x, y)


def _some(rows: NDArray[np.int64], each: int, lot: np.random.Generator) -> NDArray[np.int64]:
    return rows if len(rows) <= each else np.sort(lot.choice(rows, each, replace=False))

