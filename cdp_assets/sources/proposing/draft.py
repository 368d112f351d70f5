"""A stream in the making: its columns by role, as SQL, and what several tables take from it alike.

Belongs here: reading a draft. Does not belong here: which tables it feeds (`mapping.py`, `commerce.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from cdp_assets.sources.proposing.roles import Column
from cdp_assets.sources.proposing.sample import Sample
from cdp_assets.warehouse.sql_parsing import plain_name

Map = dict[str, Any]
"""One entry of a stream's `maps`."""

Set = dict[str, str]


@dataclass
class Draft:
    """A stream in the making.

    Args:
        sample: The file.
        columns: Its columns with roles.
        names: Address → name in the contract.
        derive: Derived columns.
        doubts: What it was unsure of.
        currency: ISO 4217 code of amounts for which no column names one.
    """

    sample: Sample
    columns: Sequence[Column]
    names: dict[str, str]
    derive: dict[str, str] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    currency: str = "EUR"

    def of(self, *roles: str) -> Column | None:
        """The first column of the first of these roles that there is; of two instants the one in UTC."""
        for role in roles:
            found = [column for column in self.columns if column.role == role]
            if found:
                return next((column for column in found if re.search(r"\b(gmt|utc)\b", column.words)), found[0])
        return None

    def sql(self, *roles: str) -> str | None:
        """The same as an SQL expression; instants kept as numbers are made instants."""
        column = self.of(*roles)
        return None if column is None else self.expression(column)

    def expression(self, column: Column) -> str:
        """A column as an SQL expression."""
        name = plain_name(self.names[column.address])
        if column.values.epoch is not None and column.role is not None and column.role.endswith(("_at", "_date")):
            derived = f"{self.names[column.address]}_instant"
            unit = {1.0: "", 0.001: " / 1000", 0.000001: " / 1000000"}[column.values.epoch]
            self.derive.setdefault(derived, f"to_timestamp({name}{unit})")
            return derived
        return name

    def name_of_time(self, *roles: str) -> str | None:
        """The name of a column that holds an instant, for `event_time` and `updated_at`."""
        column = self.of(*roles)
        if column is None:
            return None
        written = self.expression(column)
        return written if written in self.derive else self.names[column.address]

    def given(self, **roles: str | None) -> Set:
        """Those of the values that there are."""
        return {name: sql for name, sql in roles.items() if sql is not None}


def unguarded(draft: Draft, column: Column) -> str:
    """The text of a column, without the apostrophe that keeps spreadsheets from taking it for a number, or the sign
    that some put before numbers of orders.
    """
    plain = draft.expression(column)
    if column.values.type == "integer":
        return f"cast({plain} as varchar)"
    texts = [text for text in draft.sample.columns[column.address] if text]
    if any(text.startswith("'") for text in texts):
        return f"ltrim({plain}, '''')"
    return f"ltrim({plain}, '#')" if texts and all(text.startswith("#") for text in texts) else plain


def money(draft: Draft) -> str:
    """The currency: a column, or a guess that says so."""
    column = draft.of("currency")
    if column is not None:
        name = draft.expression(column)
        upper = all((text or "A").isupper() for text in draft.sample.columns[column.address])
        return name if upper else f"upper({name})"
    draft.doubts.append(
        f"no column names the currency of its amounts: {draft.currency} is assumed (`currency_assumed`)"
    )
    draft.derive.setdefault("currency_assumed", f"'{draft.currency}'")
    return "currency_assumed"


def person(
    draft: Draft, *, where: str | None = None, grain: Sequence[str] = (), id_: str | None = None
) -> Iterator[Map]:
    """Maps for what rows say of a person: name, ways to reach them, address."""

    def entry(to: str, fields: Set, condition: str | None = None) -> Map:
        both = " and ".join(part for part in (where, condition) if part)
        made: Map = {"to": to}
        if both:
            made["where"] = both
        if grain:
            made["grain"] = list(grain)
        if id_ is not None:
            made["id"] = id_
        return made | {"set": fields}

    name = draft.of("full_name") or (None if draft.of("family_name") else draft.of("name"))
    given, family = draft.sql("given_name"), draft.sql("family_name")
    full = draft.expression(name) if name is not None and not (given and family) else None
    language = draft.sql("language")
    says = draft.given(
        given_name=given,
        family_name=family,
        full_name=full,
        birth_date=draft.sql("birth_date"),
        company=draft.sql("company"),
        job_title=draft.sql("job_title", "title"),
        language=f"split_part({language}, '-', 1)" if language else None,
        timezone=draft.sql("timezone"),
        created_at=draft.sql("created_at", "happened_at", "updated_at"),
    )
    gender = draft.of("gender", "salutation")
    if gender is not None:
        words = "lower(trim(" + draft.expression(gender) + ", '. '))"
        says["gender"] = (
            f"case when {words} in ('f', 'female', 'ms', 'mrs', 'miss', 'frau', 'mme') then 'female' "
            f"when {words} in ('m', 'male', 'mr', 'herr') then 'male' end"
        )
    if set(says) - {"created_at", "language", "timezone"}:
        yield entry("contacts", says)
    country = draft.sql("country")
    email = draft.of("email")
    if email is not None:
        yield entry("contact_points", {"kind": "'email'", "value": draft.expression(email)})
    phone = draft.of("phone")
    if phone is not None:
        yield entry("contact_points", draft.given(kind="'phone'", value=unguarded(draft, phone), country=country))
    town = draft.sql("city", "postal_code")
    if town is not None:
        postal = draft.of("postal_code")
        code = None if postal is None else unguarded(draft, postal)
        address = draft.given(
            kind="'postal'",
            line_1=draft.sql("line_1", "street"),
            line_2=draft.sql("line_2"),
            city=draft.sql("city"),
            region=draft.sql("region"),
            postal_code=code,
            country=country,
        )
        yield entry("contact_points", address, f"{town} is not null")
