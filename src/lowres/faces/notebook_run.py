"""A notebook run from its first cell to its last in a kernel of this Python, as a person would by Run All."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lowres.errors import MissingDependency, NotebookError

_SLOWEST_START_SECONDS = 120
Advance = Callable[[int, int], None]


def run_notebook(book: Any, place: Path, advance: Advance) -> None:
    """Run every cell, in place; `advance` is told how many of how many are done.

    place: where the notebook lies or will; its folder is where the cells run. Refused with NotebookError: a cell that
    failed, with what it said; the cells before it have their outputs by then. With MissingDependency: nbclient or
    ipykernel is not installed.
    """
    try:
        import ipykernel  # noqa: F401
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError, DeadKernelError
        from traitlets.config import Config
    except ImportError as error:
        raise MissingDependency(
            f"expected nbclient and ipykernel, got none ({error.name}); pip install 'lowres[notebook]'"
        ) from error
    codes = [number for number, cell in enumerate(book.cells) if cell.cell_type == "code"]
    running = 0

    def started(cell: Any, cell_index: int) -> None:
        nonlocal running
        running = cell_index
        advance(sum(number < cell_index for number in codes), len(codes))

    with tempfile.TemporaryDirectory(prefix="lowres-kernel-") as folder:
        # Sockets in a folder of one's own: nobody else on the machine can listen to what goes to and fro.
        private = {"transport": "ipc", "ip": f"{folder}/kernel"} if os.name == "posix" else {}
        client = NotebookClient(
            book,
            kernel_name="python3",
            config=Config({"KernelManager": private}),
            timeout=None,
            startup_timeout=_SLOWEST_START_SECONDS,
            # When each cell ran would make every run another file.
            record_timing=False,
            resources={"metadata": {"path": str(place.parent)}},
            on_cell_start=started,
        )
        try:
            # By this name Jupyter tells a kernel which notebook it runs.
            client.execute(env=os.environ | {"JPY_SESSION_NAME": str(place.resolve())})
        except (CellExecutionError, DeadKernelError) as error:
            said = f"{error.ename}: {error.evalue}" if isinstance(error, CellExecutionError) else "the kernel died"
            raise NotebookError(
                f"expected every cell to run, got {said.strip()} from this one:\n{book.cells[running].source}"
            ) from error
        except RuntimeError as error:
            raise NotebookError(f"expected a kernel of this Python, got none that answers ({error})") from error
    advance(len(codes), len(codes))
