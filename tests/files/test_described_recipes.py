"""The packaged recipes of the described system say what its document says, and part in the mistake alone."""

import numpy as np
import pytest

from lowres.files.recipes import read_recipe
from lowres.values.recipes.recipe_lint import lint_recipe

CIFAR10 = {"training_images": 8_000, "image_pixels": 32}
# The document's own figures, by the field that has to say them.
DESCRIBED = {
    "seed": 42,
    "split": {"seed": 42, "validation_fraction": 0.2, "pool_images": None},
    "network": {"backbone": "resnet50", "input_pixels": 224, "interpolation": "bilinear", "levels": "last"},
    "augmentation": {"flip": "random", "rotation_fraction": 0.1, "zoom_fraction": 0.1, "policy": "none"},
    "head": {"kinds": ("dense",), "standardise": False, "epochs": 12, "batch_images": 32, "learning_rate": 1e-3},
    "frozen_phase": {"early_stopping_patience_epochs": 5, "plateau_patience_epochs": 3, "plateau_factor": 0.5},
    "fine_tuning": {
        "epochs": 30,
        "from_layer": "conv5",
        "batch_images": 32,
        "accumulation_steps": 1,
        "optimizer": "adam",
        "learning_rate": 1e-4,
        "layer_decay": 1.0,
        "weight_decay": 0.0,
        "schedule": "plateau",
        "plateau_patience_epochs": 3,
        "plateau_factor": 0.5,
        "early_stopping_patience_epochs": 5,
        "keep": "best",
        "normalisation": "inference",
        "label_smoothing": 0.0,
        "mixup_alpha": 0.0,
        "cutmix_alpha": 0.0,
        "loss": "cross-entropy",
        "weight_averaging": 0.0,
        "warmup_fraction": 0.0,
    },
    "evaluation": {"target_accuracy": 0.65},
}


def said(recipe):
    """What a recipe says, as far as the document speaks of it."""
    data = recipe.model_dump()
    return {
        section: {key: data[section][key] for key in rows} if isinstance(rows, dict) else data[section]
        for section, rows in DESCRIBED.items()
    }


def test_the_described_system_is_said_faithfully():
    recipe = read_recipe("described")
    assert said(recipe) == DESCRIBED
    assert recipe.network.scaling == "unit-then-contract"


def test_two_phase_is_the_same_without_the_mistake():
    described, mended = (read_recipe(name).model_dump() for name in ("described", "two-phase"))
    for recipe in (described, mended):
        del recipe["name"], recipe["about"]
    assert mended.pop("network") == described.pop("network") | {"scaling": "contract"}
    assert mended == described


def test_lint_names_the_mistake_and_nothing_else():
    described, mended = (lint_recipe(read_recipe(name), **CIFAR10) for name in ("described", "two-phase"))
    assert {one.status for one in mended} == {"PASS"}
    (fault,) = (one for one in described if one.status != "PASS")
    assert (fault.status, fault.name) == ("FAIL", "recipe: scaling")
    assert "scaled twice" in fault.measured


def test_every_look_of_an_image_is_seen_as_often_as_another():
    recipe = read_recipe("described")
    assert recipe.head.epochs % (1 + recipe.augmented_frozen_views) == 0


@pytest.mark.parametrize(
    ("images", "written", "mebibytes", "megabytes"),
    [(8_000, 93.8, 93.75, 98.304), (2_000, 23.5, 23.4375, 24.576), (10_000, 117.2, 117.1875, 122.88)],
)
def test_the_document_calls_mebibytes_megabytes(images, written, mebibytes, megabytes):
    """float32 pixels of 32x32x3; the document's 23.5 should have been 23.4."""
    taken = np.empty((images, 32, 32, 3), np.float32).nbytes
    assert taken / 2**20 == mebibytes
    assert taken / 1e6 == megabytes
    assert abs(written - mebibytes) < 0.07 < abs(written - megabytes)
