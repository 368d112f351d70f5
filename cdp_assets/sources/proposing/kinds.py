"""What a file as a whole is about, told by the roles of its columns and by its name.

Belongs here: the rules, from the telling to the vague. Does not belong here: how rows of a kind are mapped
(`mapping.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True)
class _Rows:
    """What is asked of a file's rows.

    Args:
        columns: The file's columns with their roles.
        named: The words of the file's name (`Sample.named`).
        has: The roles that some column has.
    """

    columns: Sequence[Column]
    named: str
    has: frozenset[str]

    @property
    def timed(self) -> bool:
        """Whether they say when something was."""
        return bool(self.has & _TIMED)

    def called(self, kind: str) -> bool:
        """Whether the file is called as files of a kind are."""
        return phrases.called(self.named, kind)

    def has_any(self, *roles: str) -> bool:
        return not self.has.isdisjoint(roles)

    def has_all(self, *roles: str) -> bool:
        return self.has.issuperset(roles)

    def repeats(self, role: str) -> bool:
        """Whether numbers of a role have several rows."""
        return any(column.values.repeated for column in self.columns if column.role == role)

    def tells_apart(self, role: str) -> bool:
        """Whether each row has a number of a role for itself."""
        return any(column.values.unique for column in self.columns if column.role == role)

    def come_again(self, times: float = 1) -> bool:
        """Whether the same people, or devices, are in several rows: then rows are something that they did.

        Args:
            times: In how many rows they are on average, at least.
        """
        numbers = ("person_id", "email", "phone", "anonymous_id", "loyalty_number")
        who = [
            column.values for role in numbers for column in self.columns if column.role == role and column.values.filled
        ]
        return all(values.repeated for values in who) and any(
            values.distinct * times <= values.filled for values in who
        )


def kind_of(columns: Sequence[Column], named: str) -> str | None:
    """The kind of rows: name of the canonical table that they mainly feed; ``lines`` for lines with their orders.

    Args:
        columns: The file's columns with their roles.
        named: The words of the file's name (`Sample.named`).

    Returns:
        None if nothing fits.
    """
    rows = _Rows(columns, named, frozenset(column.role for column in columns if column.role is not None))
    return next((kind for asked, kind in _DECIDING if asked(rows)), None)


def _are_unplaced(rows: _Rows) -> bool:
    """Whether rows are carts and drafts that were left before they became orders: none of them was completed."""
    left = headings.is_unplaced(rows.named) or any(headings.is_unplaced(column.words) for column in rows.columns)
    ends = [column.values.filled for column in rows.columns if headings.is_completion(column.words)]
    return left and bool(ends) and not any(ends)


def _are_left_by_people(rows: _Rows) -> bool:
    return rows.timed and rows.has_any(*_PERSONAL) and _are_unplaced(rows)


def _are_consents(rows: _Rows) -> bool:
    has = rows.has
    asked = "purpose" in has and rows.has_any("status", "type", "opt_in") and not has & _SUMS  # gifts have one too
    # Of one address there may be a word by each channel, so that it does not tell rows apart.
    refused = consent_headings.is_of_refusals(rows.named)
    worded = "consent_channel" in has and (refused or rows.has_any("opt_out", "withdrawn_at"))
    worded = worded or (refused and not has & _DONE and rows.come_again())
    dated = rows.timed or rows.has_any("consented_at", "withdrawn_at")
    # Without a time it still says who refuses.
    listed = "answer" in has and (rows.has_any("purpose", "consent_channel") or "channel" not in has)
    # Somebody's number beside a purpose or an answer may be that of a loan or of a survey.
    spoken = "consent_channel" in has or refused or consent_headings.is_of_consent(rows.named)
    reached = rows.has_any("anything", "email", "phone") or (spoken and rows.has_any(*NUMBERING_PEOPLE))
    return (asked or worded or "answer" in has) and reached and (dated or listed)


def _are_refunds(rows: _Rows) -> bool:
    return (rows.called("refunds") or rows.tells_apart("refund_id")) and rows.has_any("amount", "refunded")


def _are_lines(rows: _Rows) -> bool:
    if any("lines" in column.values.looks for column in rows.columns) or _are_whole_orders(rows):
        return False
    if rows.timed and rows.has_all("order_id", "quantity") and rows.has_any("unit_price", "sku", "gross"):
        return True
    if rows.has_all("order_id", "line_number", "quantity") and rows.has_any("sku", "product_name"):
        return True
    return rows.repeats("order_id") and (
        "quantity" in rows.has
        or (rows.has_any("sku", "product_name") and rows.has_any(*_PRICED))
        or (rows.timed and rows.has_any("unit_price", "line_total"))  # a ticket, a night, a lesson each
    )


def _are_whole_orders(rows: _Rows) -> bool:
    """Whether each of many rows is another order, and tells no article or what all of its articles are together."""
    numbers = [column.values for column in rows.columns if column.role == "order_id"]
    if not any(values.unique and values.rows >= _ENOUGH for values in numbers):
        return False
    together = any(column.role == "quantity" and headings.is_of_a_whole(column.words) for column in rows.columns)
    return together or not any(column.role in _ARTICLES and column.values.filled for column in rows.columns)


def _are_products(rows: _Rows) -> bool:
    return "sku" in rows.has and not rows.timed and not rows.has_any(*_PERSONAL) and not rows.repeats("sku")


def _are_subscriptions(rows: _Rows) -> bool:
    called = rows.called("subscriptions") and rows.has_any("subscription_id", "id")
    return rows.timed and (called or ("subscription_id" in rows.has and rows.has_any("plan", "ended_at")))


def _are_opportunities(rows: _Rows) -> bool:
    called = rows.called("opportunities")
    closing = rows.has_any("amount", "close_date") or (rows.timed and called)
    return closing and ("stage" in rows.has or (called and rows.has_any("status", "is_won")))


def _are_points(rows: _Rows) -> bool:
    # Members of whom is told who they are have a balance; who moved points is a number.
    moved = rows.has_any("type", "reason", *_DONE)
    members = rows.tells_apart("loyalty_number") and rows.has_any(*_KNOWN_OF_PEOPLE) and not moved
    known = "loyalty_number" in rows.has or rows.called("loyalty")
    return "points" in rows.has and rows.timed and known and not members


def _are_tickets(rows: _Rows) -> bool:
    return "subject" in rows.has and rows.has_any("status", "priority") and rows.timed and not rows.has_any(*_SUMS)


def _are_talks(rows: _Rows) -> bool:
    messages = rows.has_all("direction", "notes", "phone") and not rows.has_any(*_SUMS)
    called = (rows.called("chats") or rows.called("calls")) and rows.has_any(*_PERSONAL)
    return rows.timed and (messages or rows.has_all("direction", "duration") or called)


def _are_responses(rows: _Rows) -> bool:
    return "score" in rows.has and (rows.has_any("survey", "comment") or rows.called("surveys"))


def _surf(rows: _Rows) -> bool:
    """Whether rows are of visitors of a site. Links in mails have addresses too."""
    on_a_page = "page_url" in rows.has and "email" not in rows.has
    return rows.has_any("anonymous_id", "session_id", "properties") or on_a_page


def _are_engagements(rows: _Rows) -> bool:
    reached = rows.has_any("campaign_id", "campaign") or (rows.has_any("email", "phone") and not _surf(rows))
    acted = rows.timed and "action" in rows.has and "event_name" not in rows.has and reached
    clicked = "click_id" in rows.has and rows.has_any("campaign_id", "campaign")
    return acted or (clicked and not rows.has_any("page_url", "anonymous_id"))


def _are_whole_sums(rows: _Rows) -> bool:
    """Whether each row is an order of its own with its sum, even one for an event."""
    ordered = rows.has_any(*_SUMS) and rows.called("orders") and rows.tells_apart("order_id")
    return rows.timed and ordered and not _surf(rows) and not rows.tells_apart("message_id")


def _are_named_events(rows: _Rows) -> bool:
    named = rows.has_any("event_name", "action") and _surf(rows)
    typed = "type" in rows.has and (
        rows.has_any("anonymous_id", "message_id") or (_surf(rows) and _type_of_events(rows))
    )
    return rows.timed and (named or typed)


def _type_of_events(rows: _Rows) -> bool:
    """Whether a column is called the type of an event."""
    return any(column.role == "type" and "event" in column.words.split() for column in rows.columns)


def _are_priced(rows: _Rows) -> bool:
    return rows.has_any(*_SUMS) or ("unit_price" in rows.has and "quantity" not in rows.has)


def _are_orders(rows: _Rows) -> bool:
    numbered = rows.has_any("number", "id", "person_id", "email")
    called = "order_id" in rows.has or (rows.called("orders") and numbered)
    paid = rows.called("payments") and rows.tells_apart("id")  # whatever was paid for
    told = _are_priced(rows) and (called or paid)
    return rows.timed and (told or (rows.called("orders") and rows.tells_apart("order_id")))


def _are_orders_of_no_known_time(rows: _Rows) -> bool:
    """Whether rows are no people, whenever it was that they ordered."""
    orders = _are_priced(rows) and ("order_id" in rows.has or rows.called("orders"))
    return orders and not rows.timed and any(map(is_unread_time, rows.columns))


def _are_numbered_sums(rows: _Rows) -> bool:
    """Whether each row has a number, a time and a sum, and nobody."""
    whoever = rows.has & {*TELLING_OF_PEOPLE, "name"} - {"full_name"} or rows.called("people")
    return rows.timed and rows.has_any(*_SUMS) and rows.tells_apart("number") and not whoever


def _are_views(rows: _Rows) -> bool:
    viewed = "page_url" in rows.has and rows.has_any("anonymous_id", "session_id", "person_id")
    return rows.timed and (viewed or ("event_name" in rows.has and not rows.has_any(*_NAMES)))


def _are_companies(rows: _Rows) -> bool:
    return rows.has_any("industry", "employees", "website") and not rows.has_any("email", "given_name", "family_name")


def _are_what_people_did(rows: _Rows) -> bool:
    """Whether the same people come again. Members of families and of several clubs come again too, in lists that only
    say since when they are known.
    """
    if not rows.has_any(*_NAMES, *_KNOWN_OF_PEOPLE):
        return rows.timed and rows.come_again()
    if rows.has_any(*_DONE):
        return rows.timed and rows.come_again(1.25)
    return rows.timed and _did(rows) and rows.come_again(2)


def _did(rows: _Rows) -> bool:
    """Whether people did something at a time of day, rather than being something since a day: a tenant, insured."""
    return any(
        column.role in ("happened_at", "received_at")
        or (column.role == "started_at" and column.values.type == "timestamp")
        for column in rows.columns
    )


def _are_no_customers(rows: _Rows) -> bool:
    """Whether rows are shops, suppliers or staff, who have addresses too, or calls of machines: by their number, or by
    the file's name.
    """
    if any("host" in column.values.looks and "person_id" in phrases.meanings(column.words) for column in rows.columns):
        return True
    unique = [column for column in rows.columns if column.values.unique]
    if any(column.role in ("person_id", "loyalty_number", "lead_id") for column in unique):
        return False
    number = next((column for column in unique if headings.is_number_of_row(column.words)), None)
    return (number is not None and headings.is_of_others(number.words)) or (
        rows.called("nobody") and not rows.called("people")
    )


def _are_appointments(rows: _Rows) -> bool:
    return rows.called("appointments") and not rows.called("people")


def _are_appointments_of_people(rows: _Rows) -> bool:
    """Whether each row is something that happened, whoever comes again."""
    return _are_appointments(rows) and rows.timed and rows.has_any(*_PERSONAL)


def _are_numbered_appointments(rows: _Rows) -> bool:
    return _are_appointments(rows) and any(
        column.values.unique and phrases.is_number(column.words) for column in rows.columns
    )


def _are_people_by_number(rows: _Rows) -> bool:
    number = next((role for role in ("person_id", "loyalty_number", "id") if role in rows.has), "")
    # Shops and stations have a town too.
    known = rows.has_any(*(_PERSONS_ONLY if number == "id" else _PERSONS_OR_PLACES))
    preferring = number not in ("", "id") and rows.has_any("opt_in", "opt_out")
    return (known or preferring or rows.called("people")) and rows.tells_apart(number)


def _are_mere_names(rows: _Rows) -> bool:
    """Whether rows are a log that says no more than a name, which may be several people's."""
    return not rows.has & _TELLING and rows.repeats("full_name")


def _have_something_personal(rows: _Rows) -> bool:
    return rows.has_any(*_PERSONAL)


_DECIDING: tuple[tuple[Callable[[_Rows], bool], str | None], ...] = (
    (_are_left_by_people, "events"),
    (_are_unplaced, None),
    (_are_consents, "consents"),
    (_are_refunds, "refunds"),
    (_are_lines, "lines"),
    (_are_products, "products"),
    (_are_subscriptions, "subscriptions"),
    (_are_opportunities, "opportunities"),
    (_are_points, "loyalty"),
    (_are_tickets, "tickets"),
    (_are_talks, "interactions"),
    (_are_responses, "survey_responses"),
    (_are_engagements, "engagements"),
    (_are_whole_sums, "orders"),
    (_are_named_events, "events"),
    (_are_orders, "orders"),
    (_are_orders_of_no_known_time, None),
    (_are_numbered_sums, "orders"),
    (_are_views, "events"),
    (_are_companies, "accounts"),
    (_are_what_people_did, "events"),
    (_are_no_customers, None),
    (_are_appointments_of_people, "events"),
    (_are_numbered_appointments, None),
    (_are_people_by_number, "contacts"),
    (_are_mere_names, None),
    (_have_something_personal, "contacts"),
)
"""What is asked of rows, from the telling to the vague, and the kind that they are if it is so: the first decides."""
