"""Every contradiction planted in a recipe is named, and healthy recipes pass."""

import re

import pytest

from lowres.values.findings import worst
from lowres.values.recipes.recipe import Recipe, field_keys
from lowres.values.recipes.recipe_lint import lint_recipe
from values.recipes.lint_cases import DESCRIBED, HEALTHY, PLANTED


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
