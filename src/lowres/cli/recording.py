"""The options of whatever records predictions, and the command `forget`, which deletes what was recorded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from lowres.errors import StoreError

NOT_FOUND = 1
ABOUT = "Delete recorded predictions and pictures, by id or by age."
EXIT_CODES = "Exit codes: 0 done; 1 something named is not in the store; 2 refused with a reason."

RecordInto = Annotated[
    str, typer.Option("--record", metavar="FILE_OR_URL", help="Record every prediction: SQLite file or PostgreSQL URL.")
]
KeepImages = Annotated[
    str,
    typer.Option(
        "--keep-images", metavar="WHICH", help="Images kept: none, review-only, all, or a share such as sample:0.05."
    ),
]
KeepDays = Annotated[float, typer.Option("--keep-days", min=0, help="Days after which images are deleted.")]
Store = Annotated[str, typer.Argument(metavar="FILE_OR_URL", help="Where predictions are recorded.")]
Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ID]...", help="Ids of records, of requests (X-Request-Id), or SHA-256 of pixels."),
]
Days = Annotated[float | None, typer.Option("--older-than", min=0, help="Delete records older than so many days.")]
ImageDays = Annotated[
    float | None, typer.Option("--images-older-than", min=0, help="Delete images older than so many days.")
]


def add_forget(application: typer.Typer) -> None:
    """Give the command line `forget`."""
    application.command("forget", help=ABOUT, epilog=EXIT_CODES)(forget)


def forget(store: Store, ids: Names = None, older_than: Days = None, images_older_than: ImageDays = None) -> None:
    """Delete what is named, and say how much that was; leave with 1 where something is not there."""
    from lowres.files.monitoring.store import open_store

    if not ids and older_than is None and images_older_than is None:
        raise StoreError("expected ids, --older-than or --images-older-than, got none of them; say what to delete")
    missing = []
    with open_store(store, note=lambda text: typer.echo(text, err=True), make=False) as opened:
        count = 0
        for word in ids or ():
            found = opened.find(word)
            count += opened.delete(found)
            missing += [] if found else [word]
        if ids:
            typer.echo(f"{count} records deleted")
        if older_than is not None:
            typer.echo(f"{opened.sweep(records_before=_ago(older_than))} old records deleted")
        if images_older_than is not None:
            typer.echo(f"{opened.sweep(pictures_before=_ago(images_older_than))} old images deleted")
    for word in missing:
        typer.echo(f"nothing recorded is called {word}", err=True)
    if missing:
        raise typer.Exit(NOT_FOUND)


def _ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)
