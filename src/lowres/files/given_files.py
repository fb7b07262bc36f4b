"""Files a user fetched by hand: which one holds images and which one holds weights."""

from __future__ import annotations

import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lowres.errors import SourceUnavailable
from lowres.files.weights.tfjs import MODEL_FILE
from lowres.files.weights.torch_pickle import TORCH_SUFFIXES

_WEIGHT_SUFFIXES = (*TORCH_SUFFIXES, ".h5", ".hdf5")


@dataclass(frozen=True)
class GivenFiles:
    """What --from named: the source's data, a backbone's weights, both, or neither."""

    data: Path | None = None
    weights: Path | None = None


def sort_given_files(paths: Iterable[Path]) -> GivenFiles:
    """Return which of the paths is which; of two of a kind the last.

    Weights are a `.pth` or `.h5` file, or a folder or tar archive with a model.json in it; all else is data.
    Refused with SourceUnavailable: a path where nothing is.
    """
    data, weights = None, None
    for path in paths:
        if not path.exists():
            raise SourceUnavailable(f"expected a file or folder after --from, got {path}, where nothing is")
        if _holds_weights(path):
            weights = path
        else:
            data = path
    return GivenFiles(data, weights)


def _holds_weights(path: Path) -> bool:
    if path.suffix in _WEIGHT_SUFFIXES or path.name == MODEL_FILE:
        return True
    if path.is_dir():
        return any(path.rglob(MODEL_FILE))
    try:
        with tarfile.open(path, "r|*") as archive:
            return any(member.name.rsplit("/", 1)[-1] == MODEL_FILE for member in archive)
    except (tarfile.TarError, EOFError, OSError):
        # Whoever reads it as data says what is wrong with it.
        return False
