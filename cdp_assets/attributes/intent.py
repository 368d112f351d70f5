"""How much somebody looks like buying right now: recent high-intent behaviour, decayed.

Belongs here: what behaviour is worth as a sign of a coming purchase, and how fast that fades. Does not belong here: the
probability of a purchase (`propensity.py`), which learns from this and from everything else what it is worth.

A stated rule, not a model, so that it can be read and used within minutes of the behaviour. The weights follow the
funnel: each step is done by so many fewer people than the one before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import ibis
import ibis.expr.types as ir

WEIGHTS: Mapping[str, float] = {"checkout_started": 6.0, "product_added": 3.0, "product_viewed": 1.0, "searched": 1.0}
"""Activity → points, strongest first."""

HALF_LIFE_DAYS = 5
"""Days after which behaviour is worth half."""

WINDOW_DAYS = 30
MOST_A_DAY = 5
"""Times a day that one kind of activity counts at most: a page that reloads itself is no intent."""

HIGH, MEDIUM = 6.0, 2.0
"""Points from which the bands begin: a checkout just started; two products just looked at."""

_WORDS = {
    "checkout_started": "started a checkout",
    "product_added": "put a product in the cart",
    "product_viewed": "looked at a product",
    "searched": "searched",
}


def points(rows: ir.Table) -> ir.FloatingValue:
    """Points of intent as an aggregate over rows of `activity`, `times` and `age` (days, from 0 on).

    To a tenth, so that the order in which an engine adds makes no difference.
    """
    worth = ibis.cases(*((rows.activity == name, weight) for name, weight in WEIGHTS.items()), else_=0.0)
    faded = ibis.literal(0.5) ** (rows.age.cast("float64") / HALF_LIFE_DAYS)
    worth = worth * ibis.least(rows.times, MOST_A_DAY) * faded
    return worth.sum(where=rows.age < WINDOW_DAYS).fill_null(0.0).round(1)


def intent(activity: ir.Table, purchases: ir.Table, until: date) -> ir.Table:
    """Score everybody who showed intent since they last bought.

    Args:
        activity: The table of `activity.daily_activity`.
        purchases: The table of `purchases.purchase_days`. What was done up to the day of the last purchase led to it,
            and no longer counts.
        until: Last day that may be seen.

    Returns:
        The columns of `schemas.INTENT`.
    """
    bought = purchases.filter(purchases.purchases > 0, purchases.day <= until)
    last = bought.group_by("profile_id").aggregate(last_bought=bought.day.max())
    did = activity.filter(activity.day <= until, activity.activity.isin(list(WEIGHTS)))
    joined = did.left_join(last, "profile_id").drop("profile_id_right")
    since = joined.filter(joined.last_bought.isnull() | (joined.day > joined.last_bought))
    rows = since.mutate(age=ibis.literal(until).delta(since.day, unit="day"))
    rows = rows.filter(rows.age < WINDOW_DAYS)
    scored = rows.group_by("profile_id").aggregate(
        intent_score=points(rows),
        last_intent_at=rows.last_at.max(),
        **{f"{name}_age": rows.age.min(where=rows.activity == name) for name in WEIGHTS},
    )
    return scored.select(
        "profile_id",
        "intent_score",
        intent_band=ibis.cases(
            (scored.intent_score >= HIGH, "high"), (scored.intent_score >= MEDIUM, "medium"), else_="low"
        ),
        intent_reason=ibis.cases(
            *((scored[f"{name}_age"].notnull(), _told(_WORDS[name], scored[f"{name}_age"])) for name in WEIGHTS),
            else_=ibis.null("string"),
        ),
        last_intent_at="last_intent_at",
    )


def _told(words: str, age: ir.Value) -> ir.StringValue:
    when = ibis.cases((age == 0, " today"), (age == 1, " yesterday"), else_=" " + age.cast("string") + " days ago")
    return ibis.literal(words) + when
