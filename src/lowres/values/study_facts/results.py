"""Facts about what a study's classifier is worth: test accuracy, classes, confusions, confidence, heat maps."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from lowres.values.study_facts.fact import Fact, class_name, confusion_name
from lowres.values.study_facts.records import StudyRecords

_FILE = "evaluation.json"


def result_facts(records: StudyRecords) -> Iterator[Fact]:
    """Yield the figures of evaluation.json and explanation.json, and what follows from them."""
    found = records.evaluation
    yield Fact("test accuracy", found["accuracy"], "fraction", f"{_FILE}: accuracy")
    yield Fact("test error", 1 - found["accuracy"], "fraction", f"1 - {_FILE}: accuracy")
    yield Fact("test interval", tuple(found["accuracy_interval"]), "range", f"{_FILE}: accuracy_interval")
    yield Fact("judged images", found["n"], "count", f"{_FILE}: n")
    right = sum(row[place] for place, row in enumerate(found["confusion"]))
    yield Fact("right answers", right, "count", f"{_FILE}: confusion, its diagonal")
    yield Fact("wrong answers", found["n"] - right, "count", f"{_FILE}: n - the diagonal of confusion")
    yield Fact("majority baseline", found["majority_baseline"], "fraction", f"{_FILE}: majority_baseline")
    yield Fact("balanced accuracy", found["balanced_accuracy"], "fraction", f"{_FILE}: balanced_accuracy")
    for k, share in found["top_k"].items():
        yield Fact(f"top-{k} accuracy", share, "fraction", f"{_FILE}: top_k.{k}")
    yield from _validation(records)
    yield from _target(records)
    yield from _confidence(records)
    yield from _classes(records)
    yield from _confusions(records)
    yield from _maps(records)


def _validation(records: StudyRecords) -> Iterator[Fact]:
    """The validation accuracy of what was kept in the end, and how far the test accuracy is from it."""
    told = records.tuned
    if told is not None:
        value, origin = told["validation_accuracy"], "study.json: stages.train.facts.fine_tuning.validation_accuracy"
    else:
        value = records.told("head")["head"]["chosen"]["validation_accuracy"]
        origin = "study.json: stages.head.facts.head.chosen.validation_accuracy"
    yield Fact("validation accuracy", value, "fraction", origin)
    gap = abs(value - records.evaluation["accuracy"])
    yield Fact("gap of test to validation", gap, "points", f"{origin} - {_FILE}: accuracy, without its sign")


def _target(records: StudyRecords) -> Iterator[Fact]:
    found = records.evaluation
    if found["target"] is not None:
        yield Fact("target", found["target"], "fraction", f"{_FILE}: target")
        yield Fact("gap to target", found["gap_to_target"], "points", f"{_FILE}: gap_to_target")


def _confidence(records: StudyRecords) -> Iterator[Fact]:
    found = records.evaluation
    yield Fact("test loss", found["nll"], "nats", f"{_FILE}: nll")
    yield Fact("test loss after temperature", found["nll_after_temperature"], "nats", f"{_FILE}: nll_after_temperature")
    yield Fact("Brier score", found["brier"], "number", f"{_FILE}: brier")
    yield Fact("calibration error", found["ece"], "fraction", f"{_FILE}: ece")
    yield Fact(
        "calibration error after temperature",
        found["ece_after_temperature"],
        "fraction",
        f"{_FILE}: ece_after_temperature",
    )
    yield Fact("temperature", found["temperature"], "number", f"{_FILE}: temperature")


def _classes(records: StudyRecords) -> Iterator[Fact]:
    for row in records.evaluation["per_class"]:
        at = f"{_FILE}: per_class[{row['name']}]"
        for measure in ("precision", "recall", "f1"):
            yield Fact(class_name(measure, row["name"]), row[measure], "fraction", f"{at}.{measure}")
        yield Fact(class_name("support", row["name"]), row["support"], "count", f"{at}.support")
    for measure in ("precision", "recall", "f1"):
        mean = statistics.fmean(row[measure] for row in records.evaluation["per_class"])
        yield Fact(f"mean {measure}", mean, "fraction", f"{_FILE}: per_class, mean of {measure}")


def _confusions(records: StudyRecords) -> Iterator[Fact]:
    table, names = records.evaluation["confusion"], records.class_names
    for true, row in zip(names, table, strict=True):
        for predicted, count in zip(names, row, strict=True):
            at = f"{_FILE}: confusion[{true}][{predicted}]"
            yield Fact(confusion_name(true, predicted), count, "count", at)


def _maps(records: StudyRecords) -> Iterator[Fact]:
    told = records.explanation
    yield Fact("map method", told["method"], "words", "explanation.json: method")
    yield Fact("map layer", told["layer"], "words", "explanation.json: layer")
    faithfulness = told.get("faithfulness")
    if faithfulness:
        yield Fact("maps proved on", faithfulness["n"], "count", "explanation.json: faithfulness.n")
        for baseline, verdict in faithfulness["verdicts"].items():
            at = f"explanation.json: faithfulness.verdicts.{baseline}"
            yield Fact(f"maps against {baseline}", verdict, "words", at)
    randomisation = told.get("randomisation")
    if randomisation:
        words = "passed" if randomisation["is_passed"] else "failed"
        yield Fact("map randomisation", words, "words", "explanation.json: randomisation.is_passed")
