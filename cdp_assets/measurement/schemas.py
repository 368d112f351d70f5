"""The tables of the measurement stage.

Belongs here: columns and their documentation. Does not belong here: how they are computed.
"""

from __future__ import annotations

from cdp_assets.canonical.schema import Column, TableSchema

_REPORTING = "reporting currency"

PROFILE_QUALITY = TableSchema(
    "profile_quality",
    "One row per measure of how much is known about the people behind the profiles; over all of them, and by the month "
    "in which they were first seen.",
    (
        Column("period", "string", "`all`, or the month of the first contact as YYYY-MM.", required=True),
        Column("metric", "string", "`profiles`; `anonymous_share`; of known profiles: `known`, `email_share`, "
               "`phone_share`, `reachable_share` (either), `address_share`, `several_sources_share`, "
               "`sources_per_profile`, `records_per_profile`, and `filled_<attribute>` of golden records.",
               required=True),
        Column("value", "float64", "The value; a share from 0 to 1 unless the metric's name says otherwise.",
               required=True),
        Column("profiles", "int64", "How many profiles it was taken over.", unit="profiles", required=True),
    ),
    key=("period", "metric"),
)  # fmt: skip

FUNNELS = TableSchema(
    "funnels",
    "One row per week and step from a visit to an order on web and app: how many profiles took this step and all "
    "before it in that week.",
    (
        Column("week", "date", "Monday of the week, UTC.", required=True),
        Column("step", "int8", "Number of the step, from 1.", required=True),
        Column("name", "string", "`visited`, `viewed a product`, `added to cart` or `ordered`.", required=True),
        Column("profiles", "int64", "Profiles that got as far.", unit="profiles", required=True),
        Column("share_of_first", "float64", "As a share of those who visited; null if nobody did.",
               unit="share 0..1"),
        Column("share_of_previous", "float64", "As a share of those who took the step before; null if nobody did.",
               unit="share 0..1"),
    ),
    key=("week", "step"),
)  # fmt: skip

COHORTS = TableSchema(
    "cohorts",
    "One row per month of first purchase and month since: how many came back, and what they spent.",
    (
        Column("cohort", "date", "First day of the month of the first purchase.", required=True),
        Column("months_since", "int64", "Months since then; 0 is the month itself.", unit="months", required=True),
        Column("customers", "int64", "Customers of the cohort.", unit="profiles", required=True),
        Column("active", "int64", "Of these, who bought in the month.", unit="profiles", required=True),
        Column("retention", "float64", "active ÷ customers.", unit="share 0..1", required=True),
        Column("net_spend", "decimal(18, 2)", "Their orders minus refunds in the month.", unit=_REPORTING,
               required=True),
    ),
    key=("cohort", "months_since"),
)  # fmt: skip


def _interval(name: str, what: str, unit: str) -> tuple[Column, Column, Column]:
    return (
        Column(name, "float64", f"{what}: treated minus control; null unless both arms have people.", unit=unit),
        Column(f"{name}_low", "float64", "Lower end of its 95% confidence interval.", unit=unit),
        Column(f"{name}_high", "float64", "Upper end of its 95% confidence interval.", unit=unit),
    )


CAMPAIGN_LIFT = TableSchema(
    "campaign_lift",
    "One row per campaign that holds people out or has variants, and one more per variant: what being chosen for its "
    "messages changed, by intention to treat (everybody who was exposed counts in the arm they drew, whether or not a "
    "message reached them).",
    (
        Column("campaign", "string", "The campaign; `global_control` is the one over all of them.", required=True),
        Column("variant", "string", "`all`, or the variant that the treated got; its control are all those held out.",
               required=True),
        Column("window_days", "int64", "Days after the exposure in which purchases count.", unit="days",
               required=True),
        Column("treated", "int64", "People in the treated arm.", unit="people", required=True),
        Column("delivered", "int64", "Of the treated, those to whom a message was delivered since.", unit="people",
               required=True),
        Column("control", "int64", "People held out.", unit="people", required=True),
        Column("contaminated", "int64", "People who have been in several arms or variants, through a merge; counted in "
               "none.", unit="people", required=True),
        Column("treated_converted", "int64", "Of the treated, who bought in the window.", unit="people",
               required=True),
        Column("control_converted", "int64", "Of those held out, who bought in the window.", unit="people",
               required=True),
        Column("treated_rate", "float64", "Share of the treated who bought.", unit="share 0..1"),
        Column("control_rate", "float64", "Share of those held out who bought.", unit="share 0..1"),
        *_interval("lift", "Difference in the share who bought", "share −1..1"),
        Column("lift_of_delivered", "float64", "The difference as an effect on those to whom a message was delivered: "
               "lift ÷ share delivered (Bloom 1984); null if it was to nobody.", unit="share −1..1"),
        Column("treated_spend", "float64", "Net spend per treated person in the window.", unit=_REPORTING),
        Column("control_spend", "float64", "Net spend per held-out person in the window.", unit=_REPORTING),
        *_interval("spend_lift", "Difference in net spend per person", _REPORTING),
    ),
    key=("campaign", "variant"),
)  # fmt: skip
