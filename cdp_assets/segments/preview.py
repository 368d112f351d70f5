"""What a segment would hold, before it is published: its size, and which term of its condition cuts how much.

Belongs here: counts over the published profiles. Does not belong here: whom a channel reaches (`activation/reach.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any

import sqlglot.expressions as sge

from cdp_assets.segments.journeys import moments_in, with_moments
from cdp_assets.segments.lists import following, owners
from cdp_assets.warehouse.expressions import bind
from cdp_assets.warehouse.sql_parsing import parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import ibis.expr.types as ir

    from cdp_assets.canonical.schema import Column, TableSchema
    from cdp_assets.segments.spec import SegmentSpec


@dataclass(frozen=True)
class Term:
    """One term of a condition.

    Args:
        sql: The term.
        alone: Profiles that meet it.
        so_far: Profiles that meet it and all terms before it.
        cuts: Profiles that meet all other terms and not this one.
    """

    sql: str
    alone: int
    so_far: int
    cuts: int


def terms_of(condition: str) -> list[str]:
    """The terms that a condition joins by `and`."""
    tree = parsed(condition).unnest()
    parts = list(tree.flatten()) if isinstance(tree, sge.And) else [tree]
    return [part.sql(dialect="duckdb") for part in parts]


def counts(customer_360: ir.Table, condition: str, as_of: datetime) -> tuple[ir.Table, list[str]]:
    """One row of counts, and the terms they are about; see `read`."""
    terms = terms_of(condition)
    met = [bind(term, customer_360, as_of=as_of).fill_null(False) for term in terms]
    columns: dict[str, Any] = {"profiles": customer_360.count(), "members": reduce(and_, met).sum().coalesce(0)}
    for place, this in enumerate(met):
        others = [each for number, each in enumerate(met) if number != place]
        columns[f"alone_{place}"] = this.sum()
        columns[f"so_far_{place}"] = reduce(and_, met[: place + 1]).sum()
        columns[f"cuts_{place}"] = reduce(and_, others, ~this).sum()
    return customer_360.agg(**columns), terms


def read(row: dict[str, Any], terms: list[str]) -> list[Term]:
    """The terms with their counts, of the row that `counts` gives."""
    return [
        Term(sql, *(int(row[f"{name}_{place}"] or 0) for name in ("alone", "so_far", "cuts")))
        for place, sql in enumerate(terms)
    ]


def people(
    tables: Callable[[str, str], ir.Table], specs: Sequence[SegmentSpec], spec: SegmentSpec, as_of: datetime
) -> ir.Table:
    """`customer_360` as published, with the times of entering and leaving other segments that a condition asks for."""
    wide = tables("attributes", "customer_360")
    names = {each.name for each in specs}
    asked = moments_in(spec.where, names, wide.columns)
    if not asked:
        return wide
    redirects, present = tables("identity", "redirects"), tables("segments", "memberships")
    merged = redirects.select(old_id="old_profile_id", profile_id="profile_id")
    return with_moments(wide, asked, present, present, tables("segments", "membership_changes"), merged, as_of)


def followed(tables: Callable[[str, str], ir.Table], spec: SegmentSpec) -> SegmentSpec:
    """The segment with lists that hold whom the listed ids and addresses mean in what is published."""
    redirects = tables("identity", "redirects")
    leads = redirects.select(old_id="old_profile_id", profile_id="profile_id")
    if spec.listed:
        leads = leads.union(owners([spec], tables("normalised", "identifiers"), tables("identity", "profile_map")))
    return following([spec], leads, lambda table: table.to_pyarrow())[0]


def shown_columns(spec: SegmentSpec, customer: TableSchema) -> list[Column]:
    """What an example shows: who it is, and what the condition looks at."""
    read = parsed(spec.where).find_all(sge.Column)
    names = dict.fromkeys(("full_name", "email", *(column.name.lower() for column in read)))
    return [customer.column(name) for name in names if name in customer.column_names and name != "profile_id"]
