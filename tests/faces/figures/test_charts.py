"""The charts show the numbers they were given, held against other libraries and counts made by hand."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_rgb
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from sklearn.metrics import precision_recall_fscore_support

from lowres.faces import figures
from lowres.faces.figures.canvas import BLUE, ORANGE, SKY, WIDTH_PIXELS
from lowres.values.judging.evaluation import evaluate


def bars(figure, colour):
    """Bars of one colour in a chart's main axes, legend keys left out."""
    return [
        patch
        for patch in figure.axes[0].findobj(Rectangle)
        if patch is not figure.axes[0].patch and patch.get_facecolor()[:3] == to_rgb(colour)
    ]


def test_class_counts_draws_every_part_of_every_class(painted, words_of):
    counts = {"train": np.array([50, 7]), "validation": np.array([20, 3]), "test": np.array([10, 0])}
    drawing = figures.class_counts(counts, ["few <b>", "many"][::-1])
    assert [bar.get_width() for bar in bars(painted[0], BLUE)] == [50, 7]
    assert [bar.get_x() for bar in bars(painted[0], ORANGE)] == [70, 10]
    assert {"80", "10", "train", "validation", "test", "many", "few <b>"} <= set(words_of(painted[0]))
    assert drawing.title == "many has 8.0 times the images of few <b>"
    assert drawing.note == "n = 90: 57 train, 23 validation, 10 test"


@pytest.mark.parametrize(
    ("counts", "title"),
    [
        ([6000, 6000], "Every class has 6,000 images"),
        ([174, 183], "The classes are of similar size: 174 to 183 images"),
    ],
)
def test_class_counts_says_what_is_seen(counts, title):
    assert figures.class_counts({"train": np.array(counts)}, ["a", "b"]).title == title


def test_of_many_classes_the_largest_and_the_smallest_are_drawn(painted):
    counts = np.arange(1, 101)
    drawing = figures.class_counts({"train": counts}, [f"class {number}" for number in range(100)])
    assert [bar.get_width() for bar in bars(painted[0], BLUE)] == [*range(100, 70, -1), *range(30, 0, -1)]
    assert "the 30 largest and 30 smallest of 100 classes" in drawing.note


def test_confusion_matrix_writes_every_count_at_its_place(painted):
    counts = np.array([[90, 10, 0], [3, 1000, 2], [0, 0, 7]])
    drawing = figures.confusion_matrix(counts, ["cat", "dog", "frog"])
    axes = painted[0].axes[0]
    written = {(int(text.get_position()[1]), int(text.get_position()[0])): text.get_text() for text in axes.texts}
    assert written == {(0, 0): "90", (0, 1): "10", (1, 0): "3", (1, 1): "1,000", (1, 2): "2", (2, 2): "7"}
    assert axes.get_ylabel() == "true class"
    assert axes.get_xlabel() == "predicted class"
    assert [label.get_text() for label in axes.get_yticklabels()] == ["cat", "dog", "frog"]
    assert drawing.title == "Most often: cat taken for dog, 10 of 100"
    assert drawing.note == "n = 1,112; 1,097 right, 15 wrong"


def test_confusion_matrix_colours_by_the_share_of_the_row(painted):
    figures.confusion_matrix(np.array([[9, 1], [50, 50]]), ["a", "b"])
    right, wrong = painted[0].axes[0].findobj(AxesImage)
    np.testing.assert_allclose(right.get_array().filled(-1), [[0.9, -1], [-1, 0.5]])
    np.testing.assert_allclose(wrong.get_array().filled(-1), [[-1, 0.1], [0.5, -1]])


@pytest.mark.parametrize("classes", [2, 3, 20, 21, 100, 130])
def test_confusion_matrix_of_any_number_of_classes(classes, pixels_of, painted):
    counts = np.random.default_rng(0).integers(0, 9, size=(classes, classes)) + 40 * np.eye(classes, dtype=int)
    names = [f"a class with a long name, number {number}" for number in range(classes)]
    drawing = figures.confusion_matrix(counts, names)
    assert pixels_of(drawing.png).shape == (drawing.height_pixels, drawing.width_pixels, 3)
    assert bool(painted[0].axes[0].texts) == (classes <= 20)
    assert len(painted[0].axes[0].get_yticks()) == (classes if classes <= 120 else 0)


def test_no_mistake_and_an_empty_row_are_drawn_too():
    assert figures.confusion_matrix(np.diag([5, 0]), ["a", "b"]).title == "No class was taken for another"


def test_per_class_bars_are_scikit_learns_scores(digits_data, painted):
    drawing = figures.per_class_bars(digits_data.evaluation.per_class)
    predictions = digits_data.predictions
    precision, recall, f1, _ = precision_recall_fscore_support(
        predictions.labels, predictions.logits.argmax(axis=1), zero_division=0
    )
    order = np.argsort(-f1, kind="stable")
    np.testing.assert_allclose([bar.get_width() for bar in bars(painted[0], SKY)], recall[order])
    marks = {line.get_marker(): line.get_xdata() for line in painted[0].axes[0].lines}
    np.testing.assert_allclose(marks["D"], precision[order])
    np.testing.assert_allclose(marks["|"], f1[order])
    (whiskers,) = painted[0].axes[0].findobj(LineCollection)
    ends = [(segment[0][0], segment[1][0]) for segment in whiskers.get_segments()]
    names = [label.get_text() for label in painted[0].axes[0].get_yticklabels()]
    intervals = {score.name: score.recall_interval for score in digits_data.evaluation.per_class}
    np.testing.assert_allclose(ends, [intervals[name] for name in names], atol=1e-12)
    best, worst = (digits_data.images.class_names[row] for row in (order[0], order[-1]))
    expected = f"Strongest class: {best} (F1 {f1.max():.2f}); weakest: {worst} ({f1.min():.2f})"
    assert drawing.title == expected
    assert drawing.note.startswith(f"n = {len(predictions)} test images")


def test_a_class_never_named_has_no_precision_to_show(digits_data, painted):
    scores = digits_data.evaluation.per_class
    figures.per_class_bars([*scores[:3], replace(scores[3], precision=0.0, f1=0.0, predicted=0)])
    marks = {line.get_marker(): line.get_xdata() for line in painted[0].axes[0].lines}
    assert np.isnan(marks["D"][-1])
    assert not np.isnan(marks["D"][:-1]).any()


def test_of_many_classes_the_weakest_are_drawn(digits_data, painted):
    score = digits_data.evaluation.per_class[0]
    scores = [replace(score, name=f"class {number}", f1=number / 100) for number in range(100)]
    drawing = figures.per_class_bars(scores)
    assert [label.get_text() for label in painted[0].axes[0].get_yticklabels()][-1] == "class 0"
    assert len(painted[0].axes[0].get_yticks()) == 60
    assert drawing.title == "Strongest class: class 99 (F1 0.99); weakest: class 0 (0.00)"
    assert "the 60 weakest of 100 classes" in drawing.note


def test_confidence_histogram_counts_right_and_wrong_apart(painted):
    confidence = np.array([0.31, 0.33, 0.62, 0.97, 0.98, 0.99, 0.52])
    is_right = np.array([False, False, True, True, True, True, False])
    drawing = figures.confidence_histogram(confidence, is_right)
    heights = [[patch.get_height() for patch in axes.patches] for axes in painted[0].axes]
    assert heights[0] == [0] * 12 + [1] + [0] * 6 + [3]
    assert heights[1] == [0] * 6 + [2] + [0] * 3 + [1] + [0] * 9
    assert (
        drawing.title
        == "Wrong answers are less sure (median 33\N{NO-BREAK SPACE}%) than right ones (98\N{NO-BREAK SPACE}%)"
    )
    assert drawing.note.startswith("n = 7 test images")


@pytest.mark.parametrize(
    ("is_right", "title"),
    [
        ([True, True], "Every answer was right; median confidence 70\N{NO-BREAK SPACE}%"),
        ([False, False], "Every answer was wrong; median confidence 70\N{NO-BREAK SPACE}%"),
        (
            [True, False],
            "Wrong answers are no less sure (median 80\N{NO-BREAK SPACE}%) than right ones (60\N{NO-BREAK SPACE}%)",
        ),
    ],
)
def test_confidence_histogram_says_what_is_seen(is_right, title):
    assert figures.confidence_histogram(np.array([0.6, 0.8]), np.array(is_right)).title == title


def reliability_by_hand(logits, labels, temperature):
    """Mean confidence, share right and count of every filled bin, one image at a time."""
    bins = {}
    for row, label in zip(logits.astype(float) / temperature, labels, strict=True):
        chances = np.exp(row - row.max())
        chances /= chances.sum()
        bins.setdefault(int(np.ceil(chances.max() * 15)), []).append((chances.max(), row.argmax() == label))
    return [(*np.mean(bins[key], axis=0), len(bins[key])) for key in sorted(bins)]


def test_reliability_draws_the_bins_before_and_after(digits_data, painted, words_of):
    evaluation, predictions = digits_data.evaluation, digits_data.predictions
    drawing = figures.reliability(predictions, evaluation)
    axes = painted[0].axes[0]
    dots = axes.findobj(PathCollection)
    for place, temperature in enumerate((1.0, evaluation.temperature)):
        table = reliability_by_hand(predictions.logits, predictions.labels, temperature)
        np.testing.assert_allclose(dots[place].get_offsets(), [row[:2] for row in table])
        np.testing.assert_allclose(axes.lines[place].get_xydata(), [row[:2] for row in table if row[2] >= 10])
    assert sum(patch.get_height() for patch in painted[0].axes[1].patches) == 2 * len(predictions)
    written = " ".join(words_of(painted[0])).replace("\N{NO-BREAK SPACE}", " ")
    assert f"as trained: off by {100 * evaluation.ece:.1f} %" in written
    assert f"temperature {evaluation.temperature:.2f}: off by {100 * evaluation.ece_after_temperature:.1f} %" in written
    assert drawing.width_pixels == WIDTH_PIXELS


@pytest.mark.parametrize(("sharpness", "words"), [(0.001, "It claims too little"), (60.0, "It claims too much")])
def test_reliability_says_which_way_it_errs(digits_data, sharpness, words):
    predictions = replace(digits_data.predictions, logits=digits_data.predictions.logits * np.float32(sharpness))
    assert figures.reliability(predictions, evaluate(predictions)).title.startswith(words)
