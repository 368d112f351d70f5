"""The one wide row per profile that segments, activation and people read.

Belongs here: joining what the other tables computed. Does not belong here: the columns (`schemas.py`), and computing
anything that another table of this stage could hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import ibis.expr.types as ir

from cdp_assets.attributes.known_facts import last_day
from cdp_assets.attributes.purchases import totals
from cdp_assets.attributes.schemas import (
    CUSTOMER_360,
    FROM_BEHAVIOUR,
    FROM_CHURN_RISK,
    FROM_EMAIL,
    FROM_INTENT,
    FROM_LIFETIME_VALUE,
    FROM_PREFERRED,
    FROM_PROPENSITY,
    FROM_RFM,
    FROM_SUBSCRIPTION_RISK,
    FROM_SUPPORT_HEALTH,
    TOTALS,
)


def customer_360(
    golden_records: ir.Table,
    purchases: ir.Table,
    rfm: ir.Table,
    lifetime_value: ir.Table,
    churn_risk: ir.Table,
    purchase_propensity: ir.Table,
    subscription_risk: ir.Table,
    intent: ir.Table,
    engagement: ir.Table,
    support_health: ir.Table,
    behaviour: ir.Table,
    as_of: datetime,
    traits: ir.Table | None = None,
    counts: Sequence[str] = (),
) -> ir.Table:
    """Join everything to the golden records; counts and sums are zero, not null, for those who did nothing.

    Args:
        golden_records: The table of the profiles stage.
        purchases: The table of `purchases.purchase_days`.
        rfm: See `schemas.RFM`.
        lifetime_value: See `schemas.LIFETIME_VALUE`.
        churn_risk: See `schemas.CHURN_RISK`.
        purchase_propensity, subscription_risk, intent, engagement, support_health: See `signal_schemas.py`.
        behaviour: See `schemas.BEHAVIOUR`.
        as_of: The run's instant.
        traits: The table of `traits.traits`, where there are any; its columns come last.
        counts: Those of its columns that are zero for profiles without a row.
    """
    spent = totals(purchases, last_day(as_of))
    joined = golden_records
    for part in (
        spent,
        _renamed(rfm, FROM_RFM),
        _renamed(lifetime_value, FROM_LIFETIME_VALUE),
        _renamed(churn_risk, FROM_CHURN_RISK),
        _renamed(purchase_propensity, FROM_PROPENSITY),
        _renamed(subscription_risk, FROM_SUBSCRIPTION_RISK),
        _renamed(intent, FROM_INTENT),
        _renamed(engagement.filter(engagement.channel == "email"), FROM_EMAIL),
        _renamed(engagement.filter(engagement.preferred), FROM_PREFERRED),
        _renamed(support_health, FROM_SUPPORT_HEALTH),
        behaviour,
        *([] if traits is None else [traits]),
    ):
        keyed = part.rename(_profile="profile_id")
        joined = joined.left_join(keyed, joined.profile_id == keyed._profile).drop("_profile")
    zero = [column.name for column in (*TOTALS, *FROM_BEHAVIOUR) if column.required]
    asked = [] if traits is None else [name for name in traits.columns if name != "profile_id"]
    filled = joined.mutate(**{name: joined[name].fill_null(0) for name in (*zero, *counts)})
    return filled.select(*CUSTOMER_360.column_names, *asked)


def _renamed(table: ir.Table, names: Mapping[str, str]) -> ir.Table:
    return table.select("profile_id", **{new: table[old] for old, new in names.items()})
