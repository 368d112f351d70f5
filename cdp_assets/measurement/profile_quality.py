"""How much is known about the people behind the profiles.

Belongs here: shares and means over golden records. Does not belong here: whether the right records were put together
(that is judged against the truth, where there is one).
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from cdp_assets.profiles.schemas import ATTRIBUTES

EVERYTHING = "all"


def profile_quality(golden_records: ir.Table) -> ir.Table:
    """Measure golden records, over all of them and by month of first contact.

    Args:
        golden_records: The table of the profiles stage.

    Returns:
        The columns of `schemas.PROFILE_QUALITY`. Months show the number of profiles and the share of anonymous ones.
    """
    profiles = golden_records.mutate(period=ibis.literal(EVERYTHING))
    known = profiles.filter(~profiles.anonymous)
    seen = golden_records.filter(golden_records.first_seen_at.notnull())
    by_month = seen.mutate(period=_month(seen.first_seen_at))
    return ibis.union(
        _long(_presence(profiles), "profiles"),
        _long(_presence(by_month), "profiles"),
        _long(_knowledge(known), "known"),
        distinct=False,
    )


def _month(at: ir.TimestampValue) -> ir.StringValue:
    return at.year().cast("string") + "-" + at.month().cast("string").lpad(2, "0")


def _presence(profiles: ir.Table) -> ir.Table:
    return profiles.group_by("period").aggregate(
        profiles=profiles.count().cast("float64"), anonymous_share=_share(profiles.anonymous)
    )


def _knowledge(known: ir.Table) -> ir.Table:
    sources = known.sources.length() - known.sources.replace(",", "").length() + 1
    return known.group_by("period").aggregate(
        known=known.count().cast("float64"),
        email_share=_share(known.email.notnull()),
        phone_share=_share(known.phone.notnull()),
        reachable_share=_share(known.email.notnull() | known.phone.notnull()),
        address_share=_share(known.address_line_1.notnull() | known.city.notnull()),
        several_sources_share=_share(sources > 1),
        sources_per_profile=sources.sum().cast("float64") / known.count(),
        records_per_profile=known.records.sum().cast("float64") / known.count(),
        **{f"filled_{name}": _share(known[name].notnull()) for name in ATTRIBUTES},
    )


def _share(condition: ir.BooleanValue) -> ir.FloatingValue:
    return condition.cast("int64").sum().cast("float64") / condition.count()


def _long(wide: ir.Table, base: str) -> ir.Table:
    """One row per metric; ``base`` is the column that counts what the others were taken over."""
    metrics = [name for name in wide.columns if name != "period"]
    counted = wide.mutate(taken_over=wide[base].cast("int64"))
    rows = counted.pivot_longer(metrics, names_to="metric", values_to="value")
    return rows.select("period", "metric", "value", profiles="taken_over")
