"""Reads the weights of a TensorFlow.js layers model: model.json names the tensors, shards hold their bytes in a row."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.errors import VerificationError

MODEL_FILE = "model.json"
_DTYPES = {"float32": "<f4", "int32": "<i4", "uint8": "u1", "bool": "?"}


def is_tfjs_file(name: str) -> bool:
    """Whether a bare file name can belong to a layers model."""
    return name == MODEL_FILE or name.endswith(".bin")


def read_tfjs_tensors(files: Mapping[str, bytes], origin: str) -> dict[str, NDArray[Any]]:
    """Return every tensor by its name from model.json and its shards, given by their bare names.

    `origin` names the place in errors. Refused with VerificationError: a missing or short shard, quantised tensors,
    a model.json that is none.
    """
    try:
        groups = json.loads(files[MODEL_FILE])["weightsManifest"]
        tensors = dict(tensor for group in groups for tensor in _group(group, files))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise VerificationError(
            f"expected a TensorFlow.js layers model ({MODEL_FILE} and its shards) in {origin}, got one that does not "
            f"read ({type(error).__name__}: {error}); fetch it again"
        ) from error
    return tensors


def _group(group: Mapping[str, Any], files: Mapping[str, bytes]) -> Iterator[tuple[str, NDArray[Any]]]:
    content = b"".join(files[path.rsplit("/", 1)[-1]] for path in group["paths"])
    offset = 0
    for weight in group["weights"]:
        if "quantization" in weight:
            raise ValueError(f"{weight['name']} is quantised")
        dtype, shape = np.dtype(_DTYPES[weight["dtype"]]), tuple(weight["shape"])
        yield weight["name"], np.frombuffer(content, dtype, math.prod(shape), offset).reshape(shape)
        offset += math.prod(shape) * dtype.itemsize
    if offset != len(content):
        raise ValueError(f"its shards hold {len(content):,} bytes, its tensors {offset:,}")
