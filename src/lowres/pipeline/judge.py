"""Judges a file of any model's outputs: every figure there is ground for, chosen on validation or not at all."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lowres.errors import PredictionsError
from lowres.pipeline.results import ResultPlace, apart, find_result, read_outputs

if TYPE_CHECKING:
    from lowres.values.judging.answers import Answers
    from lowres.values.judging.appraisal import Appraisal, AppraisalChoices
    from lowres.values.judging.given_outputs import GivenOutputs, Judgeable
    from lowres.values.judging.output_kinds import Kind
    from lowres.values.judging.slices import SlicedColumn
    from lowres.values.predictions import Predictions


@dataclass(frozen=True)
class GivenFiles:
    """What is given to judge: outputs, and where they lie elsewhere, true labels, validation outputs and metadata."""

    predictions: Path
    labels: Path | None = None
    validation: Path | None = None
    metadata: Path | None = None
    kind: Kind | None = None


@dataclass(frozen=True)
class Judgement:
    """What a file of outputs is worth, what was read from it, and its slices by metadata column."""

    files: GivenFiles
    judgeable: Judgeable
    appraisal: Appraisal
    slices: tuple[SlicedColumn, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the keys of evaluation.json, beside what was read and the slices."""
        judged = self.judgeable.judged
        return {
            "predictions": self.files.predictions.as_posix(),
            "validation": self.files.validation.as_posix() if self.files.validation else None,
            "kind": self.judgeable.kind,
            "classes": list(judged.class_names),
            "has_ids": self.judgeable.has_ids,
            "findings": [asdict(finding) for finding in self.judgeable.findings],
            **self.appraisal.to_json(),
            "slices": [asdict(column) | {"slices": [asdict(row) for row in column.slices]} for column in self.slices],
        }


def judge_file(files: GivenFiles, choices: AppraisalChoices) -> Judgement:
    """Return the judgement of a file, or of a study's test part beside its own validation part.

    Refused with PredictionsError: what cannot be judged, and a validation part that holds judged images.
    """
    from lowres.values.judging.appraisal import appraise
    from lowres.values.judging.given_outputs import judgeable

    place = find_result(files.predictions)
    given, validation = _read(files, place)
    ready = judgeable(given, files.kind)
    chooser = _chooser(validation, files.kind, ready) if validation else None
    appraisal = appraise(ready.judged, chooser, choices)
    return Judgement(files, ready, appraisal, _slices(files.metadata, ready.judged))


def _read(files: GivenFiles, place: ResultPlace) -> tuple[GivenOutputs, GivenOutputs | None]:
    """The judged outputs and those of validation, each with its labels."""
    from lowres.files.given_outputs import read_given_outputs

    source = files.validation or place.validation
    if source is None:
        return read_outputs(place.test, files.labels), None
    if source.resolve() == place.test.resolve():
        raise PredictionsError(
            f"expected validation outputs of other images, got {source}, the judged file itself; what is chosen on "
            "images says nothing of how good it is on them"
        )
    validation, judged_ids = read_given_outputs(source), read_given_outputs(place.test).ids or ()
    given = read_outputs(place.test, files.labels, also_known=validation.ids or ())
    if validation.labels is None and files.labels and validation.ids:
        validation = read_outputs(source, files.labels, also_known=judged_ids)
    return given, apart(validation, "validation row")


def _chooser(validation: GivenOutputs, kind: Kind | None, judged: Judgeable) -> Predictions:
    """The validation part as what may choose; refused where it has no probabilities, other classes, or judged rows."""
    from lowres.values.judging.answers import Answers
    from lowres.values.judging.appraisal import refuse_shared_images, refuse_shared_rows
    from lowres.values.judging.given_outputs import judgeable

    chooser = judgeable(validation, kind).judged
    if isinstance(chooser, Answers):
        raise PredictionsError(
            f"expected probabilities or logits in {validation.where}, got hard labels, by which nothing can be chosen"
        )
    if chooser.class_names != judged.judged.class_names:
        raise PredictionsError(
            f"expected the classes of the judged outputs in {validation.where}, in their order, got "
            f"{', '.join(chooser.class_names[:5])} for {', '.join(judged.judged.class_names[:5])}"
        )
    if not isinstance(judged.judged, Answers):
        refuse_shared_images(chooser.ids, judged.judged.ids)
        refuse_shared_rows(chooser, judged.judged)
    return chooser


def _slices(metadata: Path | None, judged: Predictions | Answers) -> tuple[SlicedColumn, ...]:
    from lowres.files.given_outputs import read_metadata
    from lowres.values.judging.slices import sliced_column

    if metadata is None:
        return ()
    columns = read_metadata(metadata, judged.ids)
    return tuple(sliced_column(name, values, judged.is_right) for name, values in columns.items())
