"""Sets the stage before any framework loads: quiet logs, no window, a cache folder that is thrown away."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

# Before the first import of a framework, for this process and for every command a test starts.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["MPLBACKEND"] = "Agg"
# Tiny fits on a busy machine: two BLAS threads wait for each other, and a tiny study took 68 s instead of 9.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# A developer's terminal must not change what a test reads.
os.environ.update({"COLUMNS": "120", "NO_COLOR": "1", "TERM": "dumb"})
# A test must neither find the user's downloads nor leave anything among them.
_CACHE = tempfile.mkdtemp(prefix="lowres-test-cache-")
os.environ["LOWRES_CACHE"] = _CACHE

# The same examples for everybody, so that a red check is red again; HYPOTHESIS_PROFILE=search looks for new ones.
# No deadline: on a busy machine it would measure the neighbours.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, max_examples=500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


def pytest_unconfigure() -> None:
    """Take the cache folder away again."""
    shutil.rmtree(_CACHE, ignore_errors=True)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return Path(__file__).resolve().parent.parent
