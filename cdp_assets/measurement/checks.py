"""What must hold of measurements before anyone draws conclusions from them.

Belongs here: measures that add up with what they were taken from. Does not belong here: what follows from a schema.
"""

from __future__ import annotations

import ibis.expr.types as ir

from cdp_assets.quality.checks import Check, Expectation, expect, no_rows


def _share(column: str) -> Expectation:
    return expect("expect_column_values_to_be_between", column=column, min_value=0, max_value=1)


def _impossible_metrics(table: ir.Table, _: dict[str, ir.Table]) -> ir.Table:
    is_share = table.metric.endswith("_share") | table.metric.startswith("filled_")
    return table.filter((table.value < 0) | (is_share & (table.value > 1)))


def _profiles_not_counted(table: ir.Table, tables: dict[str, ir.Table]) -> ir.Table:
    counted = table.filter(table.period == "all", table.metric == "profiles")
    profiles = tables["golden_records"].aggregate(there=tables["golden_records"].count())
    compared = profiles.cross_join(counted.aggregate(counted=counted.value.sum().fill_null(0)))
    return compared.filter(compared.there != compared.counted)


def _widening(table: ir.Table, _: dict[str, ir.Table]) -> ir.Table:
    before = table.select("week", step_before=table.step + 1, profiles_before="profiles")
    joined = table.inner_join(before, [table.week == before.week, table.step == before.step_before])
    return joined.filter(joined.profiles > joined.profiles_before)


def _customers_not_in_cohorts(table: ir.Table, tables: dict[str, ir.Table]) -> ir.Table:
    purchases = tables["purchases"]
    customers = purchases.aggregate(there=purchases.profile_id.nunique(where=purchases.purchases > 0))
    firsts = table.filter(table.months_since == 0)
    compared = customers.cross_join(firsts.aggregate(counted=firsts.customers.sum().fill_null(0)))
    return compared.filter(compared.there < compared.counted)


def _campaigns_missing(table: ir.Table, tables: dict[str, ir.Table]) -> ir.Table:
    return tables["exposures"].select("campaign").distinct().anti_join(table, "campaign")


PROFILE_QUALITY = [
    Check(
        "profiles_are_all_counted",
        "Measures are taken over all golden records, and shares are between 0 and 1.",
        (
            no_rows(_profiles_not_counted, "The number of profiles is that of golden records."),
            no_rows(_impossible_metrics, "No value is negative, no share above 1."),
        ),
    )
]

FUNNELS = [
    Check(
        "funnels_narrow",
        "No step has more profiles than the one before it.",
        (no_rows(_widening, "Steps narrow."), _share("share_of_first"), _share("share_of_previous")),
    )
]

COHORTS = [
    Check(
        "cohorts_hold_each_customer_once",
        "Everybody of a cohort bought in its first month, nobody is in two cohorts, and shares are shares.",
        (
            no_rows(_customers_not_in_cohorts, "Cohorts hold no more customers than there are."),
            no_rows(
                lambda t, _: t.filter((t.months_since == 0) & (t.active != t.customers)),
                "In the first month all are active.",
            ),
            _share("retention"),
        ),
    )
]

CAMPAIGN_LIFT = [
    Check(
        "intervals_hold_their_estimate",
        "Every campaign with arms is compared, nobody converted twice, and intervals are the right way round.",
        (
            no_rows(_campaigns_missing, "Every campaign that anybody was exposed to has its row."),
            no_rows(
                lambda t, _: t.filter(
                    (t.treated_converted > t.treated) | (t.control_converted > t.control) | (t.delivered > t.treated)
                ),
                "No arm has more buyers than people, and no more were reached than treated.",
            ),
            no_rows(lambda t, _: t.filter(t.lift_low > t.lift_high), "Intervals are the right way round."),
        ),
    )
]
