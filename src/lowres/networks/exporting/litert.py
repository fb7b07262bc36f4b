"""LiteRT flatbuffers of built-in operations, in float32, with float16 weights, or in int8 (docs/decisions/0014)."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow
from numpy.typing import NDArray

from lowres.errors import ExportError
from lowres.networks.exporting.shipped_network import Shipped, frozen_function
from lowres.values.exporting.contract import INPUT, OUTPUT
from lowres.values.exporting.export_format import ExportFormat


def write(shipped: Shipped, form: ExportFormat, folder: Path) -> None:
    """Write `model.tflite`: one image at a time, uint8 in, float32 out.

    Refused with ExportError: a network that needs more than the built-in operations.
    """
    with tempfile.TemporaryDirectory(prefix="lowres-") as place, warnings.catch_warnings():
        # It misses statistics of an input that is uint8 already, and needs none.
        warnings.filterwarnings("ignore", "Statistics for quantized inputs", UserWarning)
        converter = _converter(shipped, Path(place))
        _ask_for(converter, form.precision, shipped.representative)
        try:
            content = converter.convert()
        except tensorflow.errors.OpError as error:
            raise ExportError(_refusal(error)) from error
        except (RuntimeError, ValueError) as error:
            raise ExportError(_refusal(error)) from error
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


def _ask_for(converter: Any, precision: str, representative: NDArray[np.uint8]) -> None:
    converter.target_spec.supported_ops = [tensorflow.lite.OpsSet.TFLITE_BUILTINS]
    if precision == "float32":
        return
    converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
    if precision == "float16":
        converter.target_spec.supported_types = [tensorflow.float16]
        return

    def images() -> Iterator[list[NDArray[np.uint8]]]:
        for one in representative:
            yield [one[None]]

    converter.representative_dataset = images


def _refusal(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (
        f"expected a network of LiteRT's built-in operations, got one it cannot hold "
        f"({lines[-1] if lines else error}); try another format"
    )
