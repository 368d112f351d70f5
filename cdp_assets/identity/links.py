"""The evidence in words that can be published: what holds profiles together, and what was refused.

Belongs here: the tables `links` and `rejected_links`, derived from the partition. Does not belong here: the decisions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from cdp_assets.identity.devices import DeviceMap
from cdp_assets.identity.evidence import KINDS
from cdp_assets.identity.partition import Partition
from cdp_assets.identity.spec import Kind
from cdp_assets.warehouse.operations import stable_id
from cdp_assets.warehouse.stacking import stack

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine


def links(types: ir.Table, usable: ir.Table, partition: Partition, devices: DeviceMap, engine: Engine) -> ir.Table:
    """Every tie within a profile, as a star around one record for each identifier (`schemas.LINKS`).

    The connected components of these links (devices aside) are the partition: whoever was joined shares an identifier.
    Those whom likeness alone put together are tied by no identifier that was refused between them.

    Args:
        types: `evidence.TYPES`.
        usable: Evidence without placeholders and hubs.
        partition: Who is with whom by what they share, before likeness.
        devices: Whose the anonymous activity is.
        engine: Computes.
    """
    of_people = partition.ties.rename(left_record_id="record_id", right_record_id="centre").select(*_COLUMNS)
    if partition.rebuilt:
        taken_apart = engine.scratch(
            partition.records.semi_join(partition.broken, "component").select("record_id", "label")
        )
        whole = of_people.anti_join(taken_apart, of_people.left_record_id == taken_apart.record_id)
        of_people = stack(whole, engine.scratch(_regrouped(usable, taken_apart, engine)))
    together = stack(of_people, devices.links)
    named = together.join(types, "type_id")
    return named.select(
        "left_record_id",
        "right_record_id",
        "namespace",
        "identifier_type",
        "identifier_id",
        "strength",
        "first_seen_at",
    )


_COLUMNS = ("left_record_id", "right_record_id", "identifier_id", "type_id", "first_seen_at")


def _regrouped(usable: ir.Table, placed: ir.Table, engine: Engine) -> ir.Table:
    """The ties within groups that are only parts of their component.

    Args:
        usable: Evidence without placeholders and hubs.
        placed: record_id, label of the records of such groups.
        engine: Computes.
    """
    ties = engine.scratch(usable.filter(usable.kind != KINDS[Kind.DEVICE]).join(placed, "record_id"))
    centres = ties.group_by("label", "identifier_id").aggregate(right_record_id=ties.record_id.min())
    tied = ties.join(centres, ["label", "identifier_id"])
    return (
        tied.filter(tied.record_id != tied.right_record_id)
        .select("right_record_id", "identifier_id", "type_id", "first_seen_at", left_record_id="record_id")
        .select(*_COLUMNS)
    )


def rejected_links(types: ir.Table, blocked: ir.Table, partition: Partition) -> ir.Table:
    """Everything that was refused, with its reason (`schemas.REJECTED_LINKS`).

    Args:
        types: `evidence.TYPES`.
        blocked: Identifiers that are nobody's own (`blocked_values.Screened.blocked`).
        partition: Who was kept apart.
    """
    blocked = blocked.mutate(right_record_id=ibis.null("int64"))
    refused = partition.refusals.mutate(records=ibis.literal(2, "int64"))
    columns = (
        "left_record_id",
        "right_record_id",
        "identifier_id",
        "type_id",
        "reason",
        "detail",
        "records",
        "first_seen_at",
    )
    together = stack(blocked.select(*columns), refused)
    named = together.join(types, "type_id")
    return named.select(
        "left_record_id",
        "right_record_id",
        "namespace",
        "identifier_type",
        "identifier_id",
        "reason",
        "detail",
        "records",
        "first_seen_at",
        link_id=stable_id(named.left_record_id, named.right_record_id, named.identifier_id),
    )
