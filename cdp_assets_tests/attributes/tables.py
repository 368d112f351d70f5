"""Small tables for the tests of attributes and measurement: rows as tuples, days as numbers.

Belongs here: making tables. Does not belong here: real data sets (`datasets.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis.config import Config

from cdp_assets.attributes.purchases import purchase_days
from cdp_assets.attributes.schemas import ACTIVITY, PURCHASES
from cdp_assets.canonical.schema import INSTANT, MONEY, TableSchema
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine

DAY_0 = date(2026, 1, 1)
FAR = datetime(2100, 1, 1, tzinfo=UTC)
"""An instant after everything."""

ORDERS = ibis.schema({"profile_id": "int64", "ordered_at": INSTANT, "net_reporting": MONEY})
REFUNDS = ibis.schema({"profile_id": "int64", "refunded_at": INSTANT, "amount_reporting": MONEY})


def day(number: int) -> date:
    """Day 0 is New Year's Day 2026."""
    return DAY_0 + timedelta(days=number)


def noon(number: int) -> datetime:
    return datetime.combine(day(number), datetime.min.time(), UTC) + timedelta(hours=12)


def loaded(engine: DuckDBEngine, rows: Iterable[dict[str, Any]], schema: ibis.Schema) -> ir.Table:
    return engine.from_arrow(pa.Table.from_pylist(list(rows), schema=schema.to_pyarrow()), schema)


def filled(engine: DuckDBEngine, schema: TableSchema, *rows: dict[str, Any], **more: str) -> ir.Table:
    """A table of a documented schema (and ``more`` columns) from rows that say only what matters; the rest is null."""
    full = ibis.schema({**dict(schema.ibis_schema.items()), **more})
    source = {"source": "shop", "native_id": "", "load_id": "l", "source_row": 1}
    complete = [
        dict.fromkeys(full.names)
        | {name: value for name, value in source.items() if name in full.names}
        | ({"native_id": f"{number:04}"} if "native_id" in full.names else {})
        | row
        for number, row in enumerate(rows)
    ]
    return loaded(engine, complete, full)


def purchases(
    engine: DuckDBEngine,
    orders: Iterable[tuple[int, int, str | None]],
    refunds: Iterable[tuple[int, int, str]] = (),
) -> ir.Table:
    """The purchases table of (profile, day, net) orders and (profile, day, amount) refunds."""
    placed = loaded(
        engine,
        (
            {"profile_id": profile, "ordered_at": noon(number), "net_reporting": net if net is None else Decimal(net)}
            for profile, number, net in orders
        ),
        ORDERS,
    )
    returned = loaded(
        engine,
        (
            {"profile_id": profile, "refunded_at": noon(number), "amount_reporting": Decimal(amount)}
            for profile, number, amount in refunds
        ),
        REFUNDS,
    )
    table = purchase_days(placed, returned, FAR)
    return engine.scratch(table.select(*PURCHASES.column_names))


def activity(engine: DuckDBEngine, rows: Iterable[tuple[int, int, str, int]] = ()) -> ir.Table:
    """The activity table of (profile, day, activity, times)."""
    return loaded(
        engine,
        (
            {"profile_id": profile, "day": day(number), "activity": kind, "times": times, "last_at": noon(number)}
            for profile, number, kind, times in rows
        ),
        ACTIVITY.ibis_schema,
    )


def rows(engine: DuckDBEngine, table: ir.Table, *columns: str) -> list[tuple[Any, ...]]:
    """The rows as tuples, sorted by their first column."""
    chosen = table.select(*columns) if columns else table
    return [tuple(row.values()) for row in engine.to_arrow(chosen.order_by(chosen.columns[:2])).to_pylist()]


class _SparkOptions(Config):
    """What Ibis's Spark compiler asks of a backend's options; PySpark itself is not needed to compile."""

    treat_nan_as_null: bool = False


def spark_sql(expression: ir.Table) -> str:
    """The expression in Spark's dialect; raises if it has none."""
    ibis.options.pyspark = _SparkOptions()
    return str(ibis.to_sql(expression, dialect="pyspark"))
