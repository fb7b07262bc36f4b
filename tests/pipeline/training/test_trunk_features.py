"""Features come from the cache where they are, and numbers that are none are refused before they are kept."""

from copy import copy

import numpy as np
import pytest

from lowres.errors import TrainingError, VerificationError
from lowres.files.given_files import GivenFiles
from lowres.files.study.study_folder import open_study
from lowres.files.weights import published as weights
from lowres.networks.backend import load_backend
from lowres.pipeline.stages.features import STAGE
from lowres.pipeline.study import run_study
from lowres.pipeline.study_run import StudyRun
from lowres.pipeline.training.trunk_features import TrunkFeatures
from lowres.values.recipes.recipe_sections import Augmentation
from pipeline.chain import Watcher
from tiny_study import tiny_choice


@pytest.fixture
def features(tmp_path, monkeypatch):
    """The features of a study that has its split, its cache empty, and the one who watches."""
    monkeypatch.setenv("LOWRES_CACHE", str(tmp_path / "cache"))
    load_backend()
    choice = tiny_choice(tmp_path / "study")
    run_study(choice, until="split")
    with open_study(choice.folder) as study:
        yield StudyRun(study, choice.recipe, choice.source, Watcher()).features


def counts(features):
    return [event[1:] for event in features._run.progress.events if event[0] == "advance"]


def test_they_are_what_the_trunk_gives_averaged_over_places(features):
    rows = np.array([5, 900, 12])
    pixels = features._run.images.pixels[rows]
    expected = np.asarray(features.trunk.predict_on_batch(pixels)).mean(axis=(1, 2))
    np.testing.assert_allclose(features.read(rows), expected, rtol=1e-5, atol=1e-6)
    mirrored = np.asarray(features.trunk.predict_on_batch(pixels[:, :, ::-1])).mean(axis=(1, 2))
    np.testing.assert_allclose(features.read(rows, flipped=True), mirrored, rtol=1e-5, atol=1e-6)


@pytest.fixture
def with_views(features):
    """Change the augmentation and the seed of the study; return its features."""

    def changed(seed=5, **augmentation):
        recipe = features._run.recipe
        features._run.recipe = recipe.model_copy(update={"augmentation": Augmentation(**augmentation), "seed": seed})
        return TrunkFeatures(features._run)

    return changed


def test_an_augmented_view_is_what_the_trunk_makes_of_augmented_pixels(with_views):
    """Alternating flips can be told by eye: each image in one view as it is, in the next as its mirror image."""
    found = with_views(flip="alternating")
    rows = np.array([900, 3, 77, 12, 500, 41])
    plain, mirrored = found.read(rows), found.read(rows, flipped=True)
    first, second = found.read_view(rows, 0), found.read_view(rows, 1)
    is_mirrored = np.abs(first - mirrored).max(axis=1) < np.abs(first - plain).max(axis=1)
    assert 0 < is_mirrored.sum() < len(rows)
    close = {"rtol": 1e-5, "atol": 1e-6}
    np.testing.assert_allclose(first, np.where(is_mirrored[:, None], mirrored, plain), **close)
    np.testing.assert_allclose(second, np.where(is_mirrored[:, None], plain, mirrored), **close)


def test_a_view_is_the_same_whichever_rows_are_asked_for_and_kept(with_views):
    found = with_views(shift_pixels=2, rotation_fraction=0.1)
    everything = found.read_view(np.arange(70), 3)
    again = with_views(shift_pixels=2, rotation_fraction=0.1)
    again.extractor.batches = lambda *more, **options: iter([])
    np.testing.assert_array_equal(again.read_view(np.array([64, 2, 9]), 3), everything[[64, 2, 9]])


def test_another_augmentation_seed_or_number_is_another_view(with_views):
    """All are asked of one cache; whoever met another's rows would give the same numbers."""
    rows = np.arange(24)
    views = [
        with_views(shift_pixels=2).read_view(rows, 0),
        with_views(shift_pixels=2).read_view(rows, 1),
        with_views(shift_pixels=2, seed=6).read_view(rows, 0),
        with_views(shift_pixels=3).read_view(rows, 0),
        with_views(shift_pixels=2).read(rows),
    ]
    for number, view in enumerate(views):
        for other in views[:number]:
            assert np.abs(view - other).max() > 1e-3


def test_what_is_kept_is_not_computed_again(features, monkeypatch):
    first = features.read(np.arange(40))
    assert counts(features) == [("features of images", 32, 40), ("features of images", 40, 40)]
    features._run.progress.events.clear()
    np.testing.assert_array_equal(features.read(np.arange(45))[:40], first)
    assert counts(features) == [("features of images", 45, 45)]
    asked = []
    monkeypatch.setattr(features.extractor, "batches", lambda pixels, rows, flipped: asked.extend(rows) or [])
    np.testing.assert_array_equal(features.read(np.arange(40)), first)
    assert asked == []


def test_the_key_says_everything_they_depend_on(features):
    key, levels = features.key(), features._run.recipe.network.levels
    assert (key.backbone, key.input_pixels, key.interpolation) == (f"tiny-conv, contract, {levels}", 16, "bicubic")
    assert (key.precision, key.view) == ("float32", "plain")
    assert key.engine.startswith("keras 3.")
    assert key.images_fingerprint == features._run.images.fingerprint
    assert features.key(flipped=True).digest != key.digest


def test_pixels_scaled_twice_are_other_features(features):
    rows = np.arange(20)
    network = features._run.recipe.network.model_copy(update={"scaling": "unit-then-contract"})
    twice = TrunkFeatures(features._run)
    twice._network = network
    assert twice.key().digest != features.key().digest
    spread, usual = (found.read(rows).std(axis=0).mean() for found in (twice, features))
    assert spread < usual / 20


def test_numbers_that_are_none_are_refused_and_not_kept(features, monkeypatch):
    batches = features.extractor.batches

    def spoiled(*more, **options):
        for batch in batches(*more, **options):
            batch.features[3] = np.nan
            yield batch

    monkeypatch.setattr(features.extractor, "batches", spoiled)
    with pytest.raises(TrainingError, match=r"finite features from tiny-conv, got NaN .*features\.precision=float32"):
        features.read(np.arange(40))
    monkeypatch.undo()
    assert np.isfinite(features.read(np.arange(40))).all()


@pytest.fixture
def with_network(features):
    """Run the study with another trunk and another seed; return the features of that."""

    def changed(seed=0, **network):
        run = copy(features._run)
        chosen = run.recipe.network.model_copy(update={"input_pixels": 8, **network})
        run.recipe = run.recipe.model_copy(update={"network": chosen, "seed": seed})
        return TrunkFeatures(run)

    return changed


def test_a_network_without_weights_is_drawn_by_the_seed_of_the_recipe(with_network):
    first, other = (with_network(seed, backbone="airbench94") for seed in (3, 4))
    assert first.weights is None
    assert first.key().digest != other.key().digest
    rows = np.arange(4)
    again = with_network(3, backbone="airbench94").trunk.get_weights()
    assert all(np.array_equal(one, two) for one, two in zip(first.trunk.get_weights(), again, strict=True))
    assert np.abs(first.read(rows) - other.read(rows)).max() > 1e-3
    # The trunk for tests is none of those.
    assert with_network(3, backbone="tiny-conv").key().digest == with_network(4, backbone="tiny-conv").key().digest
    assert seed_inputs(with_network(3, backbone="tiny-conv")) == []
    assert seed_inputs(with_network(3, backbone="airbench94")) == ["3"]


def seed_inputs(found):
    return [value for name, value in STAGE.inputs(found._run).items() if "seed" in name]


def test_weights_of_a_public_definition_are_asked_for_their_hash(features, with_network, monkeypatch, tmp_path):
    tensors = {"conv1.weight": np.ones((2, 2), np.float32)}
    monkeypatch.setattr(weights, "read_weights_file", lambda path: tensors)
    path, sha256 = tmp_path / "resnet20.pth", weights.tensors_sha256(tensors)
    monkeypatch.setattr(features._run, "given", GivenFiles(weights=path))
    with pytest.raises(VerificationError, match=f"--set network.weights_sha256={sha256}"):
        _ = with_network(backbone="resnet20").weights
    assert with_network(backbone="resnet20", weights_sha256=sha256).weights.sha256 == sha256
