"""A Keras network converted to OpenVINO: the quick way to run a frozen network on a processor."""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import openvino
import tensorflow
from numpy.typing import NDArray
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from lowres.errors import RecipeError, TrainingError

_PROCESSOR_FACTS = Path("/proc/cpuinfo")


class OpenVinoEngine:
    """OpenVINO on the processor, with as many streams as it thinks best for throughput."""

    name = "openvino"
    note = ""

    def __init__(self, network: keras.Model, precision: str = "auto") -> None:
        """Convert and compile; a second or two.

        Refused: an operation OpenVINO does not know (TrainingError), bfloat16 on a processor without (RecipeError).
        """
        core = openvino.Core()
        self.precision = _choose_precision(core, precision)
        hint = {"bfloat16": "bf16", "float32": "f32"}[self.precision]
        self._compiled = core.compile_model(
            _convert(core, network), "CPU", {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": hint}
        )
        self.parallel_batches: int = self._compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")
        self._idle = [self._compiled.create_infer_request() for _ in range(self.parallel_batches)]

    def run(self, batches: Iterable[NDArray[np.uint8]]) -> Iterator[NDArray[np.float32]]:
        """Yield the network's output for each batch, in their order; the next batches are computed meanwhile."""
        working: deque[Any] = deque()
        try:
            for batch in batches:
                if not self._idle:
                    yield self._finish(working)
                request = self._idle.pop()
                request.start_async([batch])
                working.append(request)
            while working:
                yield self._finish(working)
        finally:
            # A caller that stops early leaves requests under way; they are this engine's to reuse.
            while working:
                self._finish(working)

    def _finish(self, working: deque[Any]) -> NDArray[np.float32]:
        request = working.popleft()
        request.wait()
        output = np.array(request.get_output_tensor(0).data, dtype=np.float32)
        self._idle.append(request)
        return output


def is_quick_at_bfloat16(core: Any) -> bool:
    """Whether bfloat16 beats float32 here: on AMD with AVX512-BF16 (twice as quick), and with AMX tiles.

    Having the instructions is not enough: on a Xeon with AVX512-BF16 whose AMX was switched off, EfficientNet-Lite0
    took 14.7 ms of processor time an image in bfloat16 and 12.7 in float32.
    """
    if "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        return False
    return "AMD" in core.get_property("CPU", "FULL_DEVICE_NAME") or "amx_bf16" in _processor_flags()


def _processor_flags() -> set[str]:
    if not _PROCESSOR_FACTS.exists():
        return set()
    lines = _PROCESSOR_FACTS.read_text(encoding="utf-8", errors="replace").splitlines()
    return set(next((line for line in lines if line.startswith("flags")), "").split())


def _choose_precision(core: Any, precision: str) -> str:
    if precision == "auto":
        return "bfloat16" if is_quick_at_bfloat16(core) else "float32"
    if precision == "bfloat16" and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        raise RecipeError(
            "expected a processor with bfloat16 for features.precision = 'bfloat16', got "
            f"{core.get_property('CPU', 'FULL_DEVICE_NAME')} without; set features.precision to 'float32'"
        )
    return precision


def _convert(core: Any, network: keras.Model) -> Any:
    """Freeze the network into a TensorFlow graph and read that.

    Not `openvino.convert_model`, which reports its use over the network unless the user once opted out, and takes
    three times as long.
    """
    signature = tensorflow.TensorSpec((None, *network.input_shape[1:]), network.inputs[0].dtype, name="pixels")
    traced = tensorflow.function(lambda pixels: network(pixels, training=False), input_signature=[signature])
    frozen = convert_variables_to_constants_v2(traced.get_concrete_function())
    with tempfile.TemporaryDirectory(prefix="lowres-") as folder:
        path = Path(folder) / "network.pb"
        path.write_bytes(frozen.graph.as_graph_def().SerializeToString())
        try:
            return core.read_model(path)
        except RuntimeError as error:
            raise TrainingError(
                f"expected a network OpenVINO can run, got one it cannot read ({_cause(error)}); "
                "set features.engine to 'keras'"
            ) from error


def _cause(error: RuntimeError) -> str:
    lines = [line.strip(" -") for line in str(error).splitlines() if "No conversion rule" in line]
    return lines[0] if lines else str(error).strip().splitlines()[-1]
