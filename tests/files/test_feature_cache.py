"""Kept features: written in any order, read back, never wrong after a kill, a full disk or a flipped byte."""

import os
import signal
import subprocess
import sys
from dataclasses import fields, replace

import numpy as np
import pytest

from lowres.errors import DiskFull
from lowres.files.feature_cache import FeatureCache, FeatureKey

KEY = FeatureKey("w", "lite0", 224, "bicubic", "float32", "openvino 2026", "plain", "f")
ROWS, CHANNELS = 50, 16


@pytest.fixture
def features():
    return np.random.default_rng(0).normal(size=(ROWS, CHANNELS)).astype(np.float32)


def opened(folder, key=KEY, rows=ROWS, channels=CHANNELS, storage="float32"):
    return FeatureCache(folder).open_features(key, rows, channels, storage)


def test_everything_is_missing_at_first(tmp_path):
    assert opened(tmp_path).missing(np.array([3, 1])).tolist() == [3, 1]


def test_what_is_missing_is_never_read(tmp_path):
    kept = opened(tmp_path)
    kept.write(np.array([3]), np.ones((1, CHANNELS)))
    with pytest.raises(ValueError, match=r"expected 2 kept features, got 1 missing \(\[1\], \.\.\.\)"):
        kept.read(np.array([3, 1]))


def test_rows_in_any_order_come_back_also_to_the_next_process(tmp_path, features):
    order = np.random.default_rng(1).permutation(ROWS)
    kept = opened(tmp_path)
    for chunk in np.array_split(order[:40], 7):
        kept.write(chunk, features[chunk])
    again = opened(tmp_path)
    assert sorted(again.missing(np.arange(ROWS))) == sorted(order[40:])
    np.testing.assert_array_equal(again.read(order[:40]), features[order[:40]])
    assert again.read(order[:40]).dtype == np.float32


def test_the_file_is_plain_rows(tmp_path, features):
    opened(tmp_path).write(np.arange(ROWS), features)
    (path,) = tmp_path.glob("*.features")
    np.testing.assert_array_equal(np.fromfile(path, "<f4").reshape(ROWS, CHANNELS), features)


def test_half_precision_is_the_default(tmp_path, features):
    kept = FeatureCache(tmp_path).open_features(KEY, ROWS, CHANNELS)
    kept.write(np.arange(ROWS), features)
    np.testing.assert_array_equal(kept.read(np.arange(ROWS)), features.astype(np.float16).astype(np.float32))
    (path,) = tmp_path.glob("*.features")
    assert path.stat().st_size == ROWS * CHANNELS * 2


def test_rows_as_they_are_kept_come_with_which_of_them_are_whole(tmp_path, features):
    kept = FeatureCache(tmp_path).open_features(KEY, ROWS, CHANNELS)
    kept.write(np.array([1, 4, 7]), features[[1, 4, 7]])
    stored, is_whole = kept.stored(np.array([4, 2, 1]))
    assert stored.dtype == np.float16
    assert is_whole.tolist() == [True, False, True]
    np.testing.assert_array_equal(stored[is_whole], features[[4, 1]].astype(np.float16))


def test_a_row_of_zeros_counts_as_written(tmp_path):
    kept = opened(tmp_path)
    kept.write(np.array([2]), np.zeros((1, CHANNELS)))
    assert kept.missing(np.array([1, 2])).tolist() == [1]


@pytest.mark.parametrize("name", [field.name for field in fields(FeatureKey)])
def test_every_part_of_the_key_keeps_features_apart(name, tmp_path, features):
    opened(tmp_path).write(np.arange(ROWS), features)
    other = replace(KEY, **{name: 160 if name == "input_pixels" else "other"})
    assert len(opened(tmp_path, other).missing(np.arange(ROWS))) == ROWS
    assert len(opened(tmp_path).missing(np.arange(ROWS))) == 0


@pytest.mark.parametrize("change", [{"rows": 51}, {"channels": 17}, {"storage": "float16"}])
def test_another_shape_starts_anew(change, tmp_path, features):
    opened(tmp_path).write(np.arange(ROWS), features)
    kept = opened(tmp_path, **change)
    assert len(kept.missing(np.arange(kept.rows))) == kept.rows


def cut(path):
    path.write_bytes(path.read_bytes()[:-5])


@pytest.mark.parametrize("suffix", [".features", ".done", ".json"])
@pytest.mark.parametrize("harm", [cut, os.unlink])
def test_files_that_do_not_fit_are_made_anew(suffix, harm, tmp_path, features):
    opened(tmp_path).write(np.arange(ROWS), features)
    (path,) = tmp_path.glob(f"*{suffix}")
    harm(path)
    kept = opened(tmp_path)
    assert len(kept.missing(np.arange(ROWS))) == ROWS
    kept.write(np.arange(ROWS), features)
    np.testing.assert_array_equal(kept.read(np.arange(ROWS)), features)


@pytest.mark.parametrize("suffix", [".features", ".done"])
def test_a_flipped_byte_costs_its_row_only(suffix, tmp_path, features):
    opened(tmp_path).write(np.arange(ROWS), features)
    (path,) = tmp_path.glob(f"*{suffix}")
    content = bytearray(path.read_bytes())
    content[7 * len(content) // ROWS] ^= 1
    path.write_bytes(content)
    assert opened(tmp_path).missing(np.arange(ROWS)).tolist() == [7]


def test_a_killed_process_loses_only_what_it_was_at(tmp_path):
    program = (
        "import sys\nimport numpy as np\nfrom pathlib import Path\n"
        "from lowres.files.feature_cache import FeatureCache, FeatureKey\n"
        f"kept = FeatureCache(Path(sys.argv[1])).open_features({KEY!r}, {ROWS * 1000}, {CHANNELS}, 'float32')\n"
        f"for row in range({ROWS * 1000}):\n"
        f"    kept.write(np.array([row]), np.full((1, {CHANNELS}), row, np.float32))\n"
        "    if row == 100: print('begun', flush=True)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    kept = opened(tmp_path, rows=ROWS * 1000)
    every = np.arange(ROWS * 1000)
    present = np.setdiff1d(every, kept.missing(every))
    assert len(present) > 100
    np.testing.assert_array_equal(kept.read(present), np.repeat(present[:, None], CHANNELS, axis=1))


def test_a_full_disk_is_said_and_the_rows_stay_missing(tmp_path, features):
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("a small disk can only be mounted by root")
    try:
        kept = opened(folder, rows=1000, channels=256)
        kept.write(np.arange(100), np.ones((100, 256)))
        with pytest.raises(DiskFull, match=r"expected room for .*\.features, got a full disk.*free some space"):
            kept.write(np.arange(100, 1000), np.ones((900, 256)))
        assert kept.missing(np.arange(1000)).tolist() == list(range(100, 1000))
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize(
    ("indices", "values", "message"),
    [
        ([0, 1], np.ones((1, CHANNELS)), r"expected features \[2, 16\], got \[1, 16\]"),
        ([0, ROWS], np.ones((2, CHANNELS)), "expected indices from 0 to 49, got 0 to 50"),
        ([-1, 0], np.ones((2, CHANNELS)), "expected indices from 0 to 49, got -1 to 0"),
        ([0], np.full((1, CHANNELS), np.nan), "expected finite features"),
        ([0], np.full((1, CHANNELS), 1e30), "that float16 holds, got others; store them as float32"),
    ],
)
def test_what_cannot_be_kept_is_refused(indices, values, message, tmp_path):
    kept = opened(tmp_path, storage="float16")
    with pytest.raises(ValueError, match=message):
        kept.write(np.array(indices), values)
    assert len(kept.missing(np.arange(ROWS))) == ROWS


def test_no_rows_at_all(tmp_path):
    kept = opened(tmp_path, rows=0)
    kept.write(np.arange(0), np.ones((0, CHANNELS)))
    assert kept.read(np.arange(0)).shape == (0, CHANNELS)
    assert len(opened(tmp_path).missing(np.arange(0))) == 0
