"""Each corruption does what its strength says: by statistics, by Pillow, by colorsys, or by hand."""

import colorsys
import io

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage, stats

from lowres.values.altering.corruptions import blur, digital, noise, weather

GREY = np.full((64, 64, 3), 0.5)


@pytest.fixture
def random():
    return np.random.default_rng(7)


@pytest.fixture
def picture():
    return np.random.default_rng(1).random((32, 32, 3))


def test_gaussian_noise_has_its_deviation(random):
    found = noise.gaussian(GREY, 0.08, 1, random) - GREY
    assert stats.kstest(found.ravel(), stats.norm(0, 0.08).cdf).pvalue > 0.01


def test_shot_noise_is_poisson(random):
    counts = noise.shot(GREY, 100, 1, random) * 100
    assert counts.mean() == pytest.approx(50, rel=0.01)
    assert counts.var() == pytest.approx(50, rel=0.05)


def test_impulse_noise_hits_the_fraction_asked_for(random):
    found = noise.impulse(GREY, 0.07, 1, random)
    hit = found != 0.5
    assert stats.binomtest(int(hit.sum()), found.size, 0.07).pvalue > 0.01
    assert stats.binomtest(int((found == 1).sum()), int(hit.sum()), 0.5).pvalue > 0.01


@pytest.mark.parametrize("scale", [1, 3])
def test_defocus_spreads_a_point_over_a_disk_and_loses_no_light(random, scale):
    point = np.zeros((33, 33, 3))
    point[16, 16] = 1
    found = blur.defocus(point, (1.5, 0.1), scale, random)
    assert found.sum() == pytest.approx(3)
    rows, columns = np.mgrid[-16:17, -16:17]
    far = np.hypot(rows, columns)
    assert found[far <= 1.5 * scale - 0.5].min() > 0
    assert found[far > 1.5 * scale + 1.5].max() < 1e-6


def test_glass_takes_each_pixel_from_beside_it(random):
    # Without the blurs: every pixel is the one above, the one on the left, both, or itself.
    numbered = np.arange(1024, dtype=float).reshape(32, 32, 1).repeat(3, axis=2)
    found = blur.glass(numbered, (0.0, 1), 1, random)[..., 0] - numbered[..., 0]
    assert set(np.unique(found[1:-1, 1:-1])) == {-33.0, -32.0, -1.0, 0.0}
    assert (found[0] == 0).all()
    assert (found[:, -1] == 0).all()


def test_motion_smears_one_way_along_a_line(random):
    point = np.zeros((41, 41, 3))
    point[20, 20] = 1
    found = blur.smear(point, 8, 2, 0.0)[..., 0]
    assert found.sum() == pytest.approx(1, abs=1e-3)
    assert np.flatnonzero(found.sum(axis=1) > 1e-6).tolist() == [20]
    # By hand: weights exp(-k^2 / 8), to the right of where it was.
    weights = np.exp(-(np.arange(17) ** 2) / 8)
    np.testing.assert_allclose(found[20, 20:26], (weights / weights.sum())[:6], atol=1e-9)


def test_zoom_is_the_mean_of_magnified_pictures(random, picture):
    found = blur.zoom(picture, 1.05, 1, random)
    magnified = []
    for factor in (1.0, 1.0, 1.01, 1.02, 1.03, 1.04, 1.05):
        places = 15.5 + (np.mgrid[:32, :32] - 15.5) / factor
        colours = [ndimage.map_coordinates(picture[..., one], places, order=1, mode="nearest") for one in range(3)]
        magnified.append(np.stack(colours, axis=-1))
    np.testing.assert_allclose(found, np.mean(magnified, axis=0), atol=1e-12)


def test_brightness_raises_the_value_as_colorsys_has_it(random, picture):
    found = weather.brightness(picture, 0.2, 1, random)
    for row, column in ((0, 0), (3, 17), (31, 31)):
        hue, saturation, value = colorsys.rgb_to_hsv(*picture[row, column])
        expected = colorsys.hsv_to_rgb(hue, saturation, min(1.0, value + 0.2))
        np.testing.assert_allclose(found[row, column], expected, atol=1e-12)
    np.testing.assert_array_equal(weather.brightness(np.zeros((1, 1, 3)), 0.2, 1, random), np.full((1, 1, 3), 0.2))


def test_fog_never_outshines_the_picture(random, picture):
    found = weather.fog(picture, (1.5, 1.75), 1, random)
    assert found.max() <= picture.max() + 1e-12
    assert found.std() < picture.std()


def test_a_cloud_is_rough_or_smooth_as_its_decay_says(random):
    rough, smooth = (weather.plasma(64, decay, random) for decay in (1.5, 3.0))
    for cloud in (rough, smooth):
        assert cloud.shape == (64, 64)
        assert (cloud.min(), cloud.max()) == (0, 1)
    assert np.abs(np.diff(rough)).mean() > 2 * np.abs(np.diff(smooth)).mean()
    # Edges are wrapped round: the seam is no rougher than the rest.
    assert np.abs(smooth[0] - smooth[-1]).mean() < 3 * np.abs(np.diff(smooth, axis=0)).mean()


def test_frost_and_snow_lay_on_at_least_what_is_theirs(random, picture):
    frozen = weather.frost(picture, (0.75, 0.45), 1, random)
    assert (frozen >= 0.75 * picture - 1e-12).all()
    assert (frozen <= 0.75 * picture + 0.45 + 1e-12).all()
    snowed = weather.snow(picture, weather.SNOW_STRENGTHS[4], 1, random)
    assert (snowed >= picture - 1e-12).all()


def test_contrast_shrinks_the_distance_from_each_colours_mean(random, picture):
    found = digital.contrast(picture, 0.3, 1, random)
    np.testing.assert_allclose(found.mean(axis=(0, 1)), picture.mean(axis=(0, 1)))
    np.testing.assert_allclose(found.std(axis=(0, 1)), 0.3 * picture.std(axis=(0, 1)))


def test_elastic_without_strength_changes_nothing_and_with_it_stays_near(random, picture):
    np.testing.assert_allclose(digital.elastic(picture, (0.0, 1.0, 0.0), 1, random), picture, atol=1e-9)
    # A gradient that tells each pixel's place: no place is read from further off than the pull and the wobble allow.
    places = np.linspace(0, 1, 32)[:, None, None] * np.ones((1, 32, 3))
    away = np.abs(digital.elastic(places, digital.ELASTIC_STRENGTHS[4], 1, random) - places)[8:-8, 8:-8] * 31
    assert 0.05 < away.max() < 6


def test_pixelate_and_jpeg_are_pillows(random, picture):
    bytes_of = np.rint(picture * 255).astype(np.uint8)
    small = Image.fromarray(bytes_of).resize((20, 20), Image.Resampling.BOX)
    large = np.asarray(small.resize((32, 32), Image.Resampling.BOX))
    np.testing.assert_array_equal(np.rint(digital.pixelate(picture, 0.65, 1, random) * 255), large)
    kept = io.BytesIO()
    Image.fromarray(bytes_of).save(kept, "JPEG", quality=40)
    np.testing.assert_array_equal(np.rint(digital.jpeg(picture, 40, 1, random) * 255), np.asarray(Image.open(kept)))
