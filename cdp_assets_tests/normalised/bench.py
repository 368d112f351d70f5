"""A stream from landed file to canonical table, without Dagster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa

from cdp_assets.canonical import tables
from cdp_assets.canonical.schema import TableSchema
from cdp_assets.canonical.tables import TABLES
from cdp_assets.normalised.canonical_rows import Feed, canonical_rows, feeds_of
from cdp_assets.normalised.canonical_updates import updated_by_record, updated_canonical
from cdp_assets.normalised.identities import merged, records_and_identifiers
from cdp_assets.normalised.stream_rows import rows_schema, stream_rows
from cdp_assets.normalised.updating import Known, Revisions, updated_rows
from cdp_assets.normalised.value_changes import with_value_changes
from cdp_assets.sources.schemas import LOAD_MANIFEST
from cdp_assets.sources.spec import SourceSpec, StreamSpec, stream_table
from cdp_assets.warehouse.built import Built, Stands
from cdp_assets.warehouse.changes import last_published
from cdp_assets.warehouse.engine import Engine, Fingerprint
from cdp_assets.warehouse.standing import Note, memory_of
from cdp_assets_tests.sources.shop import AS_OF, Bench


def load(bench: Bench, source: SourceSpec, as_of: datetime = AS_OF) -> None:
    """Ingest what is new in every stream and bring its typed rows up to date."""
    for stream in source.streams:
        bench.ingest(stream, source, as_of)
    loads = [load for stream in source.streams for load in bench.manifest(stream.name)]
    manifest = pa.table(
        {
            name: [getattr(load, name) for load in loads]
            for name in ("load_id", "source", "stream", "file", "content_hash", "bytes", "sequence", "rows", "status")
        }
        | {"error": pa.array([load.error for load in loads], pa.string())}
        | {"loaded_at": pa.array([load.loaded_at for load in loads], pa.timestamp("us", "UTC"))}
    )
    table = bench.engine.from_arrow(manifest, LOAD_MANIFEST.ibis_schema)
    for stream in source.streams:
        raw = bench.engine.table("sources", stream_table(source, stream))
        schema = rows_schema(source, stream)
        built = updated_rows(
            raw, last_published(bench.engine, "normalised", schema),
            memory_of(bench.engine, ("normalised", schema.name)), stream,
            partial(_typed, table, source, stream, bench.engine, as_of),
            engine=bench.engine, as_of=as_of, run_id=f"run {bench.dropped}",
        )  # fmt: skip
        publish(bench, schema, built)


def _typed(
    manifest: ir.Table, source: SourceSpec, stream: StreamSpec, engine: Engine, as_of: datetime, raw: ir.Table
) -> ir.Table:
    return stream_rows(raw, manifest, source, stream, engine=engine, as_of=as_of, hash_key="k")


def publish(bench: Bench, schema: TableSchema, made: ir.Table | Built | Stands) -> None:
    """Publish a table as the warehouse does."""
    if isinstance(made, Stands):
        if made.memory is not None:
            bench.engine.take_note("normalised", schema.name, _noted(made.memory))
        return
    built = made if isinstance(made, Built) else Built(made)
    if built.patch is not None and bench.engine.can_patch("normalised", schema):
        bench.engine.stage_patch("normalised", schema, built.patch)
    else:
        bench.engine.stage_table("normalised", schema, built.table)
    bench.engine.publish([("normalised", schema.name)], {("normalised", schema.name): _noted(built.memory)})


def _noted(memory: Mapping[str, Any]) -> str:
    return Note({}, Fingerprint(0, "", 0), (), memory).to_text()


def published(bench: Bench, name: str) -> list[dict[str, Any]]:
    """A published table."""
    return bench.engine.to_arrow(bench.engine.table("normalised", name)).to_pylist()


def updated(bench: Bench, source: SourceSpec, name: str) -> bool:
    """Bring a canonical table up to date, as its asset does; whether that took no more than a patch."""
    schema = TABLES[name]
    feeds = feeds_of(schema, [source])
    rows = {feed.table: bench.engine.table("normalised", feed.table) for feed in feeds}
    known = {table: Known(**memory_of(bench.engine, ("normalised", table))) for table in rows}
    made = updated_canonical(
        schema, feeds, [], rows, last_published(bench.engine, "normalised", schema),
        memory_of(bench.engine, ("normalised", name)), partial(_mapped, schema, feeds, bench.engine),
        now=Revisions.now(known), versions={}, engine=bench.engine,
    )  # fmt: skip
    publish(bench, schema, made)
    return isinstance(made, Stands) or made.patch is not None


def gathered(bench: Bench, source: SourceSpec) -> bool:
    """Bring the identity observations up to date, as their asset does; whether that took no more than patches."""
    schemas = (tables.IDENTITY_RECORDS, tables.IDENTIFIERS)
    rows = typed_tables(bench, source)
    known = {name: Known(**memory_of(bench.engine, ("normalised", name))) for name in rows}
    made = updated_by_record(
        rows, {schema.name: last_published(bench.engine, "normalised", schema) for schema in schemas},
        memory_of(bench.engine, ("normalised", "identifiers")), partial(observed, bench, source), merged,
        now=Revisions.now(known), engine=bench.engine,
    )  # fmt: skip
    for schema in schemas:
        publish(bench, schema, made[schema.name])
    return all(isinstance(each, Stands) or each.patch is not None for each in made.values())


def typed_tables(bench: Bench, source: SourceSpec) -> dict[str, ir.Table]:
    """The typed rows of a source's streams."""
    names = [stream_table(source, stream) for stream in source.streams]
    return {name: bench.engine.table("normalised", name) for name in names}


def observed(bench: Bench, source: SourceSpec, rows: Mapping[str, ir.Table]) -> dict[str, ir.Table]:
    """The identity observations behind typed rows, made from nothing."""
    records, identifiers = records_and_identifiers([source], rows, bench.engine)
    return {"identity_records": records, "identifiers": identifiers}


def _mapped(schema: TableSchema, feeds: Sequence[Feed], engine: Engine, rows: Mapping[str, ir.Table]) -> ir.Table:
    table = canonical_rows(schema, feeds, rows, engine)
    return with_value_changes(engine.scratch(table), feeds, rows) if schema.name == "contacts" else table


def typed(bench: Bench, name: str = "shop__orders") -> list[dict[str, Any]]:
    """The typed rows of a stream, in the order of delivery."""
    table = bench.engine.table("normalised", name)
    return bench.engine.to_arrow(table.order_by(["cdp_sequence", "cdp_source_row"])).to_pylist()


def canonical(bench: Bench, source: SourceSpec, name: str) -> list[dict[str, Any]]:
    """A canonical table, in the order of its native ids."""
    schema = TABLES[name]
    feeds = feeds_of(schema, [source])
    rows = {feed.table: bench.engine.table("normalised", feed.table) for feed in feeds}
    found = bench.engine.to_arrow(_mapped(schema, feeds, bench.engine, rows)).to_pylist()
    return sorted(found, key=lambda row: str(row.get("native_id")))


def outcome(bench: Bench, name: str = "shop__orders") -> list[tuple[str, str | None]]:
    """Disposition and reason of each row, in the order of delivery."""
    return [(row["cdp_disposition"], row["cdp_reason"]) for row in typed(bench, name)]
