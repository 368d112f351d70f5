"""What a column seems to mean: its role, told by the words of its name and by what its values look like.

Belongs here: one column at a time. Does not belong here: the words (`headings.py`), and what a file as a whole is about
(`kinds.py`), which may read one role in several ways.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from cdp_assets.sources.proposing import headings
from cdp_assets.sources.proposing.headings import words_of
from cdp_assets.sources.proposing.values import Values, judge

_CODED = frozenset({
    "click_id", "anonymous_id", "previous_id", "group_id", "device_id", "message_id", "ticket_id", "lead_id",
    "campaign_id", "session_id", "refund_id", "order_id", "line_number", "payment_id", "opportunity_id",
    "subscription_id", "loyalty_number", "person_id", "external_id", "account_id", "parent_id", "number", "id", "phone",
    "postal_code", "sku", "house_number", "name",
})  # fmt: skip
"""Roles of columns whose numbers are names: leading zeros matter, and sums mean nothing."""

_MONEY = frozenset({
    "discount", "shipping", "tax", "gross", "net", "refunded", "unit_price", "line_total", "amount",
})  # fmt: skip
_NUMBERS = _MONEY | {"quantity", "points", "score", "duration", "employees"}
_TEXTS = frozenset({
    "given_name", "family_name", "full_name", "company", "job_title", "language", "line_2", "city", "region",
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

_ANSWERS = frozenset({"is_won", "is_closed", "verified"})
"""Roles of columns that are true or false."""

_MOST_ANSWERS = 6
"""So many different values a column has at most that says yes or no."""

_ENOUGH = 20
"""So many people do not have one address."""

_OF_OTHERS = frozenset({"shipping", "person_id", "account_id"})
"""Roles that a name gives although it speaks of others: what delivery costs is part of an order."""

_WHEN_EMPTY = (_CODED - {"name", "number"}) | _TEXTS | {
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
    """

    address: str
    words: str
    values: Values
    role: str | None = None
    by_value: bool = False


def columns_of(texts: Mapping[str, list[str | None]], *, day_first: bool = False) -> list[Column]:
    """Judge all columns of a sample.

    Args:
        texts: Its columns.
        day_first: Whether the day comes first where a date could be read either way.
    """
    found = _judged(texts, day_first)
    if any(column.values.ambiguous for column in found) and not day_first:
        # What one column of a file shows, the others follow.
        formats = {column.values.format for column in found if column.values.format and not column.values.ambiguous}
        if any("%d/%m" in name for name in formats):
            found = _judged(texts, day_first=True)
    return _with_the_only_time(found)


def _judged(texts: Mapping[str, list[str | None]], day_first: bool) -> list[Column]:
    found = []
    for address, values in texts.items():
        words = words_of(address)
        named = list(headings.meanings(words))
        code = named[0] in _CODED if named else headings.is_number(words)
        judged = judge(values, code=code, day_first=day_first)
        role, by_value = _role(words, named, judged)
        if role in _ANSWERS and set(filter(None, values)) <= {"0", "1"}:
            judged = replace(judged, type="boolean")
        if role in _MONEY and judged.type == "integer":
            judged = replace(judged, type="decimal")
        found.append(Column(address, words, judged, role, by_value))
    return found


def _with_the_only_time(columns: list[Column]) -> list[Column]:
    """If no instant but that of the last change has a role, and there is just one, it is when the row's fact
    happened.
    """
    if any(column.role in _INSTANTS - {"updated_at"} for column in columns):
        return columns
    loose = [column for column in columns if column.role is None and column.values.type in ("date", "timestamp")]
    if len(loose) != 1 or headings.is_elsewhere(loose[0].words):
        return columns
    return [replace(column, role="happened_at") if column is loose[0] else column for column in columns]


_INSTANTS = frozenset({
    "received_at", "updated_at", "created_at", "withdrawn_at", "started_at", "consented_at", "resolved_at", "ended_at",
    "close_date", "happened_at",
})  # fmt: skip


def _role(words: str, named: list[str], values: Values) -> tuple[str | None, bool]:
    role, by_value = _meaning(words, named, values)
    if role in ("email", "phone") and values.distinct == 1 and values.filled >= _ENOUGH:
        return None, False  # that of the shop
    return role, by_value


def _meaning(words: str, named: list[str], values: Values) -> tuple[str | None, bool]:
    if headings.is_of_others(words) and not set(named[:1]) & _OF_OTHERS:
        return None, False
    if not values.filled:
        return (named[0] if named and named[0] in _WHEN_EMPTY else None), False
    if "email" in values.looks:
        return ("anything" if named[:1] == ["anything"] else "email"), True
    if values.type in ("date", "timestamp") or _is_epoch(words, values):
        return (None if headings.is_elsewhere(words) else headings.times_of(words)), False
    if "action" in values.looks and set(named) & {"type", "event_name"}:
        return "action", True
    if "number_sign" in values.looks and words == "name":
        return "order_id", True
    if "phone" in values.looks and "anything" not in named:
        return "phone", True
    role = next((role for role in named if _possible(role, values)), None)
    return (None if role == "nothing" else role), False


def _is_epoch(words: str, values: Values) -> bool:
    """Whether numbers are instants: by their size, and by a heading that speaks of time."""
    return values.epoch is not None and (
        re.search(r"\b(at|on|date|time|timestamp|created|updated)$", words) is not None
        or headings.times_of(words) is not None
    )


def _possible(role: str, values: Values) -> bool:
    """Whether a column of such values can have the role at all."""
    if role == "nothing":
        return True
    if role in _NUMBERS:
        return values.type in ("integer", "decimal", "float")
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
    if role in ("person_id", "line_number"):
        return "words" not in values.looks and values.type not in ("json", "boolean")  # no names
    if role in _TEXTS:
        return values.type == "string" or (role == "language" and "texts" in values.looks)
    return values.type not in ("json", "boolean")
