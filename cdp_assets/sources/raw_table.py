"""A raw table follows its contract: columns that come and go move between columns of their own and ``extra``.

Belongs here: making and reshaping a raw table. Does not belong here: its rows (`ingest.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

import ibis
import ibis.expr.types as ir

from cdp_assets.sources.json_text import both_objects, json_object
from cdp_assets.sources.schemas import raw_schema
from cdp_assets.sources.spec import SourceSpec, StreamSpec
from cdp_assets.warehouse.engine import Engine, empty
from cdp_assets.warehouse.operations import without_members


def bring_up_to_date(engine: Engine, stage: str, source: SourceSpec, stream: StreamSpec) -> bool:
    """Give a stream's raw table exactly the columns of its contract, making it if it is missing.

    Rows loaded under an earlier contract lose nothing: a column that left the contract goes into ``extra``, and one
    that joined it is taken from there if it was delivered before; an object that columns took apart, from these.

    Returns:
        Whether anything had to be done.
    """
    schema = raw_schema(source, stream)
    if not engine.has_table(stage, schema.name):
        nothing = empty(schema.ibis_schema, engine)
        engine.stage_table(stage, schema, nothing)
        engine.publish([(stage, schema.name)])
        return True
    table = engine.table(stage, schema.name)
    if set(table.columns) == set(schema.column_names):
        return False
    engine.stage_table(stage, schema, fitted(table, source, stream))
    engine.publish([(stage, schema.name)])
    return True


def fitted(table: ir.Table, source: SourceSpec, stream: StreamSpec) -> ir.Table:
    """Rows loaded under an earlier contract, with exactly the columns of this one."""
    wanted = raw_schema(source, stream).column_names
    joined = [name for name in wanted if name not in table.columns]
    left = [name for name in table.columns if name not in wanted]
    reshaped = table.mutate(
        **{name: _from_extra(table, stream, name) for name in joined},
        extra=_into_extra(table, left, stream if joined else None),
    )
    return reshaped.select(*wanted)


def _from_extra(table: ir.Table, stream: StreamSpec, name: str) -> ir.Value:
    address = stream.column(name).address
    nested = stream.format in ("json", "jsonl")
    ways = [each.split(".") if nested else [each] for each in (address, *stream.column(name).others)]
    values = [reduce(lambda inner, step: inner[step], steps, table.extra.cast("json")) for steps in ways]
    kept = ibis.coalesce(
        *(each for value in values for each in (value.unwrap_as("string"), value.cast("string").nullif("null")))
    )
    parts = {
        tuple(column.address.removeprefix(f"{address}.").split(".")): table[column.name]
        for column in stream.columns
        if nested and column.address.startswith(f"{address}.") and column.name in table.columns
    }
    return kept.coalesce(_put_together(parts)) if parts else kept


def _put_together(parts: Mapping[tuple[str, ...], ir.StringValue]) -> ir.StringValue:
    """A JSON object of its parts, by the steps that lead to each; null if there are none."""
    below = dict.fromkeys(steps[0] for steps in parts if len(steps) > 1)
    objects = {
        step: _put_together({steps[1:]: part for steps, part in parts.items() if len(steps) > 1 and steps[0] == step})
        for step in below
    }
    return json_object({steps[0]: part for steps, part in parts.items() if len(steps) == 1}, objects).nullif("{}")


def _into_extra(table: ir.Table, left: list[str], joined: StreamSpec | None) -> ir.StringValue:
    """What the contract does not name: without what it names now, and with what it names no more."""
    extra = table.extra.nullif("{}")
    if joined is not None:
        nested = joined.format in ("json", "jsonl")
        places = [place for column in joined.columns for place in (column.address, *column.others)]
        extra = without_members(extra, [place.split(".") if nested else [place] for place in places])
    if not left:
        return extra
    gone = json_object({name: table[name] for name in left})
    return ibis.cases((gone == "{}", extra), (extra.isnull(), gone), else_=both_objects(gone, extra))
