"""A file of transactions in whatever columns, as the purchases table that every model reads.

Belongs here: what is left out of the file and why. Does not belong here: reading it (`table_files.py`), how numbers and
days are written (`values.py`), and judging anything by it (`judge.py`).

Each row is a transaction or one line of it: rows of one customer at one time make one order. Positive amounts and zero
are purchases, negative ones are refunds of their own day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import sqlglot.expressions as sge

from cdp_assets.attributes.backtest.currencies import several_currencies
from cdp_assets.attributes.backtest.values import LARGEST, AmbiguousDaysError, days, numbers
from cdp_assets.attributes.purchases import purchase_days
from cdp_assets.canonical.schema import INSTANT, MONEY
from cdp_assets.warehouse.expressions import ExpressionError, bind, check
from cdp_assets.warehouse.files import UnreadableFileError
from cdp_assets.warehouse.sql_parsing import parsed
from cdp_assets.warehouse.table_files import read_table

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine

_NOBODY = ("nan", "none", "null", "n/a", "na", "<na>", "nil", "-")
"""What is written where the customer is not known."""

_CUSTOMER, _AT = "_customer of the row", "_time of the row"
_FAR = datetime(2200, 1, 1, tzinfo=UTC)


class TransactionsError(ValueError):
    """The file cannot be judged by; the message says why and what to do. It holds no values of the file."""


@dataclass(frozen=True)
class Transactions:
    """What a file says.

    Args:
        purchases: The table of `purchases.purchase_days`; customers are numbered.
        first_day, last_day: Of the rows that count.
        rows: Rows in the file.
        left_out: Reason → rows that do not count for it.
        unknown_zones: Written behind times whose days are therefore not in UTC.
        currencies: Sign or code → rows, where the file names several.
    """

    purchases: ir.Table
    first_day: date
    last_day: date
    rows: int
    left_out: Mapping[str, int]
    unknown_zones: Sequence[str] = ()
    currencies: Mapping[str, int] = field(default_factory=dict)


def read_transactions(file: Path, customer: str, time: str, amount: str, engine: Engine) -> Transactions:
    """Read a file of transactions.

    Args:
        file: As `read_table` takes it.
        customer, time, amount: Each a column, or a SQL expression over the columns, such as ``Quantity * UnitPrice``.
        engine: Computes.

    Raises:
        TransactionsError: if the file cannot be read, a column is not known, or no row can be used.
    """
    try:
        header, rows = read_table(file, engine)
    except UnreadableFileError as error:
        raise TransactionsError(str(error)) from error
    if rows.rows == 0:
        raise TransactionsError(f"{file.name} has no rows")
    table = rows.table.select(**{name: f"c{place}" for place, name in enumerate(header)})
    try:
        keyed = table.mutate(
            **{_CUSTOMER: _customer(_text(customer, table, "--customer")), _AT: _text(time, table, "--time")}
        )
        typed, value = _amount(amount, engine.scratch(keyed), header, engine)
        lines = engine.scratch(typed.select(customer=_CUSTOMER, at=_AT, amount=value))
        day, unknown_zones = days(lines["at"], lines, engine)
        lines = engine.scratch(lines.mutate(day=day))
    except ExpressionError as error:
        raise TransactionsError(f"{file.name}: {error}") from error
    except AmbiguousDaysError as error:
        raise TransactionsError(
            f"{file.name}: the times in {time!r} could be {error}, and nothing tells which; say it, "
            f"for example with --time \"strptime({time}, '%d/%m/%Y')\""
        ) from error
    left_out = _left_out(lines, len(rows.rejected), engine)
    used = lines.filter(lines.customer.notnull(), lines.day.notnull(), lines.amount.notnull())
    [known] = engine.to_arrow(used.aggregate(first=used.day.min(), last=used.day.max())).to_pylist()
    if known["first"] is None:
        reasons = "; ".join(f"{count:,} {reason}" for reason, count in left_out.items())
        raise TransactionsError(f"no row of {file.name} can be used: {reasons}")
    purchases = engine.scratch(_purchases(used, engine))
    return Transactions(
        purchases,
        known["first"],
        known["last"],
        rows.rows + len(rows.rejected),
        left_out,
        unknown_zones,
        several_currencies(table, [amount] if amount in header else _columns_read(amount, header), engine),
    )


def _left_out(lines: ir.Table, unsplit: int, engine: Engine) -> dict[str, int]:
    """Rows by the first reason for which they do not count."""
    nobody, never = lines.customer.isnull(), lines.day.isnull()
    counts = {
        "without a customer": nobody,
        "with a time that cannot be read": ~nobody & never,
        "with an amount that cannot be read": ~nobody & ~never & lines.amount.isnull(),
    }
    names = {f"reason_{place}": reason for place, reason in enumerate(counts)}
    [found] = engine.to_arrow(
        lines.aggregate(**{name: counts[reason].cast("int64").sum() for name, reason in names.items()})
    ).to_pylist()
    left_out = {reason: int(found[name] or 0) for name, reason in names.items()}
    left_out["that do not fit the header"] = unsplit
    return {reason: count for reason, count in left_out.items() if count}


def _purchases(lines: ir.Table, engine: Engine) -> ir.Table:
    people = lines.select("customer").distinct()
    people = people.mutate(profile_id=ibis.row_number().over(ibis.window(order_by="customer")).cast("int64"))
    people = engine.scratch(people)
    numbered = lines.inner_join(people, "customer")
    keys = ["profile_id", "day", "at"]
    bought, returned = numbered.filter(numbered.amount >= 0), numbered.filter(numbered.amount < 0)
    orders = bought.group_by(keys).aggregate(net=bought.amount.sum())
    refunds = returned.group_by(keys).aggregate(net=-returned.amount.sum())
    return purchase_days(
        orders.select("profile_id", ordered_at=orders.day.cast(INSTANT), net_reporting=orders.net.round(2).cast(MONEY)),
        refunds.select(
            "profile_id", refunded_at=refunds.day.cast(INSTANT), amount_reporting=refunds.net.round(2).cast(MONEY)
        ),
        _FAR,
    )


def _customer(text: ir.StringValue) -> ir.StringValue:
    """An identifier; numbers that passed through a float (``17850.0``) are those that did not."""
    key = text.strip().re_replace(r"^(\d+)\.0+$", r"\1").nullif("")
    return ibis.ifelse(key.lower().isin(_NOBODY), ibis.null("string"), key)


def _text(written: str, table: ir.Table, option: str) -> ir.StringValue:
    if written in table.columns:
        return table[written]
    return bind(check(written, table.schema(), where=option).sql, table).cast("string")


def _amount(written: str, table: ir.Table, header: Sequence[str], engine: Engine) -> tuple[ir.Table, ir.FloatingValue]:
    """The table with its numbers as such where the amount needs them, and the amount as a column of it.

    A column is one of numbers if most of its values are; where the expression then does not fit, because it treats the
    column as text, only if all are.
    """
    if written in header:
        return table, numbers(table[written], table, engine)
    read = _columns_read(written, header)
    shares = _numeric_shares(table, read, engine)
    problem: ExpressionError | None = None
    for least in (0.5, 1.0):
        typed = table.mutate(**{name: numbers(table[name], table, engine) for name in read if shares[name] >= least})
        try:
            found = check(written, ibis.schema({name: typed[name].type() for name in header}), where="--amount")
        except ExpressionError as error:
            problem = problem or error
            continue
        if not found.dtype.is_numeric():
            raise ExpressionError(
                f"an amount is a number, and this is of type {found.dtype}", written, where="--amount"
            )
        value = bind(found.sql, typed).cast("float64")
        return typed, ibis.ifelse(value.isnan() | (value.abs() > LARGEST), ibis.null("float64"), value)
    assert problem is not None
    raise problem


def _columns_read(written: str, header: Sequence[str]) -> list[str]:
    named = {column.name.casefold() for column in parsed(written).find_all(sge.Column)}
    return [name for name in header if name.casefold() in named]


def _numeric_shares(table: ir.Table, columns: Sequence[str], engine: Engine) -> dict[str, float]:
    """Share of each column's values that are numbers; 1 of a column without any."""
    if not columns:
        return {}
    counts: dict[str, ir.Value] = {}
    for place, name in enumerate(columns):
        text = table[name].strip().nullif("")
        counts[f"given_{place}"] = text.count()
        counts[f"fits_{place}"] = text.re_search(r"^[^a-zA-Z]*\d[^a-zA-Z]*$").cast("int64").sum().fill_null(0)
    [found] = engine.to_arrow(table.aggregate(**counts)).to_pylist()
    return {
        name: found[f"fits_{place}"] / found[f"given_{place}"] if found[f"given_{place}"] else 1.0
        for place, name in enumerate(columns)
    }
