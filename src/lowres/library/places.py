"""Where a notebook stands, and where its study is, on one's own machine and on Colab."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from lowres.files.study.study_folder import is_study

COLAB, DRIVE = Path("/content"), Path("/content/drive/MyDrive")
_STUDIES = "studies"


def project_root() -> Path:
    """Return the folder everything is found from.

    On Colab the mounted drive, else `/content`. Elsewhere the notebook's own folder, as VS Code and Jupyter tell it;
    else the working directory, or the first folder above it that holds `studies`.
    """
    if "google.colab" in sys.modules:
        return DRIVE if DRIVE.is_dir() else COLAB
    own = _notebook_file()
    here = own.parent if own is not None and own.is_file() else Path.cwd()
    return next((one for one in (here, *here.parents) if (one / _STUDIES).is_dir()), here) if own is None else here


def find_study(beside: str | os.PathLike[str], name: str) -> Path:
    """Return the folder of the study a notebook belongs to: where it was, else where it would be made.

    beside: the study as seen from the notebook's folder. name: what the folder is called under `studies` elsewhere.
    """
    root, own = project_root(), _notebook_file()
    here = own.parent if own is not None else Path.cwd()
    places = (here / beside, root / _STUDIES / name, root / name)
    found = next((place for place in places if is_study(place)), places[1])
    return Path(os.path.relpath(found)) if found.resolve().is_relative_to(Path.cwd()) else found


def _notebook_file() -> Path | None:
    shell: Any = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    told = shell.user_ns.get("__vsc_ipynb_file__") if shell is not None else None
    told = told or os.environ.get("JPY_SESSION_NAME")
    return Path(told) if told else None
