"""A finished study's facts, read from its files alone: its images and its framework are not needed."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lowres.errors import StudyError
from lowres.files.recipes import read_recipe
from lowres.files.study.ledger import Ledger, damaged_outputs
from lowres.files.study.study_folder import RECIPE_FILE, is_study, read_ledger, read_source
from lowres.files.weights.saved_network import read_parameters
from lowres.pipeline.stages.evaluate import EVALUATION_FILE
from lowres.pipeline.stages.explain import EXPLANATION_REPORT_FILE
from lowres.pipeline.stages.preflight import PREFLIGHT_FILE
from lowres.pipeline.stages.train import HISTORY_FILE
from lowres.pipeline.study import STAGES
from lowres.pipeline.study_run import MODEL_FILE, SPLIT_FILE
from lowres.values.study_facts.fact import StudyFacts
from lowres.values.study_facts.gathering import study_facts
from lowres.values.study_facts.records import StageTold, StudyRecords
from lowres.values.training.history import history_from_csv


def read_study_facts(folder: Path) -> StudyFacts:
    """Return what the finished study in `folder` can say of itself."""
    return study_facts(read_records(folder))


def read_records(folder: Path) -> StudyRecords:
    """Return the study's files as values; refused with StudyError: no study there, or one that is not finished."""
    if not is_study(folder):
        raise StudyError(f"expected a study folder at {folder}, got none; make one: lowres study SOURCE --study DIR")
    ledger = read_ledger(folder)
    _refuse_unfinished(folder, ledger)
    history = folder / HISTORY_FILE
    return StudyRecords(
        source=read_source(folder).name,
        recipe=read_recipe(str(folder / RECIPE_FILE)),
        stages={
            name: StageTold(record.facts, record.seconds, record.versions, tuple(record.outputs))
            for name in (stage.name for stage in STAGES)
            for record in (ledger.stages[name],)
        },
        part_counts=_part_counts(folder / SPLIT_FILE),
        evaluation=_json(folder / EVALUATION_FILE),
        preflight=_json(folder / PREFLIGHT_FILE),
        explanation=_json(folder / EXPLANATION_REPORT_FILE),
        history=history_from_csv(history.read_text(encoding="utf-8"), str(history)),
        parameters=read_parameters(folder / MODEL_FILE),
        sizes={MODEL_FILE: (folder / MODEL_FILE).stat().st_size},
    )


def _refuse_unfinished(folder: Path, ledger: Ledger) -> None:
    """Refuse a study of which a stage is missing, outdated, or no longer what it wrote; name every one."""
    lacking = []
    for stage in STAGES:
        record = ledger.stages.get(stage.name)
        if record is None:
            lacking.append(f"{stage.name} has not run")
        elif not record.current:
            lacking.append(f"{stage.name} is outdated")
        else:
            lacking += damaged_outputs(record, folder)
    if lacking:
        raise StudyError(
            f"expected a finished study in {folder}, got one in which {'; '.join(lacking)}; run: lowres study {folder}"
        )


def _part_counts(path: Path) -> Mapping[str, Mapping[str, int]]:
    """Images by class name and part."""
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    with path.open(newline="", encoding="utf-8") as handle:
        for row in csv.DictReader(handle):
            counts[row["label"]][row["part"]] += 1
    return counts


def _json(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found
