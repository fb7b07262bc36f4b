"""Where a store is: a file of SQLite, or a PostgreSQL database by its URL."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from lowres.errors import MissingDependency, StoreError

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine

SQLITE, POSTGRESQL = "sqlite", "postgresql"
# How long one writer waits for another, and whoever connects for an answer.
_BUSY_SECONDS = 30.0
_CONNECT_SECONDS = 10


def store_url(words: str) -> URL:
    """Return where the store is that `--record` names: a path, or a URL of sqlite or postgresql.

    Refused with StoreError: no words, another database; with MissingDependency: what it needs is not installed.
    """
    _refuse_without("sqlalchemy", "monitor")
    _refuse_without("alembic", "monitor")
    from sqlalchemy import URL, make_url
    from sqlalchemy.exc import ArgumentError

    if not words:
        raise StoreError("expected a file or a URL of the store, got nothing; name one, such as records.sqlite")
    if "://" not in words:
        return URL.create(SQLITE, database=str(Path(words).expanduser()))
    try:
        url = make_url(words)
    except (ArgumentError, ValueError) as error:
        # Not the words themselves: there may be a password in them.
        raise StoreError(
            "expected a URL like postgresql://USER@HOST/DATABASE, got one that cannot be read; correct it"
        ) from error
    kind = url.drivername.partition("+")[0]
    if kind == "postgres":
        kind = POSTGRESQL
    if kind not in (SQLITE, POSTGRESQL):
        raise StoreError(
            f"expected a file, sqlite:///FILE or postgresql://..., got {kind}://...; lowres keeps records in those two"
        )
    if kind == SQLITE:
        if not url.database or url.database == ":memory:":
            raise StoreError("expected a file for the store, got a database in memory; name one: sqlite:///FILE")
        return url.set(drivername=SQLITE)
    _refuse_without("psycopg", "postgres")
    return url.set(drivername="postgresql+psycopg")


def shown_url(url: URL) -> str:
    """Return where the store is for people and logs: no password in it."""
    return str(url.database) if url.drivername == SQLITE else url.render_as_string(hide_password=True)


def make_engine(url: URL) -> Engine:
    """Return the engine of a store; nothing is connected yet.

    A transaction that is to write (`execution_options(writes=True)`) takes SQLite's one place for writers when it
    begins; one that reads sees the store as it was when it began, and waits for nobody.
    """
    from sqlalchemy import create_engine, event

    if url.drivername != SQLITE:
        return create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": _CONNECT_SECONDS})
    # isolation_level None: Python's own module would begin transactions by itself, and later than they should.
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS, "isolation_level": None})
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def _set_up(connection: object, _: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in (
        # Three embeddings of 1,280 channels a page; of SQLite's usual 4,096 bytes each would fill one for itself.
        "page_size=8192",
        "journal_mode=WAL",
        # With a WAL, what was committed survives kill -9; only the loss of power may take the last transactions.
        "synchronous=NORMAL",
        "foreign_keys=ON",
        # What was deleted is written over, in the file and in the WAL's next round.
        "secure_delete=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: object) -> None:
    writes = connection.get_execution_options().get("writes")  # type: ignore[attr-defined]
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")  # type: ignore[attr-defined]


def _refuse_without(package: str, extra: str) -> None:
    if importlib.util.find_spec(package) is None:
        raise MissingDependency(f"expected {package} for a store of records, got none; pip install 'lowres[{extra}]'")
