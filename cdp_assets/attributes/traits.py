"""All traits of all profiles: one pass over each table of facts.

Belongs here: aggregating facts by profile, and the small tests that definitions carry. Does not belong here: what makes
a definition valid (`trait_spec.py`).

Traits are computed from facts whenever profiles merge or split, never from older traits: a merge is counted once.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import reduce
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from cdp_assets.attributes.known_facts import day_of, days_since, known_by, last_day
from cdp_assets.attributes.schemas import CUSTOMER_360, PROFILE_ID
from cdp_assets.attributes.trait_spec import RANKED, TraitError, TraitSpec
from cdp_assets.canonical.schema import Column, TableSchema
from cdp_assets.warehouse.expressions import bind

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine

_SEPARATOR = ", "
_BITS = 62
"""Of a signed number of 64, with room to spare."""


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
    return CUSTOMER_360.extended(*trait_columns(specs))


def traits(facts: Mapping[str, ir.Table], specs: Sequence[TraitSpec], as_of: datetime, engine: Engine) -> ir.Table:
    """Compute all traits.

    Args:
        facts: Name → facts with `profile_id`; of every table that a trait names.
        specs: The traits.
        as_of: The run's instant; nothing after it is seen.
        engine: Keeps each table's aggregates, since they are read twice: for who is in them, and for what they say.

    Returns:
        The columns of `traits_schema`, one row per profile that has a fact in any of the tables. Counts are zero, not
        null, where there are none.
    """
    parts = []
    for name in sorted({spec.table for spec in specs if not spec.composed}):
        chosen = [spec for spec in specs if spec.table == name]
        parts.append(engine.scratch(_of_table(facts[name], chosen, as_of, engine)))
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


def _of_table(facts: ir.Table, specs: Sequence[TraitSpec], as_of: datetime, engine: Engine) -> ir.Table:
    """The aggregates of one table by profile: all plain traits at once, and those ranked by a same value."""
    time = specs[0].facts.event_time
    assert time is not None
    until = last_day(as_of)
    seen = known_by(facts, time, as_of)
    at = seen[time].cast("timestamp('UTC', 6)")
    timed = {spec.aggregate for spec in specs} & {"first", "last"}
    plain, ranked = ([spec for spec in specs if (spec.aggregate in RANKED) is rank] for rank in (False, True))
    # What traits need of a fact is computed once and kept narrow: inlined into a hundred aggregates, an engine computes
    # it a hundred times.
    texts = {text: f"_value_{place}" for place, text in enumerate(_texts(plain))}
    rows = seen.select(
        "profile_id",
        **({"_at": at} if timed else {}),
        _age=days_since(day_of(at, as_of), until).cast("int32"),
        _one=ibis.literal(1, "int64"),
        **{name: _known(bind(text, seen, as_of=as_of)) for text, name in texts.items()},
    )
    if not ranked and all(spec.days for spec in plain):
        rows = rows.filter(rows["_age"] < max(spec.days or 0 for spec in plain))
    found = _grouped(engine.scratch(rows), plain, texts, engine)
    for value in dict.fromkeys(spec.of for spec in ranked):
        found = _joined(found, _ranked(seen, at, value, [spec for spec in ranked if spec.of == value], as_of, until))
    return found


def _known(value: ir.Value) -> ir.Value:
    """A condition that is not known to be true is false."""
    return value.fill_null(False) if value.type().is_boolean() else value


def _grouped(rows: ir.Table, specs: Sequence[TraitSpec], texts: Mapping[str, str], engine: Engine) -> ir.Table:
    """All plain aggregates by profile.

    Counts of a profile are small numbers, and each aggregate costs a place in memory for every profile: as many counts
    as fit share one sum, each in bits of its own, and are taken apart afterwards.
    """
    counts = [spec for spec in specs if spec.aggregate == "count"]
    per_profile = rows.group_by("profile_id").aggregate(facts=rows.count())
    most = engine.to_pandas(per_profile.aggregate(most=per_profile.facts.max()))["most"].iloc[0]
    bits = int(most).bit_length() if most == most and most is not None else 1
    together = max(1, _BITS // bits)
    packs = [counts[start : start + together] for start in range(0, len(counts), together)]
    aggregates: dict[str, ir.Value] = {}
    for number, pack in enumerate(packs):
        parts = []
        for place, spec in enumerate(pack):
            where = _condition(spec, rows, texts[spec.where] if spec.where else None)
            one = ibis.literal(1 << (bits * place), "int64")
            parts.append(rows["_one"] * one if where is None else where.cast("int64") * one)
        aggregates[f"_pack_{number}"] = reduce(operator.add, parts).sum()
    others = [spec for spec in specs if spec.aggregate != "count"]
    aggregates |= {spec.name: _aggregate(spec, rows, texts) for spec in others}
    grouped = rows.group_by("profile_id").aggregate(**aggregates)
    unpacked = {
        spec.name: ((grouped[f"_pack_{number}"].cast("int64") >> (bits * place)) & ((1 << bits) - 1)).cast("int64")
        for number, pack in enumerate(packs)
        for place, spec in enumerate(pack)
    }
    return grouped.select("profile_id", **{**unpacked, **{spec.name: grouped[spec.name] for spec in others}})


def _texts(specs: Sequence[TraitSpec]) -> list[str]:
    return list(dict.fromkeys(text for spec in specs for text in (spec.of, spec.where) if text))


def _condition(spec: TraitSpec, rows: ir.Table, where: str | None) -> ir.BooleanValue | None:
    found = []
    if where is not None:
        found.append(rows[where])
    if spec.days is not None:
        found.append(rows["_age"] < spec.days)
    return ibis.and_(*found) if found else None


def _aggregate(spec: TraitSpec, rows: ir.Table, texts: Mapping[str, str]) -> ir.Value:
    where = _condition(spec, rows, texts[spec.where] if spec.where else None)
    if spec.aggregate == "days_since":
        return rows["_age"].min(where=where)
    value = rows[texts[spec.of]]
    if spec.aggregate == "sum":
        return value.cast("float64").sum(where=where)
    if spec.aggregate == "average":
        return value.cast("float64").mean(where=where)
    if spec.aggregate == "min":
        return value.min(where=where)
    if spec.aggregate == "max":
        return value.max(where=where)
    if spec.aggregate == "distinct":
        return value.nunique(where=where)
    known = value.notnull() if where is None else where & value.notnull()
    if spec.aggregate == "first":
        return value.argmin(rows["_at"], where=known)
    return value.argmax(rows["_at"], where=known)


def _ranked(
    seen: ir.Table, at: ir.TimestampValue, value: str, specs: Sequence[TraitSpec], as_of: datetime, until: date
) -> ir.Table:
    """The values with the highest weight: how much each of them has, for all traits at once, then their places."""
    age = days_since(day_of(at, as_of), until)
    weights: dict[str, ir.Value] = {}
    for spec in specs:
        weight = bind(spec.weight, seen, as_of=as_of).cast("float64") if spec.weight else ibis.literal(1.0)
        for condition in (bind(spec.where, seen, as_of=as_of) if spec.where else None,
                          age < spec.days if spec.days else None):  # fmt: skip
            weight = weight if condition is None else ibis.ifelse(condition, weight, ibis.null("float64"))
        weights[spec.name] = weight
    rows = seen.select("profile_id", _value=bind(value, seen, as_of=as_of).cast("string"), **weights)
    rows = rows.filter(rows["_value"].notnull())
    summed = rows.group_by(["profile_id", "_value"]).aggregate(**{spec.name: rows[spec.name].sum() for spec in specs})
    places = {
        f"_place_{spec.name}": ibis.row_number().over(
            ibis.window(group_by="profile_id", order_by=[summed[spec.name].desc(nulls_first=False), summed["_value"]])
        )
        for spec in specs
    }
    placed = summed.mutate(**places)
    chosen: dict[str, ir.Value] = {}
    for spec in specs:
        # One maximum a place, put together afterwards: an order within an aggregate is not for every engine.
        most = spec.top if spec.aggregate == "top" else 1
        counts = (placed[spec.name] > 0).fill_null(False)
        for place in range(most):
            here = counts & (placed[f"_place_{spec.name}"] == place)
            chosen[f"{spec.name}{_SEPARATOR}{place}"] = placed["_value"].max(where=here)
    best = placed.group_by("profile_id").aggregate(**chosen)
    return best.select("profile_id", **{spec.name: _listed(spec, best) for spec in specs})


def _listed(spec: TraitSpec, best: ir.Table) -> ir.StringValue:
    found = best[f"{spec.name}{_SEPARATOR}0"]
    for place in range(1, spec.top if spec.aggregate == "top" else 1):
        following = best[f"{spec.name}{_SEPARATOR}{place}"]
        found = found + (ibis.literal(_SEPARATOR) + following).fill_null("")
    return found


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
