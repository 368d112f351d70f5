"""Files dropped into a folder, here or behind a URL, for whoever collects them there.

Belongs here: CSV and Parquet files, written whole or not at all. Every row bears its idempotency key, so that a
receiver can drop the repeat that a crash between writing and noting may cause.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from cdp_assets.activation.connectors.connector import DELIVERED, RETRY, Outcome
from cdp_assets.activation.message import Message
from cdp_assets.activation.payload import instant

_FORMULA = re.compile(r"\s*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?[0-9][0-9 .,]*")


_WITHOUT_RENAMING = ("s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oci", "memory")
"""Protocols of stores where a file appears when it is whole, and renaming would copy it."""


class FileDrop:
    """Writes each batch of messages as one file, in the order of the outbox.

    Args:
        place: A folder, or a URL in fsspec's form, such as ``s3://bucket/audiences``.
        format: ``csv`` or ``parquet``.
        options: What fsspec needs to open the URL, such as keys.
    """

    batch_size = 50_000
    concurrency = 1

    def __init__(self, place: Path | str, format: str, options: Mapping[str, object] | None = None) -> None:
        self._place = place
        self._format = format
        self._options = dict(options or {})

    def send(self, messages: Sequence[Message], at: datetime) -> list[Outcome]:
        first, last = messages[0], messages[-1]
        name = f"{first.destination}-{first.outbox_id:010d}-{last.outbox_id:010d}.{self._format}"
        rows = [row_of(message) for message in messages]
        content = _csv(rows) if self._format == "csv" else _parquet(rows)
        try:
            if isinstance(self._place, Path):
                _put_here(self._place, name, content)
            else:
                _put_there(self._place, self._options, name, content)
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


def _put_here(folder: Path, name: str, content: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f".{name}.part"
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, folder / name)


def _put_there(url: str, options: Mapping[str, object], name: str, content: bytes) -> None:
    import fsspec

    system, folder = fsspec.core.url_to_fs(url, **options)
    target = f"{folder.rstrip('/')}/{name}"
    protocols = (system.protocol,) if isinstance(system.protocol, str) else system.protocol
    if set(protocols) & set(_WITHOUT_RENAMING):
        system.pipe_file(target, content)
        return
    system.makedirs(folder, exist_ok=True)
    unfinished = f"{folder.rstrip('/')}/.{name}.part"
    system.pipe_file(unfinished, content)
    if system.exists(target):
        system.rm_file(target)
    system.mv(unfinished, target)


def _csv(rows: list[dict[str, Any]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=_columns(rows), restval="")
    writer.writeheader()
    writer.writerows(safe_cells(row) for row in rows)
    return text.getvalue().encode()


def _parquet(rows: list[dict[str, Any]]) -> bytes:
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
