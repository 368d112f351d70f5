"""What became of every source row: the dispositions of each delivery, and the rows that were refused as they came.

Belongs here: counting and keeping. Does not belong here: deciding (`dispositions.py`, `faults.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.types as ir

from cdp_assets.canonical import tables
from cdp_assets.normalised.dispositions import QUARANTINED, ROW
from cdp_assets.normalised.left_out import left_out
from cdp_assets.sources.json_text import both_objects, json_object
from cdp_assets.sources.spec import SourceSpec, StreamSpec, stream_table
from cdp_assets.warehouse.engine import Engine
from cdp_assets.warehouse.stacking import stacked


def dispositions_of(sources: Sequence[SourceSpec], rows: Mapping[str, ir.Table], engine: Engine) -> ir.Table:
    """Count the rows of each delivery by disposition.

    Args:
        sources: All sources.
        rows: Typed rows by stream table.
        engine: Makes the typed table where there are no streams.
    """
    parts = []
    for source, stream in _streams(sources):
        typed = rows[stream_table(source, stream)]
        counted = typed.group_by(load_id=typed.cdp_load_id, disposition=typed.cdp_disposition).aggregate(
            rows=typed.count()
        )
        parts.append(
            counted.mutate(source=ibis.literal(source.name), stream=ibis.literal(stream.name)).select(
                *tables.DISPOSITIONS.column_names
            )
        )
    return stacked(parts, tables.DISPOSITIONS.ibis_schema, engine)


def quarantine_of(
    sources: Sequence[SourceSpec], rows: Mapping[str, ir.Table], raw: Mapping[str, ir.Table], engine: Engine
) -> ir.Table:
    """The refused rows, as they came, and those of which a map makes nothing where it should.

    Args:
        sources: All sources.
        rows: Typed rows by stream table.
        raw: Raw rows by stream table.
        engine: Makes the typed table where there are no streams.
    """
    parts = []
    for source, stream in _streams(sources):
        name = stream_table(source, stream)
        refused = refused_of(source, stream, rows[name], engine)
        delivered = raw[name]
        joined = refused.inner_join(
            delivered, [delivered.load_id == refused.cdp_load_id, delivered.source_row == refused.cdp_source_row]
        )
        named = json_object({column.name: joined[column.name] for column in stream.columns})
        extra = joined.extra.nullif("{}")
        columns = ibis.cases((extra.isnull(), named), (named == "{}", extra), else_=both_objects(named, extra))
        parts.append(
            joined.select(
                source=ibis.literal(source.name),
                stream=ibis.literal(stream.name),
                load_id=joined.load_id,
                source_file=joined.source_file,
                source_row=joined.source_row,
                reason=joined.cdp_reason,
                column_name=joined.cdp_column,
                raw=joined.raw_line.coalesce(columns),
            )
        )
    return stacked(parts, tables.QUARANTINE.ibis_schema, engine)


def refused_of(source: SourceSpec, stream: StreamSpec, typed: ir.Table, engine: Engine) -> ir.Table:
    """Of a stream's typed rows the refused ones, and those of which a map makes nothing where it should: `ROW`,
    ``cdp_reason`` and ``cdp_column``.
    """
    refused = typed.filter(typed.cdp_disposition == QUARANTINED).select(*ROW, "cdp_reason", "cdp_column")
    passed_over = left_out(source, stream, typed, engine)
    if passed_over is None:
        return refused
    return refused.union(passed_over.mutate(cdp_column=ibis.null("string")).select(*refused.columns))


def _streams(sources: Sequence[SourceSpec]) -> list[tuple[SourceSpec, StreamSpec]]:
    return [(source, stream) for source in sources for stream in source.streams]
