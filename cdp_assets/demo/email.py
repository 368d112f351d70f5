"""Exports of the e-mail platform: the audience, and what its members did with the mails.

Belongs here: the platform's layouts. Does not belong here: the behaviour (`campaigns.py`).

Layouts: the three files of Mailchimp's audience export (subscribed, unsubscribed and cleaned contacts; merge fields in
words, system fields in capitals; imported members have a CONFIRM_TIME and no OPTIN_TIME), and its reports' email
activity with recipients, flattened to one row an action. Source: mailchimp.com/help, "View or export your contacts",
and the Marketing API's reference of reports. Times are in UTC.
"""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc

from cdp_assets.demo.campaigns import ACTIONS, BOUNCE, CLICK, OPEN, WEEKS, Activity, Members, draw_audience, themes
from cdp_assets.demo.catalogue import CATEGORIES
from cdp_assets.demo.landing import Landing, Part
from cdp_assets.demo.people import COUPLE, NEVER
from cdp_assets.demo.places import CODES, COUNTRIES, E164, phones
from cdp_assets.demo.spelling import ASCII, NATIVE, family_names, given_names, scripts
from cdp_assets.demo.text import DAY, Texts, csv_lines, digits, gather, glue, stamps, texts, where
from cdp_assets.demo.truth import PERSON
from cdp_assets.demo.typing_errors import mistyped, replaced
from cdp_assets.demo.world import World

_MEMBER = (
    "Email Address,First Name,Last Name,Phone Number,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,"
    "LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS"
)
SUBSCRIBED_HEADER = f"{_MEMBER}\n"
UNSUBSCRIBED_HEADER = f"{_MEMBER},UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER\n"
CLEANED_HEADER = f"{_MEMBER},CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID\n"
ACTIVITY_HEADER = (
    "campaign_id,list_id,campaign_title,variant,email_id,unique_email_id,email_address,action,type,timestamp,url,ip\n"
)

_ZONES = texts([country.zone for country in COUNTRIES])
_LANGUAGES = texts([country.language for country in COUNTRIES])
_IDS = texts([f"c{number:04d}" for number in range(WEEKS)])


def export_audience(world: World, landing: Landing) -> Members:
    """The audience in three files, and the activity; returns the members for the consent log."""
    members, activity = draw_audience(world)
    emails = _addresses(world, members)
    _export_members(world, landing, members, emails)
    _export_activity(world, landing, members, activity, emails)
    return members


def _addresses(world: World, members: Members) -> Texts:
    """The address each member signed up with; a few with a tag of their own (anna+news@…)."""
    rng = world.chance(33)
    email = gather(world.reach.emails, world.accounts.mailing_email[members.person])
    tagged = pc.replace_substring(email, "@", "+news@")
    return where(rng.random(len(email)) < 0.02, tagged, email)


def _export_members(world: World, landing: Landing, members: Members, emails: Texts) -> None:
    people, accounts, person = world.people, world.accounts, members.person
    count = len(person)
    rng = world.chance(34)
    script = np.where(world.native_share(person), scripts(rng, count, 0.6, 0.4), NATIVE)
    script = np.where(rng.random(count) < 0.1, ASCII, script)
    typo = (rng.random((2, count)) < world.rates.typo) & ~np.isin(person, COUPLE)
    joined_day = members.joined_at // DAY
    given = mistyped(rng, given_names(people, person, script, np.ones(count, dtype=bool)), typo[0])
    family = mistyped(rng, family_names(people, person, script, joined_day), typo[1])
    only_mail = (rng.random(count) < 0.15) & ~np.isin(person, COUPLE)
    number = np.where(rng.random(count) < 0.25, world.reach.phone_at(person, joined_day), -1)
    phone = phones(gather(world.reach.numbers, number), people.country[person], np.full(count, E164))
    opted_in = stamps(np.where(members.double_opt_in, members.joined_at, -1))
    listed_at = np.where(members.double_opt_in, members.joined_at + 240, members.joined_at)
    confirmed_at = stamps(np.where(members.confirmed | ~members.double_opt_in, listed_at, -1))
    ended = np.minimum(members.left_at, members.cleaned_at)
    changed_at = np.where(ended < NEVER, ended, members.joined_at + 400)
    rating = digits(rng.integers(1, 6, count))
    country = gather(CODES, people.country[person])
    wrong = landing.wrong_types("email", "members", count) & ~np.isin(person, COUPLE)
    columns: list[Texts | str] = [
        emails,
        where(only_mail, "", given),
        where(only_mail, "", family),
        phone,
        replaced(rating, wrong, texts(["*****"] * int(wrong.sum()))),
        opted_in,
        "",
        confirmed_at,
        "",
        "",
        "",
        "",
        "",
        gather(_ZONES, people.country[person]),
        country,
        "",
        stamps(changed_at),
        digits(members.person + 50_000_000),
        gather(accounts.subscriber, person),
        where(members.double_opt_in, "", "imported"),
        gather(_LANGUAGES, people.country[person]),
    ]
    left, cleaned = members.left_at < NEVER, members.cleaned_at < NEVER
    reason = gather(texts(["NORMAL", "NOT_SIGNED_UP", "SPAM", "OTHER"]), rng.choice(4, count, p=(0.8, 0.1, 0.05, 0.05)))
    unsubscribed = [stamps(np.where(left, members.left_at, -1)), "", "", reason, ""]
    bounced = [stamps(np.where(cleaned, members.cleaned_at, -1)), "", ""]
    for name, header, rows, more in (
        ("subscribed", SUBSCRIBED_HEADER, ~left & ~cleaned, []),
        ("unsubscribed", UNSUBSCRIBED_HEADER, left, unsubscribed),
        ("cleaned", CLEANED_HEADER, cleaned & ~left, bounced),
    ):
        lines = csv_lines([*columns, *more])
        chosen = np.flatnonzero(rows)
        landing.deliver(
            "email",
            "members",
            [Part(f"email/{name}_members_export.csv")],
            members.joined_at[chosen],
            lines.take(chosen).take,
            header=header,
            wrong=wrong[chosen],
            spared=np.isin(person[chosen], COUPLE),
            snapshot=True,
        )
    landing.truth.add_records("email", "members", gather(accounts.subscriber, person), person)


def _export_activity(world: World, landing: Landing, members: Members, activity: Activity, emails: Texts) -> None:
    count = len(activity.member)
    rng = world.chance(35)
    person = members.person[activity.member]
    theme = themes(world)
    titles = texts(
        [f"{CATEGORIES[theme[week]]} {'offers' if week % 4 == 3 else 'letter'} {week + 1}" for week in range(WEEKS)]
    )
    links = texts([f"https://lindenlark.example/c/{CATEGORIES[theme[week]].lower()}" for week in range(WEEKS)])
    variant = (activity.member * 7 + activity.campaign) % 2
    md5 = digits(activity.member * 2_654_435_761 % 10**12, 12)
    wrong = landing.wrong_types("email", "activity", count)
    at = glue(stamps(activity.at, between="T"), "+00:00")
    columns: list[Texts | str] = [
        gather(_IDS, activity.campaign),
        "a1b2c3d4e5",
        gather(titles, activity.campaign),
        gather(texts(["A", "B"]), variant),
        md5,
        gather(world.accounts.subscriber, person),
        emails.take(activity.member),
        gather(texts(ACTIONS), activity.action),
        _bounce_kind(activity),
        replaced(at, wrong, texts(["just now"] * int(wrong.sum()))),
        where(activity.action == CLICK, gather(links, activity.campaign), ""),
        where(np.isin(activity.action, (OPEN, CLICK)), glue("198.51.100.", digits(rng.integers(1, 255, count))), ""),
    ]
    parts = [
        Part(f"email/email_activity_{number}.csv", world.as_of - back * DAY)
        for number, back in ((1, 360), (2, 180), (3, 60))
    ]
    bad = landing.deliver(
        "email",
        "activity",
        [*parts, Part("email/email_activity_4.csv")],
        activity.at,
        lambda index: csv_lines([column if isinstance(column, str) else column.take(index) for column in columns]),
        header=ACTIVITY_HEADER,
        wrong=wrong,
    )
    native = glue(
        gather(_IDS, activity.campaign),
        "-",
        gather(world.accounts.subscriber, person),
        "-",
        gather(texts(ACTIONS), activity.action),
    )
    told = (activity.action != BOUNCE) | activity.hard  # a soft bounce says nothing lasting, and is not mapped
    landing.truth.add_facts("email", "activity", "engagements", native.filter(told), person[told], carries=PERSON,
                            bad=bad[told])  # fmt: skip


def _bounce_kind(activity: Activity) -> Texts:
    bounced = activity.action == BOUNCE
    return gather(texts(["", "soft", "hard"]), np.where(bounced, 1 + activity.hard, 0))
