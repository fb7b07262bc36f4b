"""Brings a study to a stage: runs what has to run, leaves alone what stands, and writes both down."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from lowres.files.machine import installed_versions
from lowres.files.study.ledger import StageRecord, file_sha256
from lowres.networks.backend import load_backend
from lowres.pipeline.stage import Stage
from lowres.pipeline.study_run import StudyRun

PACKAGES = (
    "lowres", "numpy", "scikit-learn", "keras", "tensorflow", "tensorflow-cpu", "jax", "torch", "openvino", "pillow",
)  # fmt: skip


@dataclass(frozen=True)
class StageOutcome:
    """What became of one stage: whether it was made now, why, in how many seconds, and its note."""

    name: str
    made: bool
    reasons: tuple[str, ...]
    seconds: float
    note: str


def stages_until(stages: Sequence[Stage], last: str) -> tuple[Stage, ...]:
    """Return the stages up to and including the one called `last`."""
    names = [stage.name for stage in stages]
    return tuple(stages[: names.index(last) + 1])


def bring(run: StudyRun, stages: Sequence[Stage], last: str) -> tuple[StageOutcome, ...]:
    """Bring the study to the stage called `last`; return what became of each stage on the way."""
    return tuple(_bring_one(run, stage, stages) for stage in stages_until(stages, last))


def _bring_one(run: StudyRun, stage: Stage, stages: Sequence[Stage]) -> StageOutcome:
    inputs = stage.inputs(run)
    ledger = run.study.ledger
    reasons = ledger.reasons_to_run(stage.name, inputs, run.study.folder)
    if reasons:
        run.study.begin(stage.name, _dependents(stage.name, stages))
        run.progress.stage_begins(stage.name, reasons)
        record = _made(run, stage, inputs)
        run.study.finish(record)
        run.progress.stage_ends(stage.name, record.seconds, record.facts["note"])
    else:
        run.study.confirm(stage.name)
        record = ledger.stages[stage.name]
        run.progress.stage_stands(stage.name, record.facts["note"])
    return StageOutcome(stage.name, bool(reasons), reasons, record.seconds, record.facts["note"])


def _made(run: StudyRun, stage: Stage, inputs: dict[str, str]) -> StageRecord:
    started = time.perf_counter()
    if stage.uses_networks:
        load_backend(run.is_deterministic)
    made = stage.make(run)
    return StageRecord(
        name=stage.name,
        inputs=inputs,
        outputs={path: file_sha256(run.study.folder / path) for path in made.outputs},
        key=made.key,
        facts=made.facts | {"note": made.note},
        seconds=round(time.perf_counter() - started + made.earlier_seconds, 3),
        versions=installed_versions(PACKAGES),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _dependents(name: str, stages: Sequence[Stage]) -> tuple[str, ...]:
    """Every stage that reads this one, or reads one that does."""
    found = {name}
    for stage in stages:
        if found.intersection(stage.reads):
            found.add(stage.name)
    return tuple(stage.name for stage in stages if stage.name in found and stage.name != name)
