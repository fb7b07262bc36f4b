"""OpenVINO gives Keras's numbers, and bfloat16 only where it is there and quick."""

from collections.abc import Iterator

import keras
import numpy as np
import pytest

from lowres.errors import RecipeError

if keras.backend.backend() != "tensorflow":
    pytest.skip("OpenVINO reads networks of the TensorFlow backend only", allow_module_level=True)

from lowres.networks import openvino_engine
from lowres.networks.openvino_engine import OpenVinoEngine, is_quick_at_bfloat16


class Processor:
    """What OpenVINO would say of another processor."""

    def __init__(self, name: str, *capabilities: str) -> None:
        self._facts = {"FULL_DEVICE_NAME": name, "OPTIMIZATION_CAPABILITIES": list(capabilities)}

    def get_property(self, device: str, name: str) -> object:
        assert device == "CPU"
        return self._facts[name]


def test_the_numbers_are_those_of_keras(tiny_trunk: keras.Model) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 3), dtype=np.uint8)
    (found,) = OpenVinoEngine(tiny_trunk, "float32").run([pixels])
    np.testing.assert_allclose(found, tiny_trunk.predict_on_batch(pixels), atol=1e-5)


def test_batches_of_any_size_come_back_in_order(tiny_trunk: keras.Model) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (40, 8, 8, 3), dtype=np.uint8)
    sizes = [1, 5, 2, 9, 3, 11, 4, 5]
    batches = np.split(pixels, np.cumsum(sizes)[:-1])
    found = list(OpenVinoEngine(tiny_trunk, "float32").run(batches))
    assert [len(batch) for batch in found] == sizes
    np.testing.assert_allclose(np.concatenate(found), tiny_trunk.predict_on_batch(pixels), atol=1e-5)


def test_a_caller_may_stop_early_and_start_again(tiny_trunk: keras.Model) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (8, 8, 8, 3), dtype=np.uint8)
    engine = OpenVinoEngine(tiny_trunk, "float32")

    def endless() -> Iterator[np.ndarray]:
        while True:
            yield pixels

    for _ in range(3):
        first = next(engine.run(endless()))
        np.testing.assert_allclose(first, tiny_trunk.predict_on_batch(pixels), atol=1e-5)
    assert len(list(engine.run([pixels] * 9))) == 9


def test_nothing_is_left_in_the_temporary_folder(
    tiny_trunk: keras.Model, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openvino_engine.tempfile, "tempdir", str(tmp_path))
    OpenVinoEngine(tiny_trunk, "float32")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("processor", "flags", "expected"),
    [
        (Processor("AMD EPYC", "FP32", "BF16"), set(), True),
        (Processor("AMD EPYC", "FP32"), {"amx_bf16"}, False),
        (Processor("Intel(R) Xeon(R)", "FP32", "BF16"), {"avx512_bf16"}, False),
        (Processor("Intel(R) Xeon(R)", "FP32", "BF16"), {"avx512_bf16", "amx_bf16"}, True),
    ],
)
def test_where_bfloat16_is_quick(
    processor: Processor, flags: set[str], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openvino_engine, "_processor_flags", lambda: flags)
    assert is_quick_at_bfloat16(processor) is expected
    chosen = openvino_engine._choose_precision(processor, "auto")
    assert chosen == ("bfloat16" if expected else "float32")


def test_bfloat16_on_a_processor_without_is_refused() -> None:
    with pytest.raises(RecipeError, match="a processor with bfloat16 .*, got Atom without; set features.precision"):
        openvino_engine._choose_precision(Processor("Atom", "FP32"), "bfloat16")


def test_precision_by_name_is_kept() -> None:
    processor = Processor("AMD EPYC", "FP32", "BF16")
    for precision in ("float32", "bfloat16"):
        assert openvino_engine._choose_precision(processor, precision) == precision
