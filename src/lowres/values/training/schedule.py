"""How long training is, in images, passes, updates and epochs, and the learning rate at each update."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from lowres.errors import TrainingError
from lowres.values.recipes.recipe_sections import FineTuning, ScheduleKind

# What a training part smaller than one update is given instead.
_FEWEST_UPDATES, _FEWEST_IMAGES = 4, 4


@dataclass(frozen=True)
class TrainingLength:
    """One training counted in every unit; the last batch of an epoch may be smaller, and no image is left out."""

    images: int
    batch_images: int
    epochs: int
    accumulation_steps: int = 1

    def __post_init__(self) -> None:
        """Refuse a training without images, and batches or accumulations of nothing."""
        if min(self.images, self.batch_images, self.accumulation_steps) < 1 or self.epochs < 0:
            raise TrainingError(
                f"expected at least 1 image, batch_images and accumulation_steps and no negative epochs, got "
                f"{self.images}, {self.batch_images}, {self.accumulation_steps} and {self.epochs}"
            )

    @property
    def steps_per_epoch(self) -> int:
        """Passes over a batch in one epoch."""
        return math.ceil(self.images / self.batch_images)

    @property
    def updates_per_epoch(self) -> int:
        """Changes of the weights in one epoch; what is accumulated at its end is not carried into the next."""
        return math.ceil(self.steps_per_epoch / self.accumulation_steps)

    @property
    def updates(self) -> int:
        """Changes of the weights in the whole training."""
        return self.updates_per_epoch * self.epochs

    def halved(self) -> TrainingLength:
        """Return the length with half the images in a pass and twice the passes in an update (pitfall 16).

        Of an odd number of images a third, a fifth and so on, that an update holds as many as before.
        Refused with TrainingError: a batch of one image.
        """
        if self.batch_images == 1:
            raise TrainingError(
                "expected memory for a batch of at least 1 image, got none; try a smaller network.input_pixels or a "
                "higher fine_tuning.from_layer"
            )
        parts = next(number for number in range(2, self.batch_images + 1) if self.batch_images % number == 0)
        return TrainingLength(self.images, self.batch_images // parts, self.epochs, self.accumulation_steps * parts)


@dataclass(frozen=True)
class Schedule:
    """The learning rate over `updates` updates: up to `peak` in `warmup_updates`, then constant or down to nothing."""

    kind: ScheduleKind
    peak: float
    updates: int
    warmup_updates: int = 0

    def learning_rate(self, update: int, plateau_scale: float = 1.0) -> float:
        """Return the rate of an update, counted from 0; never 0 before the end.

        Linear warm-up ends with the peak; cosine as in Loshchilov and Hutter 2017, equation 5, without restarts; steps
        as in He et al. 2016, section 4.2.
        `plateau_scale` is what `ReduceOnPlateau` has come to; only the schedule "plateau" listens to it.
        """
        if update < 0:
            raise TrainingError(f"expected an update counted from 0, got {update}")
        if update < self.warmup_updates:
            return self.peak * (update + 1) / self.warmup_updates
        done = (update - self.warmup_updates) / max(1, self.updates - self.warmup_updates)
        if self.kind == "linear":
            return self.peak * max(0.0, 1 - done)
        if self.kind == "cosine":
            return self.peak * (1 + math.cos(math.pi * min(1.0, done))) / 2
        if self.kind == "steps":
            return self.peak * (1.0 if done < 0.5 else 0.1 if done < 0.75 else 0.01)
        return self.peak * plateau_scale if self.kind == "plateau" else self.peak


def fine_tuning_length(choices: FineTuning, images: int) -> TrainingLength:
    """Return how long fine-tuning on so many training images is.

    Where one update would hold more images than there are, passes are halved, without accumulation, until an epoch has
    4 updates or a pass 4 images: a recipe made for thousands of images serves forty too.
    """
    length = TrainingLength(images, choices.batch_images, choices.epochs, choices.accumulation_steps)
    if length.batch_images * length.accumulation_steps <= images:
        return length
    length = replace(length, accumulation_steps=1)
    while length.updates_per_epoch < _FEWEST_UPDATES and length.batch_images >= 2 * _FEWEST_IMAGES:
        length = replace(length, batch_images=length.batch_images // 2)
    return length


def fine_tuning_schedule(choices: FineTuning, length: TrainingLength) -> Schedule:
    """Return the rate over a fine-tuning of this length."""
    warmup_updates = round(choices.warmup_fraction * length.updates)
    return Schedule(choices.schedule, choices.learning_rate, length.updates, warmup_updates)


def still_blocks(choices: FineTuning, blocks: int, epoch: int) -> int:
    """Return how many of so many blocks, counted from the lowest, no longer train in an epoch, counted from 0.

    Layer freezing as in Raghu et al. 2017 (SVCCA, section 4): none before `freeze_from_fraction` of the epochs, all but
    the highest at their end, evenly in between.
    """
    start = choices.freeze_from_fraction
    if start == 0 or blocks == 0:
        return 0
    done = max(0.0, (epoch / max(1, choices.epochs) - start) / (1 - start))
    return min(blocks - 1, math.floor(done * blocks + 1e-9))


def pixels_in_epoch(choices: FineTuning, epoch: int) -> int | None:
    """Return the side to which images are shrunk in an epoch, counted from 0; None: they are left as they are."""
    sides = (*choices.progressive_pixels, None)
    return sides[min(len(sides) - 1, epoch * len(sides) // max(1, choices.epochs))]


def work_of_a_pass(choices: FineTuning, pixels: int) -> float:
    """Return what a pass costs on average over all epochs, against one at a side of `pixels` with one gradient.

    A convolution's cost goes with the square of the side; what blocks that stand still save is not counted.
    """
    sides = [(side or pixels) / pixels for side in (*choices.progressive_pixels, None)]
    return (2 if choices.sharpness_radius else 1) * sum(side**2 for side in sides) / len(sides)


def layer_scales(blocks: int, layer_decay: float) -> tuple[float, ...]:
    """Return what the rate is multiplied with in each of so many blocks, lowest first; the head itself has 1.

    The block below the head has `layer_decay`, the one below that its square (Clark et al. 2020, ELECTRA).
    """
    return tuple(layer_decay ** (blocks - block) for block in range(blocks))
