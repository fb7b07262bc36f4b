"""What people said of records: rows that are added and never changed; a reviewer's last one stands."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import ColumnElement, Connection, insert, select

from lowres.errors import StoreError
from lowres.files.monitoring.instants import from_microseconds, to_microseconds
from lowres.files.monitoring.schema import labels, models, records
from lowres.values.monitoring.human_label import HumanLabel
from lowres.values.monitoring.record_window import NO_LABEL, UNKNOWN_CLASS


def add_labels(connection: Connection, given: Sequence[HumanLabel]) -> None:
    """Write them in their order; refused with StoreError: a record that is not there."""
    ids = sorted({one.record_id for one in given})
    numbers = {
        row.id: row.number
        for row in connection.execute(select(records.c.id, records.c.number).where(records.c.id.in_(ids)))
    }
    missing = [id for id in ids if id not in numbers]
    if missing:
        raise StoreError(f"expected records that are kept, got {missing[0]}, which is not; it may have been deleted")
    rows = [
        {
            "record": numbers[one.record_id],
            "reviewer": one.reviewer,
            "class_name": one.class_name,
            "is_withdrawn": one.is_withdrawn,
            "at": to_microseconds(one.at),
        }
        for one in given
    ]
    if rows:
        connection.execute(insert(labels), rows)


def read_labels(
    connection: Connection, model: str | None = None, ids: Collection[str] | None = None
) -> tuple[HumanLabel, ...]:
    """Return all of them in the order they were given."""
    query = select(records.c.id, labels).join(records, records.c.number == labels.c.record).order_by(labels.c.number)
    if model is not None:
        query = query.join(models, models.c.key == records.c.model).where(models.c.name == model)
    if ids is not None:
        query = query.where(records.c.id.in_(ids))
    return tuple(
        HumanLabel(row.id, row.reviewer, row.class_name, from_microseconds(row.at), row.is_withdrawn)
        for row in connection.execute(query)
    )


def standing_labels(
    connection: Connection, conditions: Iterable[ColumnElement[bool]], class_names: tuple[str, ...]
) -> dict[int, int]:
    """Return the class of each record, by number, on which all agree who could tell."""
    query = (
        select(labels.c.record, labels.c.reviewer, labels.c.class_name)
        .join(records, records.c.number == labels.c.record)
        .where(*conditions)
        .order_by(labels.c.number)
    )
    last: dict[tuple[int, str], str | None] = {}
    for record, reviewer, class_name in connection.execute(query):
        # None says nothing of a class, whether it cannot be told or was withdrawn.
        last[record, reviewer] = class_name
    places = {name: place for place, name in enumerate(class_names)}
    said: dict[int, set[int]] = {}
    for (record, _), name in last.items():
        if name is not None:
            said.setdefault(record, set()).add(places.get(name, UNKNOWN_CLASS))
    return {record: classes.pop() if len(classes) == 1 else NO_LABEL for record, classes in said.items()}
