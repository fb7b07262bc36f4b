"""A chain of small stages run on a study of nothing."""

from pathlib import Path

import pytest

from lowres.files.recipes import read_recipe
from lowres.files.study.study_folder import StudySource, open_study
from lowres.pipeline.running import StageOutcome, bring
from lowres.pipeline.stage import Stage
from lowres.pipeline.study_run import StudyRun
from pipeline.chain import Watcher, chain


@pytest.fixture
def watcher() -> Watcher:
    """Collects what a run tells."""
    return Watcher()


@pytest.fixture
def run_chain(tmp_path: Path, watcher: Watcher):
    """Run the chain on one study; return the outcomes."""

    def run(stages: tuple[Stage, ...] | None = None, last: str = "four", **settings: str) -> tuple[StageOutcome, ...]:
        recipe = read_recipe("quick").with_settings({key.replace("__", "."): text for key, text in settings.items()})
        with open_study(tmp_path / "study") as study:
            study_run = StudyRun(study, recipe, StudySource("digits"), watcher)
            return bring(study_run, stages or chain(), last)

    return run
