"""Export of the advertising platform: clicks.

Belongs here: the platform's layout. Does not belong here: the visits that follow (`events.py`).

Layout: the click view report of Google Ads (one row a click, by its click id; the day, never the time). Source:
developers.google.com/google-ads/api, "ClickView". The only thing a click knows of a person is its id, which the
landing page's address repeats.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from cdp_assets.demo.landing import Landing, Part
from cdp_assets.demo.text import DAY, csv_lines, dates, gather, glue, hexes, texts, where
from cdp_assets.demo.truth import DEVICE
from cdp_assets.demo.typing_errors import replaced
from cdp_assets.demo.web import Clicks
from cdp_assets.demo.world import World

HEADER = "Google Click ID,Day,Campaign,Campaign ID,Ad group,Ad group ID,Network,Device,Click type,Clicks\n"

REPORTED = 0.96
"""Share of visits by an ad whose click the report has."""

LOST = 0.12
"""Clicks without a visit (the tag was blocked, or the page left at once), as a share of those with one."""

_GROUPS = texts(["Coffee", "Tea", "Gifts", "Home textiles"])
_GROUP_IDS = texts(["50011", "50012", "50013", "50014"])


def export_clicks(world: World, landing: Landing, clicks: Clicks) -> None:
    """Clicks in two files."""
    rng = world.chance(81)
    reported = np.flatnonzero(rng.random(len(clicks.at)) < REPORTED)
    lost = round(len(reported) * LOST)
    first = world.first_day * DAY
    ids = pa.concat_arrays([clicks.id.take(reported), glue("Cj0KCQ", hexes(rng, lost, 24))])
    at = np.concatenate((clicks.at[reported], first + rng.integers(0, world.as_of - first, lost)))
    mobile = np.concatenate((clicks.mobile[reported], rng.random(lost) < 0.6))
    # Nobody knows who was behind a click without a visit: strangers of their own.
    stranger = (1 << 40) + np.arange(lost)
    owner = np.concatenate((clicks.owner[reported], stranger))
    identified = np.concatenate((clicks.identified[reported], np.zeros(lost, dtype=bool)))
    order = np.argsort(at, kind="stable")
    ids, at, mobile, owner, identified = ids.take(order), at[order], mobile[order], owner[order], identified[order]

    count = len(at)
    group = rng.integers(0, len(_GROUPS), count)
    wrong = landing.wrong_types("ads", "clicks", count)
    lines = csv_lines(
        [
            ids,
            replaced(dates(at // DAY), wrong, texts(["Total"] * int(wrong.sum()))),
            "brand-search",
            "70001",
            gather(_GROUPS, group),
            gather(_GROUP_IDS, group),
            "Google search",
            where(mobile, "Mobile phones", "Computers"),
            "Headline",
            "1",
        ]
    )
    parts = [Part("ads/click_view_1.csv", world.as_of - 90 * DAY), Part("ads/click_view_2.csv")]
    bad = landing.deliver("ads", "clicks", parts, at, lines.take, header=HEADER, wrong=wrong)
    landing.truth.add_facts("ads", "clicks", "engagements", ids, owner, carries=DEVICE, bad=bad,
                            owner_identified=identified)  # fmt: skip
