"""Purchases per profile and day, and the sufficient statistics that the models read.

Belongs here: what counts as a purchase, and frequency, recency, age and money as known on a given day. Does not belong
here: scores (`rfm.py`) and models (`purchase_models.py`, `churn.py`), which read these statistics.

A purchase is an order whose net amount in the reporting currency is not negative, or not known for want of an exchange
rate. An order of nothing (a free sample) is a purchase, since the customer came; a negative one is a correction: it
counts as money but not as a visit. Purchases of one UTC day are one visit, as in the published BG/NBD data. Refunds are
facts of their own day, so that statistics as of an earlier day do not know them yet.
"""

from __future__ import annotations

from datetime import date, datetime

import ibis
import ibis.expr.types as ir

from cdp_assets.attributes.known_facts import day_of, days_since, known_by
from cdp_assets.canonical.schema import MONEY

_AT = "timestamp('UTC', 6)"
"""Sources differ in their precision; a union wants one type."""


def purchase_days(orders: ir.Table, refunds: ir.Table, as_of: datetime) -> ir.Table:
    """Orders and refunds of each profile, added up by UTC day.

    Args:
        orders: `profile_id`, `ordered_at`, `net_reporting`.
        refunds: `profile_id`, `refunded_at`, `amount_reporting` (positive).
        as_of: The run's instant; nothing after it is seen.

    Returns:
        The columns of `schemas.PURCHASES`, one row per profile and day with an order or a refund.
    """
    orders, refunds = known_by(orders, "ordered_at", as_of), known_by(refunds, "refunded_at", as_of)
    placed = orders.select(
        "profile_id",
        day=day_of(orders.ordered_at, as_of),
        at=orders.ordered_at.cast(_AT),
        net=orders.net_reporting,
        is_purchase=ibis.ifelse(orders.net_reporting.fill_null(0) >= 0, 1, 0),
        refunded=ibis.null(MONEY),
    )
    returned = refunds.select(
        "profile_id",
        day=day_of(refunds.refunded_at, as_of),
        at=refunds.refunded_at.cast(_AT),
        net=ibis.null(MONEY),
        is_purchase=ibis.null("int8"),
        refunded=refunds.amount_reporting,
    )
    movements = placed.union(returned, distinct=False)
    is_order = movements.is_purchase.notnull()
    days = movements.group_by(["profile_id", "day"]).aggregate(
        orders=is_order.cast("int64").sum(),
        purchases=movements.is_purchase.fill_null(0).cast("int64").sum(),
        net=movements.net.sum().fill_null(0).cast(MONEY),
        unpriced_orders=(is_order & movements.net.isnull()).cast("int64").sum(),
        first_order_at=movements["at"].min(where=is_order),
        last_order_at=movements["at"].max(where=is_order),
        refunds=(~is_order).cast("int64").sum(),
        refunded=movements.refunded.sum().fill_null(0).cast(MONEY),
        last_refund_at=movements["at"].max(where=~is_order),
    )
    visits = days.filter(days.purchases > 0)
    previous = visits.day.lag().over(ibis.window(group_by="profile_id", order_by="day"))
    gaps = visits.select("profile_id", "day", days_since_previous=visits.day.delta(previous, unit="day"))
    return days.left_join(gaps, ["profile_id", "day"]).select(*days.columns, gaps.days_since_previous)


def of_known_people(purchases: ir.Table, golden_records: ir.Table) -> ir.Table:
    """Purchases of people who can be recognised when they come back.

    An anonymous profile (a guest's order, a receipt without a card) never buys again by construction: it would teach
    the models that most customers leave at once, and flatter their back-tests, which know it at a glance.

    Args:
        purchases: Columns of `schemas.PURCHASES`.
        golden_records: ``profile_id`` and ``anonymous``.
    """
    known = golden_records.filter(~golden_records.anonymous).select("profile_id")
    return purchases.semi_join(known, "profile_id")


def purchase_statistics(purchases: ir.Table, until: date | None) -> ir.Table:
    """The sufficient statistics of each customer's purchases up to and including a day.

    Customers are profiles with at least one purchase by then. Definitions are those of Fader, Hardie and Lee (2005,
    "Counting Your Customers the Easy Way"), counted in days.

    Args:
        purchases: The table of `purchase_days`, from each customer's first purchase on.
        until: Last day that may be seen; None if the purchases are beside theirs (`known_facts.at_each`), which then
            tells the customers of different days apart.

    Returns:
        One row per customer: `profile_id`, `frequency` (visits after the first), `recency_days` (first to last visit),
        `age_days` (first visit to ``until``), `repeat_value` and `mean_value` (average money per visit, in the
        reporting currency, over the repeat visits and over all of them; the share given back in refunds is taken off;
        null where no visit has a known amount).
    """
    keys = ["until", "profile_id"] if until is None else ["profile_id"]
    seen = purchases.filter(purchases.day <= (purchases.until if until is None else until))
    visit = seen.purchases > 0
    priced = visit & (seen.orders > seen.unpriced_orders)
    seen = seen.mutate(visit=visit, priced=priced, repeat=visit & seen.days_since_previous.notnull())
    totals = seen.group_by(keys).aggregate(
        visits=seen.visit.cast("int64").sum(),
        first_day=seen.day.min(where=seen.visit),
        last_visit=seen.day.max(where=seen.visit),
        spent=seen.net.sum(where=seen.priced).cast("float64"),
        priced_visits=seen.priced.cast("int64").sum(),
        repeat_spent=seen.net.sum(where=seen.priced & seen.repeat).cast("float64"),
        priced_repeats=(seen.priced & seen.repeat).cast("int64").sum(),
        refunded=seen.refunded.sum().cast("float64"),
    )
    totals = totals.filter(totals.visits > 0)
    kept = ibis.ifelse(totals.spent > 0, ibis.greatest(1 - totals.refunded / totals.spent.nullif(0), 0), 1)
    return totals.select(
        *keys,
        frequency=totals.visits - 1,
        recency_days=totals.last_visit.delta(totals.first_day, unit="day"),
        age_days=days_since(totals.first_day, totals.until if until is None else until),
        repeat_value=totals.repeat_spent / totals.priced_repeats.nullif(0) * kept,
        mean_value=totals.spent / totals.priced_visits.nullif(0) * kept,
    )


def distinct_histories(statistics: ir.Table, *, grain_days: int = 1) -> ir.Table:
    """How many customers share each (frequency, recency, age): all that BG/NBD needs to know of them.

    Args:
        statistics: The table of `purchase_statistics`, of one day or several.
        grain_days: 1 for days, 7 to round recency and age to whole weeks, which leaves far fewer distinct rows.

    Returns:
        `frequency`, `recency_days`, `age_days`, `customers`, sorted; `until` first, of several days.
    """
    rounded = statistics.mutate(
        recency_days=rounded_days(statistics.recency_days, grain_days),
        age_days=rounded_days(statistics.age_days, grain_days),
    )
    keys = [name for name in ("until", "frequency", "recency_days", "age_days") if name in rounded.columns]
    return rounded.group_by(keys).aggregate(customers=rounded.count()).order_by(keys)


def rounded_days(days: ir.Value, grain: int) -> ir.Value:
    """To the nearest multiple of the grain; what would become nothing becomes half a grain, since it was something."""
    if grain == 1:
        return days
    nearest = (days + grain // 2) // grain * grain
    return ibis.ifelse((nearest == 0) & (days > 0), grain // 2, nearest)


def gap_histogram(purchases: ir.Table, until: date) -> ir.Table:
    """How many repeat visits came after each number of days: `days`, `visits`, sorted by days."""
    seen = purchases.filter(purchases.day <= until, purchases.days_since_previous.notnull())
    return seen.group_by(days=seen.days_since_previous).aggregate(visits=seen.count()).order_by("days")


def observed_days(purchases: ir.Table, until: date) -> ir.Table:
    """One row: `first_day` on which anyone bought, and the number of `customers`, up to and including a day."""
    seen = purchases.filter(purchases.day <= until, purchases.purchases > 0)
    return seen.aggregate(first_day=seen.day.min(), customers=seen.profile_id.nunique())


def totals(purchases: ir.Table, until: date) -> ir.Table:
    """Everything each profile ordered and gave back, one row per profile with an order or a refund.

    Returns:
        `profile_id`, `orders`, `order_value`, `average_order_value` (of the orders whose value is known), `refunds`,
        `refunded`, `net_spend` (order value minus refunds), all in the reporting currency; `first_order_at`,
        `last_order_at`, `days_since_order`, `orders_90d`, `orders_365d`, `net_spend_365d`.
    """
    seen = purchases.filter(purchases.day <= until)
    rows = seen.mutate(age=ibis.literal(until).delta(seen.day, unit="day"), spend=seen.net - seen.refunded)
    summed = rows.group_by("profile_id").aggregate(
        orders=rows.orders.sum(),
        priced_orders=(rows.orders - rows.unpriced_orders).sum(),
        order_value=rows.net.sum().cast(MONEY),
        refunds=rows.refunds.sum(),
        refunded=rows.refunded.sum().cast(MONEY),
        net_spend=rows.spend.sum().cast(MONEY),
        first_order_at=rows.first_order_at.min(),
        last_order_at=rows.last_order_at.max(),
        last_order_day=rows.day.max(where=rows.orders > 0),
        orders_90d=rows.orders.sum(where=rows.age < 90).fill_null(0),
        orders_365d=rows.orders.sum(where=rows.age < 365).fill_null(0),
        net_spend_365d=rows.spend.sum(where=rows.age < 365).fill_null(0).cast(MONEY),
    )
    return summed.mutate(
        average_order_value=(summed.order_value / summed.priced_orders.nullif(0)).round(2).cast(MONEY),
        days_since_order=days_since(summed.last_order_day, until),
    ).drop("priced_orders", "last_order_day")
