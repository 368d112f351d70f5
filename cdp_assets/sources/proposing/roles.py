"""What a column seems to mean: its role, told by the words of its name and by what its values look like.

Belongs here: one column at a time. Does not belong here: the words (`headings.py`), and what a file as a whole is about
(`kinds.py`), which may read one role in several ways.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from cdp_assets.sources.proposing import cells, consent_headings, headings, phrases
from cdp_assets.sources.proposing.phrases import BIRTH_PARTS, words_of
from cdp_assets.sources.proposing.values import (
    DAY,
    Values,
    are_clocks,
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

MONEY = frozenset({
    "discount", "shipping", "tax", "gross", "net", "refunded", "unit_price", "line_total", "amount",
})  # fmt: skip
_NUMBERS = MONEY | {"quantity", "points", "score", "duration", "employees", "age", *BIRTH_PARTS}
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

_NAMES = frozenset(phrases.NAMES)

TELLING_OF_PEOPLE = _NAMES | {"birth_date", "gender", "salutation", "street", "line_1", "postal_code", "city"}
"""Roles of what lists of people tell of each of them."""

NUMBERING_PEOPLE = ("person_id", "lead_id", "external_id", "loyalty_number")
"""Roles of numbers that some system gives to people."""


_ENOUGH = 20
"""So many people do not have one address."""


_ONE_FOR_EACH = frozenset({
    "email", "phone", "person_id", "loyalty_number", "external_id", "lead_id", "anonymous_id", "device_id",
})  # fmt: skip
"""Roles of which many people do not have the same one."""


OF_PEOPLE = frozenset({
    "email", "phone", "anything", "person_id", "loyalty_number", "external_id", "lead_id", "given_name", "family_name",
    "middle_name", "second_family_name", "name_particle", "name_suffix", "full_name", "name_reading", "birth_date",
    *BIRTH_PARTS, "age",
    "street", "line_1", "line_2", "house_number", "postal_code", "suburb", "city", "card",
})  # fmt: skip
"""Roles that say who somebody is, and nothing where parts are made unreadable (`values.MASK`)."""

_NOT_OF_MACHINES = (OF_PEOPLE | _ONE_FOR_EACH) - {"phone"}
"""Roles of what is called like people and no machine's, by its address in a network or its name there."""


_OF_SALES_AND_TICKETS = MONEY | {"order_id", "sku", "ticket_id", "subject"}

NOT_OF_CONSENT = _OF_SALES_AND_TICKETS | {
    "direction", "duration", "action", "campaign_id", "campaign", "page_url", "session_id", "event_name",
}  # fmt: skip
"""Roles of what was sold, asked or sent by some channel, which is no word of consent."""

SOLD_OR_ASKED = _OF_SALES_AND_TICKETS | {"quantity"}
"""Those whose rows are in a state, which is no word of consent either."""


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


def names_of_companies(texts: Iterable[str | None]) -> set[str]:
    """Those of some names that say that they are a company's."""
    return {text for text in texts if text and cells.is_company(text)}


def judged(texts: Mapping[str, list[str | None]], day_first: bool | None) -> list[Column]:
    found = []
    left = unwrapped(texts)
    for address, values in texts.items():
        words = headings.apart(words_of(left[address])) or _number_sign(left[address], values)
        plain = headings.without_cents(words)
        named = list(phrases.meanings(plain or words))
        if not named and (rest := phrases.without_brackets(left[address])) != left[address]:
            named = list(phrases.meanings(words_of(rest)))
        code = named[0] in _CODED if named else phrases.is_number(words)
        code = code or (named[:1] == ["clock"] and are_clocks(values))
        judged = judge(values, code=code, day_first=day_first, paid=bool(MONEY & set(named)))
        role, by_value = _role(plain or words, named, judged)
        in_cents = plain is not None and role in MONEY and judged.type == "integer"
        if named[:1] == ["is_company"] and role != "is_company":
            role = "is_company" if _are_yes_or_no(judged, values) or not judged.filled else None
        if role is None and consent_headings.asks_not_to(words) and _are_yes_or_no(judged, values):
            role = "opt_out"
        if role in _ANSWERS and set(filter(None, values)) <= {"0", "1"}:
            judged = replace(judged, type="boolean")
        if role in MONEY and judged.type == "integer":
            judged = replace(judged, type="decimal")
        if role in MONEY and day_first and judged.decimal_mark == "." and in_thousands(values, judged.symbol):
            judged = replace(judged, type="decimal", decimal_mark=",")  # nobody is paid in thousandths
        if headings.is_a_share(left[address]) and judged.type in ("integer", "decimal"):
            role, judged = None if role in MONEY else role, replace(judged, type="decimal")
        if role in ("title", "job_title", "salutation") and any(values):
            role = _of_titles(role, values)
        if role in ("region", "city") and are_states_of_things(values):
            role = "status"
        if role in (None, "region") and judged.type == "string" and headings.is_status_of_an_order(words):
            role = "status"
        found.append(Column(address, words, judged, role, by_value, in_cents))
    return found


def _are_yes_or_no(judged: Values, texts: list[str | None]) -> bool:
    """Whether all that a column says is yes or no, or only one of them, as a mark does."""
    said = {text.casefold() for text in texts if text}
    return judged.type == "boolean" or (bool(said) and said <= _YES_OR_NO)


def _number_sign(name: str, texts: list[str | None]) -> str:
    """What a heading says that is a mere ``#``: a number, unless that only counts the rows of the file."""
    counts = any(texts == [str(row) for row in range(first, first + len(texts))] for first in (0, 1))
    return "no" if name.strip() == "#" and not counts else ""


def _of_titles(role: str, texts: list[str | None]) -> str | None:
    """What a column that may hold titles is: how its people are addressed (*Mr*, *Frau*, *Dr.*), if it says so and some
    of it tells men from women; nothing, if it only says degrees, or whole names; or else what they work as.
    """
    said = [cells.title_in(text) for text in texts if text]
    if "female" in said or "male" in said:
        mostly = 2 * sum(kind is not None for kind in said) > len(said)
        return "salutation" if mostly or role == "salutation" else role
    return None if role == "salutation" or None not in said else role


def are_states_of_things(texts: list[str | None]) -> bool:
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
    by_value = "what became of messages" in values.looks and not set(named) - {"status"}
    if by_value or ("action" in values.looks and set(named) & {"type", "event_name"}):
        return "action", True
    if "number_sign" in values.looks and words == "name":
        return "order_id", True
    if "phone" in values.looks and "anything" not in named:
        return "phone", True
    role = next((role for role in named if _possible(role, values)), None)
    if role == "region" and named[0] == "country":
        return None, False  # of no country that is known
    if role == "opt_in" and consent_headings.is_of_other_consent(words):
        return None, False
    if role == "opt_out" and consent_headings.is_how_many(words):
        return None, False
    if role == "opt_in" and consent_headings.is_negated(words):
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
