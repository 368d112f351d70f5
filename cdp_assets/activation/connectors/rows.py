"""Messages as rows of files: CSV that no spreadsheet takes for formulas, and Parquet.

Every row bears its idempotency key, so that a receiver can drop the repeat that a crash between writing and noting may
cause. Does not belong here: where files go (`placing.py`).
"""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

from cdp_assets.activation.message import Message
from cdp_assets.activation.payload import instant

_FORMULA = re.compile(r"\s*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?[0-9][0-9 .,]*")


def row_of(message: Message) -> dict[str, Any]:
    """The row of a file for one message."""
    return {
        "idempotency_key": message.idempotency_key,
        "change": message.change,
        "segment": message.segment,
        "profile_id": str(message.profile_id),
        "sequence": message.sequence,
        "created_at": instant(message.created_at),
        **({"variant": message.variant} if message.variant else {}),
        **message.fields,
    }


def safe_cells(row: dict[str, Any]) -> dict[str, str]:
    """A row as CSV cells that no spreadsheet takes for a formula.

    A text that begins like one gets a leading apostrophe, unless it is a plain number or phone number.
    """
    return {name: _safe(value) for name, value in row.items()}


def _safe(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        value = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, str):
        return str(value)
    if _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value


def as_csv(rows: list[dict[str, Any]]) -> bytes:
    """A CSV file with a header."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=_columns(rows), restval="")
    writer.writeheader()
    writer.writerows(safe_cells(row) for row in rows)
    return text.getvalue().encode()


def as_parquet(rows: list[dict[str, Any]]) -> bytes:
    """A Parquet file; a column without any value is text."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = _columns(rows)
    table = pa.Table.from_pylist([{name: row.get(name) for name in columns} for row in rows])
    for number, field in enumerate(table.schema):
        if pa.types.is_null(field.type):
            table = table.set_column(number, pa.field(field.name, pa.string()), table.column(number).cast(pa.string()))
    content = io.BytesIO()
    pq.write_table(table, content)
    return content.getvalue()


def _columns(rows: list[dict[str, Any]]) -> list[str]:
    """All columns, in order of first appearance: rows written before a mapping changed may have others."""
    return list(dict.fromkeys(name for row in rows for name in row))
