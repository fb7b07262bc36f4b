"""Everything a report tells, as values: whoever renders it opens no file and runs no network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lowres.files.machine import Machine
from lowres.values.calibration import Calibration
from lowres.values.evaluation import Evaluation
from lowres.values.explanation import Explanation
from lowres.values.findings import Finding
from lowres.values.intervals import Interval
from lowres.values.labelled_images import LabelledImages
from lowres.values.predictions import Predictions
from lowres.values.recipe import Recipe
from lowres.values.split import Split


@dataclass(frozen=True)
class Candidate:
    """A head that was tried, its accuracy on the validation part (a fraction), and whether it was kept."""

    name: str
    validation_accuracy: float
    is_chosen: bool = False


@dataclass(frozen=True)
class Making:
    """What the classifier was made from.

    weights_sha256: of the trunk's tensors. feature_shape: rows, columns and channels of the trunk's output.
    input_contract: how the trunk scales pixels, in words. candidates: every head that was tried.
    """

    backbone: str
    weights_licence: str
    weights_sha256: str
    weights_origin: str
    feature_shape: tuple[int, int, int]
    candidates: tuple[Candidate, ...] = ()
    input_contract: str = ""
    is_trunk_frozen: bool = True


@dataclass(frozen=True)
class StageCost:
    """Wall-clock seconds one stage of the study took when it was made."""

    name: str
    seconds: float


@dataclass(frozen=True)
class Cost:
    """What the study took: seconds by stage, the machine, what ran the trunk, and the versions of the packages."""

    stages: tuple[StageCost, ...]
    machine: Machine | None = None
    engine: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FlippedResult:
    """Test accuracy with its interval when each picture and its mirror image are asked about and averaged."""

    accuracy: float
    accuracy_interval: Interval


@dataclass(frozen=True, eq=False)
class ReportData:
    """One study as its report tells it.

    name: what the data set is called. predictions, evaluation: of the test part. command: what makes this study again.
    origin: which place served the images. findings: of the data checks. calibration: the temperature as validation
    gave it. skipped: files left out as damaged.
    """

    name: str
    images: LabelledImages
    split: Split
    recipe: Recipe
    predictions: Predictions
    evaluation: Evaluation
    making: Making
    cost: Cost
    command: str
    origin: str = ""
    findings: tuple[Finding, ...] = ()
    explanation: Explanation | None = None
    flipped: FlippedResult | None = None
    calibration: Calibration | None = None
    skipped: tuple[str, ...] = ()
