"""A payload as JSON text.

Belongs here: how values of the warehouse are spelled for receivers. Does not belong here: which values
(`audience.py`) and the envelope around them (`message.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa

_SAFE_INTEGER = 2**53


def as_json(names: Sequence[str], columns: Sequence[pa.ChunkedArray]) -> Iterator[str]:
    """One JSON object per row.

    Args:
        names: Field names, in order.
        columns: A column for each.
    """
    values = [[plain(value) for value in column.to_pylist()] for column in columns]
    for row in zip(*values, strict=True):
        yield encoded(dict(zip(names, row, strict=True)))


encoded = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
"""A payload's fields as its JSON object."""


def plain(value: Any) -> Any:
    """A value as JSON can hold it.

    Instants become ISO 8601 in UTC with ``Z``, decimals numbers, and integers that not every receiver can hold exactly
    (ids) text. Not-a-number and infinities become null.
    """
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if -_SAFE_INTEGER < value < _SAFE_INTEGER else str(value)
    if isinstance(value, float):
        return value if value - value == 0.0 else None
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return str(value)


def instant(value: datetime) -> str:
    """ISO 8601 in UTC with ``Z``; a time without a zone is taken as UTC."""
    aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return aware.isoformat().replace("+00:00", "Z")
