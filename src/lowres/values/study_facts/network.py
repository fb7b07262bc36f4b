"""Facts about a study's network: what it sees, how large it is, what sits on top."""

from __future__ import annotations

from collections.abc import Iterator

from lowres.values.study_facts.fact import Fact
from lowres.values.study_facts.records import StudyRecords

_FEATURES, _HEAD = "study.json: stages.features.facts", "study.json: stages.head.facts.head"
_MODEL = "model.keras: model.weights.h5"
_BYTES = 4
DENSE_UNITS, DENSE_DROPOUT = 256, 0.3
TWICE = "unit-then-contract"
# What 0 and 255 become less ImageNet's means of the three colours: 0 - 123.68 and 255 - 103.939.
_MINUS_MEANS = ("BGR minus ImageNet's mean", (-123.68, 151.061))


def network_facts(records: StudyRecords) -> Iterator[Fact]:
    """Yield the trunk's and the head's facts, and the sizes of both."""
    recipe, facts = records.recipe.network, records.told("features")
    rows, columns, channels = facts["feature_shape"]
    yield Fact("backbone", facts["backbone"], "words", f"{_FEATURES}.backbone")
    yield Fact("weights came from", facts["weights_origin"], "words", f"{_FEATURES}.weights_origin")
    yield Fact("weights licence", facts["weights_licence"], "words", f"{_FEATURES}.weights_licence")
    yield Fact("engine", facts["engine"], "words", f"{_FEATURES}.engine")
    yield Fact("input contract", facts["input_contract"], "words", f"{_FEATURES}.input_contract")
    yield Fact("scaling", recipe.scaling, "words", "recipe.toml: network.scaling")
    yield from _scaled_range(records)
    side = recipe.input_pixels
    yield Fact("input pixels", side, "pixels", "recipe.toml: network.input_pixels")
    yield Fact("input size", (side, side), "size", "recipe.toml: network.input_pixels")
    yield Fact("interpolation", recipe.interpolation, "words", "recipe.toml: network.interpolation")
    width = records.told("images")["width"]
    origin = "recipe.toml: network.input_pixels / study.json: stages.images.facts.width"
    yield Fact("upscaling", side / width, "ratio", origin)
    yield Fact("feature channels", channels, "count", f"{_FEATURES}.feature_shape[2]")
    yield Fact("map size", (rows, columns), "size", f"{_FEATURES}.feature_shape[0], [1]")
    yield Fact("original pixels a field", width / columns, "number", f"{_FEATURES}.feature_shape[1] over the width")
    yield from _head(records)
    yield from _sizes(records)


def _scaled_range(records: StudyRecords) -> Iterator[Fact]:
    """The range that pixels are scaled to on purpose, where there is one: 0 to 1, or what the contract names."""
    contract = str(records.told("features")["input_contract"])
    if records.recipe.network.scaling == TWICE:
        yield Fact("scaled range", (0, 1), "range", "recipe.toml: network.scaling, before the contract's own scaling")
    elif contract == _MINUS_MEANS[0]:
        yield Fact("scaled range", _MINUS_MEANS[1], "range", f"{_FEATURES}.input_contract: {contract}")
    elif contract.count(" to ") == 1:
        low, _, high = contract.partition(" to ")
        try:
            ends = (float(low), float(high))
        except ValueError:
            return
        yield Fact("scaled range", ends, "range", f"{_FEATURES}.input_contract")


def _head(records: StudyRecords) -> Iterator[Fact]:
    chosen, tried = records.told("head")["head"]["chosen"], records.told("head")["head"]["candidates"]
    yield Fact("head kind", chosen["kind"], "words", f"{_HEAD}.chosen.kind")
    yield Fact("heads tried", len(tried), "count", f"{_HEAD}.candidates")
    if chosen["kind"] == "dense":
        yield Fact("hidden units", DENSE_UNITS, "count", f"{_HEAD}.chosen.kind: dense")
        yield Fact("dropout", DENSE_DROPOUT, "number", f"{_HEAD}.chosen.kind: dense")
    if chosen["regularisation"] is not None:
        yield Fact("regularisation", chosen["regularisation"], "number", f"{_HEAD}.chosen.regularisation")


def _sizes(records: StudyRecords) -> Iterator[Fact]:
    size = records.sizes.get("model.keras")
    if size is not None:
        yield Fact("model file bytes", size, "bytes", "model.keras: its size")
    found = records.parameters
    if found is None:
        return
    yield Fact("parameters", found.total, "count", f"{_MODEL}, every tensor")
    yield Fact("parameters, bytes", found.total * _BYTES, "bytes", f"{_MODEL}, every tensor x 4 bytes")
    if found.head is None:
        return
    trunk = found.total - found.head
    yield Fact("head parameters", found.head, "count", f"{_MODEL}, the head's tensors")
    yield Fact("head parameters, bytes", found.head * _BYTES, "bytes", f"{_MODEL}, the head's tensors x 4 bytes")
    yield Fact("trunk parameters", trunk, "count", f"{_MODEL}, the trunk's tensors")
    yield Fact("trunk parameters, bytes", trunk * _BYTES, "bytes", f"{_MODEL}, the trunk's tensors x 4 bytes")
    yield Fact("head share of parameters", found.head / found.total, "fraction", f"{_MODEL}, head of all")
