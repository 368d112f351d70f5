"""The numbers that each system gives to people, and the e-mail it knows them by.

Belongs here: identifiers of people within systems. Does not belong here: whether a system knows someone at all
(`presence.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cdp_assets.demo.reach import Reach
from cdp_assets.demo.text import Ints, Texts, digits, gather, glue, hexes, texts

_BASE_32 = texts([a + b for a in "ABCDEFGHJKMNPQRSTVWXYZ0123456789" for b in "ABCDEFGHJKMNPQRSTVWXYZ0123456789"])


@dataclass(frozen=True)
class Accounts:
    """One element a person, whether the system knows them or not.

    Args:
        shop: Customer ID of the web shop, which is also the user id on the web.
        legacy: User id of the web before the shop's customer IDs took its place.
        crm: Contact Id of the CRM.
        subscriber: Unique id of the mailing audience.
        till: Customer ID of the till's directory.
        loyalty: Number on the loyalty card.
        support: User id of the help desk.
        shop_email, crm_email, mailing_email, till_email, support_email: Index of the address each knows.
    """

    shop: Texts
    legacy: Texts
    crm: Texts
    subscriber: Texts
    till: Texts
    loyalty: Texts
    support: Texts
    shop_email: Ints
    crm_email: Ints
    mailing_email: Ints
    till_email: Ints
    support_email: Ints


def draw_accounts(rng: np.random.Generator, reach: Reach) -> Accounts:
    """Draw numbers in no order that says anything about the people."""
    count = len(reach.email)

    def either(chance: float) -> Ints:
        return np.where(rng.random(count) < chance, reach.email_2, reach.email)

    return Accounts(
        shop=digits(7_210_000_000_000 + rng.permutation(count) * 977),
        legacy=glue("u-", digits(rng.permutation(count) * 7 + 100_003)),
        crm=glue("0035", _letters(rng, count, 10), digits(rng.permutation(count), 4)),
        subscriber=_distinct_hex(rng, count),
        till=glue(_letters(rng, count, 16), digits(rng.permutation(count), 7)),
        loyalty=glue("LL", digits(4_000_000_000 + rng.permutation(count) * 13)),
        support=digits(360_000_000_000 + rng.permutation(count) * 89),
        shop_email=reach.email,
        crm_email=either(0.5),
        mailing_email=either(0.5),
        till_email=either(0.4),
        support_email=either(0.3),
    )


def _letters(rng: np.random.Generator, count: int, length: int) -> Texts:
    drawn = rng.integers(0, len(_BASE_32), (count, length // 2))
    return glue(*(gather(_BASE_32, drawn[:, column]) for column in range(length // 2)))


def _distinct_hex(rng: np.random.Generator, count: int) -> Texts:
    """Ten hexadecimal digits each, all distinct."""
    head = hexes(rng, count, 4)
    return glue(head, digits(rng.permutation(count), 6))
