"""The explanation stage on a network that looks at one known place: true maps are found true, others are not."""

import json
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from lowres.files.recipes import read_recipe
from lowres.files.study.predictions_file import read_arrays, write_predictions
from lowres.networks.trained_classifier import TrainedClassifier
from lowres.pipeline.progress import SilentProgress
from lowres.pipeline.stages.explain import EXPLANATION_FILE, EXPLANATION_REPORT_FILE, STAGE
from lowres.values.explaining.explanation import Explanation
from lowres.values.explaining.explanation_report import ExplanationReport
from lowres.values.labelled_images import LabelledImages

N, PLACE = 60, (1, 6)
PATCH = (slice(4, 8), slice(24, 28))


def seer() -> TrainedClassifier:
    """Means of 4 x 4 pixels and their opposites, and a head that reads one place of the 8 x 8, near a corner."""
    pixels = keras.Input((32, 32, 3), dtype="uint8")
    means = keras.layers.Conv2D(2, 4, strides=4, name="means")
    trunk = keras.Model(pixels, means(keras.layers.Rescaling(1 / 255)(pixels)), name="trunk")
    means.set_weights([np.stack([np.full((4, 4, 3), sign / 48) for sign in (1, -1)], axis=-1), np.array([0.0, 1.0])])
    feature_map = keras.Input((8, 8, 2))
    dense = keras.layers.Dense(2, name="logits")
    head = keras.Model(feature_map, dense(keras.layers.Flatten()(feature_map)), name="head")
    weights = np.zeros((8, 8, 2, 2), np.float32)
    weights[*PLACE] = [[12, 0], [0, 12]]
    dense.set_weights([weights.reshape(128, 2), np.zeros(2)])
    return TrainedClassifier.from_parts(trunk, head, ("bright", "dark"))


@pytest.fixture(scope="module")
def study():
    """A patch that is bright or dark amid noise, further places even more so; one label in five is wrong.

    What surrounds the patch must not tell what it is, or imputation would restore it.
    """
    pixels = np.random.default_rng(0).integers(0, 256, (N, 32, 32, 3), dtype=np.uint8)
    is_dark = np.arange(N) % 2
    for place, (row, column) in enumerate(np.ndindex(8, 8)):
        if place % 3 and max(abs(row - PLACE[0]), abs(column - PLACE[1])) > 1:
            pixels[:, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4] = np.where(is_dark, 0, 255)[
                :, None, None, None
            ]
    pixels[:, *PATCH] = np.where(is_dark, 15, 240)[:, None, None, None]
    labels = np.where(np.arange(N) % 5 == 0, 1 - is_dark, is_dark)
    images = LabelledImages(pixels, labels, ("bright", "dark"), tuple(f"test/{row}" for row in range(N)))
    classifier = seer()
    return images, classifier, classifier.predict(pixels, images.ids, images.labels)


@pytest.fixture
def explained(study, tmp_path):
    """Run the stage with settings; return its note, the explanation and the report."""
    images, classifier, predictions = study

    def run(**settings):
        write_predictions(tmp_path / "predictions" / "test.npz", predictions)
        settings = {"gallery_images": "6", "faithfulness_images": "20"} | settings
        recipe = read_recipe("quick").with_settings({f"explanation.{key}": text for key, text in settings.items()})
        recipe = recipe.with_settings({"features.engine": "keras"})
        made = STAGE.make(
            SimpleNamespace(
                study=SimpleNamespace(folder=tmp_path),
                recipe=recipe,
                images=images,
                classifier=classifier,
                progress=SilentProgress(),
            )
        )
        assert made.outputs == (EXPLANATION_FILE, EXPLANATION_REPORT_FILE)
        report = ExplanationReport.from_json(json.loads((tmp_path / EXPLANATION_REPORT_FILE).read_text()))
        return made.note, Explanation.from_arrays(read_arrays(tmp_path / EXPLANATION_FILE)), report

    return run


def test_maps_of_the_one_place_are_found_true(explained):
    note, explanation, report = explained(method="hirescam")
    rest = explanation.maps.copy()
    rest[:, *PLACE] = 0
    assert (np.abs(rest).max(), explanation.maps[:, *PLACE].min() > 5) == (0, True)
    found = report.faithfulness
    assert {name: found.verdict(name) for name in found.baselines} == dict.fromkeys(
        ("random", "centre", "edges"), "better"
    )
    assert report.randomisation.is_passed
    assert report.is_trusted
    assert report.sample == "20 of 60 test images, drawn by lot class by class, seed 0"
    assert "better than random, better than centre, better than edges" in note


def test_maps_that_average_the_place_away_are_found_out(explained):
    """Grad-CAM averages the gradient over places, so behind a Flatten it points to brightness wherever it is."""
    _, explanation, report = explained()
    assert explanation.method == report.method == "Grad-CAM"
    assert report.faithfulness.verdict("random") != "better"
    assert [one.is_worse for one in report.faithfulness.comparisons if one.baseline == "random"] == [True, True, False]
    assert not report.is_trusted


def test_maps_that_ask_for_no_class_fail_where_the_head_is_randomised(explained):
    _, _, report = explained(method="eigencam", faithfulness_images="12")
    assert not report.randomisation.needs_the_head
    assert [step.randomised for step in report.randomisation.steps][0] == "the head"
    assert report.randomisation.steps[0].rank_correlation == pytest.approx(1, abs=0.01)


def test_mistakes_are_explained_beside_the_gallery(explained, study):
    _, _, predictions = study
    _, explanation, report = explained(method="hirescam", mistakes_per_cell="3", faithfulness_images="0")
    mistakes = explanation.mistakes
    assert len(explanation) == 6
    row_of = {name: row for row, name in enumerate(predictions.ids)}
    rows = np.array([row_of[name] for name in mistakes.ids])
    assert not predictions.is_right[rows].any()
    assert np.bincount(predictions.labels[rows]).tolist() == [3, 3]
    assert mistakes.target_classes.tolist() == predictions.predicted[rows].tolist()
    # An image explained twice has the same map twice, but for the halves.
    shared = sorted(set(explanation.ids) & set(mistakes.ids))
    assert shared
    for name in shared:
        one, other = (some.maps[some.ids.index(name)] for some in (explanation, mistakes))
        np.testing.assert_allclose(one, other, rtol=1e-3)
    assert (report.faithfulness, report.randomisation, report.is_trusted) == (None, None, False)


def test_a_layer_of_the_trunk_may_be_named(explained):
    with pytest.raises(Exception, match="expected a layer of 'classifier', got 'conv9'"):
        explained(layer="conv9")
    _, explanation, _ = explained(layer="means", method="hirescam", faithfulness_images="0")
    assert (explanation.layer, explanation.maps.shape[1:]) == ("means", (8, 8))
