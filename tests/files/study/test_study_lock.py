"""One process at a time: the second is told who the first is, and a killed holder holds nothing."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lowres.errors import StudyError, StudyLocked
from lowres.files.study import study_lock as room
from lowres.files.study.study_lock import LOCK_NAME, study_lock

HOLD = """
import sys, time
from pathlib import Path
from lowres.files.study.study_lock import study_lock
with study_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path):
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_the_second_process_is_refused_and_told_who_holds_it(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    expected = rf"nobody works on, got .*, which process {holder.pid} works on now; wait until it is done"
    with pytest.raises(StudyLocked, match=expected), study_lock(tmp_path):
        pass


def test_a_holder_killed_outright_holds_nothing(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with study_lock(tmp_path):
        assert (tmp_path / LOCK_NAME).read_text() == str(os.getpid())


def test_it_can_be_taken_again_after_the_block(tmp_path: Path) -> None:
    for _ in range(2):
        with study_lock(tmp_path):
            pass


def test_a_holder_that_has_not_signed_yet_is_another_process(tmp_path: Path) -> None:
    with study_lock(tmp_path):
        (tmp_path / LOCK_NAME).write_text("")
        with pytest.raises(StudyLocked, match="which another process works on now"), study_lock(tmp_path):
            pass


def test_a_lock_whose_file_was_deleted_meanwhile_is_no_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    take = room.lock_without_waiting

    def delete_then_take(handle):
        (tmp_path / LOCK_NAME).unlink()
        take(handle)

    monkeypatch.setattr(room, "lock_without_waiting", delete_then_take)
    with pytest.raises(StudyLocked, match="which another process works on now"), study_lock(tmp_path):
        pass


def test_a_file_system_without_locks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(handle: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(room, "lock_without_waiting", refuse)
    expected = "a file system that can lock files, got none .* local disk with --study"
    with pytest.raises(StudyError, match=expected), study_lock(tmp_path):
        pass


def test_a_folder_that_cannot_be_written_is_named() -> None:
    # Not even root makes files there.
    expected = "study folder that can be written, got /sys where it cannot .* --study"
    with pytest.raises(StudyError, match=expected), study_lock(Path("/sys")):
        pass
