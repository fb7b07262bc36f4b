"""The models that are served: each name with its versions, which of them answers, and what became of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Condition
from typing import NamedTuple

from lowres.errors import NotServed
from lowres.faces.serving.batcher import Batcher
from lowres.faces.serving.served_model import ServedModel


class State(StrEnum):
    """Where a version stands, in the words of TensorFlow Serving's ModelVersionStatus."""

    LOADING = "LOADING"
    AVAILABLE = "AVAILABLE"
    UNLOADING = "UNLOADING"
    END = "END"


class VersionState(NamedTuple):
    """A version's number, where it stands, and what is wrong with it, or the empty string."""

    version: int
    state: State
    problem: str = ""


@dataclass(eq=False)
class Served:
    """A version on the shelf: the model, what gathers its batches, and how many requests have it in their hands."""

    model: ServedModel
    batcher: Batcher
    held: int = 0


@dataclass(eq=False)
class _Entry:
    served: dict[int, Served] = field(default_factory=dict)
    states: dict[int, VersionState] = field(default_factory=dict)
    current: int | None = None


class Shelf:
    """Versions come and go while requests run: whoever holds one keeps it until the answer is given."""

    def __init__(self, open_batcher: Callable[[ServedModel], Batcher]) -> None:
        """Begin empty; open_batcher: what gathers the requests of a model."""
        self._open_batcher = open_batcher
        self._entries: dict[str, _Entry] = {}
        self._changed = Condition()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the models, in the order they were added."""
        return tuple(self._entries)

    @property
    def is_ready(self) -> bool:
        """Whether every name has a version that answers."""
        return bool(self._entries) and all(entry.current is not None for entry in list(self._entries.values()))

    def add(self, name: str) -> None:
        """Make room for a model."""
        self._entries.setdefault(name, _Entry())

    def put(self, model: ServedModel) -> None:
        """Serve a version; one of the same number is replaced, and nobody notices."""
        served = Served(model, self._open_batcher(model))
        with self._changed:
            entry = self._entries[model.name]
            before = entry.served.get(model.version)
            entry.served[model.version] = served
            entry.states[model.version] = VersionState(model.version, State.AVAILABLE)
            if entry.current is None:
                entry.current = model.version
        if before is not None:
            self._end(before)

    def choose(self, name: str, version: int) -> None:
        """Let this version answer where a request names none; refused with NotServed: it is not there."""
        with self._changed:
            if version not in self._entries[name].served:
                raise _not_found(name, version, self.names)
            self._entries[name].current = version

    def note(self, name: str, state: VersionState) -> None:
        """Remember where a version stands that does not answer."""
        with self._changed:
            self._entries[name].states[state.version] = state

    def forget(self, name: str, version: int) -> None:
        """Remember nothing of a version that was never served."""
        with self._changed:
            self._entries[name].states.pop(version, None)

    def drop(self, name: str, version: int) -> None:
        """Serve a version no longer; returns when the last request that holds it has its answer."""
        with self._changed:
            entry = self._entries[name]
            served = entry.served.pop(version)
            entry.states[version] = VersionState(version, State.UNLOADING)
            if entry.current == version:
                entry.current = max(entry.served, default=None)
        self._end(served)
        self.note(name, VersionState(version, State.END))

    def loaded(self, name: str) -> dict[int, ServedModel]:
        """The versions that answer, by number."""
        return {number: served.model for number, served in list(self._entries[name].served.items())}

    def states(self, name: str) -> tuple[VersionState, ...]:
        """Where the versions stand, the newest first; refused with NotServed: an unknown name."""
        if name not in self._entries:
            raise _not_found(name, None, self.names)
        return tuple(state for _, state in sorted(self._entries[name].states.items(), reverse=True))

    def current(self, name: str) -> int | None:
        """The version that answers where a request names none."""
        return self._entries[name].current

    def model(self, name: str | None, version: int | None = None) -> ServedModel:
        """Return what is served by that name; refused as `hold` refuses."""
        return self._find(name, version).model

    @contextmanager
    def hold(self, name: str | None, version: int | None = None) -> Iterator[Served]:
        """Give a version, the current one where none is named, which stays until the block ends.

        name: None where there is but one model. Refused with NotServed: no such model or version.
        """
        with self._changed:
            served = self._find(name, version)
            served.held += 1
        try:
            yield served
        finally:
            with self._changed:
                served.held -= 1
                self._changed.notify_all()

    def close(self) -> None:
        """Take no more requests, and return when all that were taken are answered."""
        for entry in list(self._entries.values()):
            for served in list(entry.served.values()):
                served.batcher.close()

    def waiting(self) -> dict[tuple[str, int], int]:
        """How many pictures wait, by name and version."""
        return {
            (name, number): served.batcher.waiting
            for name, entry in list(self._entries.items())
            for number, served in list(entry.served.items())
        }

    def _find(self, name: str | None, version: int | None) -> Served:
        if name is None and len(self._entries) == 1:
            name = next(iter(self._entries))
        entry = self._entries.get(name or "")
        number = version if version is not None or entry is None else entry.current
        if entry is None or number not in entry.served or number is None:
            raise _not_found(name or "", version, self.names)
        return entry.served[number]

    def _end(self, served: Served) -> None:
        with self._changed:
            self._changed.wait_for(lambda: served.held == 0)
        served.batcher.close()


def _not_found(name: str, version: int | None, names: tuple[str, ...]) -> NotServed:
    # The first words are TensorFlow Serving's own, which clients look for.
    asked = f"Latest({name})" if version is None else f"Specific({name}, {version})"
    return NotServed(f"Servable not found for request: {asked}; served are {', '.join(names) or 'no models'}")
