"""Words on consent: of whom, by which channel and since when.

Belongs here: what rows of `consents` have in common, wherever they come from. Does not belong here: logs
(`consent_log.py`), and flags on records of people (`consent.py`).
"""

from __future__ import annotations

from cdp_assets.sources.proposing.draft import Draft, Map
from cdp_assets.sources.proposing.roles import NUMBERING_PEOPLE

WHEN = ("consented_at", "updated_at", "created_at", "happened_at")
WITHDRAWN = "'withdrawn'"

BY_TELEPHONE = ("sms", "whatsapp", "phone")
"""Channels that go to a number."""


def word(
    point: str | None,
    channel: str,
    status: str,
    when: str,
    where: str,
    *,
    own: bool,
    expires_at: str | None = None,
) -> Map:
    """What is said of advertising to an address; ``own`` if it is the person's own word."""
    said = {
        **({} if point is None else {"contact_point": point}),
        "purpose": "'marketing'",
        "channel": channel,
        "status": status,
        "explicit": "true" if own else "false",
        "occurred_at": when,
        **({} if expires_at is None else {"expires_at": expires_at}),
    }
    return {"to": "consents", "where": where, "set": said}


def reached(draft: Draft, role: str) -> list[str]:
    """The addresses or telephones of a row, as expressions."""
    return [draft.expression(each) for each in draft.all_of(role)]


def refused_at(draft: Draft, *times: str | None) -> str:
    """When something was refused: the first of the times that a row has, else when it was first read."""
    known = [at for at in times if at is not None]
    return f"coalesce({', '.join([*known, draft.delivery()])})" if known else from_delivery(draft)


def from_delivery(draft: Draft) -> str:
    """When a refusal was first read, where nothing says when it was."""
    draft.doubt("nothing says when consent was refused: it was by the delivery that first says so (`delivered_at`)")
    return draft.delivery()


def has_addresses(draft: Draft) -> bool:
    return draft.of("anything", "email", "phone") is not None


def is_known_otherwise(draft: Draft) -> bool:
    """Whether people have a number, so that a word without an address can be for all addresses of theirs."""
    return draft.of(*NUMBERING_PEOPLE) is not None


def of_everything(draft: Draft) -> None:
    draft.doubt(
        "words on consent without an address are taken for all addresses and telephones of whom the row is about"
    )
