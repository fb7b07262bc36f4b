"""Tensors of an inference request: in its JSON, or as bytes behind it."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.errors import RequestRefused
from lowres.faces.serving.protocols.json_bodies import text_of

# What each data type of the protocol is as bytes: little-endian, row after row.
NUMBERS = {
    "UINT8": "<u1", "UINT16": "<u2", "UINT32": "<u4", "UINT64": "<u8", "INT8": "<i1", "INT16": "<i2", "INT32": "<i4",
    "INT64": "<i8", "FP16": "<f2", "FP32": "<f4", "FP64": "<f8",
}  # fmt: skip
_ELEMENTS = "BYTES"
_MOST_DIMENSIONS = 8


@dataclass(frozen=True, eq=False)
class InputTensor:
    """A tensor as it was sent: numbers of that shape, or BYTES elements (text where they stood in JSON)."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    numbers: NDArray[Any] | None = None
    elements: tuple[bytes | str, ...] | None = None


def input_tensors(inputs: Any, tail: bytes) -> list[InputTensor]:
    """Return the tensors of a request; tail: the bytes behind its JSON.

    Refused with RequestRefused: what is no tensor, data that do not fill its shape, bytes too few or too many.
    """
    if not isinstance(inputs, list) or not all(isinstance(one, dict) for one in inputs) or not inputs:
        raise RequestRefused("expected inputs as a list of objects, at least one, got something else; send a tensor")
    tensors, at = [], 0
    for one in inputs:
        name, datatype, shape = _head(one)
        size = _binary_size(one, len(tail) - at)
        if size is None:
            tensors.append(_from_json(name, datatype, shape, one.get("data")))
        else:
            tensors.append(_from_bytes(name, datatype, shape, tail[at : at + size]))
            at += size
    if at != len(tail):
        raise RequestRefused(
            f"expected {at} bytes behind the JSON, as binary_data_size says, got {len(tail)}; correct one of the two"
        )
    return tensors


def _head(one: dict[str, Any]) -> tuple[str, str, tuple[int, ...]]:
    name, datatype, shape = text_of(one, "name"), text_of(one, "datatype"), one.get("shape")
    if datatype not in NUMBERS and datatype != _ELEMENTS:
        known = ", ".join((*NUMBERS, _ELEMENTS))
        raise RequestRefused(f"expected a datatype among {known} for input {name}, got {datatype!r}; send UINT8")
    is_shape = isinstance(shape, list) and 0 < len(shape) <= _MOST_DIMENSIONS
    if not is_shape or not all(
        isinstance(side, int) and not isinstance(side, bool) and 0 < side < 2**31 for side in shape or ()
    ):
        raise RequestRefused(f"expected a shape of whole numbers for input {name}, got {str(shape)[:60]}; send it")
    return name, datatype, tuple(shape or ())


def _binary_size(one: dict[str, Any], left: int) -> int | None:
    parameters = one.get("parameters")
    size = parameters.get("binary_data_size") if isinstance(parameters, dict) else None
    if size is None:
        return None
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= left:
        raise RequestRefused(
            f"expected binary_data_size from 0 to {left}, the bytes there are, got {size!r}; correct it"
        )
    return size


def _from_json(name: str, datatype: str, shape: tuple[int, ...], data: Any) -> InputTensor:
    if not isinstance(data, list):
        raise RequestRefused(f"expected data as a list in input {name}, got something else; send it flat or nested")
    if datatype == _ELEMENTS:
        if not all(isinstance(one, str) for one in data) or len(data) != math.prod(shape):
            raise RequestRefused(f"expected {math.prod(shape)} texts in input {name}, got others; send base64 texts")
        return InputTensor(name, datatype, shape, elements=tuple(data))
    try:
        numbers = np.asarray(data)
    except (ValueError, OverflowError) as error:
        raise RequestRefused(f"expected data of one shape in input {name}, got ragged lists; send it flat") from error
    if numbers.dtype.kind not in "uif":
        raise RequestRefused(f"expected numbers in input {name}, got something that is none; send {datatype} values")
    return InputTensor(name, datatype, shape, numbers=_shaped(name, numbers, shape))


def _from_bytes(name: str, datatype: str, shape: tuple[int, ...], content: bytes) -> InputTensor:
    if datatype == _ELEMENTS:
        elements = _split(name, content)
        if len(elements) != math.prod(shape):
            raise RequestRefused(
                f"expected {math.prod(shape)} elements in input {name}, got {len(elements)}; correct the shape"
            )
        return InputTensor(name, datatype, shape, elements=elements)
    kind = np.dtype(NUMBERS[datatype])
    if len(content) % kind.itemsize:
        raise RequestRefused(
            f"expected whole {datatype} values in input {name}, got {len(content)} bytes; send them all"
        )
    return InputTensor(name, datatype, shape, numbers=_shaped(name, np.frombuffer(content, kind), shape))


def _shaped(name: str, numbers: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    if numbers.size != math.prod(shape):
        raise RequestRefused(
            f"expected {math.prod(shape)} values of shape {list(shape)} in {name}, got {numbers.size}; send them all"
        )
    return numbers.reshape(shape)


def _split(name: str, content: bytes) -> tuple[bytes, ...]:
    """BYTES elements: each its length as 4 bytes, then its bytes."""
    elements, at = [], 0
    while at < len(content):
        if len(content) - at < 4:
            raise RequestRefused(f"expected whole elements in input {name}, got {len(content) - at} bytes too many")
        (length,) = struct.unpack_from("<I", content, at)
        if length > len(content) - at - 4:
            raise RequestRefused(f"expected {length} bytes of an element in input {name}, got fewer; send it whole")
        elements.append(content[at + 4 : at + 4 + length])
        at += 4 + length
    return tuple(elements)
