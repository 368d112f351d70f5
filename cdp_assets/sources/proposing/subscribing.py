"""Subscriptions: when they began, and which were cancelled when.

Belongs here: telling a cancellation from the end of a period. Does not belong here: what people buy once
(`commerce.py`).
"""

from __future__ import annotations

from collections.abc import Iterator

from cdp_assets.sources.proposing import cells, headings
from cdp_assets.sources.proposing.draft import Draft, Map, among, money
from cdp_assets.sources.proposing.people import named
from cdp_assets.sources.proposing.roles import Column


def subscriptions(draft: Draft) -> Iterator[Map]:
    began, number = _beginning(draft), draft.sql("subscription_id", "id")
    if began is None or number is None:
        return
    own = draft.of("subscription_id", "id")
    alone = own is not None and draft.key == [draft.names[own.address]]
    common = draft.given(subscription_id=number, plan=draft.sql("plan"), amount=draft.sql("amount", "unit_price"))
    if draft.of("currency") is not None:
        common["currency"] = money(draft)
    if "amount" in common and _all_in_hundreds(draft, draft.of("amount", "unit_price")):
        draft.doubts.append(f"{common['amount']} has whole numbers from 100 on only: look whether they are hundredths")
    ended, stopped = _ending(draft)
    yield {"to": "subscriptions", "set": common | {"action": "'started'", "occurred_at": began}}
    yield from named(draft)
    if ended is not None:
        yield {
            "to": "subscriptions",
            "where": stopped,
            **({"id": f"{number} || '-cancelled'"} if alone else {}),
            "set": common | {"action": "'cancelled'", "occurred_at": ended},
        }


def _beginning(draft: Draft) -> str | None:
    """When a subscription began, which is not when its present period did, if something else says so."""
    found = [column for role in ("started_at", "created_at", "happened_at") for column in draft.all_of(role)]
    found.sort(key=lambda column: headings.is_of_a_period(column.words))
    return draft.expression(found[0]) if found else None


def _ending(draft: Draft) -> tuple[str | None, str]:
    """When a subscription was cancelled, and a condition for those that were.

    The end of a period or of a term, which all have, is no cancellation where nothing else says that they were.
    """
    ends = draft.all_of("ended_at")
    said = [column for column in ends if headings.is_cancelled(column.words)]
    partly = [
        each for each in ends if not headings.is_of_a_period(each.words) and each.values.filled < each.values.rows
    ]
    if said or partly:
        at = draft.expression((said or partly)[0])
        return at, f"{at} is not null"
    if not ends:
        return None, ""
    at = draft.expression(ends[0])
    status = draft.of("status")
    if status is not None and draft.texts(status) & {*cells.says("void")}:
        return at, f"{among(draft, status, 'void')} and {at} is not null"
    draft.doubts.append(f"{at} is taken for the end of a period or a term, and for no cancellation")
    return None, ""


def _all_in_hundreds(draft: Draft, column: Column | None) -> bool:
    """Whether amounts are whole and none is small, as those in hundredths are."""
    texts = [] if column is None or column.in_cents else [text for text in draft.sample.columns[column.address] if text]
    return bool(texts) and all(text.isdigit() and (len(text) > 2 or text == "0") for text in texts)
