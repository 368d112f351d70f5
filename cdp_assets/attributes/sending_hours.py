"""The hour of the day at which each person is most likely to react, in their own time zone.

Belongs here: local hours of what people did, and the best one of each. Does not belong here: when sending is forbidden
(`activation/quiet_hours.py`).

Opens alone would say when messages were sent rather than when people read: what they did on web and app counts as well,
each hour of a day once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir
import numpy as np

from cdp_assets.attributes.messages import READ
from cdp_assets.attributes.metrics import Floats

if TYPE_CHECKING:
    import pandas as pd

    from cdp_assets.warehouse.engine import Engine

HOURS = 24
EVERYBODY_COUNTS = 12.0
"""Hours in which something was done that everybody's rhythm counts for against a person's own."""

UTC_ZONE = "UTC"


def usual_zone(people: ir.Table, engine: Engine) -> str:
    """The commonest time zone of all that exist.

    Args:
        people: `profile_id` and `timezone`.
        engine: Computes.
    """
    counted = engine.to_pandas(
        people.filter(people.timezone.notnull())
        .group_by("timezone")
        .aggregate(people=lambda table: table.count())
        .order_by(ibis.desc("people"), "timezone")
    )
    return next((zone for zone in counted["timezone"] if _exists(zone)), UTC_ZONE)


def zones_of_people(people: ir.Table, usual: str, engine: Engine) -> ir.Table:
    """Each profile's time zone.

    Args:
        people: `profile_id` and `timezone`.
        usual: The zone of those of whom none that exists is known.
        engine: Computes.

    Returns:
        `profile_id`, `time_zone`.
    """
    told = engine.to_pandas(people.filter(people.timezone.notnull()).select("timezone").distinct())["timezone"]
    known = sorted(zone for zone in told if _exists(zone))
    return people.select(
        "profile_id",
        time_zone=ibis.ifelse(people.timezone.isin(known), people.timezone, usual) if known else ibis.literal(usual),
    )


def _exists(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        return False
    return True


def hours_of_people(
    events: ir.Table, engagements: ir.Table, zones: ir.Table, after: date, until: date, engine: Engine
) -> ir.Table:
    """In how many local hours of the day each profile did something, by hour.

    Args:
        events: `profile_id`, `occurred_at`.
        engagements: `profile_id`, `action`, `occurred_at`; opens and clicks count.
        zones: The table of `zones_of_people`.
        after: The day before the first that counts, in UTC.
        until: The last.
        engine: Computes.

    Returns:
        `profile_id`, ``hour_0`` to ``hour_23``.
    """
    read = engagements.filter(engagements.action.isin(READ))
    did = ibis.union(*(_quarters(facts, after, until) for facts in (events, read)), distinct=True)
    names = engine.to_pandas(zones.select("time_zone").distinct().order_by("time_zone"))["time_zone"].tolist()
    shifts = engine.from_arrow(
        _shifts(names, after, until),
        ibis.schema({"time_zone": "string", "day": "date", "shift": "int64"}),
    )
    local = did.inner_join(zones, "profile_id").inner_join(shifts, ["time_zone", "day"])
    local = local.mutate(local_hour=(local.quarter * 15 + local.shift) // 60)
    hours = local.select("profile_id", "local_hour").distinct()
    hours = hours.mutate(hour=hours.local_hour % HOURS)
    return hours.group_by("profile_id").aggregate(
        **{f"hour_{hour}": (hours.hour == hour).cast("int64").sum() for hour in range(HOURS)}
    )


def _quarters(facts: ir.Table, after: date, until: date) -> ir.Table:
    """Quarters of an hour since 1970 in which something happened: zones differ by no less."""
    day = facts.occurred_at.date()
    rows = facts.filter(day > ibis.literal(after), day <= ibis.literal(until))
    return rows.select(
        "profile_id", day=rows.occurred_at.date(), quarter=rows.occurred_at.epoch_seconds().cast("int64") // 900
    ).distinct()


def _shifts(zones: Sequence[str], after: date, until: date) -> pd.DataFrame:
    """Minutes by which each zone's clocks were ahead of UTC at noon of each day."""
    import pandas as pd

    days = [after + timedelta(days=number + 1) for number in range((until - after).days)]
    rows = []
    for zone in zones:
        clock = ZoneInfo(zone)
        for day in days:
            ahead = datetime(day.year, day.month, day.day, 12, tzinfo=UTC).astimezone(clock).utcoffset()
            rows.append((zone, day, int(ahead.total_seconds() // 60) if ahead else 0))
    return pd.DataFrame(rows, columns=["time_zone", "day", "shift"])


def best_hours(counts: Floats, everybody: Floats) -> Floats:
    """The best hour of each person.

    Args:
        counts: One row a person, one column an hour.
        everybody: The same, over all.

    Returns:
        The hour around which (an hour before and after count half) most was done.
    """
    total = everybody.sum()
    usual = everybody / total if total else np.full(HOURS, 1 / HOURS)
    drawn = counts + EVERYBODY_COUNTS * usual
    around = drawn + (np.roll(drawn, 1, axis=1) + np.roll(drawn, -1, axis=1)) / 2
    return np.asarray(around.argmax(axis=1))
