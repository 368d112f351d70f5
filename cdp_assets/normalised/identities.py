"""The identity observations behind all rows, and the identifiers they carry.

Belongs here: gathering them from the typed rows of all streams. Does not belong here: linking them (`identity/`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.types as ir

from cdp_assets.canonical import tables
from cdp_assets.normalised.identifier_values import EMAIL, EMAIL_BASE
from cdp_assets.normalised.stream_rows import PERSON, base_column, identifier_column
from cdp_assets.sources.spec import GLOBAL, SourceSpec, StreamSpec, stream_table
from cdp_assets.warehouse.engine import Engine


def records_and_identifiers(
    sources: Sequence[SourceSpec], rows: Mapping[str, ir.Table], engine: Engine
) -> tuple[ir.Table, ir.Table]:
    """Gather `identity_records` and `identifiers`.

    A person's record counts with its latest version even if that was closed or deleted since: facts that hang on it
    keep their person. Facts count while they stand.

    Args:
        sources: All sources.
        rows: Typed rows by stream table.
        engine: Holds the rows of each stream grouped by record.
    """
    records: list[ir.Table] = []
    identifiers: list[ir.Table] = []
    for source in sources:
        for stream in source.streams:
            grouped = engine.scratch(_grouped(rows[stream_table(source, stream)], source, stream))
            records.append(grouped.select(*tables.IDENTITY_RECORDS.column_names))
            identifiers.extend(_carried(grouped, stream))
    return _merged_records(records, engine), _merged_identifiers(identifiers, engine)


def _grouped(rows: ir.Table, source: SourceSpec, stream: StreamSpec) -> ir.Table:
    standing = rows.filter(rows.cdp_latest if stream.person else rows.cdp_live)
    carried = [
        name
        for position, identifier in enumerate(stream.identifiers)
        for name in (identifier_column(position), *([base_column(position)] if identifier.type == EMAIL else []))
    ]
    grouped = standing.group_by(record_id=standing.cdp_record_id).aggregate(
        kind=standing.cdp_kind.max(),
        native_id=standing.cdp_native_id.max(),
        first_seen_at=standing.cdp_seen_at.min(),
        last_seen_at=standing.cdp_seen_at.max(),
        rows=standing.count(),
        **{name: standing[name].max() for name in carried},
    )
    person = grouped.kind == PERSON
    return grouped.mutate(
        source=ibis.literal(source.name),
        stream=ibis.literal(stream.name),
        native_id=ibis.ifelse(person, grouped.native_id, ibis.null("string")),
    )


def _carried(grouped: ir.Table, stream: StreamSpec) -> list[ir.Table]:
    found = []
    for position, identifier in enumerate(stream.identifiers):
        columns = [(identifier.type, identifier_column(position))]
        if identifier.type == EMAIL:
            columns.append((EMAIL_BASE, base_column(position)))
        for type_, column in columns:
            with_value = grouped.filter(grouped[column].notnull())
            found.append(
                with_value.select(
                    record_id="record_id",
                    namespace=ibis.literal(GLOBAL if type_ == EMAIL_BASE else identifier.namespace),
                    identifier_type=ibis.literal(type_),
                    identifier_value=with_value[column],
                    first_seen_at="first_seen_at",
                    last_seen_at="last_seen_at",
                )
            )
    return found


def _merged_records(parts: Sequence[ir.Table], engine: Engine) -> ir.Table:
    """One row a record; streams of a source whose facts carry the same identifiers share it."""
    schema = tables.IDENTITY_RECORDS
    if not parts:
        return engine.from_arrow(schema.ibis_schema.to_pyarrow().empty_table(), schema.ibis_schema)
    together = ibis.union(*parts) if len(parts) > 1 else parts[0]
    return together.group_by("record_id").aggregate(
        source=together.source.min(),
        stream=together.stream.min(),
        kind=together.kind.max(),
        native_id=together.native_id.min(),
        first_seen_at=together.first_seen_at.min(),
        last_seen_at=together.last_seen_at.max(),
        rows=together["rows"].sum(),
    )


def _merged_identifiers(parts: Sequence[ir.Table], engine: Engine) -> ir.Table:
    schema = tables.IDENTIFIERS
    if not parts:
        return engine.from_arrow(schema.ibis_schema.to_pyarrow().empty_table(), schema.ibis_schema)
    together = ibis.union(*parts) if len(parts) > 1 else parts[0]
    return together.group_by(list(schema.key)).aggregate(
        first_seen_at=together.first_seen_at.min(), last_seen_at=together.last_seen_at.max()
    )
