"""Facts as traits need them: narrow, in the order of their profiles, every expression computed once.

Belongs here: which expressions are computed for each fact, and which once for all facts that look alike. Does not
belong here: aggregating (`trait_sums.py`), and what traits there are.

Most conditions read columns of few different values (an event's name, a kind of device). Facts with the same values in
all those columns are of one *kind*: conditions are decided once a kind, however many facts and conditions there are,
and a fact carries a small number instead of texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from cdp_assets.warehouse.engine import row_count
from cdp_assets.warehouse.expressions import bind, check

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine

MOST_KINDS = 4096
"""With more kinds than this, conditions are decided for each fact: looking them up would cost more."""

_SAMPLE = 20_000
"""Facts by which columns of few values are told from others; a wrong guess costs time, never an answer."""

_SAMPLE_KINDS = 400


@dataclass(frozen=True)
class Rows:
    """Facts of profiles.

    Args:
        facts: `profile_id`, `_at`, `_kind` where there are kinds, and a column for each expression in ``by_fact``.
        kinds: `_kind`, and a column for each expression in ``by_kind``; None if there are none.
        by_fact: Expression → its column in ``facts``.
        by_kind: Expression → its column in ``kinds``.
    """

    facts: ir.Table
    kinds: ir.Table | None
    by_fact: dict[str, str]
    by_kind: dict[str, str]

    @property
    def whole(self) -> ir.Table:
        """The facts with every expression."""
        return self.facts if self.kinds is None else self.facts.inner_join(self.kinds, "_kind")

    def column(self, expression: str) -> str:
        """The column of an expression."""
        return self.by_kind.get(expression) or self.by_fact[expression]


def prepare(
    facts: ir.Table, at: str, expressions: Sequence[str], as_of: datetime, engine: Engine, *, all_facts: ir.Table
) -> Rows:
    """Compute expressions over facts.

    Args:
        facts: Facts with `profile_id`.
        at: Their column of when they happened.
        expressions: SQL, checked; conditions that are not known to be true come out false.
        as_of: What `as_of` in them means.
        engine: Keeps the result.
        all_facts: The same facts or more of them, without what it costs to know their profiles.
    """
    reads = {text: check(text, facts.schema(), as_of=True).columns for text in expressions}
    columns = _of_few_values(all_facts, reads, engine)
    kinds = _kinds(all_facts, columns, engine) if columns else None
    by_kind = {text: f"_kind_{place}" for place, text in enumerate(expressions)
               if kinds is not None and reads[text] and set(reads[text]) <= set(columns)}  # fmt: skip
    by_fact = {
        text: "_at" if text == at else f"_fact_{place}" for place, text in enumerate(expressions) if text not in by_kind
    }
    joined = facts
    if kinds is not None:
        named = kinds.rename({f"_of_{name}": name for name in columns})
        joined = facts.inner_join(named, [facts[name].identical_to(named[f"_of_{name}"]) for name in columns])
    rows = joined.select(
        "profile_id",
        _at=joined[at].cast("timestamp('UTC', 6)"),
        **({} if kinds is None else {"_kind": joined["_kind"]}),
        **{name: _known(bind(text, joined, as_of=as_of)) for text, name in by_fact.items() if name != "_at"},
    )
    described = None
    if kinds is not None:
        values = {name: _known(bind(text, kinds, as_of=as_of)) for text, name in by_kind.items()}
        described = engine.scratch(kinds.select("_kind", **values))
    # Neighbours in a group are aggregated four times as fast as strangers; the order is not relied on.
    return Rows(engine.scratch(rows.order_by("profile_id")), described, by_fact, by_kind)


def _known(value: ir.Value) -> ir.Value:
    """A condition that is not known to be true is false."""
    return value.fill_null(False) if value.type().is_boolean() else value


def _of_few_values(facts: ir.Table, reads: dict[str, tuple[str, ...]], engine: Engine) -> list[str]:
    """Columns that together have few values, of as many expressions as possible."""
    every = list(dict.fromkeys(name for names in reads.values() for name in names))
    if not every:
        return []
    sample = engine.scratch(facts.select(every).limit(_SAMPLE))
    chosen: list[str] = []
    for names in dict.fromkeys(sorted(reads.values(), key=len)):
        wanted = list(dict.fromkeys([*chosen, *names]))
        if len(wanted) > len(chosen):
            different = sample.select(wanted).distinct()
            if row_count(different, engine) <= _SAMPLE_KINDS:
                chosen = wanted
    return chosen


def _kinds(facts: ir.Table, columns: list[str], engine: Engine) -> ir.Table | None:
    different = engine.scratch(facts.select(columns).distinct())
    if row_count(different, engine) > MOST_KINDS:
        return None
    order = ibis.window(order_by=[different[name] for name in columns])
    return engine.scratch(different.mutate(_kind=ibis.row_number().over(order).cast("int16")))
