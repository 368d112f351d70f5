"""Data-quality checks of the normalised tables: rows reconciled, references whole, money kept."""

from collections.abc import Collection

import ibis.expr.types as ir

from cdp_assets.canonical.schema import TableSchema
from cdp_assets.normalised.channels import CHANNELS
from cdp_assets.normalised.dispositions import EVERY_DISPOSITION
from cdp_assets.normalised.refusal_rate import unusual
from cdp_assets.normalised.rules import CONSENT_STATUSES, CONTACT_KINDS, off_its_sum
from cdp_assets.quality.checks import Check, expect, no_rows
from cdp_assets.sources.proposing.cells import actions


def _unaccounted(raw_table: str) -> Check:
    def rows(typed: ir.Table, inputs: dict[str, ir.Table]) -> ir.Table:
        raw = inputs["raw"]
        read = raw.group_by("load_id").aggregate(delivered=raw.count())
        kept = typed.group_by("cdp_load_id").aggregate(disposed=typed.count())
        joined = read.outer_join(kept, read.load_id == kept.cdp_load_id)
        return joined.filter(joined.delivered.fill_null(0) != joined.disposed.fill_null(0))

    return Check(
        "every_row_accounted_for",
        f"Each row of {raw_table} has exactly one disposition: accepted, duplicate, superseded or quarantined.",
        (
            no_rows(rows, "The dispositions of each delivery add up to the rows read."),
            expect("expect_column_values_to_be_in_set", column="cdp_disposition", value_set=list(EVERY_DISPOSITION)),
        ),
    )


def rows_checks(raw_table: str) -> list[Check]:
    """Checks of a stream's typed rows."""
    return [_unaccounted(raw_table)]


def disposition_checks() -> list[Check]:
    """Checks of `dispositions`: as many rows as usual are refused."""
    return [
        Check(
            "refusals_as_usual",
            "Of the latest deliveries of each stream no larger share was refused than is usual for it "
            "(three standard deviations, at least one row in a hundred, above earlier deliveries).",
            (no_rows(lambda table, inputs: unusual(table, inputs["load_manifest"]), "No stream's share is unusual."),),
            blocking=False,
        )
    ]


def _without_record(table: ir.Table, inputs: dict[str, ir.Table]) -> ir.Table:
    return table.anti_join(inputs["identity_records"], "record_id")


def identity_checks() -> list[Check]:
    """Checks of `identifiers`: each hangs on a record."""
    return [
        Check(
            "references_whole",
            "Every identifier hangs on a known identity record.",
            (no_rows(_without_record, "Every identifier's record is in identity_records.", by="record_id"),),
        )
    ]


def canonical_checks(schema: TableSchema) -> list[Check]:
    """What must hold of one canonical table besides its schema."""
    return _CHECKS.get(schema.name, [])


def _net_is_not_gross_less_discount(orders: ir.Table, _: dict[str, ir.Table]) -> ir.Table:
    return orders.filter(off_its_sum(orders.gross, orders.discount, orders.net))


def _unconverted(rows: ir.Table, _: dict[str, ir.Table]) -> ir.Table:
    amount = rows.net if "net" in rows.columns else rows.amount
    converted = rows.net_reporting if "net_reporting" in rows.columns else rows.amount_reporting
    return rows.filter(amount.notnull() & converted.isnull())


def _lines_without_order(lines: ir.Table, inputs: dict[str, ir.Table]) -> ir.Table:
    orders = inputs["orders"].select("source", "order_id").distinct()
    return lines.anti_join(orders, ["source", "order_id"])


def _line_amount_is_off(lines: ir.Table, _: dict[str, ir.Table]) -> ir.Table:
    expected = lines.quantity * lines.unit_price.cast("float64")
    return lines.filter((expected - lines.amount.cast("float64")).abs() > 0.011 * (1 + lines.quantity.abs()))


def orders_told_once(sources: Collection[str]) -> Check:
    """Check of `orders`: no two streams tell the same.

    Args:
        sources: Those of which several streams feed it, so that ids begin with the stream's name.
    """

    def rows(orders: ir.Table, _: dict[str, ir.Table]) -> ir.Table:
        told = orders.filter(orders.source.isin(sorted(sources)))
        told = told.group_by("source", "order_id").aggregate(streams=told.native_id.split(":")[0].nunique())
        return told.filter(told.streams > 1)

    return Check(
        "told_once",
        "No two streams of a source tell the same order, such as a shop's orders and the payments for them: it would "
        "count twice.",
        (no_rows(rows, "No order number of a source comes from several streams.", of="order_id"),),
        blocking=False,
    )


def _received_before_it_happened(events: ir.Table, _: dict[str, ir.Table]) -> ir.Table:
    import ibis

    return events.filter(events.received_at + ibis.interval(days=1) < events.occurred_at)


_CONVERTED = Check(
    "money_converted",
    "Every amount has a rate for its day, and so an amount in the reporting currency.",
    (no_rows(_unconverted, "No amount is without its value in the reporting currency."),),
    blocking=False,
)

_CHECKS: dict[str, list[Check]] = {
    "orders": [
        Check(
            "money_adds_up",
            "net = gross − discount on every order.",
            (no_rows(_net_is_not_gross_less_discount, "No order's net differs from gross − discount."),),
        ),
        _CONVERTED,
    ],
    "refunds": [
        Check(
            "positive_amounts",
            "Refunds are positive amounts given back.",
            (expect("expect_column_values_to_be_between", column="amount", min_value=0),),
        ),
        _CONVERTED,
    ],
    "order_lines": [
        Check(
            "references_whole",
            "Every line belongs to an order of its source.",
            (no_rows(_lines_without_order, "Every line's order is in orders."),),
            blocking=False,
        ),
        Check(
            "amounts_follow_quantities",
            "A line's amount is its quantity times its unit price.",
            (no_rows(_line_amount_is_off, "No line's amount differs from quantity × unit price."),),
            blocking=False,
        ),
    ],
    "events": [
        Check(
            "clocks_agree",
            "No event is received more than a day before it happened.",
            (no_rows(_received_before_it_happened, "Events are received after they happened."),),
            blocking=False,
        )
    ],
    "consents": [
        Check(
            "known_statuses",
            "A word on consent is granted, denied, withdrawn or pending.",
            (expect("expect_column_values_to_be_in_set", column="status", value_set=list(CONSENT_STATUSES)),),
        ),
        Check(
            "known_channels",
            "Words on consent are about channels by which something can be sent; others allow and stop nothing.",
            (expect("expect_column_values_to_be_in_set", column="channel", value_set=list(CHANNELS)),),
            blocking=False,
        ),
    ],
    "engagements": [
        Check(
            "known_actions",
            "What was done with a message is called as reports and models know it; what is called otherwise counts "
            "nowhere.",
            (expect("expect_column_values_to_be_in_set", column="action", value_set=sorted({*actions().values()})),),
            blocking=False,
        )
    ],
    "contact_points": [
        Check(
            "known_kinds",
            "A contact point is an e-mail, a phone, a postal address, or where push messages go.",
            (expect("expect_column_values_to_be_in_set", column="kind", value_set=list(CONTACT_KINDS)),),
        )
    ],
    "exchange_rates": [
        Check(
            "positive_rates",
            "Rates are positive.",
            (expect("expect_column_values_to_be_between", column="rate", min_value=0, strict_min=True),),
        )
    ],
    "survey_responses": [
        Check(
            "plausible_scores",
            "Scores lie between 0 and 100.",
            (expect("expect_column_values_to_be_between", column="score", min_value=0, max_value=100),),
            blocking=False,
        )
    ],
}
