"""The described system as if it had been a study: records made by hand of the document's own numbers."""

from lowres.files.recipes import read_recipe
from lowres.values.study_facts.gathering import study_facts
from lowres.values.study_facts.records import Parameters, StageTold, StudyRecords
from lowres.values.training.history import EpochRow

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
COUNTED = {("ship", "airplane"): 237, ("deer", "horse"): 232, ("cat", "frog"): 218, ("bird", "deer"): 208}
SECONDS = {
    "images": 0,
    "split": 0,
    "preflight": 0,
    "features": 680,
    "head": 1000,
    "train": 49 * 60,
    "predict": 0,
    "evaluate": 0,
    "explain": 0,
    "report": 0,
}


def _row(phase: str, epoch: int, accuracy: float, loss: float, is_kept: bool) -> EpochRow:
    return EpochRow(
        phase, epoch, "dense" if phase == "frozen" else "", 1e-3, loss, accuracy, loss, accuracy, 70.0, is_kept
    )


def described_records(**changes) -> StudyRecords:
    """Return the records; `changes` replace fields of them."""
    history = [_row("frozen", epoch, 0.105, 2.30, epoch == 7) for epoch in range(1, 13)]
    history += [_row("fine-tuning", epoch, 0.49 if epoch == 25 else 0.4, 1.5, epoch == 25) for epoch in range(1, 31)]
    confusion = [[489 if row == column else 0 for column in range(10)] for row in range(10)]
    for (true, predicted), count in COUNTED.items():
        confusion[CLASSES.index(true)][CLASSES.index(predicted)] = count
    scores = {name: {"precision": 0.5, "recall": 0.5, "f1": 0.5} for name in CLASSES}
    scores["ship"]["precision"], scores["automobile"]["precision"] = 0.65, 0.62
    scores["cat"]["f1"], scores["bird"]["f1"] = 0.21, 0.26
    facts = {
        "images": {
            "origin": "hand",
            "fingerprint": "",
            "images": 60000,
            "height": 32,
            "width": 32,
            "class_names": list(CLASSES),
            "class_counts": [6000] * 10,
            "skipped": [],
            "findings": [{"name": "pixel range", "measured": "the brightest value is 255 of 255", "status": "PASS"}],
        },
        "split": {"counts": {"train": 8000, "validation": 2000, "test": 10000}},
        "features": {
            "backbone": "resnet50",
            "weights_origin": "hand",
            "weights_licence": "MIT",
            "engine": "keras",
            "input_contract": "BGR minus ImageNet's mean, but scaled to 0 to 1 before that, on purpose",
            "feature_shape": [7, 7, 2048],
        },
        "head": {
            "head": {
                "chosen": {"kind": "dense", "regularisation": None, "epochs": 12, "validation_accuracy": 0.105},
                "candidates": [{}],
            }
        },
        "train": {
            "fine_tuning": {
                "from_layer": "conv5",
                "epochs": 30,
                "kept_epoch": 25,
                "stopped_early": False,
                "trained_parameters": 15503114,
                "batch_images": 32,
                "accumulation_steps": 1,
                "validation_accuracy": 0.49,
                "frozen_validation_accuracy": 0.105,
            }
        },
    }
    outputs = {
        "train": ("model.keras", "history.csv"),
        "head": ("checkpoints/frozen/model.keras", "checkpoints/frozen/history.csv"),
        "predict": ("predictions/validation.npz", "predictions/test.npz"),
        "report": tuple(f"figures/{number}.png" for number in range(8)),
    }
    versions = {"tensorflow": "2.20.0", "keras": "3.11.2"}
    values = {
        "source": "cifar10",
        "recipe": read_recipe("described"),
        "stages": {
            name: StageTold(facts.get(name, {}), float(seconds), versions, outputs.get(name, ()))
            for name, seconds in SECONDS.items()
        },
        "part_counts": {name: {"train": 800, "validation": 200, "test": 1000} for name in CLASSES},
        "evaluation": {
            "n": 10000,
            "accuracy": 0.489,
            "accuracy_interval": [0.479, 0.499],
            "majority_baseline": 0.1,
            "target": 0.65,
            "gap_to_target": 0.161,
            "balanced_accuracy": 0.489,
            "top_k": {"2": 0.66},
            "confusion": confusion,
            "nll": 1.5,
            "nll_after_temperature": 1.4,
            "brier": 0.6,
            "ece": 0.04,
            "ece_after_temperature": 0.01,
            "temperature": 1.2,
            "per_class": [{"name": name, "support": 1000, **scores[name]} for name in CLASSES],
        },
        "preflight": {
            "findings": [],
            "machine": {"processor": "hand", "cores": 4, "memory_bytes": 2**33, "graphics_cards": []},
        },
        "explanation": {"method": "Grad-CAM", "layer": "conv5_block3_out"},
        "history": tuple(history),
        "parameters": Parameters(24114826, 527114),
        "sizes": {"model.keras": 97000000},
    }
    return StudyRecords(**(values | changes))


def described_facts(**changes):
    """Return the facts of those records."""
    return study_facts(described_records(**changes))


def stages_of_networks(*alone: float) -> dict[str, StageTold]:
    """What the stages tell where networks of those accuracies have their logits averaged: 52 % together."""
    stages = dict(described_records().stages)
    told = stages["train"]
    tuned = told.facts["fine_tuning"] | {"members": list(alone), "validation_accuracy": 0.52}
    return stages | {"train": StageTold({"fine_tuning": tuned}, told.seconds, told.versions)}
