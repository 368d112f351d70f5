"""The stage's assets: typed rows of each stream, the canonical tables, and the identity observations behind them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import dagster as dg
import ibis
import ibis.expr.types as ir

from cdp_assets.canonical import tables
from cdp_assets.canonical.schema import TableSchema
from cdp_assets.normalised.accounting import dispositions_of, quarantine_of
from cdp_assets.normalised.canonical_rows import Feed, canonical_rows, feeds_of, heads_of_orders
from cdp_assets.normalised.canonical_updates import updated_by_record, updated_canonical
from cdp_assets.normalised.checks import (
    canonical_checks,
    disposition_checks,
    identity_checks,
    orders_told_once,
    rows_checks,
)
from cdp_assets.normalised.identities import merged, records_and_identifiers
from cdp_assets.normalised.money import in_reporting_currency
from cdp_assets.normalised.networks import with_networks
from cdp_assets.normalised.order_totals import with_heads_of_orders, with_totals_of_lines
from cdp_assets.normalised.spec import Reporting
from cdp_assets.normalised.stream_rows import rows_schema, stream_rows
from cdp_assets.normalised.updating import Known, Revisions, updated_rows
from cdp_assets.normalised.value_changes import with_value_changes
from cdp_assets.settings import Settings
from cdp_assets.sources.spec import SourceSpec, StreamSpec, stream_table
from cdp_assets.sources.targets import observes_people
from cdp_assets.warehouse.assets import table_asset, tables_asset
from cdp_assets.warehouse.built import Built, Stands
from cdp_assets.warehouse.engine import Engine
from cdp_assets.warehouse.standing import memory_of, version_of

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
        definition=replace(source, streams=(stream,)),
    )
    def rows(
        raw: ir.Table,
        load_manifest: ir.Table,
        previous: ir.Table,
        memory: Mapping[str, Any],
        engine: Engine,
        as_of: datetime,
        settings: Settings,
        run_id: str,
    ) -> Built | Stands:
        """Typed by the contract; every row has exactly one disposition, and what is refused says why."""

        def typed(some: ir.Table) -> ir.Table:
            key = settings.hash_key
            return stream_rows(some, load_manifest, source, stream, engine=engine, as_of=as_of, hash_key=key)

        return updated_rows(raw, previous, memory, stream, typed, engine=engine, as_of=as_of, run_id=run_id)

    return rows


def _canonical(schema: TableSchema, sources: Sequence[SourceSpec], reporting: Reporting) -> dg.AssetsDefinition:
    feeds = feeds_of(schema, sources)
    summed = _sums_lines(feeds_of(tables.ORDERS, sources))
    related = _related(schema, sources, summed=summed)
    more = ["exchange_rates"] if schema.name in _CONVERTED else []
    checks = canonical_checks(schema)
    if related and (schema.name == "orders") == summed:
        more.append(related[0].map.to)
    elif schema.name == "order_lines":
        # Where orders are summed from lines, lines cannot wait for orders.
        checks = [check for check in checks if check.name != "references_whole"]
    several = {feed.source.name for feed in feeds if feed.shared}
    if schema.name == "orders" and several:
        checks = [*checks, orders_told_once(several)]

    @table_asset(
        schema=schema,
        stage=STAGE,
        inputs={
            "rows": [(STAGE, name) for name in dict.fromkeys(feed.table for feed in (*feeds, *related))],
            **dict.fromkeys(more, STAGE),
        },
        checks=checks,
        definition=(feeds, related, reporting),
    )
    def canonical(
        rows: dict[str, ir.Table],
        previous: ir.Table,
        memory: Mapping[str, Any],
        engine: Engine,
        settings: Settings,
        **more: ir.Table,
    ) -> Built | Stands:
        """Mapped by the SQL expressions of each source's definition."""

        def make(some: Mapping[str, ir.Table]) -> ir.Table:
            beside: dict[str, ir.Table] = dict(more)
            if schema.name == "order_lines" and related and "orders" not in beside:
                beside["orders"] = heads_of_orders(related, rows, engine)
            filled = _filled(schema, feeds, some, engine, reporting, beside)
            return with_networks(filled, engine, settings.hash_key) if schema.name == "events" else filled

        versions = {name: version_of(engine, (STAGE, name)) for name in more if name == "exchange_rates"}
        return updated_canonical(
            schema, feeds, related, rows, previous, memory, make,
            now=_revisions(rows, engine), versions=versions, engine=engine,
        )  # fmt: skip

    return canonical


def _related(schema: TableSchema, sources: Sequence[SourceSpec], *, summed: bool) -> list[Feed]:
    """The maps of what says something about each row of a table: of lines their orders, or the other way round."""
    if schema.name == "orders" and summed:
        return feeds_of(tables.ORDER_LINES, sources)
    if schema.name == "order_lines":
        selling = {feed.source.name for feed in feeds_of(tables.ORDER_LINES, sources)}
        return [feed for feed in feeds_of(tables.ORDERS, sources) if feed.source.name in selling]
    return []


def _revisions(rows: Mapping[str, ir.Table], engine: Engine) -> Revisions:
    known = {name: Known.of(memory_of(engine, (STAGE, name))) for name in rows}
    return Revisions.now({name: each for name, each in known.items() if each is not None})


def _sums_lines(feeds: Sequence[Feed]) -> bool:
    return any("gross" not in dict(feed.map.set) for feed in feeds)


def _filled(
    schema: TableSchema,
    feeds: Sequence[Feed],
    rows: Mapping[str, ir.Table],
    engine: Engine,
    reporting: Reporting,
    more: Mapping[str, ir.Table],
) -> ir.Table:
    table = canonical_rows(schema, feeds, rows, engine)
    if schema.name == "contacts":
        return with_value_changes(engine.scratch(table), feeds, rows)
    if schema.name == "exchange_rates":
        return table.mutate(reporting_currency=ibis.literal(reporting.currency))
    if "orders" in more:
        return with_heads_of_orders(table, more["orders"])
    if "order_lines" in more:
        table = with_totals_of_lines(table, more["order_lines"])
    if schema.name in _CONVERTED:
        columns, time = _CONVERTED[schema.name]
        return in_reporting_currency(table, more["exchange_rates"], reporting, columns, time, engine)
    return table


def _identities(sources: Sequence[SourceSpec]) -> dg.AssetsDefinition:
    # What says nothing of people must not make people: each row of a list of products would be a profile.
    sources = [replace(source, streams=tuple(filter(observes_people, source.streams))) for source in sources]

    @tables_asset(
        stage=STAGE,
        schemas=[tables.IDENTITY_RECORDS, tables.IDENTIFIERS],
        inputs={"rows": _refs(sources)},
        checks={"identifiers": identity_checks()},
        definition=list(sources),
    )
    def identities(
        rows: dict[str, ir.Table], previous: dict[str, ir.Table], memory: Mapping[str, Any], engine: Engine
    ) -> Mapping[str, Built | Stands]:
        """Gathered from the typed rows of all streams."""

        def make(some: Mapping[str, ir.Table]) -> dict[str, ir.Table]:
            records, identifiers = records_and_identifiers(sources, some, engine)
            return {"identity_records": records, "identifiers": identifiers}

        return updated_by_record(rows, previous, memory, make, merged, now=_revisions(rows, engine), engine=engine)

    return identities


def _quarantine(sources: Sequence[SourceSpec]) -> dg.AssetsDefinition:
    @table_asset(
        schema=tables.QUARANTINE,
        stage=STAGE,
        inputs={"rows": _refs(sources), "raw": _refs(sources, "sources")},
        definition=list(sources),
        later=True,
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
        definition=list(sources),
        later=True,
    )
    def dispositions(rows: dict[str, ir.Table], load_manifest: ir.Table, engine: Engine) -> ir.Table:
        """What became of the rows of every delivery."""
        return dispositions_of(sources, rows, engine)

    return dispositions
