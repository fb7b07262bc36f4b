"""Everything a report tells, as values: whoever renders it opens no file and runs no network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lowres.files.machine import Machine
from lowres.values.altering.mirroring import Mirroring
from lowres.values.explaining.explanation import Explanation
from lowres.values.explaining.explanation_report import ExplanationReport
from lowres.values.exporting.parity import Parity
from lowres.values.findings import Finding
from lowres.values.judging.appraisal import Review
from lowres.values.judging.calibration import Calibration
from lowres.values.judging.conformal import ConformalSets
from lowres.values.judging.evaluation import Evaluation
from lowres.values.judging.intervals import Interval
from lowres.values.judging.robustness import Robustness
from lowres.values.judging.selective import RiskCoverage
from lowres.values.judging.validation_choices import ValidationChoice
from lowres.values.labelled_images import LabelledImages
from lowres.values.predictions import Predictions
from lowres.values.recipes.recipe import Recipe
from lowres.values.recipes.recipe_sections import Augmentation
from lowres.values.split import Split
from lowres.values.training.history import EpochRow


@dataclass(frozen=True)
class Candidate:
    """A head that was tried, its accuracy on the validation part (a fraction), and whether it was kept."""

    name: str
    validation_accuracy: float
    is_chosen: bool = False


@dataclass(frozen=True)
class SelfTaught:
    """What a student learned from unlabelled images, named by the networks that were fine-tuned, its teacher.

    unlabelled_images: learned from; left_out: copies of others, of no use. The accuracies are fractions of the
    validation part, 0 where no unlabelled images were found and no student trained. epochs: of the student.
    """

    unlabelled_images: int
    left_out: int = 0
    teacher_validation_accuracy: float = 0.0
    student_validation_accuracy: float = 0.0
    keeps_student: bool = False
    epochs: int = 0


@dataclass(frozen=True)
class FineTuned:
    """What fine-tuning trained after the frozen phase, and what it came to.

    from_layer: the first layer or block trained; empty: the whole trunk. kept_epoch: 0 where what it began with was
    kept. averaged_weights: whether the weights kept are a running average. trained_parameters: numbers that fine-tuning
    could change, the head's with them. precision: of the trunk. backend: what Keras trained it on; empty in studies
    from before it was written down. batch_images: in one pass, of which accumulation_steps
    make an update. views: different versions of each training image. validation_accuracy: of what was kept;
    frozen_validation_accuracy: of what it began with; fractions.
    members: validation accuracy of each network alone; the other figures of one are the first's. retrained_images: of
    both parts, where the network kept was trained anew on them; 0 where it was not. self_training: None where none was
    asked for; what is said besides is said of the teacher.
    """

    from_layer: str
    epochs: int
    kept_epoch: int
    averaged_weights: bool
    trained_parameters: int
    images_per_second: float
    precision: str
    batch_images: int
    views: int
    validation_accuracy: float
    frozen_validation_accuracy: float
    accumulation_steps: int = 1
    stopped_early: bool = False
    members: tuple[float, ...] = ()
    retrained_images: int = 0
    self_training: SelfTaught | None = None
    backend: str = ""

    @property
    def keeps_student(self) -> bool:
        """Whether the network that is kept is a student of the one this tells of."""
        return self.self_training is not None and self.self_training.keeps_student


@dataclass(frozen=True)
class Making:
    """What the classifier was made from.

    weights_sha256: of the trunk's tensors as they came. feature_shape: rows, columns and channels of the trunk's
    output. input_contract: how the trunk scales pixels, in words. candidates: every head that was tried. fine_tuning:
    None where the trunk stayed frozen.
    """

    backbone: str
    weights_licence: str
    weights_sha256: str
    weights_origin: str
    feature_shape: tuple[int, int, int]
    candidates: tuple[Candidate, ...] = ()
    input_contract: str = ""
    fine_tuning: FineTuned | None = None

    @property
    def is_trunk_frozen(self) -> bool:
        """Whether the trunk's weights are those it came with, no fine-tuning asked for or none better than before."""
        tuned = self.fine_tuning
        return tuned is None or not (tuned.kept_epoch or tuned.keeps_student)


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
    """Test accuracy with its interval when several views of each picture are asked about and averaged.

    views: 2, the picture and its mirror image; or 6, those two and both moved by a pixel two ways.
    """

    accuracy: float
    accuracy_interval: Interval
    views: int = 2


@dataclass(frozen=True, eq=False)
class Reliance:
    """How far the test answers may be relied on.

    curve: share wrong by share answered. review: the confidence from which no person need look. sets: of possible
    classes. ece_equal_mass: the calibration error in bins of equally many pictures, before and after the temperature.
    """

    curve: RiskCoverage
    review: Review | None = None
    sets: tuple[ConformalSets, ...] = ()
    ece_equal_mass: float | None = None
    ece_equal_mass_after_temperature: float | None = None


@dataclass(frozen=True, eq=False)
class ReportData:
    """One study as its report tells it.

    name: what the data set is called. predictions, evaluation: of the test part. command: what makes this study again.
    origin: which place served the images. findings: of the data checks. calibration: the temperature as validation
    gave it. skipped: files left out as damaged. history: of the training, both phases. preflight: what was found before
    training. augmentation: as training used it, what the recipe left open decided. mirroring: what decided it.
    reliance: when to ask a person. proof: whether the heat maps are true. robustness: what damaged images cost.
    choices: all that the validation part chose.
    exports: every export that stands, beside the study.
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
    history: tuple[EpochRow, ...] = ()
    preflight: tuple[Finding, ...] = ()
    augmentation: Augmentation = Augmentation()
    mirroring: Mirroring | None = None
    reliance: Reliance | None = None
    proof: ExplanationReport | None = None
    robustness: Robustness | None = None
    choices: tuple[ValidationChoice, ...] = ()
    exports: tuple[Parity, ...] = ()

    @property
    def training_views(self) -> int:
        """In how many changed versions training sees each picture; 0 where it sees it as it is."""
        return training_views(self.recipe, self.augmentation)

    @property
    def learned_images(self) -> int:
        """How many pictures the network that is kept learned from: the training part, or both where it trained anew."""
        tuned = self.making.fine_tuning
        return len(self.split.train) if tuned is None else tuned.retrained_images or len(self.split.train)

    @property
    def unlabelled_images(self) -> int:
        """How many pictures without labels it learned from too."""
        tuned = self.making.fine_tuning
        student = tuned.self_training if tuned else None
        return student.unlabelled_images if student and student.keeps_student else 0


def training_views(recipe: Recipe, augmentation: Augmentation) -> int:
    """Return in how many changed versions training sees each picture; 0 where it sees it as it is."""
    if augmentation.changes_nothing:
        return 0
    tuning = recipe.fine_tuning
    return max(recipe.augmented_frozen_views, min(tuning.views or tuning.epochs, tuning.epochs))
