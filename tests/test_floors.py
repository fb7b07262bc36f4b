"""Imports only go downstairs, and nothing heavy is imported before it is needed."""

import os
import shutil
import statistics
import subprocess
import sys
import time

import pytest

HEAVY = (
    "keras",
    "tensorflow",
    "openvino",
    "jax",
    "torch",
    "sklearn",
    "scipy",
    "matplotlib",
    "pandas",
    "h5py",
    "jinja2",
    "fastapi",
    "uvicorn",
    "prometheus_client",
)
# Half a second is the promise on a free machine; a test machine may be busy with other things.
HELP_SECONDS, BUSY_MACHINE_FACTOR = 0.5, 3


# In a process of its own: where a test has loaded TensorFlow before, import-linter takes pytest's own stderr down.
LINT = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"


def test_the_import_contract_holds(repository):
    result = subprocess.run([sys.executable, "-c", LINT], cwd=repository, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


@pytest.fixture
def crooked_house(tmp_path, repository):
    """A copy of the package in which one import goes upstairs."""
    shutil.copytree(repository / "src" / "lowres", tmp_path / "lowres", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(repository / ".importlinter", tmp_path)
    split = tmp_path / "lowres" / "values" / "split.py"
    split.write_text(
        split.read_text(encoding="utf-8") + "\nimport lowres.files.study.ledger\nimport keras\n", encoding="utf-8"
    )
    return tmp_path


def test_the_contract_names_an_import_that_goes_upstairs(crooked_house):
    environment = os.environ | {"PYTHONPATH": str(crooked_house)}
    result = subprocess.run(
        [sys.executable, "-c", LINT], cwd=crooked_house, env=environment, capture_output=True, text=True
    )
    assert result.returncode == 1
    assert "lowres.values is not allowed to import lowres.files" in result.stdout
    assert "lowres.values.split -> keras" in result.stdout


@pytest.mark.parametrize(
    "module", ["lowres", "lowres.cli", "lowres.pipeline", "lowres.files", "lowres.values", "lowres.faces"]
)
def test_importing_a_floor_loads_nothing_heavy(module):
    program = f"import sys, {module}; print(*(set(sys.modules) & set({HEAVY})))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.split() == []


def test_help_answers_in_half_a_second():
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "lowres", "--help"], capture_output=True, check=True)
        seconds.append(time.perf_counter() - started)
    assert statistics.median(seconds) < HELP_SECONDS * BUSY_MACHINE_FACTOR, f"expected a quick answer, got {seconds} s"
