"""Which faces are compared at all: pairs that agree in one of some combinations of columns.

Belongs here: the combinations, and keeping the number of pairs in proportion to the number of faces. Does not belong
here: comparing.

Real data lose most matches here, so there are many combinations; but the pairs of a combination grow with the square of
the data. Each is therefore counted before it is used, and one that would give more pairs than its share is narrowed by
a further column, then another, and left out only if that is not enough. What was narrowed or left out is reported.

Where the same people are there again and again, that leaves hardly anything: then of a combination only the values that
most faces share, its crowds, are left out.

Which values are crowds is found out with the model and kept with it, as their frequencies are: so it does not depend on
who came since whether two faces are compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from cdp_assets.warehouse.operations import quick_hash, stable_id

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine

MOST_PAIRS_A_FACE = 1.0
"""Pairs that one combination may give, in proportion to the faces.

Among 100,000 records of made-up people, four times as many meant nine times the comparisons for 0.0009 more of the true
pairs compared."""

MOST_PAIRS_IN_ALL = 3.0
"""Pairs that all combinations may give together, in proportion to the faces."""

_ALWAYS, _ALWAYS_IN_ALL = 200_000, 2_000_000
"""So many pairs one combination, and all, may give in any case: small data are compared generously."""

_LEARNED_FROM = 250_000
"""Of more faces than this it is learned and counted from a part: ten thousands of pairs tell a share well enough."""

_MOST_CROWDS = 1_000
"""So many crowds are left out of a combination; one that has more is of crowds."""

COMBINATIONS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("email",), ()),
    (("phone",), ()),
    (("given", "family"), ("birth_year", "post_area", "city", "birth_date")),
    (("birth_date", "given_start"), ("family_start", "post_area")),
    (("birth_date", "family_start"), ("given_start", "post_area")),
    (("postcode", "family_start"), ("given_start",)),
    (("postcode", "given_start"), ("birth_year",)),
    (("mailbox",), ("given_start", "birth_year")),
    (("whole_name",), ("post_area", "birth_year", "city")),
    (("birth_date", "postcode"), ()),
    (("birth_date", "city"), ("given_start",)),
    (("birth_date", "post_area"), ("given_start",)),
    (("family", "post_area"), ("given_start", "birth_year")),
    (("family", "city"), ("given_start", "birth_year")),
    (("family", "birth_year"), ("given_start", "post_area")),
    (("postcode", "birth_year"), ("given_start",)),
    (("birth_day", "family_start"), ("given_start", "post_area")),
    (("given", "birth_year", "city"), ("family_start",)),
    (("given_start", "family_start", "birth_year"), ("post_area", "city")),
    (("given_start", "family_start", "post_area"), ("birth_year",)),
    (("given_start", "family_start", "city"), ("birth_year",)),
    (("birth_date",), ("given_start", "family_start")),
    (("given", "birth_year"), ("family_start", "post_area")),
    (("city", "birth_year"), ("given_start",)),
    (("family", "given_start"), ("birth_year", "post_area")),
    (("given", "city"), ("family_start", "birth_year")),
)  # fmt: skip
"""Columns to agree in, and the columns that narrow them, in the order of use."""


def blocking_columns() -> list[str]:
    """Every column that some combination asks for."""
    return sorted({name for columns, narrower in COMBINATIONS for name in (*columns, *narrower)})


@dataclass(frozen=True)
class Block:
    """One combination as it is used.

    Args:
        columns: Columns that both faces have to agree in.
        pairs: How many pairs agree in them, pairs of other blocks and pairs within a profile included; estimated where
            there are very many faces.
        wanted: The columns of the combination before it was narrowed.
        used: Whether it is used; False if no narrowing was enough.
        crowds: `_key` of the values that so many faces share that they are not compared by it.
    """

    columns: tuple[str, ...]
    pairs: int
    wanted: tuple[str, ...]
    used: bool = True
    crowds: tuple[int, ...] = ()


def blocks(some: ir.Table, one_in: int, filled: Mapping[str, float], count: int, engine: Engine) -> list[Block]:
    """Choose the blocks for some faces.

    Args:
        some, one_in: What `thinned` leaves of the faces.
        filled: Column → the share of faces that have it.
        count: How many faces there are in all.
        engine: Computes.
    """
    most = max(_ALWAYS, int(MOST_PAIRS_A_FACE * count))
    waiting = [
        (columns, columns, tuple(name for name in narrower if filled.get(name, 0) > 0))
        for columns, narrower in COMBINATIONS
        if all(filled.get(column, 0.0) > 0 for column in columns)
    ]
    found: dict[tuple[str, ...], Block] = {}
    while waiting:
        # Of pairs, one in the square of that is among them.
        counted = [pairs * one_in**2 for pairs in count_pairs(some, [columns for columns, _, _ in waiting], engine)]
        again = []
        for (columns, wanted, narrower), pairs in zip(waiting, counted, strict=True):
            if pairs <= most:
                found[wanted] = Block(columns, pairs, wanted)
            elif narrower:
                again.append(((*columns, narrower[0]), wanted, narrower[1:]))
            else:
                found[wanted] = Block(columns, pairs, wanted, used=False)
        waiting = again
    useful = _without_repetitions([found[columns] for columns, _ in COMBINATIONS if columns in found])
    in_all = max(_ALWAYS_IN_ALL, int(MOST_PAIRS_IN_ALL * count))
    kept: list[Block] = []
    for block in useful:
        kept.append(replace(block, used=block.used and _spent(kept) + block.pairs <= in_all))
    if _spent(kept) >= _ALWAYS:
        return kept
    for place, block in enumerate(kept):
        if block.pairs > most and not any(other.used and other.columns == block.columns for other in kept):
            rest = _without_crowds(block, some, one_in, most, engine)
            kept[place] = replace(rest, used=rest.used and _spent(kept) + rest.pairs <= in_all)
    return kept


def _spent(kept: Sequence[Block]) -> int:
    return sum(block.pairs for block in kept if block.used)


def _without_crowds(block: Block, some: ir.Table, one_in: int, most: int, engine: Engine) -> Block:
    """A block without the values that most faces share, as few of them as leave no more than ``most`` pairs; as it is,
    and not used, if these are too many, or nothing else."""
    whole = some.filter(ibis.and_(*(some[column].notnull() for column in block.columns)))
    sizes = whole.group_by(*block.columns).aggregate(size=whole.count())
    largest = sizes.order_by(sizes["size"].desc()).limit(_MOST_CROWDS + 1)
    found = engine.to_arrow(largest.select("size", key=_key(largest, block.columns))).to_pylist()
    crowds: list[int] = []
    left = block.pairs
    # Of values that equally many share, all are left out or none.
    for size in sorted({row["size"] for row in found}, reverse=True):
        alike = [row["key"] for row in found if row["size"] == size]
        crowds += alike
        left -= len(alike) * (size * (size - 1) // 2) * one_in**2
        if len(crowds) > _MOST_CROWDS or left <= most:
            break
    if len(crowds) > _MOST_CROWDS or not 0 < left <= most:
        return block
    return replace(block, pairs=left, used=True, crowds=tuple(sorted(crowds)))


def in_crowd(shown: ir.Table, block: Block) -> ir.BooleanValue:
    """Whether faces are in a crowd of a block, by which they are not compared with anybody then.

    Args:
        shown: Faces with the columns of the block.
        block: The block.
    """
    return _key(shown, block.columns).isin(block.crowds)


def _key(shown: ir.Table, columns: Sequence[str]) -> ir.IntegerValue:
    return stable_id(*(shown[column] for column in columns))


def thinned(shown: ir.Table, count: int, engine: Engine) -> tuple[ir.Table, int]:
    """The faces to learn from, which are all or one in so many, and that number.

    Args:
        shown: `faces.FACES`.
        count: How many there are.
        engine: Computes.
    """
    one_in = max(count // _LEARNED_FROM, 1)
    if one_in == 1:
        return shown, 1
    return engine.scratch(shown.filter(quick_hash(shown.face) % one_in == 0)), one_in


def count_pairs(shown: ir.Table, combinations: Sequence[tuple[str, ...]], engine: Engine) -> list[int]:
    """How many pairs of faces agree in each combination of columns."""
    named = sorted({column for columns in combinations for column in columns})
    # Each text is looked at once; grouping by its hash takes a fraction of grouping by texts.
    codes = engine.scratch(shown.select(**{name: coded(shown[name]) for name in named}))
    counts = []
    for columns in combinations:
        whole = codes.filter(ibis.and_(*(codes[column].notnull() for column in columns)))
        sizes = whole.group_by(*columns).aggregate(size=whole.count())
        pairs = (sizes["size"] * (sizes["size"] - 1) / 2).sum().coalesce(0).cast("int64")
        counts.append(sizes.aggregate(pairs=pairs))
    fetched = [engine.to_arrow(counted)["pairs"][0].as_py() for counted in counts]
    return [int(pairs) for pairs in fetched]


def coded(value: ir.Value) -> ir.IntegerValue:
    """A number for a value, equal for equal values; null for null."""
    return ibis.ifelse(value.notnull(), quick_hash(value), ibis.null("int64"))


def _without_repetitions(found: list[Block]) -> list[Block]:
    """Leave out blocks without pairs, and those whose pairs another one has anyway since it asks for less."""
    useful = [block for block in found if block.pairs > 0]
    return [
        block
        for place, block in enumerate(useful)
        if not any(
            other.used
            and set(other.columns) <= set(block.columns)
            and (position < place or other.columns != block.columns)
            for position, other in enumerate(useful)
            if position != place
        )
    ]
