"""What the commands ask for that work on recorded predictions: the study that is served, and the store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ServedStudy = Annotated[Path, typer.Argument(metavar="STUDY", help="Folder of the study that is served.")]
RecordStore = Annotated[
    str, typer.Option("--store", metavar="FILE_OR_URL", help="Where its predictions are recorded (serve --record).")
]
