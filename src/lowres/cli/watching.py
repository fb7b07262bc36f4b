"""The command `monitor`: what was served is compared with what the study was chosen on, window by window."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lowres.cli.recorded_options import RecordStore, ServedStudy
from lowres.errors import LowresError, PredictionsError

if TYPE_CHECKING:
    from lowres.values.watching.rules import WatchRules

ALARM, NOT_WRITTEN = 1, 2
ABOUT = "Watch what is served: shifts, accuracy without labels and with them, alarms with their reasons."
EXIT_CODES = "Exit codes: 0 all new windows are calm; 1 one of them alarms, or predictions were lost; 2 refused."
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

Every = Annotated[str, typer.Option("--every", metavar="TIME", help="Look again and again, such as every 1h or 10m.")]
Windows = Annotated[int, typer.Option("--windows", min=1, help="Newest windows that are judged at most.")]
Again = Annotated[bool, typer.Option("--again", help="Judge windows that were judged before as well.")]
Thresholds = Annotated[Path | None, typer.Option("--thresholds", help="Thresholds of your own, a .toml file.")]
Html = Annotated[Path | None, typer.Option("--html", help="Write the dashboard to this file.")]
Log = Annotated[Path | None, typer.Option("--log", help="Append each look to this file, one JSON object a line.")]
Webhook = Annotated[str, typer.Option("--webhook", metavar="URL", help="Send each look that alarms there, as JSON.")]
Prometheus = Annotated[Path | None, typer.Option("--prometheus", help="Write the newest verdict there for Prometheus.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object a look; progress goes to stderr.")]


def add_monitor(application: typer.Typer) -> None:
    """Give the command line `monitor`."""
    application.command("monitor", help=ABOUT, epilog=EXIT_CODES)(monitor)


def monitor(
    study: ServedStudy,
    store: RecordStore,
    every: Every = "",
    windows: Windows = 20,
    again: Again = False,
    thresholds: Thresholds = None,
    html: Html = None,
    log: Log = None,
    webhook: Webhook = "",
    prometheus: Prometheus = None,
    as_json: AsJson = False,
) -> None:
    """Look once, or again and again until Ctrl-C; leave with 1 where the (last) look found an alarm.

    Whoever looks again and again is not stopped by a look that fails, but for the first, nor by a place that takes
    nothing.
    """
    from lowres.faces.watching.sinks import checked_webhook

    rules, seconds, checked = _rules(thresholds), _seconds(every), checked_webhook(webhook)
    is_first = is_calm = is_written = True
    while True:
        try:
            look, is_calm = _look(study, store, rules, windows, again and is_first, as_json)
        except LowresError as error:
            if is_first:
                raise
            typer.echo(f"lowres: {error}; looking again in {every}", err=True)
        else:
            is_written = _tell(look, html, study, store, log, checked, prometheus)
        is_first = False
        if not seconds:
            break
        time.sleep(seconds)
    if not is_calm:
        raise typer.Exit(ALARM)
    if not is_written:
        raise typer.Exit(NOT_WRITTEN)


def _look(
    study: Path, store: str, rules: WatchRules, windows: int, again: bool, as_json: bool
) -> tuple[dict[str, Any], bool]:
    from lowres.cli.progress import progress_on
    from lowres.faces.watching.words import look_words
    from lowres.pipeline.watching.watch import watch_study

    with progress_on(to_stderr=as_json) as progress:
        found = watch_study(study, store, rules, most_windows=windows, again=again, progress=progress)
    verdicts = [verdict.to_json() for verdict in found.verdicts]
    look = {
        "model": found.model.name,
        "version": found.model.version,
        "calm": found.is_calm,
        "reference": {"n": len(found.reference), "accuracy": found.reference.accuracy},
        "waiting": found.waiting,
        "lost": found.lost,
        "windows": verdicts,
    }
    words = look_words(found.model.name, verdicts, found.waiting, found.lost, rules.window_records)
    typer.echo(json.dumps(look) if as_json else words)
    return look, found.is_calm


def _tell(
    look: dict[str, Any],
    html: Path | None,
    study: Path,
    store: str,
    log: Path | None,
    webhook: str,
    prometheus: Path | None,
) -> bool:
    """Tell everybody who wants to know, one after the other; return whether every file was written."""
    from lowres.faces.watching import sinks
    from lowres.files.atomic import atomic_write_text

    # An alarm leaves the machine before anything is written on a disk that may be full.
    if webhook and not look["calm"]:
        complaint = sinks.post(webhook, look)
        if complaint:
            typer.echo(f"lowres: {complaint}", err=True)
    written = [not log or _is_done(partial(sinks.append, log, look))]
    if prometheus and look["windows"]:
        text = sinks.prometheus_text(look["model"], look["windows"][-1], sum(look["lost"].values()))
        written.append(_is_done(partial(atomic_write_text, prometheus, text)))
    if html:
        from lowres.pipeline.watching.dashboard import dashboard_page

        written.append(_is_done(lambda: atomic_write_text(html, dashboard_page(study, store))))
        if written[-1]:
            typer.echo(f"dashboard: {html}", err=True)
    return all(written)


def _is_done(write: Callable[[], None]) -> bool:
    try:
        write()
    except (LowresError, OSError) as error:
        typer.echo(f"lowres: {error}", err=True)
        return False
    return True


def _rules(path: Path | None) -> WatchRules:
    from lowres.values.watching.rules import WatchRules, parse_rules

    if path is None:
        return WatchRules()
    try:
        return parse_rules(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise PredictionsError(f"expected thresholds in {path}, got {error}") from error


def _seconds(words: str) -> float:
    if not words:
        return 0.0
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", words)
    if found is None or float(found[1]) == 0:
        raise PredictionsError(f"expected a time such as 30s, 10m, 1h or 1d for --every, got {words!r}")
    return float(found[1]) * _UNITS[found[2]]
