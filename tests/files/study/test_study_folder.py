"""The study folder: made, refused, read back, healed, and left whole by a kill."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lowres.errors import DataError, StudyDamaged, StudyError, StudyLocked
from lowres.files.study.ledger import StageRecord
from lowres.files.study.study_folder import RECIPE_FILE, STUDY_FILE, StudySource, is_study, open_study, read_source

DIGITS = StudySource("digits", fingerprint="ab")


def _begin(folder: Path) -> None:
    with open_study(folder) as study:
        study.source = DIGITS
        study.begin("split", ())
        study.finish(StageRecord("split", {"seed": "42"}, {"split.csv": "cd"}, facts={"n": 3}))


def test_it_is_made_with_its_parents_and_reads_back(tmp_path: Path) -> None:
    folder = tmp_path / "studies" / "digits-quick"
    assert not is_study(folder)
    _begin(folder)
    assert is_study(folder)
    with open_study(folder) as study:
        assert study.source == DIGITS
        assert study.ledger.stages["split"].outputs == {"split.csv": "cd"}
        assert study.ledger.running == ""


def test_study_json_says_what_other_programs_rely_on(tmp_path: Path) -> None:
    _begin(tmp_path)
    data = json.loads((tmp_path / STUDY_FILE).read_text())
    assert data["format"] == 1
    assert data["source"]["name"] == "digits"
    assert data["stages"]["split"]["inputs"] == {"seed": "42"}


def test_a_folder_with_other_things_in_it_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(StudyError, match="a study or an empty folder for one, got .*holds other things"):
        _begin(tmp_path)
    assert [item.name for item in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "study").write_text("")
    with pytest.raises(StudyError, match="a place for the study, got .*/study, which cannot be used .*File exists"):
        _begin(tmp_path / "study")


def test_a_place_nobody_may_write_is_refused() -> None:
    # Not even root makes folders there.
    with pytest.raises(StudyError, match="a place for the study, got /sys/study, which cannot be used"):
        _begin(Path("/sys/study"))


def test_a_second_opening_is_refused(tmp_path: Path) -> None:
    with open_study(tmp_path), pytest.raises(StudyLocked, match="a study nobody works on"):
        _begin(tmp_path)


def test_a_study_of_a_newer_lowres_is_refused(tmp_path: Path) -> None:
    (tmp_path / STUDY_FILE).write_text('{"format": 2, "lowres": "9.0"}')
    with pytest.raises(StudyError, match=r"format 1 or older, got format 2 .* written by lowres 9\.0"):
        _begin(tmp_path)


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"format": 1}', '{"format": 1, "source": {"colour": 1}, "stages": {}, "running": ""}']
)
def test_a_damaged_study_json_costs_the_ledger_and_is_named(tmp_path: Path, text: str) -> None:
    _begin(tmp_path)
    (tmp_path / STUDY_FILE).write_text(text)
    with open_study(tmp_path) as study:
        assert "study.json" in study.complaint
        assert study.ledger.stages == {}
    with pytest.raises(StudyDamaged, match=r"to name the study's images, .*lowres study SOURCE --study"):
        read_source(tmp_path)


def test_a_new_study_refused_before_its_first_stage_leaves_nothing(tmp_path: Path) -> None:
    def refuse() -> None:
        with open_study(tmp_path / "study") as study:
            study.begin("images", ())
            study.write_recipe("name = 'quick'")
            raise DataError("no pictures there")

    with pytest.raises(DataError, match="no pictures there"):
        refuse()
    assert list(tmp_path.iterdir()) == []


def test_an_older_study_refused_stays(tmp_path: Path) -> None:
    _begin(tmp_path)

    def refuse() -> None:
        with open_study(tmp_path):
            raise DataError("no pictures there")

    with pytest.raises(DataError, match="no pictures there"):
        refuse()
    assert is_study(tmp_path)


def test_what_a_killed_run_left_half_written_is_swept(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path\n"
        "from lowres.files.atomic import atomic_path\n"
        "from lowres.files.study.study_folder import open_study\n"
        "with open_study(Path(sys.argv[1])) as study:\n"
        "    with atomic_path(study.folder / 'predictions' / 'test.npz') as part:\n"
        "        part.write_bytes(b'half'); print('half', flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half\n"
        process.send_signal(signal.SIGKILL)
    assert len(list((tmp_path / "predictions").iterdir())) == 1
    with open_study(tmp_path):
        assert list((tmp_path / "predictions").iterdir()) == []


def test_the_recipe_is_written_only_when_it_is_another(tmp_path: Path) -> None:
    with open_study(tmp_path) as study:
        study.write_recipe("seed = 1\n")
        before = (tmp_path / RECIPE_FILE).stat().st_mtime_ns
        study.write_recipe("seed = 1\n")
        assert (tmp_path / RECIPE_FILE).stat().st_mtime_ns == before
        study.write_recipe("seed = 2\n")
        assert (tmp_path / RECIPE_FILE).read_text() == "seed = 2\n"


def test_a_path_of_images_is_seen_from_the_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = StudySource("flowers", "../data/flowers")
    assert source.location(tmp_path / "study") == str(tmp_path / "data" / "flowers")
    (tmp_path / "far" / "studies" / "one").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "far" / "studies" / "one")
    assert source.location(tmp_path / "link") == str(tmp_path / "far" / "studies" / "data" / "flowers")
    monkeypatch.chdir(tmp_path)
    assert source.location(Path("study")) == "data/flowers"
    assert DIGITS.location(tmp_path / "study") == "digits"


def test_forgetting_and_confirming_are_written_down(tmp_path: Path) -> None:
    _begin(tmp_path)
    with open_study(tmp_path) as study:
        study.begin("images", ("split",))
        study.confirm("split")
    assert json.loads((tmp_path / STUDY_FILE).read_text())["stages"]["split"]["current"] is True
    with open_study(tmp_path) as study:
        study.forget("split")
    assert json.loads((tmp_path / STUDY_FILE).read_text())["stages"] == {}
