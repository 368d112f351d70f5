"""Rows that count, but of which a map makes nothing where it should: so that they are seen, and can be mended.

Belongs here: finding them, and why. Does not belong here: leaving them out (`canonical_rows.py`), and rows that are
refused as a whole (`faults.py`).
"""

from __future__ import annotations

from collections.abc import Iterator

import ibis
import ibis.expr.types as ir

from cdp_assets.canonical import tables
from cdp_assets.canonical.schema import TableSchema
from cdp_assets.normalised.canonical_rows import (
    Feed,
    breaches_of_items,
    feeds_of,
    heads,
    is_whole,
    latest_of_id,
    needed_of,
    repeated,
    tells_apart,
    told_by,
)
from cdp_assets.normalised.dispositions import ROW
from cdp_assets.normalised.stream_rows import GUEST, needs
from cdp_assets.sources.spec import SourceSpec, StreamSpec
from cdp_assets.warehouse.engine import Engine
from cdp_assets.warehouse.operations import quick_hash
from cdp_assets.warehouse.stacking import stack

OVERRULED = "has another row of the same id, and a later one"
"""How reasons end that lie in another row: no row of this kind would count if it came alone."""


def left_out(source: SourceSpec, stream: StreamSpec, rows: ir.Table, engine: Engine) -> ir.Table | None:
    """The rows of a stream of which one of its maps makes nothing where it should.

    Args:
        source: The source.
        stream: One of its streams.
        rows: The stream's typed rows.
        engine: Holds intermediate results.

    Returns:
        `ROW` and ``cdp_reason``, each row once; None if the maps of the stream take every row by itself.
    """
    found = [
        part
        for name in dict.fromkeys(map_.to for map_ in stream.maps)
        for feed in feeds_of(tables.TABLES[name], [source])
        if feed.stream == stream
        for part in _of_feed(tables.TABLES[name], feed, rows, engine)
    ]
    if not found:
        return None
    return stack(*found).group_by(ROW).aggregate(cdp_reason=lambda told: told.cdp_reason.min())


def _of_feed(schema: TableSchema, feed: Feed, rows: ir.Table, engine: Engine) -> Iterator[ir.Table]:
    told = told_by(schema, feed, rows)
    if feed.map.each and (broken := breaches_of_items(feed, told)):
        why = ibis.cases(*broken, else_=ibis.null("string"))
        yield _told(told.mutate(cdp_reason=why).filter(lambda items: items.cdp_reason.notnull()))
    if feed.map.grain:
        yield _told(_without_a_head(schema, feed, told, engine))
    if not tells_apart(schema, feed):
        yield _told(_overruled(schema, feed, told_by(schema, feed, _of_whom(rows)), engine))


def _of_whom(rows: ir.Table) -> ir.Table:
    """The rows without the records of those who are told apart by nothing but their rows."""
    return rows.mutate(cdp_record_id=ibis.ifelse(rows.cdp_kind == GUEST, ibis.null("int64"), rows.cdp_record_id))


def _told(rows: ir.Table) -> ir.Table:
    return rows.select(*ROW, "cdp_reason")


def _without_a_head(schema: TableSchema, feed: Feed, told: ir.Table, engine: Engine) -> ir.Table:
    """The rows of grains of which no row has all that is needed."""
    lacks = [(told[f"set_{name}"].isnull(), needs(schema.name, name)) for name in needed_of(schema, feed)]
    why = ibis.cases(*lacks, else_=ibis.null("string")) if lacks else ibis.null("string")
    grain = [name for name in told.columns if name.startswith("grain_")]
    named = told.mutate(cdp_reason=why)
    lacking = engine.scratch(named.filter(named.cdp_reason.notnull()).select(*ROW, *grain, "cdp_reason"))
    whole = told.filter(is_whole(schema, feed, told))
    return lacking.anti_join(engine.scratch(whole.semi_join(lacking, grain).select(*grain).distinct()), grain)


def _overruled(schema: TableSchema, feed: Feed, told: ir.Table, engine: Engine) -> ir.Table:
    """The rows that bear the native id of a later one, and say something else."""
    if feed.map.each or feed.map.grain:
        told = told.filter(is_whole(schema, feed, told))
    if feed.map.grain:
        told = heads(schema, feed, told)
    shared = engine.scratch(repeated(told, ["set_native_id"]))
    rivals = engine.scratch(told.semi_join(shared, quick_hash(told.set_native_id) == shared.key_hash))
    content = [name for name in rivals.columns if name.startswith("set_")]
    hashed = rivals.mutate(said=quick_hash(rivals.cdp_record_id, *(rivals[name] for name in content)))
    standing = latest_of_id(hashed, feed.stream).select(standing_id="set_native_id", standing_said="said")
    joined = hashed.inner_join(standing, hashed.set_native_id == standing.standing_id)
    overruled = joined.filter(joined.said != joined.standing_said)
    return overruled.mutate(cdp_reason=ibis.literal(f"{schema.name} {OVERRULED}"))
