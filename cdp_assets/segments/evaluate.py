"""Who meets which condition: all segments in one pass over `customer_360`.

Belongs here: conditions to members. Does not belong here: who came and who left (`membership.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import ibis
import ibis.expr.types as ir

from cdp_assets.segments.spec import SegmentSpec
from cdp_assets.warehouse.expressions import bind


def evaluate(customer_360: ir.Table, specs: Sequence[SegmentSpec], as_of: datetime) -> ir.Table:
    """Find the members of every segment.

    Each row yields the list of its segments' names, which is then unfolded: one scan however many segments there are.
    (A union of one query a segment takes as long on DuckDB, reads the table once a segment, and needs a plan as deep as
    their number.)

    Args:
        customer_360: One row per profile.
        specs: The segments; names are unique.
        as_of: The run's instant, for conditions relative to time.

    Returns:
        Columns ``segment`` and ``profile_id``; one row per membership.
    """
    if not specs:
        nobody = customer_360.filter(ibis.literal(False))
        return nobody.select(segment=ibis.literal(""), profile_id="profile_id")
    names = ibis.array(
        [ibis.ifelse(bind(spec.where, customer_360, as_of=as_of), spec.name, ibis.null("string")) for spec in specs]
    )
    unfolded = customer_360.select(segment=names.unnest(), profile_id="profile_id")
    return unfolded.filter(unfolded.segment.notnull())
