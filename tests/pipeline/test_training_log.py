"""A study asked for TensorBoard writes the history it has, and each epoch of fine-tuning as it comes."""

import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from lowres.files.recipes import read_recipe
from lowres.pipeline.choice import choose_study
from lowres.pipeline.progress import SilentProgress
from lowres.pipeline.study import run_study
from lowres.pipeline.training.teller import Teller
from lowres.pipeline.training.tuned_network import Lesson
from lowres.values.training.history import FINE_TUNING, EpochRow, history_from_csv

EPOCH = EpochRow(FINE_TUNING, 1, "", 1e-3, 0.5, 0.75, 0.6, 0.7, 3.0)


class Log:
    def __init__(self):
        self.rows = []

    def add(self, row):
        self.rows.append(row)


@pytest.mark.parametrize("name", ["", "network 2", "student"])
def test_each_epoch_goes_to_the_log_by_the_name_it_has_in_the_history(name):
    recipe = read_recipe("quick").with_settings({"fine_tuning.epochs": "4"})
    log = Log()
    run = SimpleNamespace(progress=SilentProgress(), recipe=recipe, training_log=log)
    Teller(run, Lesson(recipe, np.arange(3), name=name)).epoch(EPOCH, 4, 0.7, 1.0)
    assert log.rows == [replace(EPOCH, head=name)]


def test_a_finished_study_writes_the_history_it_has(picture_study, tmp_path):
    pytest.importorskip("tensorboard", reason="NOT TESTED: event files; pip install 'lowres[track]'")
    shutil.copytree(picture_study.parent, tmp_path / "copy")
    folder = tmp_path / "copy" / "study"
    answer = run_study(replace(choose_study(folder=folder), tensorboard=tmp_path / "logs"), until="train")
    assert not any(stage.made for stage in answer.stages)
    (row,) = history_from_csv((folder / "history.csv").read_text(), "history.csv")
    (written,) = (tmp_path / "logs" / "study").iterdir()
    assert written.name == f"{row.phase}-{row.head}".replace(" ", "-")
    assert len(list(written.glob("events.out.tfevents.*"))) == 1
