"""A study's results as the library returns them: checks, training, evaluation, explanation; each draws itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lowres.values.explaining.explanation import Explanation
from lowres.values.explaining.explanation_report import ExplanationReport
from lowres.values.findings import Finding
from lowres.values.judging.evaluation import ClassScore, Evaluation
from lowres.values.labelled_images import LabelledImages
from lowres.values.predictions import Predictions
from lowres.values.split import Split
from lowres.values.training.history import FROZEN, STUDENT, EpochRow
from lowres.values.training.preflight_report import PreflightReport

if TYPE_CHECKING:
    from lowres.faces.figures import Drawing
    from lowres.faces.report.data import Reliance


class Sentences(str):
    """Text that a notebook shows as a paragraph."""

    def _repr_html_(self) -> str:
        from lowres.faces.inline_html import sentence

        return sentence(str(self))


@dataclass(frozen=True)
class MachineChecks:
    """What was found on this machine: packages, processor, memory, cards."""

    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing is broken."""
        return all(one.status != "FAIL" for one in self.findings)

    def __repr__(self) -> str:
        """One line a check."""
        return "\n".join(f"{one.status}  {one.name}: {one.measured}" for one in self.findings)

    def _repr_html_(self) -> str:
        from lowres.faces.inline_html import block, findings

        return block("This machine", findings(self.findings))


@dataclass(frozen=True)
class Checks:
    """What preflight found. report: every check, and the minutes the training will take."""

    report: PreflightReport

    @property
    def passed(self) -> bool:
        """Whether nothing forbids the training."""
        return not self.report.failed

    def __repr__(self) -> str:
        """One line a check."""
        return "\n".join(f"{one.status}  {one.name}: {one.measured}" for one in self.report.findings)

    def _repr_html_(self) -> str:
        from lowres.faces.inline_html import block, findings, sentence

        minutes = self.report.minutes.total
        cost = f"From here the training takes about {minutes:.1f} minutes on this machine, at most."
        return block("Preflight", findings(self.report.findings), sentence(cost))


@dataclass(frozen=True, eq=False)
class Trained:
    """How the training went.

    history: a row an epoch, or a head solved at once, both phases. notes: what each stage came to. seconds: of
    features, heads and fine-tuning together, when they were made. folder: of the study.
    """

    history: tuple[EpochRow, ...]
    images: LabelledImages
    split: Split
    from_layer: str
    notes: tuple[str, ...]
    seconds: float
    folder: Path

    @property
    def validation_accuracy(self) -> float:
        """Of the weights that were kept, a fraction of the validation part."""
        return [row for row in self.history if row.is_kept][-1].validation_accuracy

    @cached_property
    def curves(self) -> Drawing | None:
        """Accuracy, loss and learning rate by epoch; None where nothing was trained in epochs."""
        from lowres.faces.report.study_figures import training_figures

        found = training_figures(self.history, self.images, self.split, self.from_layer)
        return found[0] if found else None

    def phase(self, name: str) -> tuple[EpochRow, ...]:
        """Return the rows of `frozen`, `fine-tuning` or `student`."""
        return tuple(row for row in self.history if row.phase == name)

    def model(self) -> Any:
        """Return the trained network as a `keras.Model`: uint8 pixels in, logits out; TensorFlow is loaded for it."""
        from lowres.networks.trained_classifier import TrainedClassifier
        from lowres.pipeline.study_run import MODEL_FILE

        return TrainedClassifier.load(self.folder / MODEL_FILE).model

    def __repr__(self) -> str:
        """What each stage came to."""
        return "\n".join(self.notes)

    def _repr_html_(self) -> str:
        from lowres.faces.inline_html import block, figure, sentence, table

        rows = [
            (
                _which(row),
                f"{row.loss:.4f}",
                f"{row.accuracy:.2%}",
                f"{row.validation_loss:.4f}",
                f"{row.validation_accuracy:.2%}",
                "kept" if row.is_kept else "",
            )
            for row in self.history
        ]
        columns = ("", "loss", "accuracy", "validation loss", "validation accuracy", "")
        drawn = [figure(self.curves)] if self.curves else []
        took = f"It took {self.seconds / 60:.1f} minutes when it was made."
        return block("Training", *(sentence(note) for note in self.notes), table(columns, rows), *drawn, sentence(took))


def _which(row: EpochRow) -> str:
    """What a row of the history is of, beside the others."""
    if row.phase == FROZEN:
        return f"{row.head} {row.epoch or ''}".strip()
    return f"{'student, ' if row.phase == STUDENT else ''}epoch {row.epoch}"


@dataclass(frozen=True, eq=False)
class Evaluated:
    """How good the study is on its test part, all of it. reliance: when a person should look, where that is known."""

    evaluation: Evaluation
    predictions: Predictions
    images: LabelledImages
    reliance: Reliance | None

    @property
    def n(self) -> int:
        """How many images were judged."""
        return self.evaluation.n

    @property
    def accuracy(self) -> float:
        """The fraction that was answered rightly."""
        return self.evaluation.accuracy

    @property
    def accuracy_interval(self) -> tuple[float, float]:
        """Its 95 % interval."""
        return self.evaluation.accuracy_interval

    @property
    def confusion(self) -> NDArray[np.int64]:
        """Images by true class (rows) and answer (columns), `[classes, classes]`."""
        return self.evaluation.confusion

    @property
    def per_class(self) -> tuple[ClassScore, ...]:
        """Precision, recall and F1 of each class, with intervals."""
        return tuple(self.evaluation.per_class)

    @cached_property
    def figures(self) -> dict[str, Drawing]:
        """By name: `confusion_matrix`, `per_class_bars`, `confidence_histogram`, `reliability`, `confusion_pairs`.

        `risk_coverage` too, where it is known what leaving doubtful images to people gains.
        """
        from lowres.faces.report.study_figures import judging_figures, reliance_figures

        drawn = judging_figures(self.images, self.predictions, self.evaluation)
        return {one.name: one for one in (*drawn, *reliance_figures(self.reliance, self.n))}

    @property
    def conclusions(self) -> Sentences:
        """What it comes to: against guessing, against the target, which classes fail, and when a person should look."""
        from lowres.faces.report import learned_words, trust_words
        from lowres.faces.report import words as report_words

        found, review = self.evaluation, self.reliance.review if self.reliance else None
        said = (
            report_words.verdict(found),
            *learned_words.doubts(found),
            report_words.against_baseline(found),
            report_words.against_target(found),
            report_words.classes_apart(found.per_class),
            report_words.close_misses(found),
            trust_words.when_to_ask(review),
        )
        return Sentences(" ".join(one for one in said if one))

    def __repr__(self) -> str:
        """The accuracy with its interval and n."""
        low, high = self.accuracy_interval
        return f"accuracy {self.accuracy:.2%} ({low:.2%} to {high:.2%}, n = {self.n:,})"

    def _repr_html_(self) -> str:
        from lowres.faces.inline_html import block, table

        rows = [
            (one.name, f"{one.precision:.1%}", f"{one.recall:.1%}", f"{one.f1:.1%}", f"{one.support:,}")
            for one in self.per_class
        ]
        columns = ("class", "precision", "recall", "F1", "images")
        return block("Evaluation", self.conclusions._repr_html_(), table(columns, rows))


@dataclass(frozen=True, eq=False)
class Explained:
    """What the network looks at. explanation: raw heat maps. report: whether they are true."""

    explanation: Explanation
    report: ExplanationReport
    predictions: Predictions
    images: LabelledImages
    temperature: float

    @cached_property
    def gallery(self) -> Drawing:
        """Heat maps over their pictures, right and wrong answers beside each other."""
        from lowres.faces.report.study_figures import heat_figures

        return heat_figures(self.images, self.predictions, self.temperature, self.explanation)[0]

    def __repr__(self) -> str:
        """The method, the layer and the maps' resolution."""
        rows, columns = self.explanation.maps.shape[1:]
        name, layer = self.explanation.method, self.explanation.layer
        return f"{len(self.explanation.ids)} heat maps of {rows}x{columns} by {name} at {layer}"

    def _repr_html_(self) -> str:
        from lowres.faces.inline_html import block, figure, sentence
        from lowres.faces.report.trust_words import are_maps_true

        return block("Explanation", sentence(f"{self!r}."), sentence(are_maps_true(self.report)), figure(self.gallery))
