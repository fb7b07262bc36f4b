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
from lowres.networks.exporting.shipped_network import Shipped, convolutions_in_float, frozen_function
from lowres.values.exporting.contract import INPUT, OUTPUT
from lowres.values.exporting.export_format import ExportFormat

_CONVOLUTIONS = ("Convolution", "GroupConvolution")
_NO_OPERATIONS = ("Constant", "Parameter", "Result")


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
    """In int8 but for the first block and for what follows the last convolution, which cost little and lose most.

    Weights use half of int8's range: processors without VNNI add two products in 16 bits, which overflow at full range
    (OpenVINO's "Saturation (overflow) Issue Workaround").
    """
    # It reports its use over the network else.
    os.environ.setdefault("NNCF_CI", "1")
    with contextlib.redirect_stdout(io.StringIO()):
        import nncf
        from nncf.quantization.advanced_parameters import OverflowFix

        nncf.set_log_level(logging.ERROR)
        half_range = nncf.AdvancedQuantizationParameters(overflow_fix=OverflowFix.ENABLE)
        return nncf.quantize(
            model,
            nncf.Dataset([one[None] for one in representative]),
            preset=nncf.QuantizationPreset.MIXED,
            subset_size=len(representative),
            ignored_scope=nncf.IgnoredScope(names=_outside(model), validate=False),
            advanced_parameters=half_range,
        )


def _outside(model: Any) -> list[str]:
    """Names of the operations that stay in float."""
    operations = [one for one in model.get_ordered_ops() if one.get_type_name() not in _NO_OPERATIONS]
    places = [place for place, one in enumerate(operations) if one.get_type_name() in _CONVOLUTIONS]
    if not places:
        return []
    first = places[convolutions_in_float(len(places)) - 1]
    outside = [*operations[: first + 1], *operations[places[-1] + 1 :]]
    return [one.get_friendly_name() for one in outside]
