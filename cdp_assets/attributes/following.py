"""Tables that say of each profile what its own facts say follow what is new: only whom it concerns is made anew.

Belongs here: when that is enough. Does not belong here: who is concerned (`profiles/concerned.py`), and what learns
from many to say something of each, which no such table does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from cdp_assets.attributes.known_facts import last_day
from cdp_assets.identity.facts import assign_profiles
from cdp_assets.normalised.faults import CLOCK_TOLERANCE
from cdp_assets.profiles.concerned import concerned, replaced
from cdp_assets.warehouse.built import Built, ColumnLineage, Stands

if TYPE_CHECKING:
    from cdp_assets.canonical.schema import TableSchema
    from cdp_assets.warehouse.changes import Since
    from cdp_assets.warehouse.engine import Engine, TableRef


def followed(
    schema: TableSchema,
    make: Callable[[ir.Table], ir.Table],
    *,
    facts: Mapping[str, tuple[ir.Table, str]],
    profile_map: ir.Table,
    since: Since | None,
    as_of: datetime,
    engine: Engine,
    others: Sequence[TableRef] = (),
    lineage: ColumnLineage | None = None,
) -> Built | Stands:
    """Make a table of all profiles, or bring it up to date for those concerned.

    On another day than the table was last made on everybody is made anew: what counts in days moves with it.

    Args:
        schema: Its schema; it has a ``profile_id``.
        make: Makes the rows of the profiles in some rows of ``profile_map``; of each, from nothing but what is its own.
        facts: Canonical table by name, with its time: a fact that was not known yet may be known by now.
        profile_map: The table `identity.profile_map`.
        since: What has changed since it was last made.
        as_of: The run's instant.
        engine: Computes.
        others: Other tables with a ``record_id`` or a ``profile_id`` that it is made of; a table with neither has to be
            what it was.
        lineage: What columns were made from, where the expression cannot tell.

    Returns:
        The same rows as ``make(profile_map)``.
    """
    inputs = [*(("normalised", name) for name in facts), *others]
    before = since_that_day(since, as_of)
    if since is None or before is None:
        return Built(make(profile_map), column_lineage=lineage)
    newly = [_known_since(table, time, before, as_of) for table, time in facts.values()] if before < as_of else []
    some = concerned(since, inputs, profile_map, engine, newly)
    if some is None:
        return Built(make(profile_map), column_lineage=lineage)
    if some.nobody:
        return Stands()
    return replace(replaced(schema, since, some.profiles, make(some.held), engine), column_lineage=lineage)


def since_that_day(since: Since | None, as_of: datetime) -> datetime | None:
    """The earlier instant of the same day that a table was last made as of; None if there is no such instant."""
    before = since.as_of if since else None
    return before if before and before <= as_of and last_day(before) == last_day(as_of) else None


def owned(facts: Mapping[str, tuple[ir.Table, str]], held: ir.Table) -> dict[str, ir.Table]:
    """Canonical tables by name, each fact of a record in ``held`` with its profile."""
    return {name: assign_profiles(table, held, time) for name, (table, time) in facts.items()}


def _known_since(facts: ir.Table, time: str, before: datetime, as_of: datetime) -> ir.Table:
    """record_id of facts that were in the future when the table was last made, and are no more."""
    at = facts[time]
    new = (at > ibis.literal(before + CLOCK_TOLERANCE)) & (at <= ibis.literal(as_of + CLOCK_TOLERANCE))
    return facts.filter(new).select("record_id")
