"""The command `explain`: a study's own stage, or any Keras file on any pictures."""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from lowres.errors import RecipeError

if TYPE_CHECKING:
    from lowres.pipeline.explain_model import ModelAnswer


class Range(StrEnum):
    """What `--input-range` may say."""

    BYTES = "0..255"
    UNIT = "0..1"
    SIGNED = "-1..1"


Sources = Annotated[
    list[str] | None,
    typer.Argument(metavar="SOURCE", help="A study or a source as ever; beside --model: pictures, or folders."),
]
Model = Annotated[Path | None, typer.Option("--model", help="Explain this .keras file instead, on the pictures named.")]
Method = Annotated[
    str | None,
    typer.Option(help="grad-cam, grad-cam++, hirescam, layercam, eigencam, ablation-cam or occlusion."),
]
Layer = Annotated[str | None, typer.Option(help="Layer whose feature map is explained; the last where left out.")]
Target = Annotated[str, typer.Option("--class", help="Class explained, by name or number; each picture's answer else.")]
Against = Annotated[str, typer.Option(help="Class it is told from: why the one and not this one.")]
ClassNames = Annotated[str, typer.Option(help="Names of the model's classes in their order, with commas.")]
InputRange = Annotated[Range, typer.Option(help="Numbers the model was trained on, where it does not scale itself.")]
InputPixels = Annotated[
    int | None, typer.Option(min=1, max=2048, help="Side of its pictures, where the model leaves it open.")
]
Out = Annotated[
    Path | None, typer.Option(help="Folder for explanation.npz and explanation.png; explained/MODEL where left out.")
]


class OfAModel(NamedTuple):
    """What only `--model` takes, as typed."""

    target: str
    against: str
    class_names: str
    input_range: Range
    input_pixels: int | None
    out: Path | None


def study_source(words: list[str], of_a_model: OfAModel) -> str | None:
    """Return the one study or source that the words name; refused with RecipeError: more, or options of a model."""
    given = [name for name, value in of_a_model._asdict().items() if value not in ("", None, Range.BYTES)]
    if given:
        option = {"target": "--class"}.get(given[0], f"--{given[0].replace('_', '-')}")
        raise RecipeError(
            f"expected --model FILE.keras beside {option}, got none; a study explains the answers it gave"
        )
    if len(words) > 1:
        raise RecipeError(
            f"expected one study, got {len(words)} paths; name a model for them: --model FILE.keras {words[0]} ..."
        )
    return words[0] if words else None


def refuse_study_words(**words: object) -> None:
    """Refuse with RecipeError what only a study takes, beside `--model`."""
    given = [name for name, value in words.items() if value]
    if given:
        raise RecipeError(f"expected no --{given[0]} beside --model, which has no study; leave one of the two out")


def study_settings(method: str | None, layer: str | None) -> list[str]:
    """Return what the options say as settings of the recipe."""
    pairs = {"explanation.method": method, "explanation.layer": layer}
    return [f"{key}={json.dumps(value)}" for key, value in pairs.items() if value is not None]


def explain_own_model(
    model: Path, pictures: list[str], method: str | None, layer: str | None, asked: OfAModel, as_json: bool
) -> None:
    """Explain the model on the pictures, and show where the maps lie and what it was fed."""
    from lowres.cli.progress import progress_on
    from lowres.pipeline.explain_model import ModelQuestion, explain_model

    if not pictures:
        raise RecipeError("expected pictures beside --model, got none; name files, or folders of them")
    question = ModelQuestion(
        model=model,
        pictures=tuple(Path(word) for word in pictures),
        out=asked.out or Path("explained") / model.stem,
        layer=layer or "",
        method=method or "grad-cam",
        target=asked.target,
        against=asked.against,
        class_names=tuple(name.strip() for name in asked.class_names.split(",") if name.strip()),
        input_range=asked.input_range.value,
        input_pixels=asked.input_pixels or 0,
    )
    with progress_on(to_stderr=as_json) as progress:
        answer = explain_model(question, progress)
    typer.echo(json.dumps(_answer_json(answer), indent=2) if as_json else _answer_text(answer))


def _answer_json(answer: ModelAnswer) -> dict[str, object]:
    paths = {name: value.as_posix() for name, value in asdict(answer).items() if isinstance(value, Path)}
    return asdict(answer) | paths | {"map_shape": list(answer.map_shape), "seconds": round(answer.seconds, 3)}


def _answer_text(answer: ModelAnswer) -> str:
    from lowres.faces.numbers_in_words import count, with_plain_spaces

    rows, columns = answer.map_shape
    lines = [f"fed       {answer.contract}"]
    lines += [f"doubt     {answer.doubt}"] if answer.doubt else []
    lines += [
        f"explained {with_plain_spaces(count(answer.n, 'picture'))} by {answer.method} at {answer.layer} "
        f"({rows} x {columns})",
        f"sheet     {answer.sheet}",
        f"maps      {answer.maps}",
        f"time      {answer.seconds:.1f} s",
    ]
    return "\n".join(lines)
