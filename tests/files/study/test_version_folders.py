"""A study folder is a version that time numbers; numbered folders are versions; `current` pins one."""

import json
import os

import pytest

from lowres.errors import StudyDamaged, StudyError
from lowres.files.study.study_folder import read_ledger
from lowres.files.study.version_folders import find_versions, ledger_identity, pinned_version, study_version

FINISHED = "2026-11-26T05:10:14+00:00"
# By `date -u -d 2026-11-26T05:10:14 +%s`.
SECONDS = 1795669814


@pytest.fixture
def write_study():
    """Write the ledger of a study and nothing else."""

    def write(folder, finished=FINISHED, model="a" * 64):
        stages = {
            "train": {"inputs": {}, "outputs": {"model.keras": model}},
            "evaluate": {"inputs": {}, "outputs": {"evaluation.json": "b" * 64}, "finished": finished},
        }
        folder.mkdir(parents=True, exist_ok=True)
        ledger = {"format": 1, "source": {"name": "digits"}, "running": "", "stages": stages}
        (folder / "study.json").write_text(json.dumps(ledger))
        return folder

    return write


def test_a_study_is_the_version_of_the_second_it_was_evaluated(write_study, tmp_path):
    (found,) = find_versions(write_study(tmp_path / "study"))
    assert (found.number, found.folder) == (SECONDS, tmp_path / "study")
    later = "2026-11-26T06:10:14.5+01:00"
    assert study_version(write_study(tmp_path / "study", later)) == SECONDS


def test_numbered_folders_are_versions_the_newest_first(write_study, tmp_path):
    for name in ("2", "10", "1", "007", "x", "3.5", "99999999999999999999"):
        write_study(tmp_path / name)
    (tmp_path / "11").mkdir()
    assert [found.number for found in find_versions(tmp_path)] == [10, 2, 1]


def test_another_look_once_a_file_is_another(write_study, tmp_path):
    folder = write_study(tmp_path / "study")
    (folder / "model.keras").write_bytes(b"1")
    before = find_versions(folder)[0].look
    assert find_versions(folder)[0].look == before
    os.utime(folder / "model.keras", ns=(1, 1))
    assert find_versions(folder)[0].look != before


def test_identity_is_what_was_trained_and_evaluated(write_study, tmp_path):
    first, again, other = (
        ledger_identity(read_ledger(write_study(tmp_path / name, finished, model)))
        for name, finished, model in (
            ("a", FINISHED, "a" * 64),
            ("b", "2026-11-27T05:10:14+00:00", "a" * 64),
            ("c", FINISHED, "c" * 64),
        )
    )
    assert first == again != other


@pytest.mark.parametrize(
    ("text", "pinned"), [("2\n", 2), (" 17 ", 17), ("", None), ("two", None), ("0", None), ("-1", None)]
)
def test_the_pin_is_a_number_or_nothing(tmp_path, text, pinned):
    assert pinned_version(tmp_path) is None
    (tmp_path / "current").write_text(text)
    assert pinned_version(tmp_path) == pinned


def test_what_is_no_study_is_refused(write_study, tmp_path):
    with pytest.raises(
        StudyError, match="expected a study, or a folder of numbered studies, at .*nowhere, got nothing"
    ):
        find_versions(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(StudyError, match="at .*file, got a file"):
        find_versions(tmp_path / "file")
    with pytest.raises(StudyError, match="or numbered folders of studies .* in .*, got neither"):
        find_versions(tmp_path)
    with pytest.raises(StudyDamaged, match="expected the time evaluation was finished in .*, got 'yesterday'"):
        find_versions(write_study(tmp_path / "damaged", "yesterday"))
    begun = tmp_path / "begun"
    begun.mkdir()
    (begun / "study.json").write_text('{"format": 1, "source": {"name": "digits"}, "running": "", "stages": {}}')
    with pytest.raises(
        StudyError, match="expected a finished study in .*begun, got one not evaluated; run: lowres eval"
    ):
        find_versions(begun)
