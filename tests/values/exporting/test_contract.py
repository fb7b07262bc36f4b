"""The contract says what goes in, what comes out, and what to do with other sizes."""

import pytest

from lowres.values.exporting.contract import Origin, Weights, contract, other_sizes
from lowres.values.exporting.export_format import FORMATS

ORIGIN = Origin(
    "pets", "quick", "f" * 64, "a" * 64, 1.5, (40, 24), "pad", ("cat", "dog"), Weights("b", "MIT", "0" * 64, "pip b")
)


@pytest.mark.parametrize(("name", "images"), [("onnx", None), ("litert-int8", 1)])
def test_shapes_are_height_before_width(name, images):
    found = contract(FORMATS[name], ORIGIN, {"model": "hash"}, {"numpy": "2"}, None)
    assert (found["input"]["shape"], found["input"]["dtype"]) == ([images, 24, 40, 3], "uint8")
    assert (found["output"]["shape"], found["output"]["temperature"]) == ([images, 2], 1.5)
    assert found["weights"] == {"backbone": "b", "licence": "MIT", "sha256": "0" * 64, "origin": "pip b"}
    assert (found["class_names"], found["files"], found["versions"]) == (
        ["cat", "dog"],
        {"model": "hash"},
        {"numpy": "2"},
    )
    assert found["study"]["fingerprint"] == "f" * 64


@pytest.mark.parametrize(("fit", "word"), [("squash", "stretched"), ("crop", "middle"), ("pad", "mean colour")])
def test_other_sizes_in_words(fit, word):
    assert word in other_sizes((40, 24), fit)
    assert "40 x 24" in other_sizes((40, 24), fit)
