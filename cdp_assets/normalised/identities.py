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
from cdp_assets.warehouse.stacking import stack, stacked


def records_and_identifiers(
    sources: Sequence[SourceSpec], rows: Mapping[str, ir.Table], engine: Engine
) -> tuple[ir.Table, ir.Table]:
    """Gather `identity_records` and `identifiers`.

    A person's record counts with its latest version even if that was closed or deleted since, and says so: facts that
    hang on it keep their person. Facts count while they stand.

    Args:
        sources: All sources.
        rows: Typed rows by stream table.
        engine: Holds the rows of each stream grouped by record.
    """
    records: list[ir.Table] = []
    identifiers: list[ir.Table] = []
    for source in sources:
        grouped = [
            (stream, engine.scratch(_grouped(rows[stream_table(source, stream)], source, stream)))
            for stream in source.streams
        ]
        observed = [table.select(*tables.IDENTITY_RECORDS.column_names) for _, table in grouped]
        carried = [(name, part) for stream, table in grouped for name, part in _carried(table, stream)]
        # The source is in every record id, so that only within a source anything can be there twice.
        records.extend(observed if len(observed) < 2 else [_merged_records(stack(*observed))])
        for name in dict.fromkeys(name for name, _ in carried):
            parts = [part for other, part in carried if other == name]
            identifiers.extend(parts if len(parts) < 2 else [_merged_identifiers(stack(*parts))])
    return (
        stacked(records, tables.IDENTITY_RECORDS.ibis_schema, engine),
        stacked(identifiers, tables.IDENTIFIERS.ibis_schema, engine),
    )


def merged(before: Mapping[str, ir.Table], coming: Mapping[str, ir.Table]) -> dict[str, ir.Table]:
    """What `records_and_identifiers` gathers of all rows, from what it gathered of some and of the others.

    Of a person all rows have to be among the one or the other: of several versions the latest alone counts.

    Args:
        before: `identity_records` and `identifiers`.
        coming: The same, of other rows.
    """
    records, identifiers = (
        stack(before[name].select(*coming[name].columns), coming[name]) for name in ("identity_records", "identifiers")
    )
    return {"identity_records": _merged_records(records), "identifiers": _merged_identifiers(identifiers)}


def _grouped(rows: ir.Table, source: SourceSpec, stream: StreamSpec) -> ir.Table:
    standing = rows.filter(rows.cdp_latest if stream.person else rows.cdp_live)
    carried = {}
    for position, identifier in enumerate(stream.identifiers):
        carried[_value_column(position)] = identifier_column(stream, position)
        if identifier.type == EMAIL:
            carried[base_column(position)] = base_column(position)
    grouped = standing.group_by(record_id=standing.cdp_record_id).aggregate(
        kind=standing.cdp_kind.max(),
        native_id=standing.cdp_native_id.max(),
        first_seen_at=standing.cdp_seen_at.min(),
        last_seen_at=standing.cdp_seen_at.max(),
        rows=standing.count(),
        closed=~standing.cdp_live.any(),
        **{name: standing[column].max() for name, column in carried.items()},
    )
    person = grouped.kind == PERSON
    return grouped.mutate(
        source=ibis.literal(source.name),
        stream=ibis.literal(stream.name),
        native_id=ibis.ifelse(person, grouped.native_id, ibis.null("string")),
    )


def _value_column(position: int) -> str:
    return f"cdp_value_{position}"


def _carried(grouped: ir.Table, stream: StreamSpec) -> list[tuple[tuple[str, str], ir.Table]]:
    """The identifiers of a stream's records, with their namespace and type."""
    found = []
    for position, identifier in enumerate(stream.identifiers):
        columns = [(identifier.namespace, identifier.type, _value_column(position))]
        if identifier.type == EMAIL:
            columns.append((GLOBAL, EMAIL_BASE, base_column(position)))
        for namespace, type_, column in columns:
            with_value = grouped.filter(grouped[column].notnull())
            part = with_value.select(
                record_id="record_id",
                namespace=ibis.literal(namespace),
                identifier_type=ibis.literal(type_),
                identifier_value=with_value[column],
                first_seen_at="first_seen_at",
                last_seen_at="last_seen_at",
            )
            found.append(((namespace, type_), part))
    return found


def _merged_records(together: ir.Table) -> ir.Table:
    """One row a record; streams of a source whose facts carry the same identifiers share it."""
    return together.group_by("record_id").aggregate(
        source=together.source.min(),
        stream=together.stream.min(),
        kind=together.kind.max(),
        native_id=together.native_id.min(),
        first_seen_at=together.first_seen_at.min(),
        last_seen_at=together.last_seen_at.max(),
        rows=together["rows"].sum(),
        closed=together.closed.all(),
    )


def _merged_identifiers(together: ir.Table) -> ir.Table:
    """One row an identifier of a record."""
    key = ("record_id", "namespace", "identifier_type", "identifier_value")
    found = together.group_by(*key).aggregate(
        first_seen_at=together.first_seen_at.min(), last_seen_at=together.last_seen_at.max()
    )
    return found.select(*together.columns)
