"""What identity reads of the stage before it.

Belongs here: naming the tables. Does not belong here: what is made of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import ibis.expr.types as ir


@dataclass(frozen=True)
class Canonical:
    """The canonical tables that identity reads.

    Args:
        identity_records, identifiers, contacts, contact_points, identifier_aliases: As in `canonical.tables`.
        facts: Canonical fact tables by name, for the times at which shared devices were used.
    """

    identity_records: ir.Table
    identifiers: ir.Table
    contacts: ir.Table
    contact_points: ir.Table
    identifier_aliases: ir.Table
    facts: Mapping[str, ir.Table]
