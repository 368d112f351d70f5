"""What is sold to companies: maps into opportunities and accounts.

Belongs here: deals, how they ended, and with whom they are. Does not belong here: what people buy (`commerce.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cdp_assets.sources.proposing.draft import Draft, Map, Set, first_of, money

_OWNER = r"\bowner( id)?$"
_WON = "won|gewonnen|gagn|ganad|vint|wygran"
_LOST = "lost|verloren|perdu|perdid|pers[oa]|przegran"


def _headed(draft: Draft, pattern: str, *types: str) -> str | None:
    """The first column whose heading is like this, as an expression; of one of some types, if there are such."""
    named = (column for column in draft.columns if re.search(pattern, column.words))
    found = next((column for column in named if not types or column.values.type in types), None)
    return draft.expression(found) if found else None


def opportunities(draft: Draft) -> Iterator[Map]:
    values = draft.given(
        opportunity_id=draft.sql("opportunity_id", "id"),
        account_id=draft.sql("account_id"),
        opportunity_name=_headed(draft, r"^(deal |opportunity )?(name|title)$"),
        stage=draft.sql("stage"),
        amount=draft.sql("amount") or _headed(draft, r"^(deal |opportunity )?value$", "integer", "decimal", "float"),
        owner=_headed(draft, _OWNER),
        opened_at=draft.sql("created_at", "happened_at"),
        **_outcome(draft),
    )
    yield {"to": "opportunities", "set": values | {"currency": money(draft)}}


def _outcome(draft: Draft) -> Set:
    """Whether a deal was won, and when it ended."""
    won, closed = draft.sql("is_won"), draft.sql("is_closed")
    said = (each for each in (draft.of("status"), draft.of("stage")) if each is not None)
    ending = re.compile(f"{_WON}|{_LOST}")
    told = next((each for each in said if any(map(ending.search, draft.texts(each)))), draft.of("stage"))
    if won is None and told is not None:
        stage = draft.expression(told)
        won = f"regexp_matches(lower({stage}), '{_WON}')"
        closed = closed or f"{won} or regexp_matches(lower({stage}), '{_LOST}')"
    if won is None:
        return {}
    over = closed or won
    ended = [_headed(draft, rf"\b{how} (time|date|on|at)$", "date", "timestamp") for how in ("won", "lost")]
    at = first_of(*ended) or draft.sql("close_date")
    outcome = {"status": f"case when {won} then 'won' when {over} then 'lost' else 'open' end"}
    return outcome | ({"closed_at": f"case when {over} then {at} end"} if at else {})


def accounts(draft: Draft) -> Iterator[Map]:
    website = draft.sql("website")
    values = draft.given(
        account_id=draft.sql("account_id", "id"),
        account_name=draft.sql("company", "name"),
        parent_account_id=draft.sql("parent_id"),
        industry=draft.sql("industry"),
        employees=draft.sql("employees"),
        city=draft.sql("city"),
        country=draft.sql("country"),
        owner=_headed(draft, _OWNER),
        created_at=draft.sql("created_at"),
    )
    if website is not None:
        values["domain"] = f"regexp_replace(lower({website}), '^(https?://)?(www\\.)?([^/]*).*$', '\\3')"
    yield {"to": "accounts", "set": values}
