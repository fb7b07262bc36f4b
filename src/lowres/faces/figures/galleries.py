"""Sheets of pictures: examples of each class, of each confusion, and of what the network looks at."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lowres.faces.figures.canvas import (
    BLUE,
    HEADER_PIXELS,
    INK,
    MARGIN_PIXELS,
    MUTED,
    RUST,
    WIDTH_PIXELS,
    Drawing,
    add_axes,
    cut,
    cut_names,
    draw,
    ramp,
    text_pixels,
    write,
)
from lowres.faces.figures.overlay import HEAT_COLOURS, magnified, overlay
from lowres.faces.numbers_in_words import percent
from lowres.faces.report.cases import Case, Confusion, sample_rows
from lowres.values.altering.augmentation import augment
from lowres.values.labelled_images import LabelledImages
from lowres.values.recipes.recipe_sections import Augmentation

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_CLASSES = 120
MOST_EXPLAINED = 400
MOST_AUGMENTED, MOST_VIEWS = 6, 8
_INNER = WIDTH_PIXELS - 2 * MARGIN_PIXELS
_GAP = 8


def sample_grid(images: LabelledImages, rows: NDArray[np.int64], *, seed: int = 0) -> Drawing:
    """Draw a few images of each class out of `rows`, by lot from the seed; of more than 120 classes the first 120.

    Only the images shown are read.
    """
    class_names = images.class_names
    shown = min(len(class_names), MOST_CLASSES)
    columns, tile, longest = (1, 96, 24) if shown <= 12 else (2, 64, 20) if shown <= 60 else (3, 64, 14)
    lines, width = math.ceil(shown / columns), _INNER / columns
    names = cut_names(class_names[:shown], longest)
    label = text_pixels(names, 9) + 14
    each = max(1, int((width - label + _GAP) / (tile + _GAP)))
    chosen = [rows[places] for places in sample_rows(images.labels[rows], shown, each, seed)]

    def paint(figure: Figure) -> None:
        for number, rows_of_class in enumerate(chosen):
            left = MARGIN_PIXELS + (number // lines) * width
            top = HEADER_PIXELS + (number % lines) * (tile + _GAP)
            write(figure, left, top + tile / 2, names[number], size=9)
            for place, row in enumerate(rows_of_class):
                _put(figure, magnified(images.pixels[row], tile), left + label + place * (tile + _GAP), top, tile)

    shape = f"{images.width} x {images.height}"
    note = f"{sum(map(len, chosen)):,} of n = {len(rows):,} images, drawn by lot; each is {shape} pixels"
    if shown < len(class_names):
        note += f"; the first {shown} of {len(class_names)} classes"
    title = f"What the {len(class_names)} classes look like"
    size = (WIDTH_PIXELS, HEADER_PIXELS + lines * (tile + _GAP) + MARGIN_PIXELS)
    return draw("sample_grid", title, note, size, paint)


def augmentation_examples(
    images: LabelledImages, rows: NDArray[np.int64], choices: Augmentation, *, seed: int, views: int, words: str
) -> Drawing:
    """Draw a few images out of `rows`, by lot from the seed, each beside its first augmented views.

    views: how many training makes; up to 8 are drawn. words: how the images are changed. Only those shown are read.
    """
    tile, lines = 112, _wrapped(words, 8.5)
    plain, changed = augmented_views(images, rows, choices, seed=seed, views=views)
    shown = len(changed)
    first, top = MARGIN_PIXELS + tile + 40, HEADER_PIXELS + 30

    def paint(figure: Figure) -> None:
        style: dict[str, Any] = {"size": 9, "weight": "bold"}
        write(figure, MARGIN_PIXELS, HEADER_PIXELS + 8, "as it is", **style)
        write(figure, first, HEADER_PIXELS + 8, "as training sees it, view by view", **style)
        for place in range(len(plain)):
            down = top + place * (tile + _GAP)
            _put(figure, magnified(plain[place], tile), MARGIN_PIXELS, down, tile)
            for view, pixels in enumerate(changed):
                _put(figure, magnified(pixels[place], tile), first + view * (tile + _GAP), down, tile)
        for number, line in enumerate(lines):
            write(figure, MARGIN_PIXELS, below + 22 + number * 24, line, size=8.5, color=MUTED)

    below = top + len(plain) * (tile + _GAP)
    note = f"{len(plain)} of n = {len(rows):,} training images, drawn by lot; the first {shown} of {views} views each"
    title = f"Training sees each picture in {views} versions" if views > 1 else "Training sees each picture changed"
    size = (WIDTH_PIXELS, below + 24 * len(lines) + MARGIN_PIXELS)
    return draw("augmentation_examples", title, note, size, paint)


def augmented_views(
    images: LabelledImages, rows: NDArray[np.int64], choices: Augmentation, *, seed: int, views: int
) -> tuple[NDArray[np.uint8], list[NDArray[np.uint8]]]:
    """Return a few images out of `rows`, uint8 `[n, h, w, 3]`, by lot from the seed, and their first views, up to 8."""
    chosen = _by_lot(images, rows, seed)
    plain = np.stack([images.pixels[row] for row in chosen])
    views = min(views, MOST_VIEWS)
    return plain, [augment(plain, chosen, choices, seed=seed, epoch=view) for view in range(views)]


def confusion_pairs(confusions: Sequence[Confusion], n: int) -> Drawing:
    """Draw pictures of each confusion, one direction a row, as many as fit; `n` is the number of images tested."""
    tile, line = 128, 32
    pitch = tile + line + 52
    each = (_INNER + _GAP) // (tile + _GAP)

    def paint(figure: Figure) -> None:
        for row, confusion in enumerate(confusions):
            top = HEADER_PIXELS + row * pitch
            seen, said = cut_names([confusion.true, confusion.predicted], 32)
            words = f"{seen} taken for {said}: {confusion.count:,} of {confusion.support:,}"
            write(figure, MARGIN_PIXELS, top + 8, words, size=10.5, weight="bold", color=RUST)
            for place, case in enumerate(confusion.cases[:each]):
                left = MARGIN_PIXELS + place * (tile + _GAP)
                _put(figure, magnified(case.pixels, tile), left, top + line, tile)
                sure = percent(case.confidence, 0)
                write(figure, left + tile / 2, top + line + tile + 14, sure, size=8, ha="center", color=MUTED)

    wrong = sum(confusion.count for confusion in confusions)
    note = f"{wrong:,} of n = {n:,} test images are of these kinds; below each picture, how sure the wrong answer was"
    title = "The confusions that happen most" if confusions else "No class was taken for another"
    size = (WIDTH_PIXELS, HEADER_PIXELS + len(confusions) * pitch + 16)
    return draw("confusion_pairs", title, note, size, paint)


def grad_cam_gallery(cases: Sequence[Case], method: str = "Grad-CAM") -> Drawing:
    """Draw each picture beside its heat map, the right answers first, then the wrong ones, each with its words.

    Cases without a heat map are left out, and so are those after the first 400.
    """
    cases = [case for case in cases if case.heat is not None][:MOST_EXPLAINED]
    parts = [
        (words, colour, [case for case in cases if case.is_right == right], pitch)
        for words, colour, right, pitch in (("Right", BLUE, True, 184), ("Wrong", RUST, False, 190))
    ]
    parts = [part for part in parts if part[2]]
    columns, tile = 4, 128
    heights = [50 + math.ceil(len(members) / columns) * pitch for _, _, members, pitch in parts]

    def paint(figure: Figure) -> None:
        top = float(HEADER_PIXELS)
        for (words, colour, members, pitch), height in zip(parts, heights, strict=True):
            write(figure, MARGIN_PIXELS, top + 14, f"{words} ({len(members)})", size=11.5, weight="bold", color=colour)
            for place, case in enumerate(members):
                left = MARGIN_PIXELS + (place % columns) * ((_INNER + 28) / columns)
                _put_explained(figure, case, left, top + 40 + (place // columns) * pitch, tile, colour)
            top += height
        _explain_heat(figure, top + 8)

    rows, across = cases[0].heat.shape if cases and cases[0].heat is not None else (0, 0)
    note = f"n = {len(cases)} test images; left the picture, right its {across} x {rows} heat map stretched over it"
    size = (WIDTH_PIXELS, HEADER_PIXELS + sum(heights) + 60)
    return draw("grad_cam_gallery", f"What the network looks at ({method})", note, size, paint)


def _by_lot(images: LabelledImages, rows: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """A handful of rows, of different classes where there are enough."""
    classes = len(images.class_names)
    each = sample_rows(images.labels[rows], classes, MOST_AUGMENTED, seed)
    order = np.random.default_rng(seed).permutation(classes)
    turns = [rows[each[number][turn]] for turn in range(MOST_AUGMENTED) for number in order if turn < len(each[number])]
    return np.array(turns[:MOST_AUGMENTED], dtype=np.int64)


def _wrapped(words: str, points: float) -> list[str]:
    """The words on lines that fit the figure."""
    wide = text_pixels([words], points) / max(len(words), 1)
    return textwrap.wrap(words, int(0.95 * _INNER / max(wide, 1)))


def _put_explained(figure: Figure, case: Case, left: float, top: float, tile: int, colour: str) -> None:
    _put(figure, magnified(case.pixels, tile), left, top, tile)
    if case.heat is not None:
        _put(figure, overlay(case.pixels, case.heat, tile), left + tile + 4, top, tile)
    said = f"{cut(case.predicted, 18)}, {percent(case.confidence, 0)}"
    write(figure, left, top + tile + 14, said, size=8.5, color=colour, weight="bold")
    below = [] if case.is_right else [f"is {cut(case.true, 24)}"]
    if case.heat is not None and not case.heat.any():
        below.append("empty map")
    write(figure, left, top + tile + 34, ", ".join(below), size=8.5, color=INK)


def _explain_heat(figure: Figure, top: float) -> None:
    axes = add_axes(figure, MARGIN_PIXELS + 190, top, 300, 16)
    axes.imshow(np.linspace(0, 1, 256)[None], cmap=ramp(*HEAT_COLOURS), aspect="auto")
    axes.set_axis_off()
    write(figure, MARGIN_PIXELS, top + 8, "does not speak for it", size=8.5, color=MUTED)
    write(figure, MARGIN_PIXELS + 502, top + 8, "speaks most for the answer given", size=8.5, color=MUTED)


def _put(figure: Figure, picture: NDArray[np.uint8], left: float, top: float, tile: int) -> None:
    """Place a picture pixel on pixel, in the middle of a square tile: nothing is resampled on the way."""
    height, width = picture.shape[:2]
    down = round(float(figure.get_size_inches()[1]) * figure.dpi)
    x, y = round(left + (tile - width) / 2), down - round(top + (tile - height) / 2) - height
    figure.figimage(picture, x, y)
