"""The watch over a served study: new windows of its record are judged, once each, and what was said is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lowres.files.monitoring.watch_files import WatchedSoFar, read_watched, write_watched
from lowres.pipeline.predict_pictures import open_finished_study
from lowres.pipeline.progress import Progress
from lowres.pipeline.serving.recorded_study import recorded_study
from lowres.pipeline.watching.watch_reference import study_reference

if TYPE_CHECKING:
    from lowres.values.monitoring.record_window import RecordWindow
    from lowres.values.monitoring.served_record import RecordedModel
    from lowres.values.watching.reference import Reference
    from lowres.values.watching.rules import WatchRules
    from lowres.values.watching.verdict import WindowVerdict


@dataclass(frozen=True, eq=False)
class Watched:
    """What a look came to.

    verdicts: of the windows that were new, oldest first. waiting: predictions that make no whole window yet.
    lost: predictions that were not recorded since the look before, by reason.
    """

    model: RecordedModel
    verdicts: tuple[WindowVerdict, ...]
    waiting: int
    lost: dict[str, int]
    reference: Reference

    @property
    def is_calm(self) -> bool:
        """Whether no window alarms and nothing was lost."""
        return not self.lost and all(verdict.is_calm for verdict in self.verdicts)


def watch_study(
    folder: Path, store: str, rules: WatchRules, *, most_windows: int, again: bool, progress: Progress
) -> Watched:
    """Judge the windows of the record that were not judged yet, at most so many of the newest, and keep what was said.

    People label a picture after its window was judged: of windows that were, as many as are read, the accuracy by
    labels is told anew.

    again: judge those that were judged before as well. Refused with StoreError: no store there, none of this study's
    predictions in it; and as `study_reference` refuses.
    """
    from lowres.files.monitoring.store import open_store

    open_finished_study(folder)
    with open_store(store, note=progress.note, make=False) as opened:
        model = recorded_study(folder, opened)
        reference = study_reference(folder, progress)
        before = WatchedSoFar() if again else read_watched(folder, opened.identity, model)
        size = rules.window_records
        rows = (most_windows + max(rules.lookbacks) - 1) * size
        records = opened.read_window(model.name, model.version, last=rows)
        lost, identity = opened.lost(), opened.identity
    new = records.numbers > before.last
    old = records.rows(~new)
    verdicts, last = _judged(old, records.rows(new), reference, rules, most_windows, progress)
    said = _relabelled(before.verdicts, _windows_before(old, size), reference)
    kept = [*said, *(verdict.to_json() for verdict in verdicts)]
    write_watched(folder, identity, model, WatchedSoFar(max(last, before.last), lost, tuple(kept)))
    losses = {reason: count - before.lost.get(reason, 0) for reason, count in lost.items()}
    return Watched(
        model,
        tuple(verdicts),
        waiting=int(new.sum()) % size,
        lost={reason: count for reason, count in losses.items() if count > 0},
        reference=reference,
    )


def _judged(
    old: RecordWindow,
    new: RecordWindow,
    reference: Reference,
    rules: WatchRules,
    most_windows: int,
    progress: Progress,
) -> tuple[list[WindowVerdict], int]:
    """The verdict on each whole window of the new records, and the number of the last of them."""
    from lowres.values.watching.accuracy_estimate import fit_estimator
    from lowres.values.watching.verdict import judge_window
    from lowres.values.watching.window import figures_of

    size, context = rules.window_records, max(rules.lookbacks) - 1
    whole = len(new) // size
    if not whole:
        return [], 0
    known = _windows_before(old, size)[-context:] if context else []
    fresh = [new.rows(slice(number * size, (number + 1) * size)) for number in range(whole)]
    figures = [figures_of(one, reference) for one in (*known, *fresh)]
    estimator = fit_estimator(reference)
    first = len(figures) - min(whole, most_windows)
    verdicts = []
    for place in range(first, len(figures)):
        seen = figures[max(0, place - context) : place + 1]
        verdicts.append(judge_window(seen, reference, estimator, rules))
        progress.advance("windows judged", place - first + 1, len(figures) - first)
    return verdicts, int(fresh[-1].numbers.max())


def _windows_before(old: RecordWindow, size: int) -> list[RecordWindow]:
    """Windows that were judged before, oldest first: they count backwards from where the new ones begin."""
    return [old.rows(slice(end - size, end)) for end in range(len(old), size - 1, -size)][::-1]


def _relabelled(
    said: Sequence[dict[str, Any]], windows: Sequence[RecordWindow], reference: Reference
) -> list[dict[str, Any]]:
    """What was said of windows, with the labels that people have given since, or taken back."""
    from lowres.values.watching.accuracy_estimate import fit_estimator
    from lowres.values.watching.verdict import labelled_accuracy
    from lowres.values.watching.window import figures_of

    there = {(f"{one.times[0]}Z", f"{one.times[-1]}Z", len(one)): one for one in windows}
    estimator, told = None, []
    for verdict in said:
        window = there.get((verdict["start"], verdict["end"], verdict["n"]))
        if window is not None and _labels(window) != _labels_said(verdict["labelled_accuracy"]):
            estimator = estimator or fit_estimator(reference)
            found = labelled_accuracy(figures_of(window, reference), reference, estimator)
            verdict = verdict | {"labelled_accuracy": None if found is None else found.to_json()}
        told.append(verdict)
    return told


def _labels(window: RecordWindow) -> tuple[int, list[list[int]]] | None:
    """How many have a label, and by class how many of them are right and how many there are; None without any."""
    if not window.is_labelled.any():
        return None
    is_right = window.labels == window.predicted
    of_class = [window.labels == number for number in range(len(window.class_names))]
    return int(window.is_labelled.sum()), [[int(is_right[one].sum()), int(one.sum())] for one in of_class]


def _labels_said(said: dict[str, Any] | None) -> tuple[int, list[list[int]]] | None:
    return None if said is None else (said["n"], said["by_class"])
