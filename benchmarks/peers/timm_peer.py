"""Fine-tunes a timm model as timm's own train.py would: AdamW, cosine, mixup, random erasing, averaged weights.

Channels last, and bfloat16 where its steps are quicker, both options of timm's train.py. The schedule is as long as
steps of the training's own loop allow; validation keeps the best epoch of the averaged weights.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import timm
import torch
from numpy.typing import NDArray
from peer_run import PeerRun, read_run
from PIL import Image
from timm.data import Mixup, create_transform
from timm.loss import SoftTargetCrossEntropy
from timm.optim import create_optimizer_v2
from timm.scheduler import CosineLRScheduler
from timm.utils import ModelEmaV3
from torch_networks import LITE, SIZES, lite_state, loop_seconds, step_seconds

BATCH_IMAGES = 64
EVALUATION_IMAGES = 100
PROBE_IMAGES = 32
LEARNING_RATE = 5e-4
# A size fits where this many epochs do: fewer, and a smaller input seen more often is worth more.
EPOCHS_WANTED = 5
# Below this there is no schedule to speak of.
LEAST_STEPS = 2
CLASSES = 10


class Pictures(torch.utils.data.Dataset):
    """Pixels through a timm transform, with their labels."""

    def __init__(self, pixels: NDArray[np.uint8], labels: NDArray[np.int64], transform: Any) -> None:
        """Keep all three."""
        self._pixels, self._labels, self._transform = pixels, labels, transform

    def __len__(self) -> int:
        """How many pictures."""
        return len(self._pixels)

    def __getitem__(self, row: int) -> tuple[torch.Tensor, int]:
        """One picture and its label."""
        return self._transform(Image.fromarray(self._pixels[row])), int(self._labels[row])


class Training:
    """A network, its averaged copy, and the steps between them."""

    def __init__(self, run: PeerRun) -> None:
        """Load the network and find the input size and the number of steps that fit the minutes."""
        torch.manual_seed(run.seed)
        # timm draws mixup from NumPy's generator.
        np.random.seed(run.seed)
        self._run = run
        self._train, self._validation = run.part("train"), run.part("validation")
        weights = {"state_dict": lite_state(run.weights("efficientnet-lite0"))}
        network = timm.create_model(LITE, pretrained=True, pretrained_cfg_overlay=weights, num_classes=CLASSES)
        self.network = network.to(memory_format=torch.channels_last)
        self.precision = min(
            ("float32", "bfloat16"), key=lambda one: step_seconds(self._spare, SIZES[-1], PROBE_IMAGES, one)
        )
        self.pixels = run.pixels or self._largest_that_fits()
        _, self._evaluation_seconds = self._seconds(self.pixels)
        self._step_seconds = loop_seconds(self._batches(), self._spare, self.precision)
        self.steps = max(0, int(self._seconds_for_steps(self._epochs_that_fit()) / self._step_seconds))
        self.epochs_done, self.steps_done, self.best_accuracy = 0, 0, -1.0

    @property
    def _spare(self) -> torch.nn.Module:
        return copy.deepcopy(self.network)

    @property
    def steps_an_epoch(self) -> int:
        """Steps that show every training image once; the incomplete batch at the end is dropped, as timm does."""
        return len(self._train.labels) // BATCH_IMAGES

    def _seconds(self, pixels: int) -> tuple[float, float]:
        """Of a step, and of predicting the validation part."""
        step = step_seconds(self._spare, pixels, PROBE_IMAGES, self.precision) * BATCH_IMAGES / PROBE_IMAGES
        batch = step_seconds(self._spare, pixels, PROBE_IMAGES, self.precision, train=False)
        return step, batch * len(self._validation.labels) / PROBE_IMAGES

    def _largest_that_fits(self) -> int:
        step, evaluation = self._seconds(SIZES[-1])
        an_epoch = step * self.steps_an_epoch + evaluation
        wanted = self._run.seconds_to_plan / EPOCHS_WANTED
        return next((size for size in SIZES if an_epoch * (size / SIZES[-1]) ** 2 <= wanted), SIZES[-1])

    def _epochs_that_fit(self) -> int:
        an_epoch = self._step_seconds * self.steps_an_epoch + self._evaluation_seconds
        return max(1, int(self._run.seconds_to_plan / an_epoch))

    def _seconds_for_steps(self, epochs: int) -> float:
        return min(
            self._run.seconds_to_plan - epochs * self._evaluation_seconds,
            epochs * self._step_seconds * self.steps_an_epoch,
        )

    def fit(self) -> None:
        """Train to the end of the schedule, or of the minutes if that comes first, and keep the best averaged epoch."""
        optimizer = create_optimizer_v2(self.network, "adamw", lr=LEARNING_RATE, weight_decay=0.05)
        schedule = CosineLRScheduler(
            optimizer, self.steps, warmup_t=self.steps // 10, warmup_lr_init=1e-6, t_in_epochs=False, warmup_prefix=True
        )
        averaged = ModelEmaV3(self.network, decay=0.998, use_warmup=True)
        self.best = copy.deepcopy(averaged.module)
        while self.steps_done < self.steps and self._run.seconds_left > self._evaluation_seconds:
            self._epoch(optimizer, schedule, averaged)
            self._keep_if_best(averaged.module)

    def _epoch(self, optimizer: Any, schedule: Any, averaged: ModelEmaV3) -> None:
        mix = Mixup(mixup_alpha=0.2, label_smoothing=0.1, num_classes=CLASSES)
        self.network.train()
        for images, labels in self._batches():
            if self.steps_done >= self.steps or self._run.seconds_left < self._evaluation_seconds:
                return
            images, targets = mix(images.to(memory_format=torch.channels_last), labels)
            with torch.autocast("cpu", torch.bfloat16, enabled=self.precision == "bfloat16"):
                scores = self.network(images)
            optimizer.zero_grad()
            SoftTargetCrossEntropy()(scores.float(), targets).backward()
            optimizer.step()
            self.steps_done += 1
            averaged.update(self.network, step=self.steps_done)
            schedule.step_update(self.steps_done)
        self.epochs_done += 1

    def _batches(self) -> Any:
        cfg = self.network.pretrained_cfg
        transform = create_transform(
            self.pixels,
            is_training=True,
            scale=(0.5, 1.0),
            color_jitter=0.4,
            interpolation="bicubic",
            mean=cfg["mean"],
            std=cfg["std"],
            re_prob=0.2,
        )
        pictures = Pictures(self._train.pixels, self._train.labels, transform)
        return torch.utils.data.DataLoader(pictures, BATCH_IMAGES, shuffle=True, drop_last=True, num_workers=2)

    def _keep_if_best(self, network: torch.nn.Module) -> None:
        right = self.scores(network, self._validation.pixels).argmax(axis=1) == self._validation.labels
        if right.mean() > self.best_accuracy:
            self.best_accuracy = float(right.mean())
            self.best = copy.deepcopy(network)

    def scores(self, network: torch.nn.Module, pixels: NDArray[np.uint8]) -> NDArray[Any]:
        """Return one score a class of every image; the whole image, since there is no margin to crop at 32 pixels."""
        cfg = self.network.pretrained_cfg
        transform = create_transform(
            self.pixels, interpolation="bicubic", mean=cfg["mean"], std=cfg["std"], crop_pct=1.0
        )
        pictures = Pictures(pixels, np.zeros(len(pixels), np.int64), transform)
        rows = []
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=self.precision == "bfloat16"):
            for images, _ in torch.utils.data.DataLoader(pictures, EVALUATION_IMAGES, num_workers=2):
                rows.append(network.eval()(images.to(memory_format=torch.channels_last)).float())
        return torch.cat(rows).numpy()


def main() -> None:
    """Train within the minutes, then score."""
    run = read_run((LITE,))
    torch.set_num_threads(2)
    training = Training(run)
    if training.steps < LEAST_STEPS:
        run.give_up(f"{training.steps} steps at {training.pixels} px fit, fewer than {LEAST_STEPS}")
        return
    training.fit()
    facts = {
        "pixels": training.pixels,
        "precision": training.precision,
        "batch_images": BATCH_IMAGES,
        "steps_planned": training.steps,
        "steps": training.steps_done,
        "epochs": round(training.steps_done / training.steps_an_epoch, 2),
    }
    run.finish(lambda pixels: training.scores(training.best, pixels), ("timm", "torch", "numpy", "pillow"), facts)


if __name__ == "__main__":
    main()
