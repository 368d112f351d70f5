"""What is known of whom: which values count as somebody's, and which records say who somebody is.

Belongs here: reading that off the published tables, for checks and measures. Does not belong here: deciding it
(`blocked_values.py`, `partition.py`).
"""

from __future__ import annotations

import ibis.expr.types as ir
from ibis import _

from cdp_assets.identity.spec import IdentityRules, Kind
from cdp_assets.warehouse.operations import stable_id

IDENTIFIER = ["namespace", "identifier_type", "identifier_value"]
"""What names an identifier."""


def excluded_values(identifiers: ir.Table, rejected_links: ir.Table, key: str) -> ir.Table:
    """Values that are nobody's own (placeholders and hubs), by `IDENTIFIER`.

    Args:
        identifiers: The canonical table.
        rejected_links: `schemas.REJECTED_LINKS`.
        key: Secret of the keyed hashes of identifiers.
    """
    blocked = rejected_links.filter(_.right_record_id.isnull()).select("left_record_id", "identifier_id")
    # Each excluded value names one record that carries it: only those records' values need hashing.
    carried = identifiers.join(blocked, [identifiers.record_id == blocked.left_record_id])
    return carried.filter(
        stable_id(_.namespace, _.identifier_type, _.identifier_value, key=key) == _.identifier_id
    ).select(*IDENTIFIER)


def records_of_people(
    identity_records: ir.Table, identifiers: ir.Table, rejected_links: ir.Table, rules: IdentityRules, key: str
) -> ir.Table:
    """Records that say who somebody is, and not only which device: column ``record_id``, distinct.

    Args:
        identity_records, identifiers: The canonical tables.
        rejected_links: `schemas.REJECTED_LINKS`.
        rules: Tell identifiers of people from devices.
        key: Secret of the keyed hashes of identifiers.
    """
    naming = identifiers.filter(_.identifier_type.isin([*rules.types(Kind.PERSONAL), *rules.types(Kind.SHAREABLE)]))
    counting = naming.anti_join(excluded_values(identifiers, rejected_links, key), IDENTIFIER)
    people = identity_records.filter(_.kind == "person")
    return counting.select("record_id").union(people.select("record_id")).distinct()
