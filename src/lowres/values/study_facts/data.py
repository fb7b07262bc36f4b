"""Facts about a study's images, their split, and the memory they take."""

from __future__ import annotations

from collections.abc import Iterator

from lowres.values.split import PARTS
from lowres.values.study_facts.fact import Fact
from lowres.values.study_facts.records import StudyRecords

_IMAGES, _COUNTS = "study.json: stages.images.facts", "study.json: stages.split.facts.counts"
_PIXEL = "height x width x 3"
_CHANNELS, _FLOAT32_BYTES = 3, 4


def data_facts(records: StudyRecords) -> Iterator[Fact]:
    """Yield what there is, how it was divided, and how large it is in memory."""
    facts = records.told("images")
    yield Fact("source", records.source, "words", "study.json: source.name")
    yield Fact("images came from", facts["origin"], "words", f"{_IMAGES}.origin")
    yield Fact("images", facts["images"], "count", f"{_IMAGES}.images")
    yield Fact("classes", len(facts["class_names"]), "count", f"{_IMAGES}.class_names")
    yield Fact("image size", (facts["height"], facts["width"]), "size", f"{_IMAGES}.height, width")
    yield Fact("image shape", (facts["height"], facts["width"], _CHANNELS), "size", f"{_IMAGES}.height, width")
    yield Fact("skipped files", len(facts["skipped"]), "count", f"{_IMAGES}.skipped")
    # Whatever is darker in these images: the type they are kept in holds 0 to 255.
    yield Fact("pixel range", (0, 255), "range", "the images are uint8")
    for finding in facts["findings"]:
        at = f"{_IMAGES}.findings[{finding['name']}].measured"
        yield Fact(f"data check: {finding['name']}", finding["measured"], "words", at)
    yield from _parts(records)
    yield from _classes(records)
    yield from _memory(records)


def _parts(records: StudyRecords) -> Iterator[Fact]:
    counts = records.told("split")["counts"]
    used, pool = sum(counts.values()), counts["train"] + counts["validation"]
    for part in PARTS:
        yield Fact(f"{part} images", counts[part], "count", f"{_COUNTS}.{part}")
        yield Fact(f"{part} share of all used", counts[part] / used, "fraction", f"{_COUNTS}: {part} of the sum")
    both = f"{_COUNTS}.train + validation"
    yield Fact("pool images", pool, "count", both)
    yield Fact("images used", used, "count", f"{_COUNTS}: the sum")
    yield Fact("train share", counts["train"] / pool, "fraction", f"{_COUNTS}.train of {both}")
    yield Fact("validation share", counts["validation"] / pool, "fraction", f"{_COUNTS}.validation of {both}")
    total = records.told("images")["images"]
    yield Fact("images not tested on", total - counts["test"], "count", f"{_IMAGES}.images - {_COUNTS}.test")
    yield Fact("split seed", records.recipe.split.seed, "number", "recipe.toml: split.seed")
    yield Fact("seed", records.recipe.seed, "number", "recipe.toml: seed")


def _classes(records: StudyRecords) -> Iterator[Fact]:
    there = dict(zip(records.class_names, records.told("images")["class_counts"], strict=True))
    yield from _ends("images", there, f"{_IMAGES}.class_counts")
    for part in PARTS:
        counts = {name: records.part_counts.get(name, {}).get(part, 0) for name in there}
        yield from _ends(f"{part} images", counts, f"split.csv: rows of part {part}, by label")
    rest = {name: there[name] - records.part_counts.get(name, {}).get("test", 0) for name in there}
    yield from _ends("images not tested on", rest, f"{_IMAGES}.class_counts - split.csv: rows of part test")


def _ends(what: str, counts: dict[str, int], origin: str) -> Iterator[Fact]:
    low, high = min(counts.values()), max(counts.values())
    yield Fact(f"fewest {what} of a class", low, "count", origin)
    yield Fact(f"most {what} of a class", high, "count", origin)
    if low == high:
        yield Fact(f"{what} of each class", low, "count", origin)


def _memory(records: StudyRecords) -> Iterator[Fact]:
    facts, counts = records.told("images"), records.told("split")["counts"]
    values = facts["height"] * facts["width"] * _CHANNELS
    for part in (*PARTS, "all parts"):
        images = counts[part] if part in counts else sum(counts.values())
        origin = f"{_COUNTS}{f'.{part}' if part in counts else ': the sum'} x {_PIXEL}"
        yield Fact(f"{part}, uint8 bytes", images * values, "bytes", origin)
        yield Fact(f"{part}, float32 bytes", images * values * _FLOAT32_BYTES, "bytes", f"{origin} x 4 bytes")
    yield Fact("growth to float32", _FLOAT32_BYTES, "ratio", "float32 has 4 bytes, uint8 has 1")
