"""A delivery beside its stream's contract: columns that are new, gone, or of another type than before.

Belongs here: noticing the difference, and what a frozen contract refuses. Does not belong here: what becomes of single
rows (`normalised/faults.py`).

The words are those of dlt's schema contracts: a stream may ``evolve``, be frozen (``freeze``: the file is refused),
``discard_row`` or ``discard_value``, each for new columns and for values of another type.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from cdp_assets.sources.contract import texts_of, typed_value
from cdp_assets.sources.errors import SchemaDriftError
from cdp_assets.sources.spec import DISCARD_VALUE, EVOLVE, FREEZE, ColumnSpec, StreamSpec
from cdp_assets.warehouse.engine import Engine, row_count
from cdp_assets.warehouse.subqueries import computed_once

_LOOKED_AT = 20_000
"""Rows that are looked at for new columns: the first ones of each delivery, as many of each."""

_TRIED = 4_000
"""Rows whose values are tried against the contract's types, in the same way: enough to tell what most of them are."""

_REMEMBERED = 1_000
"""Names of columns that are worth remembering; more are keys that are data."""


@dataclass(frozen=True)
class Drift:
    """How the deliveries of one run differ from the contract and from those before.

    Args:
        new: Columns that the contract does not name, and that no delivery looked at had before.
        absent: Optional columns of the contract that a file did not have.
        mistyped: Columns of which most values do not fit the contract's type.
        known: The columns outside the contract that some delivery looked at had, these ones included; None if that was
            not looked at, or there are too many.
    """

    new: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    mistyped: tuple[str, ...] = ()
    known: tuple[str, ...] | None = None

    def __bool__(self) -> bool:
        return bool(self.new or self.mistyped)

    @property
    def lines(self) -> list[str]:
        """The difference, a line a column."""
        return [
            *(f"new column `{name}`: the contract does not name it" for name in self.new),
            *(f"`{name}` is of another type: most of its values do not fit" for name in self.mistyped),
            *(f"`{name}` is absent" for name in self.absent),
        ]


def drift(
    raw: ir.Table,
    stream: StreamSpec,
    loads: Sequence[str],
    absent: Collection[str],
    engine: Engine,
    known: Sequence[str] | None = None,
    empty: Collection[str] = (),
) -> Drift:
    """Compare the deliveries of a run with the contract and with earlier ones, on some rows of each.

    Args:
        raw: The stream's raw table.
        stream: The stream.
        loads: Ids of the run's deliveries.
        absent: Optional columns that were absent from one of them.
        engine: Looks.
        known: What is known of earlier deliveries (`Drift.known`); None if they have to be looked at.
        empty: Those of ``absent`` that were absent from all of them, which need not be tried.
    """
    if not loads:
        return Drift(known=None if known is None else tuple(known))
    recent = raw.filter(raw.load_id.isin(list(loads)))
    names = _names(recent, len(loads), engine)
    before = _names_before(raw, loads, engine) if known is None else set(known)
    seen = names | (before or set())
    return Drift(
        new=() if before is None else tuple(sorted(names - before)),
        absent=tuple(sorted(absent)),
        mistyped=tuple(_mistyped(recent, len(loads), stream, empty, engine)),
        known=tuple(sorted(seen)) if len(seen) <= _REMEMBERED else None,
    )


def held_to_contract(rows: ir.Table, file: str, stream: StreamSpec, engine: Engine) -> ir.Table:
    """Refuse a file that a frozen contract does not fit, or drop what the contract does not name.

    Args:
        rows: The file's rows as read.
        file: Its name, for the error.
        stream: The stream.
        engine: Looks.

    Raises:
        SchemaDriftError: if a frozen contract is broken.
    """
    contract = stream.contract
    if contract.columns == FREEZE and (unknown := sorted(_names(rows, 1, engine))):
        raise SchemaDriftError(
            file,
            f"the contract is frozen, and does not name {', '.join(f'`{name}`' for name in unknown)}",
            "Add the column to the stream's contract, or write `contract: {columns: evolve}`",
            column=unknown[0],
        )
    if contract.data_type == FREEZE:
        rows = engine.scratch(rows)  # looked at here, and written later
        counts = engine.to_arrow(misfits(rows, stream, stream.columns)).to_pylist()[0]
        wrong = [column.address for place, column in enumerate(stream.columns) if counts.get(f"wrong_{place}")]
        if wrong:
            raise SchemaDriftError(
                file,
                f"the contract is frozen, and values of {', '.join(f'`{name}`' for name in wrong)} do not fit its type",
                "Correct the type in the stream's contract, or write `contract: {data_type: discard_row}`",
                column=wrong[0],
            )
    return rows.mutate(extra=ibis.null("string")) if contract.columns == DISCARD_VALUE else rows


def keeps_misfits(stream: StreamSpec) -> bool:
    """Whether a row counts although a value of it does not fit its type; the value then is null."""
    return stream.contract.data_type in (EVOLVE, DISCARD_VALUE)


def _names_before(raw: ir.Table, loads: Sequence[str], engine: Engine) -> set[str] | None:
    """Names of the columns outside the contract that other deliveries had; None if there are no others."""
    others = raw.filter(~raw.load_id.isin(list(loads)))
    deliveries = row_count(others.select("load_id").distinct(), engine)
    return _names(others, deliveries, engine) if deliveries else None


def _names(rows: ir.Table, deliveries: int, engine: Engine) -> set[str]:
    """Names of the columns outside the contract, at the top level."""
    first = _first(_LOOKED_AT, rows, deliveries)
    some = engine.to_arrow(first.filter(first.extra.notnull()).select("extra").distinct())
    return {name for text in some.column("extra").to_pylist() for name in json.loads(text)}


def _first(many: int, rows: ir.Table, deliveries: int) -> ir.Table:
    """So many rows of some deliveries in all, the same of each, whatever the order in which they are stored."""
    return rows.filter(rows.source_row <= max(many // deliveries, 1))


def _mistyped(rows: ir.Table, deliveries: int, stream: StreamSpec, empty: Collection[str], engine: Engine) -> list[str]:
    tried = [column for column in stream.columns if column.address not in empty]
    counts = engine.to_arrow(misfits(_first(_TRIED, rows, deliveries), stream, tried)).to_pylist()[0]
    return [
        column.name
        for place, column in enumerate(tried)
        if (counts.get(f"wrong_{place}") or 0) * 2 > (counts.get(f"filled_{place}") or 0)
    ]


def misfits(rows: ir.Table, stream: StreamSpec, columns: Sequence[ColumnSpec]) -> ir.Table:
    """How many values each column has, and how many do not fit its type: ``filled_`` and ``wrong_`` with its place
    among the columns, for all that are not text.

    Args:
        rows: These columns as delivered.
        stream: Their contract.
        columns: Those of its columns that are tried.
    """
    tried = {place: column for place, column in enumerate(columns) if column.type != "string"}
    if not tried:
        return rows.aggregate(rows=rows.count())
    texts = computed_once(rows.select(**texts_of(rows, tried.values(), stream)))
    counts: dict[str, ir.IntegerScalar] = {}
    for place, column in tried.items():
        text = texts[column.name]
        fits = typed_value(text, column, stream.zone)
        counts |= {f"filled_{place}": text.count(), f"wrong_{place}": text.count() - fits.count()}
    return texts.aggregate(**counts)
