"""Claims that need whole studies: read from what benchmarks/recipe.py wrote, else not checked yet."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from described.claim import Claim

RESULTS = Path(__file__).resolve().parent.parent / "results"
Judge = Callable[[dict[str, Any]], str]
# "About 10 %" and "49.0 %" are held to mean within five points.
NEAR = 0.05


def claims() -> list[Claim]:
    """Return the claims about accuracies reached."""
    return [
        _claim(
            "6 Q1",
            "Why did frozen training fail (~10% accuracy)?",
            "described",
            "Recipe described, the mistake kept: {frozen_validation:.1%} on validation after the frozen phase.",
            lambda found: "right" if abs(found["frozen_validation"] - 0.10) < NEAR else "wrong",
        ),
        _claim(
            "7 Q5",
            "49.0% at epoch 25",
            "described",
            "Recipe described with conv5's BatchNormalization trained, as Keras 3's fit does whatever the document's "
            "flag says (5 Q6): {validation:.1%} on validation (epoch {kept_epoch} kept, {epochs} trained, {runs} "
            "run{s}), {accuracy:.1%} of {n:,} on test. With it standing still, as the document has it, the recipe "
            "comes to {unchanged_accuracy:.1%}: what lifts it is the normalisation that the document says was off.",
            lambda found: "right" if abs(found["validation"] - 0.49) < NEAR else "not reproduced",
            "--set fine_tuning.normalisation=training",
        ),
        _claim(
            "10 Q8",
            "Use CIFAR-appropriate architecture (ResNet-20, WideResNet), full 50K dataset, stronger augmentation "
            "(cutout, "
            "mixup), or train from scratch.",
            "two-phase",
            "Recipe two-phase, the described system with its pixels scaled once, reaches {accuracy:.1%} of {n:,} test "
            "images from the same 8,000; the target was 65 %.",
            lambda found: "wrong" if found["accuracy"] > 0.65 else "right",
        ),
        _claim(
            "10 Q3",
            "Use EfficientNetB0 or ResNet-20 for CIFAR, use full 50K training set",
            "quick",
            "A relative of EfficientNetB0, frozen, reaches {accuracy:.1%} of {n:,} test images from the same 8,000: "
            "what "
            "was missing is not the full set.",
            lambda found: "right for another reason" if found["accuracy"] > 0.65 else "right",
        ),
    ]


def _claim(where: str, quote: str, recipe: str, found: str, judge: Judge, changed: str = "") -> Claim:
    """The verdict on runs of that recipe, changed as said; "" are runs of it as it stands."""
    path = RESULTS / f"{recipe}.json"
    runs = json.loads(path.read_text(encoding="utf-8"))["runs"] if path.exists() else []
    wanted = [run for run in runs if _words(run.get("changed", {})) == changed]
    unchanged = [run for run in runs if not run.get("changed")]
    if wanted and unchanged:
        figures = _figures(recipe, wanted) | {"unchanged_accuracy": _figures(recipe, unchanged)["accuracy"]}
        return Claim(where, quote, judge(figures), found, figures)
    told = f"Not run yet: it takes a study of recipe {' '.join([recipe, changed]).strip()}."
    if unchanged:
        told += " As it stands, with BatchNormalization standing still, that recipe came to {accuracy:.1%} of {n:,}."
    return Claim(where, quote, "not checked yet", told, _figures(recipe, unchanged) if unchanged else {})


def _words(changed: dict[str, str]) -> str:
    """The changes, whose values are kept as JSON, as one types them."""
    typed = {key: value.strip('"') for key, value in changed.items()}
    return " ".join(f"--set {key}={value}" for key, value in typed.items())


def _figures(recipe: str, runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the means over the runs; a recipe without fine-tuning has its test accuracy alone."""
    figures = {"recipe": recipe, "runs": len(runs), "s": "s" if len(runs) > 1 else "", "n": runs[0]["n"]}
    figures["accuracy"] = sum(run["accuracy"] for run in runs) / len(runs)
    fine_tuned = [run["fine_tuning"] for run in runs if run["fine_tuning"]]
    if fine_tuned:
        figures["validation"] = sum(one["validation_accuracy"] for one in fine_tuned) / len(fine_tuned)
        figures["frozen_validation"] = sum(one["frozen_validation_accuracy"] for one in fine_tuned) / len(fine_tuned)
        figures["kept_epoch"], figures["epochs"] = fine_tuned[0]["kept_epoch"], fine_tuned[0]["epochs"]
    return figures
