"""Which rows meet which of very many conditions.

Belongs here: conditions as formulas over terms, and the two ways to answer them. Does not belong here: where conditions
come from (the stages), and the engine that fetches the terms (`duckdb_matches.py`).

Companies write a thousand conditions over some hundred terms. Each term is computed once, as one bit a row; `and`, `or`
and `not` then take 64 rows at a time. So the conditions cost about as much as their terms, however many there are. The
answer stays bits until somebody asks for rows: a thousand names for each of a million rows are far more to write down
than to know.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Protocol

import ibis

from cdp_assets.warehouse.operations import quick_hash

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import numpy as np
    import pyarrow as pa

Formula = str | tuple[str, "tuple[Formula, ...]"]
"""A term (its SQL), or one of `AND`, `OR` (of any number) and `NOT` (of one) with formulas."""

AND, OR, NOT = "and", "or", "not"

NAME = "name"


class Matches(Protocol):
    """Which rows meet which formulas, found once and told as often as anybody asks."""

    def pairs(self, names: Collection[str] | None = None, keys: ir.Table | None = None) -> ir.Table:
        """Columns ``name`` and the key, one row for each row and formula that it meets.

        Computed whenever it is asked for: whoever needs it twice keeps it (`Engine.scratch`).

        Args:
            names: Only these formulas.
            keys: Only rows with these keys; one column, called like the key.
        """

    def totals(self) -> ir.Table:
        """Columns ``name``, ``rows`` (how many meet it) and ``digest`` (a hash of which); nobody may mean no row."""

    def marks(self) -> ir.Table:
        """The key, and ``mark``: a hash of the names that the row meets; 0 if it meets none."""


@dataclass(frozen=True)
class Expressed:
    """`Matches` as expressions, for any engine.

    Args:
        rows, key, formulas, terms: As in `as_expression`.
    """

    rows: ir.Table
    key: str
    formulas: Mapping[str, Formula]
    terms: Mapping[str, ir.BooleanValue]

    def pairs(self, names: Collection[str] | None = None, keys: ir.Table | None = None) -> ir.Table:
        """See `Matches.pairs`."""
        wanted = {name: formula for name, formula in self.formulas.items() if names is None or name in names}
        if not wanted:
            nobody = self.rows.filter(ibis.literal(False))
            return nobody.select(**{NAME: ibis.literal(""), self.key: nobody[self.key]})
        found = as_expression(self.rows, self.key, wanted, self.terms)
        return found if keys is None else found.semi_join(keys, self.key)

    def totals(self) -> ir.Table:
        """See `Matches.totals`."""
        pairs = self.pairs()
        return pairs.group_by(NAME).agg(rows=pairs.count(), digest=quick_hash(pairs[self.key]).bit_xor())

    def marks(self) -> ir.Table:
        """See `Matches.marks`."""
        marks = ibis.memtable(
            {NAME: list(self.formulas), "mark": [mark_of(name) for name in self.formulas]},
            schema=ibis.schema({NAME: "string", "mark": "int64"}),
        )
        found = self.pairs().join(marks, NAME).group_by(self.key).agg(mark=lambda t: t.mark.bit_xor())
        joined = self.rows.left_join(found, self.key)
        return joined.select(**{self.key: self.rows[self.key], "mark": found.mark.coalesce(0)})


@dataclass(frozen=True)
class Together:
    """`Matches` of several rounds over the same rows, each with names of its own.

    Args:
        rounds: At least one.
        key: The column that tells rows apart.
    """

    rounds: Sequence[Matches]
    key: str

    def pairs(self, names: Collection[str] | None = None, keys: ir.Table | None = None) -> ir.Table:
        """See `Matches.pairs`."""
        return ibis.union(*(each.pairs(names, keys) for each in self.rounds))

    def totals(self) -> ir.Table:
        """See `Matches.totals`."""
        return ibis.union(*(each.totals() for each in self.rounds))

    def marks(self) -> ir.Table:
        """See `Matches.marks`."""
        if len(self.rounds) == 1:
            return self.rounds[0].marks()
        return (
            ibis.union(*(each.marks() for each in self.rounds)).group_by(self.key).agg(mark=lambda t: t.mark.bit_xor())
        )


def mark_of(name: str) -> int:
    """A name as 64 bits. The marks of a row's names, put together by exclusive or, tell one set of names from another:
    two that differ have the same with probability 2⁻⁶⁴.
    """
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)


def terms_of(formulas: Sequence[Formula]) -> list[str]:
    """The terms of formulas, each once."""
    found: dict[str, None] = {}

    def collect(formula: Formula) -> None:
        if isinstance(formula, str):
            found[formula] = None
        else:
            for part in formula[1]:
                collect(part)

    for formula in formulas:
        collect(formula)
    return list(found)


def as_expression(
    rows: ir.Table, key: str, formulas: Mapping[str, Formula], terms: Mapping[str, ir.BooleanValue]
) -> ir.Table:
    """The answer as one expression, for any engine: each row yields the list of its names, which is then unfolded.

    Args:
        rows: The rows.
        key: The column that tells them apart.
        formulas: Name → formula.
        terms: Term → whether a row meets it, over ``rows``; never null.

    Returns:
        Columns ``name`` and ``key``, one row for each row and formula that it meets.
    """

    known: dict[Formula, ir.BooleanValue] = {}

    def met(formula: Formula) -> ir.BooleanValue:
        if isinstance(formula, str):
            return terms[formula]
        if formula not in known:
            parts = [met(part) for part in formula[1]]
            known[formula] = ~parts[0] if formula[0] == NOT else reduce(and_ if formula[0] == AND else or_, parts)
        return known[formula]

    names = ibis.array([ibis.ifelse(met(formula), name, ibis.null("string")) for name, formula in formulas.items()])
    unfolded = rows.select(**{NAME: names.unnest(), key: rows[key]})
    return unfolded.filter(unfolded[NAME].notnull())


class Bits:
    """Which rows meet which formulas, one bit each."""

    def __init__(self, batches: Iterable[pa.RecordBatch], formulas: Mapping[str, Formula]) -> None:
        """Answer all formulas.

        Args:
            batches: The key in the first column (int64), a hash of it in the second (int64), then the terms as booleans
                without nulls, in the order of `terms_of`.
            formulas: Name → formula.
        """
        import numpy as np

        self.names = list(formulas)
        terms = {term: place for place, term in enumerate(terms_of(list(formulas.values())))}
        keys, digests = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        self._blocks: list[tuple[int, list[np.ndarray]]] = []
        for batch in batches:
            keys.append(batch.column(0).to_numpy(zero_copy_only=False))
            digests.append(batch.column(1).to_numpy(zero_copy_only=False))
            answer = _answers(terms, [_bits(batch.column(place + 2)) for place in terms.values()])
            self._blocks.append((len(batch), [answer(formula) for formula in formulas.values()]))
        self.keys, self._digests = np.concatenate(keys), np.concatenate(digests)

    def pairs(self, names: Collection[str] | None, keys: np.ndarray | None) -> Iterator[pa.RecordBatch]:
        """Batches of a name's number (int32) and the key of a row that meets it, in the order of names and keys.

        Args:
            names: Only these.
            keys: Only these.
        """
        import numpy as np
        import pyarrow as pa

        among = None if keys is None else self._packed(np.isin(self.keys, keys))
        for name, number in sorted((name, number) for number, name in enumerate(self.names)):
            if names is None or name in names:
                met = np.sort(self.keys[self._met(number, among)])
                yield pa.record_batch([pa.array(np.full(len(met), number, np.int32)), pa.array(met)], ["number", "key"])

    def totals(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of each name how many rows meet it, and the hashes of their keys put together; of each row its mark."""
        import numpy as np

        counts, digests = (np.zeros(len(self.names), np.int64) for _ in range(2))
        marks = np.zeros(len(self.keys), np.int64)
        for number, name in enumerate(self.names):
            met = self._met(number)
            counts[number] = len(met)
            digests[number] = np.bitwise_xor.reduce(self._digests[met])
            marks[met] ^= mark_of(name)
        return counts, digests, marks

    def _met(self, number: int, among: Sequence[np.ndarray] | None = None) -> np.ndarray:
        """The places of the rows that meet a formula."""
        import numpy as np

        found, start = [np.empty(0, np.int64)], 0
        for block, (rows, answers) in enumerate(self._blocks):
            bits = answers[number] if among is None else answers[number] & among[block]
            met = np.unpackbits(bits, count=rows, bitorder="little").view(np.bool_)
            found.append(np.flatnonzero(met) + start)
            start += rows
        return np.concatenate(found)

    def _packed(self, chosen: np.ndarray) -> list[np.ndarray]:
        """Rows as bits, block by block."""
        import numpy as np

        ends = np.cumsum([rows for rows, _ in self._blocks])[:-1]
        return [np.packbits(block, bitorder="little") for block in np.split(chosen, ends)]


def _answers(terms: Mapping[str, int], bits: Sequence[np.ndarray]) -> Callable[[Formula], np.ndarray]:
    """Formula → its bits; what formulas share is computed once."""
    known: dict[Formula, np.ndarray] = {}

    def answer(formula: Formula) -> np.ndarray:
        if isinstance(formula, str):
            return bits[terms[formula]]
        if formula not in known:
            parts = [answer(part) for part in formula[1]]
            known[formula] = ~parts[0] if formula[0] == NOT else reduce(and_ if formula[0] == AND else or_, parts)
        return known[formula]

    return answer


def _bits(column: pa.Array) -> np.ndarray:
    """The bits of a column of booleans, the first row in the lowest bit."""
    import numpy as np

    buffer = column.buffers()[1]
    if column.offset % 8 or column.null_count or buffer is None:
        return np.packbits(column.to_numpy(zero_copy_only=False).astype(bool), bitorder="little")
    start = column.offset // 8
    return np.frombuffer(buffer, dtype=np.uint8)[start : start + (len(column) + 7) // 8]
