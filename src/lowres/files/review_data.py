"""Data of a next version, as a review exports them: an .npz that is a data source, and the recipe beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.files.atomic import atomic_path, atomic_write_text


def write_review_data(path: Path, arrays: Mapping[str, NDArray[Any]], recipe: str) -> None:
    """Write both, each whole or not at all; arrays: as `array_files.open_array_file` reads them."""
    with atomic_path(path) as part, part.open("wb") as file:
        np.savez(file, allow_pickle=False, **dict(arrays))
    atomic_write_text(recipe_beside(path), recipe)


def recipe_beside(path: Path) -> Path:
    """Return where the recipe of exported data lies."""
    return path.with_suffix(".recipe.toml")
