"""A small study of real digits, judged by a quick scikit-learn model, and what a figure holds before it is pixels."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from lowres.faces.report.data import Candidate, Cost, FineTuned, FlippedResult, Making, ReportData, StageCost
from lowres.faces.report.study_figures import study_figures
from lowres.files.machine import Machine
from lowres.values.explaining.explanation import Explanation, choose_gallery
from lowres.values.findings import Finding
from lowres.values.judging.calibration import fit_temperature
from lowres.values.judging.evaluation import evaluate
from lowres.values.judging.intervals import wilson_interval
from lowres.values.labelled_images import LabelledImages
from lowres.values.predictions import Predictions
from lowres.values.recipes.recipe import Head, Recipe
from lowres.values.split import make_split
from lowres.values.training.history import FINE_TUNING, FROZEN, STUDENT, EpochRow

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@pytest.fixture(scope="session")
def pixels_of():
    """Decode a picture's bytes into an array."""

    def decode(content):
        with Image.open(io.BytesIO(content)) as picture:
            return np.asarray(picture.convert("RGB"))

    return decode


def make_data(images, logits, *, target=None, map_shape=(7, 7)):
    """A finished study from images and the logits of all of them."""
    split = make_split(images)

    def judged(part):
        rows = split.part(part)
        ids = tuple(images.ids[row] for row in rows)
        return Predictions(ids, images.labels[rows], logits[rows].astype(np.float32), images.class_names)

    calibration = fit_temperature(judged("validation"))
    training_counts = np.bincount(images.labels[split.train], minlength=len(images.class_names))
    test = judged("test")
    evaluation = evaluate(
        test, temperature=calibration.temperature, training_class_counts=training_counts, target=target
    )
    rows = choose_gallery(test, 12, 0)
    maps = np.random.default_rng(1).normal(size=(len(rows), *map_shape)).astype(np.float32)
    return ReportData(
        name="digits",
        images=images,
        split=split,
        recipe=Recipe(name="quick", head=Head(regularisations=(0.001, 0.003))),
        predictions=test,
        evaluation=evaluation,
        making=Making(
            "a-trunk",
            "Apache-2.0",
            "0123456789abcdef" * 4,
            "a package",
            (*map_shape, 64),
            (Candidate("linear", 0.915, is_chosen=True), Candidate("lda", 0.885)),
            "RGB scaled to -1..1",
        ),
        cost=Cost(
            (StageCost("features", 124.0), StageCost("train", 8.25)),
            Machine("Linux", "3.11.9", "A processor", (), 2, 8 * 2**30, ()),
            "OpenVINO in bfloat16",
            {"lowres": "0.1.0", "numpy": "2.4.6"},
        ),
        command="lowres study digits --recipe quick",
        origin="the installed package",
        findings=(Finding("balance", "PASS", "much alike"), Finding("copies", "FAIL", "two copies", "remove one")),
        explanation=Explanation(tuple(test.ids[row] for row in rows), test.predicted[rows], maps, "grad-cam", "top"),
        flipped=FlippedResult(0.5, wilson_interval(50, 100)),
        calibration=calibration,
    )


@pytest.fixture(scope="session")
def digits_data():
    from sklearn.datasets import load_digits
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    grey, labels = load_digits(return_X_y=True)
    grey, labels = grey[:900], labels[:900].astype(np.int64)
    pixels = np.repeat((grey.reshape(-1, 8, 8, 1) * 255 / 16).astype(np.uint8), 3, axis=3)
    images = LabelledImages(pixels, labels, DIGITS, tuple(f"digit {row}" for row in range(len(labels))))
    # Taught by few, so that there are mistakes to show.
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.9).fit(grey[:60], labels[:60])
    return make_data(images, 0.2 * model.decision_function(grey), target=0.9)


@pytest.fixture(scope="session")
def digits_drawings(digits_data):
    return study_figures(digits_data)


def solved(head, validation_accuracy, is_kept=False):
    """A head that was solved at once."""
    return EpochRow(FROZEN, None, head, None, 0.2, 0.95, 0.35, validation_accuracy, 3.0, is_kept)


def epochs(phase, validation_accuracies, *, kept=None, head="", rate=1e-3):
    """Epochs with these validation accuracies, the one numbered `kept` kept; all else falls or rises evenly."""
    return tuple(
        EpochRow(phase, n, head, rate / n, 0.4 / n, 0.9 + n / 1000, 0.3 + n / 1000, accuracy, 71.0, n == kept)
        for n, accuracy in enumerate(validation_accuracies, start=1)
    )


@pytest.fixture(scope="session")
def solved_then_tuned():
    """The history of heads solved at once and four epochs of fine-tuning after them, the third kept."""
    heads = (solved("lda", 0.87), solved("linear 0.03", 0.889, is_kept=True), solved("linear 0.1", 0.88))
    return heads + epochs(FINE_TUNING, (0.9, 0.92, 0.94, 0.93), kept=3)


@pytest.fixture(scope="session")
def tuned_in_both_phases():
    """The history of a linear head, a dense one of five epochs, its fourth kept, and three of fine-tuning."""
    dense = epochs(FROZEN, (0.6, 0.7, 0.75, 0.8, 0.79), kept=4, head="dense")
    return (solved("linear 0.03", 0.78), *dense, *epochs(FINE_TUNING, (0.82, 0.86, 0.85), kept=2, rate=1e-4))


@pytest.fixture(scope="session")
def taught(solved_then_tuned):
    """That history with three epochs of a student after it, the last kept."""
    return solved_then_tuned + epochs(STUDENT, (0.93, 0.95, 0.96), kept=3, rate=5e-4)


@pytest.fixture(scope="session")
def tuned_data(digits_data, solved_then_tuned):
    """The study of digits as it would be with augmentation and fine-tuning."""
    recipe = digits_data.recipe.with_settings(
        {"augmentation.flip": "random", "augmentation.shift_pixels": "1", "fine_tuning.epochs": "4"}
    )
    tuned = FineTuned("blocks_5", 4, 3, False, 2_312_345, 95.3, "bfloat16", 32, 4, 0.94, 0.889)
    making = replace(digits_data.making, fine_tuning=tuned)
    return replace(
        digits_data, recipe=recipe, making=making, history=solved_then_tuned, augmentation=recipe.augmentation
    )


@pytest.fixture
def made_data():
    """Build the data of a study with any class names and picture size; logits are the truth under noise."""

    def build(class_names, *, per_class=15, height=12, width=12, strength=2.0, **more):
        random = np.random.default_rng(3)
        labels = np.repeat(np.arange(len(class_names)), per_class)
        pixels = random.integers(0, 256, size=(len(labels), height, width, 3), dtype=np.uint8)
        ids = tuple(f"picture {row}" for row in range(len(labels)))
        logits = random.normal(size=(len(labels), len(class_names)))
        logits[np.arange(len(labels)), labels] += strength
        return make_data(LabelledImages(pixels, labels, tuple(class_names), ids), logits, **more)

    return build


@pytest.fixture
def without_extras(digits_data):
    """The least a report can be made from."""
    return replace(
        digits_data, explanation=None, flipped=None, calibration=None, findings=(), origin="", cost=Cost(()),
        making=replace(digits_data.making, candidates=(), input_contract=""),
    )  # fmt: skip


@pytest.fixture
def painted(monkeypatch):
    """The figures that were drawn, each as matplotlib held it when it was saved."""
    from matplotlib.figure import Figure

    figures = []
    save = Figure.savefig

    def remember(figure, *given, **named):
        figures.append(figure)
        return save(figure, *given, **named)

    monkeypatch.setattr(Figure, "savefig", remember)
    return figures


@pytest.fixture
def words_of():
    """Every word written on a figure."""

    def words(figure):
        from matplotlib.text import Text

        return [text.get_text() for text in figure.findobj(Text) if text.get_text()]

    return words
