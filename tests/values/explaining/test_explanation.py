"""Heat maps survive npz, resizing is Pillow's and SciPy's, and galleries are chosen by their rule."""

import io

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from lowres.errors import PredictionsError
from lowres.values.explaining.explanation import Explanation, choose_gallery, choose_mistakes, for_display, resize_map

RANDOM = np.random.default_rng(11)


def test_for_display_by_hand():
    raw = np.array([[[-1, 2], [4, 0]], [[-1, -2], [-3, 0]], [[1e-30, 0], [-5, 5e-31]]], dtype=np.float32)
    shown = for_display(raw)
    np.testing.assert_allclose(shown, [[[0, 0.5], [1, 0]], [[0, 0], [0, 0]], [[1, 0], [0, 0.5]]])
    assert shown.dtype == np.float32
    assert raw[0, 0, 0] == -1, "the raw maps are left as they were"


@pytest.mark.parametrize(("height", "width"), [(32, 32), (224, 160), (7, 5), (9, 6), (4, 3), (1, 1)])
def test_resize_is_pillows(height, width):
    raw = RANDOM.normal(size=(2, 7, 5)).astype(np.float32)
    expected = [np.asarray(Image.fromarray(one).resize((width, height), Image.Resampling.BILINEAR)) for one in raw]
    np.testing.assert_allclose(resize_map(raw, height, width), expected, atol=2e-6)


def test_enlarging_is_scipys_grid_mode():
    raw = RANDOM.normal(size=(1, 7, 7)).astype(np.float32)
    expected = ndimage.zoom(raw[0], (32 / 7, 32 / 7), order=1, grid_mode=True, mode="nearest")
    np.testing.assert_allclose(resize_map(raw, 32, 32)[0], expected, atol=1e-6)


def test_resize_keeps_a_constant_and_the_type():
    resized = resize_map(np.full((1, 3, 3), 2.5, np.float32), 10, 20)
    assert resized.shape == (1, 10, 20)
    assert resized.dtype == np.float32
    np.testing.assert_allclose(resized, 2.5)


def explanation(**changed):
    parts = {
        "ids": ("test/7", "ährig", "x"),
        "target_classes": np.array([3, 1, 0]),
        "maps": RANDOM.normal(size=(3, 7, 6)).astype(np.float32),
        "method": "grad-cam",
        "layer": "features",
    }
    return Explanation(**(parts | changed))


def test_explanation_through_npz():
    given, buffer = explanation(), io.BytesIO()
    np.savez(buffer, **given.to_arrays())
    buffer.seek(0)
    with np.load(buffer, allow_pickle=False) as arrays:
        back = Explanation.from_arrays(arrays)
    assert len(back) == 3
    assert (back.ids, back.method, back.layer) == (given.ids, "grad-cam", "features")
    np.testing.assert_array_equal(back.maps, given.maps)
    np.testing.assert_array_equal(back.target_classes, given.target_classes)
    assert (back.maps.dtype, back.target_classes.dtype) == (np.float32, np.int64)


def test_the_mistakes_go_through_npz_as_halves():
    maps = np.array([[[1.00001, -1e9]], [[0.1, 2.0]]], dtype=np.float32)
    given = explanation(mistakes=explanation(ids=("p", "q"), target_classes=np.array([2, 0]), maps=maps))
    buffer = io.BytesIO()
    np.savez(buffer, **given.to_arrays())
    buffer.seek(0)
    with np.load(buffer, allow_pickle=False) as arrays:
        assert arrays["mistake_maps"].dtype == np.float16
        back = Explanation.from_arrays(arrays)
    assert back.mistakes is not None
    assert (len(back), back.ids, back.mistakes.ids) == (3, given.ids, ("p", "q"))
    assert back.mistakes.target_classes.tolist() == [2, 0]
    # Three digits are kept, and what float16 cannot hold becomes the most it can.
    np.testing.assert_allclose(back.mistakes.maps, [[[1.0, -65504]], [[0.1, 2.0]]], rtol=1e-3)
    assert (back.mistakes.method, back.mistakes.layer) == ("grad-cam", "features")
    assert explanation().mistakes is None


def test_explanation_is_read_only():
    with pytest.raises(ValueError, match="read-only"):
        explanation().maps[0, 0, 0] = 1


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"maps": np.zeros((2, 7, 7), np.float32)}, r"expected maps of shape \[3, height, width\], got \[2, 7, 7\]"),
        ({"maps": np.zeros((3, 7), np.float32)}, r"expected maps of shape \[3, height, width\], got \[3, 7\]"),
        ({"target_classes": np.array([1])}, r"expected target classes of shape \[3\], got \[1\]"),
        ({"maps": np.full((3, 1, 1), np.nan)}, "expected finite maps, got NaN or infinity by grad-cam of 'features'"),
    ],
)
def test_explanation_refuses(changed, message):
    with pytest.raises(PredictionsError, match=message):
        explanation(**changed)


def test_arrays_without_maps_are_refused():
    arrays = explanation().to_arrays()
    del arrays["maps"]
    with pytest.raises(PredictionsError, match="expected maps in the explanation, got none; explain again"):
        Explanation.from_arrays(arrays)


def test_gallery_is_half_wrong_half_right_and_spread(random_predictions):
    rows = choose_gallery(random_predictions, 24, seed=0)
    right = random_predictions.is_right[rows]
    assert len(set(rows.tolist())) == 24
    assert right.tolist() == [False] * 12 + [True] * 12
    for half in (rows[:12], rows[12:]):
        of_class = np.bincount(random_predictions.labels[half], minlength=7)
        # Twelve dealt round seven classes: one or two of each.
        assert set(of_class.tolist()) == {1, 2}


def test_gallery_shows_the_most_confident_mistakes_first(random_predictions):
    rows = choose_gallery(random_predictions, 14, seed=0)[:7]
    confidence = random_predictions.probabilities().max(axis=1)
    assert confidence[rows].tolist() == sorted(confidence[rows].tolist(), reverse=True)
    for row in rows.tolist():
        rivals = (random_predictions.labels == random_predictions.labels[row]) & ~random_predictions.is_right
        assert confidence[row] == confidence[rivals].max()


def test_gallery_depends_on_the_seed_in_its_right_half_only(random_predictions):
    first, again, other = (choose_gallery(random_predictions, 24, seed) for seed in (1, 1, 2))
    assert first.tolist() == again.tolist()
    assert first[:12].tolist() == other[:12].tolist()
    assert first[12:].tolist() != other[12:].tolist()


@pytest.mark.parametrize(
    ("right", "wrong", "count", "expected_wrong", "expected_right"),
    [(9, 1, 6, 1, 5), (9, 0, 6, 0, 6), (1, 9, 6, 5, 1), (3, 3, 99, 3, 3), (9, 9, 5, 2, 3)],
)
def test_gallery_fills_up_from_the_other_half(predictions_of, right, wrong, count, expected_wrong, expected_right):
    labels = [row % 2 for row in range(right + wrong)]
    said = [label if row < right else 1 - label for row, label in enumerate(labels)]
    predictions = predictions_of(np.eye(2)[said], labels)
    is_right = predictions.is_right[choose_gallery(predictions, count, seed=0)]
    assert (int((~is_right).sum()), int(is_right.sum())) == (expected_wrong, expected_right)


def test_mistakes_are_the_surest_of_every_cell(predictions_of):
    #          right      0 as 1: surest, less sure, least sure        1 as 0     2 as 1
    logits = [[9, 0, 0], [0, 3, 0], [0, 5, 0], [0, 4, 0], [7, 0, 0], [0, 1, 0]]
    predictions = predictions_of(logits, [0, 0, 0, 0, 1, 2])
    assert choose_mistakes(predictions, 2).tolist() == [2, 3, 4, 5]
    assert choose_mistakes(predictions, 9).tolist() == [1, 2, 3, 4, 5]
    assert choose_mistakes(predictions, 0).tolist() == []
