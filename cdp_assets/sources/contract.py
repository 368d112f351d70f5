"""Text becomes typed values by a stream's contract.

Belongs here: what each contract type accepts. Does not belong here: what happens to a row whose text is not accepted
(`normalised/`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial, reduce

import ibis
import ibis.expr.types as ir

from cdp_assets.sources.spec import DTYPES, ISO, ColumnSpec, StreamSpec
from cdp_assets.warehouse.expressions import bind, check
from cdp_assets.warehouse.operations import MINUS_SIGNS, try_timestamp, with_hyphens
from cdp_assets.warehouse.subqueries import computed_once, in_steps

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
"""No customer record is older; a time before it is a mistake."""

_TRUE = ("true", "t", "yes", "y", "1")
_FALSE = ("false", "f", "no", "n", "0")
_BLANKS = (" ", "\n", "\r", "\t")
_NO_BREAK = ("\u00a0", "\u202f")
"""Spaces that group thousands where people write so, and stand before the sign of a currency; in amounts any may."""


def is_too_early(time: ir.Value) -> ir.BooleanValue:
    """Whether a date or an instant is a mistake (`EARLIEST`)."""
    return time.cast("timestamp('UTC')") < ibis.literal(EARLIEST)


def filled(text: ir.StringValue, nulls: Sequence[str] = ()) -> ir.StringValue:
    """The text without blanks around it; null if nothing is left, or one of some words that stand for nothing."""
    # Trimming looks at every character; most texts can be told to need none by their ends.
    begins = text < "!"
    ends = reduce(lambda one, other: one | other, (text.endswith(blank) for blank in _BLANKS))
    trimmed = ibis.ifelse(begins | ends, text.strip(), text)
    return ibis.ifelse(trimmed.isin(["", *nulls]), ibis.null("string"), trimmed) if nulls else trimmed.nullif("")


def texts_of(rows: ir.Table, columns: Iterable[ColumnSpec], stream: StreamSpec) -> dict[str, ir.StringValue]:
    """The texts of some columns of a stream as delivered, by name: `filled`, without the stream's words for nothing."""
    return {column.name: filled(rows[column.name], stream.nulls) for column in columns}


def typed_value(text: ir.StringValue, column: ColumnSpec, zone: str) -> ir.Value:
    """Read text as a contract type; null where it does not fit.

    Args:
        text: Delivered text, trimmed, null if empty.
        column: The contract.
        zone: IANA zone of times that bear none, unless the column has its own.

    Returns:
        ``string`` as it is; ``integer`` with or without a zero fraction (``17850.0``, as spreadsheets write it);
        ``decimal`` rounded to four places; ``boolean`` from true/false, yes/no, t/f, y/n, 1/0 in any case; ``date`` and
        ``timestamp`` by the column's format or ISO 8601; ``json`` as text, if it is valid.
    """
    if column.type == "string":
        return text
    if column.type == "integer":
        return _number(text, column).try_cast("int64")
    if column.type == "decimal":
        return _number(text, column).try_cast(column.dtype)
    if column.type == "float":
        number = _number(text, column).try_cast(column.dtype)
        return ibis.ifelse(number.isnan() | number.isinf(), ibis.null("float64"), number)
    if column.type == "boolean":
        lower = text.lower()
        return ibis.cases((lower.isin(_TRUE), True), (lower.isin(_FALSE), False), else_=ibis.null("boolean"))
    if column.type == "date":
        return ibis.coalesce(*(_date(text, pattern) for pattern in column.formats or (ISO,)))
    if column.type == "timestamp":
        zone = column.zone or zone
        ways = (None if pattern == ISO else pattern for pattern in column.formats or (ISO,))
        return ibis.coalesce(*(try_timestamp(text, way, zone) for way in ways))
    return ibis.ifelse(text.try_cast("json").isnull(), ibis.null("string"), text)


def _date(text: ir.StringValue, pattern: str) -> ir.DateValue:
    return text.try_cast("date") if pattern == ISO else try_timestamp(text, pattern, "UTC").date()


def _number(text: ir.StringValue, column: ColumnSpec) -> ir.StringValue:
    """The number with a decimal point and without grouping, of an integer without a fraction of zero; null if it is no
    such number. Most are as they should be, which is told by what they do not contain.
    """
    mark, group = (",", ".") if column.decimal_mark == "," else (".", ",")
    spaces = (" ", *_NO_BREAK) if column.type == "decimal" else _NO_BREAK
    steps: list[Callable[[ir.StringValue], ir.StringValue]]
    steps = [
        partial(_signed, mark=mark),
        partial(_unspaced, mark=mark, spaces=spaces),
        partial(_ungrouped, mark=mark, group=group),
    ]
    telling = {group, "(", *spaces} | ({mark} - {"."})
    if column.symbol is not None:
        steps = [partial(_without_symbol, symbol=column.symbol), steps[0], _closed_up, *steps[1:]]
        telling |= {column.symbol, " "}
    if column.type == "integer":
        steps.append(_whole)
        telling.add(".")
    careful = _has_any(text, sorted(telling)) | _is_dashed(text)
    return ibis.ifelse(careful, in_steps(text, *steps), text)


def _has_any(text: ir.StringValue, signs: Sequence[str]) -> ir.BooleanValue:
    return reduce(lambda one, other: one | other, (text.contains(sign) for sign in signs))


def _without_symbol(text: ir.StringValue, symbol: str) -> ir.StringValue:
    return text.replace(symbol, "").strip()


def _signed(text: ir.StringValue, mark: str) -> ir.StringValue:
    """The number with a hyphen for its sign, where a dash or brackets say that it is less than zero, as printers and
    accountants write it; without one in place of cents.
    """
    return ibis.cases(
        (text.startswith("(") & text.endswith(")"), ibis.literal("-") + text.re_replace(r"^\(\s*|\s*\)$", "")),
        (_is_dashed(text), with_hyphens(text).re_replace(rf"[{mark}/]-+$", "")),
        else_=text,
    )


def _is_dashed(text: ir.StringValue) -> ir.BooleanValue:
    return _has_any(text, MINUS_SIGNS) | text.endswith("-")


def _closed_up(text: ir.StringValue) -> ir.StringValue:
    """The number without a space after its sign, where a symbol stood."""
    return ibis.ifelse(text.startswith("-"), ibis.literal("-") + text.substr(1).strip(), text)


def _unspaced(text: ir.StringValue, mark: str, spaces: Sequence[str]) -> ir.StringValue:
    """The number without some kinds of spaces, unless these group it otherwise than by thousands."""
    spaced = _has_any(text, spaces)
    plain = reduce(lambda left, space: left.replace(space, " "), _NO_BREAK, text).strip()
    by_thousands = plain.re_search(rf"^[+-]?[1-9]\d{{0,2}}( \d{{3}})+(\{mark}\d*)?$")
    return ibis.cases((~spaced, text), (by_thousands, plain.replace(" ", "")), else_=plain)


def _ungrouped(text: ir.StringValue, mark: str, group: str) -> ir.StringValue:
    """The number with a decimal point and without grouping; null if it is grouped otherwise than by thousands, or by
    lakhs as in India, since that is a decimal comma in a column that has a point, or the reverse.
    """
    lakhs = rf"[1-9]\d?(\{group}\d{{2}})+\{group}\d{{3}}"
    grouped = rf"^[+-]?([1-9]\d{{0,2}}(\{group}\d{{3}})+|{lakhs})(\{mark}\d*)?$"
    plain = ibis.cases(
        (~text.contains(group), text),
        (text.re_search(grouped), text.replace(group, "")),
        else_=ibis.null("string"),
    )
    return plain if mark == "." else plain.replace(mark, ".")


def _whole(number: ir.StringValue) -> ir.StringValue:
    """The number if it has no fraction but zero, without that."""
    return ibis.cases(
        (~number.contains("."), number),
        (number.re_search(r"\.0*$"), number.re_replace(r"\.0*$", "")),
        else_=ibis.null("string"),
    )


def typed(raw: ir.Table, stream: StreamSpec, wanted: Collection[str]) -> ir.Table:
    """Read some columns of a raw table.

    Args:
        raw: The stream's raw table; rows that could not be split into columns are left out.
        stream: The stream.
        wanted: Names of columns, of the contract or derived.

    Returns:
        Those columns (and what derived ones are made from); the time of delivery, which is not in a raw table, is null.
    """
    derived, columns = _needed(stream, wanted)
    sound = raw.filter(raw.parse_error.isnull())
    texts = computed_once(sound.select(**texts_of(sound, columns, stream)))
    table = texts.select(**{column.name: typed_value(texts[column.name], column, stream.zone) for column in columns})
    if stream.delivered_at is not None:
        table = table.mutate(ibis.null(DTYPES["timestamp"]).name(stream.delivered_at))
    for name, sql in derived:
        table = table.mutate(bind(sql, table).name(name))
    return table


def _needed(stream: StreamSpec, wanted: Collection[str]) -> tuple[list[tuple[str, str]], list[ColumnSpec]]:
    """The derived columns and the contract's columns behind ``wanted``."""
    names = set(wanted)
    schema = stream.expression_schema
    derived = []
    for name, sql in reversed(stream.derive):
        if name in names:
            derived.append((name, sql))
            names |= set(check(sql, schema).columns)
    return derived[::-1], [column for column in stream.columns if column.name in names] or [stream.columns[0]]
