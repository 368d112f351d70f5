"""Records and the groups they are in, people and devices together: what gets a profile id.

Belongs here: the table `components`, and which groups need to be asked for their id. Does not belong here: how records
come together (`partition.py`, `devices.py`), and ids (`ids.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
from ibis import _

from cdp_assets.identity.changes import homes_of
from cdp_assets.identity.devices import DeviceMap
from cdp_assets.identity.ids import ASSIGNED, Saved
from cdp_assets.identity.partition import Partition
from cdp_assets.identity.state import State
from cdp_assets.warehouse.engine import has_rows
from cdp_assets.warehouse.stacking import restricted, stack

if TYPE_CHECKING:
    from cdp_assets.identity.ids import ProfileIdStore
    from cdp_assets.identity.stewardship import Stewardship
    from cdp_assets.warehouse.engine import Engine


def members_of(
    records: ir.Table,
    people: Partition,
    together: ir.Table | None,
    devices: DeviceMap,
    engine: Engine,
) -> ir.Table:
    """Where records are now (`schemas.COMPONENTS`), to be computed; one without usable evidence stands alone.

    Args:
        records: Those concerned, as `evidence.described` tells of them.
        people: Partition of the records of people among them.
        together: component, together: what likeness looks at as a whole; None for nothing.
        devices: Whose the others are.
        engine: Computes.
    """
    placed = people.records.select("label", "settled", person="record_id", of_people="component")
    broken = people.broken.select(broken="component")
    owned = devices.records.filter(_.valid_from.isnull()).select(owned="record_id", owner="label")
    carried = devices.components.select("shared", device="record_id", of_devices="component")
    carried = engine.scratch(carried.left_join(owned, carried.device == owned.owned).drop("owned"))
    joined = records.left_join(placed, records.record_id == placed.person)
    if people.rebuilt:
        joined = joined.left_join(broken, joined.of_people == broken.broken)
    else:
        joined = joined.mutate(broken=ibis.null("int64"))
    joined = joined.left_join(carried, joined.record_id == carried.device)
    if together is not None:
        alike = together.select("together", alike="component")
        joined = joined.left_join(alike, joined.of_people == alike.alike)
    else:
        joined = joined.mutate(together=ibis.null("int64"))
    return joined.select(
        "record_id",
        "label",
        "settled",
        "guest",
        "said",
        "first_seen_at",
        component=ibis.coalesce(joined.of_people, joined.of_devices),
        together=ibis.coalesce(joined.together, joined.of_people, joined.of_devices),
        rebuilt=joined.broken.notnull(),
        shared=joined.shared.fill_null(False),
        home=ibis.coalesce(joined.label, joined.owner, joined.record_id),
    )


@dataclass(frozen=True)
class Groups:
    """Groups that are to be given their id.

    Args:
        homes: What `ids.assign_ids` wants.
        saved: What it may take as saved; None where the store has to be asked for everything.
        placed: Where all that may go somewhere else was (`schemas.PROFILE_MAP`): all records that get a row, and those
            that are gone.
    """

    homes: ir.Table
    saved: Saved | None
    placed: ir.Table


def all_groups(
    members: ir.Table,
    gone: ir.Table | None,
    state: State | None,
    said: Stewardship,
    placed: ir.Table,
) -> Groups:
    """Every group there is.

    Args:
        members: `members_of` the records concerned.
        gone: record_id of those that exist no more.
        state: What the last run left: where the other records are; None where there are no others.
        said: What stewards said.
        placed: Where all records were (`schemas.PROFILE_MAP`).
    """
    if state is None or gone is None:
        return Groups(_homes(members, said), None, placed)
    standing = state.components.anti_join(members, "record_id").anti_join(gone, "record_id")
    return Groups(stack(_homes(members, said), _homes(standing, said)), None, placed)


def changed_groups(
    members: ir.Table,
    devices: DeviceMap,
    before: ir.Table,
    gone: ir.Table,
    state: State,
    said: Stewardship,
    named: ir.Table | None,
    store: ProfileIdStore,
    engine: Engine,
) -> Groups:
    """The groups whose records are not the same as in the last run, with all their records.

    Args:
        members: `members_of` the records concerned.
        devices: Whose those among them are that are devices'.
        before: What the last run left of them and of those that are gone (`schemas.COMPONENTS`).
        gone: record_id of those that exist no more.
        state: What the last run left, ids included.
        said: What stewards said.
        named: record_id of all whom they name or named; None for none.
        store: What keeps ids: whether a guest has one that needs keeping, it alone knows.
        engine: Computes.
    """
    compared = members.left_join(before.select("record_id", was="home"), "record_id")
    moved = compared.filter(~compared.home.identical_to(compared.was))
    left = restricted(before, gone).select("home")
    homes = moved.select("home").union(moved.filter(moved.was.notnull()).select(home="was")).union(left)
    if named is not None:
        homes = homes.union(restricted(members, named).select("home"))
    homes = engine.scratch(homes.distinct())
    standing = engine.scratch(
        restricted(state.components, homes, "home").anti_join(stack(members.select("record_id"), gone), "record_id")
    )
    own = _homes(members.semi_join(homes, "home"), said)
    if has_rows(standing, engine):
        own = stack(own, _homes(standing, said))
    concerned = engine.scratch(own)
    lost = restricted(before, gone).filter(~_.guest).select("record_id")
    asked = concerned.filter(~concerned.is_guest).select("record_id").union(lost)
    grouped = stack(concerned.select("record_id"), gone)
    moving = engine.scratch(stack(grouped, devices.records.select("record_id")).distinct())
    placed = engine.scratch(restricted(state.profile_map, moving))
    assigned = engine.scratch(restricted(homes_of(placed), asked))
    if named is not None:
        there = restricted(named, grouped.distinct())
        kept = store.assigned(sorted(engine.to_arrow(there)["record_id"].to_pylist()))
        of_named = engine.from_arrow(kept, ASSIGNED).select("record_id", "profile_id")
        assigned = engine.scratch(assigned.anti_join(named, "record_id").union(of_named))
    return Groups(concerned, Saved(assigned, homes_of(state.profile_map), grouped), placed)


def _homes(members: ir.Table, said: Stewardship) -> ir.Table:
    homes = members.select(
        "record_id",
        "first_seen_at",
        label="home",
        is_guest="guest",
        is_person=members.label.notnull(),
    )
    if said.joins:  # a guest whom a steward joined to somebody is alone no longer
        by_word = said.joined().mutate(by_word=ibis.literal(True))
        homes = homes.left_join(by_word, "record_id").drop("record_id_right")
        homes = homes.mutate(is_guest=homes.is_guest & homes.by_word.isnull()).drop("by_word")
    return homes


def profile_rows(groups: ir.Table, profiles: ir.Table, devices: DeviceMap, state: State | None) -> ir.Table:
    """Rows of `schemas.PROFILE_MAP`: of all records in groups that got an id, and of all devices concerned.

    Args:
        groups: record_id, profile_id of all records in groups that got an id.
        profiles: label, profile_id of these groups.
        devices: Which groups the devices concerned belong to, and when.
        state: What the last run left: the ids of other groups; None where there are no others.
    """
    if state is not None:
        homes = homes_of(state.profile_map).rename(label="record_id")
        # A group is called like one of its records, which therefore has its id.
        asked = devices.records.select("label").distinct().anti_join(profiles, "label")
        profiles = profiles.union(homes.semi_join(asked, "label").select("label", "profile_id"))
    of_devices = devices.records.join(profiles, "label").select("record_id", "profile_id", "valid_from", "valid_to")
    of_others = groups.anti_join(devices.records, "record_id").select("record_id", "profile_id")
    return stack(of_devices, of_others.mutate(valid_from=_never(of_devices), valid_to=_never(of_devices)))


def _never(of_devices: ir.Table) -> ir.Value:
    return ibis.null(of_devices.valid_from.type())
