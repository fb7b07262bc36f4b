"""The command `bench`: how fast this machine is with each recipe's network, and what the recipes cost on it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from lowres.cli.study_options import AsJson

if TYPE_CHECKING:
    from lowres.pipeline.bench import BenchRow

ABOUT = "Measure this machine: images a second a network, and minutes a recipe."
Recipes = Annotated[
    list[str] | None,
    typer.Option("--recipe", "-r", help="A recipe by name, or a .toml file; may be given again; the main ones else."),
]


def add_bench(application: typer.Typer) -> None:
    """Give the command line `bench`."""
    application.command("bench", help=ABOUT)(bench)


def bench(recipe: Recipes = None, as_json: AsJson = False) -> None:
    """Measure and show; nothing is written."""
    from lowres.cli.progress import progress_on
    from lowres.files.machine import read_machine
    from lowres.pipeline.bench import bench as measure

    with progress_on(to_stderr=as_json) as progress:
        rows = measure(recipe or (), progress)
    machine = read_machine()
    if as_json:
        facts = {"processor": machine.processor, "cores": machine.cores, "graphics_cards": list(machine.graphics_cards)}
        typer.echo(json.dumps({"machine": facts, "recipes": [row.to_json() for row in rows]}, indent=2))
        return
    typer.echo("\n".join([*_table(rows), "", *_explained(machine.cores, machine.processor)]))


def _table(rows: tuple[BenchRow, ...]) -> list[str]:
    lines = [f"{'recipe':<16} {'network':<28} {'forward':>8} {'on':<9} {'maps':>7} {'training':>8} {'minutes':>8}"]
    for row in rows:
        speeds = row.speeds
        engine = max(speeds.engines, key=speeds.engines.__getitem__)
        network = f"{row.backbone}, {row.input_pixels} px"
        training = "-" if speeds.training is None else f"{speeds.training:,.0f}"
        lines.append(
            f"{row.recipe:<16} {network:<28} {speeds.quickest:>8,.0f} {engine:<9} {speeds.grad_cam:>7,.0f} "
            f"{training:>8} {row.cost.total:>8,.1f}"
        )
    return lines


def _explained(cores: int, processor: str) -> list[str]:
    return [
        f"{cores} cores of {processor}; images a second: through the network, to heat maps, in an update of training",
        "minutes: the recipe on CIFAR-10, from images at hand to the last prediction, nothing else running",
    ]
