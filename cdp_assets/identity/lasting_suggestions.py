"""When devices are compared anew, and what becomes of suggestions in between.

Belongs here: that decision. Does not belong here: suggesting (`suggestions.py`).

What two devices have in common is weighed by what all devices have, so that each event of each moves every score a
little. That says nothing new from one hour to the next: devices are compared once a day, and where many events are new.
In between, suggestions of devices that have come together, or are no more, go.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir
from ibis import _

from cdp_assets.identity import schemas
from cdp_assets.identity.changes import homes_of
from cdp_assets.warehouse.built import Built, Patch, Stands
from cdp_assets.warehouse.changes import little_is_new
from cdp_assets.warehouse.engine import row_count
from cdp_assets.warehouse.stacking import patched

if TYPE_CHECKING:
    from cdp_assets.warehouse.changes import Since
    from cdp_assets.warehouse.engine import Engine

MANY_NEW = 0.05
"""Share of new events from which on devices are compared within the day."""

_PAIR = ("left_record_id", "right_record_id")
_NAMES = (schemas.DEVICE_SUGGESTIONS.name, schemas.SUGGESTION_TESTS.name)


def occasion(events: ir.Table, as_of: datetime, engine: Engine) -> dict[str, Any]:
    """What is remembered of a comparison: its day, and how many events there were."""
    return {"day": as_of.date().isoformat(), "events": row_count(events, engine)}


def lasting(
    since: Since | None, now: Mapping[str, Any], profile_map: ir.Table, engine: Engine
) -> dict[str, Built | Stands] | None:
    """The suggestions that last, and the tests as they are; None if it is time to compare devices anew.

    Args:
        since: What has changed since they were last made; None if nothing is to be relied on.
        now: The `occasion` there is.
        profile_map: The table `identity.profile_map`.
        engine: Computes.
    """
    if since is None or since.memory.get("day") != now["day"]:
        return None
    if not little_is_new({"events": since.memory["events"]}, {"events": now["events"]}, MANY_NEW):
        return None
    suggestions, tests = (since.previous[name] for name in _NAMES)
    settled = engine.scratch(_settled(suggestions, profile_map))
    if not row_count(settled, engine):
        return dict.fromkeys(_NAMES, Stands())
    patch = Patch(_PAIR, settled, suggestions.limit(0))
    return {
        _NAMES[0]: Built(patched(suggestions, patch), patch=patch, memory=since.memory),
        _NAMES[1]: Built(tests, memory=since.memory),
    }


def _settled(suggestions: ir.Table, profile_map: ir.Table) -> ir.Table:
    """Pairs of devices that are in one profile now, or of which one is no more."""
    homes = homes_of(profile_map)
    left, right = (homes.select(**{name: "record_id", f"{name}_home": "profile_id"}) for name in _PAIR)
    placed = suggestions.select(*_PAIR).left_join(left, _PAIR[0]).select(*_PAIR, f"{_PAIR[0]}_home")
    placed = placed.left_join(right, _PAIR[1]).select(*_PAIR, f"{_PAIR[0]}_home", f"{_PAIR[1]}_home")
    return placed.filter((_[f"{_PAIR[0]}_home"] == _[f"{_PAIR[1]}_home"]).fill_null(True)).select(*_PAIR)
