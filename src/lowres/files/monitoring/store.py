"""The store of served predictions: written in batches, read as columns, deleted from by id and by age.

    with open_store("records.sqlite") as store:
        store.add(records)
        window = store.read_window("cats", last=500)

The tables are in `schema`. One store may be open in several processes and threads at once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING

from lowres.errors import StoreError, StoreUnavailable
from lowres.files.monitoring.addresses import make_engine, shown_url, store_url

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sqlalchemy import Engine

    from lowres.values.monitoring.human_label import HumanLabel
    from lowres.values.monitoring.record_trend import RecordTrend
    from lowres.values.monitoring.record_window import RecordWindow
    from lowres.values.monitoring.served_record import RecordedModel, ServedRecord


def open_store(words: str, *, note: Callable[[str], None] = lambda text: None, make: bool = True) -> Store:
    """Return the store at a path or URL, made where there is none and upgraded where it is an older one.

    note: told in words where it was made or upgraded. make: whether one may be made.
    Refused with StoreError: nothing there that can be opened, a database of something else, a store of a later lowres;
    with MissingDependency: SQLAlchemy, Alembic or psycopg are not installed.
    """
    url = store_url(words)
    from pathlib import Path

    from sqlalchemy.exc import SQLAlchemyError

    from lowres.files.monitoring.migrating import bring_up_to_date

    shown = identity = shown_url(url)
    if url.drivername == "sqlite":
        file = Path(str(url.database))
        identity = str(file.absolute())
        if not make and not file.is_file():
            raise StoreError(f"expected a store of records at {shown}, got no file; lowres serve --record makes one")
        if not file.parent.is_dir():
            raise StoreError(f"expected a folder for the store at {file.parent}, got none; make it, or name another")
    engine = make_engine(url)
    try:
        bring_up_to_date(engine, shown, note)
    except SQLAlchemyError as error:
        engine.dispose()
        raise StoreError(f"expected a store of records at {shown}, got {cause_of(error)}; name another") from error
    except StoreError:
        engine.dispose()
        raise
    return Store(engine, shown, identity)


def cause_of(error: Exception) -> str:
    """Return what a database complained of, in its first line and without the values that were to be written."""
    return (str(getattr(error, "orig", None) or error).strip().splitlines() or [type(error).__name__])[0]


class Store:
    """Predictions of served models, people's labels of them, and how many were lost.

    shown: where it is, in words. identity: the same for whoever opens it on this machine.
    """

    def __init__(self, engine: Engine, shown: str, identity: str) -> None:
        """Take over an engine whose tables are as they should be."""
        self.shown, self.identity = shown, identity
        self._engine = engine
        self._writing = engine.execution_options(writes=True)

    def __enter__(self) -> Store:
        """Be closed when the block ends."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def add(self, records: Sequence[ServedRecord]) -> None:
        """Write predictions in one transaction: all of them, or none; a few hundred at once are quickest.

        Refused with StoreUnavailable: a database that takes nothing (gone, full, locked); with StoreError: an id that
        is there already.
        """
        from lowres.files.monitoring.adding import add_records, encoded

        # Before the transaction, which keeps other writers waiting.
        pngs = [None if one.picture is None else encoded(one.picture) for one in records]
        if records:
            with _told(self.shown), self._writing.begin() as connection:
                add_records(connection, records, pngs)

    def add_loss(self, count: int, reason: str, at: datetime | None = None) -> None:
        """Write that predictions were not recorded, and why; refused as `add` refuses."""
        from lowres.files.monitoring.instants import to_microseconds
        from lowres.files.monitoring.schema import losses

        row = {"at": to_microseconds(at or datetime.now(UTC)), "count": count, "reason": reason}
        with _told(self.shown), self._writing.begin() as connection:
            connection.execute(losses.insert(), row)

    def lost(self) -> dict[str, int]:
        """How many predictions were not recorded, by reason."""
        from sqlalchemy import func, select

        from lowres.files.monitoring.schema import losses

        query = select(losses.c.reason, func.sum(losses.c.count)).group_by(losses.c.reason).order_by(losses.c.reason)
        with _told(self.shown), self._engine.connect() as connection:
            return {str(reason): int(count) for reason, count in connection.execute(query)}

    def models(self) -> tuple[RecordedModel, ...]:
        """The versions of models that predictions were recorded of, by name, the newest of each first."""
        from lowres.files.monitoring.reading import read_models

        with _told(self.shown), self._engine.connect() as connection:
            return read_models(connection)

    def count(
        self, model: str, version: int | None = None, *, since: datetime | None = None, until: datetime | None = None
    ) -> int:
        """How many records there are of a model between two times; `until` itself is not part of them."""
        from lowres.files.monitoring.reading import Chosen, count_records

        with _told(self.shown), self._engine.connect() as connection:
            return count_records(connection, Chosen(model, version, since, until))

    def read_window(
        self,
        model: str,
        version: int | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        after: int = 0,
        first: int | None = None,
        last: int | None = None,
        ids: Sequence[str] | None = None,
        embeddings: bool = True,
    ) -> RecordWindow:
        """Return the records of a model as columns, in the order of their times.

        version: None for all of them. since, until: from a time up to, and without, another. after: only numbers above
        this one. first, last: so many of the oldest, or of the newest, of those. ids: of these records only, a few.
        embeddings: whether they are read, which takes most of the time and memory.
        Refused with StoreError: a model that was never recorded, versions with other classes or other embeddings.
        """
        from lowres.files.monitoring.reading import Chosen, read_window

        chosen = Chosen(model, version, since, until, after, first, last, None if ids is None else tuple(ids))
        with _told(self.shown), self._engine.connect() as connection:
            return read_window(connection, chosen, embeddings)

    def read_trend(
        self,
        model: str,
        version: int | None = None,
        *,
        span: timedelta,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> RecordTrend:
        """Return counts and means of the records of a model, span by span of equal length, summed by the database.

        Refused with StoreError: a model that was never recorded, versions with other classes.
        """
        from lowres.files.monitoring.reading import Chosen
        from lowres.files.monitoring.summing import read_trend

        with _told(self.shown), self._engine.connect() as connection:
            return read_trend(connection, Chosen(model, version, since, until), span)

    def read_pictures(self, ids: Iterable[str]) -> dict[str, NDArray[np.uint8]]:
        """Return the pictures that are kept of these records, uint8 `[height, width, 3]`, by id."""
        from lowres.files.monitoring.reading import read_pictures

        with _told(self.shown), self._engine.connect() as connection:
            return read_pictures(connection, tuple(ids))

    def label(self, given: Sequence[HumanLabel]) -> None:
        """Add labels, in one transaction; refused with StoreError: a record that is not there."""
        from lowres.files.monitoring.labelling import add_labels

        with _told(self.shown), self._writing.begin() as connection:
            add_labels(connection, given)

    def read_labels(self, model: str | None = None, *, ids: Collection[str] | None = None) -> tuple[HumanLabel, ...]:
        """Return every label, oldest first, those withdrawn and superseded too; of one model or of some records."""
        from lowres.files.monitoring.labelling import read_labels

        with _told(self.shown), self._engine.connect() as connection:
            return read_labels(connection, model, ids)

    def find(self, name: str) -> tuple[str, ...]:
        """Return the ids of the records with this id, of this request, or of the pixels with this SHA-256."""
        from lowres.files.monitoring.reading import find_ids

        with _told(self.shown), self._engine.connect() as connection:
            return find_ids(connection, name)

    def delete(self, ids: Iterable[str]) -> int:
        """Delete records with all that belongs to them: embedding, picture, labels; return how many there were."""
        from lowres.files.monitoring.removing import delete_records

        with _told(self.shown), self._writing.begin() as connection:
            count = delete_records(connection, tuple(ids))
        self._wipe(count)
        return count

    def sweep(self, *, pictures_before: datetime = datetime.min, records_before: datetime = datetime.min) -> int:
        """Delete pictures, and whole records, older than these times; return how many of both."""
        from lowres.files.monitoring.removing import sweep

        with _told(self.shown), self._writing.begin() as connection:
            count = sweep(connection, pictures_before, records_before)
        self._wipe(count)
        return count

    def _wipe(self, count: int) -> None:
        """What was deleted leaves the write-ahead log too, as far as no reader still stands in it."""
        if count and self._engine.dialect.name == "sqlite":
            with _told(self.shown):
                connection = self._engine.raw_connection()
                try:
                    connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
                finally:
                    connection.close()


class _told:  # noqa: N801 (read as a word: `with told`)
    """What a database complains of becomes a StoreError that says where."""

    def __init__(self, shown: str) -> None:
        self._shown = shown

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

        if not isinstance(error, SQLAlchemyError):
            return
        told = (
            f"expected the store {self._shown} to do as asked, got {cause_of(error)}; see that it is there, "
            "has room, and lets lowres write"
        )
        if isinstance(error, DataError | IntegrityError):
            # These complain of the rows, which would be refused again.
            raise StoreError(told) from error
        raise StoreUnavailable(told) from error
