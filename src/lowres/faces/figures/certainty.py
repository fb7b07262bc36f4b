"""How far its confidence can be believed: right against wrong answers, and the reliability diagram."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lowres.faces.figures.amounts import legend_spot
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
    count_axis,
    draw,
)
from lowres.faces.numbers_in_words import percent
from lowres.values.judging.calibration import BINS, ReliabilityBin, reliability_bins
from lowres.values.judging.evaluation import Evaluation
from lowres.values.predictions import Predictions

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

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
            axes.set_ylim(0, axes.get_ylim()[1] * 1.15)
            count_axis(axes.yaxis)
            axes.grid(axis="y")
            _percent_axis(axes, labelled=row == 1)
        axes.set_xlabel("confidence in the answer given")

    note = f"n = {len(confidence):,} test images; the two scales differ"
    size = (WIDTH_PIXELS, HEADER_PIXELS + 14 + 2 * 250 + 50)
    return draw("confidence_histogram", _confidence_headline(confidence, is_right), note, size, paint)


def reliability(predictions: Predictions, evaluation: Evaluation) -> Drawing:
    """Draw the share that was right against the confidence claimed, before and after the temperature, in 15 bins.

    The errors and the temperature written beside the lines are the evaluation's.
    """
    claims = (
        (predictions.probabilities(), ORANGE, "--", f"as trained: off by {percent(evaluation.ece)}"),
        (
            predictions.probabilities(evaluation.temperature),
            BLUE,
            "-",
            f"after temperature {evaluation.temperature:.2f}: off by {percent(evaluation.ece_after_temperature)}",
        ),
    )

    def paint(figure: Figure) -> None:
        axes = add_axes(figure, _LEFT, HEADER_PIXELS + 44, _ACROSS, 520)
        for probabilities, colour, style, words in claims:
            _paint_bins(axes, reliability_bins(probabilities, predictions.labels), colour, style, words)
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (2, 3)), label="as right as it claims")
        axes.set_ylabel("share that was right")
        axes.set_ylim(0, 1.02)
        axes.set_yticks(np.linspace(0, 1, 6), [percent(tick, 0) for tick in np.linspace(0, 1, 6)])
        axes.grid()
        figure.legend(loc="upper left", bbox_to_anchor=legend_spot(figure), ncols=3, borderaxespad=0, handlelength=1.8)
        _percent_axis(axes, labelled=False)
        below = add_axes(figure, _LEFT, HEADER_PIXELS + 44 + 540, _ACROSS, 120)
        confidences = [probabilities.max(axis=1) for probabilities, *_ in claims]
        below.hist(confidences, bins=np.linspace(0, 1, BINS + 1).tolist(), color=[ORANGE, BLUE])
        below.set_ylabel("images")
        below.set_xlabel("confidence in the answer given")
        count_axis(below.yaxis)
        below.grid(axis="y")
        _percent_axis(below, labelled=True)

    note = f"n = {len(predictions):,} test images, {BINS} bins with 95 % intervals; hollow: under {FEW_IMAGES} images"
    size = (WIDTH_PIXELS, HEADER_PIXELS + 44 + 660 + 80)
    confidence = claims[0][0].max(axis=1)
    return draw("reliability", _reliability_headline(confidence, predictions.is_right, evaluation), note, size, paint)


def _paint_bins(axes: Axes, bins: Sequence[ReliabilityBin], colour: str, style: str, words: str) -> None:
    claimed, found = [row.confidence for row in bins], [row.accuracy for row in bins]
    # A handful of images can be right or wrong by luck: their dot is drawn, but no line is bent through it.
    trusted = [row for row in bins if row.n >= FEW_IMAGES]
    inside = [colour if row.n >= FEW_IMAGES else PAPER for row in bins]
    lows, highs = zip(*(row.accuracy_interval for row in bins), strict=True)
    axes.vlines(claimed, lows, highs, color=colour, alpha=0.35, linewidth=2)
    line = [row.confidence for row in trusted], [row.accuracy for row in trusted]
    axes.plot(*line, style, color=colour, linewidth=1.8, label=words)
    axes.scatter(claimed, found, s=36, c=inside, edgecolors=colour, linewidths=1.4, zorder=3, clip_on=False)


def _percent_axis(axes: Axes, *, labelled: bool) -> None:
    axes.set_xlim(0, 1)
    ticks = np.linspace(0, 1, 11)
    axes.set_xticks(ticks, [percent(tick, 0) for tick in ticks] if labelled else [""] * len(ticks))


def _mark_median(axes: Axes, confidence: NDArray[np.float64]) -> None:
    if len(confidence) == 0:
        return
    median = float(np.median(confidence))
    axes.axvline(median, color=INK, linewidth=1.2, linestyle=(0, (4, 3)))
    words, spot = f"median {percent(median, 0)}", (-6 if median > 0.2 else 6, 0)
    side = "right" if median > 0.2 else "left"
    backing = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.5, "alpha": 0.85}
    style: dict[str, Any] = {"size": 9, "ha": side, "va": "center", "bbox": backing}
    axes.annotate(words, (median, 0.93), spot, ("data", "axes fraction"), "offset points", **style)


def _confidence_headline(confidence: NDArray[np.float64], is_right: NDArray[np.bool_]) -> str:
    if is_right.all() or not is_right.any():
        answers = "Every answer was right" if is_right.all() else "Every answer was wrong"
        return f"{answers}; median confidence {percent(float(np.median(confidence)), 0)}"
    right, wrong = float(np.median(confidence[is_right])), float(np.median(confidence[~is_right]))
    manner = "less sure" if wrong < right else "no less sure"
    return f"Wrong answers are {manner} (median {percent(wrong, 0)}) than right ones ({percent(right, 0)})"


def _reliability_headline(confidence: NDArray[np.float64], is_right: NDArray[np.bool_], evaluation: Evaluation) -> str:
    gap = float(confidence.mean() - is_right.mean())
    manner = "It claims too much" if gap > 0.005 else "It claims too little" if gap < -0.005 else "Its confidence fits"
    before, after = percent(evaluation.ece), percent(evaluation.ece_after_temperature)
    return f"{manner} as trained: error {before}, after scaling {after}"
