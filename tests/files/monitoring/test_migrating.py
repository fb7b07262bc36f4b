"""Older stores are upgraded with all they hold, newer ones and other databases are refused, and Alembic has it all."""

import numpy as np
import pytest
from sqlalchemy import create_engine, text

from files.monitoring.records import some_records
from lowres.errors import StoreError
from lowres.files.monitoring import migrating
from lowres.files.monitoring.addresses import make_engine, store_url
from lowres.files.monitoring.schema import REVISION, metadata
from lowres.files.monitoring.store import open_store


def test_the_newest_revision_is_the_one_that_is_read():
    from alembic.script import ScriptDirectory

    assert ScriptDirectory(str(migrating.MIGRATIONS)).get_current_head() == REVISION


def test_the_migrations_make_the_tables_as_they_are_read(address):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    open_store(address).close()
    engine = make_engine(store_url(address))
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, {"compare_type": True}), metadata) == []
    engine.dispose()


def test_an_older_store_is_upgraded_and_keeps_what_it_has(address, monkeypatch):
    said = []
    records = some_records(6, np.random.default_rng(0))
    with monkeypatch.context() as patch:
        patch.setattr(migrating, "REVISION", "0001")
        with open_store(address, note=said.append) as store:
            store.add(records)
    with open_store(address, note=said.append) as store:
        assert store.read_window("cats").ids.tolist() == [one.id for one in records]
        open_store(address, note=said.append).close()
    assert [text.split(" the store")[0] for text in said] == ["made", "upgraded"]
    assert said[1].endswith("from 0001 to 0002")


def test_a_store_of_a_later_lowres_is_refused_and_left_alone(address):
    open_store(address).close()
    engine = make_engine(store_url(address))
    with engine.execution_options(writes=True).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0099'"))
    with pytest.raises(StoreError, match=r"expected a store of revision 0002 or older at .*, got 0099, which a later"):
        open_store(address)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "0099"
    engine.dispose()


def test_somebody_elses_database_is_refused(tmp_path):
    path = tmp_path / "addresses.sqlite"
    with create_engine(f"sqlite:///{path}").begin() as connection:
        connection.execute(text("CREATE TABLE people (name TEXT)"))
    with pytest.raises(StoreError, match=r"got tables of something else \(people\); name another"):
        open_store(str(path))
    (tmp_path / "note.txt").write_text("not a database, but long enough to be taken for one" * 20)
    with pytest.raises(StoreError, match=r"expected a store of records at .*note\.txt, got file is not a database"):
        open_store(str(tmp_path / "note.txt"))
