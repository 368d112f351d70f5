"""What a file as a whole is about, told by the roles of its columns and by its name.

Belongs here: the rules, from the telling to the vague. Does not belong here: how rows of a kind are mapped
(`mapping.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from cdp_assets.sources.proposing import headings
from cdp_assets.sources.proposing.roles import Column

_PERSONAL = frozenset({"email", "phone", "given_name", "family_name", "full_name", "birth_date"})
_TIMED = frozenset({"created_at", "updated_at", "happened_at", "received_at", "started_at"})


def kind_of(columns: Sequence[Column], stem: str) -> str | None:
    """The kind of rows: name of the canonical table that they mainly feed; ``lines`` for lines with their orders.

    Args:
        columns: The file's columns with their roles.
        stem: The file's name without its endings.

    Returns:
        None if nothing fits.
    """
    has = {column.role for column in columns if column.role is not None}
    named = headings.words_of(re.sub(r"\d+", " ", stem))

    def called(kind: str) -> bool:
        return headings.called(named, kind)

    timed = bool(has & _TIMED)
    if "purpose" in has and has & {"anything", "email", "phone"} and timed:
        return "consents"
    if called("refunds") and "amount" in has:
        return "refunds"
    if "order_id" in has and "quantity" in has and has & {"unit_price", "sku", "gross"} and timed:
        return "lines"
    if "sku" in has and not timed and not has & _PERSONAL:
        return "products"
    if called("subscriptions") and timed:
        return "subscriptions"
    if "stage" in has and has & {"amount", "close_date"}:
        return "opportunities"
    if "points" in has and timed and ("loyalty_number" in has or called("loyalty")):
        return "loyalty"
    if "subject" in has and has & {"status", "priority"} and timed:
        return "tickets"
    if {"direction", "duration"} <= has and timed:
        return "interactions"
    if "score" in has and (has & {"survey", "comment"} or called("surveys")):
        return "survey_responses"
    if "action" in has and has & {"campaign_id", "campaign"} and timed:
        return "engagements"
    if "click_id" in has and has & {"campaign_id", "campaign"} and not has & {"page_url", "anonymous_id"}:
        return "engagements"
    named_events = "event_name" in has and has & {"anonymous_id", "page_url", "session_id", "properties"}
    if timed and (named_events or ("type" in has and has & {"anonymous_id", "message_id"})):
        return "events"
    if _priced(has) and timed and (called("orders") or "order_id" in has):
        return "orders"
    if has & {"industry", "employees", "website"} and not has & {"email", "given_name", "family_name"}:
        return "accounts"
    return "contacts" if has & _PERSONAL else None


def _priced(has: set[str]) -> bool:
    return bool(has & {"gross", "amount", "net"})
