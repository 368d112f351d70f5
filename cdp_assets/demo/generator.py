"""Making the demo company's data: landing files as its systems would export them, and the truth about them.

Belongs here: the order in which the parts are written, and the summary. Does not belong here: the parts.

Everything follows from the number of people, the seed and the instant; the same three give the same bytes. Names and
addresses come from Faker, the timing and value of purchases from the real CDNOW histories.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from cdp_assets.demo import ads, consent, crm, email, nps, pos, reference, shop, support, web
from cdp_assets.demo.catalogue import CATEGORIES
from cdp_assets.demo.landing import Landing
from cdp_assets.demo.people import NEVER
from cdp_assets.demo.places import CODES
from cdp_assets.demo.rates import DEFAULT, Rates
from cdp_assets.demo.story import couple_story
from cdp_assets.demo.text import gather, texts
from cdp_assets.demo.truth import Truth
from cdp_assets.demo.world import World, draw_world

DEMO_AS_OF = datetime(2026, 6, 30, tzinfo=UTC)
"""The instant at which the demo's data ends."""


@dataclass(frozen=True)
class GeneratedSummary:
    """What was made.

    Args:
        people: How many people.
        seed: Seed of all chance.
        as_of: End of the data.
        landing: Folder of the landing files.
        truth: Folder of the truth.
        files: The landing files, relative to their folder.
        rows: Rows by source and stream, duplicates and bad ones included.
        bad_rows: Rows by kind of mess.
        bytes: Size of the landing files.
    """

    people: int
    seed: int
    as_of: datetime
    landing: Path
    truth: Path
    files: tuple[str, ...]
    rows: dict[tuple[str, str], int]
    bad_rows: dict[str, int]
    bytes: int

    @property
    def total_rows(self) -> int:
        return sum(self.rows.values())


def generate(
    people: int,
    seed: int,
    out: Path,
    as_of: datetime = DEMO_AS_OF,
    *,
    rates: Rates = DEFAULT,
    progress: Callable[[str], None] | None = None,
) -> GeneratedSummary:
    """Write the demo's data into ``out/landing`` and the truth into ``out/truth``, replacing what is there.

    Args:
        people: How many people; at least 20.
        seed: Seed of all chance.
        out: Folder to write into; made if it is not there.
        as_of: End of the data, with a time zone.
        rates: How messy the data is.
        progress: Called with a few words before each part.

    Raises:
        ValueError: if there are too few people or ``as_of`` bears no time zone.
        FileNotFoundError: if the CDNOW histories are not installed.
    """
    say = progress or (lambda _: None)
    say("people and their histories")
    world = draw_world(people, seed, as_of, rates)
    folder, truth_folder = out / "landing", out / "truth"
    for old in (folder, truth_folder):
        if old.exists():
            shutil.rmtree(old)
    truth = Truth()
    landing = Landing(folder, seed, rates, truth)

    say("web shop")
    reference.export_rates(world, landing)
    reference.export_products(landing)
    shop.export_customers(world, landing)
    shop.export_orders(world, landing)
    shop.export_refunds(world, landing)
    say("CRM and tills")
    crm.export_contacts(world, landing)
    pos.export_customers(world, landing)
    pos.export_sales(world, landing)
    say("mailings and consent")
    members = email.export_audience(world, landing)
    consent.export_consents(world, landing, members)
    say("support and surveys")
    support.export_support(world, landing)
    nps.export_answers(world, landing)
    say("web and app events")
    clicks = web.export_events(world, landing)
    ads.export_clicks(world, landing, clicks)
    say("truth")
    truth.write(truth_folder, _people_table(world))
    story = json.dumps(couple_story(world), indent=2, ensure_ascii=False)
    (truth_folder / "story.json").write_text(story + "\n", encoding="utf-8")
    return GeneratedSummary(
        people=people,
        seed=seed,
        as_of=as_of,
        landing=folder,
        truth=truth_folder,
        files=tuple(sorted(path.relative_to(folder).as_posix() for path in landing.files)),
        rows=dict(sorted(landing.rows.items())),
        bad_rows=truth.bad_rows(),
        bytes=sum(path.stat().st_size for path in landing.files),
    )


def _people_table(world: World) -> pa.Table:
    """One row a person: what happened to them, and what drives them."""
    people, reach = world.people, world.reach
    person = np.arange(people.count)
    device_pairs = np.array(people.families.device, dtype=np.int64)
    return pa.table(
        {
            "person_id": pa.array(person, type=pa.int64()),
            "household": pa.array(people.home),
            "country": gather(CODES, people.country),
            "shares_email": pa.array(reach.shared_email),
            "shares_phone": pa.array(reach.shared_phone),
            "shares_device": pa.array(np.isin(person // 2, device_pairs) & (person < 2 * people.families.pairs)),
            "changed_surname": pa.array(people.renamed_at < NEVER),
            "nicknamed": pa.array(people.nicknamed),
            "moved": pa.array(reach.moved_at < NEVER),
            "gave_up_phone": pa.array(reach.phone_changed_at < NEVER),
            "two_emails": pa.array(reach.email_2 != reach.email),
            "interest": gather(texts(CATEGORIES), people.interest),
            "content": pa.array(world.content),
            "price_sensitivity": pa.array(people.price_sensitivity),
            "reads_mail": pa.array(people.reads_mail),
            "tires": pa.array(people.tires),
            "store_share": pa.array(people.store_share),
        }
    )
