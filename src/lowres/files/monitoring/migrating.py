"""A store is brought to the revision this lowres reads: made where there is none, upgraded, or refused as too new."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from lowres.errors import StoreError
from lowres.files.monitoring.schema import REVISION

MIGRATIONS = Path(__file__).parent / "migrations"
_TABLE = "alembic_version"
# Any number will do, as long as every lowres takes the same.
_LOCK = 7_246_973


def bring_up_to_date(engine: Engine, shown: str, note: Callable[[str], None]) -> None:
    """Make the tables, or upgrade them, in one transaction; several processes may try at once.

    note: told in words what was done. Refused with StoreError: a database of something else, a store of a later lowres.
    """
    with engine.connect() as connection:
        if _revision(connection) == REVISION:
            return
    with engine.execution_options(writes=True).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        before = _revision(connection)
        if before == REVISION:
            return
        _refuse_strange(connection, before, shown)
        _upgrade(connection)
    note(f"made the store {shown}" if before is None else f"upgraded the store {shown} from {before} to {REVISION}")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_TABLE):
        return None
    return connection.execute(text(f"SELECT version_num FROM {_TABLE}")).scalar()


def _refuse_strange(connection: Connection, revision: str | None, shown: str) -> None:
    from alembic.script import ScriptDirectory

    if revision is None:
        found = inspect(connection).get_table_names()
        if found:
            raise StoreError(
                f"expected a store of lowres or an empty database at {shown}, got tables of something else "
                f"({', '.join(sorted(found)[:4])}); name another"
            )
        return
    known = {one.revision for one in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if revision not in known:
        raise StoreError(
            f"expected a store of revision {REVISION} or older at {shown}, got {revision}, which a later lowres wrote; "
            "upgrade lowres, or name another store"
        )


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, REVISION)
