"""Why somebody entered or left: the condition's values before and after, and the cause that follows from them.

Belongs here: naming the cause and writing the reason down. Does not belong here: finding the changes (`membership.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_

import ibis
import ibis.expr.types as ir

from cdp_assets.canonical.schema import Pii, TableSchema
from cdp_assets.segments.spec import SegmentSpec

_DECIMALS = 4


def explain(
    changes: ir.Table,
    *,
    before: ir.Table,
    after: ir.Table,
    sizes: ir.Table,
    specs: Sequence[SegmentSpec],
    customer: TableSchema,
) -> ir.Table:
    """Add the cause and the reason to each change.

    Args:
        changes: ``segment``, ``profile_id``, ``change`` and more.
        before: What conditions saw at the last run, one row per profile.
        after: What they see now, the same columns.
        sizes: The history of sizes, with the condition of each run.
        specs: The segments there are now.
        customer: Schema of `customer_360`.

    Returns:
        ``changes`` with ``cause`` and ``reason`` (see `MEMBERSHIP_CHANGES`).
    """
    last, defined = last_conditions(sizes), _present_conditions(specs)
    known = changes.left_join(last, "segment").select(changes, last_condition=last.condition)
    told = known.left_join(defined, "segment").select(known, present_condition=defined.condition)
    unexplained = told.last_condition.isnull() | told.present_condition.isnull()
    return _by_definition(told.filter(unexplained), changes).union(
        _by_values(told.filter(~unexplained), changes, before, after, specs, customer)
    )


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
        reason=ibis.literal("{}"),
    )


def _by_values(
    told: ir.Table,
    changes: ir.Table,
    before: ir.Table,
    after: ir.Table,
    specs: Sequence[SegmentSpec],
    customer: TableSchema,
) -> ir.Table:
    """Changes that come of a person's values, of time, or of another condition."""
    if not specs:
        return told.select(*changes.columns, cause=ibis.literal(""), reason=ibis.literal("{}"))
    compared = _compared(told, before, after)
    readers: dict[str, list[str]] = {}
    for spec in specs:
        for column in spec.condition(customer).columns:
            if column in after.columns and column != "profile_id":
                readers.setdefault(column, []).append(spec.name)
    # Who reads a column is found once for each column: with a case for each segment, the text would be a megabyte.
    read = compared.mutate(**{f"reads__{name}": compared.segment.isin(names) for name, names in readers.items()})
    fragments = [
        ibis.ifelse(read[f"reads__{name}"], _fragment(read, name, customer.column(name).pii), ibis.null("string"))
        for name in readers
    ]
    differs = [read[f"reads__{name}"] & _differs(read, name) for name in readers]
    return read.select(
        *changes.columns,
        cause=ibis.cases(
            (read.last_condition != read.present_condition, "condition_changed"),
            (read.before_id.isnull(), "new_profile"),
            (read.after_id.isnull(), "profile_gone"),
            (reduce(or_, differs, ibis.literal(False)), "values_changed"),
            else_="time_passed",
        ),
        reason=_object(fragments),
    )


def last_conditions(sizes: ir.Table) -> ir.Table:
    """The condition that each segment had when it was last evaluated: columns ``segment`` and ``condition``."""
    latest = ibis.row_number().over(ibis.window(group_by="segment", order_by=ibis.desc("as_of")))
    return sizes.mutate(position=latest).filter(lambda t: t.position == 0).select("segment", "condition")


def _compared(told: ir.Table, before: ir.Table, after: ir.Table) -> ir.Table:
    """Changes with each value twice, as ``before__x`` and ``after__x``, and whether the profile was and is there."""

    def marked(table: ir.Table, mark: str) -> ir.Table:
        values = {f"{mark}__{name}": table[name] for name in table.columns if name != "profile_id"}
        return table.select(**{f"{mark}_id": table.profile_id}, **values)

    old, new = marked(before, "before"), marked(after, "after")
    known = told.left_join(old, told.profile_id == old.before_id).select(told, old)
    return known.left_join(new, known.profile_id == new.after_id).select(known, new)


def _differs(compared: ir.Table, column: str) -> ir.BooleanValue:
    return ~compared[f"before__{column}"].identical_to(compared[f"after__{column}"])


def _object(fragments: Sequence[ir.StringValue]) -> ir.StringValue:
    """Those that are there, as one JSON object."""
    if not fragments:
        return ibis.literal("{}")
    joined = reduce(lambda left, right: left + right, (_after_comma(each) for each in fragments))
    return ibis.literal("{") + joined.substr(2) + "}"


def _after_comma(fragment: ir.StringValue) -> ir.StringValue:
    """A fragment after a comma, or nothing."""
    return (ibis.literal(", ") + fragment).coalesce("")


def _fragment(compared: ir.Table, column: str, pii: Pii) -> ir.StringValue:
    old, new = (_json(compared[f"{mark}__{column}"], pii) for mark in ("before", "after"))
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
