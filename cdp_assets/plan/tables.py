"""What would be other than it is in golden records, segments, values and streams.

Belongs here: differences of two states as expressions. Does not belong here: profiles (`people.py`), fetching and
putting together (`compare.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

EXPECTED = "expected_value_365d"
"""The column of `customer_360` that stands for lifetime value."""


def value_changes(before: ir.Table, after: ir.Table, attributes: Sequence[str]) -> ir.Table:
    """One row: for each attribute how many profiles gain it, lose it, or have another value.

    Args:
        before, after: `golden_records`; only profiles in both count.
        attributes: Columns to compare.

    Returns:
        ``gained_<attribute>``, ``lost_<attribute>``, ``replaced_<attribute>``.
    """
    old = before.rename(lambda name: f"old_{name}")
    both = after.inner_join(old, [("profile_id", "old_profile_id")])
    counts = {}
    for name in attributes:
        old, new = both[f"old_{name}"], both[name]
        counts[f"gained_{name}"] = (old.isnull() & new.notnull()).sum().coalesce(0)
        counts[f"lost_{name}"] = (old.notnull() & new.isnull()).sum().coalesce(0)
        counts[f"replaced_{name}"] = (old != new).sum().coalesce(0)
    return both.aggregate(**counts)


def value_flows(before: ir.Table, after: ir.Table) -> ir.Table:
    """attribute, source_before, source_after, profiles: whence the values come that replace others.

    Args:
        before, after: `provenance`; only profiles in both count.
    """
    old = before.select("profile_id", "attribute", old_value="value", source_before="source")
    both = after.inner_join(old, ["profile_id", "attribute"])
    other = both.filter(both.value != both.old_value)
    return other.group_by("attribute", "source_before", source_after="source").aggregate(profiles=other.count())


def membership_changes(before: ir.Table, after: ir.Table) -> ir.Table:
    """segment, change, cause, profiles: what a run has added to `membership_changes`."""
    key = ["segment", "profile_id", "sequence"]
    new = after.anti_join(before.select(*key), key)
    return new.group_by("segment", "change", "cause").aggregate(profiles=new.count())


def members(memberships: ir.Table) -> ir.Table:
    """segment, members."""
    return memberships.group_by("segment").aggregate(members=memberships.count())


def values(customer_360: ir.Table, touched: ir.Table) -> ir.Table:
    """One row: expected value of all and of the ``touched`` profiles, spend, and customers with an expectation."""
    marked = customer_360.left_join(touched.mutate(is_touched=True), "profile_id")
    nothing = ibis.literal(0, "decimal(18, 2)")
    return marked.aggregate(
        expected=marked[EXPECTED].sum().coalesce(nothing),
        touched=marked[EXPECTED].sum(where=marked.is_touched.fill_null(False)).coalesce(nothing),
        spend=marked.net_spend.sum().coalesce(nothing),
        customers=marked[EXPECTED].count(),
    )


def other_values(before: ir.Table, after: ir.Table) -> ir.Table:
    """profile_id of the profiles whose expected value is not what it was, those that come or go included."""
    old = before.filter(before[EXPECTED].notnull()).select(old_id="profile_id", old_value=EXPECTED)
    new = after.filter(after[EXPECTED].notnull()).select("profile_id", new_value=EXPECTED)
    both = new.outer_join(old, new.profile_id == old.old_id)
    differing = both.filter(~both.new_value.identical_to(both.old_value))
    return differing.select(profile_id=ibis.coalesce(differing.profile_id, differing.old_id))


def rows_by_disposition(dispositions: ir.Table) -> ir.Table:
    """source, stream, disposition, rows."""
    return dispositions.group_by("source", "stream", "disposition").aggregate(rows=dispositions.rows.sum())
