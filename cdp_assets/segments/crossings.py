"""Which bounds somebody crossed on entering or leaving: the terms of a condition whose turning turned the whole.

Of `a and b`, entering turns the terms that were not true before; of `a or b`, those that are true now; below `not` it
is the other way round. So a term is why somebody entered or left if it turned, and all that it is part of with it.

Belongs here: finding those terms. Does not belong here: who entered or left (`membership.py`), and the words for it
(`reasons.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import ibis
import ibis.expr.types as ir

from cdp_assets.canonical.schema import TableSchema
from cdp_assets.segments.formulas import formula_of
from cdp_assets.segments.schemas import personal_terms
from cdp_assets.segments.spec import SegmentSpec
from cdp_assets.warehouse.engine import Engine
from cdp_assets.warehouse.expressions import bind, check
from cdp_assets.warehouse.matching import AND, NAME, NOT, OR, Formula, terms_of

BEFORE, AFTER = "before__", "after__"
"""What the columns of `compared` begin with."""

_BETWEEN = "; "

_LONGEST = 200
"""Characters of a term that are told: a list of people may be very long."""


def compared(changes: ir.Table, before: ir.Table, after: ir.Table) -> ir.Table:
    """The people who have changes, each once: their values then and now.

    Args:
        changes: ``profile_id``, and ``before_id``: who they were at the last run, whose values then count.
        before: What conditions saw at the last run, one row per profile.
        after: What they see now, the same columns.

    Returns:
        ``pair`` (a number), ``profile_id``, ``before_id``, and every column of both as ``before__x`` and ``after__x``,
        among them ``before__profile_id`` and ``after__profile_id``, which are null where there is no row.
    """
    people = changes.select("profile_id", "before_id").distinct()
    numbered = people.mutate(pair=ibis.row_number().over(order_by=["profile_id", "before_id"]).cast("int64"))
    then, now = (
        table.select(**{f"{mark}{name}": table[name] for name in table.columns})
        for mark, table in ((BEFORE, before), (AFTER, after))
    )
    known = numbered.left_join(then, numbered.before_id == then[f"{BEFORE}profile_id"])
    return known.left_join(now, known.profile_id == now[f"{AFTER}profile_id"])


def crossings(
    people: ir.Table,
    specs: Sequence[SegmentSpec],
    customer: TableSchema,
    engine: Engine,
    before_at: datetime,
    as_of: datetime,
) -> ir.Table:
    """Which terms turned each person's answer, for every segment whose answer about them turned.

    Args:
        people: `compared`.
        specs: The segments.
        customer: Schema of `customer_360`, with moments.
        engine: Answers the formulas.
        before_at: Instant of the last run.
        as_of: Instant of this one.

    Returns:
        ``segment``, ``pair``, ``crossed`` (the terms) and ``by_values`` (whether a value that one of them reads is
        another one; if not, time has passed).
    """
    formulas = {spec.name: formula_of(spec.where) for spec in specs}
    kept = personal_terms(specs, customer)
    truths = _truths(people, list(formulas.values()), kept, customer, before_at, as_of)
    turning: dict[str, Formula] = {}
    said: list[tuple[str, str, str | None]] = []
    for name, formula in formulas.items():
        reads: list[Formula] = []
        for term, way in _turning(formula).items():
            said.append((f"{name} {len(said)}", name, term if len(term) <= _LONGEST else f"{term[: _LONGEST - 1]}…"))
            turning[said[-1][0]] = way
            checked = check(term, customer.ibis_schema, as_of=True)
            differs = (OR, tuple(f"differs {column}" for column in checked.columns))
            # Of personal values nobody knows whether they differ: but without time, nothing else can.
            reads.append(way if term in kept and not checked.uses_as_of else (AND, (way, differs)))
        said.append((f"{name} {len(said)}", name, None))
        turning[said[-1][0]] = (OR, tuple(reads))
    labels = ibis.memtable(
        {NAME: [row[0] for row in said], "segment": [row[1] for row in said], "term": [row[2] for row in said]},
        schema=ibis.schema({NAME: "string", "segment": "string", "term": "string"}),
    )
    used = {term: truths[term] for term in terms_of(list(turning.values()))}
    found = engine.matches(people, "pair", turning, used).pairs()
    told = found.join(labels, found[NAME] == labels[NAME]).select("segment", "pair", "term")
    return told.group_by("segment", "pair").agg(
        crossed=told.term.collect().sort().join(_BETWEEN).nullif(""), by_values=told.term.isnull().any()
    )


def _turning(formula: Formula) -> dict[str, Formula]:
    """Term → when it is among those that turned the formula, over the terms as they were and are."""
    ways: dict[str, list[Formula]] = {}
    for gained in (True, False):
        for term, way in _paths(formula, gained, ()):
            ways.setdefault(term, []).append(way)
    return {term: (OR, tuple(found)) for term, found in ways.items()}


def _paths(formula: Formula, gained: bool, above: tuple[Formula, ...]) -> Iterator[tuple[str, Formula]]:
    """Each term with all that it is a part of turned in the direction that turns the whole."""
    if not isinstance(formula, str) and formula[0] == NOT:
        yield from _paths(formula[1][0], not gained, above)
        return
    was, now = _at("before", formula), _at("after", formula)
    path = (*above, (AND, (now, (NOT, (was,)))) if gained else (AND, (was, (NOT, (now,)))))
    if isinstance(formula, str):
        yield formula, (AND, path)
        return
    for part in formula[1]:
        yield from _paths(part, gained, path)


def _at(when: str, formula: Formula) -> Formula:
    if isinstance(formula, str):
        return f"{when} {formula}"
    return formula[0], tuple(_at(when, part) for part in formula[1])


def _truths(
    people: ir.Table,
    formulas: Sequence[Formula],
    kept: Mapping[str, str],
    customer: TableSchema,
    before_at: datetime,
    as_of: datetime,
) -> Mapping[str, ir.BooleanValue]:
    """Whether each term was and is true of each person, and whether each column differs; never null.

    What a term over personal values said is kept as such (`personal_terms`), since the values themselves are not.
    """
    found: dict[str, ir.BooleanValue] = {}
    for when, mark, instant in (("before", BEFORE, before_at), ("after", AFTER, as_of)):
        there = people[f"{mark}profile_id"].notnull()
        for term in terms_of(formulas):
            if term not in kept:
                told = bind(term, people, as_of=instant, schema=customer.ibis_schema, prefix=mark)
            elif f"{mark}{kept[term]}" in people.columns:
                told = people[f"{mark}{kept[term]}"]
            else:
                told = ibis.literal(False)
            found[f"{when} {term}"] = there & told.fill_null(False)
    for column in customer.column_names:
        if f"{BEFORE}{column}" in people.columns:
            same = people[f"{BEFORE}{column}"].identical_to(people[f"{AFTER}{column}"])
            found[f"differs {column}"] = ~same
    return found
