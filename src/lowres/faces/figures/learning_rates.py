"""The loss over learning rates that rise, and the rate to take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lowres.faces.figures.canvas import (
    BLUE,
    GRID,
    HEADER_PIXELS,
    INK,
    MARGIN_PIXELS,
    ORANGE,
    WIDTH_PIXELS,
    Drawing,
    add_axes,
    draw,
)
from lowres.values.training.rate_search import RateSearch

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PLOT_PIXELS, _BELOW = 420, 90


def learning_rates(search: RateSearch, current: float) -> Drawing:
    """Return the smoothed loss by learning rate; marked: the rate suggested and the recipe's own, `current`."""

    def paint(figure: Figure) -> None:
        left = MARGIN_PIXELS + 70
        axes = add_axes(figure, left, HEADER_PIXELS + 20, WIDTH_PIXELS - left - MARGIN_PIXELS, _PLOT_PIXELS)
        axes.set_xscale("log")
        axes.plot(search.rates, search.losses, color=BLUE, linewidth=2)
        for rate, colour, words in ((search.suggested, ORANGE, "suggested"), (current, INK, "recipe")):
            axes.axvline(rate, color=colour, linewidth=1.4, linestyle="--" if words == "recipe" else "-")
            top = 0.97 if words == "suggested" else 0.9
            axes.annotate(
                f" {words} {rate:.1e}", (rate, top), xycoords=("data", "axes fraction"), color=colour, va="top"
            )
        axes.grid(visible=True, axis="y", color=GRID)
        axes.set_xlabel("learning rate of the update (log scale)")
        axes.set_ylabel("loss, smoothed")

    end = f"; it ran away at {search.ran_away_at:.1e}" if search.ran_away_at else ""
    return draw(
        "learning_rate",
        f"A learning rate of {search.suggested:.1e}: a tenth of where the loss begins to rise",
        f"Training batches, one update a rate; near its lowest loss up to {search.edge:.1e}{end}.",
        (WIDTH_PIXELS, HEADER_PIXELS + 20 + _PLOT_PIXELS + _BELOW),
        paint,
    )
