"""A stream from landed file to canonical table, without Dagster."""

from __future__ import annotations

from typing import Any

import ibis.expr.types as ir

from cdp_assets.canonical.schema import TableSchema
from cdp_assets.canonical.tables import TABLES
from cdp_assets.normalised.canonical_rows import canonical_rows, feeds_of
from cdp_assets.normalised.stream_rows import rows_schema, stream_rows
from cdp_assets.sources.schemas import LOAD_MANIFEST
from cdp_assets.sources.spec import SourceSpec, stream_table
from cdp_assets_tests.sources.shop import AS_OF, Bench


def load(bench: Bench, source: SourceSpec) -> None:
    """Ingest what is new in every stream and type all rows."""
    for stream in source.streams:
        bench.ingest(stream, source)
    loads = [load for stream in source.streams for load in bench.manifest(stream.name)]
    import pyarrow as pa

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
        typed = stream_rows(raw, table, source, stream, engine=bench.engine, as_of=AS_OF, hash_key="k")
        publish(bench, rows_schema(source, stream), typed)


def publish(bench: Bench, schema: TableSchema, table: ir.Table) -> None:
    bench.engine.stage_table("normalised", schema, table)
    bench.engine.publish([("normalised", schema.name)])


def typed(bench: Bench, name: str = "shop__orders") -> list[dict[str, Any]]:
    """The typed rows of a stream, in the order of delivery."""
    table = bench.engine.table("normalised", name)
    return bench.engine.to_arrow(table.order_by(["cdp_sequence", "cdp_source_row"])).to_pylist()


def canonical(bench: Bench, source: SourceSpec, name: str) -> list[dict[str, Any]]:
    """A canonical table, in the order of its native ids."""
    schema = TABLES[name]
    feeds = feeds_of(schema, [source])
    rows = {feed.table: bench.engine.table("normalised", feed.table) for feed in feeds}
    table = canonical_rows(schema, feeds, rows, bench.engine)
    publish(bench, schema, table)
    found = bench.engine.to_arrow(bench.engine.table("normalised", name)).to_pylist()
    return sorted(found, key=lambda row: str(row.get("native_id")))


def outcome(bench: Bench, name: str = "shop__orders") -> list[tuple[str, str | None]]:
    """Disposition and reason of each row, in the order of delivery."""
    return [(row["cdp_disposition"], row["cdp_reason"]) for row in typed(bench, name)]
