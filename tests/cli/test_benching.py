"""`lowres bench` measures what a recipe trains, writes nothing, and tells it as a table or as JSON."""

import json

import pytest
from typer.testing import CliRunner

from lowres.cli.application import application
from lowres.pipeline import bench as measuring

RECIPE = """
name = "tiny"
[network]
backbone = "tiny-conv"
input_pixels = 16
[fine_tuning]
epochs = 2
batch_images = 8
from_layer = "tiny_conv2"
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setattr(measuring.bench, "__defaults__", ((), None, 0.0))
    recipe, folder = tmp_path / "tiny.toml", tmp_path / "empty"
    recipe.write_text(RECIPE)
    folder.mkdir()
    monkeypatch.chdir(folder)

    def invoke(*words):
        found = CliRunner().invoke(application, ["bench", "--recipe", str(recipe), *words])
        assert list(folder.iterdir()) == []
        return found

    return invoke


def test_json_has_every_speed_and_the_minutes(run):
    found = run("--json")
    assert found.exit_code == 0
    (row,) = json.loads(found.stdout)["recipes"]
    speeds = row["images_per_second"]
    assert (row["recipe"], row["backbone"], row["input_pixels"]) == ("tiny", "tiny-conv", 16)
    assert "keras" in speeds["forward"]
    assert min(*speeds["forward"].values(), speeds["grad_cam"], speeds["training"], speeds["below_the_cut"]) > 0
    minutes = row["minutes"]
    assert minutes["training_images"] == 8000
    parts = (minutes[name] for name in ("frozen_phase", "training", "prediction"))
    assert minutes["total"] == pytest.approx(sum(parts), abs=0.02)


def test_the_table_names_recipe_network_and_machine(run):
    lines = run().stdout.splitlines()
    header = next(line for line in lines if line.startswith("recipe  "))
    row = next(line for line in lines if line.startswith("tiny "))
    assert "tiny-conv, 16 px" in row
    assert len(row) == len(header)
    assert "cores of" in lines[-2]


def test_an_unknown_recipe_is_refused_before_anything_is_measured():
    found = CliRunner().invoke(application, ["bench", "--recipe", "quikc"])
    assert found.exit_code != 0
    assert "quick" in found.output
