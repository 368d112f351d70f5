"""Whose the anonymous activity of a device is.

Belongs here: devices with one known person, with several (split in time), and with nobody. Does not belong here:
linking people (`partition.py`): a device never does that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import ibis
import ibis.expr.types as ir
from ibis import _

from cdp_assets.canonical import tables as canonical
from cdp_assets.canonical.schema import INSTANT
from cdp_assets.identity.evidence import KINDS
from cdp_assets.identity.spec import Kind
from cdp_assets.warehouse.engine import empty, has_rows
from cdp_assets.warehouse.stacking import stack

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine

_HOPS = 2
"""How far an identification carries from device to device."""

_EVENT_TIMES = {schema.name: schema.event_time for schema in canonical.FACTS}


@dataclass(frozen=True)
class DeviceMap:
    """Where records that carry nothing but devices belong.

    Args:
        records: record_id, label, valid_from, valid_to: like `profile_map`, with labels for profiles. Labels of
            anonymous profiles are the smallest record_id of those that share a device.
        components: record_id, component (the smallest record_id of those that hang together by devices), shared
            (whether several people used its devices): one row per record.
        links: left_record_id (of the device), right_record_id (of the person, or of the same device), identifier_id,
            type_id, first_seen_at.
    """

    records: ir.Table
    components: ir.Table
    links: ir.Table

    SCHEMAS: ClassVar = (
        ibis.schema({"record_id": "int64", "label": "int64", "valid_from": INSTANT, "valid_to": INSTANT}),
        ibis.schema({"record_id": "int64", "component": "int64", "shared": "boolean"}),
        ibis.schema(
            {
                "left_record_id": "int64",
                "right_record_id": "int64",
                "identifier_id": "int64",
                "type_id": "int16",
                "first_seen_at": INSTANT,
            }
        ),
    )


def attribute_devices(
    usable: ir.Table,
    people: ir.Table,
    facts: Mapping[str, ir.Table],
    engine: Engine,
    denied: ir.Table | None = None,
) -> DeviceMap:
    """Give the records of devices to the people who were identified on them.

    What hangs together by devices must be given together, with all records of people on these devices.

    Args:
        usable: Evidence without placeholders and hubs.
        people: record_id, label, settled of the records of people (`partition.Partition.records`).
        facts: Canonical fact tables by name; their times say who used a shared device when.
        engine: Computes.
        denied: record_id, label: people to whom a record is not given, whatever was seen; null for none.
    """
    devices = usable.filter(usable.kind == KINDS[Kind.DEVICE]).drop("kind")
    placed = people.select("record_id", "label", "settled")
    carried = engine.scratch(devices.left_join(placed, "record_id").drop("record_id_right"))
    bare = engine.scratch(carried.filter(carried.label.isnull()).drop("label", "settled"))
    if not has_rows(bare, engine):
        nothing = DeviceMap.SCHEMAS
        return DeviceMap(*(empty(schema, engine) for schema in nothing))
    identified = _passed_along(engine.scratch(_identified(carried)), bare, engine)

    owners = engine.scratch(
        identified.group_by("identifier_id", "label").aggregate(owner_record=identified.record_id.min())
    )
    claimed = bare.join(owners, "identifier_id")
    claims = engine.scratch(claimed if denied is None else claimed.anti_join(denied, ["record_id", "label"]))
    counted = claims.group_by("record_id").aggregate(people=claims.label.nunique(), label=claims.label.min())
    counted = engine.scratch(counted)
    several = counted.filter(counted.people > 1).select("record_id")
    shared = bare.semi_join(several, "record_id")
    split = _split_in_time(engine.scratch(shared), identified, facts, denied)
    owned = counted.filter(counted.people == 1).select(
        "record_id", "label", valid_from=ibis.null(INSTANT), valid_to=ibis.null(INSTANT)
    )
    given = engine.scratch(stack(owned, split))
    nobodys = engine.scratch(bare.anti_join(given, "record_id"))
    anonymous = _hanging_together(nobodys, engine).select(
        "record_id", label="component", valid_from=ibis.null(INSTANT), valid_to=ibis.null(INSTANT)
    )
    used_by_several = several.mutate(shared=True)
    components = _hanging_together(bare, engine).left_join(used_by_several, "record_id")
    links = claims.semi_join(given, ["record_id", "label"]).select(
        left_record_id="record_id",
        right_record_id="owner_record",
        identifier_id="identifier_id",
        type_id="type_id",
        first_seen_at="first_seen_at",
    )
    return DeviceMap(
        records=engine.scratch(stack(given, anonymous)),
        components=engine.scratch(
            components.select("record_id", "component", shared=components.shared.fill_null(False))
        ),
        links=engine.scratch(stack(links, _star(nobodys))),
    )


def _identified(carried: ir.Table) -> ir.Table:
    """Records of people on each device; those that could not be attributed to one count only where no other does."""
    known = carried.filter(carried.label.notnull())
    surely = known.filter(known.settled).select("identifier_id").distinct()
    return known.filter(known.settled).union(known.filter(~known.settled).anti_join(surely, "identifier_id"))


def _passed_along(identified: ir.Table, bare: ir.Table, engine: Engine) -> ir.Table:
    """Let devices on which nobody was identified inherit from those seen together with them, over `_HOPS` steps at
    most: a click's id from the cookie of the page that it led to."""
    for _step in range(_HOPS):
        known = identified.select("identifier_id").distinct()
        orphans = bare.anti_join(known, "identifier_id").select(
            "record_id", orphan="identifier_id", orphan_type="type_id"
        )
        donors = bare.semi_join(known, "identifier_id").select("record_id", "identifier_id")
        pairs = orphans.join(donors, "record_id").select("orphan", "orphan_type", "identifier_id").distinct()
        inherited = engine.scratch(
            identified.join(pairs, "identifier_id")
            .mutate(identifier_id=_.orphan, type_id=_.orphan_type)
            .select(identified.columns)
            .distinct()
        )
        if not has_rows(inherited, engine):
            break
        identified = engine.scratch(stack(identified, inherited))
    return identified


def _star(records: ir.Table) -> ir.Table:
    """Each record tied to the smallest one with the same device."""
    centres = records.group_by("identifier_id").aggregate(right_record_id=records.record_id.min())
    tied = records.join(centres, "identifier_id")
    return tied.filter(tied.record_id != tied.right_record_id).select(
        "right_record_id", "identifier_id", "type_id", "first_seen_at", left_record_id="record_id"
    ).select("left_record_id", "right_record_id", "identifier_id", "type_id", "first_seen_at")  # fmt: skip


def _hanging_together(records: ir.Table, engine: Engine) -> ir.Table:
    """record_id, component: records that share a device, and those that share one with these."""
    edges = _star(records).select(left="left_record_id", right="right_record_id")
    labelled = engine.connected_components(edges)
    everyone = records.select("record_id").distinct()
    joined = everyone.left_join(labelled, everyone.record_id == labelled.node)
    return joined.select("record_id", component=ibis.coalesce(joined.component, joined.record_id))


def _split_in_time(
    shared: ir.Table, identified: ir.Table, facts: Mapping[str, ir.Table], denied: ir.Table | None
) -> ir.Table:
    """Cut the time of each record of a shared device at the moments at which somebody else is identified on it.

    Each moment belongs to the person identified most recently before, or first after. Who identifies themselves was
    there from the beginning of that session. Where two were identified at the same instant (times by the day, lists
    taken in at once), that instant tells nothing.

    Args:
        shared: Records without a person, on devices with several.
        identified: Records of people on devices, with labels.
        facts: Canonical fact tables by name.
        denied: record_id, label: people to whom a record is not given; null for none.
    """
    there = identified.semi_join(shared, "identifier_id")
    involved = there.select("record_id").union(shared.select("record_id")).distinct()
    sightings = _sightings(facts, involved)
    placed = (
        there.select("record_id", "identifier_id", "label")
        .union(shared.select("record_id", "identifier_id", label=ibis.null("int64")))
        .join(sightings, "record_id")
    )
    known_at = ibis.ifelse(placed.label.notnull(), placed.seen_at, ibis.null(INSTANT))
    sessions = placed.filter(placed.session_id.notnull())
    sessions = sessions.group_by("identifier_id", "session_id").aggregate(
        began_at=sessions.seen_at.min(),
        identified_at=ibis.ifelse(sessions.label.notnull(), sessions.seen_at, ibis.null(INSTANT)).min(),
    )
    recognised = placed.filter(known_at.notnull()).left_join(sessions, ["identifier_id", "session_id"])
    moments = stack(
        recognised.select(
            "identifier_id",
            "label",
            moment=ibis.ifelse(recognised.seen_at == recognised.identified_at, recognised.began_at, recognised.seen_at),
        ),
        # Records of people without timed facts: when they first carried the device.
        there.filter(there.first_seen_at.notnull()).select("identifier_id", "label", moment="first_seen_at"),
    )
    own = shared.select("record_id", "identifier_id").join(moments, "identifier_id")
    own = own if denied is None else own.anti_join(denied, ["record_id", "label"])
    at_once = own.group_by("record_id", "moment").aggregate(label=own.label.min(), people=own.label.nunique())
    at_once = at_once.filter(at_once.people == 1).drop("people")
    order = ibis.window(group_by="record_id", order_by="moment")
    changes = at_once.mutate(before=at_once.label.lag().over(order))
    changes = changes.filter(changes.before.isnull() | (changes.before != changes.label))
    return changes.select(
        "record_id",
        "label",
        valid_from=ibis.ifelse(changes.before.isnull(), ibis.null(INSTANT), changes.moment),
        valid_to=changes.moment.lead().over(order),
    )


def _sightings(facts: Mapping[str, ir.Table], records: ir.Table) -> ir.Table:
    """record_id, seen_at, session_id of all timed facts of some records."""
    parts = []
    for name, table in facts.items():
        when = _EVENT_TIMES[name]
        timed = table.semi_join(records, "record_id").select(
            "record_id",
            seen_at=when,
            session_id=table.session_id if "session_id" in table.columns else ibis.null("string"),
        )
        parts.append(timed.filter(timed.seen_at.notnull()))
    return stack(*parts)
