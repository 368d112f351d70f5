"""Which word on consent stands, for each contact point, purpose and channel, as of an instant.

Belongs here: the rules of consent. Does not belong here: what forbids sending in spite of consent (`suppression.py`),
and what is done without any word, which depends on the purpose (`activation/`).

The rules:

1. The person's own word outranks every flag that an export merely stamped, however late the flag: most such flags are a
   default nobody chose. So a flag can neither undo a refusal nor stand in for one.
2. Among the person's own words the latest counts; with none, the latest flag.
3. Contradictory words of the same instant: the most restrictive counts (denied before pending before expired before
   granted; then the earlier expiry).
4. Withdrawn is denied. A grant, or a pending word, that has expired is expired. A refusal does not expire.
5. A word for purpose or channel ``any`` is a word for each of them: it competes with the specific ones by rules 1 to 3.
   A specific row therefore already says what counts for it; only where there is none does the row for ``any`` speak.
6. A refusal counts at once, even if a clock that is fast has stamped it with an instant up to a day ahead.
7. A word for ``push`` is one for push messages of either kind.
8. A word without a contact point is the person's: it is a word for each address and number of their profile that the
   channel can reach. So is one for a channel that does not go to the contact point it names (text messages, of an
   e-mail address), and a refusal of every channel until that contact point permits every channel again.
9. A refusal that is the person's stands for everybody who has the contact point it names. It also reaches addresses by
   which facts alone know the person; a word that permits does not.
10. A refusal goes on counting after its source has closed the row that told it (`normalised/canonical_rows.py`).
"""

from __future__ import annotations

from datetime import UTC, datetime

import ibis
import ibis.expr.types as ir

from cdp_assets.normalised.faults import CLOCK_TOLERANCE
from cdp_assets.privacy.addresses import kind_reached, whose

ANY = "any"
"""Purpose or channel of a word that speaks for all of them."""

RESTRICTIVENESS = {"denied": 0, "pending": 1, "expired": 2, "granted": 3}
"""Statuses from the most to the least restrictive."""

_SCOPE = ("contact_point", "purpose", "channel")
_NEVER = datetime(9999, 12, 31, tzinfo=UTC)


def of_contact_points(
    consents: ir.Table,
    until: ir.TimestampValue,
    reached: ir.Table | None = None,
    profile_map: ir.Table | None = None,
) -> ir.Table:
    """The words on consent by contact point (rules 7 to 9).

    Args:
        consents: `canonical.tables.CONSENTS`.
        until: The instant to decide for; what is permitted later undoes no refusal.
        reached: Of `addresses.addresses`; needed where words are the person's, as is the next.
        profile_map: `identity.schemas.PROFILE_MAP`.

    Returns:
        The columns of ``consents``, each row with a contact point.
    """
    told = consents.filter(consents.contact_point.notnull())
    if reached is None or profile_map is None:
        return _by_kind_of_push(told)
    passing = told.filter(kind_reached(told) != _kind_of_point(told))
    elsewhere = passing.union(_standing_refusals_of_every_channel(told, until))
    spoken = consents.filter(consents.contact_point.isnull()).union(elsewhere).join(whose(profile_map), "record_id")
    refused = elsewhere.filter(~_may_permit(elsewhere))
    having = refused.join(reached, refused.contact_point == reached.reached_point)
    persons = spoken.union(having.select(spoken.columns), distinct=True).join(reached, "profile_id")
    by_point = persons.filter(
        kind_reached(persons).coalesce(persons.reached_kind) == persons.reached_kind,
        persons.given | ~_may_permit(persons),
        persons.contact_point.isnull() | (persons.contact_point != persons.reached_point),
    ).mutate(contact_point=ibis._.reached_point)
    return _by_kind_of_push(told.union(by_point.select(consents.columns).distinct()))


def _standing_refusals_of_every_channel(told: ir.Table, until: ir.TimestampValue) -> ir.Table:
    general = told.filter(told.channel == ANY)
    permitted = general.filter(general.explicit, general.status == "granted", general.occurred_at <= until).select(
        "contact_point", again_for="purpose", again_at="occurred_at"
    )
    refused = general.filter(~_may_permit(general))
    return refused.anti_join(
        permitted,
        [
            refused.contact_point == permitted.contact_point,
            (refused.purpose == permitted.again_for) | (permitted.again_for == ANY),
            refused.occurred_at < permitted.again_at,
        ],
    )


def _kind_of_point(words: ir.Table) -> ir.StringValue:
    """The kind of a word's contact point; null where it is neither an address nor a number."""
    point = words.contact_point
    return ibis.cases((point.contains("@"), "email"), (point.startswith("+"), "phone"), else_=ibis.null("string"))


def _by_kind_of_push(words: ir.Table) -> ir.Table:
    pushed = words.filter(words.channel == "push")
    kinds = [pushed.mutate(channel=ibis.literal(kind)) for kind in ("web_push", "app_push")]
    return words.filter(words.channel != "push").union(*kinds)


def consent_state(consents: ir.Table, as_of: datetime) -> ir.Table:
    """Decide which word stands for each contact point, purpose and channel that has one.

    Args:
        consents: Every word ever given, as by `of_contact_points`.
        as_of: The instant to decide for; what is granted later does not count.

    Returns:
        The columns of `schemas.CONSENT_STATE`. A specific row already takes the words for ``any`` into account.
    """
    words = _words(consents, as_of)
    own = _standing(words)
    general = own.filter((own.purpose == ANY) | (own.channel == ANY))
    scopes = own.select(_SCOPE)
    inherited = scopes.join(
        general.rename(general_purpose="purpose", general_channel="channel"), "contact_point"
    ).filter(
        ibis._.general_purpose.isin([ibis._.purpose, ANY]),
        ibis._.general_channel.isin([ibis._.channel, ANY]),
        (ibis._.general_purpose != ibis._.purpose) | (ibis._.general_channel != ibis._.channel),
    )
    standing = _standing(own.union(inherited.select(own.columns)))
    return standing.select(*_SCOPE, "status", "explicit", "since", "expires_at", "legal_basis", "source")


def _words(consents: ir.Table, as_of: datetime) -> ir.Table:
    instant = ibis.literal(as_of, type="timestamp('UTC')")
    soon = consents.occurred_at <= ibis.literal(as_of + CLOCK_TOLERANCE, type="timestamp('UTC')")
    given = consents.filter((consents.occurred_at <= instant) | (soon & ~_may_permit(consents)))
    may_permit = _may_permit(given)
    expired = given.expires_at.notnull() & (given.expires_at <= instant)
    status = ibis.cases((may_permit & expired, "expired"), (may_permit, given.status), else_="denied")
    return given.select(
        "contact_point",
        "purpose",
        "channel",
        "explicit",
        "expires_at",
        "legal_basis",
        "source",
        "native_id",
        status=status,
        since=ibis.least(given.occurred_at, instant),
    )


def _may_permit(words: ir.Table) -> ir.BooleanValue:
    return words.status.isin(["granted", "pending"])


def _standing(words: ir.Table) -> ir.Table:
    """The one row of each scope that the rules prefer. Picking again from what was picked changes nothing."""
    ranked = words.mutate(
        place=ibis.row_number().over(
            group_by=list(_SCOPE),
            order_by=[
                ibis.desc(words.explicit),
                ibis.desc(words.since),
                _restrictiveness(words.status),
                words.expires_at.fill_null(ibis.literal(_NEVER, type="timestamp('UTC')")),
                words.source,
                words.native_id,
            ],
        )
    )
    return ranked.filter(ranked.place == 0).drop("place")


def _restrictiveness(status: ir.StringValue) -> ir.IntegerValue:
    return ibis.cases(*((status == name, rank) for name, rank in RESTRICTIVENESS.items()), else_=0)
