"""LOWRES_CACHE moves the cache; without it the platform's own folder is used."""

from pathlib import Path

import platformdirs
import pytest

from lowres.files.cache_folder import cache_folder


def test_the_variable_moves_it(tmp_path, monkeypatch):
    monkeypatch.setenv("LOWRES_CACHE", str(tmp_path / "here"))
    assert cache_folder("cifar10", "a") == tmp_path / "here" / "cifar10" / "a"
    assert not (tmp_path / "here").exists()


def test_home_is_spelt_out(monkeypatch):
    monkeypatch.setenv("LOWRES_CACHE", "~/kept")
    assert cache_folder() == Path.home() / "kept"


@pytest.mark.parametrize("value", ["", "  "])
def test_an_empty_variable_counts_as_none(value, monkeypatch):
    monkeypatch.setenv("LOWRES_CACHE", value)
    assert cache_folder() == Path(platformdirs.user_cache_dir("lowres"))
