"""Export of the customer relationship system: contacts.

Belongs here: the CRM's layout. Does not belong here: the people (`people.py`).

Layout: the object Contact as Salesforce's weekly data export writes it (``Contact.csv``, API names of the fields,
encoding ISO-8859-1, which that export offers), with two custom fields for the numbers of other systems. Source:
help.salesforce.com, "Export Backup Data from Salesforce", and the object reference of Contact. The encoding has
Western letters only, so that names in other scripts stand there in Latin letters. Records are as old as their last
change: a surname, a number or an address may be out of date.
"""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc

from cdp_assets.demo.landing import Landing, Part
from cdp_assets.demo.names import western
from cdp_assets.demo.people import COUPLE
from cdp_assets.demo.places import CODES, COUNTRIES, E164, GROUPED, NATIONAL, Addresses, phones
from cdp_assets.demo.spelling import family_names, given_names, scripts
from cdp_assets.demo.text import DAY, Bools, Ints, Texts, csv_lines, dates, gather, stamps, texts, where
from cdp_assets.demo.typing_errors import (
    PLACEHOLDER_EMAILS,
    PLACEHOLDER_PHONES,
    mistyped,
    replaced,
    with_placeholders,
)
from cdp_assets.demo.world import World

HEADER = (
    "Id,IsDeleted,LastName,FirstName,Salutation,MailingStreet,MailingCity,MailingState,MailingPostalCode,"
    "MailingCountry,MailingCountryCode,Phone,MobilePhone,Email,Title,LeadSource,Birthdate,HasOptedOutOfEmail,"
    "CreatedDate,LastModifiedDate,Shop_Customer_Id__c,Loyalty_Number__c\n"
)

_COUNTRY_NAMES = texts([country.name for country in COUNTRIES])
_TITLES = texts(["", "", "", "", "Teacher", "Engineer", "Nurse", "Architect", "Accountant", "Baker"])
_ORIGINS = texts(["Web", "Store", "Fair", "Phone Inquiry", "Partner Referral"])


def export_contacts(world: World, landing: Landing) -> None:
    """Two full exports of the contacts, a quarter apart; a few contacts are gone from the second."""
    people, presence, reach, accounts = world.people, world.presence, world.reach, world.accounts
    members = np.flatnonzero(presence.crm)
    count = len(members)
    rng = world.chance(11)
    nickname = ~(presence.mailing | presence.till)[members] | (rng.random(count) < 0.3)
    script = scripts(rng, count, 0.0, 0.85)
    typo = rng.random((3, count)) < world.rates.typo
    typo[:, np.isin(members, COUPLE)] = False
    birth = np.where(np.isin(members, COUPLE), people.birth[members], _birth_dates(rng, people.birth[members]))
    with_birth = (rng.random(count) < 0.6) | np.isin(members, COUPLE)
    style = np.where(rng.random(count) < 0.4, NATIONAL, rng.integers(E164, GROUPED + 1, count))
    mobile = rng.random(count) < 0.7
    opted_out = (rng.random(count) < 0.06) & ~np.isin(members, COUPLE)
    with_shop = presence.shop[members] & (rng.random(count) < 0.30)
    with_card = presence.till[members] & (rng.random(count) < 0.30)
    gone = (rng.random(count) < 0.01) & ~np.isin(members, COUPLE)
    title, origin = rng.integers(0, len(_TITLES), count), rng.integers(0, len(_ORIGINS), count)
    email = mistyped(rng, gather(reach.emails, accounts.crm_email[members]), typo[2])
    email = _except(
        np.isin(members, COUPLE), email, with_placeholders(rng, email, world.rates.placeholder, PLACEHOLDER_EMAILS)
    )
    seconds = rng.integers(7 * 3600, 18 * 3600, count)

    for day, keep in ((world.last_day - 90, np.ones(count, dtype=bool)), (world.last_day, ~gone)):
        touched = np.where(presence.crm_touched[members] <= day, presence.crm_touched[members],
                           presence.crm_since[members])  # fmt: skip
        here = np.flatnonzero((presence.crm_since[members] <= day) & keep)
        person, then = members[here], touched[here]
        address = _western(reach.address_at(person, then))
        number = phones(gather(reach.numbers, reach.phone_at(person, then)), people.country[person], style[here])
        number = _except(
            np.isin(person, COUPLE) | (reach.phone[person] < 0),
            number,
            with_placeholders(rng, number, world.rates.placeholder, PLACEHOLDER_PHONES),
        )
        given = mistyped(rng, given_names(people, person, script[here], nickname[here]), typo[0][here])
        family = mistyped(rng, family_names(people, person, script[here], then), typo[1][here])
        wrong = landing.wrong_types("crm", f"contacts {day}", len(here)) & ~np.isin(person, COUPLE)
        birthdate = where(with_birth[here], dates(birth[here]), "")
        lines = csv_lines(
            [
                gather(accounts.crm, person),
                "false",
                family,
                given,
                where(people.female[person], "Ms.", "Mr."),
                address.line,
                address.city,
                address.region,
                address.postcode,
                gather(_COUNTRY_NAMES, people.country[person]),
                gather(CODES, people.country[person]),
                where(mobile[here], "", number),
                where(mobile[here], number, ""),
                email.take(here),
                gather(_TITLES, title[here]),
                gather(_ORIGINS, origin[here]),
                replaced(birthdate, wrong, texts(["around 1980"] * int(wrong.sum()))),
                where(opted_out[here], "true", "false"),
                stamps(presence.crm_since[person] * DAY + seconds[here] - 3600, between="T", end=".000Z"),
                stamps(then * DAY + seconds[here], between="T", end=".000Z"),
                where(with_shop[here], gather(accounts.shop, person), ""),
                where(with_card[here], gather(accounts.loyalty, person), ""),
            ]
        )
        part = Part(f"crm/Contact_{dates(np.array([day]))[0].as_py()}.csv")
        landing.deliver(
            "crm",
            "contacts",
            [part],
            np.zeros(len(here), dtype=np.int64),
            lines.take,
            header=HEADER,
            wrong=wrong,
            spared=np.isin(person, COUPLE),
            snapshot=True,
            encoding="latin-1",
        )
    landing.truth.add_records("crm", "contacts", gather(accounts.crm, members), members)


def _birth_dates(rng: np.random.Generator, birth: Ints) -> Ints:
    """Days of birth as someone noted them: one in fifty is off by a day, a month or ten years."""
    slip = np.array([-3653, -30, -1, 1, 31, 3652])[rng.integers(0, 6, len(birth))]
    return np.where(rng.random(len(birth)) < 0.02, birth + slip, birth)


def _except(spared: Bools, spared_values: Texts, values: Texts) -> Texts:
    return where(spared, spared_values, values)


def _western(address: Addresses) -> Addresses:
    """The addresses in letters that ISO-8859-1 has; lines and cities in other scripts are left out."""

    def spelled(values: Texts, *, lettered: bool) -> Texts:
        encoded = pc.dictionary_encode(values)
        words = [western(word).strip() for word in encoded.dictionary.to_pylist()]
        kept = [word if not lettered or any(mark.isalpha() for mark in word) else "" for word in words]
        return gather(texts(kept), encoded.indices.to_numpy())

    return Addresses(
        spelled(address.line, lettered=True),
        spelled(address.city, lettered=True),
        spelled(address.postcode, lettered=False),
        address.region,
    )
