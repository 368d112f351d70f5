"""Columns that say who wants advertising become rows of `consents`.

Belongs here: flags on records of people. Does not belong here: logs of consent, a row a word (`mapping.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cdp_assets.sources.proposing.draft import Draft, Map, among
from cdp_assets.sources.proposing.roles import Column
from cdp_assets.warehouse.sql_parsing import plain_name

_WHEN = ("consented_at", "updated_at", "created_at", "happened_at")


def marketing(draft: Draft) -> Iterator[Map]:
    """Maps of the columns that say yes or no to advertising by e-mail or by text message.

    A yes is taken for a flag stamped by the export, which never overrides what the person has said somewhere else; that
    somebody has unsubscribed is taken for their word, and so is the time at which they did.
    """
    yield from _withdrawn(draft)
    for column in (*draft.all_of("opt_in"), *draft.all_of("opt_out")):
        if not column.values.filled:
            continue
        name = draft.names[column.address]
        by_phone = re.search(r"\b(sms|phone|whatsapp|mobile|telefon)\b", column.words) is not None
        point, when = draft.sql("phone" if by_phone else "email"), _when(draft, column)
        if point is None or when is None:
            lacking = "is no address" if point is None else "is no time"
            draft.doubts.append(f"{name} says who wants advertising, but there {lacking} that `consents` needs")
            continue
        refuses = column.role == "opt_out"
        draft.doubts.append(f"{name} is taken for {'refusing' if refuses else 'consent to'} advertising (`consents`)")
        flag = plain_name(name)
        said = flag if column.values.type == "boolean" else among(draft, column, "yes", seen=True)
        where = f"{said if refuses else f'{flag} is not null'} and {when} is not null"
        status = "'withdrawn'" if refuses else f"case when {said} then 'granted' else 'denied' end"
        yield _word(point, "sms" if by_phone else "email", status, when, where, own=refuses)


def _withdrawn(draft: Draft) -> Iterator[Map]:
    """From a column with the time at which somebody has unsubscribed."""
    column, email = draft.of("withdrawn_at"), draft.sql("email")
    if column is None or email is None or not column.values.filled:
        return
    when, name = draft.expression(column), draft.names[column.address]
    draft.doubts.append(f"{name} is taken for the time at which advertising was refused (`consents`)")
    yield _word(email, "email", "'withdrawn'", when, f"{when} is not null", own=True)


def _word(point: str, channel: str, status: str, when: str, where: str, *, own: bool) -> Map:
    """What is said of advertising to an address; ``own`` if it is the person's own word."""
    said = {
        "contact_point": point,
        "purpose": "'marketing'",
        "channel": f"'{channel}'",
        "status": status,
        "explicit": "true" if own else "false",
        "occurred_at": when,
    }
    return {"to": "consents", "where": where, "set": said}


def _when(draft: Draft, flag: Column) -> str | None:
    """When it was said: by the column whose address is most like the flag's, else when the row last changed."""
    own = [column for column in draft.columns if column.role == "consented_at" and column.values.filled]
    if own:
        nearest = max(own, key=lambda column: _alike(column.address, flag.address))
        beside = draft.sql(*_WHEN[1:])
        spelled = draft.expression(nearest)
        return spelled if beside is None else f"coalesce({spelled}, {beside})"
    return draft.sql(*_WHEN)


def _alike(one: str, other: str) -> int:
    """How many characters two addresses have in common from the beginning."""
    return next((place for place, (left, right) in enumerate(zip(one, other, strict=False)) if left != right), 0)
