"""Records become rows."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sqlalchemy import Connection, insert, select, text

from lowres.files.monitoring.instants import to_microseconds
from lowres.files.monitoring.schema import LONGEST_CALLER_ID, embeddings, models, pictures, records
from lowres.values.monitoring.image_statistics import STATISTICS
from lowres.values.monitoring.served_record import RecordedModel, ServedRecord


def add_records(connection: Connection, given: Sequence[ServedRecord], pngs: Sequence[bytes | None]) -> None:
    """Write them, in their order, and what belongs to each. pngs: their pictures, encoded, where they are kept."""
    keys = {id(one): key_of(connection, one) for one in {id(record.model): record.model for record in given}.values()}
    triples = list(zip(_numbers(connection, len(given)), given, pngs, strict=True))
    written = [_row(number, record, keys[id(record.model)]) for number, record, _ in triples]
    contents = [
        {"record": number, "content": record.embedding.astype("<f2").tobytes()}
        for number, record, _ in triples
        if record.embedding is not None
    ]
    kept = [
        {"record": number, "at": to_microseconds(record.at), "png": png}
        for number, record, png in triples
        if png is not None
    ]
    for table, rows in ((records, written), (embeddings, contents), (pictures, kept)):
        if rows:
            connection.execute(insert(table), rows)


def key_of(connection: Connection, model: RecordedModel) -> int:
    """Return the key of a version, which gets one where it has none yet."""
    this = (models.c.name == model.name, models.c.version == model.version, models.c.identity == model.identity)
    find = select(models.c.key).where(*this)
    key = connection.execute(find).scalar()
    if key is not None:
        return int(key)
    row = {
        "name": model.name,
        "version": model.version,
        "identity": model.identity,
        "class_names": list(model.class_names),
        "review_threshold": model.review_threshold,
    }
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as insert_once

        # Another server may add it at the same moment.
        connection.execute(insert_once(models).values(row).on_conflict_do_nothing())
        return int(connection.execute(find).scalar_one())
    return int(connection.execute(insert(models).returning(models.c.key), row).scalar_one())


def encoded(pixels: NDArray[np.uint8]) -> bytes:
    """Return the pixels as a PNG with nothing else in it."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _numbers(connection: Connection, count: int) -> list[int]:
    """The next numbers of records, taken beforehand: being told them row by row is several times slower."""
    if connection.dialect.name == "postgresql":
        taken = text("SELECT nextval(pg_get_serial_sequence('records', 'number')) FROM generate_series(1, :count)")
        return sorted(connection.execute(taken, {"count": count}).scalars())
    # Nobody else writes before this transaction is over.
    last = connection.execute(text("SELECT seq FROM sqlite_sequence WHERE name = 'records'")).scalar() or 0
    return list(range(last + 1, last + 1 + count))


def _row(number: int, record: ServedRecord, model: int) -> dict[str, Any]:
    shares = record.probabilities.astype(np.float64)
    # NaN is ordered by each database in its own way; nothing is nothing in both.
    return {
        "number": number,
        "id": record.id,
        "model": model,
        "at": to_microseconds(record.at),
        "predicted": record.predicted,
        "confidence": float(shares.max()),
        "entropy": float(-(shares[shares > 0] * np.log(shares[shares > 0])).sum()),
        "probabilities": record.probabilities.astype("<f4").tobytes(),
        "seconds": None if math.isnan(record.seconds) else float(record.seconds),
        "needs_review": record.needs_review,
        "caller_id": record.caller_id[:LONGEST_CALLER_ID],
        "sha256": bytes.fromhex(record.sha256),
        **{name: float(record.statistics[name]) for name in STATISTICS},
    }
