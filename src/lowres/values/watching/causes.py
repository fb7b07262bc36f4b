"""Why a watch alarms, in words a person understands: the likeliest cause first, with the records that show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from lowres.values.watching.reference import Reference
from lowres.values.watching.signals import SIGNALS
from lowres.values.watching.two_samples import Shift, number_shift
from lowres.values.watching.window import WindowFigures, joined, part_of

if TYPE_CHECKING:
    from lowres.values.watching.verdict import Alarm

EXAMPLES = 12
# Of the reference, so many are its strangers; of a window, so many are worth a word.
_FARTHEST, _FEWEST_STRANGERS = 0.01, 0.05
_UNLIKE = "pictures look as before, but the network sees something else in them than in those it was chosen on"
# A change of brightness stretches contrast, and one of contrast squares into sharpness: what is left is told apart.
_LOOKS = ("brightness", "contrast", "sharpness", "saturation", "greyness", "clipped")


@dataclass(frozen=True)
class Cause:
    """kind: copies, size, classes, a signal's name, strangers, answers, labels or accuracy. reason: a sentence."""

    kind: str
    reason: str
    ids: tuple[str, ...] = ()


def copies_cause(window: WindowFigures, share: float) -> Cause | None:
    """Return that the same pictures come again and again, where they are at least that share of the window."""
    copied = float(window.is_copy.mean()) if len(window) else 0.0
    if copied < share:
        return None
    return Cause(
        "copies",
        f"{copied:.0%} of the pictures are copies of another one: a camera that is stuck, or a sender that repeats "
        "itself",
        tuple(window.ids[window.is_copy][:EXAMPLES].tolist()),
    )


def label_cause(right: NDArray[np.bool_], chances: NDArray[np.float64], error: float, level: float) -> Cause | None:
    """Return that people found fewer answers right than the labelled ones should be.

    chances: how likely each of them is to be right, from how sure the model was: people label doubtful pictures more
    often, and their answers are wrong more often in the calmest stream. error: how far those chances may be off on
    average, for certain. The normal law for a sum of unlike coins, with its correction for whole numbers.
    """
    n = len(right)
    if not n:
        return None
    least = float(np.clip(chances - error, 0, 1).sum())
    deviation = float(np.sqrt((chances * (1 - chances)).sum())) or 1.0
    if stats.norm.cdf((int(right.sum()) + 0.5 - least) / deviation) >= level:
        return None
    return Cause(
        "labels",
        f"people found {right.mean():.0%} of {n} answers right, where {chances.mean():.0%} would be expected of "
        "answers as sure as these: what the classes mean may have changed, or the pictures have",
    )


def likeliest_causes(
    alarms: Sequence[Alarm], windows: Sequence[WindowFigures], reference: Reference, level: float
) -> list[Cause]:
    """Return what explains the alarms, the likeliest first.

    In this order: another size; strangers, pictures farther from known ones than nearly all of the reference's are,
    where the others look as before; another mix of classes, where what else shifted does so no more against a reference
    of the same mix; another look, the shift that is widest once what a change of brightness or contrast does to the
    others is taken off; answers that only hesitate.
    """
    if not alarms:
        return []
    tests = {alarm.test for alarm in alarms}
    stretch = joined(list(windows[-max(alarm.lookback for alarm in alarms) :]))
    found = [_shifted(name, reference.signals, stretch) for name in ("width", "height") if name in tests]
    rows = _matched_rows(reference, stretch)
    alike = {name: values[rows] for name, values in reference.signals.items()}
    strangers = _strangers(alike, reference, stretch, level)
    if strangers:
        return [*found, strangers]
    looks = _looks(alike, reference, stretch, level) if tests & set(_LOOKS) else []
    if "predicted classes" in tests and not looks:
        return [*found, _classes(reference, stretch)]
    found += looks
    if not found and tests & {"distance", "embedding"}:
        far = np.argsort(-np.nan_to_num(stretch.signals["distance"], nan=-1.0))
        found.append(Cause("embedding", _UNLIKE, tuple(stretch.ids[far[:EXAMPLES]].tolist())))
    if not found:
        found += [_shifted(name, reference.signals, stretch) for name in ("confidence", "entropy") if name in tests][:1]
    return found


def _strangers(
    alike: dict[str, NDArray[Any]], reference: Reference, stretch: WindowFigures, level: float
) -> Cause | None:
    """Pictures beyond the reference's farthest hundredth, where they are too many and the others look as before."""
    own, now = alike["distance"], stretch.signals["distance"]
    if np.isnan(own).all() or np.isnan(now).all():
        return None
    edge = float(np.nanquantile(reference.signals["distance"], 1 - _FARTHEST))
    far, n = now > edge, int((~np.isnan(now)).sum())
    # The edge itself is only known as well as the reference has images beyond it.
    known = [[int(far.sum()), n - int(far.sum())], [int((own > edge).sum()), int((own <= edge).sum())]]
    share = far.sum() / n
    if share < _FEWEST_STRANGERS or stats.fisher_exact(known, alternative="greater").pvalue >= level:
        return None
    near = {name: values[own <= edge] for name, values in alike.items()}
    if _looks(near, reference, part_of(stretch, ~far), level):
        return None
    order = np.argsort(-np.where(far, now, -1.0))
    return Cause(
        "strangers",
        f"{share:.0%} of the pictures are unlike those the model was chosen on ({_FARTHEST:.0%} of its own are as far "
        "off), while the others look as before: another subject, angle or kind of picture",
        tuple(stretch.ids[order[:EXAMPLES]].tolist()),
    )


def _looks(alike: dict[str, NDArray[Any]], reference: Reference, stretch: WindowFigures, level: float) -> list[Cause]:
    then, now = _told_apart(alike), _told_apart(stretch.signals)
    shifts = {name: number_shift(then[name], now[name]) for name in _LOOKS}
    apart = [name for name in _LOOKS if shifts[name].p < level and shifts[name].size >= 0.1]
    # The widest gap first; of equal ones the earlier in the list, which the later may follow from.
    apart.sort(key=lambda name: (-round(shifts[name].size, 1), _LOOKS.index(name)))
    return [_shifted(name, reference.signals, stretch, shifts[name]) for name in apart[:3]]


def _told_apart(signals: dict[str, NDArray[Any]]) -> dict[str, NDArray[np.float64]]:
    brightness, contrast = (np.maximum(signals[name], 1e-3) for name in ("brightness", "contrast"))
    own = {name: np.asarray(signals[name], np.float64) for name in _LOOKS}
    return own | {"contrast": contrast / brightness, "sharpness": signals["sharpness"] / contrast**2}


def _matched_rows(reference: Reference, stretch: WindowFigures) -> NDArray[np.int64]:
    """Rows of the reference, drawn so that its answers have the stretch's mix of classes; as many as can be had."""
    classes = len(reference.class_names)
    had = np.bincount(reference.predicted, minlength=classes)
    share = np.bincount(stretch.predicted, minlength=classes) / max(1, len(stretch))
    wanted = share > 0.01
    most = min((had[wanted] / share[wanted]).min() if wanted.any() else 0, len(reference))
    if most < 50:
        return np.arange(len(reference))
    rows = [np.flatnonzero(reference.predicted == number)[: round(share[number] * most)] for number in range(classes)]
    return np.concatenate(rows)


def _shifted(name: str, then: dict[str, NDArray[Any]], stretch: WindowFigures, shift: Shift | None = None) -> Cause:
    signal, before, now = SIGNALS[name], then[name], stretch.signals[name]
    direction = (shift or number_shift(before, now)).direction
    order = np.argsort(now if direction < 0 else -now)
    words = signal.less if direction < 0 else signal.more
    # Of what is nothing for most pictures the medians are alike.
    typical, which = (np.median, "medians") if np.median(now) != np.median(before) else (np.mean, "means")
    reason = f"{words}: {name} {typical(now):.3g} against {typical(before):.3g} ({which})"
    return Cause(name, reason, tuple(stretch.ids[order[:EXAMPLES]].tolist()))


def _classes(reference: Reference, stretch: WindowFigures) -> Cause:
    classes = len(reference.class_names)
    answers = reference.predicted, stretch.predicted
    before, now = (np.bincount(one, minlength=classes) / max(1, len(one)) for one in answers)
    more, fewer = int(np.argmax(now - before)), int(np.argmin(now - before))
    names = reference.class_names
    return Cause(
        "classes",
        f"another mix of classes: {names[more]} {now[more]:.0%} against {before[more]:.0%}, {names[fewer]} "
        f"{now[fewer]:.0%} against {before[fewer]:.0%}; pictures of each class look as before",
        tuple(stretch.ids[stretch.predicted == more][:EXAMPLES].tolist()),
    )
