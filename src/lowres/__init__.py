"""lowres trains, proves, explains, ships and watches image classifiers when the data is small."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lowres.library.loaded_study import LoadedStudy as LoadedStudy
    from lowres.library.loaded_study import load as load
    from lowres.values.judging.prediction_rows import ClassProbability as ClassProbability
    from lowres.values.judging.prediction_rows import Prediction as Prediction
    from lowres.values.judging.prediction_rows import UnreadPicture as UnreadPicture

__version__ = "0.1.0"

# Loaded when first asked for: `import lowres` stands at the beginning of every command and every program.
_OFFERED = {
    "load": "lowres.library.loaded_study",
    "LoadedStudy": "lowres.library.loaded_study",
    "ClassProbability": "lowres.values.judging.prediction_rows",
    "Prediction": "lowres.values.judging.prediction_rows",
    "UnreadPicture": "lowres.values.judging.prediction_rows",
}


def __getattr__(name: str) -> object:
    """Return what `lowres` offers by that name."""
    if name not in _OFFERED:
        raise AttributeError(f"module 'lowres' has no attribute {name!r}; it offers {', '.join(sorted(_OFFERED))}")
    return getattr(import_module(_OFFERED[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_OFFERED])
