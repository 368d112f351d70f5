"""All traits of all profiles: one pass over each table of facts.

Belongs here: aggregating facts by profile, and the small tests that definitions carry. Does not belong here: what makes
a definition valid (`trait_spec.py`).

Traits are computed from facts whenever profiles merge or split, never from older traits: a merge is counted once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import reduce
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from cdp_assets.attributes.known_facts import day_of, days_since, known_by, last_day
from cdp_assets.attributes.schemas import CUSTOMER_360, PROFILE_ID
from cdp_assets.attributes.trait_rows import prepare
from cdp_assets.attributes.trait_spec import RANKED, TraitError, TraitSpec
from cdp_assets.attributes.trait_sums import plain_aggregates, within
from cdp_assets.attributes.trait_values import value_aggregates
from cdp_assets.canonical.schema import Column, TableSchema
from cdp_assets.warehouse.expressions import bind

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine


def trait_columns(specs: Sequence[TraitSpec]) -> tuple[Column, ...]:
    """The column of every trait, in the order of the definitions."""
    simple = {spec.name: spec.column() for spec in specs if not spec.composed}
    return tuple(simple.get(spec.name) or spec.column(tuple(simple.values())) for spec in specs)


def traits_schema(specs: Sequence[TraitSpec]) -> TableSchema:
    """The table of all traits."""
    return TableSchema(
        "traits",
        "One row per profile with a fact that any trait is made of: the figures that definitions ask for.",
        (PROFILE_ID, *trait_columns(specs)),
        key=("profile_id",),
    )


def wide_schema(specs: Sequence[TraitSpec]) -> TableSchema:
    """`customer_360` with a column for every trait.

    Raises:
        TraitError: if a trait is called like a column that is there anyway.
    """
    taken = set(CUSTOMER_360.column_names)
    for spec in specs:
        if spec.name in taken:
            raise TraitError(f"name: `{spec.name}` is a column of `customer_360` already; choose another")
    columns = (replace(column, source=f"attributes.traits.{column.name}") for column in trait_columns(specs))
    return CUSTOMER_360.extended(*columns)


def traits(
    facts: Mapping[str, ir.Table],
    specs: Sequence[TraitSpec],
    as_of: datetime,
    engine: Engine,
    all_facts: Mapping[str, ir.Table] | None = None,
) -> ir.Table:
    """Compute all traits.

    Args:
        facts: Name → facts with `profile_id`; of every table that a trait names.
        specs: The traits.
        as_of: The run's instant; nothing after it is seen.
        engine: Keeps what is read more than once.
        all_facts: The same facts or more of them, before it is known whose they are, which is cheaper to look at.

    Returns:
        The columns of `traits_schema`, one row per profile that has a fact in any of the tables. Counts are zero, not
        null, where there are none.
    """
    parts = []
    for name in sorted({spec.table for spec in specs if not spec.composed}):
        chosen = [spec for spec in specs if spec.table == name]
        whole = (all_facts or facts)[name]
        parts.append(_of_table(facts[name], chosen, as_of, engine, whole))
    # Each is read twice: for who is in it, and for what it says.
    parts = [engine.scratch(part) for part in parts] if len(parts) > 1 else parts
    everyone = ibis.union(*(part.select("profile_id") for part in parts), distinct=True) if len(parts) > 1 else parts[0]
    joined = reduce(_joined, parts, everyone) if len(parts) > 1 else everyone
    zero = [spec.name for spec in specs if spec.aggregate == "count"]
    joined = joined.mutate(**{name: joined[name].fill_null(0) for name in zero}) if zero else joined
    composed = {spec.name: bind(spec.expression, joined, as_of=as_of) for spec in specs if spec.composed}
    joined = joined.mutate(**composed) if composed else joined
    schema = traits_schema(specs)
    return joined.select(**{column.name: joined[column.name].cast(column.dtype) for column in schema.columns})


def _joined(left: ir.Table, right: ir.Table) -> ir.Table:
    renamed = right.rename(_profile="profile_id")
    return left.left_join(renamed, left.profile_id == renamed._profile).drop("_profile")


def _of_table(
    facts: ir.Table, specs: Sequence[TraitSpec], as_of: datetime, engine: Engine, all_facts: ir.Table
) -> ir.Table:
    """The aggregates of one table by profile, for every profile with a fact that can count."""
    time = str(specs[0].facts.event_time)
    until = last_day(as_of)
    seen = known_by(facts, time, as_of)
    if all(spec.days and spec.aggregate not in RANKED for spec in specs):
        seen = seen.filter(within(seen[time], max(spec.days or 0 for spec in specs), until))
    expressions = list(dict.fromkeys(text for spec in specs for text in (spec.of, spec.where, spec.weight) if text))
    rows = prepare(seen, time, expressions, as_of, engine, all_facts=all_facts)
    valued = [spec for spec in specs if spec.aggregate in (*RANKED, "distinct")]
    plain = [spec for spec in specs if spec not in valued]
    parts = [*(plain_aggregates(rows, plain, until, engine) if plain else ()), *value_aggregates(rows, valued, until)]
    found = reduce(
        _joined, parts, parts[0].select("profile_id") if plain else rows.facts.select("profile_id").distinct()
    )
    days = {spec.name: _days_since(found[spec.name], as_of)
            for spec in specs if spec.aggregate == "days_since"}  # fmt: skip
    zero = {spec.name: found[spec.name].fill_null(0) for spec in specs if spec.aggregate in ("count", "distinct")}
    return found.mutate(**days, **zero) if days or zero else found


def _days_since(latest: ir.TimestampValue, as_of: datetime) -> ir.Value:
    # A least of nothing and a day is that day on some engines, so nothing is said first.
    return ibis.ifelse(latest.notnull(), days_since(day_of(latest, as_of), last_day(as_of)), ibis.null("int64"))


def failures(specs: Sequence[TraitSpec], engine: Engine) -> Iterator[tuple[TraitSpec, str]]:
    """Run the small tests that definitions carry; yield each that fails, and how."""
    for spec in specs:
        for test in spec.tests:
            problem = _failure(spec, specs, test, engine)
            if problem:
                yield spec, problem


def _failure(spec: TraitSpec, specs: Sequence[TraitSpec], test: Mapping[str, Any], engine: Engine) -> str | None:
    import pyarrow as pa

    simple = [other for other in specs if not other.composed] if spec.composed else [spec]
    chosen = [*simple, spec] if spec.composed else [spec]
    rows: Mapping[str, Sequence[Mapping[str, Any]]] = test["rows"]
    facts = {}
    for name, schema in {other.table: other.facts for other in simple}.items():
        full = ibis.schema({"profile_id": "int64", **dict(schema.ibis_schema.items())})
        given = [{**dict.fromkeys(full.names), **row, "profile_id": 1} for row in rows.get(name, [])]
        texts = pa.table({column: pa.array([_text(row[column]) for row in given], "string") for column in full.names})
        loaded = engine.from_arrow(texts, ibis.schema(dict.fromkeys(full.names, "string")))
        facts[name] = loaded.select(**{column: loaded[column].cast(full[column]) for column in full.names})
    table = traits(facts, chosen, datetime.fromisoformat(test["as_of"]), engine)
    [found] = engine.to_arrow(table.select(spec.name)).to_pylist() or [{spec.name: None}]
    return None if found[spec.name] == test["expect"] else f"{found[spec.name]!r} instead of {test['expect']!r}"


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
