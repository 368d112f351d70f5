"""What must hold of intent, propensity, engagement, support health and the risk of cancelling.

Belongs here: figures that can be true, and whether models earned their place. Does not belong here: the checks of
purchases, value, churn and the wide row (`checks.py`).
"""

from __future__ import annotations

import ibis.expr.types as ir

from cdp_assets.attributes.checks import NO_FALLBACK, share
from cdp_assets.quality.checks import Check, expect, no_rows


def _known_people_missing(table: ir.Table, tables: dict[str, ir.Table]) -> ir.Table:
    golden = tables["golden_records"]
    return golden.filter(~golden.anonymous).anti_join(table, "profile_id").select("profile_id")


def _more_than_was_sent(table: ir.Table, _: dict[str, ir.Table]) -> ir.Table:
    return table.filter((table.opened_365d > table.sent_365d) | (table.clicked_365d > table.opened_365d))


def _preferred_twice(table: ir.Table, _: dict[str, ir.Table]) -> ir.Table:
    preferred = table.filter(table.preferred)
    counted = preferred.group_by("profile_id").aggregate(channels=preferred.count())
    return counted.filter(counted.channels > 1).select("profile_id")


INTENT = [
    Check(
        "points_fit",
        "Points are not negative, and no more than five times a day of everything would give.",
        (expect("expect_column_values_to_be_between", column="intent_score", min_value=0, max_value=500),),
        blocking=False,
    )
]

PURCHASE_PROPENSITY = [
    Check(
        "every_known_person_has_one",
        "Every known person has a propensity, and it is between 0 and 1.",
        (
            no_rows(_known_people_missing, "Nobody that is known is missing."),
            share("purchase_propensity_30d"),
        ),
    ),
    Check(
        "model_beats_its_best_baseline",
        "The model ranked customers better than every named baseline in the back-test; otherwise the best baseline, "
        "or the prior, is what is published.",
        (NO_FALLBACK,),
        blocking=False,
    ),
]

ENGAGEMENT = [
    Check(
        "rates_are_rates",
        "Rates are between 0 and 1, nothing was opened that was not sent, and hours are hours.",
        (
            *(share(name) for name in ("open_rate", "click_rate", "fatigue")),
            expect("expect_column_values_to_be_between", column="best_hour", min_value=0, max_value=23),
            no_rows(_more_than_was_sent, "Clicked ≤ opened ≤ sent."),
            no_rows(_preferred_twice, "Nobody prefers two channels."),
        ),
    )
]

SUPPORT_HEALTH = [
    Check(
        "points_fit",
        "Points are between 0 and 100.",
        (
            expect("expect_column_values_to_be_between", column="support_health", min_value=0, max_value=100),
            share("satisfaction"),
        ),
    )
]

SUBSCRIPTION_RISK = [
    Check("risk_is_a_probability", "Every risk is between 0 and 1.", (share("cancellation_risk_30d"),)),
    Check(
        "model_beats_its_baseline",
        "The model ranked subscriptions no worse than months running alone in the back-test; otherwise the baseline, "
        "or the prior, is what is published.",
        (NO_FALLBACK,),
        blocking=False,
    ),
]
