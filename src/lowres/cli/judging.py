"""The commands about results: `evaluate` on a file of outputs, `compare`, and `seeds`, with their options."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lowres.errors import PredictionsError, RecipeError

if TYPE_CHECKING:
    from lowres.values.judging.appraisal import AppraisalChoices
    from lowres.values.judging.output_kinds import Kind

_SECTION = "evaluation."


class OutputKind(StrEnum):
    """What `--kind` may say."""

    LOGITS = "logits"
    PROBABILITIES = "probabilities"
    LABELS = "labels"


PredictionsFile = Annotated[
    Path | None,
    typer.Option("--predictions", help="Judge this file of any model's outputs: .npz, .npy, .csv or .parquet."),
]
Labels = Annotated[
    Path | None, typer.Option("--labels", help="True labels in a file of their own, by id, or row by row.")
]
Validation = Annotated[
    Path | None,
    typer.Option("--validation", help="Outputs on other images: temperature, review threshold and sets need them."),
]
Metadata = Annotated[
    Path | None, typer.Option("--metadata", help="A table with an id column; accuracy by each of its other columns.")
]
KindOption = Annotated[
    OutputKind | None,
    typer.Option("--kind", help="What the outputs are, where looking cannot tell: logits, probabilities or labels."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Results = Annotated[
    list[Path], typer.Argument(help="Study folders or files of predictions, judged on the same images.")
]
Seeds = Annotated[list[Path], typer.Argument(help="Studies or files of predictions that differ in their seed only.")]
AgainstRuns = Annotated[
    list[Path] | None, typer.Option("--against", help="A run of another method; given once for each.")
]
Difference = Annotated[
    float | None,
    typer.Option("--difference", min=0.0001, max=1, help="Difference in accuracy to be seen, as a fraction."),
]


def add_comparisons(application: typer.Typer) -> None:
    """Give the command line `compare` and `seeds`."""
    application.command("compare")(compare)
    application.command("seeds")(seeds)


def compare(results: Results, labels: Labels = None, kind: KindOption = None, as_json: AsJson = False) -> None:
    """Compare results image by image, every two of them."""
    from lowres.cli.judging_words import comparison_text
    from lowres.pipeline.compare import compare_results

    data = compare_results(results, labels, _kind(kind)).to_json()
    typer.echo(json.dumps(data, indent=2, allow_nan=False) if as_json else comparison_text(data))


def seeds(
    runs: Seeds,
    against: AgainstRuns = None,
    difference: Difference = None,
    labels: Labels = None,
    as_json: AsJson = False,
) -> None:
    """Say how far the seed moves an accuracy, and how many seeds it takes to see a difference."""
    from lowres.cli.judging_words import runs_text
    from lowres.pipeline.compare import compare_runs

    data = compare_runs(runs, against or [], difference, labels).to_json()
    typer.echo(json.dumps(data, indent=2, allow_nan=False) if as_json else runs_text(data))


def refuse_mixed(is_file: bool, has_study_words: bool, has_file_words: bool) -> None:
    """Refuse with PredictionsError words of a study beside --predictions, and words of a file without it."""
    if is_file and has_study_words:
        raise PredictionsError("expected --predictions FILE or a study to evaluate, got both; leave one out")
    if not is_file and has_file_words:
        raise PredictionsError(
            "expected --predictions beside --labels, --validation, --metadata and --kind, got none; a study's own "
            "predictions are judged by: lowres evaluate --predictions STUDY"
        )


def judge_given(
    predictions: Path,
    labels: Path | None,
    validation: Path | None,
    metadata: Path | None,
    kind: OutputKind | None,
    settings: list[str],
    as_json: bool,
) -> None:
    """Judge a file of outputs and show what it is worth."""
    from lowres.cli.judging_words import judgement_text
    from lowres.pipeline.judge import GivenFiles, judge_file

    judgement = judge_file(
        GivenFiles(predictions, labels, validation, metadata, _kind(kind)), _choices(predictions, settings)
    )
    data = judgement.to_json()
    typer.echo(json.dumps(data, indent=2, allow_nan=False) if as_json else judgement_text(data))


def _kind(word: OutputKind | None) -> Kind | None:
    from lowres.values.judging.output_kinds import KINDS

    return next((kind for kind in KINDS if kind == word), None)


def _choices(predictions: Path, settings: list[str]) -> AppraisalChoices:
    """What a study's own recipe asks for, or the usual for a file, and the settings."""
    from lowres.cli.verbs import key_values
    from lowres.files.recipes import read_recipe
    from lowres.files.study.study_folder import RECIPE_FILE
    from lowres.pipeline.stages.evaluate import appraisal_choices
    from lowres.values.recipes.recipe import Recipe

    values = key_values(settings)
    others = [key for key in values if not key.startswith(_SECTION)]
    if others:
        raise RecipeError(
            f"expected only keys of {_SECTION[:-1]} after --set beside --predictions, got {', '.join(others)}; "
            "what made the outputs is settled"
        )
    own = predictions / RECIPE_FILE
    recipe = read_recipe(str(own)) if own.is_file() else Recipe(name="given")
    return appraisal_choices(recipe.with_settings(values).evaluation)
