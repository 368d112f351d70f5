"""What canonical tables hold no other values of: known words, amounts of one sign, sums that add up, sizes of numbers.

Belongs here: rules that a row keeps or breaks by itself, and how the breach is told. Does not belong here: what becomes
of a row that breaks one (`stream_rows.py`, `canonical_rows.py`), and the checks of whole tables (`checks.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from cdp_assets.canonical.schema import Column

CONSENT_STATUSES = ("granted", "denied", "withdrawn", "pending")
REFUSING = ("denied", "withdrawn")
"""Those of them that forbid."""

CONTACT_KINDS = ("email", "phone", "postal", "push_token", "push_subscription")

CENT = 0.01
"""By how much sums of amounts may be off."""


@dataclass(frozen=True)
class Rule:
    """A rule of one canonical table.

    Args:
        needs: The columns without which there is nothing to judge.
        broken: Given the values of columns, of the table's types: true where they break it.
        words: How the breach is told.
    """

    needs: tuple[str, ...]
    broken: Callable[[Mapping[str, ir.Value]], ir.BooleanValue]
    words: str


def off_its_sum(gross: ir.DecimalValue, discount: ir.DecimalValue, net: ir.DecimalValue) -> ir.BooleanValue:
    """Whether an order's net differs from gross − discount; null where it has none of these."""
    return (gross - discount.fill_null(0) - net).abs() > CENT


def _does_not_add_up(values: Mapping[str, ir.Value]) -> ir.BooleanValue:
    gross = values["gross"]
    return off_its_sum(gross, values.get("discount", ibis.null(gross.type())), values["net"])


def _one_of(name: str, words: tuple[str, ...]) -> Rule:
    told = f"`{name}` is none of {', '.join(words[:-1])} and {words[-1]}"
    return Rule((name,), lambda values: values[name].notin(words), told)


_RULES: dict[str, tuple[Rule, ...]] = {
    "orders": (Rule(("gross", "net"), _does_not_add_up, "`net` is not gross − discount"),),
    "refunds": (Rule(("amount",), lambda values: values["amount"] < 0, "`amount` is below zero"),),
    "consents": (_one_of("status", CONSENT_STATUSES),),
    "contact_points": (_one_of("kind", CONTACT_KINDS),),
    "exchange_rates": (Rule(("rate",), lambda values: values["rate"] <= 0, "`rate` is not above zero"),),
}


def fitted(value: ir.Value, column: Column) -> ir.Value:
    """A value of the type of the column that it fills; null where that does not hold so large a number."""
    return value.try_cast(column.dtype) if _may_be_too_large(value.type(), column.dtype) else value.cast(column.dtype)


def too_large(value: ir.Value, column: Column) -> ir.BooleanValue | None:
    """Whether a column does not hold so large a number; None where its type holds any."""
    if not _may_be_too_large(value.type(), column.dtype):
        return None
    return value.notnull() & value.try_cast(column.dtype).isnull()


def _may_be_too_large(given: dt.DataType, held: dt.DataType) -> bool:
    if isinstance(given, dt.Decimal) and isinstance(held, dt.Decimal):
        return (given.precision or 38) - (given.scale or 0) > (held.precision or 38) - (held.scale or 0)
    return given.is_numeric() and (held.is_decimal() or (held.is_integer() and not given.is_integer()))


def breaches(table: str, values: Mapping[str, ir.Value]) -> list[tuple[ir.BooleanValue, str]]:
    """Which rules of a canonical table a row breaks: when, never null, and the reason to be told.

    Args:
        table: Name of the table.
        values: What the row says for its columns, of their types.
    """
    return [
        (rule.broken(values).fill_null(False), f"{table}: {rule.words}")
        for rule in _RULES.get(table, ())
        if values.keys() >= set(rule.needs)
    ]
