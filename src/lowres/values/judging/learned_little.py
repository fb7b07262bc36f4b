"""Whether a classifier is more than a constant answer: mistakes it avoids, a class it favours, those it never names."""

from __future__ import annotations

from lowres.values.judging.classification import Classification, ClassScore

# Of the mistakes that a constant answer makes; at ten equal classes an accuracy of 19 %.
_LITTLE = 0.1
# Of all answers; and how many times as often as the class occurs.
_MOST, _TIMES = 0.5, 2
# Of a class; that none of fewer is named may be chance (none of ten still leaves 30 %: the rule of three).
_ENOUGH = 10


def error_reduction(accuracy: float, majority_baseline: float) -> float:
    """Return the share of the mistakes of always naming the commonest class that are avoided; below 0: it makes more.

    Goodman and Kruskal's lambda (1954, section 5.1) with the commonest class of the training part; 0 where a constant
    answer makes no mistake.
    """
    return (accuracy - majority_baseline) / (1 - majority_baseline) if majority_baseline < 1 else 0.0


def has_learned_little(found: Classification) -> bool:
    """Return whether even the upper end of the accuracy's interval avoids hardly any of those mistakes."""
    return error_reduction(found.accuracy_interval[1], found.majority_baseline) < _LITTLE


def favoured_class(found: Classification) -> ClassScore | None:
    """Return the class named in most answers though it is the truth in less than half of as many; None without one."""
    most = max(found.per_class, key=lambda score: score.predicted)
    is_favoured = most.predicted > _MOST * found.n and most.predicted >= _TIMES * most.support
    return most if is_favoured else None


def classes_never_named(found: Classification) -> tuple[ClassScore, ...]:
    """Return the classes that are no image's answer though enough images are theirs, in the order of the classes."""
    return tuple(score for score in found.per_class if score.predicted == 0 and score.support >= _ENOUGH)
