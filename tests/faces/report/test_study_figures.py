"""A study's figures are all there, each true to the study, the same every time, and never blank."""

import numpy as np

from lowres.faces.report.study_figures import counts_by_part, study_figures

NAMES = [
    "class_counts", "sample_grid", "confusion_matrix", "per_class_bars", "confidence_histogram", "reliability",
    "confusion_pairs", "grad_cam_gallery",
]  # fmt: skip


def test_every_figure_is_drawn_with_its_size_and_its_n(digits_drawings, pixels_of):
    assert [drawing.name for drawing in digits_drawings] == NAMES
    for drawing in digits_drawings:
        picture = pixels_of(drawing.png)
        assert picture.dtype == np.uint8
        assert picture.shape == (drawing.height_pixels, drawing.width_pixels, 3)
        assert picture.std() > 10
        assert "n = " in drawing.note


def test_the_same_study_gives_the_same_bytes(digits_data, digits_drawings):
    assert [drawing.png for drawing in study_figures(digits_data)] == [drawing.png for drawing in digits_drawings]


def test_without_an_explanation_there_is_no_gallery(without_extras):
    assert [drawing.name for drawing in study_figures(without_extras)] == NAMES[:-1]


def test_a_study_that_trained_more_shows_more(tuned_data):
    names = [drawing.name for drawing in study_figures(tuned_data)]
    assert names == [*NAMES[:2], "augmentation_examples", "training_curves", *NAMES[2:]]


def test_counts_are_those_of_each_part(digits_data):
    counts = counts_by_part(digits_data.images, digits_data.split)
    assert list(counts) == ["train", "validation", "test"]
    for part, of_classes in counts.items():
        labels = [int(digits_data.images.labels[row]) for row in digits_data.split.part(part)]
        assert of_classes.tolist() == [labels.count(number) for number in range(10)]
