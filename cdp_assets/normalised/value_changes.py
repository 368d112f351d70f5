"""When each value of a contact last changed, over all versions of its row that were delivered.

Belongs here: telling news from repetition. Does not belong here: which version stands (`dispositions.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.types as ir

from cdp_assets.canonical import tables
from cdp_assets.canonical.schema import INSTANT
from cdp_assets.normalised.canonical_rows import Feed, taken
from cdp_assets.normalised.dispositions import sound_versions
from cdp_assets.warehouse.expressions import bind
from cdp_assets.warehouse.stacking import stack


def with_value_changes(contacts: ir.Table, feeds: Sequence[Feed], rows: Mapping[str, ir.Table]) -> ir.Table:
    """Fill ``<value>_changed_at`` of contacts: the time of the version that brought the value that stands.

    A version that repeats a value is not news, and one that the map does not take says nothing. Where versions bear no
    time, the time the source created the record counts; null if there is none either.

    Args:
        contacts: Contacts with null times of change.
        feeds: The maps that fed them.
        rows: Typed rows by stream table, with superseded versions.
    """
    changes = [_changes(feed, rows[feed.table], contacts) for feed in feeds]
    if not changes:
        return contacts
    together = stack(*changes)
    names = [f"{name}_changed_at" for name in tables.CONTACT_VALUES]
    latest = together.group_by("record_id").aggregate(**{name: together[name].max() for name in names})
    latest = latest.rename({f"{name}_found": name for name in names}).rename(found_record_id="record_id")
    joined = contacts.left_join(latest, contacts.record_id == latest.found_record_id)
    filled = {
        f"{name}_changed_at": ibis.ifelse(
            joined[name].isnull(), ibis.null(INSTANT), joined[f"{name}_changed_at_found"].coalesce(joined.created_at)
        )
        for name in tables.CONTACT_VALUES
    }
    return joined.mutate(**filled).select(*contacts.columns)


def _changes(feed: Feed, rows: ir.Table, contacts: ir.Table) -> ir.Table:
    """The last change of each value that the feed fills, a row a record."""
    told = sound_versions(rows)
    versions = taken(told.semi_join(contacts, told.cdp_record_id == contacts.record_id), feed)
    given = {name: bind(sql, versions) for name, sql in feed.map.set if name in tables.CONTACT_VALUES}
    values = versions.select(
        record_id="cdp_record_id",
        at=versions.cdp_updated_at.coalesce(versions.cdp_seen_at),
        version_at=ibis.null(INSTANT) if feed.stream.load == "snapshot" else versions.cdp_updated_at,
        sequence="cdp_sequence",
        load_id="cdp_load_id",
        source_row="cdp_source_row",
        **{name: value.cast("string") for name, value in given.items()},
    )
    order = [values.version_at.asc(nulls_first=True), values.sequence, values.load_id, values.source_row]
    window = ibis.window(group_by=values.record_id, order_by=order)
    changed = values.select(
        "record_id",
        **{
            name: ibis.ifelse(
                values[name].coalesce("") != values[name].lag().over(window).coalesce(""),
                values.at,
                ibis.null(INSTANT),
            )
            for name in given
        },
    )
    latest = changed.group_by("record_id").aggregate(**{name: changed[name].max() for name in given})
    return latest.select(
        "record_id",
        **{
            f"{name}_changed_at": latest[name] if name in given else ibis.null(INSTANT)
            for name in tables.CONTACT_VALUES
        },
    )
