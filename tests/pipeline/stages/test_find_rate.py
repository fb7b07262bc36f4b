"""A rate is found on the network that fine-tuning would begin with, and nothing of the study is changed by it."""

import json

import pytest

from lowres.errors import RecipeError
from lowres.pipeline.study import run_study
from tiny_study import tiny_choice

TUNED = {"fine_tuning__epochs": "1", "fine_tuning__batch_images": "64", "fine_tuning__learning_rate": "1e-3"}


def test_a_rate_is_named_between_too_little_and_too_much(tmp_path):
    answer = run_study(tiny_choice(tmp_path / "study", **TUNED), "find-rate")
    assert [stage.name for stage in answer.stages][-2:] == ["head", "find-rate"]
    found = json.loads((tmp_path / "study/learning_rate.json").read_bytes())
    # Adam on six thousand weights: by theory anything from 1e-4 to 3e-2 trains, whatever the digits.
    assert 1e-5 < found["suggested"] < 0.1
    assert found["losses"][0] == pytest.approx(found["losses"][5], rel=0.2)
    assert (tmp_path / "study/figures/learning_rate.png").read_bytes()[:4] == b"\x89PNG"
    assert f"fine_tuning.learning_rate={found['suggested']:g} (the recipe has 0.001)" in answer.stages[-1].note
    again = run_study(tiny_choice(tmp_path / "study", **TUNED), "train")
    assert [stage.made for stage in again.stages] == [False] * 5 + [True]
    assert list(tmp_path.rglob("*rates*")) == []


def test_a_recipe_without_fine_tuning_is_told_so(tmp_path):
    with pytest.raises(RecipeError, match=r"expected a recipe that fine-tunes, got quick with fine_tuning.epochs = 0"):
        run_study(tiny_choice(tmp_path / "study"), "find-rate")
