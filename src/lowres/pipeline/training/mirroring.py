"""What `augmentation.flip = "auto"` comes to: the frozen classifier is asked whether mirror images keep their class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lowres.pipeline.study_run import StudyRun
    from lowres.values.altering.mirroring import Mirroring
    from lowres.values.recipes.recipe_sections import Augmentation

_FACTS = "mirroring"


def mirroring_facts(run: StudyRun, classifier: Any) -> dict[str, Any]:
    """Return what the head stage writes down of mirror images; nothing where nobody asks."""
    if not is_asked(run):
        return {}
    from lowres.values.altering.mirroring import judge_mirroring

    rows = run.split.validation
    plain, mirrored = (
        classifier.logits_from_features(run.features.read(rows, flipped)).argmax(axis=1) for flipped in (False, True)
    )
    found = judge_mirroring(plain, mirrored, run.images.labels[rows])
    run.progress.note(_in_words(found, run.images.class_names))
    return {_FACTS: found.to_json()}


def decided_augmentation(run: StudyRun) -> Augmentation:
    """Return the recipe's augmentation with `flip` decided; before the head stage, as if images could be mirrored."""
    augmentation, head = run.recipe.augmentation, run.study.ledger.stages.get("head")
    if augmentation.flip != "auto":
        return augmentation
    # From scratch nobody knows yet: an image is left as it is, and the lint says how to have it otherwise.
    keeps = run.recipe.has_frozen_phase and (head is None or head.facts[_FACTS]["keeps_labels"])
    return augmentation.model_copy(update={"flip": "alternating" if keeps else "none"})


def is_asked(run: StudyRun) -> bool:
    """Whether training depends on it."""
    recipe = run.recipe
    return recipe.augmentation.flip == "auto" and recipe.fine_tuning.epochs > 0 and recipe.has_frozen_phase


def _in_words(found: Mirroring, class_names: tuple[str, ...]) -> str:
    said = f"mirrored validation images: {found.mirrored_accuracy:.2%} right, {found.accuracy:.2%} as they are"
    if found.keeps_labels:
        return f"{said}; training mirrors images"
    worst = f" ({class_names[found.worst_class]} loses most)" if found.worst_class is not None else ""
    return f"{said}{worst}; training leaves them as they are"
