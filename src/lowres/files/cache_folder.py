"""Where lowres keeps what it may fetch or compute again: one folder, moved by the variable LOWRES_CACHE."""

from __future__ import annotations

import os
from pathlib import Path

CACHE_VARIABLE = "LOWRES_CACHE"


def cache_folder(*parts: str) -> Path:
    """Return the cache folder, or one inside it; nothing is made on the disk."""
    chosen = os.environ.get(CACHE_VARIABLE, "").strip()
    return (Path(chosen).expanduser().absolute() if chosen else _platform_folder()).joinpath(*parts)


def _platform_folder() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("lowres", appauthor=False)
