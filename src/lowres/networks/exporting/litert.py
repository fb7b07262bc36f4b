"""LiteRT flatbuffers of built-in operations, in float32, with float16 weights, or in int8 (docs/decisions/0014)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow
from numpy.typing import NDArray

from lowres.errors import ExportError
from lowres.networks.exporting.shipped_network import Shipped, convolutions_in_float, frozen_function
from lowres.values.exporting.contract import INPUT, OUTPUT
from lowres.values.exporting.export_format import ExportFormat

_CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")


def write(shipped: Shipped, form: ExportFormat, folder: Path) -> None:
    """Write `model.tflite`: one image at a time, uint8 in, float32 out.

    Refused with ExportError: a network that needs more than the built-in operations.
    """
    with tempfile.TemporaryDirectory(prefix="lowres-") as place:
        converter = _converter(shipped, Path(place))
        try:
            content = _converted(converter, form.precision, shipped.representative)
        except (RuntimeError, ValueError, tensorflow.errors.OpError) as error:
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            raise ExportError(
                "expected a network of LiteRT's built-in operations, got one it cannot hold "
                f"({lines[-1] if lines else error}); try another format"
            ) from error
    (folder / form.file).write_bytes(content)


def _converter(shipped: Shipped, place: Path) -> Any:
    """A converter that reads a SavedModel, since only one of those gives the file its named signature."""
    function = frozen_function(shipped.model, images=1)
    module = tensorflow.Module()
    shape = (1, *shipped.model.input_shape[1:])
    signature = tensorflow.TensorSpec(shape, "uint8", name=INPUT)
    module.run = tensorflow.function(lambda pixels: {OUTPUT: function(pixels)[0]}, input_signature=[signature])
    tensorflow.saved_model.save(module, str(place), signatures=module.run.get_concrete_function())
    return tensorflow.lite.TFLiteConverter.from_saved_model(str(place))


def _converted(converter: Any, precision: str, representative: NDArray[np.uint8]) -> bytes:
    converter.target_spec.supported_ops = [tensorflow.lite.OpsSet.TFLITE_BUILTINS]
    if precision != "float32":
        converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
    if precision == "float16":
        converter.target_spec.supported_types = [tensorflow.float16]
    if precision == "int8":
        return _quantized(converter, representative)
    return bytes(converter.convert())


def _quantized(converter: Any, representative: NDArray[np.uint8]) -> bytes:
    """In int8 but for the first block and for what follows the last convolution, which cost little and lose most."""

    def images() -> Iterator[list[NDArray[np.uint8]]]:
        for one in representative:
            yield [one[None]]

    converter.representative_dataset = images
    # The one public way to name what stays in float; it finds the ranges once.
    debugger = tensorflow.lite.experimental.QuantizationDebugger(converter=converter, debug_dataset=images)
    debugger.options = tensorflow.lite.experimental.QuantizationDebugOptions(
        denylisted_nodes=_outside(debugger.calibrated_model)
    )
    return bytes(debugger.get_nondebug_quantized_model())


def _outside(model: bytes) -> list[str]:
    """Names of what the operations give that stay in float."""
    from ai_edge_litert.interpreter import Interpreter

    read = Interpreter(model_content=model)
    operations = read._get_ops_details()
    names = {tensor["index"]: tensor["name"] for tensor in read.get_tensor_details()}
    places = [place for place, one in enumerate(operations) if one["op_name"] in _CONVOLUTIONS]
    if not places:
        return []
    first = places[convolutions_in_float(len(places)) - 1]
    outside = [*operations[: first + 1], *operations[places[-1] + 1 :]]
    return [names[output] for one in outside for output in one["outputs"]]
