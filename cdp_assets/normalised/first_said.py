"""When what a map says of a row was first delivered, where the row bears no time of it.

A file that says the state of somebody's consent, and not since when, is delivered again with every change of anything
else in the row. What a map says is as old as the first of the deliveries that say it one after the other: an old yes
is no news for being delivered with a new purchase.

Belongs here: telling which columns a map reads, and since when they are as they are. Does not belong here: which
version of a row stands (`dispositions.py`).
"""

from __future__ import annotations

from collections.abc import Iterator

import ibis
import ibis.expr.types as ir

from cdp_assets.normalised.dispositions import ROW, in_order_of_versions
from cdp_assets.sources.spec import MapSpec, StreamSpec
from cdp_assets.warehouse.expressions import check
from cdp_assets.warehouse.operations import quick_hash


def said_at_columns(stream: StreamSpec) -> dict[str, MapSpec]:
    """Columns of typed rows with the time of what each map says that asks for the time of delivery."""
    if stream.delivered_at is None:
        return {}
    asking = (map_ for map_ in stream.maps if stream.delivered_at in columns_read(map_, stream))
    return {f"cdp_said_at_{place}": map_ for place, map_ in enumerate(dict.fromkeys(asking))}


def columns_read(map_: MapSpec, stream: StreamSpec) -> list[str]:
    """The columns that a map's expressions read, those of which they are derived among them; sorted."""
    derived = dict(stream.derive)
    schema = stream.schema_of(map_)
    told = [sql for sql in (map_.where, map_.id, map_.each, *(sql for _, sql in map_.set)) if sql is not None]
    asked = {name for sql in told for name in check(sql, schema).columns} | {*map_.grain}
    found: set[str] = set()
    while asked:
        found |= asked
        asked = {name for each in asked & derived.keys() for name in check(derived[each], schema).columns} - found
    return sorted(found)


def first_said(versions: ir.Table, stream: StreamSpec) -> ir.Table:
    """Since when all versions of a key say what they say.

    Args:
        versions: All typed rows of some keys, with `dispositions.VERSION` and the time of delivery.
        stream: Their stream.

    Returns:
        ``said_…`` for each of `ROW`, and `said_at_columns`, UTC, of sound rows.
    """
    sound = versions.filter(versions.cdp_reason.isnull())
    order = in_order_of_versions(sound)
    running = ibis.cumulative_window(group_by=sound.cdp_key, order_by=order)
    before = ibis.window(group_by=sound.cdp_key, order_by=order)
    columns = said_at_columns(stream)
    hashed = sound.mutate(**{name: quick_hash(*_said(sound, map_, stream)) for name, map_ in columns.items()})
    news = hashed.mutate(
        **{name: (hashed[name].lag().over(before) != hashed[name]).fill_null(True).cast("int64") for name in columns}
    )
    runs = news.mutate(**{name: news[name].sum().over(running) for name in columns})
    heard = runs[stream.delivered_at]
    return runs.select(
        **{f"said_{name}": runs[name] for name in ROW},
        **{name: heard.min().over(ibis.window(group_by=[runs.cdp_key, runs[name]])) for name in columns},
    )


def with_said_at(rows: ir.Table, found: ir.Table | None, stream: StreamSpec) -> ir.Table:
    """Add `said_at_columns`: what `first_said` found, else the time of the row's own delivery."""
    columns = said_at_columns(stream)
    if not columns:
        return rows
    own = rows[stream.delivered_at]
    if found is None:
        return rows.mutate(**dict.fromkeys(columns, own))
    joined = rows.left_join(found, [rows[name] == found[f"said_{name}"] for name in ROW])
    return joined.select(*rows.columns, **{name: joined[name].coalesce(own) for name in columns})


def as_heard(rows: ir.Table, map_: MapSpec, stream: StreamSpec) -> ir.Table:
    """Typed rows for a map: the time of delivery is that of what it says."""
    name = next((name for name, asking in said_at_columns(stream).items() if asking == map_), None)
    return rows if name is None else rows.mutate(**{str(stream.delivered_at): rows[name]})


def _said(rows: ir.Table, map_: MapSpec, stream: StreamSpec) -> Iterator[ir.Value]:
    for name in columns_read(map_, stream):
        if name in stream.column_names:
            yield rows[name]
