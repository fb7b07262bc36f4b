"""Every command with its options; nothing heavy is imported before a command runs."""

from __future__ import annotations

import os
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from lowres.cli import benching, exporting, judging, predicting, serving
from lowres.cli import explaining as options
from lowres.errors import LowresError

REFUSED, STOPPED = 2, 130
# TensorFlow greets at length on stderr; who wants to read that sets the variable.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

Source = Annotated[
    str | None,
    typer.Argument(help="cifar10, digits (the default), a path to your own images, or a study folder to go on with."),
]
RecipeName = Annotated[
    str | None,
    typer.Option(
        "--recipe", "-r", help="A recipe by name, or a .toml file; transfer (digits: quick-96) where left out."
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", "-s", metavar="KEY=VALUE", help="Change one value of the recipe; may be given again."),
]
StudyFolder = Annotated[
    Path | None, typer.Option("--study", help="Folder of the study; studies/SOURCE-RECIPE where left out.")
]
FromFiles = Annotated[
    list[Path] | None, typer.Option("--from", help="Data or weights fetched by hand; may be given again.")
]
SkipDamaged = Annotated[bool, typer.Option("--skip-damaged", help="Leave out files that are no readable pictures.")]


class Check(StrEnum):
    """What may be gone past with `--accept`."""

    PREFLIGHT = "preflight"


Accept = Annotated[
    Check | None, typer.Option("--accept", metavar="CHECK", help="Train although this check forbids it: preflight.")
]
Deterministic = Annotated[
    bool,
    typer.Option(
        "--deterministic", help="Train with repeatable operations only, and prove it first: three updates, twice."
    ),
]
Tensorboard = Annotated[
    Path | None,
    typer.Option("--tensorboard", metavar="DIR", help="Write every epoch for TensorBoard too, into this folder."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object; progress goes to stderr.")]

# Each verb brings a study to one stage, and every stage before it.
VERBS = {
    "study": ("report", "Do the whole study, from images to report."),
    "check": ("images", "Find the images and say what is wrong with them."),
    "split": ("split", "Draw the train, validation and test parts."),
    "preflight": ("preflight", "Try the training out in small, and say what would ruin it and what it costs."),
    "find-rate": (
        "find-rate",
        "Try learning rates from tiny to huge on a few updates, and name one to take.",
    ),
    "train": ("train", "Train the head on frozen features, then the trunk where the recipe says so."),
    "evaluate": ("evaluate", "Predict the test part and measure how good that is, or judge any model's outputs."),
    "robustness": ("robustness", "Spoil test images in fifteen ways, mildly to severely, and measure what is left."),
    "explain": ("explain", "Show what the network looks at."),
    "report": ("report", "Draw the figures and write report.html and card.md."),
}
Pdf = Annotated[bool, typer.Option("--pdf", help="Print it to report.pdf too, by Chromium, Chrome or Edge.")]


class _Commands(TyperGroup):
    """Turns what lowres refuses, and Ctrl-C, into a sentence on stderr and an exit code."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except LowresError as error:
            typer.echo(f"lowres: {error}", err=True)
            raise typer.Exit(REFUSED) from error
        except KeyboardInterrupt as error:
            typer.echo("stopped; run the same command to go on", err=True)
            raise typer.Exit(STOPPED) from error


application = typer.Typer(
    cls=_Commands,
    help="Train, prove and explain image classifiers when the data is small.",
    epilog="Begin with: lowres study",
    no_args_is_help=True,
    add_completion=False,
    # Rich help costs a fifth of a second and the plain one says the same.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _add_verb(name: str, stage: str, about: str) -> None:
    def verb(
        source: Source = None,
        recipe: RecipeName = None,
        settings: Settings = None,
        study: StudyFolder = None,
        from_files: FromFiles = None,
        skip_damaged: SkipDamaged = False,
        accept: Accept = None,
        deterministic: Deterministic = False,
        as_json: AsJson = False,
    ) -> None:
        from lowres.cli.verbs import bring_study, choose

        choice = choose(source, recipe, settings or [], study, skip_damaged, accept is not None, deterministic)
        bring_study(name, stage, choice, from_files or [], as_json)

    application.command(name, help=about)(verb)


def _add_training(name: str, stage: str, about: str) -> None:
    def training(
        source: Source = None,
        recipe: RecipeName = None,
        settings: Settings = None,
        study: StudyFolder = None,
        from_files: FromFiles = None,
        skip_damaged: SkipDamaged = False,
        accept: Accept = None,
        deterministic: Deterministic = False,
        tensorboard: Tensorboard = None,
        as_json: AsJson = False,
    ) -> None:
        from lowres.cli.verbs import bring_study, choose

        choice = choose(source, recipe, settings or [], study, skip_damaged, accept is not None, deterministic)
        bring_study(name, stage, replace(choice, tensorboard=tensorboard), from_files or [], as_json)

    application.command(name, help=about)(training)


def _add_evaluate(stage: str, about: str) -> None:
    def evaluate(
        source: Source = None,
        predictions: judging.PredictionsFile = None,
        labels: judging.Labels = None,
        validation: judging.Validation = None,
        metadata: judging.Metadata = None,
        kind: judging.KindOption = None,
        recipe: RecipeName = None,
        settings: Settings = None,
        study: StudyFolder = None,
        from_files: FromFiles = None,
        skip_damaged: SkipDamaged = False,
        accept: Accept = None,
        deterministic: Deterministic = False,
        as_json: AsJson = False,
    ) -> None:
        from lowres.cli.verbs import bring_study, choose

        of_a_study = (source, recipe, study, from_files, skip_damaged, accept, deterministic)
        of_a_file = (labels, validation, metadata, kind)
        judging.refuse_mixed(predictions is not None, any(of_a_study), any(of_a_file))
        if predictions is not None:
            judging.judge_given(predictions, labels, validation, metadata, kind, settings or [], as_json)
        else:
            choice = choose(source, recipe, settings or [], study, skip_damaged, accept is not None, deterministic)
            bring_study("evaluate", stage, choice, from_files or [], as_json)

    application.command("evaluate", help=about)(evaluate)


def _add_explain(stage: str, about: str) -> None:
    def explain(
        sources: options.Sources = None,
        model: options.Model = None,
        method: options.Method = None,
        layer: options.Layer = None,
        target: options.Target = "",
        against: options.Against = "",
        class_names: options.ClassNames = "",
        input_range: options.InputRange = options.Range.BYTES,
        input_pixels: options.InputPixels = None,
        out: options.Out = None,
        recipe: RecipeName = None,
        settings: Settings = None,
        study: StudyFolder = None,
        from_files: FromFiles = None,
        skip_damaged: SkipDamaged = False,
        accept: Accept = None,
        deterministic: Deterministic = False,
        as_json: AsJson = False,
    ) -> None:
        from lowres.cli.verbs import bring_study, choose

        of_a_model = options.OfAModel(target, against, class_names, input_range, input_pixels, out)
        if model is not None:
            options.refuse_study_words(recipe=recipe, set=settings, study=study, accept=accept)
            options.explain_own_model(model, sources or [], method, layer, of_a_model, as_json)
            return
        words = [*(settings or []), *options.study_settings(method, layer)]
        source = options.study_source(sources or [], of_a_model)
        choice = choose(source, recipe, words, study, skip_damaged, accept is not None, deterministic)
        bring_study("explain", stage, choice, from_files or [], as_json)

    application.command("explain", help=about)(explain)


def _add_report(stage: str, about: str) -> None:
    def report(
        source: Source = None,
        recipe: RecipeName = None,
        settings: Settings = None,
        study: StudyFolder = None,
        from_files: FromFiles = None,
        skip_damaged: SkipDamaged = False,
        accept: Accept = None,
        deterministic: Deterministic = False,
        as_json: AsJson = False,
        pdf: Pdf = False,
    ) -> None:
        from lowres.cli.verbs import bring_study, choose

        choice = choose(source, recipe, settings or [], study, skip_damaged, accept is not None, deterministic)
        bring_study("report", stage, choice, from_files or [], as_json, prints=pdf)

    application.command("report", help=about)(report)


for _name, (_stage, _about) in VERBS.items():
    if _name == "evaluate":
        _add_evaluate(_stage, _about)
    elif _name == "explain":
        _add_explain(_stage, _about)
    elif _name == "report":
        _add_report(_stage, _about)
    elif _name in ("study", "train"):
        _add_training(_name, _stage, _about)
    else:
        _add_verb(_name, _stage, _about)


predicting.add_predict(application)
serving.add_serve(application)
benching.add_bench(application)
exporting.add_export(application)
judging.add_comparisons(application)


@application.command("doctor")
def doctor(as_json: AsJson = False) -> None:
    """Look this machine over."""
    from lowres.cli.verbs import examine

    examine(as_json)


@application.command("recipes")
def recipes(
    name: Annotated[str | None, typer.Argument(help="One recipe, shown whole; all in short where left out.")] = None,
    backbones: Annotated[bool, typer.Option("--backbones", help="List the backbones a recipe may name.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the recipes, or explain one."""
    from lowres.cli.verbs import show_backbones, show_recipes

    if backbones:
        show_backbones(as_json)
    else:
        show_recipes(name, as_json)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        from lowres import __version__

        typer.echo(__version__)
        raise typer.Exit


@application.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    pass
