"""Galleries show the pictures themselves, pixel on pixel, with the words that belong to each."""

import numpy as np
import pytest

from lowres.faces import figures
from lowres.faces.figures.overlay import magnified, overlay
from lowres.faces.report.cases import Case, CaseBook, Confusion, sample_rows
from lowres.values.altering.augmentation import augment
from lowres.values.labelled_images import LabelledImages
from lowres.values.recipes.recipe_sections import Augmentation


def holds(sheet, picture):
    """Whether the picture lies somewhere on the sheet, unchanged."""
    height, width = picture.shape[:2]
    starts = np.argwhere((sheet[: -height + 1, : -width + 1] == picture[0, 0]).all(axis=2))
    return any((sheet[row : row + height, column : column + width] == picture).all() for row, column in starts)


def make_case(number, *, true="cat", predicted="cat", heat=None, side=8):
    pixels = np.random.default_rng(number).integers(0, 250, size=(side, side, 3), dtype=np.uint8)
    return Case(f"picture {number}", pixels, true, predicted, 0.5 + number / 100, heat)


@pytest.fixture
def noise_images():
    def build(classes, *, per_class=4, height=8, width=8):
        labels = np.repeat(np.arange(classes), per_class)
        pixels = np.random.default_rng(0).integers(0, 250, size=(len(labels), height, width, 3), dtype=np.uint8)
        names = tuple(f"class {number}" for number in range(classes))
        return LabelledImages(pixels, labels, names, tuple(map(str, range(len(labels)))))

    return build


def test_sample_grid_shows_pictures_of_the_rows_it_was_given(noise_images, pixels_of, painted, words_of):
    images = noise_images(3)
    rows = np.array([1, 2, 5, 6, 9])
    drawing = figures.sample_grid(images, rows)
    sheet = pixels_of(drawing.png)
    shown = [row for row in range(len(images)) if holds(sheet, magnified(images.pixels[row], 96))]
    assert shown == rows.tolist()
    assert {"class 0", "class 1", "class 2"} <= set(words_of(painted[0]))
    assert drawing.note == "5 of n = 5 images, drawn by lot; each is 8 x 8 pixels"


@pytest.mark.parametrize(
    ("classes", "height", "width", "tile"), [(2, 300, 200, 96), (12, 32, 32, 96), (30, 9, 20, 64), (100, 28, 28, 64)]
)
def test_sample_grid_of_any_classes_and_sizes(classes, height, width, tile, noise_images, pixels_of):
    images = noise_images(classes, height=height, width=width, per_class=2)
    drawing = figures.sample_grid(images, np.arange(len(images)))
    sheet = pixels_of(drawing.png)
    assert sheet.shape == (drawing.height_pixels, drawing.width_pixels, 3)
    assert holds(sheet, magnified(images.pixels[-1], tile))
    assert drawing.title == f"What the {classes} classes look like"


def test_sample_grid_is_the_same_for_a_seed(noise_images):
    images = noise_images(2, per_class=60)
    rows = np.arange(len(images))
    assert figures.sample_grid(images, rows, seed=1).png == figures.sample_grid(images, rows, seed=1).png
    assert figures.sample_grid(images, rows, seed=1).png != figures.sample_grid(images, rows, seed=2).png
    assert sample_rows(images.labels, 2, 9, 1)[0].tolist() != sample_rows(images.labels, 2, 9, 2)[0].tolist()


def test_sample_grid_stops_at_120_classes(noise_images):
    images = noise_images(130, per_class=1)
    assert figures.sample_grid(images, np.arange(130)).note.endswith("the first 120 of 130 classes")


def augmented(images, rows, choices, *, views=3, words="mirrored at random"):
    return figures.augmentation_examples(images, rows, choices, seed=7, views=views, words=words)


def test_augmentation_examples_are_the_views_that_training_sees(noise_images, pixels_of, painted, words_of):
    images, rows = noise_images(3), np.array([2, 3, 6, 9])
    choices = Augmentation(shift_pixels=2, flip="random")
    drawing = augmented(images, rows, choices)
    sheet = pixels_of(drawing.png)
    shown = [row for row in range(len(images)) if holds(sheet, magnified(images.pixels[row], 112))]
    assert shown == rows.tolist()
    for view in range(3):
        # One image alone: what it becomes does not depend on its neighbours.
        changed = augment(images.pixels[3:4], np.array([3]), choices, seed=7, epoch=view)
        assert holds(sheet, magnified(changed[0], 112))
    beyond = augment(images.pixels[3:4], np.array([3]), choices, seed=7, epoch=3)
    assert not holds(sheet, magnified(beyond[0], 112))
    assert {"as it is", "mirrored at random"} <= set(words_of(painted[0]))
    assert drawing.title == "Training sees each picture in 3 versions"
    assert drawing.note == "4 of n = 4 training images, drawn by lot; the first 3 of 3 views each"


def test_a_handful_of_classes_and_eight_views_are_enough(noise_images, pixels_of):
    images = noise_images(8, per_class=2)
    choices = Augmentation(flip="alternating")
    drawing = augmented(images, np.arange(len(images)), choices, views=40, words="many words " * 30)
    sheet = pixels_of(drawing.png)
    shown = [row for row in range(len(images)) if holds(sheet, magnified(images.pixels[row], 112))]
    assert len(shown) == len({images.labels[row] for row in shown}) == 6
    assert drawing.note.startswith("6 of n = 16 training images, drawn by lot; the first 8 of 40 views each")
    assert (sheet[:, -20:] == 255).all()


def test_confusion_pairs_shows_each_direction_with_its_pictures(pixels_of, painted, words_of):
    cases = tuple(make_case(number, true="cat", predicted="dog") for number in range(3))
    drawing = figures.confusion_pairs([Confusion("cat", "dog", 30, 1000, cases)], 9999)
    sheet = pixels_of(drawing.png)
    assert all(holds(sheet, magnified(case.pixels, 128)) for case in cases)
    written = [words.replace("\N{NO-BREAK SPACE}", " ") for words in words_of(painted[0])]
    assert {"cat taken for dog: 30 of 1,000", "50 %", "51 %", "52 %"} <= set(written)
    assert drawing.note.startswith("30 of n = 9,999 test images")


def test_without_a_confusion_the_figure_says_so():
    assert figures.confusion_pairs([], 10).title == "No class was taken for another"


def test_grad_cam_gallery_puts_each_map_beside_its_picture_under_the_right_heading(pixels_of, painted, words_of):
    heat = np.zeros((7, 5), dtype=np.float32)
    heat[3, 2] = 1
    cases = [
        make_case(1, heat=heat),
        make_case(2, heat=heat, predicted="dog"),
        make_case(3, heat=np.zeros_like(heat), predicted="dog"),
        make_case(4),
    ]
    drawing = figures.grad_cam_gallery(cases)
    sheet = pixels_of(drawing.png)
    for case in cases[:3]:
        pair = np.full((128, 260, 3), 255, dtype=np.uint8)
        pair[:, :128], pair[:, 132:] = magnified(case.pixels, 128), overlay(case.pixels, case.heat, 128)
        assert holds(sheet, pair)
    assert not holds(sheet, magnified(cases[3].pixels, 128))
    written = [words.replace("\N{NO-BREAK SPACE}", " ") for words in words_of(painted[0])]
    assert {"Right (1)", "Wrong (2)", "cat, 51 %", "dog, 52 %", "is cat", "is cat, empty map"} <= set(written)
    assert drawing.note.startswith("n = 3 test images")
    assert "its 5 x 7 heat map" in drawing.note


@pytest.mark.parametrize("right", [True, False])
def test_a_part_without_members_has_no_heading(right, painted, words_of):
    heat = np.ones((2, 2), dtype=np.float32)
    figures.grad_cam_gallery([make_case(1, heat=heat, predicted="cat" if right else "dog")])
    headings = [
        words for words in words_of(painted[0]) if words in ("Right (1)", "Wrong (1)", "Right (0)", "Wrong (0)")
    ]
    assert headings == ["Right (1)" if right else "Wrong (1)"]


def test_cases_of_a_study_fill_the_gallery(digits_data, pixels_of):
    cases = CaseBook(digits_data.images, digits_data.predictions, 1.0).explained(digits_data.explanation)
    drawing = figures.grad_cam_gallery(cases)
    assert pixels_of(drawing.png).std() > 30
    assert drawing.note.startswith(f"n = {len(digits_data.explanation)} test images")
