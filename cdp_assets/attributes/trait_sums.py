"""Aggregating facts for many traits at once.

Belongs here: plain aggregates by way of cells, and values counted by profile. Does not belong here: which facts there
are (`trait_rows.py`), and what traits mean (`trait_spec.py`).

A *cell* is what a profile did that meets the same conditions. Facts are aggregated once into cells, with few sums for
all traits: the conditions of a hundred traits are then looked at once a cell. All plain aggregates come apart: the
sum of facts is the sum of cells' sums, the last fact the last of cells' last ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from cdp_assets.attributes.trait_rows import Rows
from cdp_assets.attributes.trait_spec import TraitSpec

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine

_BITS = 52
"""Of a whole number that a float holds exactly. Engines add floats twice as fast as whole numbers, whose sums they
widen."""

_TOGETHER = 16
"""Aggregates in one pass over the cells: with more, a profile's do not fit where the processor is fast."""


def within(at: ir.TimestampValue, days: int | None, until: date) -> ir.BooleanValue | None:
    """Whether something happened within so many whole UTC days that end with ``until``; None for ever."""
    if days is None:
        return None
    first = datetime.combine(until - timedelta(days=days - 1), time(), UTC)
    return at >= ibis.literal(first, "timestamp('UTC', 6)")


def both(*conditions: ir.BooleanValue | None) -> ir.BooleanValue | None:
    """All of the conditions there are; None if there are none."""
    some = [condition for condition in conditions if condition is not None]
    return ibis.and_(*some) if some else None


@dataclass(frozen=True)
class _Wanted:
    """Aggregates over cells, and how traits come out of them; what belongs together is computed together.

    Args:
        sums: Name → aggregate over the cells.
        traits: Trait → how it is read from the aggregates of a profile.
    """

    sums: dict[str, ir.Value]
    traits: dict[str, Callable[[ir.Table], ir.Value]]


@dataclass
class _States:
    """What is aggregated of facts in each cell: once for all traits that need it.

    Args:
        facts: The facts with every expression.
        rows: Which columns those are.
        until: The last day that counts.
        values: Column of the cells → aggregate over the facts.
    """

    facts: ir.Table
    rows: Rows
    until: date
    values: dict[str, ir.Value] = field(default_factory=dict)
    _names: dict[tuple[str, str, int | None], str] = field(default_factory=dict)

    def named(self, how: str, of: str, days: int | None) -> str:
        """The column of an aggregate of an expression within so many days."""
        key = (how, of, days)
        if key not in self._names:
            self._names[key] = f"_state_{len(self._names)}"
            self.values[self._names[key]] = self._aggregate(how, of, days)
        return self._names[key]

    def _aggregate(self, how: str, of: str, days: int | None) -> ir.Value:
        at = self.facts["_at"]
        recent = within(at, days, self.until)
        if how == "latest":
            return at.max(where=recent)
        value = self.facts[self.rows.column(of)]
        known = both(recent, value.notnull())
        plain: dict[str, Callable[[], ir.Value]] = {
            "total": lambda: exact(value).sum(where=recent),
            "known": lambda: value.count(where=recent),
            "min": lambda: value.min(where=recent),
            "max": lambda: value.max(where=recent),
            "first": lambda: value.argmin(at, where=known),
            "first_at": lambda: at.min(where=known),
            "last": lambda: value.argmax(at, where=known),
            "last_at": lambda: at.max(where=known),
        }
        return plain[how]()


def exact(value: ir.Value) -> ir.Value:
    """A number whose sum does not depend on the order of facts, where it is one of a kind for which that is so."""
    return value if value.type().is_decimal() or value.type().is_integer() else value.cast("float64")


def plain_aggregates(rows: Rows, specs: Sequence[TraitSpec], until: date, engine: Engine) -> list[ir.Table]:
    """`profile_id` and the traits, some in each table; each table has all profiles of the facts.

    Args:
        rows: The facts.
        specs: Traits whose aggregates come apart: all but those that count or rank different values.
        until: The last day that counts.
        engine: Keeps the cells, which are read several times.
    """
    conditions = list(dict.fromkeys(spec.where for spec in specs if spec.where))
    facts, met = _with_signature(rows, [text for text in conditions if text in rows.by_kind], engine)
    by_fact = [rows.by_fact[text] for text in conditions if text in rows.by_fact]
    states = _States(facts, rows, until)
    counts = _Counts.of([spec for spec in specs if spec.aggregate == "count"], rows, engine)
    others = [(spec, _needs(spec, states)) for spec in specs if spec.aggregate != "count"]
    cells = engine.scratch(
        facts.group_by(["profile_id", *([] if met is None else ["_signature"]), *by_fact]).aggregate(
            **counts.packed(facts["_at"], until), **states.values
        )
    )
    looked_up = cells if met is None else cells.inner_join(met, "_signature")

    def where(text: str) -> ir.BooleanValue | None:
        return looked_up[rows.column(text)] if text else None

    wanted = [*counts.wanted(looked_up, where), *(_wanted(spec, looked_up, of, where) for spec, of in others)]
    return list(_by_profile(looked_up, wanted))


def _with_signature(rows: Rows, conditions: Sequence[str], engine: Engine) -> tuple[ir.Table, ir.Table | None]:
    """The facts with a number for which of the conditions they meet, and which these are by number."""
    if rows.kinds is None or not conditions:
        return rows.whole, None
    names = [rows.by_kind[text] for text in conditions]
    kinds = rows.kinds.mutate(
        _signature=ibis.dense_rank().over(order_by=[rows.kinds[name] for name in names]).cast("int16")
    )
    met = kinds.select("_signature", *names).distinct()
    without = kinds.drop(*names)
    return rows.facts.inner_join(engine.scratch(without), "_kind"), engine.scratch(met)


def _by_profile(cells: ir.Table, wanted: Sequence[_Wanted]) -> Iterator[ir.Table]:
    batch: list[_Wanted] = []
    for place, each in enumerate(wanted):
        batch.append(each)
        if place + 1 == len(wanted) or sum(len(some.sums) for some in batch) >= _TOGETHER:
            grouped = cells.group_by("profile_id").aggregate(**{k: v for some in batch for k, v in some.sums.items()})
            yield grouped.select(
                "profile_id", **{name: read(grouped) for some in batch for name, read in some.traits.items()}
            )
            batch = []


@dataclass(frozen=True)
class _Counts:
    """Counts of a profile are small numbers, and each aggregate costs a place in memory for every profile: as many
    windows as fit share one sum, each in bits of its own, and are taken apart afterwards.

    Args:
        specs: The counts.
        bits: What the count of all facts of any profile fits in.
        packs: The windows in days, shortest first, by sum; None is for ever.
    """

    specs: Sequence[TraitSpec]
    bits: int
    packs: Sequence[Sequence[int | None]]

    @classmethod
    def of(cls, specs: Sequence[TraitSpec], rows: Rows, engine: Engine) -> _Counts:
        if not specs:
            return cls((), 1, ())
        per_profile = rows.facts.group_by("profile_id").aggregate(facts=rows.facts.count())
        most = engine.to_arrow(per_profile.aggregate(most=per_profile.facts.max()))["most"][0].as_py()
        bits = int(most or 1).bit_length()
        windows = sorted({spec.days for spec in specs}, key=lambda days: (days is None, days))
        together = max(1, _BITS // bits)
        return cls(specs, bits, [windows[start : start + together] for start in range(0, len(windows), together)])

    def packed(self, at: ir.TimestampValue, until: date) -> dict[str, ir.Value]:
        """The sums over facts."""
        return {f"_pack_{number}": self._fields(pack, at, until).sum() for number, pack in enumerate(self.packs)}

    def _fields(self, pack: Sequence[int | None], at: ir.TimestampValue, until: date) -> ir.Value:
        """What one fact adds: whatever lies within a window lies within all longer ones."""
        fields = [sum(1 << (self.bits * place) for place in range(first, len(pack))) for first in range(len(pack) + 1)]
        values = [ibis.literal(float(value), "float64") for value in fields]
        branches = [(within(at, days, until), value) for days, value in zip(pack, values, strict=False) if days]
        ever = values[len(branches)]
        return ibis.cases(*branches, else_=ever) if branches else at.notnull().cast("float64") * ever

    def wanted(self, cells: ir.Table, where: Callable[[str], ir.BooleanValue | None]) -> Iterator[_Wanted]:
        """For every condition the sums of its windows."""
        for place, text in enumerate(dict.fromkeys(spec.where for spec in self.specs)):
            for number, pack in enumerate(self.packs):
                named = [spec for spec in self.specs if spec.where == text and spec.days in pack]
                if named:
                    name = f"_sum_{place}_{number}"
                    taken = {spec.name: self._taken(name, pack.index(spec.days)) for spec in named}
                    yield _Wanted({name: cells[f"_pack_{number}"].sum(where=where(text))}, taken)

    def _taken(self, name: str, place: int) -> Callable[[ir.Table], ir.Value]:
        mask = (1 << self.bits) - 1
        return lambda table: (table[name].fill_null(0).cast("int64") >> (self.bits * place)) & mask


_PARTS = {
    "days_since": ("latest",),
    "sum": ("total",),
    "average": ("total", "known"),
    "min": ("min",),
    "max": ("max",),
    "first": ("first", "first_at"),
    "last": ("last", "last_at"),
}
"""Aggregate → what cells have to hold for it."""


def _needs(spec: TraitSpec, states: _States) -> list[str]:
    return [states.named(how, spec.of, spec.days) for how in _PARTS[spec.aggregate]]


def _wanted(
    spec: TraitSpec, cells: ir.Table, of: Sequence[str], where: Callable[[str], ir.BooleanValue | None]
) -> _Wanted:
    met = where(spec.where)
    values = [cells[name] for name in of]
    name = spec.name
    if spec.aggregate == "average":
        sums = {f"{name}__total": values[0].sum(where=met), f"{name}__known": values[1].sum(where=met)}
        return _Wanted(
            sums,
            {name: lambda table: table[f"{name}__total"].cast("float64") / table[f"{name}__known"].nullif(0)},
        )
    if spec.aggregate in ("first", "last"):
        known = both(met, values[1].notnull())
        found = values[0].argmin(values[1], where=known) if spec.aggregate == "first" else \
            values[0].argmax(values[1], where=known)  # fmt: skip
    elif spec.aggregate == "sum":
        found = values[0].sum(where=met)
    elif spec.aggregate == "min":
        found = values[0].min(where=met)
    else:
        found = values[0].max(where=met)
    return _Wanted({name: found}, {name: lambda table: table[name]})
