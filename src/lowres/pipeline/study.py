"""The whole study: its stages in order, and the one call that brings it as far as asked."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lowres.files.given_files import sort_given_files
from lowres.files.study.study_folder import Study, open_study
from lowres.pipeline.choice import StudyChoice
from lowres.pipeline.progress import Progress, SilentProgress
from lowres.pipeline.running import StageOutcome, bring, stages_until
from lowres.pipeline.stage import Stage
from lowres.pipeline.stages import (
    evaluate,
    explain,
    features,
    find_rate,
    head,
    images,
    predict,
    preflight,
    report,
    robustness,
    split,
    train,
)
from lowres.pipeline.study_run import StudyRun
from lowres.values.recipes.recipe import recipe_to_toml

if TYPE_CHECKING:
    from lowres.faces.tensorboard_log import TrainingLog

STAGES: tuple[Stage, ...] = (
    images.STAGE,
    split.STAGE,
    preflight.STAGE,
    features.STAGE,
    head.STAGE,
    train.STAGE,
    predict.STAGE,
    evaluate.STAGE,
    explain.STAGE,
    report.STAGE,
)
# What these find is for people; no other stage reads it.
ASIDE: tuple[Stage, ...] = (find_rate.STAGE, robustness.STAGE)


@dataclass(frozen=True)
class StudyAnswer:
    """What a run came to.

    findings: of the data checks. evaluation: what evaluation.json holds; None where the run stopped before it.
    report: where the report lies; None where the run stopped before it. seconds: of this run, wall clock.
    """

    folder: Path
    source: str
    recipe: str
    stages: tuple[StageOutcome, ...]
    findings: tuple[dict[str, str], ...]
    evaluation: dict[str, Any] | None
    report: Path | None
    seconds: float


def run_study(
    choice: StudyChoice,
    until: str = "report",
    progress: Progress | None = None,
    given_files: Sequence[Path] = (),
    stages: tuple[Stage, ...] | None = None,
) -> StudyAnswer:
    """Bring a study to the stage called `until`, running only what its inputs or outputs ask for.

    given_files: data or weights fetched by hand. Refused with StudyLocked: a study another process
    works on; with StudyError: a folder that cannot be one; with whatever a stage refuses.
    """
    started = time.perf_counter()
    with brought(choice, until, progress, given_files, stages) as (run, outcomes):
        return _answer(run.study, choice, outcomes, time.perf_counter() - started)


@contextmanager
def brought(
    choice: StudyChoice,
    until: str,
    progress: Progress | None = None,
    given_files: Sequence[Path] = (),
    stages: tuple[Stage, ...] | None = None,
) -> Iterator[tuple[StudyRun, tuple[StageOutcome, ...]]]:
    """Bring a study to a stage as `run_study` does, and give the run to whoever reads more of it, still locked."""
    given = sort_given_files(given_files)
    log = _training_log(choice)
    with open_study(choice.folder) as study:
        if study.source is None:
            study.source = choice.source
        if study.source.unlabelled != choice.source.unlabelled:
            study.source = replace(study.source, unlabelled=choice.source.unlabelled)
        study.write_recipe(recipe_to_toml(choice.recipe))
        run = StudyRun(
            study,
            choice.recipe,
            choice.source,
            progress or SilentProgress(),
            given,
            choice.accepts_preflight,
            choice.is_deterministic,
            log,
        )
        if study.complaint:
            run.progress.note(study.complaint)
        outcomes = bring(run, _leading_to(until) if stages is None else stages, until)
        _say_what_is_unproven(run, outcomes)
        if log and any(outcome.name == "train" for outcome in outcomes):
            log.complete(report.training_history(run))
        yield run, outcomes


def _say_what_is_unproven(run: StudyRun, outcomes: tuple[StageOutcome, ...]) -> None:
    """A training that stands is not made again to prove that it could be."""
    stands = any(outcome.name == "train" and not outcome.made for outcome in outcomes)
    tuned = run.study.ledger.stages["train"].facts.get("fine_tuning") if stands else None
    if run.is_deterministic and tuned and not tuned.get("proven_repeatable"):
        run.progress.note(
            "this study was trained without --deterministic, so nothing is proven of it; name another folder by "
            "--study to train anew, repeatably"
        )


def _training_log(choice: StudyChoice) -> TrainingLog | None:
    if choice.tensorboard is None:
        return None
    from lowres.faces.tensorboard_log import TrainingLog

    return TrainingLog(choice.tensorboard, choice.folder.resolve().name)


def _leading_to(last: str) -> tuple[Stage, ...]:
    aside = next((stage for stage in ASIDE if stage.name == last), None)
    if aside is None:
        return STAGES
    needed = [stage.name for stage in STAGES if stage.name in aside.reads]
    return (*stages_until(STAGES, needed[-1]), aside)


def _answer(study: Study, choice: StudyChoice, outcomes: tuple[StageOutcome, ...], seconds: float) -> StudyAnswer:
    reached = {outcome.name for outcome in outcomes}
    facts = study.ledger.stages["images"].facts if "images" in reached else {}
    evaluation = study.folder / evaluate.EVALUATION_FILE if "evaluate" in reached else None
    return StudyAnswer(
        folder=study.folder,
        source=choice.source.name,
        recipe=choice.recipe.name,
        stages=outcomes,
        findings=tuple(facts.get("findings", ())),
        evaluation=json.loads(evaluation.read_bytes()) if evaluation else None,
        report=study.folder / report.REPORT_FILE if "report" in reached else None,
        seconds=seconds,
    )
