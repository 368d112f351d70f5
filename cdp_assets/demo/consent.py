"""Export of the consent platform: who said what about which purpose.

Belongs here: what people say about consent, and the platform's layout. Does not belong here: flags that other systems'
exports stamp on people (`shop.py`, `crm.py`, `email.py`).

Layout: consent transactions as OneTrust's consent management exports them (identifier, purpose, transaction type,
interaction date, collection point), flattened. Source: developer.onetrust.com, "Consent receipts and transactions".
Times are in UTC.

Some people refuse here what an export of the shop says they accept; some never confirm a double opt-in; some withdraw;
and some consents have expired.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from cdp_assets.demo.campaigns import Members
from cdp_assets.demo.landing import Landing, Part
from cdp_assets.demo.people import NEVER
from cdp_assets.demo.places import E164, phones
from cdp_assets.demo.text import DAY, Bools, Ints, Texts, csv_lines, dates, digits, gather, glue, stamps, texts, where
from cdp_assets.demo.truth import PERSON, SHARED
from cdp_assets.demo.typing_errors import replaced
from cdp_assets.demo.world import World

HEADER = (
    "Transaction ID,Identifier,Identifier Type,Purpose,Channel,Transaction Type,Interaction Date,Collection Point,"
    "Legal Basis,Expiry Date,Customer Reference\n"
)

CONFIRMED, PENDING, WITHDRAWN, NOT_GIVEN = range(4)
_TYPES = texts(["CONFIRMED", "PENDING", "WITHDRAWN", "NOT_GIVEN"])
_PURPOSES = texts(["marketing", "personalisation", "analytics"])
MARKETING, PERSONALISATION, ANALYTICS = range(3)
_CHANNELS = texts(["email", "sms", "any", "ads"])
EMAIL, SMS, ANY, ADS = range(4)
_POINTS = texts(["newsletter form", "account settings", "till", "cookie banner", "preference centre"])
FORM, ACCOUNT, TILL, BANNER, CENTRE = range(5)

REFERENCED = 0.7
"""Share of rows that name the person's number in the system where they said it."""

_DURATION = 365
"""Days for which consent to personalisation and analytics holds."""


@dataclass(frozen=True)
class _Said:
    """Words on consent: a number of people saying the same kind of thing."""

    person: Ints
    at: Ints
    kind: int
    purpose: int
    channel: int
    point: int
    contact: Ints  # index of the e-mail; −1: the phone
    reference: Texts


def export_consents(world: World, landing: Landing, members: Members) -> None:
    """The consent log in two files."""
    said = [word for word in _words(world, members) if len(word.person)]
    person = np.concatenate([word.person for word in said])
    at = np.concatenate([word.at for word in said])
    contact = np.concatenate([word.contact for word in said])
    reference = pa.concat_arrays([word.reference for word in said])

    def each(name: str) -> Ints:
        return np.concatenate([np.full(len(word.person), getattr(word, name)) for word in said])

    kind, purpose, channel, point = each("kind"), each("purpose"), each("channel"), each("point")
    order = np.argsort(at, kind="stable")
    order = order[(at[order] < world.as_of)]
    person, at, contact, reference = person[order], at[order], contact[order], reference.take(order)
    kind, purpose, channel, point = kind[order], purpose[order], channel[order], point[order]

    rng = world.chance(91)
    count = len(person)
    day = at // DAY
    number = world.reach.phone_at(person, day)
    phone = phones(gather(world.reach.numbers, number), world.people.country[person], np.full(count, E164))
    by_phone = contact < 0
    named = rng.random(count) < REFERENCED
    expires = (purpose != MARKETING) & (kind == CONFIRMED)
    wrong = landing.wrong_types("consent", "transactions", count)
    written = stamps(at, between="T", end="Z")
    ids = glue("ct-", digits(np.arange(count) + 1_000_001))
    lines = csv_lines(
        [
            ids,
            where(by_phone, phone, gather(world.reach.emails, contact)),
            where(by_phone, "phone", "email"),
            gather(_PURPOSES, purpose),
            gather(_CHANNELS, channel),
            gather(_TYPES, kind),
            replaced(written, wrong, texts(["last week"] * int(wrong.sum()))),
            gather(_POINTS, point),
            where(channel == SMS, "consent", where(kind == NOT_GIVEN, "", "consent")),
            dates(np.where(expires, day + _DURATION, -1)),
            where(named, reference, ""),
        ]
    )
    parts = [Part("consent/transactions_1.csv", world.as_of - 150 * DAY), Part("consent/transactions_2.csv")]
    bad = landing.deliver("consent", "transactions", parts, at, lines.take, header=HEADER, wrong=wrong)
    shared = np.where(by_phone, world.reach.shared_phone[person], world.reach.shared_email[person])
    carries = np.where(shared & ~named, SHARED, PERSON)
    landing.truth.add_facts("consent", "transactions", "consents", ids, person, carries=carries, bad=bad)


def _words(world: World, members: Members) -> list[_Said]:
    """Everything said, by occasion."""
    rng = world.chance(92)
    presence, accounts, people = world.presence, world.accounts, world.people
    words: list[_Said] = []

    def say(who: Ints, at: Ints, kind: int, purpose: int, channel: int, point: int, contact: Ints, number: str) -> None:
        pool = {"shop": accounts.shop, "email": accounts.subscriber, "pos": accounts.till}[number]
        words.append(_Said(who, at, kind, purpose, channel, point, contact, glue(f"{number}:", gather(pool, who))))

    def some(chosen: Bools, share: float) -> Ints:
        return np.flatnonzero(chosen & (rng.random(len(chosen)) < share))

    # Signing up for the newsletter, confirming it, leaving it.
    asked = members.double_opt_in
    mail = accounts.mailing_email[members.person]
    for chosen, at, kind, point in (
        (asked, members.joined_at, PENDING, FORM),
        (members.confirmed, members.joined_at + 240, CONFIRMED, FORM),
        ((members.left_at < NEVER) & (rng.random(len(asked)) < 0.8), members.left_at, WITHDRAWN, CENTRE),
    ):
        rows = np.flatnonzero(chosen)
        say(members.person[rows], at[rows], kind, MARKETING, EMAIL, point, mail[rows], "email")

    # Account holders about personalisation and analytics; a few refuse marketing that an export says they accept.
    opened_at = presence.shop_since * DAY + rng.integers(8 * 3600, 22 * 3600, people.count)
    shop_mail = accounts.shop_email
    for purpose, share, refusing in ((PERSONALISATION, 0.55, 0.3), (ANALYTICS, 0.25, 0.4)):
        asked_here = some(presence.shop, share)
        refuses = rng.random(len(asked_here)) < refusing
        for kind, who in ((CONFIRMED, asked_here[~refuses]), (NOT_GIVEN, asked_here[refuses])):
            say(who, opened_at[who] + 60, kind, purpose, ANY, BANNER, shop_mail[who], "shop")
    refusing_mail = some(presence.shop & ~presence.mailing, 0.12)
    say(refusing_mail, opened_at[refusing_mail] + 90, NOT_GIVEN, MARKETING, EMAIL, ACCOUNT,
        shop_mail[refusing_mail], "shop")  # fmt: skip
    willing = some(presence.shop & ~presence.mailing, 0.15)
    agreeing: Ints = np.setdiff1d(willing, refusing_mail)
    say(agreeing, opened_at[agreeing] + 90, CONFIRMED, MARKETING, EMAIL, ACCOUNT, shop_mail[agreeing], "shop")
    changed = agreeing[rng.random(len(agreeing)) < 0.15]
    later = opened_at[changed] + rng.integers(10 * DAY, 200 * DAY, len(changed))
    say(changed, later, WITHDRAWN, MARKETING, EMAIL, CENTRE, shop_mail[changed], "shop")
    for kind, share in ((CONFIRMED, 0.2), (NOT_GIVEN, 0.1)):
        who = some(presence.shop, share)
        say(who, opened_at[who] + 120, kind, MARKETING, ADS, BANNER, shop_mail[who], "shop")

    # Card holders about text messages.
    at_till = presence.till_since * DAY + 13 * 3600
    texted = some(presence.till & (world.reach.phone >= 0), 0.35)
    nothing = np.full(people.count, -1)
    say(texted, at_till[texted], CONFIRMED, MARKETING, SMS, TILL, nothing[texted], "pos")
    stopped = texted[rng.random(len(texted)) < 0.12]
    say(stopped, at_till[stopped] + rng.integers(DAY, 150 * DAY, len(stopped)), WITHDRAWN, MARKETING, SMS, CENTRE,
        nothing[stopped], "pos")  # fmt: skip
    return words
