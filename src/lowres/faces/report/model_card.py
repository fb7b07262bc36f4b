"""card.md: the study as a model card in the format of the Hugging Face hub, every number from the study."""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from lowres.faces import numbers_in_words, training_words
from lowres.faces.page_templates import page_templates
from lowres.faces.report import plain_words
from lowres.faces.report import words as report_words
from lowres.faces.report.data import ReportData
from lowres.faces.training_course import training_course

# The hub's names of licences (its documentation, "Licenses"), by their names in SPDX.
HUB_LICENCES = {
    name.upper(): name
    for name in ("apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0", "gpl-3.0")
}
# Metrics by the identifiers the hub has for them (hf.co/metrics); its libraries pass `args` on to their computation.
HUB_METRICS = ("accuracy", "f1", "precision", "recall", "brier_score")
# Data sets that have a page of their own on the hub.
HUB_DATA_SETS = {"cifar10": "uoft-cs/cifar10"}


def model_card(data: ReportData) -> str:
    """Return the card: a block of YAML that programs read, then Markdown for people."""
    cards = page_templates(escapes=False)
    cards.filters["cell"] = _cell
    text = cards.get_template("card.md.j2").render(
        metadata="\n".join(_yaml(card_metadata(data))),
        data=data,
        evaluation=data.evaluation,
        words=report_words,
        training=training_words,
        course=training_course(data.history),
        numbers=numbers_in_words,
        limits=plain_words.limits(data),
        seconds=sum(stage.seconds for stage in data.cost.stages),
    )
    return numbers_in_words.with_plain_spaces(text)


def card_metadata(data: ReportData) -> dict[str, Any]:
    """Return what the block of YAML says: licence, library, task, tags, and the measured results as a model index."""
    licence = data.making.weights_licence
    # "Apache-2.0 (TensorFlow TPU repository)": what stands in brackets says where it was given.
    known = HUB_LICENCES.get(licence.partition(" (")[0].upper())
    metadata: dict[str, Any] = {"license": known or "other"}
    if not known:
        metadata["license_name"] = _slug(licence) or "unknown"
    metadata |= {
        "library_name": "keras",
        "pipeline_tag": "image-classification",
        "tags": ["image-classification", "keras", "lowres", _slug(data.making.backbone)],
    }
    if data.name in HUB_DATA_SETS:
        metadata["datasets"] = [HUB_DATA_SETS[data.name]]
    metadata["metrics"] = list(HUB_METRICS)
    return metadata | {"model-index": [{"name": _model_name(data), "results": [_result(data)]}]}


def _result(data: ReportData) -> dict[str, Any]:
    return {
        "task": {"type": "image-classification", "name": "Image classification"},
        "dataset": {
            "type": HUB_DATA_SETS.get(data.name) or _slug(data.name) or "images",
            "name": data.name,
            "split": "test",
        },  # fmt: skip
        "metrics": _metrics(data),
    }


def _metrics(data: ReportData) -> list[dict[str, Any]]:
    """Type, value and name of each, as `model-index` has them: those the hub knows first, then those it does not."""
    known = data.evaluation
    rows: list[tuple[str, str, float]] = [
        ("accuracy", "Accuracy", known.accuracy),
        ("f1", "F1, mean of all classes", statistics.fmean(score.f1 for score in known.per_class)),
        ("precision", "Precision, mean of all classes", statistics.fmean(score.precision for score in known.per_class)),
        ("recall", "Recall, mean of all classes", statistics.fmean(score.recall for score in known.per_class)),
        ("brier_score", "Brier score, summed over classes, as trained", known.brier),
        ("accuracy_lower_bound", f"Accuracy, lower end of the 95 % Wilson interval (n = {known.n})",
         known.accuracy_interval[0]),
        ("accuracy_upper_bound", f"Accuracy, upper end of the 95 % Wilson interval (n = {known.n})",
         known.accuracy_interval[1]),
        ("balanced_accuracy", "Balanced accuracy (mean recall of the classes there are)", known.balanced_accuracy),
        *((f"top_{k}_accuracy", f"Top-{k} accuracy", share) for k, share in sorted(known.top_k.items())),
        ("nll", "Negative log-likelihood, as trained", known.nll),
        ("nll_after_temperature", f"The same after temperature {known.temperature:.3f}", known.nll_after_temperature),
        ("ece", f"Expected calibration error, as trained ({known.ece_binning})", known.ece),
        ("ece_after_temperature", f"The same after temperature {known.temperature:.3f}", known.ece_after_temperature),
    ]  # fmt: skip
    return [
        {"type": kind, "value": value, "name": name}
        | ({"args": {"average": "macro"}} if kind in ("f1", "precision", "recall") else {})
        for kind, name, value in rows
    ]


def _model_name(data: ReportData) -> str:
    return "-".join(part for part in (_slug(data.name), _slug(data.recipe.name)) if part) or "classifier"


def _slug(words: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", words.lower()).strip("-.")


def _cell(words: str) -> str:
    """Words as a cell of a Markdown table takes them: whatever a class is called, it stays in its cell."""
    line = " ".join(words.split())
    return re.sub(r"([\\`*_{}\[\]<>|#~])", r"\\\1", line)


def _yaml(value: Mapping[str, Any] | Sequence[Any], depth: int = 0) -> list[str]:
    """A tree of dictionaries, lists and scalars as lines of block YAML; a scalar is written as JSON, which YAML reads.

    No YAML library: nothing else here writes any, and what it says is checked by one in the tests.
    """
    pad, lines = "  " * depth, []
    if isinstance(value, Mapping):
        for key, item in value.items():
            if isinstance(item, (Mapping, list)):
                lines += [f"{pad}{key}:", *_yaml(item, depth + 1)]
            else:
                lines.append(f"{pad}{key}: {_scalar(item)}")
        return lines
    for item in value:
        if isinstance(item, (Mapping, list)):
            first, *rest = _yaml(item, depth + 1)
            lines += [f"{pad}- {first.strip()}", *rest]
        else:
            lines.append(f"{pad}- {_scalar(item)}")
    return lines


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=True)
    text = json.dumps(value)
    # "1e-05" has no dot, so YAML 1.1 would read it as words.
    return f"{value:.17f}" if isinstance(value, float) and "e" in text else text
