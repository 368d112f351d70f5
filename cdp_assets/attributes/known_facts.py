"""What is known at the run's instant, in whole UTC days.

Belongs here: which facts a run may see, and on which day they count. Does not belong here: windows and cuts, which
count back from the last day.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta

import ibis
import ibis.expr.types as ir

from cdp_assets.normalised.faults import CLOCK_TOLERANCE


def last_day(as_of: datetime) -> date:
    """The last UTC day that has begun strictly before an instant: midnight still belongs to the day before."""
    return (as_of - timedelta(microseconds=1)).date()


def known_by(facts: ir.Table, time: str, as_of: datetime) -> ir.Table:
    """The facts of up to ``as_of``, with the tolerance for clocks that go before that they were accepted with.

    A run that is pinned to a past instant, to be repeated or judged, does not see what came later.
    """
    return facts.filter(facts[time] <= ibis.literal(as_of + CLOCK_TOLERANCE))


def day_of(time: ir.TimestampValue, as_of: datetime) -> ir.DateValue:
    """The UTC day on which a fact counts: its own, and no later than the last."""
    return ibis.least(time.date(), ibis.literal(last_day(as_of)))


def at_each(facts: ir.Table, days: Collection[date], one_in: int = 1) -> ir.Table:
    """Every fact beside each of several days, which is in the column `until`.

    Args:
        facts: With `profile_id`.
        days: The days.
        one_in: Take one profile in so many: on each day others, on the same day always the same.
    """
    rows = {"until": sorted(days), "place": [day.toordinal() % one_in for day in sorted(days)]}
    beside = ibis.memtable(rows, schema={"until": "date", "place": "int64"})
    if one_in == 1:
        return facts.cross_join(beside.drop("place"))
    return facts.inner_join(beside, (facts.profile_id % one_in) == beside.place).drop("place")


def days_since(day: ir.Value, until: date | ir.DateValue) -> ir.IntegerValue:
    """Whole days from a date column to a day, never negative; null where the date is."""
    last = until if isinstance(until, ir.DateValue) else ibis.literal(until)
    days = last.delta(day, unit="day")
    return ibis.ifelse(days < 0, 0, days)
