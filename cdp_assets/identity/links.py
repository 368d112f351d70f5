"""The evidence in words that can be published: what holds profiles together, and what was refused.

Belongs here: the tables `links` and `rejected_links`, derived from the partition. Does not belong here: the decisions.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from cdp_assets.identity.blocked_values import Screened
from cdp_assets.identity.devices import DeviceMap
from cdp_assets.identity.evidence import KINDS, Evidence
from cdp_assets.identity.partition import Partition
from cdp_assets.identity.spec import Kind
from cdp_assets.identity.stacking import stack
from cdp_assets.warehouse.operations import stable_id


def links(evidence: Evidence, usable: ir.Table, partition: Partition, devices: DeviceMap) -> ir.Table:
    """Every tie within a profile, as a star around one record for each identifier (`schemas.LINKS`).

    The connected components of these links (devices aside) are the partition: whoever was joined shares an identifier.
    """
    ties = usable.filter(usable.kind != KINDS[Kind.DEVICE])
    shared = ties.group_by("identifier_id").aggregate(records=ties.count())
    placed = ties.semi_join(shared.filter(shared.records > 1), "identifier_id").join(
        partition.records.select("record_id", "label"), "record_id"
    )
    centres = placed.group_by("label", "identifier_id").aggregate(right_record_id=placed.record_id.min())
    tied = placed.join(centres, ["label", "identifier_id"])
    of_people = tied.filter(tied.record_id != tied.right_record_id).select(
        "right_record_id", "identifier_id", "type_id", "first_seen_at", left_record_id="record_id"
    )
    columns = ("left_record_id", "right_record_id", "identifier_id", "type_id", "first_seen_at")
    together = stack(of_people.select(*columns), devices.links)
    named = together.join(evidence.types, "type_id")
    return named.select(
        "left_record_id",
        "right_record_id",
        "namespace",
        "identifier_type",
        "identifier_id",
        "strength",
        "first_seen_at",
    )


def rejected_links(evidence: Evidence, screened: Screened, partition: Partition) -> ir.Table:
    """Everything that was refused, with its reason (`schemas.REJECTED_LINKS`)."""
    blocked = screened.blocked.mutate(right_record_id=ibis.null("int64"))
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
    named = together.join(evidence.types, "type_id")
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
