"""Amounts in the reporting currency, by the rate of their day.

Belongs here: finding the rate that held, and multiplying. Does not belong here: where rates come from (a source).
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from cdp_assets.canonical.schema import MONEY
from cdp_assets.normalised.spec import Reporting
from cdp_assets.warehouse.engine import Engine


def in_reporting_currency(
    rows: ir.Table, rates: ir.Table, reporting: Reporting, columns: Sequence[str], time: str, engine: Engine
) -> ir.Table:
    """Fill ``<column>_reporting`` for each of ``columns``.

    Args:
        rows: Has ``currency``, the amounts and their ``_reporting`` columns.
        rates: `exchange_rates`; a rate holds from its day until the next one's.
        reporting: The currency reported in; amounts in it are taken as they are.
        columns: Names of amounts.
        time: Column with the instant that the rate is of.
        engine: Holds the rows and the rates of their days.

    Returns:
        ``rows`` with the columns filled; null where no rate was known on that day.
    """
    following = ibis.window(group_by="currency", order_by="valid_from")
    spans = rates.select(
        rate_currency="currency",
        rate="rate",
        rate_from="valid_from",
        rate_until=rates.valid_from.lead().over(following),
    )
    # Rows are many, days are few: the rate is looked for once a day and currency.
    rows = engine.scratch(rows)
    days = rows.select(day_currency="currency", day=rows[time].date()).distinct()
    found = days.inner_join(
        spans,
        [
            days.day_currency == spans.rate_currency,
            days.day >= spans.rate_from,
            spans.rate_until.isnull() | (days.day < spans.rate_until),
        ],
    )
    known = engine.scratch(found.select("day_currency", "day", "rate"))
    joined = rows.left_join(known, [rows.currency == known.day_currency, rows[time].date() == known.day])
    factor = ibis.ifelse(joined.currency == reporting.currency, 1.0, joined.rate)
    converted = {
        f"{column}_reporting": ibis.ifelse(
            joined.currency == reporting.currency,
            joined[column],
            (joined[column].cast("float64") * factor).round(2).cast(MONEY),
        )
        for column in columns
    }
    return joined.mutate(**converted).select(*rows.columns)
