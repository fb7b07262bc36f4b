"""The commands on a study as functions: each brings it to its stage and returns what that stage found.

What has been made and still stands is read, not made again. Every one takes a `Study`, or the words that mean one:
`cifar10`, `digits`, a path to labelled images, or a study's folder.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from lowres.errors import PreflightFailed
from lowres.library.study import Study, meant

if TYPE_CHECKING:
    from lowres.library.data_values import Images, Parts
    from lowres.library.network_values import Backbone, HeadsTried
    from lowres.library.results import Checks, Evaluated, Explained, MachineChecks, Trained

Words = Study | str | os.PathLike[str]


def doctor() -> MachineChecks:
    """Return what is right and wrong with this machine and its packages (`lowres doctor`); some seconds."""
    from lowres.library.results import MachineChecks
    from lowres.pipeline.doctor import examine_machine

    return MachineChecks(tuple(examine_machine()))


def load_images(study: Words) -> Images:
    """Return the study's labelled images and what the data checks found in them (`lowres check`).

    Refused with DataError: what is there cannot be used; with SourceUnavailable: nothing is there.
    """
    from lowres.library.data_values import Images
    from lowres.values.findings import Finding

    with meant(study).brought("images") as run:
        facts = run.study.ledger.stages["images"].facts
        return Images(run.images, facts["origin"], tuple(Finding(**one) for one in facts["findings"]))


def split(study: Words) -> Parts:
    """Return which images train, which choose and which judge (`lowres split`); refused with SplitError."""
    from lowres.library.data_values import Parts
    from lowres.pipeline.stages.report import augmentation

    study = meant(study)
    with study.brought("split") as run:
        return Parts(run.images, run.split, study.recipe, augmentation(run))


def preflight(study: Words) -> Checks:
    """Return what trying the training out in small found, and what the whole will cost (`lowres preflight`).

    A training that would learn nothing is not refused here: the checks say so; `train` refuses it.
    """
    from lowres.library.results import Checks
    from lowres.pipeline.stages.preflight import read_preflight

    study = meant(study)
    try:
        study.bring("preflight")
    except PreflightFailed:
        # All of what was found is returned, and not only that some of it forbids the training.
        return Checks(read_preflight(study.folder))
    return Checks(read_preflight(study.folder))


def load_backbone(study: Words) -> Backbone:
    """Return the network below the head with its published weights, as training begins with it; loads Keras.

    Refused with SourceUnavailable: its weights are nowhere; with VerificationError: they are not the published ones.
    """
    from lowres.library.network_values import Backbone
    from lowres.networks.backend import load_backend
    from lowres.pipeline.stages.features import input_contract

    study = meant(study)
    with study.brought("split") as run:
        load_backend()
        weights = run.features.weights
        origin = f"{weights.origin}, {weights.licence}" if weights else "drawn at random by the seed"
        return Backbone(study.recipe.network, run.features.trunk, input_contract(study.recipe), origin)


def train_head(study: Words) -> HeadsTried:
    """Do the frozen phase and return which heads were tried on the frozen backbone, and which one validation chose."""
    from lowres.library.network_values import HeadsTried
    from lowres.values.training.head_report import HeadReport

    with meant(study).brought("head") as run:
        stages = run.study.ledger.stages
        seconds = stages["features"].seconds + stages["head"].seconds
        return HeadsTried(HeadReport.from_json(stages["head"].facts["head"]), len(run.images.class_names), seconds)


def train(study: Words) -> Trained:
    """Train, both phases as far as the recipe asks, and return how that went (`lowres train`).

    Refused with PreflightFailed: it would learn nothing; with TrainingError: it did not.
    """
    from lowres.library.results import Trained
    from lowres.pipeline.stages.report import fine_tuned, training_history

    study = meant(study)
    with study.brought("train") as run:
        stages = run.study.ledger.stages
        tuned = fine_tuned(run)
        notes = tuple(stages[name].facts["note"] for name in ("features", "head", "train") if name in stages)
        seconds = sum(stages[name].seconds for name in ("features", "head", "train") if name in stages)
        layer = tuned.from_layer if tuned else ""
        return Trained(training_history(run), run.images, run.split, layer, notes, seconds, run.study.folder)


def evaluate(study: Words) -> Evaluated:
    """Judge the test part, all of it, and return how good that is and how sure (`lowres evaluate`)."""
    from lowres.files.study.predictions_file import read_predictions
    from lowres.library.results import Evaluated
    from lowres.pipeline.stages.evaluate import EVALUATION_FILE
    from lowres.pipeline.stages.predict import predictions_file
    from lowres.pipeline.stages.reliance import read_reliance
    from lowres.values.judging.evaluation import Evaluation

    with meant(study).brought("evaluate") as run:
        folder = run.study.folder
        data = json.loads((folder / EVALUATION_FILE).read_bytes())
        predictions = read_predictions(folder / predictions_file("test"))
        return Evaluated(Evaluation.from_json(data), predictions, run.images, read_reliance(data))


def explain(study: Words) -> Explained:
    """Return heat maps of test images, right and wrong ones, and whether they are true (`lowres explain`)."""
    from lowres.files.study.predictions_file import read_arrays, read_predictions
    from lowres.library.results import Explained
    from lowres.pipeline.stages.evaluate import EVALUATION_FILE
    from lowres.pipeline.stages.explain import EXPLANATION_FILE, EXPLANATION_REPORT_FILE
    from lowres.pipeline.stages.predict import predictions_file
    from lowres.values.explaining.explanation import Explanation
    from lowres.values.explaining.explanation_report import ExplanationReport

    with meant(study).brought("explain") as run:
        folder = run.study.folder
        return Explained(
            Explanation.from_arrays(read_arrays(folder / EXPLANATION_FILE)),
            ExplanationReport.from_json(json.loads((folder / EXPLANATION_REPORT_FILE).read_bytes())),
            read_predictions(folder / predictions_file("test")),
            run.images,
            float(json.loads((folder / EVALUATION_FILE).read_bytes())["temperature"]),
        )


def report(study: Words) -> Path:
    """Write report.html, card.md and the figures, and return the report's path (`lowres report`)."""
    study = meant(study)
    study.bring("report")
    return study.folder / "report.html"
