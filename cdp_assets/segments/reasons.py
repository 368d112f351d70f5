"""Why somebody entered or left: the condition's values before and after, the bounds crossed, and the cause.

Belongs here: naming the cause and writing the reason down. Does not belong here: finding the changes (`membership.py`)
and which bounds were crossed (`crossings.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import reduce

import ibis
import ibis.expr.types as ir

from cdp_assets.canonical.schema import Pii, TableSchema
from cdp_assets.segments.crossings import AFTER, BEFORE, compared, crossings
from cdp_assets.segments.spec import SegmentSpec
from cdp_assets.warehouse.engine import Engine

_DECIMALS = 4


def explain(
    changes: ir.Table,
    *,
    before: ir.Table,
    after: ir.Table,
    merged: ir.Table,
    sizes: ir.Table,
    specs: Sequence[SegmentSpec],
    followed: Sequence[SegmentSpec],
    customer: TableSchema,
    engine: Engine,
    as_of: datetime,
) -> ir.Table:
    """Add the cause, the bounds that were crossed, and the reason to each change.

    Args:
        changes: ``segment``, ``profile_id``, ``before_id`` (whose values then count), ``change`` and more.
        before: What conditions saw at the last run, one row per profile.
        after: What they see now, the same columns.
        merged: ``profile_id`` of those who have become one with another profile since.
        sizes: The history of sizes, with the condition of each run.
        specs: The segments there are now, as they are written.
        followed: The same, with lists that hold the ids of today.
        customer: Schema of `customer_360`, with moments.
        engine: Computes what is needed more than once.
        as_of: The run's instant.

    Returns:
        ``changes`` with ``cause``, ``crossed`` and ``reason`` (see `MEMBERSHIP_CHANGES`).
    """
    last, defined = last_conditions(sizes), _present_conditions(specs)
    known = changes.left_join(last, "segment").select(changes, last_condition=last.condition)
    told = known.left_join(defined, "segment").select(known, present_condition=defined.condition)
    told = told.mutate(merged=told.profile_id.isin(merged.profile_id))
    unexplained = told.last_condition.isnull() | told.present_condition.isnull()
    by_definition = _by_definition(told.filter(unexplained), changes)
    if not specs:
        return by_definition
    people = engine.scratch(compared(changes, before, after))
    [(before_at,)] = [tuple(row.values()) for row in engine.to_arrow(sizes.agg(at=sizes.as_of.max())).to_pylist()]
    crossed = crossings(people, followed, customer, engine, before_at or as_of, as_of)
    return by_definition.union(_by_values(told.filter(~unexplained), changes, people, crossed, specs, customer))


def _present_conditions(specs: Sequence[SegmentSpec]) -> ir.Table:
    return ibis.memtable(
        {"segment": [spec.name for spec in specs], "condition": [spec.where for spec in specs]},
        schema=ibis.schema({"segment": "string", "condition": "string"}),
    )


def _by_definition(told: ir.Table, changes: ir.Table) -> ir.Table:
    """Changes that come of a segment being new or gone: they concern all its members, and no value explains them."""
    return told.select(
        *changes.columns,
        cause=ibis.ifelse(told.present_condition.isnull(), "segment_removed", "new_segment"),
        crossed=ibis.null("string"),
        reason=ibis.literal("{}"),
    )


def _by_values(
    told: ir.Table,
    changes: ir.Table,
    people: ir.Table,
    crossed: ir.Table,
    specs: Sequence[SegmentSpec],
    customer: TableSchema,
) -> ir.Table:
    """Changes that come of a person's values, of time, or of another condition."""
    readers: dict[str, list[str]] = {}
    for spec in specs:
        for column in spec.condition(customer).columns:
            if f"{BEFORE}{column}" in people.columns and column != "profile_id":
                readers.setdefault(column, []).append(spec.name)
    seen = told.join(people, ["profile_id", "before_id"])
    known = seen.left_join(crossed, ["segment", "pair"]).drop("segment_right", "pair_right")
    # Who reads a column is found once for each column: with a case for each segment, the text would be a megabyte.
    read = known.mutate(**{f"reads__{name}": known.segment.isin(names) for name, names in readers.items()})
    fragments = [
        ibis.ifelse(read[f"reads__{name}"], _fragment(read, name, customer.column(name).pii), ibis.null("string"))
        for name in readers
    ]
    redefined = read.last_condition != read.present_condition
    return read.select(
        *changes.columns,
        cause=ibis.cases(
            (redefined, "condition_changed"),
            (read[f"{BEFORE}profile_id"].isnull(), "new_profile"),
            (read[f"{AFTER}profile_id"].isnull(), "profile_gone"),
            (read.crossed.isnull() & read.segment.isin([spec.name for spec in specs if spec.listed]), "listed"),
            (read.by_values.fill_null(False) & read.merged, "merged"),
            (read.by_values.fill_null(False), "values_changed"),
            else_="time_passed",
        ),
        crossed=ibis.ifelse(redefined, ibis.null("string"), read.crossed),
        reason=_object(fragments),
    )


def last_conditions(sizes: ir.Table) -> ir.Table:
    """The condition that each segment had when it was last evaluated: columns ``segment`` and ``condition``."""
    latest = ibis.row_number().over(ibis.window(group_by="segment", order_by=ibis.desc("as_of")))
    return sizes.mutate(position=latest).filter(lambda t: t.position == 0).select("segment", "condition")


def _object(fragments: Sequence[ir.StringValue]) -> ir.StringValue:
    """Those that are there, as one JSON object."""
    if not fragments:
        return ibis.literal("{}")
    joined = reduce(lambda left, right: left + right, (_after_comma(each) for each in fragments))
    return ibis.literal("{") + joined.substr(2) + "}"


def _after_comma(fragment: ir.StringValue) -> ir.StringValue:
    """A fragment after a comma, or nothing."""
    return (ibis.literal(", ") + fragment).coalesce("")


def _fragment(people: ir.Table, column: str, pii: Pii) -> ir.StringValue:
    old, new = (_json(people[f"{mark}{column}"], pii) for mark in (BEFORE, AFTER))
    return ibis.literal(f'"{column}": {{"before": ') + old + ', "after": ' + new + "}"


def _json(value: ir.Value, pii: Pii) -> ir.StringValue:
    """A value as JSON text; of a personal one only whether it is there."""
    dtype = value.type()
    if pii is not Pii.NONE:
        text = ibis.ifelse(value, '"present"', '"absent"')
    elif dtype.is_boolean():
        text = ibis.ifelse(value, "true", "false")
    elif dtype.is_floating():
        text = ibis.ifelse(value.isnan() | value.isinf(), "null", value.round(_DECIMALS).cast("string"))
    elif dtype.is_numeric():
        text = value.cast("string")
    elif dtype.is_timestamp():
        text = _quoted(value.strftime("%Y-%m-%dT%H:%M:%SZ"))
    else:
        text = _quoted(value.cast("string"))
    return text.coalesce("null")


def _quoted(text: ir.StringValue) -> ir.StringValue:
    for raw, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        text = text.replace(raw, escaped)
    return ibis.literal('"') + text + '"'
