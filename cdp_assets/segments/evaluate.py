"""Who meets which condition: all segments in one pass over `customer_360`.

Belongs here: conditions to members. Does not belong here: who came and who left (`membership.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import ibis.expr.types as ir

from cdp_assets.segments.formulas import formula_of
from cdp_assets.segments.spec import SegmentSpec
from cdp_assets.warehouse.engine import Engine
from cdp_assets.warehouse.expressions import bind
from cdp_assets.warehouse.matching import NAME, Matches, terms_of


def evaluate(customer_360: ir.Table, specs: Sequence[SegmentSpec], as_of: datetime, engine: Engine) -> Matches:
    """Find out who is in which segment: one scan, and each term that conditions share once.

    Args:
        customer_360: One row per profile.
        specs: The segments; names are unique.
        as_of: The run's instant, for conditions relative to time.
        engine: Computes them.

    Returns:
        Who meets which condition; `memberships` tells it as rows.
    """
    formulas = {spec.name: formula_of(spec.where) for spec in specs}
    terms = {term: bind(term, customer_360, as_of=as_of).fill_null(False) for term in terms_of(list(formulas.values()))}
    return engine.matches(customer_360, "profile_id", formulas, terms)


def memberships(found: Matches, names: Collection[str] | None = None, profiles: ir.Table | None = None) -> ir.Table:
    """Columns ``segment`` and ``profile_id``; one row per membership.

    Args:
        found: What `evaluate` found.
        names: Only these segments.
        profiles: Only these people: column ``profile_id``.
    """
    return found.pairs(names, profiles).select(segment=NAME, profile_id="profile_id")


def members(customer_360: ir.Table, spec: SegmentSpec, as_of: datetime) -> ir.Table:
    """The members of one segment, as an expression: column ``profile_id``."""
    return customer_360.filter(bind(spec.where, customer_360, as_of=as_of).fill_null(False)).select("profile_id")
