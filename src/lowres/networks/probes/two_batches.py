"""Whether two small batches can be learned by heart: what cannot do that will not learn 8,000 images (pitfall 2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lowres.networks.heads.dense import DenseTraining, fit_dense
from lowres.networks.heads.linear import fit_logistic_regressions
from lowres.networks.probes.first_logits import cross_entropies
from lowres.networks.probes.starting_head import StartingHead
from lowres.values.findings import Finding
from lowres.values.recipes.recipe import Head

BATCH_IMAGES = 16
# Epochs, and what the recipe's rate is multiplied with: a second attempt, for what learns but learns slowly.
ATTEMPTS = ((12, 1), (60, 10))
# Of the first loss. Features that differ between images bring it near nothing; those of ResNet50 with pixels scaled
# twice leave 0.92 of it after both attempts.
LEARNED_SHARE, SLOW_SHARE = 0.5, 0.85


@dataclass(frozen=True)
class Overfit:
    """The loss on two batches before and after `steps`, 0 where it is solved. how: what trained, in words."""

    how: str
    first: float
    last: float
    steps: int = 0

    @property
    def share(self) -> float:
        """What is left of the first loss; infinite where the last is no number."""
        return self.last / self.first if np.isfinite(self.last) else float("inf")

    @property
    def has_learned(self) -> bool:
        """Whether the loss fell to half of what it was, or further."""
        return self.share <= LEARNED_SHARE


def overfit_head(
    head: StartingHead,
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    choices: Head,
    seed: int,
    attempts: Sequence[tuple[int, int]] = ATTEMPTS,
) -> Overfit:
    """Return what the recipe's own way of fitting a head makes of two batches of pooled features.

    The first of the attempts in which they are learned by heart counts, or the last one.
    """
    rows = slice(0, 2 * BATCH_IMAGES)
    inputs, targets = head.standardiser.apply(features[rows]), labels[rows]
    first_logits = head.fitted.logits(inputs)
    first = float(cross_entropies(first_logits, targets).mean())
    classes = first_logits.shape[1]
    if not head.is_dense:
        strength = min(choices.regularisations)
        ((_, fitted),) = fit_logistic_regressions(inputs, targets, classes, (strength,))
        last = float(cross_entropies(fitted.logits(inputs), targets).mean())
        return Overfit(f"a linear head of strength {strength:g}", first, last)
    for epochs, factor in attempts:
        rate = factor * choices.learning_rate
        overfit = _trained(inputs, targets, classes, DenseTraining(epochs, BATCH_IMAGES, rate, seed, 0, 0), first)
        if overfit.has_learned:
            break
    return overfit


def _trained(
    inputs: NDArray[np.float32], labels: NDArray[np.int64], classes: int, training: DenseTraining, first: float
) -> Overfit:
    _, epochs = fit_dense((inputs, labels), (inputs, labels), classes, training)
    steps = training.epochs * -(-len(labels) // training.batch_images)
    return Overfit(f"the dense head at a rate of {training.learning_rate:g}", first, epochs[-1].validation_loss, steps)


def judge_overfit(phase: str, overfit: Overfit) -> Finding:
    """Return whether the two batches were learned by heart; `phase` as people know it."""
    name = f"two batches: {phase}"
    steps = f" in {overfit.steps} steps" if overfit.steps else ""
    measured = f"loss {overfit.first:.3f} to {overfit.last:.3g}{steps}, {overfit.how}"
    if overfit.has_learned:
        return Finding(name, "PASS", measured)
    if overfit.share <= SLOW_SHARE:
        repair = "set head.standardise = true, or a higher learning rate: it learns, but slowly"
        return Finding(name, "WARN", f"{measured}: hardly learned by heart", repair)
    repair = (
        "repair the input range and the feature spread first, where they fail; then multiply or divide the learning "
        "rate by 10, and look for labels that do not belong to their images"
    )
    return Finding(name, "FAIL", f"{measured}: two batches it cannot even learn by heart", repair)
