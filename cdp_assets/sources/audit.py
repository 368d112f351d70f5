"""What the sources deliver, measured: rows, fill rates, identifiers, what they have in common, and how fresh they are.

Belongs here: what sources have in common, and the tables of the audit. Does not belong here: counting
(`audit_counts.py`), deciding what becomes of a row (`normalised/`), and drawing (`audit_pages.py`).

Identifiers are compared in a plain spelling (e-mail in lower case, of phone numbers the last nine digits), which is
close enough to see what sources share; matching itself uses the full rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import ibis
import ibis.expr.types as ir
from ibis import _

from cdp_assets.sources.audit_counts import Counts
from cdp_assets.sources.contract import filled, typed
from cdp_assets.sources.schemas import SOURCE_AUDIT, SOURCE_OVERLAPS
from cdp_assets.sources.spec import IdentifierSpec, SourceSpec, StreamSpec, stream_table
from cdp_assets.warehouse.built import ColumnLineage
from cdp_assets.warehouse.engine import Engine
from cdp_assets.warehouse.expressions import bind, check
from cdp_assets.warehouse.operations import quick_hash
from cdp_assets.warehouse.stacking import stack

_LAST_DIGITS = 9


@dataclass(frozen=True)
class Overlap:
    """How many identifiers of one source another one knows.

    Args:
        identifier: Namespace and type, as ``shop customer_number``.
        source: The one.
        other: The other, or the same.
        shared: How many distinct values both have; all of the source's if they are the same.
        alone: Of a source with itself: how many values no other source has.
    """

    identifier: str
    source: str
    other: str
    shared: int
    alone: int | None = None


def overlaps_table(found: Sequence[Overlap], engine: Engine) -> ir.Table:
    """Overlaps as a table of the shape of `SOURCE_OVERLAPS`."""
    import pyarrow as pa

    of = {(each.identifier, each.source): each.shared for each in found if each.source == each.other}
    rows = [{**asdict(each), "share": each.shared / of[each.identifier, each.source]} for each in found]
    schema = SOURCE_OVERLAPS.ibis_schema
    return engine.from_arrow(pa.Table.from_pylist(rows, schema=schema.to_pyarrow()), schema)


def fill_rates(sources: Sequence[SourceSpec], counts: Mapping[str, Counts], engine: Engine) -> ir.Table:
    """How well each stream's columns are filled.

    Args:
        sources: All sources.
        counts: What was counted of each raw table.
        engine: Takes the table.

    Returns:
        A table of the shape of `SOURCE_AUDIT`.
    """
    import pyarrow as pa

    rows = [
        {
            "source": source.name,
            "stream": stream.name,
            "column_name": column.name,
            "type": column.type,
            "expected": column.name not in stream.from_template,
            "rows": counted.rows,
            "filled": filled,
            "fill_rate": filled / counted.rows if counted.rows else None,
            "broken": counted.broken,
            "earliest_event_at": counted.earliest,
            "latest_event_at": counted.latest,
        }
        for source in sources
        for stream in source.streams
        for counted in [counts[stream_table(source, stream)]]
        for column, filled in zip(stream.columns, counted.filled, strict=True)
    ]
    schema = SOURCE_AUDIT.ibis_schema
    return engine.from_arrow(pa.Table.from_pylist(rows, schema=schema.to_pyarrow()), schema)


def fill_lineage(sources: Sequence[SourceSpec]) -> ColumnLineage:
    """What the columns of `SOURCE_AUDIT` are made of: declared, since they are counted in memory."""
    columns: set[tuple[str, str, str]] = set()
    times: set[tuple[str, str, str]] = set()
    for source in sources:
        for stream in source.streams:
            table = ("sources", stream_table(source, stream))
            columns |= {(*table, column.name) for column in stream.columns}
            if stream.event_time is not None:
                times.add((*table, stream.event_time))
    return {"filled": columns, "fill_rate": columns, "earliest_event_at": times, "latest_event_at": times}


def overlap_lineage(sources: Sequence[SourceSpec]) -> ColumnLineage:
    """What the columns of `SOURCE_OVERLAPS` are made of: declared, since shares are computed in memory."""
    columns = {
        ("sources", stream_table(source, stream), column)
        for source in sources
        for stream in source.streams
        for identifier in stream.identifiers
        for column in check(identifier.value, stream.expression_schema).columns
    }
    return dict.fromkeys(("shared", "share", "alone"), columns)


def overlaps(sources: Sequence[SourceSpec], raw: Mapping[str, ir.Table], engine: Engine) -> list[Overlap]:
    """Find what identifiers the sources have, and how many of them in common.

    Args:
        sources: All sources.
        raw: Raw tables by name.
        engine: Compares.

    Returns:
        For each kind of identifier, each pair of sources that have any in common, and each source with itself.
    """
    kinds: list[str] = []
    parts: dict[tuple[int, int], list[ir.Table]] = {}
    for place, source in enumerate(sources):
        for stream in source.streams:
            for identifier in stream.identifiers:
                kind = f"{identifier.namespace} {identifier.type}"
                if kind not in kinds:
                    kinds.append(kind)
                values = _values(stream, identifier, raw[stream_table(source, stream)])
                parts.setdefault((kinds.index(kind), place), []).append(values)
    if not parts:
        return []
    # Numbers stand for the texts, since every value of every row carries them. A union of distinct rows would compare
    # all rows again with each part that joins.
    told = [
        stack(*values).distinct().mutate(identifier=ibis.literal(kind), source=ibis.literal(place))
        for (kind, place), values in parts.items()
    ]
    one = engine.scratch(stack(*told))
    other = one.select("identifier", "value", other="source")
    shared = one.join(other, ["identifier", "value"])
    counted = shared.group_by("identifier", "source", "other").aggregate(shared=shared.count())
    known = (
        one.filter(one.value.notnull())
        .group_by("identifier", "value")
        .aggregate(holders=_.count(), source=_.source.min())
    )
    only = known.filter(known.holders == 1).group_by("identifier", "source").aggregate(alone=_.count())
    alone = {(row["identifier"], row["source"]): row["alone"] for row in engine.to_arrow(only).to_pylist()}
    found = [
        Overlap(
            kinds[row["identifier"]],
            sources[row["source"]].name,
            sources[row["other"]].name,
            row["shared"],
            alone.get((row["identifier"], row["source"]), 0) if row["source"] == row["other"] else None,
        )
        for row in engine.to_arrow(counted).to_pylist()
    ]
    return sorted(found, key=lambda overlap: (overlap.identifier, overlap.source, overlap.other))


def _values(stream: StreamSpec, identifier: IdentifierSpec, raw: ir.Table) -> ir.Table:
    """Hashes of the values of an identifier; null where rows have none.

    Nulls are left in, since they match nothing, and an engine that pushes a filter down would write each step of an
    expression out as often as the next one uses it.
    """
    columns = typed(raw, stream, check(identifier.value, stream.expression_schema).columns)
    plain = _plain(bind(identifier.value, columns).cast("string"), identifier.type).name("text").as_table()
    hashed = ibis.ifelse(plain.text.isnull(), ibis.null("int64"), quick_hash(plain.text))
    return plain.select(value=hashed)


def _plain(value: ir.StringValue, type_: str) -> ir.StringValue:
    text = filled(value)
    if type_ == "email":
        return text.lower()
    if type_ == "phone":
        return text.re_replace(r"[^0-9]", "").right(_LAST_DIGITS).nullif("")
    return text
