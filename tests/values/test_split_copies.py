"""Exact copies are found for certain, whatever the sums of their bytes say, and in a moment."""

import time

import numpy as np
import pytest

from lowres.values.split import exact_copies


@pytest.mark.parametrize("side", [1, 3, 8])
def test_exact_copies_name_the_first_of_their_kind(side, monkeypatch):
    monkeypatch.setattr("lowres.values.split._SUM_CHUNK_BYTES", 7 * side * side * 3)
    pixels = np.random.default_rng(1).integers(0, 256, (40, side, side, 3), dtype=np.uint8)
    pixels[[9, 30]] = pixels[4]
    pixels[39] = pixels[38]
    expected = np.arange(40)
    expected[[9, 30, 39]] = [4, 4, 38]
    assert exact_copies(pixels).tolist() == expected.tolist()


def test_images_whose_quick_sums_agree_are_still_told_apart(monkeypatch):
    monkeypatch.setattr("lowres.values.split._quick_sums", lambda pixels: np.zeros(len(pixels), np.uint64))
    pixels = np.arange(6, dtype=np.uint8).reshape(6, 1, 1, 1) * np.ones(3, np.uint8)
    pixels[4] = pixels[2]
    assert exact_copies(pixels).tolist() == [0, 1, 2, 3, 2, 5]


def test_sixty_thousand_small_images_are_compared_in_a_moment():
    pixels = np.random.default_rng(0).integers(0, 256, (60_000, 32, 32, 3), dtype=np.uint8)
    started = time.perf_counter()
    copies = exact_copies(pixels)
    seconds = time.perf_counter() - started
    assert (copies == np.arange(60_000)).all()
    assert seconds < 0.5
