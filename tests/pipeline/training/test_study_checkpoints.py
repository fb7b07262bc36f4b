"""Run states as a study keeps them: bound to one training, and honest about how they came to be."""

from types import SimpleNamespace

import numpy as np
import pytest

from lowres.networks.training.run_state import RunState
from lowres.pipeline.running import StageOutcome
from lowres.pipeline.study import _say_what_is_unproven
from lowres.pipeline.training.tuned_network import StudyCheckpoints
from pipeline.chain import Watcher

INPUTS = {"fine_tuning.epochs": "3"}


def store(folder, is_deterministic=True, inputs=INPUTS):
    run = SimpleNamespace(progress=Watcher(), is_deterministic=is_deterministic)
    return StudyCheckpoints(run, folder, inputs)


@pytest.mark.parametrize(
    ("before", "now", "is_repeatable"), [(True, True, True), (False, True, False), (True, False, False)]
)
def test_a_training_is_repeatable_where_all_its_processes_were(tmp_path, before, now, is_repeatable):
    store(tmp_path, before).save("last", RunState({"w": np.ones(2)}, {"epoch": 1}))
    later = store(tmp_path, now)
    assert later.load("last").facts["epoch"] == 1
    assert later.is_repeatable is is_repeatable
    # It stays so, however many processes follow.
    later.save("last", RunState({"w": np.ones(2)}, {"epoch": 2}))
    last = store(tmp_path, True)
    last.load("last")
    assert last.is_repeatable is is_repeatable


def test_another_training_does_not_go_on_from_it(tmp_path):
    store(tmp_path).save("last", RunState({"w": np.ones(2)}))
    other = store(tmp_path, inputs={"fine_tuning.epochs": "4"})
    assert other.load("last") is None
    assert other.is_repeatable


@pytest.mark.parametrize(
    ("is_deterministic", "made", "proven", "is_said"),
    [(True, False, False, True), (True, False, True, False), (True, True, False, False), (False, False, False, False)],
)
def test_a_training_that_stands_and_was_never_proven_to_repeat_is_said(is_deterministic, made, proven, is_said):
    record = SimpleNamespace(facts={"fine_tuning": {"proven_repeatable": proven}})
    ledger = SimpleNamespace(stages={"train": record})
    run = SimpleNamespace(study=SimpleNamespace(ledger=ledger), is_deterministic=is_deterministic, progress=Watcher())
    _say_what_is_unproven(run, (StageOutcome("train", made, (), 0.0, ""),))
    assert [event[1].startswith("this study was trained without --deterministic") for event in run.progress.events] == (
        [True] if is_said else []
    )
