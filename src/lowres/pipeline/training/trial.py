"""A training in small: a few images through every step the recipe asks for, each measured, none of it kept."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lowres.networks.preflight import FrozenTrial, Sample
    from lowres.networks.probes.trial_steps import TunedTrial
    from lowres.pipeline.study_run import StudyRun
    from lowres.pipeline.training.activations import StudyInputs
    from lowres.pipeline.training.reload_process import ReloadProcess
    from lowres.values.findings import Finding
    from lowres.values.training.training_cost import TrainingMinutes

RELOAD_IMAGES = 8


@dataclass(frozen=True)
class Trial:
    """Every finding, the images looked at, and what the training will take from here."""

    findings: tuple[Finding, ...]
    images: int
    minutes: TrainingMinutes


def try_out(run: StudyRun, reloading: ReloadProcess, folder: Path) -> Trial:
    """Return what a training of the run's recipe would come to. `folder`: for files that may go afterwards."""
    from lowres.networks.precision import judge_precision
    from lowres.networks.preflight import try_frozen_phase
    from lowres.pipeline.training.trial_cost import TrialCost
    from lowres.values.training.training_cost import judge_minutes, judge_step

    began = time.perf_counter(), time.process_time()
    sample = _sample(run)
    frozen = try_frozen_phase(run.features.trunk, run.recipe, sample)
    logits = _let_reload(run, reloading, frozen, folder)
    tuned, inputs = _tuned(run, frozen, sample, folder) if run.recipe.fine_tuning.epochs else (None, None)
    cost = TrialCost(run, sample.pixels, inputs, tuned.step_seconds if tuned else None)
    findings = (
        *frozen.findings,
        *(tuned.findings if tuned else ()),
        *((judge_precision(run.recipe.fine_tuning.precision),) if tuned else ()),
        *_lint(run),
        judge_step(cost.step),
        judge_minutes(cost.minutes, busy_share(*began)),
        cost.memory(),
        _reloaded(reloading, logits),
    )
    return Trial(findings, len(sample.labels), cost.minutes)


def busy_share(began: float, processor_began: float) -> float:
    """Return the share of the time since then in which this process waited for a processor, 0 to 1; 0 with a card.

    One that computes keeps at least one processor going, so what is missing was taken by others.
    """
    from lowres.files.machine import read_machine

    if read_machine().graphics_cards:
        return 0.0
    return max(0.0, 1 - (time.process_time() - processor_began) / (time.perf_counter() - began))


def _sample(run: StudyRun) -> Sample:
    from lowres.networks.preflight import SAMPLE_IMAGES, Sample
    from lowres.values.stratified_sample import stratified_sample

    images = run.images
    rows = stratified_sample(images.labels, run.split.train, SAMPLE_IMAGES, run.recipe.seed)
    # Through the cache, since the features stage wants these rows next.
    return Sample(images.pixels[rows], images.labels[rows], run.features.read(rows), images.class_names)


def _let_reload(run: StudyRun, reloading: ReloadProcess, frozen: FrozenTrial, folder: Path) -> NDArray[np.float32]:
    """Save the classifier, let the other process load it, and return what this one answers meanwhile."""
    import numpy as np

    pixels = run.images.pixels[run.split.validation[:RELOAD_IMAGES]]
    frozen.classifier.save(folder / "model.keras")
    np.save(folder / "pixels.npy", pixels)
    reloading.ask(folder / "model.keras", folder / "pixels.npy")
    logits: NDArray[np.float32] = frozen.classifier.logits(pixels)
    return logits


def _reloaded(reloading: ReloadProcess, logits: NDArray[np.float32]) -> Finding:
    from lowres.networks.preflight import judge_reload

    started = time.perf_counter()
    return judge_reload(reloading.answer(), logits, time.perf_counter() - started)


def _tuned(run: StudyRun, frozen: FrozenTrial, sample: Sample, folder: Path) -> tuple[TunedTrial, StudyInputs]:
    from lowres.files.machine import read_machine
    from lowres.networks.probes.trial_steps import RATES, tuned_steps
    from lowres.networks.training.trainable_network import freeze, network_of
    from lowres.pipeline.training.activations import StudyInputs

    choices, classifier = run.recipe.fine_tuning, frozen.classifier
    network = network_of(classifier.trunk, classifier.head, choices)
    inputs = StudyInputs(run, network, folder)
    fed = inputs.of_pixels(sample.pixels)
    rates = RATES if frozen.is_fed_right else RATES[:1]
    tuned = tuned_steps(network, choices, fed, sample.labels, read_machine().memory_bytes, rates)
    freeze(classifier.trunk, classifier.head)
    return tuned, inputs


def _lint(run: StudyRun) -> tuple[Finding, ...]:
    """What the recipe's rules complain of; one line for all of them where they do not."""
    from lowres.networks.backbones.trunk import find_backbone
    from lowres.values.findings import Finding
    from lowres.values.recipes.recipe_lint import lint_recipe

    found = lint_recipe(
        run.recipe,
        training_images=len(run.split.train),
        image_pixels=min(run.images.height, run.images.width),
        trunk_trained_pixels=find_backbone(run.recipe.network.backbone).default_pixels,
        unlabelled_images=len(run.unlabelled) if run.recipe.self_training.epochs else None,
    )
    broken = tuple(finding for finding in found if finding.status != "PASS")
    return broken or (Finding("recipe", "PASS", f"nothing contradicts itself, by {len(found)} rules"),)
