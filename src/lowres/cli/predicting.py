"""The command `predict`: what a finished study says of new pictures, row by row as it becomes known."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from lowres.cli.recording import KeepImages, RecordInto
from lowres.errors import PredictionsError

if TYPE_CHECKING:
    from lowres.files.prediction_tables import RowSink
    from lowres.pipeline.predict_pictures import FinishedStudy, Record
    from lowres.pipeline.progress import Progress

SOME_UNREAD = 1
ABOUT = "Say what new pictures show, how sure that is, and which of them a person should look at."
EXIT_CODES = "Exit codes: 0 every picture was read; 1 some were not, and their rows say why; 2 nothing was begun."


class Format(StrEnum):
    """What `--format` may say."""

    TABLE = "table"
    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


Study = Annotated[Path, typer.Argument(metavar="STUDY", help="Folder of a finished study.")]
Words = Annotated[
    list[str],
    typer.Argument(
        metavar="IMAGES...", help="Files, folders, quoted patterns, .npz files, or - for a list of paths on stdin."
    ),
]
FormatOption = Annotated[
    Format | None,
    typer.Option("--format", help="table, csv, jsonl or parquet; what --out ends in, or a table, where left out."),
]
Out = Annotated[Path | None, typer.Option("--out", help="File for the rows; they are printed where left out.")]
Top = Annotated[int, typer.Option("--top", min=1, help="How many of the likeliest classes a row names.")]
Flips = Annotated[bool, typer.Option("--flips", help="Judge each picture and its mirror image together.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, rows in it unless --out takes them.")]


def add_predict(application: typer.Typer) -> None:
    """Give the command line `predict`."""
    application.command("predict", help=ABOUT, epilog=EXIT_CODES)(predict)


def predict(
    study: Study,
    images: Words,
    format: FormatOption = None,
    out: Out = None,
    top: Top = 3,
    flips: Flips = False,
    record: RecordInto = "",
    keep_images: KeepImages = "none",
    as_json: AsJson = False,
) -> None:
    """Predict the pictures and write their rows as they come; leave with 1 where some could not be read."""
    from lowres.cli.predicting_words import end_of, end_text, kinds_of, study_facts, study_notes
    from lowres.files.pictures.asked_pictures import asked_pictures, refuse_addresses
    from lowres.files.prediction_tables import JsonObject
    from lowres.pipeline.predict_pictures import StudyPredictor, open_finished_study

    kind = _kind(format, out, as_json)
    refuse_addresses(images)
    finished = open_finished_study(study)
    started, counts = time.perf_counter(), Counter[str]()
    # Taken before anything draws on the terminal: what draws may stand in for sys.stdout meanwhile.
    stream = sys.stdout
    with _progress(out is None and stream.isatty()) as progress:
        for note in study_notes(finished, flips):
            progress.note(note)
        asked = asked_pictures(images, (os.fsdecode(line) for line in sys.stdin.buffer))
        with (
            _recording(record, keep_images, finished, progress.note) as noted,
            _sink(kind, out or stream, finished, top) as sink,
        ):
            predictor = StudyPredictor(finished, noted)
            for rows in predictor.rows(asked, top, flips):
                sink.write(rows)
                counts.update(what for row in rows for what in kinds_of(row))
                progress.advance("pictures", counts["read"] + counts["unread"], 0)
            end = end_of(counts, predictor.engine, time.perf_counter() - started)
            if isinstance(sink, JsonObject):
                sink.finish(end)
    if as_json and out:
        typer.echo(json.dumps(study_facts(finished) | {"out": out.as_posix()} | end, indent=2))
    typer.echo(end_text(end, finished.rules, out), err=True)
    if counts["unread"]:
        raise typer.Exit(SOME_UNREAD)


def _recording(
    store: str, keep_images: str, study: FinishedStudy, note: Callable[[str], None]
) -> AbstractContextManager[Record | None]:
    """What writes predictions into the store, where one is named; refused with PredictionsError: no such policy."""
    from lowres.pipeline.serving.record_predictions import recording_into
    from lowres.values.monitoring.picture_policy import PicturePolicy

    policy = PicturePolicy.of(keep_images)
    return recording_into(store, study, policy, note) if store else nullcontext()


def _kind(format: Format | None, out: Path | None, as_json: bool) -> str:
    """What rows become; refused with PredictionsError: words that do not go together."""
    if out is None and format == Format.PARQUET:
        raise PredictionsError("expected --out FILE.parquet beside --format parquet, got none; it is no text to print")
    if out is None and as_json and format is not None:
        raise PredictionsError("expected --json or --format, got both; leave one out, or give rows a file with --out")
    if out is None:
        return "json" if as_json else (format or Format.TABLE).value
    kind = format.value if format else out.suffix.lower().lstrip(".")
    if kind not in (Format.CSV, Format.JSONL, Format.PARQUET):
        raise PredictionsError(
            f"expected --out to end in .csv, .jsonl or .parquet, or --format to name one of them, got {out}"
            f"{' as a table' if format else ''}; tables are for people to read, and are printed"
        )
    return kind


@contextmanager
def _progress(rows_are_shown: bool) -> Iterator[Progress]:
    """Progress on stderr; without bars where rows run down the same terminal."""
    from lowres.cli.progress import progress_on
    from lowres.faces.progress_lines import PlainProgress

    if rows_are_shown:
        yield PlainProgress(sys.stderr)
        return
    with progress_on(to_stderr=True) as progress:
        yield progress


@contextmanager
def _sink(kind: str, place: Path | TextIO, study: FinishedStudy, top: int) -> Iterator[RowSink]:
    from lowres.cli.predicting_words import TableRows, study_facts
    from lowres.files.prediction_tables import CsvRows, JsonLines, JsonObject, table_file

    top = min(top, len(study.class_names))
    if isinstance(place, Path):
        with table_file(place, kind, top) as sink:
            yield sink
    elif kind == "json":
        yield JsonObject(place, study_facts(study))
    elif kind == "csv":
        yield CsvRows(place, top)
    else:
        yield JsonLines(place) if kind == "jsonl" else TableRows(place, study.class_names)
