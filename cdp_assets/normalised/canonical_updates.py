"""A canonical table follows the typed rows it is made of: only what news touches is mapped again.

Belongs here: which rows those are. Does not belong here: mapping (`canonical_rows.py`), and what else the table's rows
are given (`assets.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import ibis
import ibis.expr.types as ir

from cdp_assets.canonical import tables
from cdp_assets.canonical.schema import TableSchema
from cdp_assets.normalised.canonical_rows import (
    Feed,
    keeps_refusals,
    native_id_of,
    one_row_a_key,
    taken,
    tells_apart,
)
from cdp_assets.normalised.carried_since import of_several
from cdp_assets.normalised.dispositions import ROW
from cdp_assets.normalised.updating import Revisions
from cdp_assets.warehouse.built import Built, Patch, Stands
from cdp_assets.warehouse.engine import Engine, has_rows, row_count
from cdp_assets.warehouse.expressions import bind
from cdp_assets.warehouse.stacking import patched, stack

Rows = Mapping[str, ir.Table]
"""Typed rows by table."""

_BY_RECORD = (tables.CONTACTS, tables.CONTACT_POINTS)
_ID = ("source", "native_id")
_NOTHING = "\x1e"


def updated_canonical(
    schema: TableSchema,
    feeds: Sequence[Feed],
    related: Sequence[Feed],
    rows: Rows,
    previous: ir.Table,
    memory: Mapping[str, Any],
    make: Callable[[Rows], ir.Table],
    *,
    now: Revisions,
    versions: Mapping[str, str],
    engine: Engine,
) -> Built | Stands:
    """A canonical table, from the one of the last run and the typed rows that have come or changed since.

    Args:
        schema: The table's schema.
        feeds: Its maps.
        related: The maps of the table that says something about each order of it (`order_lines` of `orders`, or the
            other way round).
        rows: The typed rows of all these.
        previous: The table as last published.
        memory: What was remembered with it; empty if it has to be made anew.
        make: Makes the table, given all typed rows of what is to be in it.
        now: Revisions of ``rows``.
        versions: Of the other inputs: where one has moved, everything is made anew.
        engine: Holds intermediate results.

    Returns:
        The same rows as ``make(rows)``.
    """
    remembered = {**now.to_memory(), "versions": dict(versions)}
    seen = Revisions.of(memory)
    news = seen.news(rows, now) if seen and memory.get("versions") == dict(versions) else None
    if news == {}:
        return Stands()
    if news is None or not _can_follow(schema):
        return Built(make(rows), memory=remembered)
    if schema in _BY_RECORD:
        before = {schema.name: previous}

        def made_of(some: Rows) -> Rows:
            return {schema.name: make(some)}

        def merged(told: Rows, coming: Rows) -> Rows:
            known, more = told[schema.name], coming[schema.name]
            added, anew = one_row_a_key(stack(known, more), schema, engine), engine.scratch(of_several(known, more))
            if has_rows(anew, engine):
                added = stack(added.anti_join(anew, "record_id"), make(_of_records(rows, anew)))
            return {schema.name: added}

        # What contacts say of the time of a change takes all versions.
        if schema is tables.CONTACT_POINTS and seen is not None and seen.only_new(now):
            return _added(rows, news, before, made_of, merged, remembered, engine)[schema.name]
        own = [taken(news[feed.table], feed) for feed in feeds if feed.table in news]
        return _by_record(rows, own, before, made_of, remembered, engine)[schema.name]
    found = _touched(schema, feeds, related, rows, news, engine)
    gone = engine.scratch(stack(*(ids for _, ids in found)).select(*_ID).distinct())
    if row_count(gone, engine) == 0:
        return Stands(remembered)
    spread = {feed.table for feed in feeds if related or _has_mates(schema, feed)}
    some = {
        name: _rows_of(rows[name], [ids for feed, ids in found if feed.table == name])
        if name in spread
        else news.get(name, rows[name].filter(ibis.literal(False)))
        for name in rows
    }
    return _patched(previous, make(some).semi_join(gone, _ID), _ID, gone, remembered)


def updated_by_record(
    rows: Rows,
    previous: Rows,
    memory: Mapping[str, Any],
    make: Callable[[Rows], Rows],
    merged: Callable[[Rows, Rows], Rows],
    *,
    now: Revisions,
    engine: Engine,
) -> dict[str, Built | Stands]:
    """Tables about records, from those of the last run and the typed rows that have come or changed since.

    Args:
        rows: Typed rows.
        previous: The tables as last published, each with a ``record_id``.
        memory: What was remembered with them; empty if they have to be made anew.
        make: Makes the tables, given all typed rows of the records that are to be in them.
        merged: Makes them of two that were made of different typed rows of the same records.
        now: Revisions of ``rows``.
        engine: Holds intermediate results.

    Returns:
        The same rows as ``make(rows)``.
    """
    seen = Revisions.of(memory)
    news = seen.news(rows, now) if seen else None
    if news == {}:
        return {name: Stands() for name in previous}
    if news is None:
        return {name: Built(table, memory=now.to_memory()) for name, table in make(rows).items()}
    if seen is not None and seen.only_new(now):
        return _added(rows, news, previous, make, merged, now.to_memory(), engine)
    return _by_record(rows, list(news.values()), previous, make, now.to_memory(), engine)


def _added(
    rows: Rows,
    news: Rows,
    previous: Rows,
    make: Callable[[Rows], Rows],
    merged: Callable[[Rows, Rows], Rows],
    memory: Mapping[str, Any],
    engine: Engine,
) -> dict[str, Built | Stands]:
    """Add what new rows tell of records to what tables say of them."""
    made = make({name: news.get(name, table.filter(ibis.literal(False))) for name, table in rows.items()})
    coming = {name: engine.scratch(table) for name, table in made.items()}
    gone = engine.scratch(stack(*(table.select("record_id") for table in coming.values())).distinct())
    if row_count(gone, engine) == 0:
        return dict.fromkeys(previous, Stands(memory))
    whole = merged({name: table.semi_join(gone, "record_id") for name, table in previous.items()}, coming)
    return {name: _patched(previous[name], table, ("record_id",), gone, memory) for name, table in whole.items()}


def _by_record(
    rows: Rows,
    news: Sequence[ir.Table],
    previous: Rows,
    make: Callable[[Rows], Rows],
    memory: Mapping[str, Any],
    engine: Engine,
) -> dict[str, Built | Stands]:
    """Make anew what tables say of the records that news touches."""
    touched = [table.select(record_id="cdp_record_id") for table in news]
    gone = engine.scratch(stack(*touched).distinct())
    if row_count(gone, engine) == 0:
        return dict.fromkeys(previous, Stands(memory))
    made = make(_of_records(rows, gone))
    return {name: _patched(previous[name], table, ("record_id",), gone, memory) for name, table in made.items()}


def _of_records(rows: Rows, records: ir.Table) -> dict[str, ir.Table]:
    return {name: table.semi_join(records, table.cdp_record_id == records.record_id) for name, table in rows.items()}


def _patched(
    previous: ir.Table,
    coming: ir.Table,
    key: tuple[str, ...],
    gone: ir.Table,
    memory: Mapping[str, Any],
) -> Built:
    patch = Patch(key, gone, coming.select(*previous.columns))
    return Built(patched(previous, patch), patch=patch, memory=memory)


def _can_follow(schema: TableSchema) -> bool:
    return schema in _BY_RECORD or (schema in tables.FACTS and schema.key == _ID)


def _touched(
    schema: TableSchema, feeds: Sequence[Feed], related: Sequence[Feed], rows: Rows, news: Rows, engine: Engine
) -> list[tuple[Feed, ir.Table]]:
    """For each map: `ROW` and `_ID` of the typed rows that decide about what news touches."""
    telling = [_touched_by_news(tables.TABLES[feed.map.to], [feed], rows, news, engine) for feed in related]
    orders = [ids.select("source", "order_id") for touched in telling for _, ids in touched]
    found = _touched_by_news(schema, feeds, rows, news, engine)
    if not orders:
        return found
    known = engine.scratch(stack(*orders).distinct())
    for feed in feeds:
        labelled = _labelled(feed, rows[feed.table])
        asked = engine.scratch(labelled.semi_join(known, ("source", "order_id")))
        found.append((feed, _with_mates(schema, feed, asked, labelled, engine)))
    return found


def _touched_by_news(
    schema: TableSchema, feeds: Sequence[Feed], rows: Rows, news: Rows, engine: Engine
) -> list[tuple[Feed, ir.Table]]:
    found = []
    for feed in feeds:
        if feed.table in news:
            own = engine.scratch(_labelled(feed, news[feed.table]))
            found.append((feed, _with_mates(schema, feed, own, _labelled(feed, rows[feed.table]), engine)))
    return found


def _has_mates(schema: TableSchema, feed: Feed) -> bool:
    """Whether one typed row of a map may speak for others."""
    return bool(feed.map.grain) or _has_rivals(schema, feed)


def _has_rivals(schema: TableSchema, feed: Feed) -> bool:
    """Whether of several typed rows with one native id one speaks for all."""
    return not tells_apart(schema, feed) or keeps_refusals(schema, feed)


def _labelled(feed: Feed, rows: ir.Table) -> ir.Table:
    """What tells which rows of the canonical table a typed row has a say in, whether it counts or not.

    A row that its map does not take has no say: what the map asks of it never changes.
    """
    own = taken(rows, feed)
    given = dict(feed.map.set)
    grain = [own[name].cast("string").coalesce(_NOTHING) for name in feed.map.grain]
    return own.select(
        *ROW,
        source=ibis.literal(feed.source.name),
        native_id=native_id_of(own, feed),
        order_id=bind(given["order_id"], own).cast("string") if "order_id" in given else ibis.null("string"),
        grain=reduce(lambda left, right: left + "\x1f" + right, grain) if grain else ibis.null("string"),
    )


def _with_mates(schema: TableSchema, feed: Feed, asked: ir.Table, labelled: ir.Table, engine: Engine) -> ir.Table:
    """Rows, and those of the same grain or native id, since one of them speaks for all."""
    if not _has_mates(schema, feed):
        return asked
    by = [*(["grain"] if feed.map.grain else []), *(["native_id"] if _has_rivals(schema, feed) else [])]
    found = engine.scratch(asked.distinct())
    while True:
        mates = [labelled.semi_join(found, name) for name in by]
        more = engine.scratch(stack(found, *mates).distinct())
        # Where both count, the mates of mates have a say too.
        if len(by) == 1 or row_count(more, engine) == row_count(found, engine):
            return more
        found = more


def _rows_of(rows: ir.Table, touched: Sequence[ir.Table]) -> ir.Table:
    if not touched:
        return rows.filter(ibis.literal(False))
    return rows.semi_join(stack(*(ids.select(*ROW) for ids in touched)).distinct(), ROW)
