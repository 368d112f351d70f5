"""Export of the survey tool: answers to "How likely are you to recommend us?".

Belongs here: who answers what, and the tool's layout. Does not belong here: what makes people content (`orders.py`).

Layout: Delighted's survey responses with their person, flattened to one row an answer as in its CSV export, with the
property ``customer_id`` that the shop passes on. Source: delighted.com/docs/api, "Survey responses". Times are those
of the company's account, in Berlin.
"""

from __future__ import annotations

import numpy as np

from cdp_assets.demo.landing import Landing, Part
from cdp_assets.demo.shop import ZONE
from cdp_assets.demo.spelling import NATIVE, family_names, given_names
from cdp_assets.demo.text import DAY, csv_lines, digits, gather, glue, stamps, texts, where
from cdp_assets.demo.times import local_seconds
from cdp_assets.demo.truth import PERSON, SHARED
from cdp_assets.demo.typing_errors import replaced
from cdp_assets.demo.world import World

HEADER = "id,survey_type,score,comment,permalink,created_at,person_email,person_name,customer_id,channel\n"

ANSWERS = 0.14
"""Share of orders of known customers after which the survey is answered."""

_COMMENTS = texts(
    ["", "Lovely things, quick delivery.", "Will order again!", "Good, but the parcel was late",
     'The lid of my jar said "Tea", I had ordered coffee', "Too many mails.", "Not happy with the quality", "=1+1"]
)  # fmt: skip


def export_answers(world: World, landing: Landing) -> None:
    """Answers in two files."""
    rng = world.chance(71)
    orders, presence = world.orders, world.presence
    known = np.where(orders.store, presence.till[orders.person], True) & ~presence.silent_partner[orders.person]
    order = np.flatnonzero(known & (rng.random(orders.count) < ANSWERS))
    at = orders.at[order] + rng.integers(2 * DAY, 12 * DAY, len(order))
    order, at = order[at < world.as_of], at[at < world.as_of]
    sequence = np.argsort(at, kind="stable")
    order, at = order[sequence], at[sequence]
    person, count = orders.person[order], len(order)

    score = np.clip(np.rint(1.5 + 9.5 * world.content[person] + rng.normal(0, 1.4, count)), 0, 10).astype(np.int64)
    talks = rng.random(count) < 0.35
    comment = np.where(talks, np.where(score >= 8, rng.integers(1, 3, count), rng.integers(3, 7, count)), 0)
    comment = np.where(rng.random(count) < 0.004, len(_COMMENTS) - 1, comment)
    accounts = world.accounts
    email = np.where(orders.store[order], accounts.till_email[person], accounts.shop_email[person])
    told = presence.shop[person] & (rng.random(count) < 0.5)
    script, nobody = np.full(count, NATIVE), np.zeros(count, dtype=bool)
    name = glue(
        given_names(world.people, person, script, nobody),
        " ",
        family_names(world.people, person, script, at // DAY),
    )
    ids = digits(np.arange(count) * 3 + 81_000_001)
    wrong = landing.wrong_types("nps", "responses", count)
    lines = csv_lines(
        [
            ids,
            "nps",
            replaced(digits(score), wrong, texts(["ten"] * int(wrong.sum()))),
            gather(_COMMENTS, comment),
            glue("https://surveys.lindenlark.example/r/", ids),
            stamps(local_seconds(at, ZONE)),
            gather(world.reach.emails, email),
            name,
            where(told, gather(accounts.shop, person), ""),
            "email",
        ]
    )
    parts = [Part("nps/responses_1.csv", world.as_of - 120 * DAY), Part("nps/responses_2.csv")]
    bad = landing.deliver("nps", "responses", parts, at, lines.take, header=HEADER, wrong=wrong)
    carries = np.where(world.reach.shared_email[person] & ~told, SHARED, PERSON)
    landing.truth.add_facts("nps", "responses", "survey_responses", ids, person, carries=carries, bad=bad)
