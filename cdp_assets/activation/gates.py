"""Who may be told: suppression, then consent, then reachability, then the holdout.

The same rules in two forms: over tables, for the refresh that fills the outbox, and over single rows, for the moment of
sending. Caps follow in `caps.py`, quiet hours in `quiet_hours.py`. Does not belong here: what a person's consent is
(`privacy/` decides that).

Privacy's row for exactly this purpose and channel already takes words for `any` into account. Only where there is none
do the rows for `any` speak; among several, the rules of `privacy/consent.py` choose.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import ibis
import ibis.expr.types as ir

from cdp_assets.activation.holdout import CONTROL
from cdp_assets.activation.spec import GLOBAL_CONTROL, DestinationSpec
from cdp_assets.ledger.permissions import ConsentWord, SuppressionReason
from cdp_assets.privacy.consent import ANY, RESTRICTIVENESS

NO_CONSENT = "no_consent"
CONSENT = "consent_"
SUPPRESSED = "suppressed_"
UNREACHABLE = "unreachable"
HOLDOUT = "holdout"

CONTROLS = (GLOBAL_CONTROL, HOLDOUT)
"""The reasons of those who are left out to measure against."""


def with_permission(
    people: ir.Table, consent_state: ir.Table, suppressions: ir.Table, spec: DestinationSpec, as_of: datetime
) -> ir.Table:
    """Add ``forbidden``: why a person may not be told, by suppression or consent, or null.

    Args:
        people: Has contact_point.
        consent_state: Of privacy.
        suppressions: Of privacy.
        spec: Names channel and purpose.
        as_of: Consent that ends at or before this instant has expired.
    """
    words = _standing_words(consent_state, spec)
    stops = _stops(suppressions, spec)
    known = people.left_join(stops, [("contact_point", "stopped_point")]).drop("stopped_point")
    known = known.left_join(words, [("contact_point", "word_point")]).drop("word_point")
    ended = (known.word_expires_at <= ibis.literal(as_of, "timestamp('UTC')")).fill_null(False)
    refused = ibis.literal(CONSENT) + known.word_status
    expired = ibis.literal(f"{CONSENT}expired")
    if spec.needs_grant:
        consent = ibis.cases(
            (known.contact_point.isnull(), ibis.null("string")),
            (known.word_status.isnull(), ibis.literal(NO_CONSENT)),
            (known.word_status != "granted", refused),
            (ended, expired),
            else_=ibis.null("string"),
        )
    else:
        consent = ibis.cases((known.word_status == "denied", refused), else_=ibis.null("string"))
    stopped = ibis.literal(SUPPRESSED) + known.stop_reason
    return known.mutate(forbidden=ibis.coalesce(stopped, consent)).drop("stop_reason", "word_status", "word_expires_at")


def with_gate(people: ir.Table) -> ir.Table:
    """Add ``gate``: the first reason not to tell, in the order of the gates, or null.

    Args:
        people: Has forbidden, contact_point, global_arm and arm.
    """
    unreachable = ibis.cases((people.contact_point.isnull(), ibis.literal(UNREACHABLE)), else_=ibis.null("string"))
    control = ibis.cases(
        (people.global_arm == CONTROL, ibis.literal(GLOBAL_CONTROL)),
        (people.arm == CONTROL, ibis.literal(HOLDOUT)),
        else_=ibis.null("string"),
    )
    return people.mutate(gate=ibis.coalesce(people.forbidden, unreachable, control))


def refuses(gate: str | None) -> bool:
    """Whether a gate is shut by a word about the person, not for want of one."""
    return gate is not None and gate.startswith((SUPPRESSED, CONSENT))


def at_sending(
    contact_point: str | None,
    words: Iterable[ConsentWord],
    suppressions: Iterable[SuppressionReason],
    spec: DestinationSpec,
    now: datetime,
) -> str | None:
    """Why a row may not be sent at this moment, by suppression, consent or reachability, or null.

    Args:
        contact_point: The row's.
        words: The contact point's standing words, on any purpose and channel.
        suppressions: The contact point's suppressions, on any channel.
        spec: Names channel and purpose.
        now: The moment.
    """
    reasons = [stop.reason for stop in suppressions if stop.channel in (spec.channel, ANY)]
    if reasons:
        return SUPPRESSED + min(reasons)
    if contact_point is None:
        return UNREACHABLE
    word = standing_word(words, spec)
    if not spec.needs_grant:
        return CONSENT + word.status if word is not None and word.status == "denied" else None
    if word is None:
        return NO_CONSENT
    if word.status != "granted":
        return CONSENT + word.status
    if word.expires_at is not None and word.expires_at <= now:
        return f"{CONSENT}expired"
    return None


def standing_word(words: Iterable[ConsentWord], spec: DestinationSpec) -> ConsentWord | None:
    """The word that counts for a destination among those of one contact point."""

    def weight(word: ConsentWord) -> tuple[bool, bool, float, int, str, str]:
        exact = word.purpose == spec.purpose and word.channel == spec.channel
        since = word.since.timestamp() if word.since else 0.0
        return (exact, word.explicit, since, -RESTRICTIVENESS.get(word.status, 0), word.purpose, word.channel)

    speaking = [word for word in words if word.purpose in (spec.purpose, ANY) and word.channel in (spec.channel, ANY)]
    return max(speaking, key=weight, default=None)


def _standing_words(consent_state: ir.Table, spec: DestinationSpec) -> ir.Table:
    speaking = consent_state.filter(
        consent_state.purpose.isin([spec.purpose, ANY]), consent_state.channel.isin([spec.channel, ANY])
    )
    exact = (speaking.purpose == spec.purpose) & (speaking.channel == spec.channel)
    restrictiveness = ibis.cases(*((speaking.status == name, rank) for name, rank in RESTRICTIVENESS.items()), else_=0)
    place = ibis.row_number().over(
        group_by=speaking.contact_point,
        order_by=[
            exact.desc(),
            speaking.explicit.desc(),
            speaking.since.desc(),
            restrictiveness,
            speaking.purpose.desc(),
            speaking.channel.desc(),
        ],
    )
    first = speaking.mutate(place=place)
    return first.filter(first.place == 0).select(
        word_point="contact_point", word_status="status", word_expires_at="expires_at"
    )


def _stops(suppressions: ir.Table, spec: DestinationSpec) -> ir.Table:
    relevant = suppressions.filter(suppressions.channel.isin([spec.channel, ANY]))
    return relevant.group_by(stopped_point=relevant.contact_point).agg(stop_reason=relevant.reason.min())
