"""Files dropped into a folder, for whoever collects them there.

Belongs here: CSV and Parquet files, written whole or not at all. Every row bears its idempotency key, so that a
receiver can drop the repeat that a crash between writing and noting may cause.
"""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from cdp_assets.activation.connectors.connector import DELIVERED, RETRY, Outcome
from cdp_assets.activation.message import Message
from cdp_assets.activation.payload import instant

_FORMULA = re.compile(r"\s*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?[0-9][0-9 .,]*")


class FileDrop:
    """Writes each batch of messages as one file, in the order of the outbox."""

    batch_size = 50_000
    concurrency = 1

    def __init__(self, folder: Path, format: str) -> None:
        self._folder = folder
        self._format = format

    def send(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        first, last = messages[0], messages[-1]
        name = f"{first.destination}-{first.outbox_id:010d}-{last.outbox_id:010d}.{self._format}"
        rows = [row_of(message) for message in messages]
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            unfinished = self._folder / f".{name}.part"
            if self._format == "csv":
                _write_csv(unfinished, rows)
            else:
                _write_parquet(unfinished, rows)
            os.replace(unfinished, self._folder / name)
        except OSError as error:
            return [Outcome(RETRY, error=type(error).__name__) for _ in messages]
        return [Outcome(DELIVERED) for _ in messages]

    def render(self, message: Message, at: datetime) -> dict[str, Any]:
        row = row_of(message)
        return {"kind": "file", "format": self._format, "row": safe_cells(row) if self._format == "csv" else row}

    def close(self) -> None:
        """Nothing is kept open."""


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


def _write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=_columns(rows), restval="")
        writer.writeheader()
        writer.writerows(safe_cells(row) for row in rows)
        file.flush()
        os.fsync(file.fileno())


def _write_parquet(path: Path, rows: list[dict[str, Any]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = _columns(rows)
    table = pa.Table.from_pylist([{name: row.get(name) for name in columns} for row in rows])
    for number, field in enumerate(table.schema):
        if pa.types.is_null(field.type):
            table = table.set_column(number, pa.field(field.name, pa.string()), table.column(number).cast(pa.string()))
    pq.write_table(table, path)


def _columns(rows: list[dict[str, Any]]) -> list[str]:
    """All columns, in order of first appearance: rows written before a mapping changed may have others."""
    return list(dict.fromkeys(name for row in rows for name in row))
