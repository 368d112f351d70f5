"""What a file as a whole is about, told by the roles of its columns and by its name.

Belongs here: the rules, from the telling to the vague. Does not belong here: how rows of a kind are mapped
(`mapping.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from cdp_assets.sources.proposing import consent_headings, headings, phrases
from cdp_assets.sources.proposing.roles import NUMBERING_PEOPLE, TELLING_OF_PEOPLE, Column, is_unread_time

_NAMES = frozenset(phrases.NAMES)
_PERSONAL = _NAMES | {"email", "phone", "birth_date"}
_KNOWN_OF_PEOPLE = frozenset(
    {"birth_date", "gender", "company", "opt_in", "opt_out", "withdrawn_at", "postal_code", "city"}
)
_TELLING = frozenset({
    "email", "phone", "anything", "birth_date", "person_id", "loyalty_number", "external_id", "lead_id", "id", "number",
    "postal_code", "city", "anonymous_id", "device_id",
})  # fmt: skip
"""Roles that tell namesakes apart."""
_PERSONS_ONLY = frozenset({"gender", "salutation", "birth_date"})
_PERSONS_OR_PLACES = _PERSONS_ONLY | {"postal_code", "city", "region", "language"}
_SUMS = frozenset({"gross", "amount", "net", "line_total"})
_PRICED = _SUMS | {"unit_price", "quantity"}
_ARTICLES = frozenset({"sku", "product_name", "description", "unit_price", "line_total", "line_number"})
_DONE = _SUMS | {"order_id", "quantity", "message_id", "session_id", "page_url", "referrer", "campaign_id"}
_TIMED = frozenset({"created_at", "updated_at", "happened_at", "received_at", "started_at"})
_ENOUGH = 20
"""So many orders have more than one line somewhere, if rows are lines."""


def kind_of(columns: Sequence[Column], named: str) -> str | None:
    """The kind of rows: name of the canonical table that they mainly feed; ``lines`` for lines with their orders.

    Args:
        columns: The file's columns with their roles.
        named: The words of the file's name (`Sample.named`).

    Returns:
        None if nothing fits.
    """
    has = {column.role for column in columns if column.role is not None}

    def called(kind: str) -> bool:
        return phrases.called(named, kind)

    timed = bool(has & _TIMED)
    if _are_unplaced(columns, named):
        return "events" if timed and has & _PERSONAL else None
    asked = "purpose" in has and bool(has & {"status", "type", "opt_in"}) and not has & _SUMS  # gifts have one too
    # Of one address there may be a word by each channel, so that it does not tell rows apart.
    refused = consent_headings.is_of_refusals(named)
    worded = "consent_channel" in has and (refused or bool(has & {"opt_out", "withdrawn_at"}))
    worded = worded or (refused and not has & _DONE and _come_again(columns))
    dated = timed or bool(has & {"consented_at", "withdrawn_at"})
    # Without a time it still says who refuses.
    listed = "answer" in has and (bool(has & {"purpose", "consent_channel"}) or "channel" not in has)
    # Somebody's number beside a purpose or an answer may be that of a loan or of a survey.
    spoken = "consent_channel" in has or refused or consent_headings.is_of_consent(named)
    reached = bool(has & {"anything", "email", "phone"}) or (spoken and bool(has & {*NUMBERING_PEOPLE}))
    if (asked or worded or "answer" in has) and reached and (dated or listed):
        return "consents"
    given_back = called("refunds") or _tells_apart(columns, "refund_id")
    if given_back and has & {"amount", "refunded"}:
        return "refunds"
    several = _repeated(columns, "order_id")
    within = any("lines" in column.values.looks for column in columns) or _are_whole_orders(columns)
    if not within and timed and {"order_id", "quantity"} <= has and has & {"unit_price", "sku", "gross"}:
        return "lines"
    if not within and {"order_id", "line_number", "quantity"} <= has and has & {"sku", "product_name"}:
        return "lines"
    if (
        several
        and not within
        and (
            "quantity" in has
            or (has & {"sku", "product_name"} and has & _PRICED)
            or (timed and has & {"unit_price", "line_total"})  # a ticket, a night, a lesson each
        )
    ):
        return "lines"
    if "sku" in has and not timed and not has & _PERSONAL and not _repeated(columns, "sku"):
        return "products"
    if timed and (
        (called("subscriptions") and has & {"subscription_id", "id"})
        or ("subscription_id" in has and has & {"plan", "ended_at"})
    ):
        return "subscriptions"
    closing = has & {"amount", "close_date"} or (timed and called("opportunities"))
    if closing and ("stage" in has or (called("opportunities") and has & {"status", "is_won"})):
        return "opportunities"
    # Members of whom is told who they are have a balance; who moved points is a number.
    moved = has & {"type", "reason", *_DONE}
    members = _tells_apart(columns, "loyalty_number") and has & _KNOWN_OF_PEOPLE and not moved
    if "points" in has and timed and ("loyalty_number" in has or called("loyalty")) and not members:
        return "loyalty"
    if "subject" in has and has & {"status", "priority"} and timed and not has & _SUMS:
        return "tickets"
    messages = {"direction", "notes", "phone"} <= has and not has & _SUMS
    if timed and (
        messages or {"direction", "duration"} <= has or ((called("chats") or called("calls")) and has & _PERSONAL)
    ):
        return "interactions"
    if "score" in has and (has & {"survey", "comment"} or called("surveys")):
        return "survey_responses"
    # Links in mails have addresses too.
    surfing = bool(has & {"anonymous_id", "session_id", "properties"}) or ("page_url" in has and "email" not in has)
    if (
        timed
        and "action" in has
        and "event_name" not in has
        and (has & {"campaign_id", "campaign"} or (has & {"email", "phone"} and not surfing))
    ):
        return "engagements"
    if "click_id" in has and has & {"campaign_id", "campaign"} and not has & {"page_url", "anonymous_id"}:
        return "engagements"
    ordered = has & _SUMS and called("orders") and _tells_apart(columns, "order_id")
    if timed and ordered and not surfing and not _tells_apart(columns, "message_id"):
        return "orders"  # even those for an event
    if timed and (
        (has & {"event_name", "action"} and surfing)
        or ("type" in has and (has & {"anonymous_id", "message_id"} or (surfing and _type_of_events(columns))))
    ):
        return "events"
    priced = bool(has & _SUMS) or ("unit_price" in has and "quantity" not in has)
    numbered = bool(has & {"number", "id", "person_id", "email"})
    if priced and timed and ("order_id" in has or (called("orders") and numbered)):
        return "orders"
    if priced and timed and called("payments") and _tells_apart(columns, "id"):
        return "orders"  # whatever was paid for
    if timed and called("orders") and _tells_apart(columns, "order_id"):
        return "orders"
    if priced and not timed and ("order_id" in has or called("orders")) and any(map(is_unread_time, columns)):
        return None  # no people, whenever it was that they ordered
    whoever = has & {*TELLING_OF_PEOPLE, "name"} - {"full_name"} or called("people")
    if timed and has & _SUMS and _tells_apart(columns, "number") and not whoever:
        return "orders"  # each has a number, a time and a sum
    viewed = "page_url" in has and has & {"anonymous_id", "session_id", "person_id"}
    if timed and (viewed or ("event_name" in has and not has & _NAMES)):
        return "events"
    if has & {"industry", "employees", "website"} and not has & {"email", "given_name", "family_name"}:
        return "accounts"
    # Members of families and of several clubs come again too, in lists that only say since when they are known.
    again = 1.0 if not has & (_NAMES | _KNOWN_OF_PEOPLE) else 1.25 if has & _DONE else 2.0 if _did(columns) else None
    if timed and again is not None and _come_again(columns, times=again):
        return "events"
    if _are_no_customers(columns, named):
        return None
    if called("appointments") and not called("people"):
        if timed and has & _PERSONAL:
            return "events"  # each is one, whoever comes again
        if any(column.values.unique and phrases.is_number(column.words) for column in columns):
            return None
    number = next((role for role in ("person_id", "loyalty_number", "id") if role in has), "")
    known = has & (_PERSONS_ONLY if number == "id" else _PERSONS_OR_PLACES)  # shops and stations have a town too
    preferring = number not in ("", "id") and bool(has & {"opt_in", "opt_out"})
    if (known or preferring or called("people")) and _tells_apart(columns, number):
        return "contacts"
    if not has & _TELLING and _repeated(columns, "full_name"):
        return None  # a log that says no more than a name, which may be several people's
    return "contacts" if has & _PERSONAL else None


def _are_unplaced(columns: Sequence[Column], named: str) -> bool:
    """Whether rows are carts and drafts that were left before they became orders: none of them was completed."""
    left = headings.is_unplaced(named) or any(headings.is_unplaced(column.words) for column in columns)
    ends = [column.values.filled for column in columns if headings.is_completion(column.words)]
    return left and bool(ends) and not any(ends)


def _did(columns: Sequence[Column]) -> bool:
    """Whether people did something at a time of day, rather than being something since a day: a tenant, insured."""
    return any(
        column.role in ("happened_at", "received_at")
        or (column.role == "started_at" and column.values.type == "timestamp")
        for column in columns
    )


def _come_again(columns: Sequence[Column], times: float = 1) -> bool:
    """Whether the same people, or devices, are there in several rows: then rows are something that they did.

    Args:
        columns: The file's columns.
        times: In how many rows they are on average, at least.
    """
    numbers = ("person_id", "email", "phone", "anonymous_id", "loyalty_number")
    who = [column.values for role in numbers for column in columns if column.role == role and column.values.filled]
    return all(values.repeated for values in who) and any(values.distinct * times <= values.filled for values in who)


def _are_no_customers(columns: Sequence[Column], named: str) -> bool:
    """Whether rows are shops, suppliers or staff, who have addresses too, or calls of machines: by their number, or by
    the file's name.
    """
    if any("host" in column.values.looks and "person_id" in phrases.meanings(column.words) for column in columns):
        return True
    unique = [column for column in columns if column.values.unique]
    if any(column.role in ("person_id", "loyalty_number", "lead_id") for column in unique):
        return False
    number = next((column for column in unique if headings.is_number_of_row(column.words)), None)
    return (number is not None and headings.is_of_others(number.words)) or (
        phrases.called(named, "nobody") and not phrases.called(named, "people")
    )


def _are_whole_orders(columns: Sequence[Column]) -> bool:
    """Whether each of many rows is another order, and tells no article or what all of its articles are together."""
    numbers = [column.values for column in columns if column.role == "order_id"]
    if not any(values.unique and values.rows >= _ENOUGH for values in numbers):
        return False
    together = any(column.role == "quantity" and headings.is_of_a_whole(column.words) for column in columns)
    return together or not any(column.role in _ARTICLES and column.values.filled for column in columns)


def _repeated(columns: Sequence[Column], role: str) -> bool:
    """Whether numbers of a role have several rows."""
    return any(column.values.repeated for column in columns if column.role == role)


def _tells_apart(columns: Sequence[Column], role: str) -> bool:
    """Whether each row has a number of a role for itself."""
    return any(column.values.unique for column in columns if column.role == role)


def _type_of_events(columns: Sequence[Column]) -> bool:
    """Whether a column is called the type of an event."""
    return any(column.role == "type" and "event" in column.words.split() for column in columns)
