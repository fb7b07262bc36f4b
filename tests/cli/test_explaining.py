"""`lowres explain` takes a study or a model, refuses a mixture in words, and says what a model was fed."""

import json
from typing import get_args

import keras
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from lowres.cli.application import application
from lowres.cli.explaining import Range, study_settings
from lowres.networks.own_model import InputRange
from lowres.values.recipes.recipe import Recipe


@pytest.fixture
def explain(monkeypatch, tmp_path):
    """Run the command in an empty folder; return its exit code and what it printed on stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        done = CliRunner().invoke(application, ["explain", *words])
        return done.exit_code, done.stdout, done.stderr

    return run


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["a", "b"], "expected one study, got 2 paths; name a model for them: --model FILE.keras a ..."),
        (["--class", "cat"], "expected --model FILE.keras beside --class, got none"),
        (["a", "--input-range", "0..1"], "expected --model FILE.keras beside --input-range, got none"),
        (["a", "--out", "b"], "expected --model FILE.keras beside --out, got none"),
        (["--model", "m.keras"], "expected pictures beside --model, got none; name files, or folders of them"),
        (["--model", "m.keras", "a.png", "--set", "seed=1"], "expected no --set beside --model, which has no study"),
        (["--model", "m.keras", "a.png", "--study", "b"], "expected no --study beside --model"),
        (["--model", "m.keras", "a.png"], "expected a picture or a folder of pictures at a.png, got nothing there"),
        (["--method", "gradcam"], "explanation.method in --set: Input should be 'grad-cam', "),
    ],
)
def test_what_does_not_fit_together_is_refused(words, complaint, explain):
    code, _, stderr = explain(*words)
    assert code == 2
    assert complaint in stderr


def test_the_ranges_are_those_the_networks_know():
    assert tuple(one.value for one in Range) == get_args(InputRange)


def test_method_and_layer_of_a_study_are_settings_of_its_recipe():
    pairs = dict(pair.split("=", 1) for pair in study_settings("layercam", "blocks_10_add"))
    recipe = Recipe(name="x").with_settings(pairs).explanation
    assert (recipe.method, recipe.layer) == ("layercam", "blocks_10_add")
    assert study_settings(None, None) == []


def test_a_model_is_explained_and_what_it_was_fed_is_said(explain, tmp_path):
    layers = keras.layers
    parts = [keras.Input((8, 8, 3)), layers.Conv2D(2, 3, name="conv"), layers.Flatten(), layers.Dense(2)]
    keras.Sequential(parts).save("own.keras")
    Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save("black.png")
    words = ["--model", "own.keras", "black.png", "--class-names", "cat, dog", "--class", "cat", "--against", "dog"]
    code, stdout, stderr = explain(*words)
    assert code == 0, stderr
    assert "fed       8 x 8 RGB pixels from 0 to 255" in stdout
    assert "doubt     it has no layer that scales pixels" in stdout
    assert "explained 1 picture by Grad-CAM at conv (6 x 6)" in stdout
    code, stdout, _ = explain(*words, "--method", "layercam", "--input-range", "0..1", "--json")
    answer = json.loads(stdout)
    assert (code, answer["n"], answer["method"], answer["doubt"]) == (0, 1, "LayerCAM", "")
    assert answer["maps"] == "explained/own/explanation.npz"
    assert (tmp_path / answer["sheet"]).exists()
