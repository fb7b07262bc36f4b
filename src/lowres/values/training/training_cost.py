"""What a training will cost: seconds of a step part by part, minutes of the whole, and the memory it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lowres.values.findings import Finding

_GIB = 2**30
# Of the machine's memory; the rest is for the system and for what is not counted here.
_FULL_SHARE = 0.8
_PREPARATION_SHARE = 0.5
_BUSY_SHARE = 0.5
_LESS_MEMORY = "set a smaller network.input_pixels, or a higher fine_tuning.from_layer"


@dataclass(frozen=True)
class StepSeconds:
    """One batch on its way, in seconds: fetching it, changing the images, the frozen network, the update."""

    batch_images: int
    input: float
    augmentation: float
    frozen: float
    update: float

    @property
    def parts(self) -> dict[str, float]:
        """Each part by the name people know it by."""
        return {
            "input": self.input,
            "augmentation": self.augmentation,
            "frozen network": self.frozen,
            "update": self.update,
        }


@dataclass(frozen=True)
class TrainingMinutes:
    """The whole training in minutes, at most: a validation that no longer improves may stop it sooner."""

    features: float
    head: float
    fine_tuning: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.features + self.head + self.fine_tuning

    def in_words(self) -> str:
        """Return the total as people say it."""
        return _minutes(self.total)

    def to_json(self) -> dict[str, Any]:
        """Return plain numbers, with the total."""
        rounded = {name: round(minutes, 2) for name, minutes in vars(self).items()}
        return {**rounded, "total": round(self.total, 2)}


def judge_step(step: StepSeconds) -> Finding:
    """Return where the time of a batch goes; WARN where making the images ready takes more than half (pitfall 25)."""
    total = sum(step.parts.values())
    slowest = max(step.parts, key=step.parts.__getitem__)
    shown = ", ".join(f"{name} {_seconds(seconds)}" for name, seconds in step.parts.items() if seconds)
    measured = f"{step.batch_images} images: {shown}; the slowest is the {slowest}"
    if step.input + step.augmentation <= _PREPARATION_SHARE * total:
        return Finding("time of a step", "PASS", measured)
    repair = (
        "lighten [augmentation] (policy, rotation_fraction and zoom_fraction cost most), or keep fewer views than "
        "there are epochs, so that each is made once"
    )
    if step.input > step.augmentation:
        repair = "bring the images onto this machine's own disk, or to a smaller images.canvas_pixels"
    return Finding("time of a step", "WARN", measured, repair)


def judge_minutes(minutes: TrainingMinutes, busy_share: float = 0.0) -> Finding:
    """Return what the training will cost from here; it is for people to say whether that is much.

    busy_share: of the time in which it was measured, what other work had the processor for; WARN from a half on.
    """
    parts = {"features": minutes.features, "heads": minutes.head, "fine-tuning": minutes.fine_tuning}
    shown = ", ".join(f"{name} {_minutes(part)}" for name, part in parts.items() if part)
    measured = f"about {minutes.in_words()} from here at most: {shown or 'nothing'}"
    if busy_share < _BUSY_SHARE:
        return Finding("training time", "PASS", measured)
    measured += f"; other work had the processor for {busy_share:.0%} of the time, so on a free machine far less"
    return Finding("training time", "WARN", measured, "wait for the other work, or let it go on elsewhere")


def judge_step_memory(batch_images: int, accumulation_steps: int, needed_bytes: int, memory_bytes: int) -> Finding:
    """Return whether a step at the recipe's batch will fit (pitfall 16).

    needed_bytes: what it keeps for its gradients. memory_bytes: of the machine, 0 where unknown. What does not fit
    there is not tried: a system that has no memory left ends the process.
    """
    there = f", there are {_gib(memory_bytes)}" if memory_bytes else ""
    measured = f"{_kept(batch_images, needed_bytes)}{there}"
    if not memory_bytes or needed_bytes <= _FULL_SHARE * memory_bytes:
        return Finding("memory of a step", "PASS", measured)
    size, steps = _fitting(batch_images, accumulation_steps, needed_bytes, memory_bytes)
    repair = (
        f"set fine_tuning.batch_images = {size} and fine_tuning.accumulation_steps = {steps}: the same training in "
        "smaller passes"
    )
    if size == batch_images:
        repair = _LESS_MEMORY
    return Finding("memory of a step", "FAIL", measured, repair)


def judge_ended_memory(batch_images: int, accumulation_steps: int, fitting_images: int, needed_bytes: int) -> Finding:
    """Return what it means that memory, of a card or of the machine, ended in a step at the recipe's batch.

    fitting_images: the largest part of it that was tried and fitted; 0 where one image is too much.
    """
    name, measured = "memory of a step", f"memory ended in a step: {_kept(batch_images, needed_bytes)}"
    if not fitting_images:
        return Finding(name, "FAIL", f"{measured}; not even one image fits", _LESS_MEMORY)
    steps = accumulation_steps * batch_images // fitting_images
    return Finding(
        name,
        "WARN",
        f"{measured}; {fitting_images} images fit, so an update will be made of {steps} passes of {fitting_images}",
        f"set fine_tuning.batch_images = {fitting_images} and fine_tuning.accumulation_steps = {steps}, and training "
        "need not find that out again",
    )


def _kept(batch_images: int, needed_bytes: int) -> str:
    return f"a batch of {batch_images} keeps about {_gib(needed_bytes)} for its gradients"


def judge_memory(peak_bytes: int, coming_bytes: int, memory_bytes: int) -> Finding:
    """Return whether the training fits into the machine's memory.

    peak_bytes: most that this process has held so far, 0 where unknown. coming_bytes: what the heads will hold of
    features. memory_bytes: of the machine, 0 where unknown.
    """
    measured = f"{_gib(peak_bytes)} so far, {_gib(coming_bytes)} of features to come, of {_gib(memory_bytes)}"
    if not peak_bytes or not memory_bytes:
        return Finding("memory", "PASS", f"{measured} (0: this system does not tell)")
    if peak_bytes + coming_bytes <= _FULL_SHARE * memory_bytes:
        return Finding("memory", "PASS", measured)
    repair = (
        "close other programs; or set a smaller split.pool_images, frozen_phase.views, network.input_pixels or "
        "fine_tuning.batch_images"
    )
    return Finding("memory", "WARN", f"{measured}: more than {_FULL_SHARE:.0%}", repair)


def _fitting(batch_images: int, accumulation_steps: int, needed_bytes: int, memory_bytes: int) -> tuple[int, int]:
    """Half the batch with twice the steps, halved again until it fits; unchanged where one image is too many."""
    size, steps = batch_images, accumulation_steps
    while size > 1:
        size, steps = size // 2, steps * 2
        if not memory_bytes or needed_bytes * size <= _FULL_SHARE * memory_bytes * batch_images:
            return size, steps
    return batch_images, accumulation_steps


def _gib(number: int) -> str:
    gibibytes = number / _GIB
    return f"{gibibytes:.1f} GiB" if gibibytes >= 1 else f"{1024 * gibibytes:.0f} MiB"


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{1000 * seconds:.1f} ms"


def _minutes(minutes: float) -> str:
    return f"{minutes:.0f} min" if minutes >= 10 else f"{minutes:.1f} min" if minutes >= 1 else f"{60 * minutes:.0f} s"
