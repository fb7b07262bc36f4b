"""`--record` on both commands, and `lowres forget`: what is named is gone, and what is not there is told."""

import pytest
from typer.testing import CliRunner

from files.monitoring.records import BEGAN, some_records
from lowres.cli.application import application
from lowres.files.monitoring.store import open_store


@pytest.fixture
def records(tmp_path, monkeypatch):
    """Twenty records in records.sqlite, in the folder the commands run in."""
    import numpy as np

    monkeypatch.chdir(tmp_path)
    made = some_records(20, np.random.default_rng(0))
    with open_store("records.sqlite") as store:
        store.add(made)
    return made


def run(*words, code=0):
    done = CliRunner().invoke(application, list(words), catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done


def left():
    with open_store("records.sqlite") as store:
        return store.read_window("cats")


def test_records_are_forgotten_by_id_by_request_and_by_picture(records):
    done = run("forget", "records.sqlite", records[0].id, "request 2", records[9].sha256)
    assert done.stdout == "4 records deleted\n"
    assert left().ids.tolist() == [one.id for n, one in enumerate(records) if n not in (0, 4, 5, 9)]


def test_what_is_not_there_is_told_and_leaves_with_1(records):
    done = run("forget", "records.sqlite", "nobody", records[0].id, code=1)
    assert (done.stdout, done.stderr) == ("1 records deleted\n", "nothing recorded is called nobody\n")
    assert len(left()) == 19


def test_old_records_and_old_images_are_forgotten(records, monkeypatch):
    class Then:
        @staticmethod
        def now(zone):
            return BEGAN.replace(day=27, second=10)

    monkeypatch.setattr("lowres.cli.recording.datetime", Then)
    assert run("forget", "records.sqlite", "--images-older-than", "1").stdout == "4 old images deleted\n"
    assert left().has_picture.sum() == 3
    assert run("forget", "records.sqlite", "--older-than", "1").stdout == "10 old records deleted\n"
    assert len(left()) == 10


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("forget", "nothing.sqlite", "x"), "expected a store of records at nothing.sqlite, got no file"),
        (("forget", "records.sqlite"), "expected ids, --older-than or --images-older-than, got none of them"),
        (("forget", "mysql://x/y", "x"), "expected a file, sqlite:///FILE or postgresql://..."),
        (("serve", "nowhere", "--port", "0", "--keep-images", "some"), "expected none, review-only, all, sample or a"),
        (("serve", "nowhere", "--port", "0", "--record", "no/records"), "expected a folder for the store at no, got"),
        (("serve", "nowhere", "--port", "0", "--keep-days", "-1"), "Invalid value for '--keep-days'"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_2(records, words, told):
    assert told in " ".join(run(*words, code=2).output.split())
