"""A finished study written for other programs: each format asked for is a stage, kept only where it passes its gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from lowres.errors import ExportError, MissingDependency, StudyError
from lowres.files.study.study_folder import is_study, open_study
from lowres.pipeline.choice import choose_study
from lowres.pipeline.progress import Progress, SilentProgress
from lowres.pipeline.running import bring
from lowres.pipeline.stages import evaluate, report
from lowres.pipeline.stages.export_stage import LEAST_IMAGES, ExportOptions, export_stage, read_parities, stage_name
from lowres.pipeline.study import STAGES
from lowres.pipeline.study_run import StudyRun
from lowres.values.exporting.export_format import ExportFormat, chosen_formats
from lowres.values.exporting.parity import Parity, checked_threshold


@dataclass(frozen=True)
class ExportAnswer:
    """What became of an export.

    kept: the parity of every format that stands now, asked for or not. refused: the formats asked for that were not
    kept, each with the reason. report: where it lies, brought up to date; None where the study has none yet.
    """

    folder: Path
    kept: tuple[Parity, ...]
    refused: tuple[tuple[str, str], ...]
    report: Path | None


def export_study(
    folder: Path, words: Sequence[str], options: ExportOptions | None = None, progress: Progress | None = None
) -> ExportAnswer:
    """Export the study in `folder` to the formats that `words` mean, and bring its report up to date.

    A format whose export does not pass its gate leaves nothing behind, and the others go on. Refused with ExportError:
    no such format, options that cannot be meant; with MissingDependency: a package that one of them needs, before
    anything is begun; with StudyError: no study there, or one that was never evaluated.
    """
    formats, options = chosen_formats(words), _checked(options or ExportOptions())
    _refuse_missing(formats)
    if not is_study(folder):
        raise StudyError(f"expected a study folder at {folder}, got none; make one: lowres study SOURCE --study DIR")
    choice = choose_study(str(folder))
    with open_study(folder) as study:
        if "evaluate" not in study.ledger.stages:
            raise StudyError(
                f"expected a finished study in {folder}, got one that was not evaluated yet; run: lowres study {folder}"
            )
        run = StudyRun(study, choice.recipe, choice.source, progress or SilentProgress())
        bring(run, STAGES, evaluate.STAGE.name)
        refused = _bring_each(run, formats, options)
        return ExportAnswer(folder, read_parities(folder, study.ledger), refused, _brought_report(run))


def _bring_each(run: StudyRun, formats: Sequence[ExportFormat], options: ExportOptions) -> tuple[tuple[str, str], ...]:
    """Bring every format to its stage; return those that were refused, with the reason."""
    refused = []
    for form in formats:
        try:
            bring(run, (export_stage(form, options),), stage_name(form))
        except ExportError as error:
            run.study.forget(stage_name(form))
            run.progress.note(f"{form.name} was not kept: {error}")
            refused.append((form.name, str(error)))
    return tuple(refused)


def _brought_report(run: StudyRun) -> Path | None:
    """The report with the table of exports, for a study that had been brought as far."""
    if report.STAGE.name not in run.study.ledger.stages:
        return None
    bring(run, STAGES[STAGES.index(evaluate.STAGE) + 1 :], report.STAGE.name)
    return run.study.folder / report.REPORT_FILE


def _checked(options: ExportOptions) -> ExportOptions:
    if options.agreement is not None:
        checked_threshold(options.agreement)
    if options.images < LEAST_IMAGES:
        raise ExportError(
            f"expected a gate of at least {LEAST_IMAGES:,} images (all, where there are fewer), got "
            f"{options.images:,}; try --images {LEAST_IMAGES}"
        )
    return options


def _refuse_missing(formats: Sequence[ExportFormat]) -> None:
    """Refuse formats whose converter or runtime is not installed; nothing is imported."""
    for form in formats:
        missing = [name for name in dict.fromkeys((form.runtime, *form.converters)) if find_spec(name) is None]
        if missing:
            extras = "cpu,export" if {"tensorflow", "openvino"} & set(missing) else "export"
            raise MissingDependency(
                f"expected {' and '.join(missing)} for the format {form.name}, got no such package; "
                f"pip install 'lowres[{extras}]'"
            )
