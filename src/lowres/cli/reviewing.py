"""The command `review`: how the judging of kept pictures stands, and the data of the next version out of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from lowres.cli.recorded_options import RecordStore, ServedStudy
from lowres.cli.study_options import AsJson
from lowres.errors import StoreError

if TYPE_CHECKING:
    from lowres.cli.study_options import StudyOptions
    from lowres.pipeline.watching.review import ReviewStatus

ABOUT = "Say how the review of kept pictures stands, or export what people said for the next version."
EXIT_CODES = "Exit codes: 0 done; 2 refused with a reason."

What = Annotated[Literal["status", "export"], typer.Argument(metavar="status|export", help="What is asked for.")]
Out = Annotated[Path | None, typer.Option("--out", help="File of the next version's data, an .npz; for export.")]
FromReview = Annotated[
    Path | None,
    typer.Option("--from-review", metavar="FILE", help="Train the next version, on what `lowres review export` wrote."),
]


def add_review(application: typer.Typer) -> None:
    """Give the command line `review`."""
    application.command("review", help=ABOUT, epilog=EXIT_CODES)(review)


def review(what: What, study: ServedStudy, store: RecordStore, out: Out = None, as_json: AsJson = False) -> None:
    """Show the status, or write the next version's data and say how to train it."""
    if what == "status":
        from lowres.pipeline.watching.review import review_status

        found = _status(review_status(study, store))
        typer.echo(json.dumps(found) if as_json else _status_words(found))
        return
    if out is None:
        raise StoreError("expected --out, the .npz file that the next version's data go into, got none; name one")
    from lowres.cli.progress import progress_on
    from lowres.pipeline.watching.review import export_review

    with progress_on(to_stderr=as_json) as progress:
        data = export_review(study, store, out, progress)
    told = {"path": str(data.path), "images": data.images, "added": data.added, "left_out": data.left_out}
    if as_json:
        typer.echo(json.dumps(told))
        return
    typer.echo(f"{data.path}: {data.images:,} images, {sum(data.added.values())} of them reviewed pictures")
    for why, number in data.left_out.items():
        typer.echo(f"  left out, {why}: {number}")
    typer.echo(f"train the next version: lowres study --from-review {data.path}")
    typer.echo(f"then see whether it is better: lowres compare {study} NEXT")


def reviewed_source(data: Path, source: str | None) -> str:
    """Return the source that exported data are; refused with StoreError: another source beside them, no such file."""
    if source is not None:
        raise StoreError(f"expected either a source or --from-review, got {source} and {data}; leave one out")
    if not data.is_file():
        raise StoreError(f"expected the file that lowres review export wrote at {data}, got none")
    return str(data)


def reviewed_options(data: Path, of_study: StudyOptions) -> StudyOptions:
    """Return the options with the recipe of the study that was reviewed, where no other was asked for."""
    from lowres.files.review_data import recipe_beside

    recipe = recipe_beside(data)
    return replace(of_study, recipe=str(recipe)) if of_study.recipe is None and recipe.is_file() else of_study


def _status(status: ReviewStatus) -> dict[str, Any]:
    said = status.tally
    return {
        "model": status.model.name,
        "version": status.model.version,
        "pictures": status.pictures,
        "open": status.open,
        "judged_by": said.said,
        "classes": len(said.classes),
        "disputed": len(said.disputed),
        "nobody_could_tell": len(said.untold),
        "agreement": [
            {"reviewers": list(one.reviewers), "n": one.n, "same": one.same, "kappa": one.kappa}
            for one in said.agreements
        ],
    }


def _status_words(found: dict[str, Any]) -> str:
    lines = [
        f"{found['model']} version {found['version']}: {found['pictures']} pictures kept, {found['open']} of them "
        "below the review threshold and not judged yet",
        f"{found['classes']} have a class that everybody agrees on, {found['disputed']} are disputed, "
        f"{found['nobody_could_tell']} nobody could tell",
    ]
    lines += [f"  {reviewer}: {number} judged" for reviewer, number in found["judged_by"].items()]
    for one in found["agreement"]:
        kappa = "cannot be told" if one["kappa"] is None else f"{one['kappa']:.2f}"
        lines.append(
            f"  {one['reviewers'][0]} and {one['reviewers'][1]}: {one['same']} of {one['n']} alike, kappa {kappa}"
        )
    return "\n".join(lines)
