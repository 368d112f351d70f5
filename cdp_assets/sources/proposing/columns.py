"""What the columns of a file mean beside one another: a role that one has by itself, others give, take or change.

Belongs here: columns of one file in the light of its others. Does not belong here: one column at a time (`roles.py`),
and whose each is (`whose.py`, `naming.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from cdp_assets.sources.proposing import cells, consent_headings, headings, phrases
from cdp_assets.sources.proposing.dates import are_spread_like_births
from cdp_assets.sources.proposing.roles import (
    INSTANTS,
    MONEY,
    NOT_OF_CONSENT,
    SOLD_OR_ASKED,
    TELLING_OF_PEOPLE,
    Column,
    judged,
    names_of_companies,
)
from cdp_assets.sources.proposing.statuses import with_the_status
from cdp_assets.sources.proposing.values import (
    Texts,
    amount_of,
    in_thousands,
)

_NAMES = frozenset(phrases.NAMES)

_SOLD = MONEY | {"order_id"}

_HALVES_OR_WHOLES = frozenset(
    {"nome", "nombre", "nom", "nume", "name", "naam", "jmeno", "ad", "adi", "isim", "имя", "імя"}
)
"""Words for a name, and for half of one."""

_REACHED = frozenset({"email", "phone", "person_id"})
"""Roles of what says who somebody is whose name may stand beside it."""

_OFTEN = 4
"""One of so many names of companies at least has its legal form."""

_MOSTLY = 0.9

_SUMS = frozenset({"gross", "net", "amount"})
"""Roles of what an order comes to."""

_SOME = 3
"""So many numbers have several rows, where rows are lines."""

_NAMED = frozenset({
    "given_name", "family_name", "full_name", "sku", "product_name", "quantity", "unit_price", "campaign",
    "campaign_id", "action", "subject", "stage",
})  # fmt: skip
"""Roles of what else may have a name in a row, or is the name."""

_SURFED = frozenset({"page_url", "session_id", "referrer", "click_id", "utm_source", "event_name", "properties"})
"""Roles of what is known of visits."""


def columns_of(texts: Mapping[str, list[str | None]], *, day_first: bool | None = None) -> list[Column]:
    """Judge all columns of a sample.

    Args:
        texts: Its columns.
        day_first: Whether the day comes first where a date could be read either way; None if nobody knows.
    """
    found = judged(texts, day_first)
    if any(column.values.ambiguous for column in found):
        # What one column of a file shows, the others follow.
        formats = [column.values.format or "" for column in found if not column.values.ambiguous]
        shown = {name.startswith("%d/%m") for name in formats if name.startswith(("%d/%m", "%m/%d"))}
        if len(shown) == 1 and shown != {day_first}:
            found = judged(texts, *shown)
    found = _with_words_of_consent(_with_one_mark(_with_what_is_paid_for(found), texts), texts)
    found = _with_the_only_address(_with_numbers_of_orders(found))
    found = _with_names_of_the_reached(_with_numbers_of_clients(found))
    found = _without_unnamed_contacts(_with_names_of_people(_with_family_names(found, texts)))
    found = _with_names_of_accounts(_with_companies(_with_whole_names(found, texts), texts), texts)
    found = with_the_status(found, texts, sold=any(column.role in _SOLD for column in found))
    found = _with_counts(found, texts)
    found = _with_a_time_of_sales(_with_the_only_time(_without_pins(found), texts))
    return _with_numbers_of_slips(_with_clocks(_with_times_of_refunds(found)), texts)


def _with_times_of_refunds(columns: list[Column]) -> list[Column]:
    """Beside when something was ordered, another instant may be when it was paid back."""
    if not any(column.role in ("created_at", "happened_at") and column.values.filled for column in columns):
        return columns
    return [
        replace(column, role="refunded_at")
        if column.role is None and column.values.type in ("date", "timestamp") and headings.is_paid_back(column.words)
        else column
        for column in columns
    ]


def _with_what_is_paid_for(columns: list[Column]) -> list[Column]:
    """Where a plan, a trial or a billing period stands beside it, the status of a subscription is that of what somebody
    pays for, and no word on advertising.
    """
    if not any(headings.is_of_paid_plans(column.words) for column in columns):
        return columns
    return [
        replace(column, role="status")
        if column.role == "opt_in" and headings.is_state_of_a_subscription(column.words)
        else column
        for column in columns
    ]


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
            and phrases.is_number(column.words)
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
    if column.role in MONEY and in_thousands(filled, column.values.symbol):
        return True
    return all(text.count(",") <= 1 and "." not in text for text in filled if text)


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
            "consent_channel" in roles
            and (column.role in ("opt_in", "status") or consent_headings.is_of_consent(column.words))
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
                but=() if told or consent_headings.is_of_consent(column.words) else ("settled",),
            )
        ),
        None,
    )
    if answer is None:
        return columns
    columns = [replace(column, role="answer") if column is answer else column for column in columns]
    if roles & {"email", "phone", "anything"}:
        return columns
    reached = [each for each in columns if "reached" in each.values.looks and not phrases.is_number(each.words)]
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
    return not roles & NOT_OF_CONSENT and (again or not roles & TELLING_OF_PEOPLE)


def says_channels(column: Column, texts: Texts) -> bool:
    """Whether a column is called just a channel, and holds ways to reach somebody; where most are words of something
    else, it is where people were won.
    """
    if not phrases.is_just(column.words, "channel"):
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
    named = [
        column
        for column in columns
        if column.role in (None, "name") and headings.whose(column.words) in reached and _holds_names(column)
    ]
    first: dict[str, Column] = {}
    for column in named:
        first.setdefault(headings.part_of_name(column.words), column)
    if len(first) > 1:
        first.pop("full_name", None)  # of whom halves are told
    role_of = {column.address: role for role, column in first.items()}
    return [replace(each, role=role_of[each.address]) if each.address in role_of else each for each in columns]


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


def _without_unnamed_contacts(columns: list[Column]) -> list[Column]:
    """Where no row says whom to ask for, a mere *name* is that of whom it is about."""
    named = [column for column in columns if column.role in _NAMES and column.values.filled]
    if named or not any(column.role == "name" and column.values.filled for column in columns):
        return columns
    return [replace(column, role=None) if column.role == "full_name" else column for column in columns]


def _with_family_names(columns: list[Column], texts: Mapping[str, list[str | None]]) -> list[Column]:
    """Beside a given name, a mere *name* without it is the other half: that of the family, and the other way round."""
    by_role = {column.role: column for column in reversed(columns)}
    half = by_role.get("half_name")
    if half is not None:
        role = "given_name" if "family_name" in by_role and "given_name" not in by_role else None
        return [replace(column, role=role) if column is half else column for column in columns]
    given, family = by_role.get("given_name"), by_role.get("family_name")
    if given is None and family is not None:
        name = next((each for each in columns if _is_called_as(each, family)), None)
        if name is None or _is_within(texts[family.address], texts[name.address]):
            return columns
        return [replace(column, role="given_name") if column is name else column for column in columns]
    if given is None or family is not None:
        return columns
    name = by_role.get("full_name") or by_role.get("name")
    if name is None or len(name.words.split()) > 1:
        name = next((each for each in columns if _is_mere_name_of(each, given)), None)  # *VN Vorname*, *VN Name*
    if name is None or not name.values.filled:
        return columns
    if _is_within(texts[given.address], texts[name.address]):
        return columns
    return [replace(column, role="family_name") if column is name else column for column in columns]


def _is_called_as(name: Column, half: Column) -> bool:
    """Whether a column is called the mere name of whose family's another one is: *Client Name*, *Client Last Name*."""
    return _is_mere_name_of(name, half) and name.role in ("name", "full_name") and name.values.filled > 0


def _is_mere_name_of(name: Column, half: Column) -> bool:
    return headings.is_a_mere_name(name.words) and headings.whose(name.words) == headings.whose(half.words)


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


def _with_numbers_of_clients(columns: list[Column]) -> list[Column]:
    """A *client id* is a browser's where people surf, and a person's where they have names or telephones."""
    roles = {column.role for column in columns}
    if roles & _SURFED or not roles & {"given_name", "family_name", "full_name", "birth_date", "phone"}:
        return columns
    return [
        replace(column, role="person_id") if column.role == "anonymous_id" and column.words == "client id" else column
        for column in columns
    ]


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


def _with_a_time_of_sales(columns: list[Column]) -> list[Column]:
    """Of numbered sales of which no other time is told, when they were received is when they happened: of gifts."""
    roles = {column.role for column in columns}
    told = [column for column in columns if column.role in INSTANTS - {"updated_at"} and column.values.filled]
    received = len(told) == 1 and told[0].role == "received_at"
    if not received or "order_id" not in roles or not roles & _SUMS or roles & _SURFED:
        return columns
    return [replace(column, role="happened_at") if column is told[0] else column for column in columns]


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
