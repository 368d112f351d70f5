"""A stream in the making: its columns by role, as SQL, and what several tables take from it alike.

Belongs here: reading a draft. Does not belong here: which tables it feeds (`mapping.py`, `commerce.py`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cdp_assets.sources.proposing import cells, headings, phrases
from cdp_assets.sources.proposing.countries import SIGNS, codes_of
from cdp_assets.sources.proposing.currencies import OWN, SHARED
from cdp_assets.sources.proposing.ends import Ends
from cdp_assets.sources.proposing.roles import OF_PEOPLE, Column
from cdp_assets.sources.proposing.sample import Sample
from cdp_assets.sources.proposing.values import DAY, MASK, NEVER
from cdp_assets.sources.proposing.zones import zone_in_heading
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
        currency: ISO 4217 code of amounts for which nothing names one.
        currency_said: Whether somebody said so of this file: then a sign of several currencies is that of this one.
        zone: IANA zone of times that bear none, if it is known.
        receipt: The derived number of an order, where those of the file come again.
        numbers: The numbers of orders, row by row, with what else tells them apart.
        crowded: Whether one order holds several people: who takes part, rather than what was bought.
        joined: Columns by which it fits other files: address → type of identifier.
        ends: Two columns that say from whom to whom something went, of which the first stands for both.
        key: What tells its rows apart.
        key_repeats: Whether rows of one file that share the key may be different ones.
        delivered_at: The column with the time of delivery, if something needs it.
    """

    sample: Sample
    columns: Sequence[Column]
    names: dict[str, str]
    derive: dict[str, str] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    currency: str = "EUR"
    currency_said: bool = False
    zone: str | None = None
    receipt: str | None = None
    numbers: Sequence[str | None] = ()
    crowded: bool = False
    ends: Ends | None = None
    joined: Mapping[str, str] = field(default_factory=dict)
    key: list[str] = field(default_factory=list)
    key_repeats: bool = False
    delivered_at: str | None = None

    def of(self, *roles: str) -> Column | None:
        """The first column of the first of these roles that there is; one with values before one without."""
        for known in ([column for column in self.columns if column.values.filled], self.columns):
            for role in roles:
                found = [column for column in known if column.role == role]
                if found:
                    return min(found, key=_second_best)
        return None

    def sql(self, *roles: str) -> str | None:
        """The same as an SQL expression; instants kept as numbers are made instants."""
        column = self.of(*roles)
        return None if column is None else self.expression(column)

    def expression(self, column: Column) -> str:
        """A column as an SQL expression: of the type that its role needs, as far as one can tell."""
        name, values = plain_name(self.names[column.address]), column.values
        if column.address in self.sample.firsts:
            path = quoted(self.sample.firsts[column.address])
            name = self._derived(column, "first", f"json_extract_string({name}, {path})")
        if self.ends is not None and column.address == self.ends.one.address:
            return self._other_end(self.ends)
        if self.ends is not None and column.address in [name.address for _, name in self.ends.names[:1]]:
            return self._other_name(self.ends)
        if column.role in OF_PEOPLE:
            name = self.unmasked(column, name)
        if column.in_cents:
            return self._derived(column, "in_full", f"{name} / 100")
        if column.role == "email" and self._some_are_a_word(column):
            return f"case when contains({name}, '@') then {name} end"
        if some_are_no_addresses(column):
            return f"case when regexp_matches({name}, '^[^@]+@[^@]+[.][^@]+$') then {name} end"
        if values.replaced:
            return self._derived(column, "date" if values.type == "date" else "instant", self._instant(column, name))
        if values.epoch is not None and column.role is not None and column.role.endswith(("_at", "_date")):
            if NEVER in self.sample.columns[column.address]:
                name = f"nullif({name}, {NEVER})"
            since = {
                1.0: name,
                0.001: f"{name} / 1000",
                0.000001: f"{name} / 1000000",
                DAY: f"({name} - 25569) * 86400",
            }
            return self._derived(column, "instant", f"to_timestamp({since[values.epoch]})")
        if values.type == "date" and column.role in ("created_at", "happened_at") and self._clock is not None:
            clock = plain_name(self.names[self._clock.address])
            texts = [text for text in self.sample.columns[self._clock.address] if text]
            mark = next((each for each in ".h" if all(each in text for text in texts)), ":") if texts else ":"
            seconds = (
                f"{'.' if mark == '.' else ':'}%S" if any(len(re.findall(r"\d+", text)) > 2 for text in texts) else ""
            )
            halves = any(text[-1] in "Mm" for text in texts)
            written = f"cast({name} as varchar) || ' ' || {clock}"
            pattern = f"%Y-%m-%d {f'%I:%M{seconds} %p' if halves else f'%H{mark}%M{seconds}'}"
            return self._derived(
                column, "time", f"strptime({written}, {quoted(pattern)}){self._there(column, self._clock)}"
            )
        if column.role == "country" and "country_name" in values.looks:
            return self._derived(column, "code", self._country_codes(name, column))
        if column.role == "country" and any((text or "A").islower() for text in self.sample.columns[column.address]):
            return f"upper({name})"
        if column.role == "language" and values.type == "json":
            return f"json_extract_string({name}, '$[0]')"
        return name

    def _instant(self, column: Column, written: str) -> str:
        """A date or an instant that a format fits once some words are others."""
        for pattern, other in column.values.replaced:
            written = f"regexp_replace({written}, {quoted(pattern)}, {quoted(other)})"
        [pattern] = column.values.formats
        if column.values.type == "date":
            return f"cast(try_strptime({written}, {quoted(pattern)}) as date)"
        there = "" if "%z" in pattern else self._there(column)
        return f"try_strptime({written}, {quoted(pattern)}){there}"

    def _there(self, *columns: Column) -> str:
        """Where the times of columns are those of clocks, as SQL behind them; nothing if nobody knows."""
        named = [zone_in_heading(column.address) for column in columns]
        in_utc = any(headings.is_in_utc(column.words) for column in columns)
        zone = "UTC" if in_utc else next(filter(None, named), self.zone)
        return "" if zone is None else f" at time zone {quoted(zone)}"

    def unmasked(self, column: Column, expression: str) -> str:
        """What a column says, by an expression, without texts of which parts are made unreadable."""
        if "some_masked" not in column.values.looks:
            return expression
        told = f"parts of some texts of {self.names[column.address]} are made unreadable: nobody is told by those"
        self.doubt(told)
        sql = f"case when not regexp_matches({expression}, {quoted(MASK)}) then {expression} end"
        return self._derived(column, "unmasked", sql)

    def _some_are_a_word(self, column: Column) -> bool:
        """Whether one text that is no address stands again and again for people who are not told."""
        strange = [text for text in self.sample.columns[column.address] if text and "@" not in text]
        return len(set(strange)) == 1 < len(strange)

    def _other_end(self, ends: Ends) -> str:
        """Whichever of two addresses is not the company's; none if neither is, or both are."""
        ours = {end.address: end for end in (ends.one, ends.other)}
        return self.derived("other_party" if ends.direction is not None else "counterpart", self._of_others(ends, ours))

    def _other_name(self, ends: Ends) -> str:
        """The name of whoever is at that end, if a column names them."""
        return self.derived("other_name", self._of_others(ends, dict(ends.names)))

    def _of_others(self, ends: Ends, told: Mapping[str, Column]) -> str:
        """What columns tell, by the address of an end, of the end that is not the company's."""
        values = {end: plain_name(self.names[column.address]) for end, column in told.items()}
        if ends.direction is not None:
            said = plain_name(self.names[ends.direction.address])
            cases = (
                f"when {quoted(way)} then {values[each.address]}" for way, each in ends.ways if each.address in values
            )
            return f"case lower(trim({said})) {' '.join(cases)} end"
        one, other = (plain_name(self.names[column.address]) for column in (ends.one, ends.other))
        own = ", ".join(quoted(address) for address in ends.own)
        cases = (
            f"when {here} in ({own}) and {there} not in ({own}) then {values[end.address]}"
            for here, there, end in ((one, other, ends.other), (other, one, ends.one))
            if end.address in values
        )
        return f"case {' '.join(cases)} end"

    @property
    def _clock(self) -> Column | None:
        """The column with the time of day, if dates and times are apart, there is but one of either, and it may be of
        that day.
        """
        clocks = [column for column in self.columns if column.role == "clock"]
        dates = [column for column in self.columns if column.role in ("created_at", "happened_at")]
        if len(clocks) != 1 or len(dates) != 1:
            return None
        [clock], [day] = clocks, dates
        return clock if day.role == "happened_at" or headings.is_clock_of(clock.words, day.words) else None

    def _derived(self, column: Column, ending: str, sql: str) -> str:
        return self.derived(f"{self.names[column.address]}_{ending}", sql)

    def derived(self, wanted: str, sql: str) -> str:
        """The name, as an expression, of a derived column: the one with this expression, or a new one."""
        same = (name for name, written in self.derive.items() if written == sql and name.startswith(wanted))
        name = next(same, None) or self._free_name(wanted)
        self.derive[name] = sql
        return plain_name(name)

    def doubt(self, told: str) -> None:
        """Tell a doubt that may have been told before."""
        if told not in self.doubts:
            self.doubts.append(told)

    def delivery(self) -> str:
        """When a row was first read, as an expression: for what it says without a time."""
        if self.delivered_at is None:
            self.delivered_at = self._free_name("delivered_at")
        return plain_name(self.delivered_at)

    def _free_name(self, wanted: str) -> str:
        taken = {name.casefold() for name in (*self.names.values(), *self.derive, self.delivered_at or "")}
        names = (wanted, *(f"{wanted}_{number}" for number in range(2, len(taken) + 3)))
        return next(name for name in names if name.casefold() not in taken)

    def _country_codes(self, name: str, column: Column) -> str:
        known = codes_of(self.texts(column))
        kinds = "names"
        if known.keys() & SIGNS:
            known, kinds = SIGNS | known, "names or signs"
        cases = " ".join(f"when {quoted(text)} then '{code}'" for text, code in sorted(known.items()))
        told = f"{name} holds {kinds} of countries: those of the sample are given their codes, and others none"
        self.doubt(told)
        return f"case lower(trim({name})) {cases} end"

    def all_of(self, role: str) -> list[Column]:
        """All columns of a role, those with values first."""
        found = [column for column in self.columns if column.role == role]
        return sorted(found, key=lambda column: not column.values.filled)

    def texts(self, column: Column) -> set[str]:
        """The different texts of a column, in lower case."""
        return {text.strip().casefold() for text in self.sample.columns[column.address] if text}

    def name_of_time(self, *roles: str) -> str | None:
        """The name of a column that holds an instant, for `event_time` and `updated_at`."""
        column = self.of(*roles)
        return None if column is None else self._name_of(column)

    def name_of(self, address: str) -> str:
        """The same of the column with an address."""
        return self._name_of(next(column for column in self.columns if column.address == address))

    def _name_of(self, column: Column) -> str:
        written = self.expression(column)
        return next((name for name in self.derive if plain_name(name) == written), self.names[column.address])

    def given(self, **roles: str | None) -> Set:
        """Those of the values that there are."""
        return {name: sql for name, sql in roles.items() if sql is not None}


def _second_best(column: Column) -> tuple[bool, ...]:
    """Of two instants the one that is no mere day, in UTC, or written as one; of two countries the one by its code; of
    two amounts the one without tax in it.
    """
    values = column.values
    return (
        values.type == "date",
        not headings.is_in_utc(column.words),
        values.epoch is not None,
        "country_name" in values.looks,
        headings.has_tax(column.words),
    )


def some_are_no_addresses(column: Column) -> bool:
    """Whether texts of a column of e-mail addresses are something else, and more than a few."""
    return column.role == "email" and "some_emails" in column.values.looks and "email" not in column.values.looks


def only_where(*conditions: str | None) -> Map:
    """The part of a map that says which rows it takes: those that meet all conditions; nothing if there are none."""
    told = [each for each in conditions if each]
    return {"where": " and ".join(told)} if told else {}


def quoted(text: str) -> str:
    """A text as SQL."""
    return "'" + text.replace("'", "''") + "'"


def among(draft: Draft, column: Column, kind: str, *, seen: bool = False, more: Iterable[str] = ()) -> str:
    """A condition: the column says one of the words for ``kind`` (below ``cells`` in `headings.yaml`).

    Args:
        draft: The draft.
        column: The column.
        kind: What its cells are to say.
        seen: Whether the words of the sample are enough, if it has any.
        more: What else they may say, in lower case.
    """
    words = of_its_languages(draft, draft.texts(column), cells.says(kind), cells.says(kind, further=False))
    if seen:
        words = tuple(word for word in words if word in {text.rstrip(".") for text in draft.texts(column)} or word in
                      draft.texts(column)) or words  # fmt: skip
    words = (*words, *more)
    plain = plain_name(draft.names[column.address])
    if column.values.type not in ("string", "json"):
        plain = f"cast({plain} as varchar)"
    return f"lower(trim({plain}, '. ')) in ({', '.join(quoted(word.rstrip('.')) for word in words)})"


def of_its_languages(
    draft: Draft, texts: Collection[str], words: Collection[str], common: Collection[str]
) -> Collection[str]:
    """Words of all languages where a file may be in one of the further ones: who writes so has letters of their own in
    some heading, or words of them in cells; else those of eight languages only.

    Args:
        draft: The draft.
        texts: What its cells say.
        words: The words of all languages.
        common: Those of eight.
    """
    foreign = any(not each.address.isascii() for each in draft.columns)
    return words if foreign or {*texts} & ({*words} - {*common}) else common


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
    named = {code for each in draft.columns if (code := headings.currency_of(each.words)) is not None}
    symbols = {column.values.symbol for column in draft.columns if column.values.symbol is not None}
    sign = next(iter(symbols)) if len(symbols) == 1 else ""
    told = _of_the_sign(draft, sign)
    assumed, why = told or draft.currency, f" by the sign {sign}" if told else ""
    if len(named) == 1:
        [assumed], why = named, " by what amounts are called"
    told_of = f"no column names the currency of its amounts: {assumed} is assumed{why} (`currency_assumed`)"
    draft.doubt(told_of)
    return draft.derived("currency_assumed", quoted(assumed))


def _of_the_sign(draft: Draft, sign: str) -> str | None:
    """The currency of a sign beside amounts; of one that several share, the one that was said or is expected."""
    plain = sign.rstrip(".")
    if plain in SHARED:
        expected = draft.currency_said or draft.currency in SHARED[plain]
        return None if expected else SHARED[plain][0]
    return sign if re.fullmatch("[A-Z]{3}", sign) else OWN.get(plain)


def first_of(*expressions: str | None) -> str | None:
    """The first that is not null in a row, of the expressions that there are; None if there is none."""
    known = [each for each in expressions if each is not None]
    return f"coalesce({', '.join(known)})" if len(known) > 1 else next(iter(known), None)


def together(known: Iterable[str], others: Iterable[str]) -> str:
    """Several expressions as one text. What may be null leaves its place empty: one that is left out would make rows
    alike that are not.
    """
    parts = [*known, *(f"coalesce(cast({each} as varchar), '')" for each in others)]
    return f"concat_ws('-', {', '.join(parts)})"


_CHANGING = ("status", "updated_at")
"""Roles of what tells versions of a row apart, rather than rows."""


def telling_more(draft: Draft, told: Sequence[Column]) -> Iterator[Column]:
    """Columns that tell rows apart where those that are told leave some alike, numbers and names before the rest."""
    texts = draft.sample.columns
    known = list(zip(*(texts[column.address] for column in told), strict=True))
    every = len(set(zip(*texts.values(), strict=True)))
    others = [
        column
        for column in draft.columns
        if column not in told and column.values.type != "json" and column.role not in _CHANGING
    ]
    for column in sorted(others, key=lambda column: (column.role is None, not phrases.is_number(column.words))):
        if len(set(known)) >= every:
            return
        more = [(*row, text) for row, text in zip(known, texts[column.address], strict=True)]
        if len(set(more)) > len(set(known)):
            known = more
            yield column


def telling_apart(draft: Draft, *columns: Column | None) -> list[str]:
    """The names of columns, if no two rows of the sample agree in all of them; none if one is missing."""
    known = [column for column in columns if column is not None]
    if len(known) < len(columns) or any(column.values.filled < column.values.rows for column in known):
        return []
    rows = list(zip(*(draft.sample.columns[column.address] for column in known), strict=True))
    return [draft.names[column.address] for column in known] if len(set(rows)) == len(rows) else []
