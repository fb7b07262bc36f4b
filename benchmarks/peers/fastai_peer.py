"""Fine-tunes as fastai's documentation does: vision_learner and fine_tune, Resize, aug_transforms, its own defaults.

Channels last (fastai's `to_channelslast`) without mixed precision, which in fastai is for CUDA. The number of epochs is
what steps of its own loop allow; `SaveModelCallback` keeps the epoch with the best validation accuracy.
"""

from __future__ import annotations

import copy
import tempfile
from operator import itemgetter
from typing import Any

import numpy as np
import torch
from fastai.callback.channelslast import ChannelsLast
from fastai.callback.core import Callback, CancelFitException
from fastai.callback.schedule import Learner  # fine_tune comes with it
from fastai.callback.tracker import SaveModelCallback
from fastai.data.block import CategoryBlock, DataBlock
from fastai.data.transforms import IndexSplitter, Normalize
from fastai.metrics import accuracy
from fastai.torch_core import set_seed
from fastai.vision.augment import Resize, aug_transforms
from fastai.vision.data import ImageBlock
from fastai.vision.learner import model_meta, vision_learner
from numpy.typing import NDArray
from peer_run import Part, PeerRun, read_run
from torch_networks import (
    LITE,
    LITE_SCALING,
    RESNET_SCALING,
    SIZES,
    lite_state,
    loop_seconds,
    resnet50_v1,
    step_seconds,
)
from torchvision.models import resnet50

RESNET = "resnet50"
BATCH_IMAGES = 64
PROBE_IMAGES = 32
# fine_tune trains the head alone first; a size fits where that epoch and this many after it do.
EPOCHS_WANTED = 4


class StopAtTheEnd(Callback):
    """Ends the training when the minutes are over, should the steps turn out slower than the first ones were."""

    def __init__(self, run: PeerRun) -> None:
        """Keep the clock."""
        # `run` is taken: fastai's callbacks have a mark of that name.
        self.peer_run, self.has_stopped = run, False

    def after_batch(self) -> None:
        """Look at the clock."""
        if self.training and self.peer_run.seconds_left <= 0:
            self.has_stopped = True
            raise CancelFitException


def learner(run: PeerRun, pixels: int, folder: str) -> Learner:
    """Return fastai's learner on the run's images, pretrained with the run's weights."""
    train, validation = run.part("train"), run.part("validation")
    items = [*items_of(train), *items_of(validation)]
    scaling = RESNET_SCALING if run.network == RESNET else LITE_SCALING
    block = DataBlock(
        blocks=(ImageBlock, CategoryBlock),
        get_x=itemgetter("image"),
        get_y=itemgetter("label"),
        splitter=IndexSplitter(range(len(train.labels), len(items))),
        item_tfms=Resize(pixels),
        batch_tfms=[*aug_transforms(), Normalize.from_stats(*scaling)],
    )
    loaders = block.dataloaders(items, bs=BATCH_IMAGES)
    if run.network == RESNET:
        return _resnet_learner(run, loaders, folder)
    weights = {"state_dict": lite_state(run.weights("efficientnet-lite0"))}
    return vision_learner(loaders, LITE, metrics=accuracy, path=folder, pretrained_cfg_overlay=weights)


def items_of(part: Part) -> list[dict[str, Any]]:
    """Return what fastai's blocks take apart: dictionaries, since its transforms go inside tuples."""
    return [{"image": image, "label": label} for image, label in zip(*part, strict=True)]


def _resnet_learner(run: PeerRun, loaders: Any, folder: str) -> Learner:
    def keras_resnet50(weights: Any = None) -> torch.nn.Module:
        return resnet50_v1(run.weights(RESNET))

    model_meta[keras_resnet50] = model_meta[resnet50]
    return vision_learner(loaders, keras_resnet50, metrics=accuracy, path=folder)


def seconds_an_epoch(learn: Learner, run: PeerRun, pixels: int) -> tuple[float, float]:
    """Return the seconds of an epoch of the frozen and of the whole network, validation included."""
    train, validation = len(run.part("train").labels), len(run.part("validation").labels)
    spare = copy.deepcopy(learn.model).to(memory_format=torch.channels_last)
    evaluation = step_seconds(spare, pixels, PROBE_IMAGES, "float32", train=False) * validation / PROBE_IMAGES
    steps = train / BATCH_IMAGES
    frozen = loop_seconds(learn.dls.train, spare, "float32") * steps
    for parameter in spare.parameters():
        parameter.requires_grad_(True)
    return frozen + evaluation, loop_seconds(learn.dls.train, spare, "float32") * steps + evaluation


def fitting(run: PeerRun, folder: str) -> tuple[Learner, int, tuple[float, float]]:
    """Return a learner, its input's side and its seconds an epoch: of the side asked for, or the largest that fits.

    Which may fit is told by the smallest and the area; each of those is measured, the largest first.
    """
    pixels = run.pixels or SIZES[-1]
    learn = learner(run, pixels, folder)
    seconds = seconds_an_epoch(learn, run, pixels)
    needed = _needed(seconds)
    larger = [size for size in SIZES if size > pixels and needed * (size / pixels) ** 2 <= run.seconds_to_plan]
    for size in larger if not run.pixels else []:
        tried = learner(run, size, folder)
        measured = seconds_an_epoch(tried, run, size)
        if _needed(measured) <= run.seconds_to_plan:
            return tried, size, measured
    return learn, pixels, seconds


def _needed(seconds: tuple[float, float]) -> float:
    frozen, whole = seconds
    return frozen + EPOCHS_WANTED * whole


def scores(learn: Learner, pixels: NDArray[Any]) -> NDArray[Any]:
    """Return one probability a class of every image."""
    # Items of the kind the learner was made for; their labels are not looked at.
    loader = learn.dls.test_dl(items_of(Part(pixels, np.zeros(len(pixels), np.int64))))
    return learn.get_preds(dl=loader)[0].numpy()


def main() -> None:
    """Train within the minutes, then score."""
    run = read_run((LITE, RESNET))
    torch.set_num_threads(2)
    set_seed(run.seed)
    with tempfile.TemporaryDirectory() as folder:
        learn, pixels, (frozen, whole) = fitting(run, folder)
        epochs = int((run.seconds_to_plan - frozen) / whole)
        if epochs < 1:
            run.give_up(f"fine_tune(1) at {pixels} px needs {(frozen + whole) / 60:.1f} minutes")
            return
        clock = StopAtTheEnd(run)
        learn.add_cbs([ChannelsLast(), clock])
        # What is loaded at the end of a phase that had no time for one epoch.
        learn.save(SaveModelCallback().fname, with_opt=False)
        with learn.no_bar():
            learn.fine_tune(epochs, cbs=SaveModelCallback(monitor="accuracy"))
        facts = {
            "pixels": pixels,
            "precision": "float32",
            "batch_images": BATCH_IMAGES,
            "epochs_frozen": 1,
            "epochs": epochs,
            "cut_short": clock.has_stopped,
        }
        run.finish(lambda rows: scores(learn, rows), ("fastai", "timm", "torch", "torchvision", "numpy"), facts)


if __name__ == "__main__":
    main()
