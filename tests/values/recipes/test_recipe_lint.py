"""Every contradiction planted in a recipe is named, and healthy recipes pass."""

import re

import pytest

from lowres.values.findings import worst
from lowres.values.recipes.recipe import Recipe, field_keys
from lowres.values.recipes.recipe_lint import lint_recipe

CHANGES = {"flip": "random", "shift_pixels": 4}
MIRRORED = {"flipped_views": "always"}
# name, the sections planted, status, what is measured, what repairs it.
PLANTED = [
    (
        "members",
        {"head": {"kinds": ["linear", "dense"]}, "fine_tuning": {"epochs": 3, "members": 2}},
        "FAIL",
        "members = 2 with dense in head.kinds",
        'head.kinds = ["linear"]',
    ),
    (
        "optimizer",
        {"fine_tuning": {"epochs": 3, "optimizer": "muon"}},
        "FAIL",
        "muon with normalisation = inference",
        "optimizer = adamw",
    ),
    (
        "alternation",
        {"augmentation": {"flip": "alternating"}, "fine_tuning": {"epochs": 4, "views": 3}},
        "WARN",
        "flip = alternating with fine_tuning.views = 3",
        "views to 4",
    ),
    (
        "student",
        {"fine_tuning": {"epochs": 4}, "self_training": {"epochs": 3}},
        "WARN",
        "self_training.epochs = 3, but there are no unlabelled images",
        "--unlabelled DIR",
    ),
    (
        "from scratch",
        {"head": {"kinds": ["published"]}},
        "FAIL",
        "head.kinds = published with fine_tuning.epochs = 0",
        "set fine_tuning.epochs",
    ),
    (
        "from scratch",
        {"head": {"kinds": ["published"]}, "fine_tuning": {"epochs": 3}, "augmentation": {"flip": "auto"}},
        "WARN",
        "no frozen phase can say whether images may be mirrored",
        "flip to alternating",
    ),
    ("scaling", {"network": {"scaling": "unit-then-contract"}}, "FAIL", "scaled twice", "scaling = contract"),
    ("input size", {"network": {"input_pixels": 32}}, "WARN", "last feature map is 1 x 1", "128 or more"),
    ("input size", {"network": {"input_pixels": 63}}, "WARN", "= 63 for a trunk trained on 224", "128 or more"),
    (
        "frozen_phase plateau",
        {"head": {"kinds": ["dense"]}, "frozen_phase": {"plateau_patience_epochs": 5}},
        "WARN",
        "plateau_patience_epochs = 5 is not below early_stopping_patience_epochs = 5",
        "early_stopping_patience_epochs to 10 or more",
    ),
    (
        "fine_tuning plateau",
        {"fine_tuning": {"epochs": 9, "schedule": "plateau", "early_stopping_patience_epochs": 2}},
        "WARN",
        "plateau_patience_epochs = 3 is not below early_stopping_patience_epochs = 2",
        "early_stopping_patience_epochs to 6 or more",
    ),
    (
        "fine_tuning plateau",
        {"fine_tuning": {"epochs": 9, "schedule": "plateau", "plateau_patience_epochs": 0}},
        "WARN",
        "the rate never drops",
        "plateau_patience_epochs to 3",
    ),
    (
        "frozen_phase views",
        {"head": {"kinds": ["dense"], "epochs": 3}, "frozen_phase": {"views": 8}, "augmentation": CHANGES},
        "WARN",
        "frozen_phase.views = 8, head.epochs = 3: of the 9 looks of an image (as it is, and its views) the dense head "
        "never sees 6",
        "frozen_phase.views to 2 or less, or head.epochs to 9",
    ),
    (
        "frozen_phase views",
        {"head": {"kinds": ["dense"], "epochs": 5}, "frozen_phase": {"views": 5}, "augmentation": CHANGES},
        "WARN",
        "of the 6 looks of an image (as it is, and its views) the dense head never sees 1",
        "frozen_phase.views to 4 or less, or head.epochs to 6",
    ),
    (
        "frozen_phase views",
        {"frozen_phase": {"views": 8}},
        "WARN",
        "frozen_phase.views = 8 with nothing in [augmentation]",
        "frozen_phase.views to 1",
    ),
    (
        "mirrored views",
        {"frozen_phase": {"views": 3}, "augmentation": CHANGES, "features": MIRRORED},
        "WARN",
        "always with frozen_phase.views = 3 and augmentation.flip = random",
        "features.flipped_views = auto",
    ),
    (
        "standardised features",
        {"head": {"standardise": False, "kinds": ["lda"]}},
        "WARN",
        "head.standardise = false with head.kinds = lda",
        'head.kinds = ["dense"]',
    ),
    ("one view", {"augmentation": CHANGES}, "WARN", "no image is ever changed", "frozen_phase.views to 4"),
    (
        "one view",
        {
            "augmentation": CHANGES,
            "fine_tuning": {"epochs": 4, "views": 1, "from_layer": "conv5"},
        },
        "WARN",
        "every epoch sees the same one view",
        "fine_tuning.views to 4",
    ),
    (
        "batch size",
        {"head": {"kinds": ["dense"], "batch_images": 8001}},
        "FAIL",
        "head.batch_images = 8001, more than the 8000 images of the training part",
        "800 or less",
    ),
    (
        "updates",
        {"fine_tuning": {"epochs": 4, "batch_images": 4032, "accumulation_steps": 2}},
        "WARN",
        "fine_tuning.batch_images * accumulation_steps = 8064, more than the 8000 images of the training part: "
        "2016 images an update are taken, 16 updates in all",
        "a larger fine_tuning.epochs",
    ),
    (
        "fine-tuning",
        {"fine_tuning": {"from_layer": "conv5"}},
        "WARN",
        "fine_tuning.from_layer = conv5 with fine_tuning.epochs = 0",
        "set fine_tuning.epochs",
    ),
    (
        "activation cache",
        {"fine_tuning": {"epochs": 4, "cache_activations": "always"}},
        "FAIL",
        "with no from_layer",
        "set fine_tuning.from_layer",
    ),
    (
        "class weights",
        {"fine_tuning": {"epochs": 4, "class_weights": "balanced", "loss": "focal"}},
        "WARN",
        "favoured twice over",
        "class_weights = none",
    ),
    (
        "random trunk",
        {"network": {"backbone": "resnet20"}},
        "WARN",
        "network.backbone = resnet20 begins with random weights and fine_tuning.epochs = 0: they stay random",
        "set fine_tuning.epochs with from_layer empty and normalisation = training",
    ),
    (
        "random trunk",
        {"network": {"backbone": "tiny-conv"}, "fine_tuning": {"epochs": 2, "from_layer": "tiny_conv2"}},
        "WARN",
        "fine_tuning.from_layer = tiny_conv2: what is below it stays random",
        "from_layer empty",
    ),
    (
        "random trunk",
        {"network": {"backbone": "wrn-16-4"}, "fine_tuning": {"epochs": 2}},
        "WARN",
        "fine_tuning.normalisation = inference: BatchNorm's statistics are never measured",
        "normalisation = training",
    ),
    (
        "weight averaging",
        {"fine_tuning": {"epochs": 4, "weight_averaging": 0.999}},
        "WARN",
        "averages over about 1000 updates of 1000 in all",
        "weight_averaging to 0.99 or less",
    ),
    (
        "normalisation",
        {"fine_tuning": {"epochs": 4, "normalisation": "training", "batch_images": 8}},
        "WARN",
        "normalisation = training with 8 images a batch",
        "normalisation = inference",
    ),
    (
        "augmentation",
        {"augmentation": {"cutout_pixels": 32}},
        "FAIL",
        "cutout_pixels = 32 for images of 32",
        "8 or less",
    ),
    ("augmentation", {"augmentation": {"shift_pixels": 40}}, "FAIL", "shift_pixels = 40 for images of 32", "8 or less"),
    (
        "augmentation",
        {"augmentation": CHANGES | {"policy": "trivial", "policy_changes": 3}, "frozen_phase": {"views": 6}},
        "WARN",
        'policy_changes = 3 and policy_strength = 0.3 with policy = "trivial"',
        'policy = "random"',
    ),
]
DESCRIBED = {
    "network": {"backbone": "resnet50", "interpolation": "bilinear"},
    "augmentation": {"flip": "random", "rotation_fraction": 0.1, "zoom_fraction": 0.1},
    "head": {"kinds": ["dense"], "epochs": 30},
    "frozen_phase": {"views": 12},
    "fine_tuning": {
        "epochs": 30,
        "from_layer": "conv5",
        "views": 12,
        "optimizer": "adam",
        "schedule": "plateau",
        "early_stopping_patience_epochs": 5,
    },
}
HEALTHY = [
    {},
    DESCRIBED,
    {"head": {"kinds": ["dense"]}},
    {"fine_tuning": {"epochs": 4}},
    {"augmentation": CHANGES, "frozen_phase": {"views": 6}},
    {"augmentation": CHANGES, "fine_tuning": {"epochs": 10, "views": 2, "cache_activations": "never"}},
    {"fine_tuning": {"epochs": 10, "views": 6, "weight_averaging": 0.99, "mixup_alpha": 0.2}},
    {"fine_tuning": {"epochs": 2, "views": 99, "cache_activations": "never"}},
    {"fine_tuning": {"epochs": 10, "normalisation": "training", "batch_images": 16}},
    {"fine_tuning": {"epochs": 10, "batch_images": 8000}},
    {"fine_tuning": {"epochs": 10, "optimizer": "muon", "normalisation": "training"}},
    {"fine_tuning": {"epochs": 10, "members": 3}},
    {"augmentation": {"flip": "alternating"}, "fine_tuning": {"epochs": 3, "views": 3}},
    {"augmentation": {"flip": "random"}, "fine_tuning": {"epochs": 9, "views": 3}},
    {
        "head": {"kinds": ["published"]},
        "network": {"backbone": "resnet20", "weights_sha256": 64 * "a"},
    },
    {"network": {"input_pixels": 64}},
    {"network": {"backbone": "resnet20"}, "fine_tuning": {"epochs": 2, "normalisation": "training"}},
    {"network": {"backbone": "resnet20", "weights_sha256": 64 * "a"}},
    # What a phase that does not take place would be told is no fault.
    {"fine_tuning": {"schedule": "plateau", "early_stopping_patience_epochs": 1, "views": 50}},
    {"head": {"batch_images": 100_000, "epochs": 1}, "frozen_phase": {"plateau_patience_epochs": 9}},
    {"frozen_phase": {"views": 1}, "head": {"kinds": ["dense"], "epochs": 1}},
    {"frozen_phase": {"views": 4}, "augmentation": CHANGES, "head": {"kinds": ["dense"], "epochs": 5}},
    {"frozen_phase": {"views": 9}, "augmentation": CHANGES, "head": {"kinds": ["dense", "lda"], "epochs": 5}},
    {"frozen_phase": {"views": 2}, "augmentation": {"shift_pixels": 4}, "features": MIRRORED},
    {"frozen_phase": {"views": 2}, "augmentation": {"shift_pixels": 4, "flip": "auto"}, "features": MIRRORED},
    {"head": {"kinds": ["dense", "linear"], "standardise": False}},
    {"frozen_phase": {"early_stopping_patience_epochs": 0}, "head": {"kinds": ["dense"]}},
]


def lint(sections, **figures):
    recipe = Recipe.model_validate({"name": "test"} | sections)
    findings = lint_recipe(recipe, **({"training_images": 8000, "image_pixels": 32, "unlabelled_images": 0} | figures))
    return {finding.name.removeprefix("recipe: "): finding for finding in findings}


@pytest.mark.parametrize(("name", "sections", "status", "measured", "repair"), PLANTED)
def test_a_planted_fault_is_named(name, sections, status, measured, repair):
    findings = lint(sections)
    finding = findings.pop(name)
    assert finding.status == status
    assert measured in finding.measured
    assert repair in finding.repair
    # It is named once, and nothing else is blamed for it; augmentation without a second phase is never used, though.
    assert {other for other, found in findings.items() if found.status != "PASS"} <= {"one view"}


@pytest.mark.parametrize("sections", HEALTHY)
def test_healthy_recipes_pass(sections):
    findings = lint(sections).values()
    assert worst(findings) == "PASS", [finding for finding in findings if finding.status != "PASS"]
    assert {finding.repair for finding in findings} == {""}


def test_every_rule_has_a_planted_fault():
    assert set(lint({})) == {name for name, *_ in PLANTED}


def test_rules_without_a_figure_pass():
    sections = {
        "head": {"kinds": ["dense"], "batch_images": 10**6},
        "augmentation": {"cutout_pixels": 500},
        "frozen_phase": {"views": 2},
        "fine_tuning": {"epochs": 9, "weight_averaging": 0.9999},
    }
    figures = {"training_images": None, "image_pixels": None, "unlabelled_images": None}
    found = lint(sections | {"self_training": {"epochs": 3}}, **figures).values()
    assert worst(found) == "PASS"


@pytest.mark.parametrize(("kept", "status"), [(0.998, "PASS"), (0.9982, "WARN")])
def test_an_average_may_reach_over_half_of_all_updates(kept, status):
    # 1,000 updates in all; the average reaches over 500, and over 556.
    assert lint({"fine_tuning": {"epochs": 4, "weight_averaging": kept}})["weight averaging"].status == status


def test_a_trunk_for_small_images_may_see_small_images():
    assert lint({"network": {"input_pixels": 32}}, trunk_trained_pixels=64)["input size"].status == "PASS"


def test_repaired_recipes_pass():
    described = DESCRIBED | {"network": DESCRIBED["network"] | {"scaling": "unit-then-contract"}}
    assert [name for name, found in lint(described).items() if found.status != "PASS"] == ["scaling"]


def test_findings_name_keys_that_exist():
    texts = [f"{found.measured} {found.repair}" for _, sections, *_ in PLANTED for found in lint(sections).values()]
    named = set(
        re.findall(
            r"\b(?:network|features|head|augmentation|frozen_phase|fine_tuning|self_training)\.[a-z_]+", " ".join(texts)
        )
    )
    assert named <= set(field_keys())
    assert len(named) > 12
