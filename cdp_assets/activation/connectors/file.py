"""Files dropped into a folder, here or behind a URL, for whoever collects them there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from cdp_assets.activation.connectors.connector import DELIVERED, RETRY, Outcome
from cdp_assets.activation.connectors.placing import put_here, put_there
from cdp_assets.activation.connectors.rows import as_csv, as_parquet, row_of, safe_cells
from cdp_assets.activation.message import Message


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
        content = as_csv(rows) if self._format == "csv" else as_parquet(rows)
        try:
            if isinstance(self._place, Path):
                put_here(self._place, name, content)
            else:
                put_there(self._place, self._options, name, content)
        except OSError as error:
            return [Outcome(RETRY, error=type(error).__name__) for _ in messages]
        return [Outcome(DELIVERED) for _ in messages]

    def render(self, message: Message, at: datetime) -> dict[str, Any]:
        row = row_of(message)
        return {"kind": "file", "format": self._format, "row": safe_cells(row) if self._format == "csv" else row}

    def close(self) -> None:
        """Nothing is kept open."""
