"""The couple whose story the report tells: what stands about them in the exports, by native id.

Belongs here: finding the couple's rows. Does not belong here: drawing them (`people.py`, `presence.py`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow.compute as pc

from cdp_assets.demo.people import COUPLE, COUPLE_NAMES
from cdp_assets.demo.places import COUNTRIES
from cdp_assets.demo.pos import transaction_ids
from cdp_assets.demo.shop import order_names
from cdp_assets.demo.text import dates
from cdp_assets.demo.world import World


def couple_story(world: World) -> dict[str, Any]:
    """Who the two are, what they share, and the native ids of their records and orders."""
    reach = world.reach
    first, second = COUPLE
    country = COUNTRIES[int(world.people.country[first])]
    return {
        "shared_email": reach.emails[int(reach.email[first])].as_py(),
        "shared_phone": f"+{country.dial}{reach.numbers[int(reach.phone[first])].as_py()}",
        "people": [_person(world, first), _person(world, second)],
    }


def _person(world: World, person: int) -> dict[str, Any]:
    accounts, presence, orders = world.accounts, world.presence, world.orders
    systems = (
        ("shop", "customers", presence.shop, accounts.shop),
        ("crm", "contacts", presence.crm, accounts.crm),
        ("pos", "customers", presence.till, accounts.till),
        ("email", "members", presence.mailing, accounts.subscriber),
    )
    records = [
        {"source": source, "stream": stream, "native_id": ids[person].as_py()}
        for source, stream, known, ids in systems
        if known[person]
    ]
    online = pc.utf8_ltrim(order_names(orders), characters="#")
    receipts = transaction_ids(world)
    mine = np.flatnonzero(orders.person == person)
    return {
        "person_id": person,
        "given_name": COUPLE_NAMES[0][COUPLE.index(person)],
        "family_name": COUPLE_NAMES[1],
        "birth_date": dates(world.people.birth[[person]])[0].as_py(),
        "records": records,
        "orders": [
            {
                "source": "pos" if orders.store[order] else "shop",
                "native_id": (receipts if orders.store[order] else online)[int(order)].as_py(),
            }
            for order in mine.tolist()
        ],
    }
