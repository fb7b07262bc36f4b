"""What this machine does with each recipe's network, one after the other, and what the whole recipe would cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lowres.files.recipes import packaged_recipes, read_recipe
from lowres.pipeline.progress import Progress, SilentProgress

if TYPE_CHECKING:
    from lowres.values.recipes.recipe import Recipe
    from lowres.values.training.machine_speeds import RecipeCost, RecipeSpeeds

# Those on the network of another (described, speedrun-gpu), or for other pictures (quick-96), only when asked.
CUSTOMARY = ("quick", "transfer", "transfer-lite0", "two-phase", "scratch-8k", "full-94")
SECONDS = 2.0


@dataclass(frozen=True)
class BenchRow:
    """A recipe by name, what it says of itself, and what was found."""

    recipe: str
    backbone: str
    input_pixels: int
    speeds: RecipeSpeeds
    cost: RecipeCost

    def to_json(self) -> dict[str, Any]:
        """Return plain numbers; speeds in images a second, costs in minutes on CIFAR-10."""
        return {
            "recipe": self.recipe,
            "backbone": self.backbone,
            "input_pixels": self.input_pixels,
            "images_per_second": {
                "forward": {name: round(speed, 1) for name, speed in self.speeds.engines.items()},
                "grad_cam": round(self.speeds.grad_cam, 1),
                "training": None if self.speeds.training is None else round(self.speeds.training, 1),
                "below_the_cut": None if self.speeds.below is None else round(self.speeds.below, 1),
            },
            "minutes": self.cost.to_json(),
        }


def bench(
    names: Sequence[str] = (), progress: Progress | None = None, seconds: float = SECONDS
) -> tuple[BenchRow, ...]:
    """Return a row a recipe, the customary ones where none is named; nothing is written or downloaded.

    Refused with RecipeError, before anything is measured: a recipe that is not there.
    """
    recipes = {name: read_recipe(name) for name in names} or {
        name: recipe for name, recipe in packaged_recipes().items() if name in CUSTOMARY
    }
    progress = progress or SilentProgress()
    rows: list[BenchRow] = []
    for done, recipe in enumerate(recipes.values()):
        progress.advance("recipes measured", done, len(recipes))
        rows.append(_row(recipe, seconds))
    progress.advance("recipes measured", len(recipes), len(recipes))
    return tuple(rows)


def _row(recipe: Recipe, seconds: float) -> BenchRow:
    from lowres.networks.backend import load_backend

    load_backend()
    from lowres.networks.speeds import recipe_speeds
    from lowres.values.training.machine_speeds import recipe_cost

    speeds = recipe_speeds(recipe, seconds)
    network = recipe.network
    return BenchRow(recipe.name, network.backbone, network.input_pixels, speeds, recipe_cost(recipe, speeds))
