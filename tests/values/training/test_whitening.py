"""Whitening kernels against scikit-learn's patches: applied to them they give what is uncorrelated and of one size."""

import numpy as np
import pytest
from sklearn.feature_extraction.image import extract_patches_2d

from lowres.errors import DataError
from lowres.values.training.whitening import whitening_kernels


@pytest.fixture
def images():
    random = np.random.default_rng(1)
    mixing = random.normal(size=(3, 3))
    noise = random.normal(0.3, 1, (40, 7, 6, 3)) @ mixing
    return (noise[:, 1:] + 0.8 * noise[:, :-1]).astype(np.float32)


def patches(images):
    return np.concatenate([extract_patches_2d(image, (2, 2)) for image in images]).reshape(-1, 12)


def test_the_second_moment_becomes_one(images):
    kernels = whitening_kernels([images[:25], images[25:]], epsilon=0.0)
    assert kernels.shape == (2, 2, 3, 24)
    whitened = patches(images) @ kernels.reshape(12, 24).astype(np.float64)
    np.testing.assert_allclose(whitened[:, :12].T @ whitened[:, :12] / len(whitened), np.eye(12), atol=1e-4)
    np.testing.assert_array_equal(kernels[..., 12:], -kernels[..., :12])


def test_the_direction_that_varies_most_comes_first_and_epsilon_shrinks(images):
    rows = patches(images).astype(np.float64)
    values = np.linalg.svd(rows / np.sqrt(len(rows)), compute_uv=False) ** 2
    kernels = whitening_kernels([images], epsilon=0.5).reshape(12, 24)[:, :12]
    np.testing.assert_allclose(np.linalg.norm(kernels, axis=0), (values + 0.5) ** -0.5, rtol=1e-4)


def test_batches_do_not_matter(images):
    whole, parts = (whitening_kernels(some) for some in ([images], np.split(images, 8)))
    np.testing.assert_allclose(whole, parts, atol=1e-5)


def test_black_pictures_have_kernels_too():
    assert np.isfinite(whitening_kernels([np.zeros((2, 4, 4, 3), np.float32)])).all()


@pytest.mark.parametrize(
    ("batches", "complaint"),
    [([], "at least one image"), ([np.zeros((3, 1, 8, 3), np.float32)], r"of at least 2 pixels each way, got \[3, 1")],
)
def test_pictures_without_a_patch_are_refused(batches, complaint):
    with pytest.raises(DataError, match=complaint):
        whitening_kernels(batches)
