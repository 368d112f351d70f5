"""Birth dates and years of birth of a table of people, however its columns tell them.

Belongs here: dates, their parts, and ages. Does not belong here: which columns these are (`columns.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from cdp_assets.normalised.birth_dates import known_birth_date, known_birth_year
from cdp_assets.sources.proposing.phrases import BIRTH_PARTS
from cdp_assets.warehouse.operations import try_timestamp

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine

_SOME_YEAR = 2000
"""When ages were told of which nothing says when: only how far they are apart is compared."""

_A_YEAR = r"\b((?:19|20)\d\d)(?:\d{4})?(?:\b|\.0)"
"""In a date, or alone."""


def date_of(table: ir.Table, columns: Mapping[str, str], engine: Engine) -> ir.DateValue:
    """Birth dates: ISO, or eight digits; of those that end in the year, and of eight digits, the order that most of the
    column fits, day first if more do equally."""
    if "birth_date" not in columns:
        return ibis.null("date")
    column = table[columns["birth_date"]].re_replace(r"[T ].*$", "")
    slashed = column.replace(".", "/").replace("-", "/")
    year_last = [try_timestamp(slashed, pattern) for pattern in ("%d/%m/%Y", "%m/%d/%Y")]
    eight_digits = [try_timestamp(column, pattern) for pattern in ("%Y%m%d", "%d%m%Y", "%m%d%Y")]
    told = ibis.coalesce(
        try_timestamp(column, "%Y-%m-%d"),
        _fitting(eight_digits, table.filter(column.re_search(r"^\d{8}$")), engine),
        try_timestamp(slashed, "%Y/%m/%d"),
        _fitting(year_last, table.filter(column.re_search(r"^\d{1,2}\D")), engine),
    )
    return known_birth_date(told.cast("date"))


def _fitting(readings: Sequence[ir.TimestampValue], rows: ir.Table, engine: Engine) -> ir.TimestampValue:
    """The reading by which most of some rows are birth dates: one mistyped date must not turn a column round."""
    counts = {str(place): known_birth_date(each.cast("date")).count() for place, each in enumerate(readings)}
    [found] = engine.to_arrow(rows.aggregate(**counts)).to_pylist()
    return readings[max(range(len(readings)), key=lambda place: found[str(place)])]


def date_of_parts(table: ir.Table, columns: Mapping[str, str]) -> ir.DateValue:
    """Birth dates whose year, month and day are columns of their own; null where these are no date."""
    if not set(BIRTH_PARTS) <= set(columns):
        return ibis.null("date")
    numbers = [_whole(table[columns[part]]).cast("string") for part in BIRTH_PARTS]
    return known_birth_date(try_timestamp(ibis.literal("-").join(numbers), "%Y-%m-%d").cast("date"))


def year_of(table: ir.Table, columns: Mapping[str, str], date: ir.DateValue, engine: Engine) -> ir.IntegerValue:
    """Years of birth, for where there is no date: as they are told, or by an age.

    Ages were told in the year that a column says, or in that in which those were so old whose birth is known.
    """
    year, age = (
        _whole(table[columns[what]]) if what in columns else ibis.null("int32") for what in ("birth_year", "age")
    )
    if "birth_date" in columns:
        year = year.coalesce(_whole(table[columns["birth_date"]].re_extract(r"^\d{4}(\.0)?$", 0)))
    if "age_told" in columns:
        told = _whole(table[columns["age_told"]].re_extract(_A_YEAR, 1))
    elif "age" in columns:
        known = table.aggregate(told=(date.year().coalesce(year) + age).median())
        told = ibis.literal(int(engine.to_arrow(known)["told"][0].as_py() or _SOME_YEAR), "int32")
    else:
        told = ibis.null("int32")
    return known_birth_year(year.coalesce(told - age))


def _whole(text: ir.StringValue) -> ir.IntegerValue:
    """A whole number, which is written as a fraction where some are missing; null for anything else."""
    return text.try_cast("float64").try_cast("int32")
