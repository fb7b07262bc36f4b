"""An ONNX file, by way of TensorFlow's graph and tf2onnx (docs/decisions/0014)."""

from __future__ import annotations

from pathlib import Path

import tensorflow

from lowres.errors import ExportError
from lowres.networks.exporting.shipped_network import Shipped, refuse_other_backends, traced
from lowres.values.exporting.contract import INPUT, OUTPUT
from lowres.values.exporting.export_format import ExportFormat

# The first with everything the networks need, so that older runtimes read it too.
OPSET = 17


def write(shipped: Shipped, form: ExportFormat, folder: Path) -> None:
    """Write `model.onnx` with the input `pixels`, any number of images, and the output `probabilities`."""
    refuse_other_backends()
    import onnx
    import tf2onnx

    signature = tensorflow.TensorSpec((None, *shipped.model.input_shape[1:]), "uint8", name=INPUT)
    found, _ = tf2onnx.convert.from_function(traced(shipped.model, None), input_signature=[signature], opset=OPSET)
    if [one.name for one in found.graph.input] != [INPUT] or [one.name for one in found.graph.output] != [OUTPUT]:
        raise ExportError(
            f"expected an ONNX graph from {INPUT} to {OUTPUT}, got {[one.name for one in found.graph.input]} to "
            f"{[one.name for one in found.graph.output]}; the installed tf2onnx is another than the tested one"
        )
    onnx.checker.check_model(found)
    onnx.save(found, folder / form.file)
