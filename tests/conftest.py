"""Sets the stage before any framework loads: quiet logs, no window, a cache folder that is thrown away."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from lowres.pipeline.stages import preflight
from lowres.pipeline.training.reload_process import ReloadProcess

# Before the first import of a framework, for this process and for every command a test starts.
_INSTALLED = [name for name in ("tensorflow", "jax", "torch") if find_spec(name)]
os.environ.setdefault("KERAS_BACKEND", _INSTALLED[0] if _INSTALLED else "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# As users have it, who come to a framework by load_backend.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ["MPLBACKEND"] = "Agg"
# Tiny fits on a busy machine: two BLAS threads wait for each other, and a tiny study took 68 s instead of 9.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# A developer's terminal must not change what a test reads.
os.environ.update({"COLUMNS": "120", "NO_COLOR": "1", "TERM": "dumb"})
# A test must neither find the user's downloads nor leave anything among them.
_CACHE = tempfile.mkdtemp(prefix="lowres-test-cache-")
os.environ["LOWRES_CACHE"] = _CACHE

# The same examples for everybody, so that a red check is red again; HYPOTHESIS_PROFILE=search looks for new ones.
# No deadline and no complaint of slowness: on a busy machine they would measure the neighbours.
_PATIENT = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("repeatable", derandomize=True, **_PATIENT)
settings.register_profile("search", max_examples=500, **_PATIENT)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


# Files of few tests that take minutes: begun last, one core would wait for the other.
_LONG_FILES = ("test_interruptions", "test_words", "test_application", "test_export", "test_from_scratch")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest; the order inside a file stays."""
    items.sort(key=lambda item: item.path.stem not in _LONG_FILES)


def pytest_unconfigure() -> None:
    """Take the cache folder away again."""
    shutil.rmtree(_CACHE, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def _shared_reloading() -> Iterator[None]:
    """Give all studies made in this process one process to reload in, begun when the first asks for it.

    A study of its own starts one each time, and the frameworks load in it each time.
    """
    shared: list[ReloadProcess] = []

    def start() -> AbstractContextManager[ReloadProcess]:
        if not shared:
            shared.append(ReloadProcess())
        return nullcontext(shared[0])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(preflight, "start_reloading", start)
        yield
    for process in shared:
        process.close()


@pytest.fixture(scope="session")
def picture_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study of pictures of two sizes in class folders, `pictures` beside it; copy it before changing it."""
    from PIL import Image

    from lowres.pipeline.study import run_study
    from tiny_study import tiny_choice, write_pictures

    folder = tmp_path_factory.mktemp("picture-study")
    write_pictures(folder / "pictures", per_class=20)
    for name in ("dark", "light", "red"):
        with Image.open(folder / "pictures" / name / "00.png") as small:
            small.resize((40, 24)).save(folder / "pictures" / name / "large.jpg")
    settings = {"test_time__flips": "true", "evaluation__review_error": "0.5", "evaluation__set_coverage": "0.9"}
    run_study(tiny_choice(folder / "study", str(folder / "pictures"), **settings), until="evaluate")
    return folder / "study"


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return Path(__file__).resolve().parent.parent
