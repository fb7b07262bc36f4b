"""What the validation part of a study chose before anything was judged: the head, mirroring, the epoch kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lowres.values.training.head_report import HeadReport

if TYPE_CHECKING:
    from lowres.pipeline.study_run import StudyRun
    from lowres.values.judging.validation_choices import ValidationChoice


def training_choices(run: StudyRun) -> tuple[ValidationChoice, ...]:
    """Return them in the order they were made, from what the stages wrote into the ledger."""
    from lowres.values.judging.validation_choices import ValidationChoice

    stages = run.study.ledger.stages
    heads = HeadReport.from_json(stages["head"].facts["head"])
    choices = [ValidationChoice("head", heads.chosen.name, len(heads.candidates), "highest validation accuracy")]
    if heads.chosen.epochs:
        choices.append(
            ValidationChoice(
                "epoch of the dense head", "see history.csv", heads.chosen.epochs, "validation, each epoch"
            )
        )
    mirroring = stages["head"].facts.get("mirroring")
    if mirroring:
        words = "mirrored" if mirroring["keeps_labels"] else "as they are"
        choices.append(ValidationChoice("training images", words, 2, "accuracy on mirrored validation images"))
    tuned = stages["train"].facts.get("fine_tuning")
    if tuned:
        choices += _of_fine_tuning(run, tuned)
    return tuple(choices)


def _of_fine_tuning(run: StudyRun, facts: dict[str, Any]) -> list[ValidationChoice]:
    from lowres.values.judging.validation_choices import ValidationChoice

    recipe, choices = run.recipe.fine_tuning, []
    if recipe.keep == "best":
        what = f"weights kept, of each of {recipe.members} networks" if recipe.members > 1 else "weights kept"
        kept = f"of epoch {facts['kept_epoch']}" if facts["kept_epoch"] else "those before the first epoch"
        first = "of the first, those " if recipe.members > 1 and facts["kept_epoch"] else ""
        choices.append(ValidationChoice(what, first + kept, facts["epochs"] + 1, "highest validation accuracy"))
    if recipe.early_stopping_patience_epochs:
        said = f"after epoch {facts['epochs']}" if facts["stopped_early"] else "none before its last epoch"
        choices.append(ValidationChoice("end of the training", said, recipe.epochs, "validation accuracy"))
    if recipe.schedule == "plateau" and recipe.plateau_patience_epochs:
        choices.append(ValidationChoice("drops of the learning rate", "see history.csv", None, "validation loss"))
    taught = facts.get("self_training", {})
    if "keeps_student" in taught:
        choices += _of_self_training(taught, recipe.keep)
    return choices


def _of_self_training(facts: dict[str, Any], keep: str) -> list[ValidationChoice]:
    from lowres.values.judging.validation_choices import ValidationChoice

    choices = [ValidationChoice("temperature of the teacher", f"{facts['temperature']:.3g}", None, "validation loss")]
    if keep == "best":
        kept = f"of epoch {facts['kept_epoch']}" if facts["kept_epoch"] else "those before the first epoch"
        choices.append(
            ValidationChoice("weights of the student", kept, facts["epochs"] + 1, "highest validation accuracy")
        )
    which = "student" if facts["keeps_student"] else "teacher"
    choices.append(ValidationChoice("student or teacher", which, 2, "highest validation accuracy"))
    return choices
