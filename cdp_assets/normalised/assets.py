"""The stage's assets: typed rows of each stream, the canonical tables, and the identity observations behind them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import dagster as dg
import ibis
import ibis.expr.types as ir

from cdp_assets.canonical import tables
from cdp_assets.canonical.schema import TableSchema
from cdp_assets.normalised.accounting import dispositions_of, quarantine_of
from cdp_assets.normalised.canonical_rows import Feed, canonical_rows, feeds_of
from cdp_assets.normalised.checks import canonical_checks, disposition_checks, identity_checks, rows_checks
from cdp_assets.normalised.identities import records_and_identifiers
from cdp_assets.normalised.money import in_reporting_currency
from cdp_assets.normalised.networks import with_networks
from cdp_assets.normalised.order_totals import with_currency_of_orders, with_totals_of_lines
from cdp_assets.normalised.spec import Reporting
from cdp_assets.normalised.stream_rows import rows_schema, stream_rows
from cdp_assets.normalised.value_changes import with_value_changes
from cdp_assets.settings import Settings
from cdp_assets.sources.spec import SourceSpec, StreamSpec, stream_table
from cdp_assets.warehouse.assets import table_asset, tables_asset
from cdp_assets.warehouse.built import Built
from cdp_assets.warehouse.engine import Engine

STAGE = "normalised"
_CONVERTED = {"orders": (("gross", "discount", "shipping", "tax", "net"), "ordered_at"),
              "refunds": (("amount",), "refunded_at")}  # fmt: skip


def assets(sources: Sequence[SourceSpec], reporting: Reporting) -> list[dg.AssetsDefinition]:
    """All assets of the stage for the configured sources."""
    streams = [(source, stream) for source in sources for stream in source.streams]
    return [
        *(_stream_rows(source, stream) for source, stream in streams),
        *(_canonical(schema, sources, reporting) for schema in tables.MAPPED),
        _identities(sources),
        _quarantine(sources),
        _dispositions(sources),
    ]


def _refs(sources: Sequence[SourceSpec], stage: str = STAGE) -> list[tuple[str, str]]:
    return [(stage, stream_table(source, stream)) for source in sources for stream in source.streams]


def _stream_rows(source: SourceSpec, stream: StreamSpec) -> dg.AssetsDefinition:
    name = stream_table(source, stream)

    @table_asset(
        schema=rows_schema(source, stream),
        stage=STAGE,
        inputs={"raw": ("sources", name), "load_manifest": "sources"},
        checks=rows_checks(f"sources.{name}"),
        owners=[source.owner] if source.owner else None,
    )
    def rows(raw: ir.Table, load_manifest: ir.Table, engine: Engine, as_of: datetime, settings: Settings) -> ir.Table:
        """Typed by the contract; every row has exactly one disposition, and what is refused says why."""
        return stream_rows(raw, load_manifest, source, stream, engine=engine, as_of=as_of, hash_key=settings.hash_key)

    return rows


def _canonical(schema: TableSchema, sources: Sequence[SourceSpec], reporting: Reporting) -> dg.AssetsDefinition:
    feeds = feeds_of(schema, sources)
    inputs: dict[str, Any] = {"rows": [(STAGE, name) for name in dict.fromkeys(feed.table for feed in feeds)]}
    if schema.name in _CONVERTED:
        inputs["exchange_rates"] = STAGE
    if schema.name == "orders" and _sums_lines(feeds):
        inputs["order_lines"] = STAGE
    checks = canonical_checks(schema)
    if schema.name == "order_lines":
        # Either orders are summed from lines, or lines look at their orders: never both.
        if _sums_lines(feeds_of(tables.ORDERS, sources)):
            checks = [check for check in checks if check.name != "references_whole"]
        else:
            inputs["orders"] = STAGE

    @table_asset(schema=schema, stage=STAGE, inputs=inputs, checks=checks)
    def canonical(rows: dict[str, ir.Table], engine: Engine, settings: Settings, **more: ir.Table) -> ir.Table:
        """Mapped by the SQL expressions of each source's definition."""
        filled = _filled(schema, feeds, rows, engine, reporting, more)
        return with_networks(filled, settings.hash_key) if schema.name == "events" else filled

    return canonical


def _sums_lines(feeds: Sequence[Feed]) -> bool:
    return any("gross" not in dict(feed.map.set) for feed in feeds)


def _filled(
    schema: TableSchema,
    feeds: Sequence[Feed],
    rows: dict[str, ir.Table],
    engine: Engine,
    reporting: Reporting,
    more: dict[str, ir.Table],
) -> ir.Table:
    table = canonical_rows(schema, feeds, rows, engine)
    if schema.name == "contacts":
        return with_value_changes(engine.scratch(table), feeds, rows)
    if schema.name == "exchange_rates":
        return table.mutate(reporting_currency=ibis.literal(reporting.currency))
    if "orders" in more:
        return with_currency_of_orders(table, more["orders"])
    if "order_lines" in more:
        table = with_totals_of_lines(table, more["order_lines"])
    if schema.name in _CONVERTED:
        columns, time = _CONVERTED[schema.name]
        return in_reporting_currency(table, more["exchange_rates"], reporting, columns, time, engine)
    return table


def _identities(sources: Sequence[SourceSpec]) -> dg.AssetsDefinition:
    @tables_asset(
        stage=STAGE,
        schemas=[tables.IDENTITY_RECORDS, tables.IDENTIFIERS],
        inputs={"rows": _refs(sources)},
        checks={"identifiers": identity_checks()},
    )
    def identities(rows: dict[str, ir.Table], engine: Engine) -> dict[str, ir.Table]:
        """Gathered from the typed rows of all streams."""
        records, identifiers = records_and_identifiers(sources, rows, engine)
        return {"identity_records": records, "identifiers": identifiers}

    return identities


def _quarantine(sources: Sequence[SourceSpec]) -> dg.AssetsDefinition:
    @table_asset(
        schema=tables.QUARANTINE,
        stage=STAGE,
        inputs={"rows": _refs(sources), "raw": _refs(sources, "sources")},
    )
    def quarantine(rows: dict[str, ir.Table], raw: dict[str, ir.Table], engine: Engine) -> Built:
        """The rows that were refused, so that they can be mended and retried."""
        table = engine.scratch(quarantine_of(sources, rows, raw, engine))
        reasons = engine.to_arrow(
            table.group_by("source", "stream", "reason").aggregate(rows=table.count()).order_by("source", "stream")
        ).to_pylist()
        return Built(table, metadata={"reasons": reasons})

    return quarantine


def _dispositions(sources: Sequence[SourceSpec]) -> dg.AssetsDefinition:
    @table_asset(
        schema=tables.DISPOSITIONS,
        stage=STAGE,
        inputs={"rows": _refs(sources), "load_manifest": "sources"},
        checks=disposition_checks(),
    )
    def dispositions(rows: dict[str, ir.Table], load_manifest: ir.Table, engine: Engine) -> ir.Table:
        """What became of the rows of every delivery."""
        return dispositions_of(sources, rows, engine)

    return dispositions
