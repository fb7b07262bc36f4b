"""TensorFlow.js layers models written here by the format's description: float32 in a row over shards."""

import json

import numpy as np
import pytest

from lowres.errors import VerificationError
from lowres.files.weights.tfjs import is_tfjs_file, read_tfjs_tensors

KERNEL = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
BIAS = np.array([0.5, -1.5], np.float32)
STEPS = np.array(7, np.int32)


def model(shard_bytes=10, **changes):
    content = KERNEL.tobytes() + BIAS.tobytes() + STEPS.tobytes()
    shards = [content[start : start + shard_bytes] for start in range(0, len(content), shard_bytes)]
    names = [f"group1-shard{place + 1}of{len(shards)}.bin" for place in range(len(shards))]
    weights = [
        {"name": "conv/kernel", "shape": [2, 3, 4], "dtype": "float32"},
        {"name": "conv/bias", "shape": [2], "dtype": "float32"},
        {"name": "steps", "shape": [], "dtype": "int32"},
    ]
    weights[1] |= changes
    manifest = {"weightsManifest": [{"paths": names, "weights": weights}]}
    return {"model.json": json.dumps(manifest).encode()} | dict(zip(names, shards, strict=True))


@pytest.mark.parametrize("shard_bytes", [1, 10, 50, 1000])
def test_tensors_come_back_over_any_number_of_shards(shard_bytes):
    tensors = read_tfjs_tensors(model(shard_bytes), "here")
    assert list(tensors) == ["conv/kernel", "conv/bias", "steps"]
    np.testing.assert_array_equal(tensors["conv/kernel"], KERNEL)
    np.testing.assert_array_equal(tensors["conv/bias"], BIAS)
    assert tensors["steps"] == 7


def without(name):
    return {key: content for key, content in model().items() if key != name}


def spoilt(name, content):
    return model() | {name: content}


LAST = list(model())[-1]


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (without("model.json"), "KeyError: 'model.json'"),
        (without("group1-shard2of11.bin"), "KeyError: 'group1-shard2of11.bin'"),
        (spoilt(LAST, b""), "buffer"),
        (spoilt(LAST, b"x" * 20), "its shards hold .* bytes, its tensors 108"),
        (spoilt("model.json", b"<html>"), "JSONDecodeError"),
        (spoilt("model.json", b"[]"), "TypeError"),
        (model(dtype="complex64"), "KeyError: 'complex64'"),
        (model(quantization={"scale": 1}), "conv/bias is quantised"),
        (model(shape="ab"), "TypeError"),
    ],
)
def test_faults_are_named(files, reason):
    message = f"expected a TensorFlow.js layers model .* in here, got one that does not read .*{reason}.*fetch it again"
    with pytest.raises(VerificationError, match=message):
        read_tfjs_tensors(files, "here")


def test_which_files_belong_to_a_model():
    assert [is_tfjs_file(name) for name in ("model.json", "group1-shard1of2.bin", "package.json")] == [
        True,
        True,
        False,
    ]
