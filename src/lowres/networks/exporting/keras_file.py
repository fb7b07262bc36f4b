"""Keras' own file: opens in any Keras 3, on any of its backends."""

from __future__ import annotations

from pathlib import Path

from lowres.networks.exporting.shipped_network import Shipped
from lowres.values.exporting.export_format import ExportFormat


def write(shipped: Shipped, form: ExportFormat, folder: Path) -> None:
    """Write `model.keras`."""
    shipped.model.save(folder / form.file)
