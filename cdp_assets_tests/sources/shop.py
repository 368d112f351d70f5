"""A small shop whose systems export every format, and a bench that runs it without Dagster."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cdp_assets.ledger import Ledger, loads
from cdp_assets.sources.ingest import Arrivals, Ingested, ingest
from cdp_assets.sources.spec import ColumnSpec, IdentifierSpec, MapSpec, SourceSpec, StreamSpec
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine

AS_OF = datetime(2026, 6, 30, tzinfo=UTC)

COLUMNS = (
    ColumnSpec("order", "string", required=True, path="order_no"),
    ColumnSpec("at", "timestamp", required=True),
    ColumnSpec("total", "decimal"),
    ColumnSpec("email", "string"),
)
HEADER = ("order_no", "at", "total", "email")


def orders(format: str = "csv", load: str = "append", **changes: Any) -> StreamSpec:
    """A stream of orders, one row each."""
    given: dict[str, Any] = {
        "name": "orders",
        "files": "shop/orders*",
        "format": format,
        "columns": COLUMNS,
        "load": load,
        "key": ("order",),
        "event_time": "at",
        "zone": "Europe/Berlin",
        "identifiers": (IdentifierSpec("email", "email", "global"),),
        "maps": (
            MapSpec(
                "orders",
                (("order_id", '"order"'), ("ordered_at", "at"), ("currency", "'EUR'"), ("gross", "total")),
            ),
        ),
    }
    return StreamSpec(**{**given, **changes})


def narrow(format: str = "csv", *columns: ColumnSpec, **changes: Any) -> StreamSpec:
    """The same stream with fewer columns, mapped to nothing."""
    return orders(format, columns=columns, **{"event_time": None, "identifiers": (), "maps": (), **changes})


def shop(*streams: StreamSpec, **changes: Any) -> SourceSpec:
    """The source that has these streams."""
    return SourceSpec(**{"name": "shop", "streams": streams, "country": "DE", "settle_seconds": 0.0, **changes})


@dataclass
class Bench:
    """A landing folder, a warehouse in memory and a ledger."""

    folder: Path
    engine: DuckDBEngine = field(default_factory=DuckDBEngine.in_memory)
    now: float = 2_000_000_000.0
    waited: list[float] = field(default_factory=list)
    dropped: int = 0

    def __post_init__(self) -> None:
        self.landing.mkdir(parents=True, exist_ok=True)
        self.ledger = Ledger.open(f"sqlite:///{self.folder / 'ledger.sqlite'}")

    @property
    def landing(self) -> Path:
        return self.folder / "landing"

    def drop(self, name: str, content: bytes | str) -> Path:
        """Put a file into the landing folder."""
        path = self.landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.dropped += 1
        os.utime(path, (1_900_000_000, 1_900_000_000 + self.dropped))
        return path

    def ingest(self, stream: StreamSpec, source: SourceSpec | None = None, as_of: datetime = AS_OF) -> Ingested:
        """Load what is new."""
        arrivals = Arrivals(
            self.landing, self.folder / "kept", self.folder / "tmp", lambda: self.now, self.waited.append
        )
        return ingest(
            source or shop(stream), stream, engine=self.engine, ledger=self.ledger, arrivals=arrivals, as_of=as_of
        )

    def raw(self, stream: str = "orders") -> list[dict[str, Any]]:
        """The raw table, in the order of files and rows."""
        table = self.engine.table("sources", f"shop__{stream}").order_by(["source_file", "load_id", "source_row"])
        return self.engine.to_arrow(table).to_pylist()

    def manifest(self, stream: str = "orders") -> list[loads.Load]:
        with self.ledger.reading() as connection:
            return loads.of_stream(connection, "shop", stream)


def content(format: str, rows: Iterable[Mapping[str, Any]], header: tuple[str, ...] = HEADER) -> bytes:
    """The rows as a file of this format."""
    rows = list(rows)
    if format == "jsonl":
        return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)
    if format == "json":
        return json.dumps(rows, ensure_ascii=False).encode()
    if format == "parquet":
        out = pa.BufferOutputStream()
        table = pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in header})
        pq.write_table(table, out)
        return bytes(out.getvalue().to_pybytes())
    lines = [",".join(header)]
    lines += [",".join("" if row.get(name) is None else str(row[name]) for name in header) for row in rows]
    return ("\n".join(lines) + "\n").encode()


def row(
    order: str, at: str = "2026-01-05 10:00:00", total: str | None = "12.50", email: str | None = None
) -> dict[str, Any]:
    return {"order_no": order, "at": at, "total": total, "email": email}


def squeezed(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)
