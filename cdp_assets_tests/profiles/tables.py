"""Small tables for the tests of this stage: rows as dicts, everything not said is null."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from cdp_assets.canonical.schema import TableSchema
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine

ENGINE = DuckDBEngine.in_memory()

T0 = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)

PROFILE_MAP = ibis.schema(
    {
        "record_id": "int64",
        "profile_id": "int64",
        "valid_from": "timestamp('UTC')",
        "valid_to": "timestamp('UTC')",
    }
)


def day(number: int) -> datetime:
    return T0 + number * DAY


def filled_rows(schema: TableSchema, rows: list[dict[str, Any]]) -> pa.Table:
    filled = [
        dict.fromkeys(schema.column_names)
        | {"source": "crm", "native_id": f"{number}", "load_id": "l", "source_row": number}
        | row
        for number, row in enumerate(rows)
    ]
    return pa.Table.from_pylist(filled, schema=schema.ibis_schema.to_pyarrow())


def table(schema: TableSchema, rows: list[dict[str, Any]]) -> ir.Table:
    return ENGINE.from_arrow(filled_rows(schema, rows), schema.ibis_schema)


def profile_map(profiles: dict[int, int]) -> ir.Table:
    """From record id to profile id."""
    rows = [
        {"record_id": record, "profile_id": profile, "valid_from": None, "valid_to": None}
        for record, profile in profiles.items()
    ]
    return loaded(rows, PROFILE_MAP)


def loaded(rows: list[dict[str, Any]], schema: ibis.Schema) -> ir.Table:
    return ENGINE.from_arrow(pa.Table.from_pylist(rows, schema=schema.to_pyarrow()), schema)
