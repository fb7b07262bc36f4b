"""Puts published tensors, named `<layer>/<variable>` as Keras names them, into a network: every one or none."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import keras
from numpy.typing import NDArray

from lowres.errors import VerificationError

_SHOWN = 3


def assign_tensors(layers: Iterable[keras.Layer], tensors: Mapping[str, NDArray[Any]], origin: str) -> int:
    """Return how many tensors were put into the layers.

    Refused with VerificationError, before anything is changed: a name missing or left over, or another shape.
    """
    variables = published_variables(layers)
    missing, extra = sorted(set(variables) - set(tensors)), sorted(set(tensors) - set(variables))
    misshapen = [
        f"{name} {list(tensors[name].shape)} for {list(variable.shape)}"
        for name, variable in variables.items()
        if name in tensors and tuple(tensors[name].shape) != tuple(variable.shape)
    ]
    if missing or extra or misshapen:
        fit = len(variables) - len(missing) - len(misshapen)
        parts = [_listed("missing", missing), _listed("left over", extra), _listed("of another shape", misshapen)]
        raise VerificationError(
            f"expected the {len(variables)} tensors of {origin} by name and shape, got {len(tensors)} of which {fit} "
            f"fit ({'; '.join(part for part in parts if part)}); get the weights of this very backbone without its top"
        )
    for name, variable in variables.items():
        variable.assign(tensors[name])
    return len(variables)


def published_variables(layers: Iterable[keras.Layer]) -> dict[str, Any]:
    """Return the layers' variables by the name they are published under."""
    named = _published_names(list(layers))
    return {f"{name}/{variable.name}": variable for name, layer in named.items() for variable in layer.weights}


def _published_names(layers: list[keras.Layer]) -> dict[str, keras.Layer]:
    """Count layers that no one named from zero again.

    Inception and Xception leave most layers to Keras, which numbers them through the process: `conv2d_94` is published
    as `conv2d` when the network is the second one built.
    """
    numbered: dict[str, list[tuple[int, keras.Layer]]] = defaultdict(list)
    named: dict[str, keras.Layer] = {}
    for layer in layers:
        stem = _snake_case(type(layer).__name__)
        match = re.fullmatch(rf"{stem}(?:_(\d+))?", layer.name)
        if match:
            numbered[stem].append((int(match[1] or 0), layer))
        else:
            named[layer.name] = layer
    for stem, group in numbered.items():
        for place, (_, layer) in enumerate(sorted(group, key=lambda pair: pair[0])):
            named[f"{stem}_{place}" if place else stem] = layer
    return named


def _snake_case(class_name: str) -> str:
    words = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", class_name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()


def _listed(word: str, names: list[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{word}: {', '.join(names[:_SHOWN])}{more}"
