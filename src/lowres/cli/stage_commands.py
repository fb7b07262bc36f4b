"""The commands that bring a study to one of its stages, and every stage before it."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from lowres.cli import explaining as options
from lowres.cli import judging
from lowres.cli.reviewing import FromReview, reviewed_options, reviewed_source
from lowres.cli.study_options import AsJson, Source, StudyOptions, Tensorboard, with_study_options
from lowres.cli.verbs import bring_study

# Command: the stage it brings a study to, and what is said of it.
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


def add_stages(application: typer.Typer) -> None:
    """Give the command line a command for each stage, in the order in which they run."""
    for name, (stage, about) in VERBS.items():
        make = {
            "study": _study,
            "train": _training,
            "evaluate": _evaluate,
            "explain": _explain,
            "report": _report,
        }.get(name, _plain)
        make(application, name, stage, about)


def _plain(application: typer.Typer, name: str, stage: str, about: str) -> None:
    def plain(*, source: Source = None, of_study: StudyOptions, as_json: AsJson = False) -> None:
        bring_study(name, stage, of_study.choice(source), of_study.from_files or [], as_json)

    application.command(name, help=about)(with_study_options(plain))


def _study(application: typer.Typer, name: str, stage: str, about: str) -> None:
    def study(
        *,
        source: Source = None,
        of_study: StudyOptions,
        from_review: FromReview = None,
        tensorboard: Tensorboard = None,
        as_json: AsJson = False,
    ) -> None:
        if from_review is not None:
            source, of_study = reviewed_source(from_review, source), reviewed_options(from_review, of_study)
        choice = replace(of_study.choice(source), tensorboard=tensorboard)
        bring_study(name, stage, choice, of_study.from_files or [], as_json)

    application.command(name, help=about)(with_study_options(study))


def _training(application: typer.Typer, name: str, stage: str, about: str) -> None:
    def training(
        *,
        source: Source = None,
        of_study: StudyOptions,
        tensorboard: Tensorboard = None,
        as_json: AsJson = False,
    ) -> None:
        choice = replace(of_study.choice(source), tensorboard=tensorboard)
        bring_study(name, stage, choice, of_study.from_files or [], as_json)

    application.command(name, help=about)(with_study_options(training))


def _evaluate(application: typer.Typer, name: str, stage: str, about: str) -> None:
    def evaluate(
        *,
        source: Source = None,
        predictions: judging.PredictionsFile = None,
        labels: judging.Labels = None,
        validation: judging.Validation = None,
        metadata: judging.Metadata = None,
        kind: judging.KindOption = None,
        of_study: StudyOptions,
        as_json: AsJson = False,
    ) -> None:
        of_a_file = (labels, validation, metadata, kind)
        judging.refuse_mixed(predictions is not None, bool(source) or of_study.are_given, any(of_a_file))
        if predictions is not None:
            settings = of_study.settings or []
            judging.judge_given(predictions, labels, validation, metadata, kind, settings, as_json)
        else:
            bring_study(name, stage, of_study.choice(source), of_study.from_files or [], as_json)

    application.command(name, help=about)(with_study_options(evaluate))


def _explain(application: typer.Typer, name: str, stage: str, about: str) -> None:
    def explain(
        *,
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
        of_study: StudyOptions,
        as_json: AsJson = False,
    ) -> None:
        of_a_model = options.OfAModel(target, against, class_names, input_range, input_pixels, out)
        if model is not None:
            options.refuse_study_words(
                recipe=of_study.recipe, set=of_study.settings, study=of_study.study, accept=of_study.accept
            )
            options.explain_own_model(model, sources or [], method, layer, of_a_model, as_json)
            return
        source = options.study_source(sources or [], of_a_model)
        choice = of_study.choice(source, options.study_settings(method, layer))
        bring_study(name, stage, choice, of_study.from_files or [], as_json)

    application.command(name, help=about)(with_study_options(explain))


def _report(application: typer.Typer, name: str, stage: str, about: str) -> None:
    def report(*, source: Source = None, of_study: StudyOptions, as_json: AsJson = False, pdf: Pdf = False) -> None:
        bring_study(name, stage, of_study.choice(source), of_study.from_files or [], as_json, prints=pdf)

    application.command(name, help=about)(with_study_options(report))
