"""How far its confidence can be believed: right against wrong answers, and the reliability diagram."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lowres.faces.figures.canvas import (
    BLUE,
    HEADER_PIXELS,
    INK,
    MARGIN_PIXELS,
    MUTED,
    ORANGE,
    PAPER,
    WIDTH_PIXELS,
    Drawing,
    add_axes,
    draw,
    percent,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BINS = 15
FEW_IMAGES = 10
_LEFT = MARGIN_PIXELS + 90
_ACROSS = WIDTH_PIXELS - _LEFT - MARGIN_PIXELS - 20


def confidence_histogram(confidence: NDArray[np.float64], is_right: NDArray[np.bool_]) -> Drawing:
    """Draw how many right answers (above) and wrong ones (below) were given at each confidence, each on its own scale.

    confidence: fraction `[n]`, the probability of the predicted class. is_right: bool `[n]`.
    """
    edges = np.linspace(0, 1, 21)

    def paint(figure: Figure) -> None:
        for row, (group, colour, words) in enumerate(((is_right, BLUE, "right"), (~is_right, ORANGE, "wrong"))):
            axes = add_axes(figure, _LEFT, HEADER_PIXELS + 14 + row * 250, _ACROSS, 210)
            axes.hist(confidence[group], bins=edges.tolist(), color=colour, rwidth=0.92)
            axes.set_ylabel(f"{words} answers")
            total = f"{words}: {group.sum():,}"
            axes.text(0.01, 0.88, total, transform=axes.transAxes, color=colour, weight="bold", size=11)
            _mark_median(axes, confidence[group])
            axes.grid(axis="y")
            _percent_axis(axes, labelled=row == 1)
        axes.set_xlabel("confidence in the answer given")

    note = f"n = {len(confidence):,} test images; the two scales differ"
    size = (WIDTH_PIXELS, HEADER_PIXELS + 14 + 2 * 250 + 50)
    return draw("confidence_histogram", _confidence_headline(confidence, is_right), note, size, paint)


def reliability(
    before: NDArray[np.float64],
    after: NDArray[np.float64],
    labels: NDArray[np.int64],
    *,
    ece_before: float,
    ece_after: float,
    temperature: float,
) -> Drawing:
    """Draw the share that was right against the confidence claimed, before and after scaling, in 15 bins.

    before, after: probabilities `[n, classes]`. labels: `[n]`. The errors (fractions) and the temperature are only
    written, so the figure says what the evaluation says.
    """
    predicted = before.argmax(axis=1)
    is_right = predicted == labels
    groups = (
        (before.max(axis=1), ORANGE, f"as trained: off by {percent(ece_before, 1)} on average", "--"),
        (after.max(axis=1), BLUE, f"after temperature {temperature:.2f}: off by {percent(ece_after, 1)}", "-"),
    )

    def paint(figure: Figure) -> None:
        axes = add_axes(figure, _LEFT, HEADER_PIXELS + 14, _ACROSS, 520)
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (2, 3)))
        axes.annotate("as right as it claims", (0.16, 0.16), (6, -12), "data", "offset points", color=MUTED, size=8.5)
        for confidence, colour, words, style in groups:
            claimed, found, counts = _bins(confidence, is_right)
            axes.plot(claimed, found, style, color=colour, linewidth=1.8, label=words)
            inside = [colour if count >= FEW_IMAGES else PAPER for count in counts]
            axes.scatter(claimed, found, s=36, c=inside, edgecolors=colour, linewidths=1.4, zorder=3)
        axes.set_ylabel("share that was right")
        axes.set_ylim(0, 1.02)
        axes.grid()
        axes.legend(loc="upper left", fontsize=10)
        _percent_axis(axes, labelled=False)
        axes.set_yticks(np.linspace(0, 1, 6), [percent(tick) for tick in np.linspace(0, 1, 6)])
        below = add_axes(figure, _LEFT, HEADER_PIXELS + 14 + 540, _ACROSS, 120)
        below.hist([group[0] for group in groups], bins=np.linspace(0, 1, BINS + 1).tolist(), color=[ORANGE, BLUE])
        below.set_ylabel("images")
        below.set_xlabel("confidence in the answer given")
        below.grid(axis="y")
        _percent_axis(below, labelled=True)

    note = f"n = {len(labels):,} test images, {BINS} bins of equal width; hollow: fewer than {FEW_IMAGES} images"
    size = (WIDTH_PIXELS, HEADER_PIXELS + 14 + 660 + 80)
    title = _reliability_headline(before.max(axis=1), is_right, ece_before, ece_after)
    return draw("reliability", title, note, size, paint)


def _bins(confidence: NDArray[np.float64], is_right: NDArray[np.bool_]) -> tuple[NDArray[np.float64], ...]:
    """Mean confidence, share right and count of every bin that is not empty."""
    which = np.minimum((confidence * BINS).astype(int), BINS - 1)
    counts = np.bincount(which, minlength=BINS)
    filled = counts > 0
    claimed = np.bincount(which, confidence, BINS)[filled] / counts[filled]
    found = np.bincount(which, is_right, BINS)[filled] / counts[filled]
    return claimed, found, counts[filled].astype(np.float64)


def _percent_axis(axes: Axes, *, labelled: bool) -> None:
    axes.set_xlim(0, 1)
    ticks = np.linspace(0, 1, 11)
    axes.set_xticks(ticks, [percent(tick) for tick in ticks] if labelled else [""] * len(ticks))


def _mark_median(axes: Axes, confidence: NDArray[np.float64]) -> None:
    if len(confidence) == 0:
        return
    median = float(np.median(confidence))
    axes.axvline(median, color=INK, linewidth=1.2, linestyle=(0, (4, 3)))
    words, spot = f"median {percent(median)}", (-6 if median > 0.2 else 6, 0)
    side = "right" if median > 0.2 else "left"
    backing = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.5, "alpha": 0.85}
    style: dict[str, Any] = {"size": 9, "ha": side, "va": "center", "bbox": backing}
    axes.annotate(words, (median, 0.93), spot, ("data", "axes fraction"), "offset points", **style)


def _confidence_headline(confidence: NDArray[np.float64], is_right: NDArray[np.bool_]) -> str:
    if is_right.all() or not is_right.any():
        answers = "Every answer was right" if is_right.all() else "Every answer was wrong"
        return f"{answers}; median confidence {percent(float(np.median(confidence)))}"
    right, wrong = float(np.median(confidence[is_right])), float(np.median(confidence[~is_right]))
    manner = "less sure" if wrong < right else "no less sure"
    return f"Wrong answers are {manner} (median {percent(wrong)}) than right ones ({percent(right)})"


def _reliability_headline(
    confidence: NDArray[np.float64], is_right: NDArray[np.bool_], ece_before: float, ece_after: float
) -> str:
    gap = float(confidence.mean() - is_right.mean())
    manner = "It claims too much" if gap > 0.005 else "It claims too little" if gap < -0.005 else "Its confidence fits"
    return f"{manner} as trained: error {percent(ece_before, 1)}, after scaling {percent(ece_after, 1)}"
