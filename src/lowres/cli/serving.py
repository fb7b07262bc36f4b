"""The command `serve`: finished studies behind HTTP, until Ctrl-C."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lowres.cli.recording import KeepDays, KeepImages, RecordInto
from lowres.errors import MissingDependency, RequestRefused

if TYPE_CHECKING:
    from lowres.pipeline.serving.serve import RecordingChoice

ABOUT = "Answer over HTTP: TensorFlow Serving's protocol, Open Inference, heat maps, and a page for people."
EPILOG = "A token in the variable LOWRES_TOKEN does what --token-file does."
TOKEN = "LOWRES_TOKEN"
_LOOPBACK = ("127.", "::1", "localhost")

Studies = Annotated[
    list[str],
    typer.Argument(
        metavar="[NAME=]STUDY...", help="Studies, or folders of numbered ones (1, 2, ...), watched for new versions."
    ),
]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0 for any free one.")]
Host = Annotated[str, typer.Option("--host", help="Address to answer at; 0.0.0.0 for every one of this machine.")]
TokenFile = Annotated[
    Path | None, typer.Option("--token-file", help="File with the token that every request must carry.")
]
Explain = Annotated[bool, typer.Option("--explain/--no-explain", help="Whether heat maps can be asked for.")]
Kept = Annotated[int, typer.Option("--kept", min=1, help="Versions of a model that are loaded, the newest ones.")]
Waiting = Annotated[int, typer.Option("--waiting", min=1, help="Pictures that may wait; above it, status 429.")]
Batch = Annotated[int, typer.Option("--batch", min=1, max=256, help="Pictures the network is shown together, at most.")]
BodyMebibytes = Annotated[int, typer.Option("--body-mebibytes", min=1, help="Size of a request, at most.")]
Megapixels = Annotated[
    int, typer.Option("--megapixels", min=1, max=89, help="Size of a picture, at most; its header is asked.")
]
Seconds = Annotated[float, typer.Option("--seconds", min=0.1, help="How long an answer may take.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Log no requests.")]


def add_serve(application: typer.Typer) -> None:
    """Give the command line `serve`."""
    application.command("serve", help=ABOUT, epilog=EPILOG)(serve)


def serve(
    studies: Studies,
    port: Port = 8501,
    host: Host = "127.0.0.1",
    token_file: TokenFile = None,
    explain: Explain = True,
    kept: Kept = 2,
    batch: Batch = 8,
    waiting: Waiting = 256,
    body_mebibytes: BodyMebibytes = 16,
    megapixels: Megapixels = 50,
    seconds: Seconds = 30.0,
    record: RecordInto = "",
    keep_images: KeepImages = "none",
    keep_days: KeepDays = 30,
    quiet: Quiet = False,
) -> None:
    """Serve the studies until Ctrl-C or SIGTERM; what was taken by then is answered."""
    _refuse_without_extra()
    from lowres.faces.serving.limits import Limits
    from lowres.faces.serving.server import bind
    from lowres.pipeline.serving.serve import ServingChoice, serve_studies, served_sources

    limits = Limits(
        body_bytes=body_mebibytes * 2**20,
        pixels=megapixels * 10**6,
        batch_pictures=batch,
        waiting_pictures=waiting,
        seconds=seconds,
    )
    sources, token = served_sources(studies), _token(token_file)
    choice = ServingChoice(sources, limits, token, explain, kept, _recording(record, keep_images, keep_days))
    with bind(host, port) as socket:
        address = f"http://{f'[{host}]' if ':' in host else host}:{socket.getsockname()[1]}"
        if not token and not host.startswith(_LOOPBACK):
            _say(f"anybody who reaches {host} may ask: no token is set (--token-file)")
        _log_requests(quiet)
        serve_studies(choice, socket, _say, lambda: _say(f"ready at {address}; Ctrl-C ends it"))
    _say("ended; every request that was taken is answered")


def _recording(store: str, keep_images: str, keep_days: float) -> RecordingChoice | None:
    """What is recorded and where; refused with PredictionsError: words that name no policy."""
    from lowres.pipeline.serving.serve import RecordingChoice
    from lowres.values.monitoring.picture_policy import PicturePolicy

    policy = PicturePolicy.of(keep_images)
    return RecordingChoice(store, policy, keep_days) if store else None


def _say(text: str) -> None:
    typer.echo(f"lowres: {text}", err=True)


def _token(file: Path | None) -> str:
    """The token from the file, or from the variable; refused with RequestRefused: a file that has none."""
    if file is None:
        return os.environ.get(TOKEN, "").strip()
    try:
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise RequestRefused(f"expected a token in {file}, got {error}; write one there") from error
    if not text or not text.isprintable() or not text.isascii():
        raise RequestRefused(f"expected one line of printable ASCII in {file}, got something else; write a token there")
    return text


def _log_requests(is_quiet: bool) -> None:
    """Access lines go to stdout, one JSON object each, so that what is said to people stays apart on stderr."""
    logger = logging.getLogger("lowres.access")
    logger.setLevel(logging.WARNING if is_quiet else logging.INFO)
    logger.propagate = False
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger.handlers = [handler]


def _refuse_without_extra() -> None:
    try:
        import fastapi  # noqa: F401
        import httptools  # noqa: F401
        import prometheus_client  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise MissingDependency(
            f"expected FastAPI, uvicorn, httptools and prometheus-client, got none ({error.name}); "
            "pip install 'lowres[serve]'"
        ) from error
