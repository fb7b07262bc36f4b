"""Which module writes which family of formats: the one place where one is chosen."""

from __future__ import annotations

import warnings
from importlib import import_module
from pathlib import Path

from lowres.networks.backend import kept_apart
from lowres.networks.exporting.shipped_network import Shipped
from lowres.values.exporting.export_format import ExportFormat

_WRITERS = {
    "keras": "keras_file",
    "saved-model": "saved_model",
    "litert": "litert",
    "onnx": "onnx_file",
    "openvino": "openvino_files",
}


def write_export(form: ExportFormat, shipped: Shipped, folder: Path) -> None:
    """Write the network into `folder` in one format; what converters say on the way is kept from the terminal.

    Refused with ExportError: a network the format cannot hold; with MissingDependency: a backend it does not go with.
    """
    with kept_apart(), warnings.catch_warnings():
        # Of parts of theirs that move or go; nobody here could act on them.
        warnings.simplefilter("ignore")
        import_module(f"lowres.networks.exporting.{_WRITERS[form.family]}").write(shipped, form, folder)
