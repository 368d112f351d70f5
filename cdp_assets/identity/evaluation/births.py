"""Birth dates and years of birth of a table of people, however its columns tell them.

Belongs here: dates, their parts, and ages. Does not belong here: which columns these are
(`columns.py`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from cdp_assets.normalised.birth_dates import known_birth_date, known_birth_year
from cdp_assets.sources.proposing.dates import are_spread_like_births
from cdp_assets.sources.proposing.months import month_of
from cdp_assets.sources.proposing.phrases import BIRTH_PARTS, without_accents
from cdp_assets.warehouse.operations import try_timestamp

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine

_TIME = re.compile(r"[t ] *\d{1,2}:\d{2}.*$")
_A_DAY = r"(\d{1,2})(?:st|nd|rd|th|er)?"
_NAMED_MONTH = (
    re.compile(rf"(?P<day>{_A_DAY})\W*(?:de |of )?(?P<month>[^\W\d_]{{3,}})\W*(?:del? )?(?P<year>\d{{4}}|\d\d)"),
    re.compile(rf"(?P<month>[^\W\d_]{{3,}})\W*(?P<day>{_A_DAY})\W+(?P<year>\d{{4}}|\d\d)"),
    re.compile(rf"(?P<year>\d{{4}})\W*(?P<month>[^\W\d_]{{3,}})\W*(?P<day>{_A_DAY})"),
)
_YEAR_FIRST = re.compile(r"(\d{4})\D{1,3}(\d{1,2})\D{1,3}(\d{1,2})\D{0,3}|([4-9]\d|3[2-9])[./-](\d{1,2})[./-](\d{1,2})")
_YEAR_LAST = re.compile(r"(\d{1,2})\W{1,2}(\d{1,2})\W{1,2}(\d{4}|\d\d)\W?")
_LAST_OF_THIS_CENTURY = 29
"""Years of two digits are of this century up to this one."""

_YEAR_ALONE = r"^\d{4}(\.0)?$"

_SOME_YEAR = 2000
"""When ages were told of which nothing says when: only how far they are apart is compared."""

_A_YEAR = r"\b((?:1[89]|20)\d\d)(?:\d{4})?(?:\b|\.0)"
"""In a date, or alone."""

_FROM_BIRTH = re.compile(r"((?:1[89]|20)?\d\d)(\d\d)(\d\d)[-+ ]?(?:\d{3,4}|\d{7}|\d?[xX*#]{2,7})")
"""A number that begins with a date, be the rest made unreadable or not."""

_NEARLY_ALL = 0.9
"""Share of the numbers of a column that begin with dates where people are numbered by their births."""


def spelled_in_digits(table: ir.Table, columns: Mapping[str, str], engine: Engine) -> ir.Table:
    """A table whose birth dates (*12 March 1951*, *02AUG55*, *3. 2. 80*) are in digits, with four of the year."""
    import pyarrow as pa

    if "birth_date" not in columns:
        return table

    def batch(known: pa.Table) -> pa.Table:
        return pa.table(
            {"said": known["said"], "plain": pa.array(map(in_digits, known["said"].to_pylist()), pa.string())}
        )

    column = columns["birth_date"]
    said = table.filter(table[column].notnull()).select(said=table[column]).distinct()
    plain = engine.map_values(said, batch, ibis.schema({"said": "string", "plain": "string"}))
    joined = table.left_join(plain, table[column] == plain.said)
    return engine.scratch(joined.mutate(**{column: joined.plain}).select(table.columns))


def in_digits(text: str) -> str:
    """A date with numbers only and four digits of the year, in the order in which it is told, or year first where that
    is clear; whatever else a text is, as it is."""
    said = _TIME.sub("", without_accents(text.strip()))
    for pattern in _NAMED_MONTH:
        found = pattern.fullmatch(said)
        if found and (named := month_of(found["month"])) is not None:
            day = re.sub(r"\D", "", found["day"])
            return f"{_whole_year(found['year'])}-{named:02}-{int(day):02}"
    if found := _YEAR_FIRST.fullmatch(said):
        year, month, day = (part for part in found.groups() if part is not None)
        return f"{_whole_year(year)}-{int(month):02}-{int(day):02}"
    if found := _YEAR_LAST.fullmatch(said):
        return f"{found[1]}/{found[2]}/{_whole_year(found[3])}"
    return text


def in_number(number: str) -> str | None:
    """The birth date that a national number begins with, as *19770908-XXXX* and *770908-1239* do; None if none does."""
    found = _FROM_BIRTH.fullmatch(number.strip())
    try:
        return date(int(_whole_year(found[1])), int(found[2]), int(found[3])).isoformat() if found else None
    except ValueError:
        return None


def are_from_births(numbers: Sequence[str]) -> bool:
    """Whether people are numbered by their births."""
    dates = [born for number in numbers if (born := in_number(number)) is not None]
    return len(dates) >= _NEARLY_ALL * len(numbers) and are_spread_like_births(dates)


def dates_in_numbers(numbers: ir.Table, engine: Engine) -> ir.Table:
    """record_id and ``born`` by its ``number`` of each row that begins with a birth date.

    Args:
        numbers: record_id and number.
    """
    import pyarrow as pa

    def batch(known: pa.Table) -> pa.Table:
        said = known["number"].to_pylist()
        return pa.table({"number": known["number"], "born": pa.array(map(in_number, said), pa.string())})

    known = numbers.filter(numbers.number.notnull())
    told = engine.map_values(
        known.select("number").distinct(), batch, ibis.schema({"number": "string", "born": "string"})
    )
    return engine.scratch(known.inner_join(told.filter(told.born.notnull()), "number").select("record_id", "born"))


def _whole_year(year: str) -> str:
    return year if len(year) > 2 else f"{19 + (int(year) <= _LAST_OF_THIS_CENTURY)}{year}"


def not_understood(table: ir.Table, columns: Mapping[str, str], engine: Engine) -> tuple[int, int]:
    """How many rows tell a birth date, and how many of these are neither a date nor a year."""
    if "birth_date" not in columns:
        return 0, 0
    said = table[columns["birth_date"]]
    lost = said.notnull() & _date_told(table, columns, engine).isnull() & ~said.re_search(_YEAR_ALONE)
    [counted] = engine.to_arrow(table.aggregate(told=said.count(), lost=lost.sum().coalesce(0))).to_pylist()
    return int(counted["told"]), int(counted["lost"])


def date_of(table: ir.Table, columns: Mapping[str, str], engine: Engine) -> ir.DateValue:
    """Birth dates: ISO, or eight digits; of those that end in the year, and of eight digits, the order that most of the
    column fits, day first if more do equally."""
    return known_birth_date(_date_told(table, columns, engine))


def _date_told(table: ir.Table, columns: Mapping[str, str], engine: Engine) -> ir.DateValue:
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
    return told.cast("date")


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
        year = year.coalesce(_whole(table[columns["birth_date"]].re_extract(_YEAR_ALONE, 0)))
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
