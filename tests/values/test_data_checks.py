"""Each fault planted in a sound set of images is named, and a sound set passes."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from lowres.errors import SplitError
from lowres.values.data_checks import check_images
from lowres.values.findings import worst
from lowres.values.split import Split, make_split


def sound_pixels(n=80):
    return np.random.default_rng(2).integers(0, 256, (n, 6, 4, 3), dtype=np.uint8)


def labels_of(n=80):
    return np.arange(n) % 2


def finding(images, name, split=None):
    found = {one.name: one for one in check_images(images, split)}
    return found[name]


def test_sound_images_pass_every_check(images_of):
    images = images_of(sound_pixels(), labels_of(), held_out=np.arange(80) >= 60)
    findings = check_images(images, make_split(images))
    assert [one.name for one in findings] == [
        "pixel range",
        "near-constant images",
        "image size",
        "class balance",
        "small classes",
        "exact copies",
        "conflicting labels",
        "copies of held-out images",
        "parts of the split",
    ]
    assert worst(findings) == "PASS"
    assert all(one.measured and not one.repair for one in findings)


def test_without_a_split_nothing_is_said_of_its_parts(images_of):
    assert len(check_images(images_of(sound_pixels(), labels_of()))) == 8


def test_pixels_scaled_to_one_and_cast_are_named(images_of):
    scaled = (sound_pixels() / 255).astype(np.uint8)
    found = finding(images_of(scaled, labels_of()), "pixel range")
    assert (found.status, found.measured) == ("FAIL", "the brightest value is 1 of 255")
    assert "scaled to [0, 1] were cast to uint8" in found.repair


def test_digits_left_at_0_to_16_are_named(images_of):
    digits = load_digits()
    pixels = np.repeat(digits.images.astype(np.uint8)[..., None], 3, axis=3)
    found = finding(images_of(pixels, digits.target), "pixel range")
    assert (found.status, found.measured) == ("WARN", "the brightest value is 16 of 255")
    assert "multiply by 15.9375" in found.repair
    assert finding(images_of(pixels * 15, digits.target), "pixel range").status == "PASS"


@pytest.mark.parametrize(("blank", "status"), [(1, "WARN"), (40, "WARN"), (41, "FAIL")])
def test_near_constant_images_are_counted(images_of, blank, status):
    pixels = sound_pixels()
    pixels[-blank:] = 200
    pixels[-blank:, 0, 0, 0] = 208
    found = finding(images_of(pixels, labels_of()), "near-constant images")
    assert found.status == status
    assert found.measured.startswith(f"{blank} of 80 images are nearly one colour")
    assert f"'image {80 - blank}'" in found.repair


def test_faint_images_are_not_constant(images_of):
    faint = (sound_pixels() // 16 + 100).astype(np.uint8)
    assert faint.reshape(80, -1).std(axis=1).min() > 2
    assert finding(images_of(faint, labels_of()), "near-constant images").status == "PASS"


def test_chunks_reach_the_last_image(images_of, monkeypatch):
    monkeypatch.setattr("lowres.values.data_checks._CHUNK_VALUES", 72 * 7)
    pixels = sound_pixels() // 16
    pixels[79, 5, 3, 2] = 250
    assert "brightest value is 250" in finding(images_of(pixels, labels_of()), "pixel range").measured
    pixels[79] = 9
    assert finding(images_of(pixels, labels_of()), "near-constant images").measured.startswith("1 of 80")


@pytest.mark.parametrize("times", [2, 3, 4])
def test_enlarged_images_are_named(images_of, times):
    pixels = np.kron(sound_pixels(), np.ones((1, times, times, 1), dtype=np.uint8))
    found = finding(images_of(pixels, labels_of()), "image size")
    assert found.status == "WARN"
    assert found.measured == (
        f"{4 * times} x {6 * times} pixels an image, but each is a {times} times enlarged one (of 80 looked at)"
    )
    pixels[5, 0, 0, 0] ^= 1
    assert finding(images_of(pixels, labels_of()), "image size").status == "PASS"


def test_blank_images_do_not_look_enlarged(images_of):
    pixels = np.zeros((80, 4, 4, 3), np.uint8)
    assert finding(images_of(pixels, labels_of()), "image size").status == "PASS"


@pytest.mark.parametrize(("rare", "status"), [(25, "PASS"), (24, "WARN")])
def test_imbalance_is_named(images_of, rare, status):
    labels = np.repeat([0, 1], [75, rare])
    found = finding(images_of(sound_pixels(75 + rare), labels), "class balance")
    assert (found.status, found.measured) == (status, f"a has 75 images, b {rare}")
    if status == "WARN":
        assert "always saying a is right 75.8% of the time" in found.repair


def test_balance_names_no_class_where_all_are_equal(images_of):
    found = finding(images_of(sound_pixels(80), np.repeat([0, 1], 40)), "class balance")
    assert (found.status, found.measured) == ("PASS", "every class has 40 images")


@pytest.mark.parametrize(("few", "status"), [(30, "PASS"), (29, "WARN"), (3, "WARN"), (2, "FAIL")])
def test_small_classes_are_named(images_of, few, status):
    found = finding(images_of(sound_pixels(40 + few), np.repeat([0, 1], [40, few])), "small classes")
    assert found.status == status
    expected = {"PASS": "the smallest class has 30 images"}.get(status, f"fewer than 30 images in b ({few})")
    assert found.measured == expected
    assert ("a split needs 3 images" in found.repair) == (status == "FAIL")


def test_many_small_classes_are_not_all_listed(images_of):
    found = finding(images_of(sound_pixels(80), np.arange(80) % 13), "small classes")
    assert found.measured.count("(") == 10
    assert found.measured.endswith("j (6) and 3 more")


def test_copies_are_counted_and_a_pair_named(images_of):
    pixels = sound_pixels()
    pixels[[10, 20]] = pixels[4]
    found = finding(images_of(pixels, labels_of()), "exact copies")
    assert (found.status, found.measured) == ("WARN", "2 of 80 images are exact copies of another")
    assert "'image 10' is 'image 4'" in found.repair
    assert finding(images_of(pixels, labels_of()), "conflicting labels").status == "PASS"


@pytest.mark.parametrize(("n", "status"), [(80, "FAIL"), (400, "WARN")])
def test_copies_with_other_labels_are_named(images_of, n, status):
    pixels = sound_pixels(n)
    pixels[[10, 21]] = pixels[4]
    found = finding(images_of(pixels, labels_of(n)), "conflicting labels")
    assert (found.status, found.measured) == (status, f"3 of {n} images have an exact copy with another label")
    assert found.repair.startswith("'image 4' is called a, its copy 'image 21' b;")


def test_copies_of_held_out_images_are_counted(images_of):
    pixels, held_out = sound_pixels(), np.arange(80) >= 60
    pixels[[3, 4]] = pixels[61]
    images = images_of(pixels, labels_of(), held_out=held_out)
    found = finding(images, "copies of held-out images")
    assert (found.status, found.measured) == ("WARN", "2 of 60 other images are exact copies of held-out ones")
    assert finding(images, "parts of the split", make_split(images)).status == "PASS"


def test_no_held_out_images_is_said(images_of):
    for held_out in (None, np.zeros(80, dtype=bool)):
        found = finding(images_of(sound_pixels(), labels_of(), held_out=held_out), "copies of held-out images")
        assert found.measured == "the source holds no images out"


def test_a_split_that_leaks_copies_or_groups_is_named(images_of):
    pixels, groups = sound_pixels(), np.arange(80)
    pixels[[1, 2]] = pixels[70]
    groups[3] = groups[55]
    images = images_of(pixels, labels_of(), groups=groups)
    careless = Split(np.arange(50), np.arange(50, 60), np.arange(60, 80), images.fingerprint)
    found = finding(images, "parts of the split", careless)
    assert found.status == "FAIL"
    assert found.measured == (
        "exact copies or groups lie in two parts: 1 train images in validation, 2 train images in test"
    )
    assert "`lowres split`" in found.repair


def test_refuses_a_split_of_other_images(images_of):
    split = make_split(images_of(sound_pixels(), labels_of()))
    other = images_of(sound_pixels() // 2, labels_of())
    with pytest.raises(SplitError, match="expected the images this split was made from"):
        check_images(other, split)
