"""The head stage: heads on the frozen trunk's features, validation chooses one; the first classifier of a study."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from lowres.pipeline.stage import Made, Stage

if TYPE_CHECKING:
    from lowres.networks.heads import FeatureSet, HeadCandidate, HeadReport
    from lowres.pipeline.study_run import StudyRun

FROZEN_MODEL_FILE = "checkpoints/frozen/model.keras"
FROZEN_HISTORY_FILE = "checkpoints/frozen/history.csv"


def _make(run: StudyRun) -> Made:
    from lowres.files.atomic import atomic_write_text
    from lowres.networks.heads import train_head
    from lowres.networks.trained_classifier import TrainedClassifier

    names, trunk = run.images.class_names, run.features.trunk
    head, report = train_head(
        _feature_set(run),
        len(names),
        trunk.output_shape[1:],
        run.recipe.head,
        flipped_views=run.recipe.features.flipped_views,
        seed=run.recipe.seed,
        report=lambda candidate: run.progress.note(_in_words(candidate)),
    )
    TrainedClassifier.from_parts(trunk, head, names).save(run.study.folder / FROZEN_MODEL_FILE)
    atomic_write_text(run.study.folder / FROZEN_HISTORY_FILE, _history(report))
    note = f"chose {_in_words(report.chosen)} (n = {report.validation_images:,})"
    return Made((FROZEN_MODEL_FILE, FROZEN_HISTORY_FILE), facts={"head": report.to_json()}, note=note)


def _feature_set(run: StudyRun) -> FeatureSet:
    from lowres.networks.heads import FeatureSet

    train, validation = run.split.train, run.split.validation
    is_mirrored = run.recipe.features.flipped_views != "never"
    return FeatureSet(
        train=run.features.read(train),
        train_labels=run.images.labels[train],
        validation=run.features.read(validation),
        validation_labels=run.images.labels[validation],
        flipped_train=run.features.read(train, flipped=True) if is_mirrored else None,
    )


def candidate_name(candidate: dict[str, Any]) -> str:
    """Return what a head is called, such as `linear 0.003, with mirrored images`."""
    strength = f" {candidate['regularisation']:g}" if candidate["regularisation"] is not None else ""
    return f"{candidate['kind']}{strength}{', with mirrored images' if candidate['flipped_views'] else ''}"


def _in_words(candidate: HeadCandidate) -> str:
    return f"{candidate_name(asdict(candidate))}: validation accuracy {candidate.validation_accuracy:.2%}"


def _history(report: HeadReport) -> str:
    """Every head that was tried, a row each, as CSV."""
    names = [field.name for field in fields(report.chosen)]
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["phase", *names, "is_chosen"])
    for candidate in report.candidates:
        rows.writerow(["head", *(getattr(candidate, name) for name in names), candidate == report.chosen])
    return text.getvalue()


STAGE = Stage("head", _make, recipe_keys=("head", "seed"), reads=("split", "features"), uses_networks=True)
