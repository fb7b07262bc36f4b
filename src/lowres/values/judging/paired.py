"""Two classifiers judged on the same images: who is right where, and whether the difference could be luck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lowres.errors import PredictionsError
from lowres.values.judging.answers import Answers
from lowres.values.judging.intervals import Interval, paired_wilson_interval

RESAMPLES = 10_000
SEED = 0
_SHOWN = 5


@dataclass(frozen=True)
class ClassGain:
    """How much recall of one class the second gains over the first, on `n` images, with its 95 % Newcombe interval."""

    name: str
    n: int
    gain: float
    gain_interval: Interval


@dataclass(frozen=True)
class PairedDifference:
    """The second's accuracy minus the first's, as a fraction, on `n` images that both judged.

    difference_interval: 95 %, percentiles of `RESAMPLES` seeded paired bootstrap resamples. gained: ids that only the
    second has right; lost: that only the first has. otherwise_wrong: images that both have wrong, in different ways.
    p_value: exact McNemar. holm_p_value: the same, corrected for all pairs compared at once.
    """

    first: str
    second: str
    n: int
    difference: float
    difference_interval: Interval
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    otherwise_wrong: int
    p_value: float
    holm_p_value: float
    per_class: tuple[ClassGain, ...]


def compare_all(judged: Sequence[tuple[str, Answers]]) -> tuple[PairedDifference, ...]:
    """Return the paired difference of every two of the named answers, in the order given, corrected after Holm.

    Refused with PredictionsError: fewer than two, other images, other labels, other classes; the message names them.
    """
    if len(judged) < 2:
        raise PredictionsError(f"expected at least two results to compare, got {len(judged)}; name another")
    reference = judged[0]
    aligned = [reference, *((name, align(reference, (name, answers))) for name, answers in judged[1:])]
    pairs = [(one, other) for index, one in enumerate(aligned) for other in aligned[index + 1 :]]
    p_values = [exact_mcnemar(*_discordant(one[1], other[1])) for one, other in pairs]
    corrected = holm(p_values)
    return tuple(
        _difference(one, other, p_value, corrected_one)
        for (one, other), p_value, corrected_one in zip(pairs, p_values, corrected, strict=True)
    )


def align(reference: tuple[str, Answers], other: tuple[str, Answers]) -> Answers:
    """Return the other's answers in the order of the reference's images and classes."""
    (first, one), (second, two) = reference, other
    _refuse_other_images(first, set(one.ids), second, set(two.ids))
    row_of = {name: row for row, name in enumerate(two.ids)}
    two = two.rows(np.array([row_of[name] for name in one.ids]))
    if set(one.class_names) != set(two.class_names):
        only = sorted(set(one.class_names) ^ set(two.class_names))
        raise PredictionsError(
            f"expected the same classes in {first} and {second}, got {_some(only)} in one of them only; "
            "compare results of one set of classes"
        )
    number = {name: index for index, name in enumerate(one.class_names)}
    numbers = np.array([number[name] for name in two.class_names])
    two = Answers(two.ids, numbers[two.labels], numbers[two.predicted], one.class_names)
    other_label = np.flatnonzero(one.labels != two.labels)
    if len(other_label):
        raise PredictionsError(
            f"expected the same true labels in {first} and {second}, got others for {len(other_label)} of {len(one)} "
            f"images: {_some([one.ids[row] for row in other_label])}; find out which labels are right"
        )
    return two


def exact_mcnemar(gained: int, lost: int) -> float:
    """Return the two-sided p-value of `gained` against `lost` discordant images, binomial at 1/2; 1 where none is.

    McNemar, Psychometrika 12 (1947); exact form: Edwards, Psychometrika 13 (1948).
    """
    # Here and not above: SciPy takes longer to load than most answers.
    from scipy.special import bdtr

    n = gained + lost
    return 1.0 if n == 0 else min(1.0, 2 * float(bdtr(min(gained, lost), n, 0.5)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values that hold for all comparisons at once (Holm, Scandinavian Journal of Statistics 6, 1979)."""
    order = np.argsort(p_values, kind="stable")
    factors = np.arange(len(p_values), 0, -1)
    stepped = np.minimum(np.maximum.accumulate(np.asarray(p_values)[order] * factors), 1)
    corrected = np.empty(len(p_values))
    corrected[order] = stepped
    return [float(value) for value in corrected]


def paired_interval(gained: int, lost: int, n: int, seed: int = SEED) -> Interval:
    """Return the 95 % percentile interval of (gained - lost) / n over resampled images.

    Drawing the two counts from their multinomial is drawing `n` images with replacement, in one step.
    """
    random = np.random.default_rng(seed)
    draws = random.multinomial(n, [gained / n, lost / n, (n - gained - lost) / n], size=RESAMPLES)
    low, high = np.quantile((draws[:, 0] - draws[:, 1]) / n, [0.025, 0.975])
    return float(low), float(high)


def _difference(one: tuple[str, Answers], other: tuple[str, Answers], p: float, holm_p: float) -> PairedDifference:
    (first, before), (second, after) = one, other
    gained, lost = ~before.is_right & after.is_right, before.is_right & ~after.is_right
    n = len(before)
    return PairedDifference(
        first=first,
        second=second,
        n=n,
        difference=(int(gained.sum()) - int(lost.sum())) / n,
        difference_interval=paired_interval(int(gained.sum()), int(lost.sum()), n),
        gained=_ids(before, gained),
        lost=_ids(before, lost),
        otherwise_wrong=int((~before.is_right & ~after.is_right & (before.predicted != after.predicted)).sum()),
        p_value=p,
        holm_p_value=holm_p,
        per_class=_class_gains(before, after),
    )


def _class_gains(before: Answers, after: Answers) -> tuple[ClassGain, ...]:
    rows = []
    for number, name in enumerate(before.class_names):
        of_class = before.labels == number
        first, second = before.is_right[of_class], after.is_right[of_class]
        n, up, down = len(first), int((~first & second).sum()), int((first & ~second).sum())
        both = int((first & second).sum())
        if n:
            # A class has few images, and often none that changed: resampling those would promise too much.
            interval = paired_wilson_interval(both, up, down, n - both - up - down)
            rows.append(ClassGain(name, n, (up - down) / n, interval))
    return tuple(rows)


def _discordant(one: Answers, other: Answers) -> tuple[int, int]:
    return int((~one.is_right & other.is_right).sum()), int((one.is_right & ~other.is_right).sum())


def _refuse_other_images(first: str, one: set[str], second: str, two: set[str]) -> None:
    if one == two:
        return
    only_one, only_two = sorted(one - two), sorted(two - one)
    told = [f"{len(ids)} only in {name} ({_some(ids)})" for name, ids in ((first, only_one), (second, only_two)) if ids]
    raise PredictionsError(
        f"expected {first} and {second} to be judged on the same images, got {len(one & two)} in both, "
        f"{' and '.join(told)}; judge both on one test part"
    )


def _ids(answers: Answers, chosen: NDArray[np.bool_]) -> tuple[str, ...]:
    return tuple(answers.ids[row] for row in np.flatnonzero(chosen))


def _some(names: Sequence[str]) -> str:
    return ", ".join(map(str, names[:_SHOWN])) + (" ..." if len(names) > _SHOWN else "")
