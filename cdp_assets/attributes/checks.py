"""What must hold of attributes before segments and channels act on them.

Belongs here: money and counts that reconcile between tables, figures that can be true, and whether models earned their
place. Does not belong here: what follows from a schema (keys, required columns), which every table has anyway.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from cdp_assets.attributes import newcomers
from cdp_assets.attributes.purchases import of_known_people
from cdp_assets.attributes.trait_spec import TraitSpec
from cdp_assets.quality.checks import Check, Expectation, expect, no_rows


def _sum(table: ir.Table, column: str) -> ir.Table:
    return table.aggregate(total=table[column].sum().fill_null(0).cast("decimal(38, 2)"))


def _differing(*pairs: tuple[ir.Table, ir.Table]) -> ir.Table:
    """One row per pair of one-row tables with a `total` each that are not equal."""
    compared = [left.cross_join(right.rename(expected="total")) for left, right in pairs]
    differing = [both.filter(both.total != both.expected) for both in compared]
    return ibis.union(*differing, distinct=False) if len(differing) > 1 else differing[0]


def _up_to(facts: ir.Table, time: str, table: ir.Table, last: str) -> ir.Table:
    """The facts of up to the last that the table counts; all of them if it counts none.

    A run pinned to a past instant leaves out what came later, and a check cannot know the instant.
    """
    latest = table.aggregate(latest=table[last].max())
    joined = facts.cross_join(latest)
    return joined.filter(joined.latest.isnull() | (joined[time] <= joined.latest)).drop("latest")


def _money_not_in_orders(table: ir.Table, tables: dict[str, ir.Table]) -> ir.Table:
    orders = _up_to(tables["orders"], "ordered_at", table, "last_order_at")
    refunds = _up_to(tables["refunds"], "refunded_at", table, "last_refund_at")
    return _differing(
        (_sum(table, "net"), _sum(orders, "net_reporting")),
        (_sum(table, "refunded"), _sum(refunds, "amount_reporting")),
        (_sum(table, "orders"), _count(orders)),
        (_sum(table, "refunds"), _count(refunds)),
    )


def _facts_of_nobody(*names: str) -> Expectation:
    def rows(_: ir.Table, tables: dict[str, ir.Table]) -> ir.Table:
        records = ibis.union(*(tables[name].select("record_id") for name in names), distinct=False)
        return records.anti_join(tables["profile_map"], "record_id")

    return no_rows(rows, "Every fact is of a record that belongs to a profile.")


def _count(table: ir.Table) -> ir.Table:
    return table.aggregate(total=table.count().cast("decimal(38, 2)"))


_ACTIVITY_TIMES = {
    "events": "occurred_at",
    "engagements": "occurred_at",
    "tickets": "opened_at",
    "interactions": "occurred_at",
    "survey_responses": "responded_at",
}


def _facts_not_counted(table: ir.Table, tables: dict[str, ir.Table]) -> ir.Table:
    counts = [_count(_up_to(tables[name], time, table, "last_at")) for name, time in _ACTIVITY_TIMES.items()]
    return _differing((_sum(table, "times"), _sum(ibis.union(*counts, distinct=False), "total")))


def _customers(tables: dict[str, ir.Table]) -> ir.Table:
    purchases = of_known_people(tables["purchases"], tables["golden_records"])
    return purchases.filter(purchases.purchases > 0).select("profile_id").distinct()


def _customers_without_a_row(table: ir.Table, tables: dict[str, ir.Table]) -> ir.Table:
    return _customers(tables).anti_join(table, "profile_id")


def _rows_without_a_customer(table: ir.Table, tables: dict[str, ir.Table]) -> ir.Table:
    return table.anti_join(_customers(tables), "profile_id")


def _unequal_scores_of_equals(table: ir.Table, _: dict[str, ir.Table]) -> ir.Table:
    found = []
    for value, score in (("recency_days", "r_score"), ("frequency", "f_score"), ("monetary", "m_score")):
        scores = table.group_by(value).aggregate(scores=table[score].nunique())
        found.append(scores.filter(scores.scores > 1).select("scores"))
    return ibis.union(*found, distinct=False)


def _impossible_values(table: ir.Table, _: dict[str, ir.Table]) -> ir.Table:
    return table.filter(
        (table.recency_days > table.age_days)
        | (table.expected_purchases_365d < table.expected_purchases_90d)
        | table.expected_purchases_365d.isnan()
        | (table.expected_value_90d < 0)
    )


def _money_not_in_purchases(table: ir.Table, tables: dict[str, ir.Table]) -> ir.Table:
    purchases = tables["purchases"]
    spend = purchases.mutate(spend=purchases.net - purchases.refunded)
    return _differing(
        (_sum(table, "net_spend"), _sum(spend, "spend")),
        (_sum(table, "order_value"), _sum(purchases, "net")),
        (_sum(table, "refunded"), _sum(purchases, "refunded")),
        (_sum(table, "orders"), _sum(purchases, "orders")),
    )


def _profiles_missing(table: ir.Table, tables: dict[str, ir.Table]) -> ir.Table:
    return tables["golden_records"].anti_join(table, "profile_id").select("profile_id")


def _profiles_invented(table: ir.Table, tables: dict[str, ir.Table]) -> ir.Table:
    return table.anti_join(tables["golden_records"], "profile_id").select("profile_id")


def _behaviour_lost(table: ir.Table, tables: dict[str, ir.Table]) -> ir.Table:
    return tables["behaviour"].anti_join(table, "profile_id").select("profile_id")


def share(column: str) -> Expectation:
    return expect("expect_column_values_to_be_between", column=column, min_value=0, max_value=1)


_ONE_PER_CUSTOMER = Check(
    "one_per_customer",
    "Every profile with a purchase has its row, and nobody else.",
    (
        no_rows(_customers_without_a_row, "Every customer has a row."),
        no_rows(_rows_without_a_customer, "Every row is of a customer."),
    ),
)


def _no_fallback() -> Expectation:
    words = ("baseline", "smoothed", "prior")

    def rows(table: ir.Table, _: dict[str, ir.Table]) -> ir.Table:
        scored = table.filter(~table.model.startswith(newcomers.PRIOR))
        return scored.filter(ibis.or_(*(scored.model.contains(word) for word in words)))

    return no_rows(rows, f"But for newcomers', no row's `model` speaks of {', '.join(words[:-1])} or {words[-1]}.")


NO_FALLBACK = _no_fallback()
"""What earns a model its place: that its figures are its own, of all of whom enough is known to say anything."""

PURCHASES = [
    Check(
        "money_reconciles",
        "All money and all rows of orders and refunds are here, to the cent: none lost, none counted twice.",
        (
            _facts_of_nobody("orders", "refunds"),
            no_rows(_money_not_in_orders, "Sums and counts equal those of `orders` and `refunds`."),
        ),
    )
]

ACTIVITY = [
    Check(
        "every_fact_counted",
        "Events, messages, tickets, calls and answers are all counted, each for exactly one profile.",
        (
            _facts_of_nobody(*_ACTIVITY_TIMES),
            no_rows(_facts_not_counted, "The times add up to the rows of the tables of facts."),
        ),
    )
]

BEHAVIOUR = [
    Check(
        "counts_fit",
        "Counts are not negative, and a month holds no more than its quarter.",
        (
            no_rows(lambda t, _: t.filter((t.events_30d > t.events_90d) | (t.events_30d < 0)), "Windows nest."),
            expect("expect_column_values_to_be_between", column="active_days_30d", min_value=0, max_value=30),
            expect("expect_column_values_to_be_between", column="last_nps_score", min_value=0, max_value=10),
        ),
        blocking=False,
    )
]

RFM = [
    _ONE_PER_CUSTOMER,
    Check(
        "scores_are_fair",
        "Scores are quintiles, and customers with equal figures have equal scores.",
        (
            *(
                expect("expect_column_values_to_be_between", column=f"{letter}_score", min_value=1, max_value=5)
                for letter in "rfm"
            ),
            no_rows(_unequal_scores_of_equals, "Equal figures have equal scores."),
        ),
    ),
]

LIFETIME_VALUE = [
    _ONE_PER_CUSTOMER,
    Check(
        "figures_are_possible",
        "Probabilities are probabilities, expectations are numbers that are not negative and grow with the horizon.",
        (
            share("probability_alive"),
            expect("expect_column_values_to_be_between", column="expected_purchases_90d", min_value=0),
            no_rows(_impossible_values, "No figure is impossible."),
        ),
    ),
    Check(
        "model_earned_its_place",
        "BG/NBD or MBG/NBD with Gamma-Gamma made the figures: no fallback was needed, and going on as before would "
        "not have been nearer to the truth in the back-test.",
        (NO_FALLBACK,),
        blocking=False,
    ),
]

CHURN_RISK = [
    _ONE_PER_CUSTOMER,
    Check("risk_is_a_probability", "Every risk is between 0 and 1.", (share("churn_risk"),)),
    Check(
        "model_beats_its_best_baseline",
        "The model ranked customers better than every named baseline in the back-test; otherwise the best baseline, "
        "or the prior, is what is published.",
        (NO_FALLBACK,),
        blocking=False,
    ),
]


def traits(specs: Sequence[TraitSpec]) -> list[Check]:
    """Checks of the table of all traits."""
    counts = [spec.name for spec in specs if spec.aggregate in ("count", "distinct", "days_since")]
    return (
        [
            Check(
                "counts_fit",
                "Counts and days are not negative.",
                tuple(expect("expect_column_values_to_be_between", column=name, min_value=0) for name in counts),
                blocking=False,
            ),
        ]
        if counts
        else []
    )


CUSTOMER_360 = [
    Check(
        "one_per_profile",
        "As many rows as golden records, of the same profiles.",
        (
            no_rows(_profiles_missing, "Every golden record has a row."),
            no_rows(_profiles_invented, "Every row is of a golden record."),
            no_rows(_behaviour_lost, "No behaviour is of a profile that does not exist."),
        ),
    ),
    Check(
        "money_reconciles",
        "Net spend over all profiles is the money of all orders minus all refunds, to the cent.",
        (no_rows(_money_not_in_purchases, "Sums equal those of `purchases`."),),
    ),
    Check(
        "shares_are_shares",
        "Probabilities are between 0 and 1, where there are any.",
        (share("churn_risk"), share("probability_alive")),
    ),
]
