"""Results that can be judged again: the test predictions of a study, or any model's outputs in a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lowres.errors import PredictionsError, StudyError
from lowres.files.study.ledger import damaged_outputs
from lowres.files.study.study_folder import RECIPE_FILE, is_study, read_ledger
from lowres.pipeline.stages.predict import predictions_file
from lowres.values.judging.answers import Answers, answers_of

if TYPE_CHECKING:
    from lowres.values.judging.given_outputs import GivenOutputs, Judgeable
    from lowres.values.judging.output_kinds import Kind


@dataclass(frozen=True)
class ResultPlace:
    """Where a result lies.

    name: as it was typed. test: the file of outputs. validation: that of a study, else None. recipe: the study's file,
    else None. fingerprint: of the study's images, else empty. test_fingerprint: of those it was judged by, which
    studies of other training images may share; empty in studies made before it was kept.
    """

    name: str
    test: Path
    validation: Path | None = None
    recipe: Path | None = None
    fingerprint: str = ""
    test_fingerprint: str = ""


@dataclass(frozen=True)
class Result:
    """A result ready to be compared: its answers, what kind of outputs they were read from, and its place."""

    place: ResultPlace
    answers: Answers
    judgeable: Judgeable


def find_result(path: Path) -> ResultPlace:
    """Return where the result lies that `path` names: a study folder, or a file.

    Refused with StudyError: a folder that is no study, a study without predictions or with changed ones.
    """
    if not path.is_dir():
        return ResultPlace(path.as_posix(), path)
    if not is_study(path):
        raise StudyError(f"expected a study folder or a file of predictions, got {path}, a folder without study.json")
    record = read_ledger(path).stages.get("predict")
    complaints = ("nothing was predicted yet",) if record is None else damaged_outputs(record, path)
    if record is None or complaints or not record.current:
        told = "; ".join(complaints) or "they are outdated"
        raise StudyError(f"expected predictions in the study {path}, got none: {told}; run: lowres evaluate {path}")
    stages = read_ledger(path).stages
    return ResultPlace(
        name=path.as_posix(),
        test=path / predictions_file("test"),
        validation=path / predictions_file("validation"),
        recipe=path / RECIPE_FILE,
        fingerprint=stages["images"].facts["fingerprint"],
        test_fingerprint=stages["split"].facts.get("test_fingerprint", "") if "split" in stages else "",
    )


def read_outputs(path: Path, labels: Path | None = None, also_known: Sequence[str] = ()) -> GivenOutputs:
    """Return a file's outputs, with the true labels of another file where one is given."""
    from lowres.files.given_outputs import read_given_labels, read_given_outputs
    from lowres.values.judging.given_outputs import with_labels

    given = read_given_outputs(path)
    return with_labels(given, read_given_labels(labels), also_known) if labels else given


def read_result(path: Path, labels: Path | None = None, kind: Kind | None = None) -> Result:
    """Return the result at `path`, checked; refused with what `find_result` and `judgeable` refuse."""
    from lowres.values.judging.given_outputs import judgeable

    place = find_result(path)
    ready = judgeable(read_outputs(place.test, labels), kind)
    judged = ready.judged
    return Result(place, judged if isinstance(judged, Answers) else answers_of(judged), ready)


def read_results(paths: Sequence[Path], labels: Path | None = None, kind: Kind | None = None) -> tuple[Result, ...]:
    """Return all results, each under a name of its own.

    Refused with PredictionsError: one given twice, studies of other images, ids here and none there.
    """
    resolved = [path.resolve() for path in paths]
    for path, place in zip(paths, resolved, strict=True):
        if resolved.count(place) > 1:
            raise PredictionsError(f"expected different results, got {path} more than once; name each once")
    results = tuple(read_result(path, labels, kind) for path in paths)
    _refuse_other_images(results)
    return results


def _share_test_images(one: ResultPlace, other: ResultPlace) -> bool:
    return bool(one.test_fingerprint) and one.test_fingerprint == other.test_fingerprint


def _refuse_other_images(results: Sequence[Result]) -> None:
    studies = [result.place for result in results if result.place.fingerprint]
    for other in studies[1:]:
        if other.fingerprint != studies[0].fingerprint and not _share_test_images(other, studies[0]):
            raise PredictionsError(
                f"expected studies of the same images, got {studies[0].name} of images {studies[0].fingerprint[:12]} "
                f"and {other.name} of images {other.fingerprint[:12]}; compare studies of one data set"
            )
    without = [result.place.name for result in results if not result.judgeable.has_ids]
    if without and len(without) < len(results):
        raise PredictionsError(
            f"expected ids in all results, since some have them, got none in {', '.join(without)}; add a column or an "
            "array 'id'"
        )


def apart(given: GivenOutputs, prefix: str) -> GivenOutputs:
    """Return outputs whose rows, where they have no ids, are called by `prefix` and their number."""
    rows = 0 if given.outputs is None else len(given.outputs)
    return given if given.ids else replace(given, ids=tuple(f"{prefix} {row}" for row in range(rows)))
