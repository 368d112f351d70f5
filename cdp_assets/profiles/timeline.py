"""Everything that happened with a profile, from all tables of facts, in one.

Belongs here: how each kind of fact reads in a line. Does not belong here: to whom a fact belongs (`identity/facts.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

import ibis
import ibis.expr.types as ir

from cdp_assets.canonical import tables
from cdp_assets.canonical.schema import MONEY, TableSchema
from cdp_assets.identity.facts import assign_profiles
from cdp_assets.profiles.schemas import TIMELINE


@dataclass(frozen=True)
class Kind:
    """How one table of facts enters the timeline.

    Args:
        name: The timeline's ``kind``.
        schema: The canonical table.
        title: Makes the line of a row.
        amount: Makes the amount in the reporting currency, if the kind has one.
    """

    name: str
    schema: TableSchema
    title: Callable[[ir.Table], ir.StringValue]
    amount: Callable[[ir.Table], ir.DecimalValue] | None = None


def _with(first: ir.StringValue | str, *details: ir.StringValue, between: str = ": ") -> ir.StringValue:
    """A text with details after it, where they are filled."""
    return reduce(
        lambda text, detail: text + (ibis.literal(between) + detail.nullif("")).fill_null(""),
        details,
        ibis.literal(first) if isinstance(first, str) else first,
    )


def _number(value: ir.FloatingValue) -> ir.StringValue:
    """A number without decimals where it has none."""
    return (value == value.round()).ifelse(value.round().cast("int64").cast("string"), value.cast("string"))


def _unconverted(amount: ir.DecimalValue, converted: ir.DecimalValue, currency: ir.StringValue) -> ir.StringValue:
    """An amount in its own currency, where it has none in the reporting currency."""
    return ibis.ifelse(converted.isnull(), amount.cast("string") + " " + currency, ibis.null("string"))


KINDS = (
    Kind("event", tables.EVENTS, lambda t: _with(t.event_name, t.page_url)),
    Kind("order", tables.ORDERS, lambda t: _with(ibis.literal("order ") + t.order_id, t.sales_channel,
                                                _unconverted(t.net, t.net_reporting, t.currency), between=" · "),
         lambda t: t.net_reporting),
    Kind("refund", tables.REFUNDS, lambda t: _with("refund", t.order_id, t.reason,
                                                  _unconverted(t.amount, t.amount_reporting, t.currency),
                                                  between=" · "),
         lambda t: t.amount_reporting),
    Kind("ticket", tables.TICKETS, lambda t: _with("ticket", t.subject.coalesce(t.topic))),
    Kind("engagement", tables.ENGAGEMENTS, lambda t: _with(t.channel + " " + t.action, t.campaign_id)),
    Kind("survey", tables.SURVEY_RESPONSES, lambda t: _with(t.survey, _number(t.score))),
    Kind("consent", tables.CONSENTS, lambda t: t.purpose + " by " + t.channel + ": " + t.status),
    Kind("interaction", tables.INTERACTIONS, lambda t: _with(t.kind, t.direction, t.topic, between=" · ")),
    Kind("subscription", tables.SUBSCRIPTIONS, lambda t: _with(ibis.literal("subscription ") + t.action, t.plan)),
    Kind("opportunity", tables.OPPORTUNITIES, lambda t: _with(ibis.literal("opportunity ") + t.stage, t.account_id)),
    Kind("loyalty", tables.LOYALTY, lambda t: _with(t.movement, _number(t.points), t.tier, between=" · ")),
)  # fmt: skip
"""All kinds of facts but the lines of orders, which say nothing that their order does not."""


def timeline(facts: dict[str, ir.Table], profile_map: ir.Table) -> ir.Table:
    """Put all facts in one table, each with its profile.

    Args:
        facts: Canonical table by name, for every kind in `KINDS`.
        profile_map: Of identity.

    Returns:
        The columns of `schemas.TIMELINE`.
    """
    lines = []
    for kind in KINDS:
        table = facts[kind.schema.name]
        time = str(kind.schema.event_time)
        amount = ibis.null(MONEY) if kind.amount is None else kind.amount(table).cast(MONEY)
        lines.append(
            table.select(
                "record_id",
                "source",
                "native_id",
                occurred_at=table[time],
                kind=ibis.literal(kind.name),
                title=kind.title(table),
                amount_reporting=amount,
            )
        )
    together = reduce(lambda left, right: left.union(right), lines)
    return assign_profiles(together, profile_map, "occurred_at").select(*TIMELINE.column_names)
