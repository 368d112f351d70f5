"""Who is concerned by what has changed since a table was last made, so that only they are made anew.

Belongs here: from changed rows to profiles, and putting these profiles' rows in the place of those they had. Does not
belong here: what changed (`warehouse/changes.py`), and what any table says of a profile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ibis.expr.types as ir

from cdp_assets.canonical.schema import TableSchema
from cdp_assets.warehouse import changes
from cdp_assets.warehouse.built import Built, Patch
from cdp_assets.warehouse.changes import Since, changed_of_all
from cdp_assets.warehouse.engine import Engine, TableRef, row_count
from cdp_assets.warehouse.stacking import patched, restricted, stack

PROFILE_MAP: TableRef = ("identity", "profile_map")


@dataclass(frozen=True)
class Concerned:
    """Profiles of which something has changed.

    Args:
        profiles: profile_id, distinct; with those that are no more.
        held: The rows of `profile_map` that are theirs.
        nobody: Whether there are none.
    """

    profiles: ir.Table
    held: ir.Table
    nobody: bool


def concerned(
    since: Since | None,
    inputs: Sequence[TableRef],
    profile_map: ir.Table,
    engine: Engine,
    also: Sequence[ir.Table] = (),
) -> Concerned | None:
    """Find who is concerned by changes of some tables, or of who is who.

    Args:
        since: What has changed since; None if nothing is to be relied on.
        inputs: Tables with a ``record_id`` or a ``profile_id``.
        profile_map: The table `identity.profile_map`.
        engine: Computes.
        also: record_id of others who are concerned.

    Returns:
        None if it is not known, or so many that everybody had better be made anew.
    """
    known = changed_of_all(since, (PROFILE_MAP, *inputs))
    if known is None:
        return None
    records = [ids.select("record_id") for ids in known if "profile_id" not in ids.columns]
    profiles = [ids.select("profile_id") for ids in known if "profile_id" in ids.columns]
    if records or also:
        touched = engine.scratch(stack(*records, *also).distinct())
        profiles.append(restricted(profile_map, touched).select("profile_id"))
    found = engine.scratch(stack(*profiles).distinct())
    held = engine.scratch(restricted(profile_map, found, "profile_id"))
    if row_count(held, engine) > changes.FEW * row_count(profile_map, engine):
        return None
    return Concerned(found, held, nobody=not row_count(found, engine))


def concerned_profiles(since: Since | None, inputs: Sequence[TableRef], engine: Engine) -> ir.Table | None:
    """profile_id, distinct, of those of whom some tables by profile say something else now.

    Args:
        since: What has changed since; None if nothing is to be relied on.
        inputs: Tables with a ``profile_id``, or of other things, which then have to be what they were.
        engine: Computes.

    Returns:
        None if it is not known, or so many that everybody had better be made anew.
    """
    known = changed_of_all(since, inputs)
    if since is None or known is None:
        return None
    found = engine.scratch(stack(*(ids.select("profile_id") for ids in known)).distinct())
    largest = max(row_count(table, engine) for table in since.previous.values())
    return found if row_count(found, engine) <= changes.FEW * largest else None


def replaced(schema: TableSchema, since: Since, profiles: ir.Table, rows: ir.Table, engine: Engine) -> Built:
    """A table with a ``profile_id``, in which those concerned have other rows than before.

    Args:
        schema: Its schema.
        since: What has changed since it was last made.
        profiles: profile_id, distinct, of those whose rows go.
        rows: The rows that these profiles have now.
        engine: Computes.
    """
    previous = since.previous[schema.name]
    coming = rows.select(*schema.column_names).cast(schema.ibis_schema)
    patch = Patch("profile_id", profiles, engine.scratch(coming))
    return Built(patched(previous, patch), patch=patch, memory=since.memory)
