"""The preflight stage: a training is tried out in small before hours go into it, and refused where it cannot learn."""

from __future__ import annotations

import json
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from lowres.errors import PreflightFailed, StudyError
from lowres.networks.backend import load_backend
from lowres.pipeline.stage import Made, Stage
from lowres.pipeline.training.reload_process import ReloadProcess
from lowres.pipeline.training.self_training import inputs_of_a_student

if TYPE_CHECKING:
    from lowres.pipeline.study_run import StudyRun
    from lowres.values.training.preflight_report import PreflightReport

PREFLIGHT_FILE = "preflight.json"


def read_preflight(folder: Path) -> PreflightReport:
    """Return what preflight found in the study in `folder`; refused with StudyError where it has not run."""
    from lowres.values.training.preflight_report import preflight_from_json

    path = folder / PREFLIGHT_FILE
    try:
        return preflight_from_json(json.loads(path.read_bytes()), str(path))
    except FileNotFoundError as error:
        raise StudyError(f"expected {path}, got nothing there; run `lowres preflight {folder}`") from error


def start_reloading() -> AbstractContextManager[ReloadProcess]:
    """Return a process to load saved networks in; the frameworks load there while they load here."""
    return ReloadProcess()


def _make(run: StudyRun) -> Made:
    from lowres.files.atomic import atomic_write_json, scratch_folder

    started = time.perf_counter()
    with start_reloading() as reloading, scratch_folder(run.study.folder, "preflight") as folder:
        load_backend(run.is_deterministic)
        report = _examined(run, reloading, folder, started)
    atomic_write_json(run.study.folder / PREFLIGHT_FILE, report.to_json())
    is_refused = bool(report.failed) and not run.accepts_preflight
    # A refusal says itself what failed.
    told = ("WARN",) if is_refused else ("WARN", "FAIL")
    for finding in report.findings:
        if finding.status in told:
            run.progress.note(f"{finding.status}  {finding.name}: {finding.measured}; {finding.repair}")
    if is_refused:
        raise PreflightFailed(_refusal(report))
    facts = {"status": report.status, "accepted": report.accepted, "minutes": report.minutes.to_json()}
    return Made((PREFLIGHT_FILE,), facts=facts, note=_note(report))


def _examined(run: StudyRun, reloading: ReloadProcess, folder: Path, started: float) -> PreflightReport:
    from lowres.files.machine import read_machine
    from lowres.pipeline.training.trial import try_out
    from lowres.values.findings import worst
    from lowres.values.training.preflight_report import PreflightReport

    trial, machine = try_out(run, reloading, folder), read_machine()
    return PreflightReport(
        findings=trial.findings,
        accepted=run.accepts_preflight and worst(trial.findings) == "FAIL",
        images=trial.images,
        seconds=time.perf_counter() - started,
        minutes=trial.minutes,
        machine={name: getattr(machine, name) for name in ("processor", "cores", "memory_bytes", "graphics_cards")},
    )


def _note(report: PreflightReport) -> str:
    counts = {status: sum(finding.status == status for finding in report.findings) for status in ("WARN", "FAIL")}
    words = [f"{len(report.findings)} checks"]
    words += [f"{counts['WARN']} to look at"] if counts["WARN"] else []
    words += [f"{counts['FAIL']} FAILED and accepted"] if counts["FAIL"] else []
    return f"{', '.join(words)}; {report.minutes.in_words()} of training to come, at most"


def _refusal(report: PreflightReport) -> str:
    failed = report.failed
    lines = [f"  {finding.name}: {finding.measured}\n    try: {finding.repair}" for finding in failed]
    return "\n".join(
        [
            f"expected a training that can learn, got one that fails {len(failed)} of {len(report.findings)} checks:",
            *lines,
            "repair that, or train in spite of it with --accept preflight",
        ]
    )


STAGE = Stage(
    "preflight",
    _make,
    recipe_keys=("network", "features", "head", "augmentation", "frozen_phase", "fine_tuning", "seed"),
    reads=("images", "split"),
    other_inputs=inputs_of_a_student,
)
