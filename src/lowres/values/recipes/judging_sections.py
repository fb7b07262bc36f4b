"""The sections of a recipe that say how a classifier is judged and explained."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from lowres.values.recipes.recipe_sections import Section

CamMethodName = Literal["grad-cam", "grad-cam++", "hirescam", "layercam", "eigencam", "ablation-cam", "occlusion"]


class EvaluationChoices(Section):
    """What the test part is measured against."""

    target_accuracy: float | None = Field(None, gt=0, le=1, description="Accuracy that was asked for, if one was.")
    review_error: float = Field(
        0.01,
        gt=0,
        lt=1,
        description="Error, as a fraction, that may remain among answers no person reviews; validation chooses the "
        "confidence from which that holds.",
    )
    robustness_images: int = Field(
        500,
        ge=1,
        description="Test images, drawn by lot class by class, that `lowres robustness` spoils in 15 ways at 5 "
        "severities.",
    )
    set_coverage: float = Field(
        0.95,
        gt=0,
        lt=1,
        description="Fraction of images whose set of possible classes (conformal) holds the true one; the size of the "
        "sets comes from validation.",
    )


class ExplanationChoices(Section):
    """Heat maps, and how they are put to the proof."""

    gallery_images: int = Field(24, ge=2, le=400, description="Test images explained: half right, half wrong.")
    method: CamMethodName = Field(
        "grad-cam",
        description="How heat maps are made; all but ablation-cam and occlusion cost about one pass.",
    )
    layer: str = Field(
        "",
        description="Layer whose feature map is explained, by name; empty: the last one, between trunk and head. An "
        "earlier one shows finer places; all paths have to go through it.",
    )
    mistakes_per_cell: int = Field(
        12, ge=0, le=1000, description="Wrong answers explained beside the gallery, the surest of each confusion."
    )
    faithfulness_images: int = Field(
        32,
        ge=0,
        description="Test images, drawn by lot class by class, on which heat maps are put to the proof: deletion, "
        "insertion, ROAD and randomised weights, beside maps that know nothing of the network; 0: none.",
    )
