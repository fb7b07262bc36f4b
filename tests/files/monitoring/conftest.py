"""A store in each database, and records to put into it."""

import numpy as np
import pytest

from files.monitoring.records import some_records
from lowres.files.monitoring.store import open_store
from postgres import running_postgres


@pytest.fixture(scope="session")
def postgres():
    """The URL of a PostgreSQL of the tests' own."""
    with running_postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request, tmp_path):
    """Where an empty store may be made, in each database in turn."""
    if request.param == "sqlite":
        return str(tmp_path / "records.sqlite")
    url = request.getfixturevalue("postgres")
    from sqlalchemy import create_engine, text

    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return url


@pytest.fixture
def store(address):
    with open_store(address) as store:
        yield store


@pytest.fixture
def records():
    """Forty records of one version, a second apart."""
    return some_records(40, np.random.default_rng(0))
