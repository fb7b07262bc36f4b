"""How long a training will take is foretold from whole chunks: their first updates wait for the frozen part."""

from types import SimpleNamespace

import numpy as np
import pytest

from lowres.files.recipes import read_recipe
from lowres.pipeline.progress import SilentProgress
from lowres.pipeline.training import teller
from lowres.pipeline.training.teller import Teller
from lowres.pipeline.training.tuned_network import Lesson

COMPILING, UPDATE, CHUNK = 60.0, 1.0, 8.0


class Notes(SilentProgress):
    def __init__(self):
        self.notes = []

    def note(self, text):
        self.notes.append(text)


def told(monkeypatch, batch_images, accumulation_steps, updates, epoch=1):
    """What is said in an epoch of that many updates, chunks of 1,024 images made between them."""
    settings = {
        "fine_tuning.epochs": "8",
        "fine_tuning.batch_images": str(batch_images),
        "fine_tuning.accumulation_steps": str(accumulation_steps),
    }
    recipe, progress = read_recipe("transfer").with_settings(settings), Notes()
    run = SimpleNamespace(progress=progress, recipe=recipe, training_log=None)
    one = Teller(run, Lesson(recipe, np.arange(3)))
    now, a_chunk = 0.0, max(1, 1024 // (batch_images * accumulation_steps))
    monkeypatch.setattr(teller.time, "perf_counter", lambda: now)
    for number in range(updates):
        now += UPDATE + COMPILING * (number == 0) + CHUNK * (number % a_chunk == 0)
        one.step(epoch, number + 1, updates)
    return progress.notes, updates * UPDATE + CHUNK * updates / a_chunk


@pytest.mark.parametrize(("batch", "accumulation"), [(64, 1), (32, 1), (16, 4), (500, 1), (1024, 1), (2000, 1)])
def test_a_training_takes_as_long_as_foretold(monkeypatch, batch, accumulation):
    (note,), an_epoch = told(monkeypatch, batch, accumulation, 120)
    assert note == f"fine-tuning will take about {round(8 * an_epoch / 60)} min"


def test_a_training_that_goes_on_counts_what_is_left(monkeypatch):
    (note,), an_epoch = told(monkeypatch, 64, 1, 120, epoch=5)
    assert note == f"fine-tuning will take about {round(4 * an_epoch / 60)} min"


def test_too_few_updates_foretell_nothing(monkeypatch):
    notes, _ = told(monkeypatch, 64, 1, 12)
    assert not notes
