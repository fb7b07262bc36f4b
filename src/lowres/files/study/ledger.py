"""What each stage read, wrote and took: the memory that lets a study skip what has not changed."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from lowres.errors import StudyDamaged

_NAMED = 4


@dataclass(frozen=True)
class StageRecord:
    """One finished stage.

    inputs: what it read, each under a name people understand, as a hash or a short text.
    outputs: SHA-256 of every file it wrote, by path relative to the study (POSIX).
    key: what it made outside the study (images, cached features), known by its hash; empty where it made nothing there.
    facts: small numbers and words worth keeping; later stages never depend on them.
    seconds: wall clock. versions: of the packages that did the work. finished: UTC, ISO 8601.
    current: False once this stage or an earlier one began again, until it is finished again or proved unaffected.
    """

    name: str
    inputs: dict[str, str]
    outputs: dict[str, str] = field(default_factory=dict)
    key: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    versions: dict[str, str] = field(default_factory=dict)
    finished: str = ""
    current: bool = True

    @property
    def results(self) -> dict[str, str]:
        """What a later stage that reads this one puts among its own inputs."""
        return self.outputs | ({self.name: self.key} if self.key else {})


@dataclass
class Ledger:
    """The records of a study's finished stages, and the name of the one that was running when it was last written."""

    stages: dict[str, StageRecord] = field(default_factory=dict)
    running: str = ""

    def begin(self, name: str, dependents: tuple[str, ...]) -> None:
        """Note that a stage runs now; it and what depends on it stand in doubt until proved.

        Its old record stays: which inputs gave which bytes stays true for as long as the bytes are there.
        """
        self.running = name
        for doubted in (name, *dependents):
            if doubted in self.stages:
                self.stages[doubted] = replace(self.stages[doubted], current=False)

    def finish(self, record: StageRecord) -> None:
        """Keep the record of a stage that has just finished."""
        self.stages[record.name] = record
        self.running = ""

    def confirm(self, name: str) -> bool:
        """Note that a finished stage stands after all; return whether that is news."""
        is_news = not self.stages[name].current or self.running == name
        self.stages[name] = replace(self.stages[name], current=True)
        self.running = "" if self.running == name else self.running
        return is_news

    def reasons_to_run(self, name: str, inputs: dict[str, str], folder: Path) -> tuple[str, ...]:
        """Return why a stage has to run, in words, or nothing where its inputs and its outputs are as recorded."""
        record = self.stages.get(name)
        reasons: tuple[str, ...] = ("it has not run yet",)
        if record is not None:
            reasons = _changed_inputs(record.inputs, inputs) or damaged_outputs(record, folder)
        return ("it did not finish last time",) if reasons and self.running == name else reasons

    def to_json(self) -> dict[str, Any]:
        """Return the ledger as plain data for study.json."""
        stages = {name: asdict(record) for name, record in self.stages.items()}
        for row in stages.values():
            del row["name"]
        return {"running": self.running, "stages": stages}


def ledger_from_json(data: dict[str, Any], origin: Path) -> Ledger:
    """Read a ledger back; refused with StudyDamaged where a record is not one."""
    try:
        stages = {name: StageRecord(name=name, **row) for name, row in data["stages"].items()}
        return Ledger(stages, str(data["running"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise StudyDamaged(
            f"expected a ledger of stages in {origin}, got something else ({error!r}); "
            "delete that file to have every stage made again"
        ) from error


def damaged_outputs(record: StageRecord, folder: Path) -> tuple[str, ...]:
    """Name the outputs that are gone, or are no longer the bytes the stage wrote."""
    found = {path: file_sha256(folder / path) for path in record.outputs}
    missing = [f"{path} is missing" for path, digest in found.items() if not digest]
    damaged = [
        f"{path} is damaged (not the bytes that were written)"
        for path, digest in found.items()
        if digest and digest != record.outputs[path]
    ]
    return (*missing, *damaged)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hex, or nothing where there is no such file."""
    try:
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return ""


def _changed_inputs(before: dict[str, str], now: dict[str, str]) -> tuple[str, ...]:
    names = [name for name in now if before.get(name) != now[name]] + [name for name in before if name not in now]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return (f"{', '.join(names[:_NAMED])}{more} changed",) if names else ()
