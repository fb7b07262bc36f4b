"""Rows become columns: windows of records, counts, pictures by id."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sqlalchemy import ColumnElement, Connection, FromClause, Select, func, or_, select

from lowres.errors import StoreError
from lowres.files.monitoring.instants import to_microseconds
from lowres.files.monitoring.labelling import standing_labels
from lowres.files.monitoring.schema import embeddings, models, pictures, records
from lowres.values.monitoring.image_statistics import STATISTICS
from lowres.values.monitoring.record_window import NO_LABEL, RecordWindow
from lowres.values.monitoring.served_record import RecordedModel

# As many names as every SQLite takes in one query.
_IDS_AT_ONCE = 500
_ROWS_AT_ONCE = 20_000


@dataclass(frozen=True)
class Chosen:
    """Which records are meant; as `Store.read_window` says."""

    model: str
    version: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    after: int = 0
    first: int | None = None
    last: int | None = None
    ids: tuple[str, ...] | None = None


def read_models(connection: Connection, name: str | None = None) -> tuple[RecordedModel, ...]:
    """Return the versions recorded, by name and the newest first."""
    query = select(models).order_by(models.c.name, models.c.version.desc(), models.c.key.desc())
    if name is not None:
        query = query.where(models.c.name == name)
    return tuple(
        RecordedModel(row.name, row.version, row.identity, tuple(row.class_names), row.review_threshold)
        for row in connection.execute(query)
    )


def keys_of(connection: Connection, chosen: Chosen) -> dict[int, int]:
    """Return the version of each key of `models` that is meant; refused with StoreError: a model never recorded."""
    query = select(models.c.key, models.c.version).where(models.c.name == chosen.model)
    if chosen.version is not None:
        query = query.where(models.c.version == chosen.version)
    keys = {int(key): int(version) for key, version in connection.execute(query)}
    if not keys:
        known = ", ".join(f"{one.name} {one.version}" for one in read_models(connection)[:8]) or "none"
        asked = chosen.model if chosen.version is None else f"{chosen.model} {chosen.version}"
        raise StoreError(f"expected a model among those recorded ({known}), got {asked}; name one of them")
    return keys


def chosen_rows(connection: Connection, chosen: Chosen) -> list[ColumnElement[bool]]:
    """Return the conditions on `records` that choose them; refused as `keys_of` refuses."""
    keys = keys_of(connection, chosen)
    conditions: list[ColumnElement[bool]] = [records.c.model.in_(keys)]
    if chosen.since is not None:
        conditions.append(records.c.at >= to_microseconds(chosen.since))
    if chosen.until is not None:
        conditions.append(records.c.at < to_microseconds(chosen.until))
    if chosen.after:
        conditions.append(records.c.number > chosen.after)
    if chosen.ids is not None:
        conditions.append(records.c.id.in_(chosen.ids))
    return conditions


def count_records(connection: Connection, chosen: Chosen) -> int:
    """Return how many there are."""
    query = select(func.count()).select_from(records).where(*chosen_rows(connection, chosen))
    return int(connection.execute(query).scalar_one())


def read_window(connection: Connection, chosen: Chosen, with_embeddings: bool) -> RecordWindow:
    """Return them as columns; refused as `Store.read_window` refuses."""
    class_names = class_names_of(connection, chosen)
    wanted = [
        *(records.c[name] for name in ("number", "id", "at", "sha256", "caller_id", "probabilities", "seconds")),
        records.c.needs_review,
        *(records.c[name] for name in STATISTICS),
        records.c.model,
    ]
    source: FromClause = records
    if with_embeddings:
        wanted.append(embeddings.c.content)
        source = source.outerjoin(embeddings, embeddings.c.record == records.c.number)
    query = _ordered(select(*wanted).select_from(source).where(*chosen_rows(connection, chosen)), chosen)
    names = [one.key for one in wanted]
    # Closed also where a part is refused: PostgreSQL keeps a cursor open for it.
    with connection.execution_options(stream_results=True).execute(query) as rows:
        parts = [_columns(names, some, len(class_names)) for some in iter(lambda: rows.fetchmany(_ROWS_AT_ONCE), [])]
    parts = parts or [_columns(names, [], len(class_names))]
    contents = [part.pop("content", np.empty((len(part["id"]), 0), np.float16)) for part in parts]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    columns["content"] = _joined(contents)
    if chosen.last is not None:
        columns = {name: column[::-1] for name, column in columns.items()}
    return RecordWindow(
        model=chosen.model,
        class_names=class_names,
        numbers=columns["number"],
        ids=columns["id"],
        times=columns["at"],
        versions=_versions(columns["model"], keys_of(connection, chosen)),
        sha256=columns["sha256"],
        caller_ids=columns["caller_id"],
        probabilities=columns["probabilities"],
        embeddings=columns["content"],
        statistics={name: columns[name] for name in STATISTICS},
        seconds=columns["seconds"],
        needs_review=columns["needs_review"],
        has_picture=_has_picture(connection, columns["number"]),
        labels=_labels(connection, chosen, columns["number"], class_names),
    )


def read_pictures(connection: Connection, ids: Sequence[str]) -> dict[str, NDArray[np.uint8]]:
    """Return the pictures kept, by record id."""
    found: dict[str, NDArray[np.uint8]] = {}
    for some in some_at_a_time(ids):
        query = select(records.c.id, pictures.c.png).join(pictures, pictures.c.record == records.c.number)
        for id, png in connection.execute(query.where(records.c.id.in_(some))):
            with Image.open(io.BytesIO(png)) as image:
                found[id] = np.asarray(image.convert("RGB"), dtype=np.uint8)
    return {id: found[id] for id in ids if id in found}


def some_at_a_time(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield the ids in parts that one query takes."""
    for start in range(0, len(ids), _IDS_AT_ONCE):
        yield ids[start : start + _IDS_AT_ONCE]


def find_ids(connection: Connection, name: str) -> tuple[str, ...]:
    """Return the ids of records that are called so: by id, caller's id or pixels' hash; oldest first."""
    called = [records.c.id == name, records.c.caller_id == name]
    if re.fullmatch("[0-9a-f]{64}", name):
        called.append(records.c.sha256 == bytes.fromhex(name))
    return tuple(connection.execute(select(records.c.id).where(or_(*called)).order_by(records.c.number)).scalars())


def class_names_of(connection: Connection, chosen: Chosen) -> tuple[str, ...]:
    """Return the classes that all versions chosen have; refused with StoreError: versions with other classes."""
    chosen_rows(connection, chosen)
    found = [one for one in read_models(connection, chosen.model) if chosen.version in (None, one.version)]
    others = [one for one in found if one.class_names != found[0].class_names]
    if others:
        raise StoreError(
            f"expected one set of classes in all versions of {chosen.model}, got {len(others[0].class_names)} in "
            f"version {others[0].version} and others in {found[0].version}; read one version at a time"
        )
    return found[0].class_names


def _ordered(query: Select[Any], chosen: Chosen) -> Select[Any]:
    if chosen.last is not None:
        return query.order_by(records.c.at.desc(), records.c.number.desc()).limit(chosen.last)
    query = query.order_by(records.c.at, records.c.number)
    return query if chosen.first is None else query.limit(chosen.first)


def _columns(names: list[str], rows: Sequence[Any], classes: int) -> dict[str, NDArray[Any]]:
    raw = dict(zip(names, zip(*rows, strict=True) if rows else ((),) * len(names), strict=True))
    shares = np.frombuffer(b"".join(raw["probabilities"]), "<f4").reshape(-1, classes)
    columns: dict[str, NDArray[Any]] = {
        "number": np.array(raw["number"], np.int64),
        "id": np.array(raw["id"], "U32"),
        "at": np.array(raw["at"], np.int64).view("datetime64[us]"),
        "sha256": np.array([one.hex() for one in raw["sha256"]], "U64"),
        "caller_id": np.array(raw["caller_id"], np.str_),
        "probabilities": shares.astype(np.float32),
        "seconds": np.array(raw["seconds"], np.float32),
        "needs_review": np.array([-1 if one is None else int(one) for one in raw["needs_review"]], np.int8),
        "model": np.array(raw["model"], np.int64),
    }
    columns |= {name: np.array(raw[name], np.float32) for name in STATISTICS}
    return columns | ({"content": _embeddings(raw["content"])} if "content" in raw else {})


def _embeddings(contents: Sequence[bytes | None]) -> NDArray[np.float16]:
    """Float16 `[n, channels]`, NaN in rows that have none; `[n, 0]` where no row has one."""
    sizes = {len(one) for one in contents if one is not None} or {0}
    _refuse_several(sizes)
    (size,) = sizes
    # All bits set is one of float16's NaNs.
    rows = b"".join(b"\xff" * size if one is None else one for one in contents)
    return np.frombuffer(rows, "<f2").reshape(len(contents), size // 2).astype(np.float16, copy=False)


def _joined(parts: Sequence[NDArray[np.float16]]) -> NDArray[np.float16]:
    """The parts in one array; one without any embedding is as wide as the others."""
    sizes = {2 * part.shape[1] for part in parts if part.shape[1]} or {0}
    _refuse_several(sizes)
    wide = np.full((sum(map(len, parts)), sizes.pop() // 2), np.nan, np.float16)
    done = 0
    for part in parts:
        if part.shape[1]:
            wide[done : done + len(part)] = part
        done += len(part)
    return wide


def _refuse_several(sizes: set[int]) -> None:
    if len(sizes) > 1:
        raise StoreError(
            f"expected embeddings of one length, got {', '.join(str(size // 2) for size in sorted(sizes))} channels; "
            "read one version at a time"
        )


def _versions(models_of_rows: NDArray[np.int64], versions: dict[int, int]) -> NDArray[np.int64]:
    found = np.zeros(len(models_of_rows), np.int64)
    for key, version in versions.items():
        found[models_of_rows == key] = version
    return found


def _has_picture(connection: Connection, numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each record's picture is kept; asked once for all, not record by record: most have none."""
    if not len(numbers):
        return np.zeros(0, np.bool_)
    query = select(pictures.c.record).where(pictures.c.record.between(int(numbers.min()), int(numbers.max())))
    return np.isin(numbers, np.array(connection.execute(query).scalars().all(), np.int64))


def _labels(
    connection: Connection, chosen: Chosen, numbers: NDArray[np.int64], class_names: tuple[str, ...]
) -> NDArray[np.int64]:
    given = standing_labels(connection, chosen_rows(connection, chosen), class_names)
    return np.array([given.get(number, NO_LABEL) for number in numbers.tolist()], np.int64)
