"""What the sources deliver, measured: rows, fill rates, identifiers, what they have in common, and how fresh they are.

Belongs here: measuring raw tables by their contracts. Does not belong here: deciding what becomes of a row
(`normalised/`), and drawing (`audit_pages.py`).

Identifiers are compared in a plain spelling (e-mail in lower case, of phone numbers the last nine digits), which is
close enough to see what sources share; matching itself uses the full rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import ibis
import ibis.expr.types as ir
from ibis import _

from cdp_assets.canonical.schema import INSTANT
from cdp_assets.sources.contract import filled, typed
from cdp_assets.sources.schemas import SOURCE_AUDIT, SOURCE_OVERLAPS
from cdp_assets.sources.spec import IdentifierSpec, SourceSpec, StreamSpec, stream_table
from cdp_assets.warehouse.engine import Engine
from cdp_assets.warehouse.expressions import bind, check
from cdp_assets.warehouse.operations import quick_hash

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


def fill_rates(sources: Sequence[SourceSpec], raw: Mapping[str, ir.Table], engine: Engine, as_of: datetime) -> ir.Table:
    """Measure each stream's columns.

    Args:
        sources: All sources.
        raw: Raw tables by name.
        engine: Counts.
        as_of: The run's instant; later event times are mistakes and not fresh.

    Returns:
        A table of the shape of `SOURCE_AUDIT`.
    """
    rows: list[dict[str, object]] = []
    for source in sources:
        for stream in source.streams:
            rows.extend(_of_stream(source, stream, raw[stream_table(source, stream)], engine, as_of))
    import pyarrow as pa

    return engine.from_arrow(
        pa.Table.from_pylist(rows, schema=SOURCE_AUDIT.ibis_schema.to_pyarrow()), SOURCE_AUDIT.ibis_schema
    )


def _of_stream(
    source: SourceSpec, stream: StreamSpec, raw: ir.Table, engine: Engine, as_of: datetime
) -> list[dict[str, object]]:
    counts = {f"filled_{place}": raw[name].nullif("").count() for place, name in enumerate(stream.column_names)}
    counted = engine.to_arrow(raw.aggregate(rows=raw.count(), broken=raw.parse_error.count(), **counts)).to_pylist()[0]
    span = engine.to_arrow(_span(stream, raw, as_of)).to_pylist()[0] if stream.event_time else {}
    total = counted["rows"]
    return [
        {
            "source": source.name,
            "stream": stream.name,
            "column_name": column.name,
            "type": column.type,
            "expected": column.name not in stream.from_template,
            "rows": total,
            "filled": counted[f"filled_{place}"],
            "fill_rate": counted[f"filled_{place}"] / total if total else None,
            "broken": counted["broken"],
            "earliest_event_at": span.get("earliest"),
            "latest_event_at": span.get("latest"),
        }
        for place, column in enumerate(stream.columns)
    ]


def _span(stream: StreamSpec, raw: ir.Table, as_of: datetime) -> ir.Table:
    name = str(stream.event_time)
    time = typed(raw, stream, [name])[name].cast(INSTANT).name("time").as_table()
    known = ibis.ifelse(time.time <= ibis.literal(as_of, INSTANT), time.time, ibis.null(INSTANT))
    return time.aggregate(earliest=time.time.min(), latest=known.max())


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
    parts: list[ir.Table] = []
    for place, source in enumerate(sources):
        for stream in source.streams:
            for identifier in stream.identifiers:
                kind = f"{identifier.namespace} {identifier.type}"
                if kind not in kinds:
                    kinds.append(kind)
                values = _values(stream, identifier, raw[stream_table(source, stream)])
                # Numbers stand for the texts, since every value of every row carries them.
                parts.append(values.mutate(identifier=ibis.literal(kinds.index(kind)), source=ibis.literal(place)))
    if not parts:
        return []
    # A union of distinct rows would compare all rows again with each part that joins.
    together = ibis.union(*parts) if len(parts) > 1 else parts[0]
    one = engine.scratch(together.distinct())
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
    """Hashes of the distinct values of an identifier; null where rows have none.

    Nulls are left in, since they match nothing, and an engine that pushes a filter down would write each step of an
    expression out as often as the next one uses it.
    """
    columns = typed(raw, stream, check(identifier.value, stream.expression_schema).columns)
    plain = _plain(bind(identifier.value, columns).cast("string"), identifier.type).name("text").as_table()
    hashed = ibis.ifelse(plain.text.isnull(), ibis.null("int64"), quick_hash(plain.text))
    return plain.select(value=hashed).distinct()


def _plain(value: ir.StringValue, type_: str) -> ir.StringValue:
    text = filled(value)
    if type_ == "email":
        return text.lower()
    if type_ == "phone":
        return text.re_replace(r"[^0-9]", "").right(_LAST_DIGITS).nullif("")
    return text
