"""What a column seems to mean: its role, told by the words of its name and by what its values look like.

Belongs here: one column at a time. Does not belong here: the words (`headings.py`), and what a file as a whole is about
(`kinds.py`), which may read one role in several ways.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from cdp_assets.sources.proposing import cells, headings
from cdp_assets.sources.proposing.headings import BIRTH_PARTS, words_of
from cdp_assets.sources.proposing.states import says_given_up, says_what_became
from cdp_assets.sources.proposing.values import (
    DAY,
    Texts,
    Values,
    amount_of,
    are_clocks,
    are_spread_like_births,
    in_thousands,
    judge,
)
from cdp_assets.sources.proposing.wrapping import unwrapped

_CODED = frozenset({
    "click_id", "anonymous_id", "previous_id", "group_id", "device_id", "message_id", "ticket_id", "lead_id",
    "campaign_id", "session_id", "refund_id", "order_id", "line_number", "payment_id", "opportunity_id",
    "subscription_id", "plan_id", "loyalty_number", "person_id", "external_id", "account_id", "parent_id", "number",
    "id", "phone", "postal_code", "sku", "house_number", "name", "card",
})  # fmt: skip
"""Roles of columns whose numbers are names: leading zeros matter, and sums mean nothing."""

_MONEY = frozenset({
    "discount", "shipping", "tax", "gross", "net", "refunded", "unit_price", "line_total", "amount",
})  # fmt: skip
_SOLD = _MONEY | {"order_id"}
_NUMBERS = _MONEY | {"quantity", "points", "score", "duration", "employees", "age", *BIRTH_PARTS}
_TEXTS = frozenset({
    "given_name", "middle_name", "family_name", "second_family_name", "name_particle", "name_suffix", "full_name",
    "name_reading", "company", "job_title", "language", "line_2", "suburb", "city", "region",
    "gender", "salutation", "subject", "product_name", "comment", "reason", "purpose", "channel", "stage", "street",
    "line_1", "industry", "category", "survey", "description",
})  # fmt: skip
_LOOKS = {
    "country": ("country", "country_name"),
    "currency": ("currency",),
    "page_url": ("url", "path"),
    "referrer": ("url",),
    "timezone": ("zone",),
    "ip": ("ip",),
    "clock": ("clock",),
}
"""What the values of some roles have to look like."""

_ANSWERS = frozenset({"is_won", "is_closed", "is_company", "verified", "bounced"})
"""Roles of columns that are true or false."""

_YES_OR_NO = cells.said_by(("yes", "no"))

_MOST_ANSWERS = 6
"""So many different values a column has at most that says yes or no."""

_HALVES_OR_WHOLES = frozenset(
    {"nome", "nombre", "nom", "nume", "name", "naam", "jmeno", "ad", "adi", "isim", "имя", "імя"}
)
"""Words for a name, and for half of one."""

_DEGREES = frozenset({
    "dr", "prof", "med", "dent", "vet", "phil", "jur", "rer", "nat", "iur", "hc", "dipl", "ing", "mag", "rev", "dott",
    "dra", "drs", "ir", "mgr", "inz", "bc", "phd", "md", "mba", "msc", "bsc",
})  # fmt: skip
"""Words of titles that somebody bears, rather than of what they work as."""

_NAMES = frozenset(headings.NAMES)

TELLING_OF_PEOPLE = _NAMES | {"birth_date", "gender", "salutation", "street", "line_1", "postal_code", "city"}
"""Roles of what lists of people tell of each of them."""

NUMBERING_PEOPLE = ("person_id", "lead_id", "external_id", "loyalty_number")
"""Roles of numbers that some system gives to people."""

_REACHED = frozenset({"email", "phone", "person_id"})
"""Roles of what says who somebody is whose name may stand beside it."""

_ENOUGH = 20
"""So many people do not have one address."""

_FEW_KINDS = 12
"""So many states things have at most."""

_OFTEN = 4
"""One of so many names of companies at least has its legal form."""

_ONE_FOR_EACH = frozenset({
    "email", "phone", "person_id", "loyalty_number", "external_id", "lead_id", "anonymous_id", "device_id",
})  # fmt: skip
"""Roles of which many people do not have the same one."""

_MOSTLY = 0.9

_SUMS = frozenset({"gross", "net", "amount"})
"""Roles of what an order comes to."""

_SOME = 3
"""So many numbers have several rows, where rows are lines."""

OF_PEOPLE = frozenset({
    "email", "phone", "anything", "person_id", "loyalty_number", "external_id", "lead_id", "given_name", "family_name",
    "middle_name", "second_family_name", "name_particle", "name_suffix", "full_name", "name_reading", "birth_date",
    *BIRTH_PARTS, "age",
    "street", "line_1", "line_2", "house_number", "postal_code", "suburb", "city", "card",
})  # fmt: skip
"""Roles that say who somebody is, and nothing where parts are made unreadable (`values.MASK`)."""

_NOT_OF_MACHINES = (OF_PEOPLE | _ONE_FOR_EACH) - {"phone"}
"""Roles of what is called like people and no machine's, by its address in a network or its name there."""

_NAMED = frozenset({
    "given_name", "family_name", "full_name", "sku", "product_name", "quantity", "unit_price", "campaign",
    "campaign_id", "action", "subject", "stage",
})  # fmt: skip
"""Roles of what else may have a name in a row, or is the name."""

_OF_SALES_AND_TICKETS = _MONEY | {"order_id", "sku", "ticket_id", "subject"}

_NOT_OF_CONSENT = _OF_SALES_AND_TICKETS | {
    "direction", "duration", "action", "campaign_id", "campaign", "page_url", "session_id", "event_name",
}  # fmt: skip
"""Roles of what was sold, asked or sent by some channel, which is no word of consent."""

SOLD_OR_ASKED = _OF_SALES_AND_TICKETS | {"quantity"}
"""Those whose rows are in a state, which is no word of consent either."""

_SURFED = frozenset({"page_url", "session_id", "referrer", "click_id", "utm_source", "event_name", "properties"})
"""Roles of what is known of visits."""

_OF_OTHERS = frozenset({"shipping", "person_id", "account_id", "parent_id"})
"""Roles that a name gives although it speaks of others: what delivery costs is part of an order."""

_WHEN_EMPTY = (_CODED - {"name", "number", "card"}) | _TEXTS | {
    "email", "referrer", "country", "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "variant",
    "tags", "notes", "product_name",
}  # fmt: skip
"""Roles that the name alone can give: the next file may have values."""


@dataclass(frozen=True)
class Column:
    """A column with what is believed of it.

    Args:
        address: Header or dotted path.
        words: The words of its name, in lower case.
        values: What its values are.
        role: What it means, or None.
        by_value: Whether its values say so, whatever it is called.
        in_cents: Whether it is an amount in hundredths, as its name says.
    """

    address: str
    words: str
    values: Values
    role: str | None = None
    by_value: bool = False
    in_cents: bool = False


def columns_of(texts: Mapping[str, list[str | None]], *, day_first: bool | None = None) -> list[Column]:
    """Judge all columns of a sample.

    Args:
        texts: Its columns.
        day_first: Whether the day comes first where a date could be read either way; None if nobody knows.
    """
    found = _judged(texts, day_first)
    if any(column.values.ambiguous for column in found):
        # What one column of a file shows, the others follow.
        formats = [column.values.format or "" for column in found if not column.values.ambiguous]
        shown = {name.startswith("%d/%m") for name in formats if name.startswith(("%d/%m", "%m/%d"))}
        if len(shown) == 1 and shown != {day_first}:
            found = _judged(texts, *shown)
    found = _with_words_of_consent(_with_one_mark(found, texts), texts)
    found = _with_the_only_address(_with_numbers_of_orders(found))
    found = _with_names_of_the_reached(_with_numbers_of_clients(found))
    found = _with_names_of_people(_with_family_names(found, texts))
    found = _with_names_of_accounts(_with_companies(_with_whole_names(found, texts), texts), texts)
    found = _with_the_status(found, texts)
    found = _with_counts(found, texts)
    return _with_numbers_of_slips(_with_clocks(_with_the_only_time(_without_pins(found), texts)), texts)


def _with_counts(columns: list[Column], texts: Mapping[str, list[str | None]]) -> list[Column]:
    """The *item amount* beside an *item price* is how many, where nothing else is, and it is whole and less than the
    price of one in nearly all rows: what they come to is never less.
    """
    price = next((column for column in columns if column.role == "unit_price" and column.values.filled), None)
    if price is None or any(column.role == "quantity" for column in columns):
        return columns
    item, prices = price.words.split()[0], [amount_of(text) for text in texts[price.address]]

    def counts(column: Column) -> bool:
        if column.role != "amount" or column is price or column.words.split()[0] != item:
            return False
        told = zip(map(amount_of, texts[column.address]), prices, strict=True)
        pairs = [(count, paid) for count, paid in told if count and paid]
        less = sum(count.is_integer() and count < paid for count, paid in pairs)
        return bool(pairs) and less >= _MOSTLY * len(pairs)

    return [replace(column, role="quantity") if counts(column) else column for column in columns]


def _with_numbers_of_slips(columns: list[Column], texts: Mapping[str, list[str | None]]) -> list[Column]:
    """A mere *code* is the number of an order where none is called so, and rows of one code are of one time, one
    address and one sum: they are its lines.
    """
    if any(column.role == "order_id" for column in columns):
        return columns
    placed, reached, sums = (
        [texts[column.address] for column in columns if column.role in roles and column.values.filled]
        for roles in (("created_at", "happened_at"), ("email", "phone"), _SUMS)
    )
    number = next(
        (
            column
            for column in columns
            if column.role in (None, "number", "id")
            and headings.is_number(column.words)
            and not headings.subject(column.words)
            and column.values.repeated
            and column.values.filled == column.values.rows
            and all(
                any(_are_of_one(texts[column.address], each) for each in heads) for heads in (placed, reached, sums)
            )
        ),
        None,
    )
    return [replace(column, role="order_id") if column is number else column for column in columns]


def _are_of_one(numbers: Sequence[str | None], values: Sequence[str | None]) -> bool:
    """Whether all rows of a number have one value, and some numbers have several rows, and others other values."""
    found: dict[str | None, list[str | None]] = {}
    for number, value in zip(numbers, values, strict=True):
        found.setdefault(number, []).append(value)
    again = sum(len(each) > 1 for each in found.values())
    return again >= _SOME and len(set(values)) > 1 and all(len(set(each)) == 1 for each in found.values())


def _with_one_mark(columns: list[Column], texts: Mapping[str, list[str | None]]) -> list[Column]:
    """Where some columns show that decimals are written after a comma, and none that they are after a point, numbers
    that could be read either way are written so too: *1,459*, and of amounts *1.200*.
    """
    decimals = [each for each in columns if each.values.type in ("decimal", "float")]
    either = [each for each in decimals if each.values.decimal_mark == "." and _may_be_after_a_comma(each, texts)]
    if any(each.values.decimal_mark == "." for each in decimals if each not in either):
        return columns
    if not any(each.values.decimal_mark == "," for each in decimals):
        return columns
    return [
        replace(each, values=replace(each.values, type="decimal", decimal_mark=",")) if each in either else each
        for each in columns
    ]


def _may_be_after_a_comma(column: Column, texts: Mapping[str, list[str | None]]) -> bool:
    """Whether a comma in numbers of a column may stand before decimals, or a point in its amounts may not."""
    filled = texts[column.address]
    if column.role in _MONEY and in_thousands(filled, column.values.symbol):
        return True
    return all(text.count(",") <= 1 and "." not in text for text in filled if text)


def _with_the_status(columns: list[Column], texts: Mapping[str, list[str | None]]) -> list[Column]:
    """Where no heading speaks of a status, or of sales only of one that never says so, it is the one column that says
    which things were given up, or back. Of sales a single word of that is enough among few, or where the heading may be
    for a state; there also one for what became of them.
    """
    called = [column for column in columns if column.role == "status"]
    sold = any(column.role in _SOLD for column in columns)
    if (called and not sold) or any(_says_an_end(texts[column.address]) for column in called):
        return columns
    states = [each for each in columns if each.role in (None, "region") and headings.is_called_a_state(each.words)]
    found = [each for each in states if sold and any(says_what_became(text) for text in texts[each.address] if text)]
    found = found or [
        column
        for column in columns
        if column.role is None
        and column.values.distinct > 1
        and not headings.is_of_others(column.words)
        and _says_an_end(texts[column.address])
        and (_are_states_of_things(texts[column.address]) or (sold and _is_of_few_kinds(column)))
    ]
    if len(found) != 1:
        return columns
    return [replace(column, role="status") if column is found[0] else column for column in columns]


def _says_an_end(texts: Iterable[str | None]) -> bool:
    """Whether some texts say that something was given up, or back."""
    given_back = cells.says("refund")
    return any(says_given_up(text) or text.casefold() in given_back for text in texts if text)


def _is_of_few_kinds(column: Column) -> bool:
    return column.values.type == "string" and column.values.distinct <= min(_FEW_KINDS, column.values.filled // 4)


def _with_numbers_of_orders(columns: list[Column]) -> list[Column]:
    """Beside the number of an order, that of a transaction is that of a payment for it, or of a line of it."""
    orders = [each for each in columns if each.role == "order_id" and headings.is_of_an_order(each.words)]
    if not any(each.values.filled for each in orders):
        return columns
    return [
        replace(each, role="payment_id") if each.role == "order_id" and headings.is_of_a_payment(each.words) else each
        for each in columns
    ]


def _with_words_of_consent(columns: list[Column], texts: Mapping[str, list[str | None]]) -> list[Column]:
    """In a log of consent, which has a purpose or a channel, one column says what was granted or withdrawn, whatever it
    is called, and one may hold the addresses and the numbers of telephones alike that it is of.

    A mere yes or no is an answer to whoever asked for a purpose; where only a channel is told, in a column that is
    called consent or a status. Orders, bookings and tickets came by a channel and are confirmed, accepted or refused,
    too.
    """
    columns = [
        replace(column, role="consent_channel") if _is_channel_of_words(column, columns, texts) else column
        for column in columns
    ]
    roles = {column.role for column in columns}
    if not roles & {"purpose", "channel", "consent_channel"} or roles & SOLD_OR_ASKED:
        return columns
    words = {"granted", "denied", "withdrawn"}
    told = roles & {"purpose", "consent_channel"}
    asked = {
        column.address: "purpose" in roles
        or (
            "consent_channel" in roles and (column.role in ("opt_in", "status") or headings.is_of_consent(column.words))
        )
        for column in columns
    }
    answer = next(
        (
            column
            for column in columns
            if column.role in (None, "status", "type", "action", "opt_in")
            and _says_yes_or_no(
                texts[column.address],
                words | ({"yes", "no"} if asked[column.address] else set()),
                but=() if told or headings.is_of_consent(column.words) else ("settled",),
            )
        ),
        None,
    )
    if answer is None:
        return columns
    columns = [replace(column, role="answer") if column is answer else column for column in columns]
    if roles & {"email", "phone", "anything"}:
        return columns
    reached = [each for each in columns if "reached" in each.values.looks and not headings.is_number(each.words)]
    mails = [each for each in reached if any("@" in (text or "") for text in texts[each.address])]
    point = next(iter(mails or reached), None) if len(reached) == 1 or mails else None
    return [replace(column, role="anything", by_value=True) if column is point else column for column in columns]


def _is_channel_of_words(column: Column, columns: list[Column], texts: Mapping[str, list[str | None]]) -> bool:
    """Whether a column says for each row by which channel somebody wants to be reached, or does not.

    A list of people, each of them once, says what is known of them.
    """
    if column.role != "channel" or not says_channels(column, texts):
        return False
    roles = {each.role for each in columns}
    again = any(each.values.repeated for each in columns if each.role in ("anything", "email", "phone"))
    return not roles & _NOT_OF_CONSENT and (again or not roles & TELLING_OF_PEOPLE)


def says_channels(column: Column, texts: Texts) -> bool:
    """Whether a column is called just a channel, and holds ways to reach somebody; where most are words of something
    else, it is where people were won.
    """
    if not headings.is_just(column.words, "channel"):
        return False
    said = cells.words_in(texts[column.address])
    known = cells.said_by(cells.CHANNELS)
    return bool(said & known) and 2 * len(said & known) >= len(said)


def _says_yes_or_no(texts: Iterable[str | None], needed: Iterable[str], but: Iterable[str] = ()) -> bool:
    """Whether all that a column says are words of consent, with one of some kinds among them, that is not of others."""
    said = cells.words_in(texts)
    telling = cells.said_by(needed) - cells.said_by(but)
    return said <= cells.said_by(cells.ANSWERS) and bool(said & telling)


def _without_pins(columns: list[Column]) -> list[Column]:
    """A *pin* is a postal code in an address only."""
    if any(column.role in ("city", "suburb", "region", "street", "line_1") for column in columns):
        return columns
    return [replace(each, role=None) if each.words == "pin" else each for each in columns]


def _with_the_only_address(columns: list[Column]) -> list[Column]:
    """To whom something was sent is who a row is about, where it says nothing of anybody else."""
    if any(column.role in ("email", "phone", "anything", "person_id", "anonymous_id") for column in columns):
        return columns
    sent = [each for each in columns if "email" in each.values.looks and headings.is_of_receivers(each.words)]
    if len(sent) != 1:
        return columns
    return [replace(each, role="email", by_value=True) if each is sent[0] else each for each in columns]


def _with_names_of_the_reached(columns: list[Column]) -> list[Column]:
    """The name of *X* is that of the person of the row where an address or a number of *X* says who that is, and no
    name is known to be anybody's: *Requester Name*, or *Requester*, beside *Requester Email*.
    """
    if any(column.role in _NAMES for column in columns):
        return columns
    reached = {headings.whose(column.words) for column in columns if column.role in _REACHED} - {""}
    name = next(
        (
            column
            for column in columns
            if column.role in (None, "name") and headings.whose(column.words) in reached and _holds_names(column)
        ),
        None,
    )
    return [replace(column, role="full_name") if column is name else column for column in columns]


def _holds_names(column: Column) -> bool:
    """Whether a column of which nothing is known may hold names: its heading says so, or names nobody but whose it is,
    and it holds words.
    """
    values = column.values
    if values.type != "string" or values.looks & {"code", "numbered", "masked", "email", "phone"}:
        return False
    return headings.says_a_name(column.words) or (
        headings.whose(column.words) == column.words and "words" in values.looks
    )


def _with_names_of_people(columns: list[Column]) -> list[Column]:
    """A *name* in words beside addresses, which are about as many, is that of a person where nothing else has one, or
    where it lies within the same object as an address.
    """
    within = {column.address.rpartition(".")[0] for column in columns if column.role == "email"} - {""}
    named = {f"{each}.name" for each in within}
    columns = [
        replace(column, role="full_name")
        if column.role in (None, "name") and "words" in column.values.looks and column.address in named
        else column
        for column in columns
    ]
    roles = {column.role for column in columns}
    reached = [column.values.distinct for column in columns if column.role in ("email", "phone")]
    if not reached or roles & (_NAMED | _SURFED):
        return columns
    return [
        replace(column, role="full_name")
        if column.role == "name" and "words" in column.values.looks and 2 * column.values.distinct >= max(reached)
        else column
        for column in columns
    ]


def _with_family_names(columns: list[Column], texts: Mapping[str, list[str | None]]) -> list[Column]:
    """Beside a given name, a mere *name* without it is the other half: that of the family, and the other way round."""
    by_role = {column.role: column for column in reversed(columns)}
    half = by_role.get("half_name")
    if half is not None:
        role = "given_name" if "family_name" in by_role and "given_name" not in by_role else None
        return [replace(column, role=role) if column is half else column for column in columns]
    given, family = by_role.get("given_name"), by_role.get("family_name")
    if given is None and family is not None:
        name = by_role.get("name")
        if name is None or name.words != "name" or _is_within(texts[family.address], texts[name.address]):
            return columns
        return [replace(column, role="given_name") if column is name else column for column in columns]
    if given is None or family is not None:
        return columns
    halves = [f"{headings.whose(given.words)} {word}" for word in ("name", "nom")]  # *VN Vorname*, *VN Name*
    beside = next((each for each in columns if each.words in halves), None)
    name = by_role.get("full_name") or by_role.get("name")
    if name is None or len(name.words.split()) > 1:
        name = beside
    if name is None or not name.values.filled:
        return columns
    if _is_within(texts[given.address], texts[name.address]):
        return columns
    return [replace(column, role="family_name") if column is name else column for column in columns]


def _is_within(halves: list[str | None], names: list[str | None]) -> bool:
    """Whether more than a few names have the half beside them in them, or nothing shows that they do not."""
    both = [(half.casefold(), name.casefold()) for half, name in zip(halves, names, strict=True) if half and name]
    return not both or 5 * sum(half in name for half, name in both) > len(both)


def _with_whole_names(columns: list[Column], texts: Mapping[str, list[str | None]]) -> list[Column]:
    """What one word of many languages calls a name as well as half of it (*nome*, *nom*) is the whole, where the other
    half is in no column, and most have two words.
    """
    halves = [column for column in columns if column.role in ("given_name", "family_name")]
    if len(halves) != 1 or any(column.role == "full_name" for column in columns):
        return columns
    (half,) = halves
    names = [text for text in texts[half.address] if text]
    several = sum(len(text.split()) > 1 for text in names)
    if 2 * several <= len(names) or not _HALVES_OR_WHOLES & set(half.words.split()):
        return columns
    return [replace(column, role="full_name") if column is half else column for column in columns]


def _with_companies(columns: list[Column], texts: Mapping[str, list[str | None]]) -> list[Column]:
    """Names are those of companies where most of them say so, unless a column tells which are; what may be either by
    its heading is people's where nobody else is named, and most do not say so.
    """
    if not any(column.role in _NAMES for column in columns):
        columns = [
            replace(column, role="full_name")
            if column.role == "company" and headings.says_name_or_company(column.address)
            else column
            for column in columns
        ]
    if any(column.role == "is_company" for column in columns):
        return columns
    return [
        replace(column, role="company")
        if column.role in ("full_name", "name", "given_name", "family_name")
        and 2 * len(names_of_companies(texts[column.address])) > len(set(filter(None, texts[column.address])))
        else column
        for column in columns
    ]


def _with_names_of_accounts(columns: list[Column], texts: Mapping[str, list[str | None]]) -> list[Column]:
    """Beside the names of people, that of an account is the company's that they work for, where it often says that it
    is a company's: others are of accounts at a bank, or of logins.
    """
    roles = {column.role for column in columns}
    if "company" in roles or not roles & _NAMES:
        return columns
    accounts = [
        column
        for column in columns
        if column.role is None
        and headings.names_an_account(column.words)
        and _OFTEN * len(names_of_companies(texts[column.address])) >= column.values.distinct > 0
    ]
    return [replace(column, role="company") if column in accounts[:1] else column for column in columns]


def names_of_companies(texts: Iterable[str | None]) -> set[str]:
    """Those of some names that say that they are a company's."""
    return {text for text in texts if text and cells.is_company(text)}


def _with_numbers_of_clients(columns: list[Column]) -> list[Column]:
    """A *client id* is a browser's where people surf, and a person's where they have names or telephones."""
    roles = {column.role for column in columns}
    if roles & _SURFED or not roles & {"given_name", "family_name", "full_name", "birth_date", "phone"}:
        return columns
    return [
        replace(column, role="person_id") if column.role == "anonymous_id" and column.words == "client id" else column
        for column in columns
    ]


def _judged(texts: Mapping[str, list[str | None]], day_first: bool | None) -> list[Column]:
    found = []
    left = unwrapped(texts)
    for address, values in texts.items():
        words = words_of(left[address]) or _number_sign(left[address], values)
        plain = headings.without_cents(words)
        named = list(headings.meanings(plain or words))
        if not named and (rest := headings.without_brackets(left[address])) != left[address]:
            named = list(headings.meanings(words_of(rest)))
        code = named[0] in _CODED if named else headings.is_number(words)
        code = code or (named[:1] == ["clock"] and are_clocks(values))
        judged = judge(values, code=code, day_first=day_first, paid=bool(_MONEY & set(named)))
        role, by_value = _role(plain or words, named, judged)
        in_cents = plain is not None and role in _MONEY and judged.type == "integer"
        if named[:1] == ["is_company"] and role != "is_company":
            role = "is_company" if {text.casefold() for text in values if text} <= _YES_OR_NO else None
        if role in _ANSWERS and set(filter(None, values)) <= {"0", "1"}:
            judged = replace(judged, type="boolean")
        if role in _MONEY and judged.type == "integer":
            judged = replace(judged, type="decimal")
        if role in _MONEY and day_first and judged.decimal_mark == "." and in_thousands(values, judged.symbol):
            judged = replace(judged, type="decimal", decimal_mark=",")  # nobody is paid in thousandths
        if headings.is_a_share(left[address]) and judged.type in ("integer", "decimal"):
            role, judged = None if role in _MONEY else role, replace(judged, type="decimal")
        if role in ("title", "job_title") and _are_salutations(values):
            role = "salutation"
        if role in ("region", "city") and _are_states_of_things(values):
            role = "status"
        if role in ("title", "job_title") and _are_degrees(values):
            role = None
        found.append(Column(address, words, judged, role, by_value, in_cents))
    return found


def _number_sign(name: str, texts: list[str | None]) -> str:
    """What a heading says that is a mere ``#``: a number, unless that only counts the rows of the file."""
    counts = any(texts == [str(row) for row in range(first, first + len(texts))] for first in (0, 1))
    return "no" if name.strip() == "#" and not counts else ""


def _are_salutations(texts: list[str | None]) -> bool:
    """Whether all that a column says is how its people are addressed: *Mr*, *Frau*."""
    said = cells.words_in(texts)
    return bool(said) and said <= cells.words_in(cells.said_by(("female", "male")))


def _are_degrees(texts: list[str | None]) -> bool:
    """Whether all that a column says is how its people are addressed, or which degrees they have: *Dr.*, *Mr*."""
    words = {word for text in texts if text for word in re.findall(r"[^\W\d_]+", text.casefold())}
    addressed = cells.words_in(cells.said_by(("female", "male")))
    return bool(words & _DEGREES) and words <= _DEGREES | addressed


def _with_the_only_time(columns: list[Column], texts: Mapping[str, list[str | None]]) -> list[Column]:
    """If no instant but that of the last change has a role, and there is just one, it is when the row's fact
    happened: of what goes both ways, and of nothing else, also when something was sent. A day that all rows have is
    none beside others, and days over as many years as people are born in are none.
    """
    if any(column.role in INSTANTS - {"updated_at"} for column in columns):
        return columns
    loose = [column for column in columns if column.role is None and column.values.type in ("date", "timestamp")]
    loose = [column for column in loose if column.values.distinct > 1] or loose
    loose = [
        column
        for column in loose
        if column.values.type == "timestamp" or not are_spread_like_births(texts[column.address])
    ]
    messages = any(column.role == "direction" for column in columns)
    if len(loose) != 1 or (headings.is_elsewhere(loose[0].words) and not messages):
        return columns
    return [replace(column, role="happened_at") if column is loose[0] else column for column in columns]


def _with_clocks(columns: list[Column]) -> list[Column]:
    """The time of day beside a day that is called like it, *Opened Time* beside *Opened Date*, if every row has one."""
    days = {column.words for column in columns if column.role in INSTANTS and column.values.type == "date"}
    return [
        replace(column, role="clock")
        if column.role is None
        and "clock" in column.values.looks
        and column.values.filled == column.values.rows
        and column.words.endswith(" time")
        and f"{column.words.removesuffix('time')}date" in days
        else column
        for column in columns
    ]


def _are_states_of_things(texts: list[str | None]) -> bool:
    """Whether most of what a *state* says is what became of something: *canceled*, *completed*."""
    said = [text.casefold() for text in texts if text]
    known = cells.said_by(("states", "void", "refund", "open", "resolved"))
    return 2 * sum(text in known for text in said) > len(said)


_SAID_OF_TIMES = re.compile(r"\b(at|on|date|time|timestamp|created|updated)$")
_OF_DAYS = re.compile(
    r"date|datum|fecha|\bdata\b|\bdia\b|\bjour\b|\bday\b|tag\b|\bdob\b|birth|geburt|naissance|nascita|nacimiento|"
    r"\b(since|seit|depuis|joined)\b"
)

INSTANTS = frozenset({
    "received_at", "updated_at", "created_at", "withdrawn_at", "started_at", "consented_at", "resolved_at", "ended_at",
    "close_date", "happened_at",
})  # fmt: skip


def _role(words: str, named: list[str], values: Values) -> tuple[str | None, bool]:
    role, by_value = _meaning(words, named, values)
    if role in _ONE_FOR_EACH and values.distinct == 1 and values.filled >= _ENOUGH:
        return None, False  # that of the shop, or of a program
    if role in _CODED and "rounded" in values.looks:
        return None, False
    return role, by_value


def _meaning(words: str, named: list[str], values: Values) -> tuple[str | None, bool]:
    if words.endswith("user name") and "words" in values.looks:
        return "full_name", False  # no login has two words
    if headings.is_of_others(words) and not set(named[:1]) & _OF_OTHERS:
        return None, False
    if headings.is_of_staff(words) and named[:1] == ["person_id"]:
        return None, False
    if not values.filled:
        role = named[0] if named and named[0] in _WHEN_EMPTY else None
        known = role not in ("email", "phone") or headings.is_own_address(headings.whose(words))
        return (role if known else None), False
    if "masked" in values.looks and (set(named[:1]) & OF_PEOPLE or values.looks & {"email", "phone"}):
        return None, False
    if "email" in values.looks and named[:1] != ["message_id"]:
        return ("anything" if named[:1] == ["anything"] else "email"), True
    if named[:1] == ["email"] and "some_emails" in values.looks:
        return "email", False
    if values.type in ("date", "timestamp") or (_is_epoch(words, values) and not set(named[:1]) & _NUMBERS):
        return (None if headings.is_elsewhere(words) else headings.times_of(words)), False
    if "action" in values.looks and set(named) & {"type", "event_name"}:
        return "action", True
    if "number_sign" in values.looks and words == "name":
        return "order_id", True
    if "phone" in values.looks and "anything" not in named:
        return "phone", True
    role = next((role for role in named if _possible(role, values)), None)
    if role == "region" and named[0] == "country":
        return None, False  # of no country that is known
    if role == "opt_in" and headings.is_of_other_consent(words):
        return None, False
    if role == "opt_in" and headings.is_negated(words):
        return "opt_out", False
    return {"nothing": None, "card": "loyalty_number"}.get(role or "nothing", role), False


def _is_epoch(words: str, values: Values) -> bool:
    """Whether numbers are instants: by their size, and by a heading that speaks of time.

    Days of a spreadsheet are of the size of many amounts, so that the heading has to speak of days.
    """
    if values.epoch is None:
        return False
    said = _SAID_OF_TIMES.search(words) is not None
    if values.epoch == DAY and not (said or _OF_DAYS.search(words)):
        return False
    return said or headings.times_of(words) is not None


def is_unread_time(column: Column) -> bool:
    """Whether a column is called a time, and holds numbers that are written as none that is known."""
    if column.role is not None or column.values.type != "string" or "like_a_time" not in column.values.looks:
        return False
    said = _SAID_OF_TIMES.search(column.words) or _OF_DAYS.search(column.words) or headings.is_a_moment(column.words)
    return bool(said) and headings.times_of(column.words) is not None and not headings.is_elsewhere(column.words)


def _possible(role: str, values: Values) -> bool:
    """Whether a column of such values can have the role at all."""
    if role == "nothing":
        return True
    if "host" in values.looks and role in _NOT_OF_MACHINES:
        return False
    if role == "anything":
        return "reached" in values.looks
    if role == "event_name":
        return values.type == "string"
    if role in _NUMBERS:
        return values.type in ("integer", "decimal", "float")
    if role == "birth_date":
        return values.type == "string"  # dates are known by themselves
    if role in _LOOKS:
        return bool(values.looks & set(_LOOKS[role]))
    if role in ("opt_in", "opt_out"):
        return values.type != "json" and values.distinct <= _MOST_ANSWERS
    if role in _ANSWERS:
        return values.type == "boolean" or (values.type == "integer" and values.distinct <= 2 and values.epoch is None)
    if role == "email":
        return False
    if role in ("properties", "tags"):
        return values.type == "json" or (role == "tags" and values.type == "string")
    if role == "line_number":
        return "numbered" in values.looks
    if role == "person_id":
        return "words" not in values.looks and values.type not in ("json", "boolean")  # no names
    if role == "full_name" and values.looks & {"code", "reached"}:
        return False
    if role == "card":
        return "code" in values.looks and "bank_card" not in values.looks  # maybe one that somebody paid with
    if role in _TEXTS:
        return values.type == "string" or (role == "language" and "texts" in values.looks)
    return values.type not in ("json", "boolean")
