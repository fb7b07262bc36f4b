"""The ledger says why a stage has to run: nothing, a changed input by name, or a lost or damaged file by name."""

import hashlib
from pathlib import Path

import pytest

from lowres.errors import StudyDamaged
from lowres.files.study.ledger import Ledger, StageRecord, file_sha256, ledger_from_json

INPUTS = {"recipe": "quick", "split.csv": "ab12"}


@pytest.fixture
def finished(tmp_path: Path) -> Ledger:
    (tmp_path / "model.keras").write_bytes(b"weights")
    outputs = {"model.keras": hashlib.sha256(b"weights").hexdigest()}
    ledger = Ledger()
    ledger.begin("train", ())
    ledger.finish(StageRecord("train", dict(INPUTS), outputs, seconds=1.5))
    return ledger


def test_a_stage_without_a_record_has_to_run(tmp_path: Path) -> None:
    assert Ledger().reasons_to_run("train", INPUTS, tmp_path) == ("it has not run yet",)


def test_nothing_changed_means_no_reason(finished: Ledger, tmp_path: Path) -> None:
    assert finished.reasons_to_run("train", INPUTS, tmp_path) == ()


@pytest.mark.parametrize(
    ("now", "named"),
    [
        (INPUTS | {"split.csv": "cd34"}, "split.csv"),
        (INPUTS | {"seed": "1"}, "seed"),
        ({"recipe": "quick"}, "split.csv"),
    ],
)
def test_a_changed_a_new_and_a_dropped_input_are_named(
    finished: Ledger, tmp_path: Path, now: dict[str, str], named: str
) -> None:
    assert finished.reasons_to_run("train", now, tmp_path) == (f"{named} changed",)


def test_a_missing_output_is_named(finished: Ledger, tmp_path: Path) -> None:
    (tmp_path / "model.keras").unlink()
    assert finished.reasons_to_run("train", INPUTS, tmp_path) == ("model.keras is missing",)


def test_a_damaged_output_is_named(finished: Ledger, tmp_path: Path) -> None:
    (tmp_path / "model.keras").write_bytes(b"weightz")
    (reason,) = finished.reasons_to_run("train", INPUTS, tmp_path)
    assert reason == "model.keras is damaged (not the bytes that were written)"


def test_a_stage_that_was_cut_off_says_so_unless_its_files_are_whole(finished: Ledger, tmp_path: Path) -> None:
    finished.begin("train", ())
    assert finished.reasons_to_run("train", INPUTS, tmp_path) == ()
    (tmp_path / "model.keras").write_bytes(b"half")
    assert finished.reasons_to_run("train", INPUTS, tmp_path) == ("it did not finish last time",)


def test_what_depends_on_a_running_stage_stands_in_doubt_until_confirmed(finished: Ledger) -> None:
    finished.begin("split", ("train", "evaluate"))
    assert not finished.stages["train"].current
    assert finished.confirm("train")
    assert finished.stages["train"].current
    assert not finished.confirm("train")


def test_results_are_the_outputs_and_the_key() -> None:
    record = StageRecord("features", {}, {"split.csv": "ab"}, key="cd")
    assert record.results == {"split.csv": "ab", "features": "cd"}
    assert StageRecord("split", {}, {"split.csv": "ab"}).results == {"split.csv": "ab"}


def test_it_reads_back_what_it_wrote(finished: Ledger) -> None:
    finished.begin("evaluate", ())
    assert ledger_from_json(finished.to_json(), Path("study.json")) == finished


@pytest.mark.parametrize(
    "data", [{}, {"stages": {"train": {"colour": 1}}, "running": ""}, {"stages": 3, "running": ""}]
)
def test_another_document_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(StudyDamaged, match=r"expected a ledger of stages in x/study\.json, .* delete that file"):
        ledger_from_json(data, Path("x/study.json"))


def test_the_hash_of_a_file_is_what_hashlib_says_and_empty_for_none(tmp_path: Path) -> None:
    content = bytes(range(256)) * 5000
    (tmp_path / "file").write_bytes(content)
    assert file_sha256(tmp_path / "file") == hashlib.sha256(content).hexdigest()
    assert file_sha256(tmp_path / "none") == ""
    assert file_sha256(tmp_path) == ""
