"""What waits while the world goes on: messages whose reason is gone or whose contents have changed, and removals that
are held though privacy asks for them by now.

Belongs here: comparing what waits with the people of today. Does not belong here: what else lists that are kept equal
are told, which is every change in turn (`differences.py`), and writing (`ledger/waiting.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc

from cdp_assets.activation import audience, gates, holdout
from cdp_assets.activation.audience import FIELD
from cdp_assets.activation.differences import ENTERED, LEFT
from cdp_assets.activation.payload import as_json
from cdp_assets.activation.spec import DestinationSpec
from cdp_assets.ledger import waiting

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine

_TELLS_OF = {"enter": ENTERED, "leave": LEFT}
_MEANWHILE = {"enter": f"{LEFT}_meanwhile", "leave": f"{ENTERED}_meanwhile"}


@dataclass(frozen=True)
class Outlived:
    """What is to be corrected of the messages that wait.

    Args:
        gone: Ids of those whose person has left again, or come back.
        reworded: The others whose contents have changed (`waiting.WORDS`).
        urgent: Ids of held removals that are to wait no longer.
    """

    gone: list[int] = field(default_factory=list)
    reworded: pa.Table = field(default_factory=waiting.WORDS.empty_table)
    urgent: list[int] = field(default_factory=list)


def told_change(spec: DestinationSpec) -> str | None:
    """The one change that a destination tells people of; null for a list that is kept equal."""
    return _TELLS_OF.get(spec.mode)


def gone_reason(spec: DestinationSpec) -> str:
    """The reason of messages that were withdrawn because theirs is gone."""
    return _MEANWHILE[spec.mode]


def outlived(
    spec: DestinationSpec,
    engine: Engine,
    *,
    memberships: ir.Table,
    customer_360: ir.Table,
    redirects: ir.Table,
    messages: pa.Table,
    as_of: datetime,
) -> Outlived:
    """Compare messages that wait with the people of today.

    Args:
        spec: The destination; tells of entering or of leaving.
        engine: Computes.
        memberships: Of segments.
        customer_360: One row per profile.
        redirects: Of identity.
        messages: As `waiting.messages` describes them.
        as_of: The run's instant.
    """
    if not messages.num_rows:
        return Outlived()
    renamed = {"told_hash": "payload_hash", "told_point": "contact_point", "told_zone": "timezone"}
    people = holdout.of_today(engine.from_arrow(messages).rename(renamed), redirects).drop("profile_id")
    members = audience.members(spec, memberships).rename(member_id="profile_id")
    people = people.left_join(members, [("person_id", "member_id")])
    payloads = _payloads_of(people, spec, customer_360, as_of)
    joined = people.left_join(payloads, [("person_id", "profile_id")])
    gone = joined.member_id.isnull() if spec.mode == "enter" else joined.member_id.notnull()
    same = (
        joined.told_hash.identical_to(joined.payload_hash)
        & joined.told_point.identical_to(joined.contact_point)
        & joined.told_zone.identical_to(joined.timezone)
    )
    joined = joined.mutate(gone=gone)
    found = engine.to_arrow(joined.filter(joined.gone | (joined.profile_id.notnull() & ~same)))
    reworded = found.filter(pc.invert(found["gone"]))
    payload = as_json(list(spec.payload), [reworded[f"{FIELD}{number}"] for number in range(len(spec.payload))])
    reworded = reworded.append_column("payload", pa.array(payload, pa.string()))
    return Outlived(
        found.filter(found["gone"])["id"].to_pylist(),
        reworded.select(waiting.WORDS.names).cast(waiting.WORDS).sort_by("id"),
    )


def urgent(
    spec: DestinationSpec,
    engine: Engine,
    *,
    customer_360: ir.Table,
    consent_state: ir.Table,
    suppressions: ir.Table,
    redirects: ir.Table,
    removals: pa.Table,
    as_of: datetime,
) -> Outlived:
    """Find removals that the volume guard holds, though the person has withdrawn consent or is suppressed by now.

    Args:
        spec: The destination; a list that is kept equal.
        engine: Computes.
        customer_360: One row per profile.
        consent_state: Of privacy.
        suppressions: Of privacy.
        redirects: Of identity.
        removals: As `waiting.held_removals` describes them.
        as_of: The run's instant.
    """
    if not removals.num_rows:
        return Outlived()
    people = holdout.of_today(engine.from_arrow(removals), redirects).drop("profile_id")
    payloads = _payloads_of(people, spec, customer_360, as_of).select("profile_id", "contact_point")
    people = people.inner_join(payloads, [("person_id", "profile_id")])
    found = engine.to_arrow(gates.with_permission(people, consent_state, suppressions, spec, as_of))
    refused = pa.array([gates.refuses(reason) for reason in found["forbidden"].to_pylist()], pa.bool_())
    return Outlived(urgent=sorted(found.filter(refused)["id"].to_pylist()))


def _payloads_of(people: ir.Table, spec: DestinationSpec, customer_360: ir.Table, as_of: datetime) -> ir.Table:
    """What these people (``person_id``) are told today, as `audience.payloads` has it."""
    concerned = customer_360.semi_join(people, customer_360.profile_id == people.person_id)
    return audience.payloads(spec, concerned, as_of)
