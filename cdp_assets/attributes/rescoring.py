"""Whom to score anew where the model, and what it compares customers by, is what it was.

Belongs here: that decision. Does not belong here: scoring (`churn_scores.py`, `propensity.py`).

Customers are ranked among all, by what they bought. What one of them does otherwise, says nothing of others: as long as
nobody bought, and nobody came to be known, only whoever did something has another score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir

from cdp_assets.attributes.following import since_that_day
from cdp_assets.profiles.concerned import concerned_profiles
from cdp_assets.warehouse.engine import row_count

if TYPE_CHECKING:
    from cdp_assets.warehouse.changes import Since
    from cdp_assets.warehouse.engine import Engine


@dataclass(frozen=True)
class Rescored:
    """Who is scored anew, beside scores that stay.

    Args:
        profiles: profile_id, distinct.
        since: What has changed since the others were scored.
    """

    profiles: ir.Table
    since: Since

    @property
    def memory(self) -> Mapping[str, Any]:
        """What was remembered when the others were scored."""
        return self.since.memory


def whom_to_score(
    since: Since | None,
    customers: ir.Table,
    scored: ir.Table | None,
    as_of: datetime,
    engine: Engine,
    *,
    stand: Sequence[str],
    move: Sequence[str],
) -> Rescored | None:
    """Find who has to be scored anew; None for everybody.

    Args:
        since: What has changed since the scores were made.
        customers: `profile_id` of whoever is a customer now.
        scored: The same of those who were scored as customers; None if there are no scores.
        as_of: The run's instant.
        engine: Computes.
        stand: Tables of this stage that have to be what they were.
        move: Others, that say of each profile something of its own; golden records are among them.
    """
    if since is None or scored is None or since_that_day(since, as_of) is None or not since.memory:
        return None
    for name in stand:
        changed = since.changed("attributes", name)
        if changed is None or row_count(changed, engine):
            return None
    inputs = [("profiles", "golden_records"), *(("attributes", name) for name in move)]
    some = concerned_profiles(since, inputs, engine)
    if some is None:
        return None
    now, before = (engine.scratch(each.semi_join(some, "profile_id").distinct()) for each in (customers, scored))
    if row_count(now.anti_join(before, "profile_id"), engine) or row_count(before.anti_join(now, "profile_id"), engine):
        return None
    return Rescored(some, since)
