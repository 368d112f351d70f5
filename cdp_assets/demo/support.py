"""Exports of the help desk: users and tickets.

Belongs here: who asked for help and the help desk's layouts. Does not belong here: what makes people content
(`orders.py`).

Layouts: Zendesk's full JSON exports of users and of tickets, one object a line, a ticket with its requester and metric
set inside. Source: support.zendesk.com, "Exporting data to a JSON, CSV, or XML file", and the API reference of tickets
and users. A ticket that changed after the first export is in the second one again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from cdp_assets.demo.landing import Landing, Part
from cdp_assets.demo.people import NEVER
from cdp_assets.demo.places import COUNTRIES, E164, phones
from cdp_assets.demo.spelling import NATIVE, family_names, given_names
from cdp_assets.demo.text import DAY, Bools, Ints, Texts, digits, gather, glue, stamps, texts, where
from cdp_assets.demo.truth import PERSON
from cdp_assets.demo.typing_errors import mistyped
from cdp_assets.demo.world import World

TOPICS = ("delivery", "refund", "product", "account", "billing")
_SUBJECTS = texts(
    ["Where is my parcel?", "Money back for my order", "Question about a product", "I cannot log in", "Wrong invoice"]
)
_PRIORITIES = texts(["low", "normal", "high", "urgent"])
_CHANNELS = texts(["email", "web", "chat", "api"])
_LOCALES = texts([country.locale.replace("_", "-") for country in COUNTRIES])
FIRST_EXPORT_BEFORE = 75 * DAY
"""How long before the end of the data the first export of tickets was made, in seconds."""


@dataclass(frozen=True)
class _Tickets:
    person: Ints
    opened_at: Ints
    replied_at: Ints
    solved_at: Ints
    topic: Ints
    priority: Ints
    rating: Ints  # 0 none, 1 good, 2 bad
    channel: Ints

    def state_at(self, at: int) -> tuple[Ints, Bools]:
        """When each ticket last changed before an instant, and whether it was solved by then."""
        solved = self.solved_at <= at
        touched = np.where(solved, self.solved_at, np.where(self.replied_at <= at, self.replied_at, self.opened_at))
        return touched, solved


def export_support(world: World, landing: Landing) -> None:
    """Users who asked for help, and their tickets in two exports."""
    tickets = _draw_tickets(world)
    askers = np.unique(tickets.person)
    lines = _user_objects(world, askers)
    landing.deliver("support", "users", [Part("support/users.jsonl")], np.zeros(len(askers), dtype=np.int64),
                    lambda rows: glue(lines.take(rows), "\n"), snapshot=True)  # fmt: skip
    native = gather(world.accounts.support, askers)
    landing.truth.add_records("support", "users", native, askers)

    place = np.full(world.people.count, -1)
    place[askers] = np.arange(len(askers))
    cut = world.as_of - FIRST_EXPORT_BEFORE
    count = len(tickets.person)
    ids = digits(np.arange(count) + 3_001)
    bad = np.zeros(count, dtype=bool)
    for number, until in ((1, cut), (2, world.as_of)):
        touched, solved = tickets.state_at(until)
        known = tickets.opened_at < until
        rows = np.flatnonzero(known & (touched >= cut) if number == 2 else known)
        wrong = landing.wrong_types("support", f"tickets {number}", len(rows))
        objects = _ticket_objects(world, tickets, rows, ids, lines.take(place[tickets.person[rows]]), touched, solved,
                                  wrong)  # fmt: skip
        useless = landing.deliver("support", "tickets", [Part(f"support/tickets_{number}.jsonl")], touched[rows],
                                  objects.take, wrong=wrong)  # fmt: skip
        bad[rows] = useless
    landing.truth.add_facts("support", "tickets", "tickets", ids, tickets.person, carries=PERSON, bad=bad)


def _draw_tickets(world: World) -> _Tickets:
    rng = world.chance(61)
    orders, count = world.orders, world.people.count
    rate = np.where(world.people.buys, 0.14 + 0.75 * (1 - world.content), 0.08)
    tickets = rng.poisson(np.where(world.presence.silent_partner, 0.0, rate))
    person = np.repeat(np.arange(count), tickets)
    bought = np.bincount(orders.person, minlength=count)
    offset = np.concatenate(([0], np.cumsum(bought)[:-1]))
    chosen = np.minimum(offset[person] + (rng.random(len(person)) * bought[person]).astype(np.int64), orders.count - 1)
    after_order = orders.at[chosen] + rng.exponential(6 * DAY, len(person)).astype(np.int64)
    begin = world.presence.start[person] * DAY
    anywhere = begin + (rng.random(len(person)) * np.maximum(world.as_of - begin - DAY, DAY)).astype(np.int64)
    opened = np.where(bought[person] > 0, after_order, anywhere)
    keep = opened < world.as_of - 3600
    person, opened = person[keep], opened[keep]
    order = np.argsort(opened, kind="stable")
    person, opened = person[order], opened[order]

    size = len(person)
    replied = opened + (rng.lognormal(5.2, 1.0, size) * 60).astype(np.int64) + 120
    solved = replied + (rng.lognormal(10.6, 1.2, size)).astype(np.int64) + 300
    solved = np.where(rng.random(size) < 0.04, NEVER, solved)
    drawn, mood = rng.random(size), rng.normal(0, 0.25, size)
    rating = np.where(drawn < 0.45, np.where(world.content[person] + mood > 0.5, 1, 2), 0)
    return _Tickets(
        person=person,
        opened_at=opened,
        replied_at=replied,
        solved_at=solved,
        topic=rng.choice(len(TOPICS), size, p=(0.4, 0.2, 0.2, 0.1, 0.1)),
        priority=rng.choice(4, size, p=(0.2, 0.6, 0.15, 0.05)),
        rating=np.where(solved < NEVER, rating, 0),
        channel=rng.choice(4, size, p=(0.5, 0.35, 0.1, 0.05)),
    )


def _user_objects(world: World, person: Ints) -> Texts:
    """One JSON object a user."""
    people, presence, accounts, reach = world.people, world.presence, world.accounts, world.reach
    rng = world.chance(62)
    count = len(person)
    day = np.full(count, world.last_day - 30)
    typo = rng.random((2, count)) < world.rates.typo
    nickname = rng.random(count) < 0.5
    given = mistyped(rng, given_names(people, person, np.full(count, NATIVE), nickname), typo[0])
    family = mistyped(rng, family_names(people, person, np.full(count, NATIVE), day), typo[1])
    number = np.where(rng.random(count) < 0.35, reach.phone_at(person, day), -1)
    phone = phones(gather(reach.numbers, number), people.country[person], np.full(count, E164))
    told = presence.shop[person] & (rng.random(count) < 0.35)
    created = presence.start[person] * DAY + 40_000
    return glue(
        '{"id":', gather(accounts.support, person), ',"name":"', given, " ", family, '","email":"',
        gather(reach.emails, accounts.support_email[person]), '","phone":', _or_null(phone), ',"external_id":',
        _or_null(where(told, gather(accounts.shop, person), "")),
        ',"role":"end-user","verified":true,"suspended":false,"locale":"',
        gather(_LOCALES, people.country[person]), '","created_at":"',
        stamps(created, between="T", end="Z"), '","updated_at":"', stamps(created + 600, between="T", end="Z"), '"}',
    )  # fmt: skip


def _ticket_objects(
    world: World, tickets: _Tickets, rows: Ints, ids: Texts, users: Texts, touched: Ints, solved: Bools, wrong: Bools
) -> Texts:
    """One JSON object a ticket and line."""
    person, topic = tickets.person[rows], tickets.topic[rows]
    opened, replied = tickets.opened_at[rows], tickets.replied_at[rows]
    done = solved[rows]
    answered = touched[rows] >= replied
    old = tickets.solved_at[rows] < world.as_of - 30 * DAY
    status = where(done, where(old, "closed", "solved"), where(answered, "pending", "open"))
    minutes = where(answered, digits(np.maximum((replied - opened) // 60, 1)), "null")
    score = where(done, gather(texts(["offered", "good", "bad"]), tickets.rating[rows]), "unoffered")
    created = where(wrong, "sometime", stamps(opened, between="T", end="Z"))
    support = gather(world.accounts.support, person)
    subject = gather(_SUBJECTS, topic)
    return glue(
        '{"id":', ids.take(rows), ',"external_id":null,"via":{"channel":"', gather(_CHANNELS, tickets.channel[rows]),
        '"},"created_at":"', created, '","updated_at":"', stamps(touched[rows], between="T", end="Z"),
        '","type":"question","subject":"', subject, '","raw_subject":"', subject, '","priority":"',
        gather(_PRIORITIES, tickets.priority[rows]), '","status":"', status, '","requester_id":', support,
        ',"submitter_id":', support, ',"tags":["', gather(texts(TOPICS), topic), '"],"satisfaction_rating":{"score":"',
        score, '"},"requester":', users, ',"metric_set":{"reply_time_in_minutes":{"calendar":', minutes,
        '},"solved_at":', _or_null(stamps(np.where(done, tickets.solved_at[rows], -1), between="T", end="Z")), "}}\n",
    )  # fmt: skip


def _or_null(values: Texts) -> Texts:
    """A JSON string, or null for the empty text."""
    return pc.if_else(pc.equal(values, ""), "null", glue('"', values, '"'))
