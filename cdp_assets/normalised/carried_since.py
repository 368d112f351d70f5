"""Since when each record carries its contact points.

A row comes again whenever anything in it changes, and a person's address is no younger for that: a contact point is as
old as the first of the versions that say it one after the other. Of several rows of a record, as those of somebody's
orders, a row that says what the one before it said is no news either.

Belongs here: telling news from repetition, of contact points. Does not belong here: the same of the values of contacts
(`value_changes.py`), and which row stands (`dispositions.py`).
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from cdp_assets.canonical.schema import INSTANT
from cdp_assets.normalised.dispositions import SUPERSEDED, in_order_of_versions, sound_versions
from cdp_assets.sources.spec import StreamSpec
from cdp_assets.warehouse.stacking import stack

KIND = ("record_id", "kind")
_POINT = (*KIND, "value")
_ROW = ("load_id", "source_row")
_KEY = ["cdp_record_id", "cdp_native_id"]


def earlier_versions(rows: ir.Table) -> ir.Table:
    """All versions of the typed rows of which there are several, each as if it stood."""
    several = rows.filter(rows.cdp_disposition == SUPERSEDED).select(*_KEY).distinct()
    return as_if_standing(rows, several)


def as_if_standing(rows: ir.Table, keys: ir.Table) -> ir.Table:
    """All versions of the typed rows of some keys, each as if it stood.

    Args:
        rows: Typed rows.
        keys: The values of some of their columns, each once.
    """
    return sound_versions(rows).semi_join(keys, keys.columns).mutate(cdp_live=ibis.literal(True))


def said_since(points: ir.Table, said: ir.Table, versions: ir.Table, stream: StreamSpec) -> ir.Table:
    """Date what rows say from the first of their versions that have said it without a break.

    Args:
        points: Contact points of the rows that stand, dated by these rows.
        said: Contact points of all ``versions``, of the same map.
        versions: Typed rows, of `earlier_versions`.
        stream: Their stream.
    """
    at = ibis.null(INSTANT) if stream.load == "snapshot" else versions.cdp_updated_at
    known = versions.mutate(cdp_version_at=at)
    order = ibis.window(group_by=[known[name] for name in _KEY], order_by=in_order_of_versions(known))
    numbered = known.select(
        load_id="cdp_load_id", source_row="cdp_source_row", key="cdp_native_id", number=ibis.row_number().over(order)
    )
    placed = said.select(*_POINT, *_ROW, at="updated_at").distinct().join(numbered, _ROW)
    same = [*_POINT, "key"]
    own_number = ibis.row_number().over(ibis.window(group_by=same, order_by="number"))
    runs = placed.mutate(run=ibis._.number - own_number)
    since = runs.select(
        *(runs[name].name(f"found_{name}") for name in (*_POINT, *_ROW)),
        since=runs["at"].min().over(ibis.window(group_by=[*same, "run"])),
    )
    joined = points.left_join(since, [points[name] == since[f"found_{name}"] for name in (*_POINT, *_ROW)])
    return joined.mutate(changed_at=joined.since.coalesce(joined.changed_at)).select(*points.columns)


def carried_since(points: ir.Table) -> ir.Table:
    """Date what records carry from the first of their rows that have said it one after the other.

    Args:
        points: Contact points, all that some records have of some kinds, each dated by what its row says.
    """
    dated = points.filter(points.changed_at.notnull()).select(*_POINT, "changed_at").distinct()
    place = ibis.dense_rank().over(ibis.window(group_by=KIND, order_by="changed_at"))
    own_place = ibis.row_number().over(ibis.window(group_by=_POINT, order_by="changed_at"))
    runs = dated.mutate(run=place - own_place).group_by(*_POINT, "run").aggregate(began=ibis._.changed_at.min())
    last = runs.group_by(*_POINT).aggregate(began=ibis._.began.max())
    return points.left_join(last, _POINT).mutate(changed_at=ibis._.began).select(*points.columns)


def of_several(known: ir.Table, coming: ir.Table) -> ir.Table:
    """record_id of records that cannot be dated by what was known of them and what comes: they have more than one
    contact point of a kind, and the order of all their rows decides.
    """
    both = stack(known.semi_join(coming, KIND).select(*_POINT), coming.semi_join(known, KIND).select(*_POINT))
    counted = both.group_by(*KIND).aggregate(values=both.value.nunique())
    return counted.filter(counted["values"] > 1).select("record_id").distinct()
