"""Each pair of packages known to break is planted, and named with its repair."""

import pytest

from lowres.pipeline.package_checks import check_packages

GOOD = {"keras": "3.15.1", "tensorflow-cpu": "2.21.0", "openvino": "2026.4.1", "numpy": "2.4.6"}


def trouble(versions):
    return {(row.name, row.status): row for row in check_packages(versions) if row.status != "PASS"}


def test_what_lowres_is_tested_with_passes():
    assert trouble(GOOD) == {}


@pytest.mark.parametrize(
    ("versions", "name", "status", "words"),
    [
        (GOOD | {"tensorflow": "2.21.0"}, "backend", "FAIL", "pip uninstall tensorflow tensorflow-cpu, then"),
        (GOOD | {"keras": "3.14.9"}, "keras", "FAIL", "pip install 'keras>=3.15'"),
        (GOOD | {"keras": "2.15.0"}, "keras", "FAIL", "pip install 'keras>=3.15'"),
        ({"numpy": "2.4.6"}, "keras", "FAIL", "pip install 'keras>=3.15'"),
        ({"keras": "3.15.1"}, "backend", "FAIL", r"pip install 'lowres[cpu]'"),
        ({"keras": "3.15.1", "jax": "0.9"}, "openvino", "WARN", "pip install openvino"),
        (GOOD | {"tf-keras": "2.21.0"}, "tf-keras", "WARN", "pip uninstall tf-keras"),
        (GOOD | {"torch": "2.9.0+cpu", "torchvision": "0.24"}, "torchvision", "WARN", "an environment of its own"),
    ],
)
def test_what_is_known_to_break_is_named_with_its_repair(versions, name, status, words):
    assert words in trouble(versions)[name, status].repair


def test_what_export_needs_is_no_trouble():
    assert trouble(GOOD | {"tf2onnx": "1.17.0"}) == {}


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_any_one_backend_will_do(backend):
    assert trouble({"keras": "3.15.1", "openvino": "2026.4.1", backend: "9.9"}) == {}


def test_torchvision_beside_a_torch_with_cards_passes():
    assert trouble(GOOD | {"torch": "2.9.0+cu128", "torchvision": "0.24"}) == {}
