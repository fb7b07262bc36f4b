"""Everything a training needs to go on as if it had never stopped: arrays by name and a few plain facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from lowres.errors import TrainingError


@dataclass(frozen=True, eq=False)
class RunState:
    """arrays: weights, optimizer, averages and dropout seeds. facts: epoch, history and stopping states, as JSON."""

    arrays: Mapping[str, NDArray[Any]]
    facts: dict[str, Any] = field(default_factory=dict)


class RunStateStore(Protocol):
    """Keeps run states by name; what it was given last survives whatever happens to the process."""

    def save(self, name: str, state: RunState) -> None:
        """Keep a state in place of the one of that name, whole or not at all."""

    def load(self, name: str) -> RunState | None:
        """Return the state of that name, None where there is none that fits this training."""


class MemoryStore:
    """Keeps them as long as the process lives."""

    def __init__(self) -> None:
        """Begin with none."""
        self._states: dict[str, RunState] = {}

    def save(self, name: str, state: RunState) -> None:
        """Keep a state in place of the one of that name."""
        self._states[name] = state

    def load(self, name: str) -> RunState | None:
        """Return the state of that name, None where there is none."""
        return self._states.get(name)


def values_of(groups: Mapping[str, Sequence[Any]]) -> dict[str, NDArray[Any]]:
    """Return the values of Keras variables, under `group/number`."""
    return {
        f"{group}/{number:04d}": np.array(keras.ops.convert_to_numpy(variable.value))
        for group, variables in groups.items()
        for number, variable in enumerate(variables)
    }


def put_back(groups: Mapping[str, Sequence[Any]], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Assign what `values_of` returned; refused with TrainingError, before any is assigned, where they do not fit."""
    pairs = [
        (f"{group}/{number:04d}", variable)
        for group, variables in groups.items()
        for number, variable in enumerate(variables)
    ]
    wrong = [name for name, variable in pairs if name not in arrays or arrays[name].shape != tuple(variable.shape)]
    if wrong or len(pairs) != len(arrays):
        raise TrainingError(
            f"expected a run state of {len(pairs)} arrays that fit this network, got {len(arrays)} of which "
            f"{len(wrong)} do not ({', '.join(wrong[:3])}); remove the study's checkpoints/fine-tuning and train again"
        )
    for name, variable in pairs:
        # A copy: TensorFlow may take an array's memory as it is, and then training would write into the caller's.
        variable.assign(np.array(arrays[name]))
