"""The report stage: figures as PNG files, one self-contained page, and a model card."""

from __future__ import annotations

import json
import shlex
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from lowres.files.study.study_folder import RECIPE_FILE
from lowres.pipeline.stage import Made, Stage, recipe_values
from lowres.pipeline.stages.evaluate import EVALUATION_FILE
from lowres.pipeline.stages.explain import EXPLANATION_FILE, EXPLANATION_REPORT_FILE
from lowres.pipeline.stages.export_stage import read_parities, standing_contracts
from lowres.pipeline.stages.predict import predictions_file
from lowres.pipeline.stages.preflight import read_preflight
from lowres.pipeline.stages.reliance import read_choices, read_reliance
from lowres.pipeline.stages.robustness import ROBUSTNESS_FILE
from lowres.pipeline.stages.train import HISTORY_FILE
from lowres.pipeline.training.mirroring import decided_augmentation
from lowres.values.recipes.recipe import Recipe

if TYPE_CHECKING:
    from pathlib import Path

    from lowres.faces.report.data import Cost, FineTuned, FlippedResult, Making, ReportData
    from lowres.pipeline.study_run import StudyRun
    from lowres.values.altering.mirroring import Mirroring
    from lowres.values.judging.calibration import Calibration
    from lowres.values.judging.robustness import Robustness
    from lowres.values.predictions import Predictions
    from lowres.values.recipes.recipe_sections import Augmentation
    from lowres.values.training.history import EpochRow

REPORT_FILE = "report.html"
CARD_FILE = "card.md"
PDF_FILE = "report.pdf"
FIGURES_FOLDER = "figures"


def _make(run: StudyRun) -> Made:
    from lowres.faces.figures import write_figures
    from lowres.faces.report.model_card import model_card
    from lowres.faces.report.page import render_report
    from lowres.faces.report.study_figures import study_figures
    from lowres.files.atomic import atomic_write_text

    data = report_data(run)
    drawings = study_figures(data)
    write_figures(run.study.folder / FIGURES_FOLDER, drawings)
    atomic_write_text(run.study.folder / REPORT_FILE, render_report(data, drawings))
    atomic_write_text(run.study.folder / CARD_FILE, model_card(data))
    outputs = (REPORT_FILE, CARD_FILE, *(f"{FIGURES_FOLDER}/{drawing.name}.png" for drawing in drawings))
    return Made(outputs, note=f"{REPORT_FILE}, {CARD_FILE} and {len(drawings)} figures")


def print_report(folder: Path) -> Path:
    """Print the report of the study in `folder` to report.pdf and return its path."""
    from lowres.faces.report.pdf import print_pdf

    print_pdf(folder / REPORT_FILE, folder / PDF_FILE)
    return folder / PDF_FILE


def report_data(run: StudyRun) -> ReportData:
    """Return everything the report tells, from the study's files and its ledger."""
    from lowres.faces.report.data import ReportData
    from lowres.files.study.predictions_file import read_arrays, read_predictions
    from lowres.values.explaining.explanation import Explanation
    from lowres.values.explaining.explanation_report import ExplanationReport
    from lowres.values.findings import Finding
    from lowres.values.judging.evaluation import Evaluation

    folder, facts = run.study.folder, run.study.ledger.stages["images"].facts
    evaluation = json.loads((folder / EVALUATION_FILE).read_bytes())
    return ReportData(
        name=run.source.name,
        images=run.images,
        split=run.split,
        recipe=run.recipe,
        predictions=read_predictions(folder / predictions_file("test")),
        evaluation=Evaluation.from_json(evaluation),
        making=_making(run),
        cost=_cost(run),
        command=command(run),
        origin=facts["origin"],
        findings=tuple(Finding(**finding) for finding in facts["findings"]),
        explanation=Explanation.from_arrays(read_arrays(folder / EXPLANATION_FILE)),
        flipped=_flipped(evaluation),
        calibration=_calibration(read_predictions(folder / predictions_file("validation")), evaluation["temperature"]),
        skipped=tuple(facts["skipped"]),
        history=training_history(run),
        preflight=read_preflight(folder).findings,
        augmentation=augmentation(run),
        mirroring=mirroring(run),
        reliance=read_reliance(evaluation),
        proof=ExplanationReport.from_json(json.loads((folder / EXPLANATION_REPORT_FILE).read_bytes())),
        robustness=_robustness(run),
        choices=read_choices(evaluation),
        exports=read_parities(run.study.folder, run.study.ledger),
    )


def _calibration(validation: Predictions, temperature: float) -> Calibration:
    """What the temperature did for the validation part; it was fitted before, and fitting it again takes SciPy."""
    from lowres.values.judging.calibration import Calibration, negative_log_likelihood

    before, after = negative_log_likelihood(validation), negative_log_likelihood(validation, temperature)
    return Calibration(temperature, before, after, len(validation))


def command(run: StudyRun) -> str:
    """Return what makes this study again, typed where it was typed: source, recipe, and every value set apart."""
    words = ["lowres", "study", run.location]
    differing = differing_settings(run.recipe)
    if differing is None:
        words += ["--recipe", (run.study.folder / RECIPE_FILE).as_posix()]
    else:
        words += ["--recipe", run.recipe.name]
        words += [word for key, value in differing.items() for word in ("--set", f"{key}={value}")]
    if run.source.unlabelled:
        words += ["--unlabelled", str(run.source.unlabelled_place(run.study.folder))]
    words += ["--skip-damaged"] if run.source.skip_damaged else []
    preflight = run.study.ledger.stages.get("preflight")
    words += ["--accept", "preflight"] if preflight and preflight.facts["accepted"] else []
    return shlex.join(words)


def differing_settings(recipe: Recipe) -> dict[str, str] | None:
    """Return the values that differ from the packaged recipe of that name, as JSON by dotted name.

    None where there is no such recipe, or no words for a value.
    """
    from lowres.errors import RecipeError
    from lowres.files.recipes import read_recipe

    keys = tuple(type(recipe).model_fields)
    try:
        packaged = recipe_values(read_recipe(recipe.name), keys)
    except RecipeError:
        return None
    differing = {key: value for key, value in recipe_values(recipe, keys).items() if packaged[key] != value}
    # TOML has no word for a value left out.
    return None if "null" in differing.values() else differing


def _making(run: StudyRun) -> Making:
    from lowres.faces.report.data import Candidate, Making
    from lowres.values.training.head_report import HeadReport

    facts, chosen = (run.study.ledger.stages[name].facts for name in ("features", "head"))
    rows, columns, channels = facts["feature_shape"]
    heads = HeadReport.from_json(chosen["head"])
    return Making(
        backbone=facts["backbone"],
        weights_licence=facts["weights_licence"],
        weights_sha256=facts["weights_sha256"],
        weights_origin=facts["weights_origin"],
        feature_shape=(rows, columns, channels),
        candidates=tuple(
            Candidate(one.name, one.validation_accuracy, one == heads.chosen)
            for one in heads.candidates
            if run.recipe.has_frozen_phase
        ),
        input_contract=facts["input_contract"],
        fine_tuning=fine_tuned(run),
    )


def fine_tuned(run: StudyRun) -> FineTuned | None:
    """Return what fine-tuning wrote down; None where the recipe asks for none."""
    from lowres.faces.report.data import FineTuned, SelfTaught

    facts = run.study.ledger.stages["train"].facts.get("fine_tuning")
    if facts is None:
        return None
    found = _named_fields(FineTuned, facts)
    if "self_training" in found:
        found["self_training"] = SelfTaught(**_named_fields(SelfTaught, found["self_training"]))
    return FineTuned(**found)


def _named_fields(kind: type[Any], facts: dict[str, Any]) -> dict[str, Any]:
    return {field.name: facts[field.name] for field in fields(kind) if field.name in facts}


def training_history(run: StudyRun) -> tuple[EpochRow, ...]:
    """Return history.csv, both phases."""
    from lowres.values.training.history import history_from_csv

    path = run.study.folder / HISTORY_FILE
    return history_from_csv(path.read_text(encoding="utf-8"), str(path))


def augmentation(run: StudyRun) -> Augmentation:
    """Return how training changed images, what the recipe leaves open decided."""
    if run.recipe.fine_tuning.epochs:
        return decided_augmentation(run)
    # Only fine-tuning asks whether images may be mirrored; the frozen phase leaves them as they are.
    choices = run.recipe.augmentation
    return choices.model_copy(update={"flip": "none"}) if choices.flip == "auto" else choices


def mirroring(run: StudyRun) -> Mirroring | None:
    """Return what was found on mirrored images; None where nobody asked."""
    from lowres.values.altering.mirroring import Mirroring

    facts = run.study.ledger.stages["head"].facts.get("mirroring")
    return Mirroring(**facts) if facts else None


def _cost(run: StudyRun) -> Cost:
    from lowres.faces.report.data import Cost, StageCost
    from lowres.files.machine import read_machine

    stages = run.study.ledger.stages
    return Cost(
        stages=tuple(StageCost(name, record.seconds) for name, record in stages.items() if name != "report"),
        machine=read_machine(),
        engine=stages["features"].facts["engine"],
        versions=stages["train"].versions,
    )


def _robustness(run: StudyRun) -> Robustness | None:
    from lowres.values.judging.robustness import Robustness

    if not _from_robustness(run):
        return None
    return Robustness.from_json(json.loads((run.study.folder / ROBUSTNESS_FILE).read_bytes()))


def _from_aside(run: StudyRun) -> dict[str, str]:
    """What stages that no study has to run left behind, where they were run and still stand."""
    return _from_robustness(run) | standing_contracts(run.study.ledger)


def _from_robustness(run: StudyRun) -> dict[str, str]:
    record = run.study.ledger.stages.get("robustness")
    return record.results if record and record.current else {}


def _flipped(evaluation: dict[str, Any]) -> FlippedResult | None:
    from lowres.faces.report.data import FlippedResult

    six = evaluation.get("with_six_views")
    found = six or evaluation.get("with_flipped_views")
    if found is None:
        return None
    low, high = found["accuracy_interval"]
    return FlippedResult(found["accuracy"], (low, high), views=6 if six else 2)


STAGE = Stage(
    "report",
    _make,
    # The page shows the whole recipe.
    recipe_keys=tuple(Recipe.model_fields),
    code=2,
    other_inputs=_from_aside,
    reads=("images", "split", "preflight", "features", "head", "train", "predict", "evaluate", "explain"),
)
