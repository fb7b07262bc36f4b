"""OpenVINO's pair of files, in float32, or in int8 by NNCF (docs/decisions/0014)."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import openvino
from numpy.typing import NDArray

from lowres.errors import ExportError
from lowres.networks.exporting.shipped_network import Shipped, frozen_function
from lowres.values.exporting.contract import INPUT, OUTPUT
from lowres.values.exporting.export_format import ExportFormat


def write(shipped: Shipped, form: ExportFormat, folder: Path) -> None:
    """Write `model.xml` and `model.bin` with the input `pixels`, any number of images, and the output `probabilities`.

    Refused with ExportError: an operation OpenVINO does not know.
    """
    model = _read(shipped)
    if form.precision == "int8":
        model = _quantized(model, shipped.representative)
    openvino.save_model(model, folder / form.file, compress_to_fp16=False)


def _read(shipped: Shipped) -> Any:
    graph = frozen_function(shipped.model, images=None).graph.as_graph_def()
    with tempfile.TemporaryDirectory(prefix="lowres-") as place:
        path = Path(place) / "network.pb"
        path.write_bytes(graph.SerializeToString())
        try:
            model = openvino.Core().read_model(path)
        except RuntimeError as error:
            last = str(error).strip().splitlines()[-1]
            raise ExportError(
                f"expected a network OpenVINO can hold, got one it cannot read ({last}); try another format"
            ) from error
    model.inputs[0].set_names({INPUT})
    model.outputs[0].set_names({OUTPUT})
    return model


def _quantized(model: Any, representative: NDArray[np.uint8]) -> Any:
    # It reports its use over the network else.
    os.environ.setdefault("NNCF_CI", "1")
    with contextlib.redirect_stdout(io.StringIO()):
        import nncf

        nncf.set_log_level(logging.ERROR)
        images = nncf.Dataset([one[None] for one in representative])
        return nncf.quantize(model, images, preset=nncf.QuantizationPreset.MIXED, subset_size=len(representative))
