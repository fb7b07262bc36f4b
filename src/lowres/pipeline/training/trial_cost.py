"""What the training of a study will cost, reckoned from the few images it was tried on."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from lowres.pipeline.stages.features import wants_mirrored
from lowres.pipeline.training.mirroring import decided_augmentation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lowres.pipeline.study_run import StudyRun
    from lowres.pipeline.training.activations import StudyInputs
    from lowres.values.findings import Finding
    from lowres.values.training.training_cost import StepSeconds, TrainingMinutes

_FROZEN_BATCH_IMAGES = 32
# Of a step, which goes forward and twice backward.
_FORWARD_SHARE = 1 / 3
# Features as they were read, standardised, and once more while a head is solved.
_FEATURE_COPIES = 3
_FLOAT_BYTES = 4


class TrialCost:
    """Seconds and bytes of a training that has not begun; what was measured comes in, the rest is measured here."""

    def __init__(
        self,
        run: StudyRun,
        pixels: NDArray[np.uint8],
        inputs: StudyInputs | None,
        update_seconds: float | None,
    ) -> None:
        """Take the run and the trial's images; `inputs` and a second phase's update where there is such a phase."""
        self._run, self._pixels, self._recipe = run, pixels, run.recipe
        self._inputs, self._update_seconds = inputs, update_seconds or 0.0
        self._training_images = len(run.split.train)

    @cached_property
    def step(self) -> StepSeconds:
        """One batch, part by part; what is made once and seen in several epochs counts in each for its share."""
        import numpy as np

        from lowres.values.training.training_cost import StepSeconds

        size = self._recipe.fine_tuning.batch_images if self._inputs else _FROZEN_BATCH_IMAGES
        rows = self._run.split.train[np.arange(size) % self._training_images]
        fetching = _seconds(lambda: np.array(self._run.images.pixels[rows]))
        changing = self._augmentation_seconds(rows)
        if self._inputs is None:
            return StepSeconds(size, fetching, changing, size * self._frozen_seconds, update=0.0)
        from lowres.values.training.schedule import work_of_a_pass

        share = self._inputs.passes / self._recipe.fine_tuning.epochs
        update = self._update_seconds * work_of_a_pass(self._recipe.fine_tuning, self._recipe.network.input_pixels)
        return StepSeconds(size, fetching, changing * share, size * self._below_seconds * share, update)

    @cached_property
    def minutes(self) -> TrainingMinutes:
        """The whole training."""
        from lowres.values.training.training_cost import TrainingMinutes

        return TrainingMinutes(
            features=self._images_to_extract() * self._frozen_seconds / 60,
            head=self._head_seconds() / 60,
            fine_tuning=self._fine_tuning_seconds() / 60,
        )

    def memory(self) -> Finding:
        """What this process has held so far, and what the heads will hold, against what there is."""
        from lowres.files.machine import peak_memory_bytes, read_machine
        from lowres.values.training.training_cost import judge_memory

        numbers = self._head_rows() * self._run.features.extractor.feature_shape[-1]
        coming = numbers * _FLOAT_BYTES * _FEATURE_COPIES
        return judge_memory(peak_memory_bytes(), coming, read_machine().memory_bytes)

    @cached_property
    def _frozen_seconds(self) -> float:
        """Of the whole trunk, an image; the engine has warmed up on the trial's images by now."""
        extractor, pixels = self._run.features.extractor, self._pixels[:_FROZEN_BATCH_IMAGES]
        return _seconds(lambda: extractor.extract(pixels)) / len(pixels)

    @cached_property
    def _below_seconds(self) -> float:
        """Of the part below the cut, an image."""
        inputs = self._inputs
        return _seconds(lambda: inputs.of_pixels(self._pixels)) / len(self._pixels) if inputs else 0.0

    def _augmentation_seconds(self, rows: NDArray[np.int64]) -> float:
        from lowres.values.altering.augmentation import augment

        if not (self._inputs or self._recipe.augmented_frozen_views):
            return 0.0
        pixels, seed = self._run.images.pixels[rows], self._recipe.seed
        choices = decided_augmentation(self._run) if self._inputs else self._recipe.frozen_augmentation
        return _seconds(lambda: augment(pixels, rows, choices, seed=seed, epoch=0))

    def _images_to_extract(self) -> int:
        """Passes of an image through the trunk that no cache has yet; augmented views are taken as new."""
        split, features = self._run.split, self._run.features
        if not self._recipe.has_frozen_phase:
            return 0
        images = features.missing_images(split.train) + features.missing_images(split.validation)
        if wants_mirrored(self._recipe):
            images += features.missing_images(split.train, flipped=True)
        return images + self._training_images * self._recipe.augmented_frozen_views

    def _head_rows(self) -> int:
        """Rows of features that a head is fitted on at most."""
        if not self._recipe.has_frozen_phase:
            return 0
        return self._training_images * (1 + wants_mirrored(self._recipe) + self._recipe.augmented_frozen_views)

    def _head_seconds(self) -> float:
        from lowres.networks.probes.head_cost import dense_step_seconds, solving_seconds

        if not self._recipe.has_frozen_phase:
            return 0.0
        head, classes = self._recipe.head, len(self._run.images.class_names)
        # With and without mirrored images, where validation is to choose.
        rows = self._head_rows() + (self._training_images if self._recipe.features.flipped_views == "auto" else 0)
        channels = self._run.features.extractor.feature_shape[-1]
        seconds = solving_seconds(rows, channels, classes, head)
        if "dense" in head.kinds:
            # An epoch sees an image once, however many augmented views there are.
            images = self._training_images if self._recipe.augmented_frozen_views else rows
            steps = head.epochs * -(-images // head.batch_images)
            seconds += steps * dense_step_seconds(channels, classes, head.batch_images)
        return seconds

    def _fine_tuning_seconds(self) -> float:
        from lowres.values.training.schedule import fine_tuning_length

        if self._inputs is None:
            return 0.0
        choices, validation = self._recipe.fine_tuning, len(self._run.split.validation)
        judging = _FORWARD_SHARE * self._update_seconds * validation / choices.batch_images

        def a_network(images: int, epochs: int) -> float:
            steps = fine_tuning_length(choices, images).steps_per_epoch
            an_epoch = steps * sum(self.step.parts.values()) + judging
            return epochs * an_epoch + validation * self._below_seconds

        seconds = choices.members * a_network(self._training_images, choices.epochs)
        if self._recipe.retrains_on_all:
            seconds += choices.members * a_network(self._training_images + validation, choices.epochs)
        student = self._recipe.self_training.epochs
        if student and len(self._run.unlabelled):
            unlabelled = len(self._run.unlabelled)
            asked = choices.members * (1 + self._recipe.test_time.flips)
            seconds += unlabelled * asked * self._frozen_seconds
            seconds += a_network(self._training_images + unlabelled, student)
        return seconds


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
