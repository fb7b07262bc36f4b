"""Everything that is tried on a network before it is trained: each probe once, on the same few images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from lowres.networks.backbones.trunk import find_backbone
from lowres.networks.probes.feature_spread import features_of_preprocessed, judge_spread
from lowres.networks.probes.first_logits import expected_loss, judge_first_loss, probe_labels, probe_logits
from lowres.networks.probes.input_range import preprocessed, probe_input_range, resized
from lowres.networks.probes.starting_head import starting_head
from lowres.networks.probes.trial_steps import frozen_step
from lowres.networks.probes.two_batches import ATTEMPTS, judge_overfit, overfit_head
from lowres.networks.trained_classifier import TrainedClassifier
from lowres.networks.training.from_scratch import untrained_classifier
from lowres.values.findings import Finding
from lowres.values.recipes.recipe import Network, Recipe
from lowres.values.training.drawn_networks import begins_at_random

SAMPLE_IMAGES = 64
_RANGE_IMAGES = 16
_CORRECT_IMAGES = 32
_STEP_IMAGES = 4
_LOGITS_TOLERANCE = 1e-5


@dataclass(frozen=True, eq=False)
class Sample:
    """Some training images: uint8 `[n, h, w, 3]`, their labels int64 `[n]`, and their pooled features `[n, channels]`.

    class_names: of the whole set.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    features: NDArray[np.float32]
    class_names: Sequence[str]


@dataclass(frozen=True, eq=False)
class FrozenTrial:
    """What the frozen phase showed. classifier: the trunk and a head that has learned nothing.

    is_fed_right: whether the trunk sees what its contract says; where not, nobody need look long for what else fails.
    """

    findings: tuple[Finding, ...]
    classifier: TrainedClassifier
    is_fed_right: bool


def try_frozen_phase(trunk: keras.Model, recipe: Recipe, sample: Sample) -> FrozenTrial:
    """Return the findings on the trunk's input and features, on the recipe's head, and on a step that trains it."""
    if not recipe.has_frozen_phase:
        return _try_from_scratch(trunk, recipe, sample)
    head = starting_head(sample.features, len(sample.class_names), recipe.head, recipe.seed)
    classifier = TrainedClassifier.from_parts(trunk, head.model(trunk.output_shape[1:]), sample.class_names)
    logits = classifier.logits_from_features(sample.features)
    fed, spread = examine_trunk(trunk, recipe.network, sample.pixels, sample.features)
    is_fed_right = fed.status == "PASS"
    attempts = ATTEMPTS if is_fed_right else ATTEMPTS[:1]
    overfit = overfit_head(head, sample.features, sample.labels, recipe.head, recipe.seed, attempts)
    step = slice(0, _STEP_IMAGES)
    findings = (
        fed,
        spread,
        probe_labels(sample.labels, logits.shape[1], len(sample.class_names)),
        probe_logits(logits),
        judge_first_loss(logits, sample.labels, head.loss_on_noise(recipe.seed)),
        judge_overfit("frozen phase", overfit),
        frozen_step(trunk, classifier.head, sample.pixels[step], sample.labels[step]),
    )
    return FrozenTrial(findings, classifier, is_fed_right)


def _try_from_scratch(trunk: keras.Model, recipe: Recipe, sample: Sample) -> FrozenTrial:
    """The trunk's input and a head at random; what an untrained trunk makes of images is no fault of theirs."""
    every = np.arange(len(sample.pixels))
    classifier = untrained_classifier(
        recipe.network.backbone,
        trunk,
        sample.class_names,
        sample.pixels,
        every,
        recipe.seed,
        is_given=not begins_at_random(recipe.network),
    )
    logits = classifier.logits(sample.pixels)
    fed = probe_input_range(
        trunk,
        find_backbone(recipe.network.backbone).contract,
        sample.pixels[:_RANGE_IMAGES],
        recipe.network.interpolation,
    )
    findings = [fed, probe_labels(sample.labels, logits.shape[1], len(sample.class_names)), probe_logits(logits)]
    if begins_at_random(recipe.network):
        # What it knows of these images is what it would know of any labels.
        findings.append(judge_first_loss(logits, sample.labels, expected_loss(logits)))
    return FrozenTrial(tuple(findings), classifier, fed.status == "PASS")


def examine_trunk(
    trunk: keras.Model, network: Network, pixels: NDArray[np.uint8], features: NDArray[np.float32]
) -> tuple[Finding, Finding]:
    """Return whether the trunk is fed what it was trained on, and whether images look different to it.

    Only where it is not fed so are the images run through it once more, correctly scaled.
    """
    contract, interpolation = find_backbone(network.backbone).contract, network.interpolation
    fed = probe_input_range(trunk, contract, pixels[:_RANGE_IMAGES], interpolation)
    if fed.status == "PASS":
        return fed, judge_spread(features)
    side = preprocessed(trunk, pixels[:1]).shape[1]
    correct = resized(contract.apply(pixels[:_CORRECT_IMAGES]), side, interpolation)
    return fed, judge_spread(features[:_CORRECT_IMAGES], features_of_preprocessed(trunk, correct))


def judge_reload(answer: dict[str, Any], logits: NDArray[np.float32], seconds: float) -> Finding:
    """Return whether another process, having loaded the saved classifier, answers the same (pitfall 22).

    answer: of that process, `{"logits": lists}` or `{"fault": words}`. logits: of this one. seconds: it took.
    """
    name = "save and reload"
    repair = "build the network of Keras' own layers, registered and without Lambda, and look at `lowres doctor`"
    if "fault" in answer:
        return Finding(name, "FAIL", f"a fresh process does not load the saved network: {answer['fault']}", repair)
    other = np.asarray(answer["logits"], np.float32)
    apart = float(np.abs(other - logits).max()) if other.shape == logits.shape else float("inf")
    size = max(1.0, float(np.abs(logits).max()))
    measured = f"logits of {len(logits)} images differ by {apart:.2g} at most in a fresh process, {seconds:.1f} s"
    if apart <= _LOGITS_TOLERANCE * size:
        return Finding(name, "PASS", measured)
    return Finding(name, "FAIL", f"{measured}: more than {_LOGITS_TOLERANCE * size:.2g}", repair)
