"""What a watch says of a window: which tests alarm, how accurate the answers probably are, and the likeliest causes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowres.values.judging.intervals import wilson_interval
from lowres.values.watching.accuracy_estimate import AccuracyEstimator, EstimatedAccuracy
from lowres.values.watching.causes import Cause, copies_cause, label_cause, likeliest_causes
from lowres.values.watching.reference import Reference
from lowres.values.watching.rules import WatchRules
from lowres.values.watching.signals import SIGNALS
from lowres.values.watching.two_samples import NO_SHIFT, Shift, embedding_shift, mix_shift, number_shift
from lowres.values.watching.window import WindowFigures, joined

_UNKNOWABLE = ("copies", "strangers", "embedding", "labels")
MIX, EMBEDDING = "predicted classes", "embedding"
TESTS = (*SIGNALS, MIX, EMBEDDING)


@dataclass(frozen=True)
class Alarm:
    """One test that came out beyond its level: of what, over how many of the newest windows, and how far."""

    test: str
    lookback: int
    shift: Shift


@dataclass(frozen=True)
class LabelledAccuracy:
    """right of n answers that people labelled; in the order of classes, right and n by class given.

    shift: how much surer the model was of all answers than of those labelled, in chances to be right: people label
    doubtful ones more often, so `right / n` is that much too low for all (a regression estimate, Cochran 1977, 7.2).
    """

    right: int
    n: int
    shift: float
    by_class: tuple[tuple[int, int], ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain values, with the Wilson interval of 95 %."""
        return {
            "accuracy": min(1.0, max(0.0, self.right / self.n + self.shift)),
            "interval": [min(1.0, max(0.0, one + self.shift)) for one in wilson_interval(self.right, self.n)],
            "right": self.right,
            "n": self.n,
            "by_class": [list(one) for one in self.by_class],
        }


@dataclass(frozen=True, eq=False)
class WindowVerdict:
    """What is said of the newest window.

    start, end: of the window, datetime64. n: its predictions. alarms: the tests that alarm, the surest first. causes:
    the likeliest first; empty where nothing alarms. shifts: of the window alone, by test. medians: by signal.
    estimated: accuracy without labels. labelled: accuracy where people gave labels; None without any.
    """

    start: Any
    end: Any
    n: int
    alarms: tuple[Alarm, ...]
    causes: tuple[Cause, ...]
    shifts: dict[str, Shift]
    medians: dict[str, float]
    mix: tuple[int, ...]
    copied_share: float
    estimated: EstimatedAccuracy
    labelled: LabelledAccuracy | None

    @property
    def is_calm(self) -> bool:
        """Whether nothing alarms."""
        return not self.causes

    def to_json(self) -> dict[str, Any]:
        """Return plain values; what is no number is null."""
        labelled = self.labelled
        return {
            "start": None if self.start is None else f"{self.start}Z",
            "end": None if self.end is None else f"{self.end}Z",
            "n": self.n,
            "calm": self.is_calm,
            "causes": [{"kind": one.kind, "reason": one.reason, "ids": list(one.ids)} for one in self.causes],
            "alarms": [{"test": one.test, "lookback": one.lookback, **_told(one.shift)} for one in self.alarms],
            "shifts": {test: _told(shift) for test, shift in self.shifts.items()},
            "medians": {name: _number(value) for name, value in self.medians.items()},
            "mix": list(self.mix),
            "copied_share": round(self.copied_share, 4),
            "estimated_accuracy": {
                "accuracy": _number(self.estimated.accuracy),
                "interval": [_number(self.estimated.low), _number(self.estimated.high)],
                "is_known": self.estimated.is_known,
                "error": _number(self.estimated.error),
            },
            "labelled_accuracy": None if labelled is None else labelled.to_json(),
        }


def judge_window(
    windows: Sequence[WindowFigures], reference: Reference, estimator: AccuracyEstimator, rules: WatchRules
) -> WindowVerdict:
    """Return the verdict on the last of the windows, those before it being looked back at.

    Every test compares the newest 1, 2, 4, ... windows with the whole reference by a two-sample test, whose p-value
    counts the chance in the reference too, and alarms below 1 / (calm_windows * tests * lookbacks): so whatever the
    tests have to do with each other, a calm stream has at most one false alarm in `calm_windows` windows on average.
    A shift below `smallest_shift` is no alarm however certain it is.
    """
    now = windows[-1]
    level = rules.test_level(len(TESTS))
    shifts = {test: shift_of(test, now, reference) for test in TESTS}
    alarms: list[Alarm] = []
    for lookback in rules.lookbacks:
        if lookback > len(windows):
            break
        together = now if lookback == 1 else joined(list(windows[-lookback:]))
        found = shifts if lookback == 1 else {test: shift_of(test, together, reference) for test in TESTS}
        known = {alarm.test for alarm in alarms}
        alarms += [
            Alarm(test, lookback, shift)
            for test, shift in found.items()
            if test not in known and shift.p < level and shift.size >= _smallest(test, rules)
        ]
    estimated = estimator.estimate(now.signals)
    together = joined(list(windows[-max(one for one in rules.lookbacks if one <= len(windows)) :]))
    causes = [copies_cause(now, rules.copied_share)]
    # A stuck camera shifts everything else as well.
    causes += [] if any(causes) else likeliest_causes(alarms, windows, reference, level)
    chances = estimator.chances(together.signals)[together.is_labelled] if len(together.right) else np.zeros(0)
    causes.append(label_cause(together.right, chances, estimator.error, level))
    # Of copies and strangers nothing follows from how sure the model is, nor where people contradict it.
    estimated = estimated._replace(is_known=not any(one and one.kind in _UNKNOWABLE for one in causes))
    if not any(causes) and estimated.high < reference.accuracy - rules.accuracy_drop:
        causes.append(_drop(estimated, reference, now))
    return WindowVerdict(
        start=now.start,
        end=now.end,
        n=len(now),
        alarms=tuple(sorted(alarms, key=lambda one: one.shift.p)),
        causes=tuple(cause for cause in causes if cause is not None),
        shifts=shifts,
        medians={name: _median(values) for name, values in now.signals.items()},
        mix=tuple(int(one) for one in np.bincount(now.predicted, minlength=len(reference.class_names))),
        copied_share=float(now.is_copy.mean()) if len(now) else 0.0,
        estimated=estimated,
        labelled=labelled_accuracy(now, reference, estimator),
    )


def shift_of(test: str, window: WindowFigures, reference: Reference) -> Shift:
    """Return one of `TESTS` on one stretch of predictions."""
    if len(window) < 2:
        return NO_SHIFT
    if test == MIX:
        classes = len(reference.class_names)
        counts = (np.bincount(one, minlength=classes) for one in (reference.predicted, window.predicted))
        return mix_shift(*counts)
    if test == EMBEDDING:
        return embedding_shift(reference.directions, window.directions)
    return number_shift(reference.signals[test], window.signals[test])


def _smallest(test: str, rules: WatchRules) -> float:
    # The discrepancy of embeddings is no gap between distributions and has another scale.
    return 0.0 if test == EMBEDDING else rules.smallest_shift


def _median(values: NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else float("nan")


def labelled_accuracy(
    window: WindowFigures, reference: Reference, estimator: AccuracyEstimator
) -> LabelledAccuracy | None:
    """Return how many of the labelled answers are right; None where nobody has labelled one."""
    if not len(window.right):
        return None
    of_class = [window.labelled == number for number in range(len(reference.class_names))]
    counts = tuple((int(window.right[one].sum()), int(one.sum())) for one in of_class)
    chances = estimator.chances(window.signals)
    shift = float(chances.mean() - chances[window.is_labelled].mean())
    return LabelledAccuracy(int(window.right.sum()), len(window.right), shift, counts)


def _drop(estimated: EstimatedAccuracy, reference: Reference, window: WindowFigures) -> Cause:
    order = np.argsort(window.signals["confidence"])
    return Cause(
        "accuracy",
        f"about {estimated.accuracy:.0%} of the answers are right (at most {estimated.high:.0%}), against "
        f"{reference.accuracy:.0%} of the validation pictures, reckoned from how sure the model is",
        tuple(window.ids[order[:12]].tolist()),
    )


def _told(shift: Shift) -> dict[str, Any]:
    return {"p": shift.p, "size": round(shift.size, 4), "direction": shift.direction}


def _number(value: float) -> float | None:
    return None if value != value else round(float(value), 6)
