"""The comparison with peers is fair: their scripts know nothing of lowres, and a row measured again stands once."""

import ast
import importlib
import json
import time
from pathlib import Path

import numpy as np
import pytest

PEERS = Path(__file__).resolve().parent.parent / "benchmarks" / "peers"
SCRIPTS = ["fastai_peer.py", "keras_peer.py", "timm_peer.py", "torch_networks.py", "peer_run.py"]


@pytest.fixture(scope="module")
def module():
    """Imports a script of benchmarks/peers by name; those that need torch are read, not imported."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(PEERS)
        yield importlib.import_module


def imported(script):
    nodes = list(ast.walk(ast.parse((PEERS / script).read_text(encoding="utf-8"))))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    return {name.split(".")[0] for name in names + [node.module for node in nodes if isinstance(node, ast.ImportFrom)]}


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_peer_knows_nothing_of_lowres(script):
    assert "lowres" not in imported(script)


@pytest.mark.parametrize(
    ("script", "library"), [("fastai_peer.py", "fastai"), ("timm_peer.py", "timm"), ("keras_peer.py", "keras")]
)
def test_a_peer_is_what_its_name_says(script, library):
    assert library in imported(script)


def test_every_library_of_a_peer_is_pinned():
    pins = [line for line in (PEERS / "requirements.txt").read_text().splitlines() if not line.startswith("#")]
    assert all("==" in line for line in pins)
    assert {"fastai", "timm", "torch", "torchvision", "keras"} <= {line.split("==")[0] for line in pins}


def test_a_row_measured_again_replaces_its_first_measurement(module, tmp_path):
    compare = module("compare")
    row = {"peer": "timm", "network": "n", "pixels_asked": 0, "minutes": 5, "seed": 42, "train_images": 8000}
    for change in ({"accuracy": 1}, {"accuracy": 2}, {"accuracy": 3, "minutes": 15}):
        compare.write_row(tmp_path / "peers.json", {**row, **change})
    rows = json.loads((tmp_path / "peers.json").read_text())["rows"]
    assert [(one["minutes"], one["accuracy"]) for one in rows] == [(5, 2), (15, 3)]
    assert all(one["machine"]["cores"] >= 1 for one in rows)


def test_a_row_of_another_machine_stays(module, tmp_path, monkeypatch):
    compare = module("compare")
    row = {"peer": "lowres", "network": "quick", "pixels_asked": 0, "minutes": 5, "seed": 42, "train_images": 8000}
    for processor in ("old", "new", "new"):
        monkeypatch.setattr(compare, "machine", lambda processor=processor: {"processor": processor})
        compare.write_row(tmp_path / "peers.json", row)
    rows = json.loads((tmp_path / "peers.json").read_text())["rows"]
    assert sorted(one["machine"]["processor"] for one in rows) == ["new", "old"]


def test_a_recipe_of_lowres_measured_again_replaces_it_whatever_it_took(module, tmp_path):
    compare = module("compare")
    row = {"peer": "lowres", "network": "quick", "pixels_asked": 0, "seed": 42, "train_images": 8000}
    for minutes in (2.5, 2.7):
        compare.write_row(tmp_path / "peers.json", {**row, "minutes": minutes})
    rows = json.loads((tmp_path / "peers.json").read_text())["rows"]
    assert [one["minutes"] for one in rows] == [2.7]


def test_what_was_not_run_is_named(module):
    compare = module("compare")
    rows = [
        {"peer": peer, "network": network, "pixels_asked": pixels, "minutes": minutes}
        for peer, network, pixels, _ in compare.ROWS
        for minutes in compare.MINUTES
    ]
    rows += [{"peer": "lowres", "network": name, "pixels_asked": 0, "minutes": 2.5} for name in compare.RECIPES]
    assert compare.not_run(rows) == []
    rows = [row for row in rows if row["network"] != "quick" and (row["peer"], row["minutes"]) != ("keras", 45)]
    assert compare.not_run(rows) == ["lowres quick", "keras scaled-twice in 45 minutes", "keras right in 45 minutes"]


def test_a_recipe_of_lowres_is_not_measured_on_fewer_images(module):
    with pytest.raises(SystemExit, match="expected 8000 images for lowres' own recipes, got 800"):
        module("compare").run_lowres("quick", 42, 800)


def test_the_minutes_run_from_the_start_of_the_script(module, tmp_path, monkeypatch):
    peer_run = module("peer_run")
    monkeypatch.setattr(peer_run, "STARTED", time.monotonic() - 30)
    run = peer_run.PeerRun(tmp_path, 1.0, 42, "n", 0, tmp_path / "out.json")
    assert run.seconds_left == pytest.approx(30, abs=1)
    assert run.seconds_to_plan == pytest.approx(27, abs=1)


def test_a_result_counts_every_image_of_both_parts(module, tmp_path):
    peer_run = module("peer_run")
    labels = {"validation": np.array([0, 1, 1, 0]), "test": np.array([1, 1, 0])}
    arrays = {f"{name}_labels": values for name, values in labels.items()}
    pixels = {f"{name}_pixels": np.zeros((len(values), 2, 2, 3), np.uint8) for name, values in labels.items()}
    np.savez(tmp_path / "images.npz", **arrays, **pixels)
    run = peer_run.PeerRun(tmp_path, 1.0, 42, "n", 0, tmp_path / "out.json")
    run.finish(lambda images: np.tile([0.2, 0.8], (len(images), 1)), ("numpy",), {"pixels": 96})
    result = json.loads((tmp_path / "out.json").read_text())
    assert result["validation"] == {"n": 4, "right": 2, "accuracy": 0.5}
    assert result["test"] == {"n": 3, "right": 2, "accuracy": 0.6667}
    assert result["pixels"] == 96
