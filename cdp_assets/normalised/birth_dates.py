"""Birth dates and years of birth that systems write where none is known.

Belongs here: which these are. Does not belong here: reading dates (`sources.contract`), and comparing them
(`identity.agreement`).
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

NO_BIRTH_DATES = (
    "0001-01-01",  # least date of ISO 8601, of .NET and of SQL's date
    "1753-01-01",  # least datetime of SQL Server
    "1899-12-30", "1899-12-31", "1900-01-01",  # day 0, or 1, of spreadsheets; SQL Server's default
    "1901-01-01",
    "1904-01-01",  # day 0 of spreadsheets on a Macintosh
    "1970-01-01",  # second 0 of POSIX
    *(f"{decade}-01-01" for decade in range(1950, 2030, 10)),  # what staff type who have to type something
    "9999-12-31",  # greatest date of most databases
)  # fmt: skip
"""Dates that stand for "nothing known". Whoever was born on one of them loses a piece of evidence; taken as told, all
whose date is not known would be born on one day."""


NO_BIRTH_YEARS = (1753, 1899, 1900, 1901, 1904)
"""Years of such dates, where they stand alone: hardly anybody alive was born in them."""

_FIRST_YEAR, _LAST_YEAR = 1000, 2100
"""A number outside of these is no year: an age in the wrong column, or a slip."""


def known_birth_date(told: ir.DateValue) -> ir.DateValue:
    """A birth date as it was told, null where it stands for "nothing known" (`NO_BIRTH_DATES`)."""
    nothing = told.isin([ibis.date(day) for day in NO_BIRTH_DATES])
    return ibis.ifelse(nothing, ibis.null("date"), told)


def known_birth_year(told: ir.IntegerValue) -> ir.IntegerValue:
    """A year of birth as it was told, null where it is none, or stands for "nothing known" (`NO_BIRTH_YEARS`)."""
    known = told.between(_FIRST_YEAR, _LAST_YEAR) & told.notin(NO_BIRTH_YEARS)
    return ibis.ifelse(known, told, ibis.null(told.type()))


def born_in(contacts: ir.Table) -> ir.IntegerValue:
    """The year of birth of each row of `canonical.tables.CONTACTS`: of its date, or what it says of the year alone."""
    return contacts.birth_date.year().cast("int64").coalesce(contacts.birth_year)
