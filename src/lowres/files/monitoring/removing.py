"""Records and pictures are taken away for good: by id, and by age."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Select, delete, select

from lowres.files.monitoring.instants import to_microseconds
from lowres.files.monitoring.reading import some_at_a_time
from lowres.files.monitoring.schema import embeddings, labels, pictures, records


def delete_records(connection: Connection, ids: Sequence[str]) -> int:
    """Delete the records with these ids and all that belongs to them; return how many there were."""
    return sum(
        _delete_all(connection, select(records.c.number).where(records.c.id.in_(some))) for some in some_at_a_time(ids)
    )


def sweep(connection: Connection, pictures_before: datetime, records_before: datetime) -> int:
    """Delete pictures from before one time, and whole records from before another; return how many of both."""
    old = delete(pictures).where(pictures.c.at < to_microseconds(pictures_before))
    swept = connection.execute(old).rowcount
    return swept + _delete_all(
        connection, select(records.c.number).where(records.c.at < to_microseconds(records_before))
    )


def _delete_all(connection: Connection, numbers: Select[tuple[int]]) -> int:
    for table in (labels, pictures, embeddings):
        connection.execute(delete(table).where(table.c.record.in_(numbers)))
    return connection.execute(delete(records).where(records.c.number.in_(numbers))).rowcount
