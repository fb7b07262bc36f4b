"""Times as the store holds them: whole microseconds since 1970 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_microseconds(at: datetime) -> int:
    """Return the time as the store holds it, to the microsecond; a time without a zone is taken for UTC."""
    return ((at if at.tzinfo else at.replace(tzinfo=UTC)) - _BEGINNING) // _MICROSECOND


def from_microseconds(count: int) -> datetime:
    """Return the time in UTC."""
    return _BEGINNING + timedelta(microseconds=count)
