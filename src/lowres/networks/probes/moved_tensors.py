"""Which tensors a training step moved: all that train, and not one that has to stand still (pitfalls 4, 5)."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from lowres.values.findings import Finding

_NAMED = 3
_STATISTICS = ("moving_mean", "moving_variance")


class TensorWatch:
    """Remembers variables bit by bit; as a context it puts every one of them back at the end, whatever happened."""

    def __init__(self, variables: Sequence[Any]) -> None:
        """Remember the values as they are; each variable counts once."""
        self.variables = list({id(variable): variable for variable in variables}.values())
        self._before = [_value(variable) for variable in self.variables]

    def moved(self) -> set[int]:
        """Return the `id` of every variable that no longer holds the same bits."""
        pairs = zip(self.variables, self._before, strict=True)
        return {id(variable) for variable, before in pairs if _value(variable).tobytes() != before.tobytes()}

    def put_back(self) -> None:
        """Give every variable the value it had."""
        for variable, before in zip(self.variables, self._before, strict=True):
            variable.assign(before)

    def __enter__(self) -> TensorWatch:
        """Begin; the values remembered are those of the making."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Put back."""
        self.put_back()


def judge_moves(phase: str, trained: Sequence[Any], frozen: Sequence[Any], moved: set[int]) -> Finding:
    """Return whether a step moved what trains and nothing else.

    phase: as people know it. trained, frozen: variables that must move and must not. moved: what `TensorWatch` says.
    """
    name = f"what trains: {phase}"
    strays = [variable for variable in frozen if id(variable) in moved]
    stuck = [variable for variable in trained if id(variable) not in moved]
    changed = len(trained) - len(stuck) + len(strays)
    measured = f"a step changed {changed} of {len(trained) + len(frozen)} tensors, expected {len(trained)}"
    statistics = sum(is_statistic(variable) for variable in frozen)
    if not trained:
        repair = "choose a lower fine_tuning.from_layer"
        return Finding(name, "FAIL", f"{measured}: nothing trains", repair)
    if strays and all(is_statistic(variable) for variable in strays):
        repair = "call frozen BatchNorm in inference mode: fine_tuning.normalisation = inference"
        return Finding(name, "FAIL", f"{measured}: BatchNorm moved its statistics, {_names(strays)}", repair)
    if strays:
        repair = "set trainable = False on them before the training step is built, and build it again afterwards"
        return Finding(name, "FAIL", f"{measured}: frozen tensors moved, {_names(strays)}", repair)
    if stuck:
        repair = "set trainable = True on them before the training step is built; look for a stopped gradient"
        return Finding(name, "FAIL", f"{measured}: these did not move, {_names(stuck)}", repair)
    still = f"; {statistics} BatchNorm statistics are bit-equal" if statistics else ""
    return Finding(name, "PASS", f"{measured}{still}")


def is_statistic(variable: Any) -> bool:
    """Whether a variable is a statistic of BatchNorm, which no gradient moves."""
    return str(variable.name) in _STATISTICS


def _value(variable: Any) -> NDArray[Any]:
    return np.array(keras.ops.convert_to_numpy(variable.value))


def _names(variables: Sequence[Any]) -> str:
    shown = ", ".join("/".join(str(variable.path).split("/")[-2:]) for variable in variables[:_NAMED])
    return shown + (f" and {len(variables) - _NAMED} more" if len(variables) > _NAMED else "")
