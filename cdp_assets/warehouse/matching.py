"""Which rows meet which of very many conditions.

Belongs here: conditions as formulas over terms, and the two ways to answer them. Does not belong here: where conditions
come from (the stages), and the engine that fetches the terms.

Companies write a thousand conditions over some hundred terms. Each term is computed once, as one bit a row; `and`, `or`
and `not` then take 64 rows at a time. So the conditions cost about as much as their terms, however many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import numpy as np
    import pyarrow as pa

Formula = str | tuple[str, "tuple[Formula, ...]"]
"""A term (its SQL), or one of `AND`, `OR` (of any number) and `NOT` (of one) with formulas."""

AND, OR, NOT = "and", "or", "not"

NAME = "name"


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

    def met(formula: Formula) -> ir.BooleanValue:
        if isinstance(formula, str):
            return terms[formula]
        parts = [met(part) for part in formula[1]]
        return ~parts[0] if formula[0] == NOT else reduce(and_ if formula[0] == AND else or_, parts)

    names = ibis.array([ibis.ifelse(met(formula), name, ibis.null("string")) for name, formula in formulas.items()])
    unfolded = rows.select(**{NAME: names.unnest(), key: rows[key]})
    return unfolded.filter(unfolded[NAME].notnull())


def in_batches(batches: Iterator[pa.RecordBatch], formulas: Sequence[Formula]) -> Iterator[pa.RecordBatch]:
    """The answer from batches of the key and of every term.

    Args:
        batches: The key in the first column, then the terms as booleans without nulls, in the order of `terms_of`.
        formulas: The formulas.

    Yields:
        Batches of the number of a formula (int32) and the key of a row that meets it.
    """
    import numpy as np
    import pyarrow as pa

    terms = {term: place for place, term in enumerate(terms_of(formulas))}
    for batch in batches:
        keys = batch.column(0).to_numpy(zero_copy_only=False)
        bits = [_bits(batch.column(place + 1)) for place in terms.values()]
        answer = _answers(terms, bits, len(keys))
        for start in range(0, len(formulas), 64):
            met = [
                np.flatnonzero(np.unpackbits(answer(formula), count=len(keys), bitorder="little"))
                for formula in formulas[start : start + 64]
            ]
            numbers = np.repeat(np.arange(start, start + len(met), dtype=np.int32), [len(each) for each in met])
            yield pa.record_batch([pa.array(numbers), pa.array(keys[np.concatenate(met)])], ["number", "key"])


def _answers(terms: Mapping[str, int], bits: Sequence[np.ndarray], rows: int) -> Callable[[Formula], np.ndarray]:
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
