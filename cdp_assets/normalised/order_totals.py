"""What orders and their lines say of each other: totals of lines, and the currency and time of the order.

Belongs here: adding up, and filling in. Does not belong here: what a line is worth (`canonical_rows.py`).
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from cdp_assets.canonical.schema import MONEY


def with_totals_of_lines(orders: ir.Table, lines: ir.Table) -> ir.Table:
    """Fill ``gross`` with the sum of an order's lines, and ``net`` from it, where the source states none; where it
    states ``net`` alone, ``gross`` follows from that, whatever its lines come to.

    Args:
        orders: Orders, some with null ``gross``.
        lines: `order_lines`, with ``amount`` in the order's currency.
    """
    totals = lines.group_by(line_source="source", line_order_id="order_id").aggregate(total=lines.amount.sum())
    joined = orders.left_join(totals, [orders.source == totals.line_source, orders.order_id == totals.line_order_id])
    discount = joined.discount.coalesce(ibis.literal(0).cast(MONEY))
    gross = joined.gross.coalesce((joined.net + discount).cast(MONEY), joined.total.cast(MONEY))
    return joined.mutate(gross=gross, net=joined.net.coalesce((gross - discount).cast(MONEY))).select(*orders.columns)


def with_heads_of_orders(lines: ir.Table, orders: ir.Table) -> ir.Table:
    """Fill ``currency`` and ``ordered_at`` from a line's order, where the line states none: many exports state them
    once an order, in its first line or in another file.

    Args:
        lines: Order lines, some with null ``currency`` or ``ordered_at``.
        orders: ``source``, ``order_id``, ``currency`` and ``ordered_at`` of orders.
    """
    known = orders.group_by(order_source="source", known_order_id="order_id").aggregate(
        order_currency=orders.currency.max(), order_time=orders.ordered_at.min()
    )
    joined = lines.left_join(known, [lines.source == known.order_source, lines.order_id == known.known_order_id])
    filled = joined.mutate(
        currency=joined.currency.coalesce(joined.order_currency),
        ordered_at=joined.ordered_at.coalesce(joined.order_time),
    )
    return filled.select(*lines.columns)
