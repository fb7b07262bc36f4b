"""scripts/environment makes .venv once, mends a half-made one, and follows a changed pin."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# Stands in for Python: notes what it was asked, and makes an environment that holds itself.
STUB = """#!/bin/sh
echo "$*" >>calls
case "$*" in
    "-m venv "*) rm -rf .venv; mkdir -p .venv/bin; cp "$0" .venv/bin/python ;;
    *install*) echo "$PIP_CONSTRAINT" >>calls; [ ! -e break-pip ] ;;
esac
"""


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "a checkout with spaces"
    (folder / "scripts").mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "environment", folder / "scripts")
    (folder / "pyproject.toml").write_text("[project]\n")
    (folder / "constraints.txt").write_text("numpy==2.4.6\n")
    (folder / "python-stub").write_text(STUB)
    (folder / "python-stub").chmod(0o755)
    return folder


def made(checkout, **variables):
    """Run the script; return its exit code and what it asked of Python: "make", "install", or neither."""
    (checkout / "calls").unlink(missing_ok=True)
    environment = os.environ | {"PYTHON": "./python-stub"} | variables
    result = subprocess.run(["scripts/environment"], cwd=checkout, env=environment, capture_output=True, text=True)
    calls = (checkout / "calls").read_text() if (checkout / "calls").exists() else ""
    words = [
        word for word, sign in {"make": "-m venv --clear .venv", "install": "pip install"}.items() if sign in calls
    ]
    return result.returncode, words


def test_it_makes_the_environment_once(checkout):
    assert made(checkout) == (0, ["make", "install"])
    assert "constraints.txt" in (checkout / "calls").read_text().splitlines()
    assert made(checkout) == (0, [])


@pytest.mark.parametrize(("told_not_to", "times"), [("1", 1), ("", 0)])
def test_packages_are_compiled_once_where_python_would_not_keep_it(checkout, told_not_to, times):
    assert made(checkout, PYTHONDONTWRITEBYTECODE=told_not_to) == (0, ["make", "install"])
    calls = (checkout / "calls").read_text().splitlines()
    assert [call.startswith("-m compileall") for call in calls].count(True) == times
    assert not times or calls[-1] == "-m compileall -q -j 0 -x /(tests|pip|setuptools)/ .venv/lib"


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_a_changed_file_is_followed_without_starting_over(checkout, name):
    made(checkout)
    with (checkout / name).open("a") as file:
        file.write("# changed\n")
    assert made(checkout) == (0, ["install"])
    assert made(checkout) == (0, [])


def test_a_half_made_environment_is_made_again(checkout):
    (checkout / "break-pip").touch()
    assert made(checkout) == (1, ["make", "install"])
    (checkout / "break-pip").unlink()
    assert made(checkout) == (0, ["make", "install"])


def test_an_environment_whose_python_is_gone_is_made_again(checkout):
    made(checkout)
    (checkout / ".venv" / "bin" / "python").unlink()
    assert made(checkout) == (0, ["make", "install"])


def test_a_moved_checkout_gets_an_environment_of_its_own(checkout):
    made(checkout)
    moved = checkout.rename(checkout.parent / "moved")
    assert made(moved) == (0, ["make", "install"])


def test_an_environment_that_is_a_link_is_left_alone(checkout):
    elsewhere = checkout.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "made-from").write_text("another checkout")
    (checkout / ".venv").symlink_to(elsewhere)
    assert made(checkout) == (2, [])
    assert (elsewhere / "made-from").read_text() == "another checkout"


def test_a_missing_python_is_named_with_what_to_do(checkout):
    environment = os.environ | {"PYTHON": "no-such-python"}
    result = subprocess.run(["scripts/environment"], cwd=checkout, env=environment, capture_output=True, text=True)
    assert result.returncode == 2
    assert "expected Python 3.11 or newer with venv (tried: no-such-python)" in result.stderr
    assert "make environment PYTHON=/path/to/python3" in result.stderr
