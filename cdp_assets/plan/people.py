"""Which profiles would be merged, split or moved, counted and shown.

Belongs here: the figures of the identity graph in a plan, and its examples. Does not belong here: what happened to a
profile (the rehearsal's own `profile_changes` says it), and why two records are together (`identity/explain.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import ibis
import ibis.expr.types as ir

from cdp_assets.canonical.schema import Pii
from cdp_assets.identity.change_guard import counted, known_profiles, merged_or_split
from cdp_assets.identity.explain import RecordNotFound, explain
from cdp_assets.identity.spec import IdentityRules
from cdp_assets.plan.findings import Example, People
from cdp_assets.warehouse.preview import mask

Tables = Callable[[str, str], ir.Table]
"""Gives a table by stage and name."""

_EXAMPLES = 3
"""Examples of each kind of change."""

_SENTENCES = 2
"""Reasons of each example."""


def new_changes(before: ir.Table, after: ir.Table) -> ir.Table:
    """The rows that a run has added to `profile_changes`."""
    return after.anti_join(before.select("change_id"), "change_id")


def touched_profiles(changes: ir.Table) -> ir.Table:
    """profile_id of every profile that a change names, on either side."""
    ours = changes.select("profile_id")
    others = changes.filter(changes.other_profile_id.notnull()).select(profile_id="other_profile_id")
    return ours.union(others).distinct()


def figures(changes: ir.Table) -> ir.Table:
    """One row with the figures of `People` that follow from the changes (`new_changes`)."""

    def profiles(change: str, column: str) -> ir.IntegerScalar:
        return changes[column].nunique(where=changes.change == change)

    return changes.aggregate(
        merged=profiles("merged", "other_profile_id"),
        split=profiles("split", "other_profile_id"),
        split_off=profiles("split", "profile_id"),
        moved=profiles("moved", "other_profile_id"),
        moved_records=changes.records.sum(where=changes.change == "moved").coalesce(0),
        created=profiles("created", "profile_id"),
        removed=profiles("removed", "profile_id"),
    )


def people(before: Tables, after: Tables, rules: IdentityRules, key: str) -> People:
    """What would happen to profiles.

    Args:
        before, after: Tables as published, and as rehearsed.
        rules: The rules to come: what their guard would say.
        key: Secret of the keyed hashes of identifiers.
    """
    log = "identity", "profile_changes"
    old_map, new_map = before("identity", "profile_map"), after("identity", "profile_map")
    changes = new_changes(before(*log), after(*log))
    known = known_profiles(old_map, after("normalised", "identifiers"), rules)
    guarded = _row(counted(merged_or_split(after(*log), before(*log)), known))
    people_known = int(known.count().execute())
    return People(
        before=int(old_map.profile_id.nunique().execute()),
        after=int(new_map.profile_id.nunique().execute()),
        **_row(figures(changes)),
        known=people_known,
        known_touched=guarded["touched"],
        allowed=rules.change_guard.allowed(people_known),
        examples=tuple(_examples(changes, before, after, key)),
    )


def shown_first(changes: ir.Table, change: str, golden_records: ir.Table, examples: int = _EXAMPLES) -> ir.Table:
    """The changes of a kind that weigh most: between known people, and of most records.

    Args:
        changes: `new_changes`.
        change: ``merged``, ``split`` or ``moved``.
        golden_records: Of the profiles that there were before.
        examples: How many.
    """
    known = golden_records.filter(~golden_records.anonymous).select("profile_id")
    ours = changes.filter(changes.change == change).select("profile_id", "other_profile_id", "records")
    left = ours.left_join(known.select(known_id="profile_id"), [("profile_id", "known_id")])
    both = left.left_join(known.select(other_known_id="profile_id"), [("other_profile_id", "other_known_id")])
    weighed = both.mutate(strangers=both.known_id.isnull().cast("int64") + both.other_known_id.isnull().cast("int64"))
    return weighed.order_by("strangers", ibis.desc("records"), "profile_id", "other_profile_id").limit(examples)


def _examples(changes: ir.Table, before: Tables, after: Tables, key: str) -> Iterator[Example]:
    for change in ("merged", "split", "moved"):
        for row in _rows(shown_first(changes, change, before("profiles", "golden_records"))):
            records = _records(change, row, before, after)
            yield Example(
                change,
                _called(row["profile_id"], after if change == "split" else before),
                _called(row["other_profile_id"], before),
                row["records"],
                _evidence(change, records, before, after, key),
                tuple(str(record) for record in records or ()),
            )


def _records(change: str, row: dict[str, Any], before: Tables, after: Tables) -> tuple[int, int] | None:
    """A record that changes hands, and one of the side that stands still: the least ids, records of people first."""
    old, new = (tables("identity", "profile_map") for tables in (before, after))
    ours, others = row["profile_id"], row["other_profile_id"]
    handed = _members(old, others).semi_join(_members(new, ours), "record_id")
    stays = others if change == "split" else ours
    still = _members(new, stays).semi_join(_members(old, stays), "record_id")
    left = _first(handed, after)
    right = _first(still.anti_join(handed, "record_id"), after)
    return None if left is None or right is None else (left, right)


def _members(profile_map: ir.Table, profile: int) -> ir.Table:
    return profile_map.filter(profile_map.profile_id == profile).select("record_id").distinct()


def _first(records: ir.Table, tables: Tables) -> int | None:
    named = tables("normalised", "identity_records").semi_join(records, "record_id")
    rows = _rows(named.order_by((named.kind != "person").cast("int64"), "record_id").select("record_id").limit(1))
    return rows[0]["record_id"] if rows else None


def _evidence(change: str, records: tuple[int, int] | None, before: Tables, after: Tables, key: str) -> tuple[str, ...]:
    """Why the records are together or apart in the rehearsal, and for those apart what held them until now."""
    if records is None:
        return ()
    left, right = (str(record) for record in records)
    try:
        told = explain(after, left, right, key).words[1 : 1 + _SENTENCES]
        if change != "split":
            return told
        held = explain(before, left, right, key).words[1 : 1 + _SENTENCES]
    except RecordNotFound:
        return ()
    return (*told, *(f"Until now: {words}" for words in held))


def _called(profile: int, tables: Tables) -> str:
    """A profile by its masked name and e-mail, how many records it has, and from where."""
    golden = tables("profiles", "golden_records")
    rows = _rows(golden.filter(golden.profile_id == profile))
    if not rows:
        return f"profile {mask(profile, Pii.PSEUDONYM)}"
    row = rows[0]
    named = [mask(row[name]) for name in ("full_name", "email") if row[name]]
    called = " · ".join(named) or ("anonymous" if row["anonymous"] else "unnamed")
    count = f"{row['records']:,} record{'' if row['records'] == 1 else 's'}"
    return f"{called} ({count}: {row['sources'].replace(',', ', ')})"


def _row(table: ir.Table) -> dict[str, int]:
    return {name: int(value) for name, value in _rows(table)[0].items()}


def _rows(table: ir.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.to_pyarrow().to_pylist()
    return rows
