"""lowres trains, proves, explains, ships and watches image classifiers when the data is small."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lowres.library.data_values import Images as Images
    from lowres.library.data_values import Parts as Parts
    from lowres.library.loaded_study import LoadedStudy as LoadedStudy
    from lowres.library.loaded_study import load as load
    from lowres.library.network_values import Backbone as Backbone
    from lowres.library.network_values import HeadsTried as HeadsTried
    from lowres.library.places import find_study as find_study
    from lowres.library.places import project_root as project_root
    from lowres.library.results import Checks as Checks
    from lowres.library.results import Evaluated as Evaluated
    from lowres.library.results import Explained as Explained
    from lowres.library.results import MachineChecks as MachineChecks
    from lowres.library.results import Trained as Trained
    from lowres.library.stages import doctor as doctor
    from lowres.library.stages import evaluate as evaluate
    from lowres.library.stages import explain as explain
    from lowres.library.stages import load_backbone as load_backbone
    from lowres.library.stages import load_images as load_images
    from lowres.library.stages import preflight as preflight
    from lowres.library.stages import report as report
    from lowres.library.stages import split as split
    from lowres.library.stages import train as train
    from lowres.library.stages import train_head as train_head
    from lowres.library.study import Study as Study
    from lowres.values.judging.prediction_rows import ClassProbability as ClassProbability
    from lowres.values.judging.prediction_rows import Prediction as Prediction
    from lowres.values.judging.prediction_rows import UnreadPicture as UnreadPicture

__version__ = "0.1.0"

# Loaded when first asked for: `import lowres` stands at the beginning of every command and every program.
_ROOMS = {
    "lowres.library.study": ("Study",),
    "lowres.library.stages": (
        "doctor",
        "load_images",
        "split",
        "preflight",
        "load_backbone",
        "train_head",
        "train",
        "evaluate",
        "explain",
        "report",
    ),
    "lowres.library.data_values": ("Images", "Parts"),
    "lowres.library.network_values": ("Backbone", "HeadsTried"),
    "lowres.library.results": ("Checks", "Evaluated", "Explained", "MachineChecks", "Trained"),
    "lowres.library.loaded_study": ("load", "LoadedStudy"),
    "lowres.library.places": ("find_study", "project_root"),
    "lowres.values.judging.prediction_rows": ("ClassProbability", "Prediction", "UnreadPicture"),
}
_OFFERED = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> object:
    """Return what `lowres` offers by that name."""
    if name not in _OFFERED:
        raise AttributeError(f"module 'lowres' has no attribute {name!r}; it offers {', '.join(sorted(_OFFERED))}")
    return getattr(import_module(_OFFERED[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_OFFERED])
