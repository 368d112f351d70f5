"""How people can be reached: e-mail addresses, phones and homes, and how these change and are shared.

Belongs here: contact data as it truly is. Does not belong here: how a system writes it down (the sources' modules).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cdp_assets.demo.people import COUPLE, NEVER, People
from cdp_assets.demo.places import CITIES, STREETS, Addresses, AddressPool, national_numbers
from cdp_assets.demo.presence import Presence
from cdp_assets.demo.rates import Rates
from cdp_assets.demo.text import Bools, Ints, Texts, digits, gather, glue, texts

HAS_PHONE = 0.88
"""Share of people whose phone number any system knows."""

# Domains reserved for documentation (RFC 2606): nobody can be reached by them.
_DOMAINS = texts(
    ["example.com", "example.org", "example.net", "mail.example", "post.example", "inbox.example", "web.example"]
)
_BETWEEN = texts([".", "_", "", "-"])


@dataclass(frozen=True)
class Reach:
    """One element a person, but for the pools.

    Args:
        emails: Pool of addresses.
        email: Index of the main address.
        email_2: Index of the second one; the same for those who use one.
        numbers: Pool of phone numbers, without calling code.
        phone: Index of the number now; −1 for people without.
        phone_before: Index of the number before it changed; the same if it never did.
        phone_changed_at: Day from which ``phone`` holds; `NEVER` if it always did.
        address: Where the person lives now.
        address_before: Where before moving.
        moved_at: Day of the move; `NEVER` if there was none.
        shared_email: Whether the main address is also another person's.
        shared_phone: Whether the number is also another person's.
    """

    emails: Texts
    email: Ints
    email_2: Ints
    numbers: Texts
    phone: Ints
    phone_before: Ints
    phone_changed_at: Ints
    address: Addresses
    address_before: Addresses
    moved_at: Ints
    shared_email: Bools
    shared_phone: Bools

    def address_at(self, person: Ints, day: Ints) -> Addresses:
        """Where people lived on a day."""
        return self.address.take(person).choose(day < self.moved_at[person], self.address_before.take(person))

    def phone_at(self, person: Ints, day: Ints) -> Ints:
        """Indexes of people's numbers on a day; −1 for those without."""
        changed = self.phone_changed_at[person]
        return np.where((changed < NEVER) & (day < changed), self.phone_before[person], self.phone[person])


def draw_reach(
    rng: np.random.Generator,
    seed: int,
    people: People,
    presence: Presence,
    rates: Rates,
    first_day: int,
    last_day: int,
) -> Reach:
    """Draw everyone's contact data."""
    count = people.count
    person = np.arange(count)
    emails = _distinct_emails(rng, people)
    email = person.copy()
    firsts = np.array(people.families.email) * 2
    email[firsts + 1] = email[firsts]
    shares_email = np.zeros(count, dtype=bool)
    shares_email[np.concatenate((firsts, firsts + 1))] = True
    two = np.zeros(count, dtype=bool)
    two[rng.choice(np.flatnonzero(~shares_email), round(count * rates.second_email), replace=False)] = True

    phone, before, changed_at, shares_phone = _draw_phones(rng, people, presence, rates, first_day)
    moved = rng.random(count) < rates.moved
    moved[list(COUPLE)] = False
    address, address_before = _draw_addresses(rng, AddressPool.draw(seed), people, moved)
    return Reach(
        emails=emails,
        email=email,
        email_2=np.where(two, person + count, email),
        numbers=national_numbers(rng, np.concatenate((people.country, people.country))),
        phone=phone,
        phone_before=before,
        phone_changed_at=changed_at,
        address=address,
        address_before=address_before,
        moved_at=np.where(moved, rng.integers(first_day + 60, last_day - 40, count), NEVER),
        shared_email=shares_email,
        shared_phone=shares_phone,
    )


def _distinct_emails(rng: np.random.Generator, people: People) -> Texts:
    """Two addresses a person, all distinct: the first ones, then the second ones."""
    person = np.tile(np.arange(people.count), 2)
    given = gather(people.given_names.slug, people.given[person])
    family = gather(people.family_names.slug, people.family_before[person])
    style = rng.integers(0, 4, len(person))
    born = people.birth[person].astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    local = glue(given, gather(_BETWEEN, rng.integers(0, len(_BETWEEN), len(person))), family)
    for number, other in (
        (1, glue(pc.utf8_slice_codeunits(given, 0, 1), ".", family)),
        (2, glue(given, digits(born % 100, 2))),
        (3, glue(family, ".", given)),
    ):
        local = pc.if_else(pa.array(style == number), other, local)
    domain = gather(_DOMAINS, rng.integers(0, len(_DOMAINS), len(person)))
    address = glue(local, "@", domain)
    codes = pc.dictionary_encode(address).indices.to_numpy()
    order = np.argsort(codes, kind="stable")
    repeated = np.zeros(len(codes), dtype=bool)
    repeated[order[1:]] = codes[order[1:]] == codes[order[:-1]]
    numbered = glue(local, digits(np.arange(len(person)) + 101), "@", domain)
    return pc.if_else(pa.array(repeated), numbered, address)


def _draw_phones(
    rng: np.random.Generator, people: People, presence: Presence, rates: Rates, first_day: int
) -> tuple[Ints, Ints, Ints, Bools]:
    """Numbers now and before, the day of the change, and who shares one."""
    count = people.count
    person = np.arange(count)
    phone = np.where(rng.random(count) < HAS_PHONE, person, -1)
    firsts = np.concatenate([np.array(part, dtype=np.int64) for part in people.families.phone]) * 2
    phone[firsts] = firsts
    phone[firsts + 1] = firsts
    shares = np.zeros(count, dtype=bool)
    shares[np.concatenate((firsts, firsts + 1))] = True

    before, changed_at = phone.copy(), np.full(count, NEVER)
    free = (phone >= 0) & ~shares
    late = free & (presence.start >= first_day + 210)
    early = free & (presence.start <= first_day + 110)
    # A person known late has a number that a person known early gave up months before.
    for country in range(int(people.country.max()) + 1):
        here = people.country == country
        wanted = round(rates.recycled_phone * int((here & (phone >= 0)).sum()))
        heirs = rng.permutation(np.flatnonzero(late & here))[:wanted]
        givers = rng.permutation(np.flatnonzero(early & here))[: len(heirs)]
        heirs = heirs[: len(givers)]
        before[givers] = phone[heirs]
        phone[givers] = givers + count
        changed_at[givers] = presence.start[heirs] - rng.integers(100, 180, len(heirs))
    return phone, before, changed_at, shares


def _draw_addresses(
    rng: np.random.Generator, pool: AddressPool, people: People, moved: Bools
) -> tuple[Addresses, Addresses]:
    """Addresses now and before: one a household, and one of their own for those who moved."""
    homes = int(people.home.max()) + 1
    size = homes + people.count
    street, number, city = (
        rng.integers(0, STREETS, size),
        1 + rng.gamma(1.5, 25, size).astype(np.int64),
        rng.integers(0, CITIES, size),
    )

    def at(place: Ints) -> Addresses:
        return Addresses.of(pool, people.country, street[place], number[place], city[place])

    return at(np.where(moved, homes + np.arange(people.count), people.home)), at(people.home)
