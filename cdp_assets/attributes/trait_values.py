"""Traits that look at different values one by one: how many there are, and which come first.

Belongs here: aggregating by profile and value, then by profile. Does not belong here: aggregates that come apart
(`trait_sums.py`), and what traits mean (`trait_spec.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import ibis
import ibis.expr.types as ir

from cdp_assets.attributes.trait_rows import Rows
from cdp_assets.attributes.trait_spec import RANKED, TraitSpec
from cdp_assets.attributes.trait_sums import both, exact, within

SEPARATOR = ", "


def value_aggregates(rows: Rows, specs: Sequence[TraitSpec], until: date) -> Iterator[ir.Table]:
    """`profile_id` and the traits, in a table for each expression; of profiles with a value that counts.

    Args:
        rows: The facts.
        specs: Traits with one of the aggregates distinct, most_frequent and top.
        until: The last day that counts.
    """
    whole = rows.whole
    for of in dict.fromkeys(spec.of for spec in specs):
        value = whole[rows.column(of)]
        text = value if value.type().is_string() else value.cast("string")
        counted, ranked = ([spec for spec in specs if spec.of == of and (spec.aggregate in RANKED) is is_ranked]
                           for is_ranked in (False, True))  # fmt: skip
        for key, chosen in ((text, [*ranked, *counted]),) if value.type().is_string() else (
            (text, ranked), (value, counted)
        ):  # fmt: skip
            if chosen:
                yield _of_one_value(rows, whole, key, chosen, until)


def _of_one_value(rows: Rows, facts: ir.Table, value: ir.Value, specs: Sequence[TraitSpec], until: date) -> ir.Table:
    """How much each value has, for all traits at once, then how many have any, and their places."""
    widest = None if any(spec.days is None for spec in specs) else max(spec.days or 0 for spec in specs)
    valued = facts.mutate(_value=value)
    counted = valued.filter(both(valued["_value"].notnull(), within(valued["_at"], widest, until)))
    weights = {f"_weight_{spec.name}": _weight(spec, rows, counted, widest, until) for spec in specs}
    summed = counted.group_by("profile_id", "_value").aggregate(**weights)
    ranked = [spec for spec in specs if spec.aggregate in RANKED]
    placed = summed.mutate(
        **{
            f"_place_{spec.name}": ibis.row_number().over(
                ibis.window(
                    group_by="profile_id",
                    order_by=[summed[f"_weight_{spec.name}"].desc(nulls_first=False), summed["_value"]],
                )
            )
            for spec in ranked
        }
    ) if ranked else summed  # fmt: skip
    chosen: dict[str, ir.Value] = {}
    for spec in specs:
        counts = (placed[f"_weight_{spec.name}"] > 0).fill_null(False)
        if spec.aggregate == "distinct":
            chosen[spec.name] = counts.cast("int64").sum()
            continue
        # One maximum a place, put together afterwards: an order within an aggregate is not for every engine.
        for place in range(_places(spec)):
            here = counts & (placed[f"_place_{spec.name}"] == place)
            chosen[f"{spec.name}{SEPARATOR}{place}"] = placed["_value"].max(where=here)
    best = placed.group_by("profile_id").aggregate(**chosen)
    return best.select(
        "profile_id",
        **{spec.name: _listed(spec, best) if spec in ranked else best[spec.name] for spec in specs},
    )


def _places(spec: TraitSpec) -> int:
    return spec.top if spec.aggregate == "top" else 1


def _weight(spec: TraitSpec, rows: Rows, facts: ir.Table, widest: int | None, until: date) -> ir.Value:
    recent = None if spec.days == widest else within(facts["_at"], spec.days, until)
    met = both(facts[rows.column(spec.where)] if spec.where else None, recent)
    if spec.weight and spec.aggregate in RANKED:
        return exact(facts[rows.column(spec.weight)]).sum(where=met)
    return facts.count(where=met)


def _listed(spec: TraitSpec, best: ir.Table) -> ir.StringValue:
    found = best[f"{spec.name}{SEPARATOR}0"]
    for place in range(1, _places(spec)):
        following = best[f"{spec.name}{SEPARATOR}{place}"]
        found = found + (ibis.literal(SEPARATOR) + following).fill_null("")
    return found
