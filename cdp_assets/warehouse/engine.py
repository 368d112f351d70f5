"""What the stages may ask of whatever computes their tables.

Belongs here: the `Engine` protocol. Does not belong here: any implementation (`duckdb_engine.py`), and anything a stage
can say as an Ibis expression.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from cdp_assets.warehouse.files import FileReader

if TYPE_CHECKING:
    import ibis.expr.schema as sch
    import ibis.expr.types as ir
    import pandas as pd
    import pyarrow as pa

    from cdp_assets.canonical.schema import TableSchema
    from cdp_assets.warehouse.built import Patch
    from cdp_assets.warehouse.matching import Formula, Matches


TableRef = tuple[str, str]
"""A published table: its stage and name."""


class TableMissing(LookupError):
    """A table was asked for that no run has published yet."""

    def __init__(self, stage: str, name: str) -> None:
        super().__init__(f"{stage}.{name} has not been materialised yet; run the refresh first")
        self.stage = stage
        self.name = name


@dataclass(frozen=True)
class Fingerprint:
    """What a table holds, in three numbers.

    Args:
        rows: Row count.
        version: A hash of the rows as a set; equal content has an equal version.
        bytes: Size of the values, uncompressed.
    """

    rows: int
    version: str
    bytes: int

    def with_more(self, more: Fingerprint) -> Fingerprint:
        """Of a table that these rows were appended to."""
        rows = self.rows + more.rows
        return Fingerprint(rows, version(rows, self.total + more.total), self.bytes + more.bytes)

    def with_less(self, less: Fingerprint) -> Fingerprint:
        """Of a table that these rows, which were in it, were taken from."""
        rows = self.rows - less.rows
        return Fingerprint(rows, version(rows, self.total - less.total), self.bytes - less.bytes)

    @property
    def total(self) -> int:
        """The sum of the hashes of all rows."""
        return int(self.version.partition("-")[2], 16)


def gathered(pieces: Sequence[pa.Table], schema: sch.Schema, engine: Engine) -> ir.Table:
    """What was computed piece by piece, as one table; empty and typed if there is none."""
    import pyarrow as pa

    return engine.from_arrow(pa.concat_tables([schema.to_pyarrow().empty_table(), *pieces]), schema)


def empty(schema: sch.Schema, engine: Engine) -> ir.Table:
    """A typed table without rows."""
    return engine.from_arrow(schema.to_pyarrow().empty_table(), schema)


def has_rows(table: ir.Table, engine: Engine) -> bool:
    """Whether an expression gives any row."""
    return bool(engine.to_arrow(table.limit(1)).num_rows)


def row_count(table: ir.Table, engine: Engine) -> int:
    """How many rows an expression gives."""
    return int(engine.to_arrow(table.aggregate(rows=table.count()))["rows"][0].as_py())


def version(rows: int, total: int) -> str:
    """The version of so many rows whose hashes add up to ``total``."""
    return f"{rows}-{total:x}"


@dataclass(frozen=True)
class SplinkDatabase:
    """Where Splink works.

    Args:
        inputs: The tables it was given, as Splink's own.
        table: Gives a table that Splink made, by its physical name; to be copied (`Engine.scratch`) before the end.
    """

    inputs: Mapping[str, Any]
    table: Callable[[str], ir.Table]


class Engine(FileReader, Protocol):
    """Computes Ibis expressions and keeps their results as tables, one schema a stage."""

    name: str

    def table(self, stage: str, name: str) -> ir.Table:
        """Return a published table.

        Raises:
            TableMissing: if there is none.
        """

    def has_table(self, stage: str, name: str) -> bool:
        """Whether a table has been published."""

    def last_rows(self, stage: str, name: str, count: int) -> ir.Table:
        """The rows of a published table that were written last: so many at least, and all where that cannot be told."""

    def scratch(self, expression: ir.Table) -> ir.Table:
        """Compute an intermediate result once and return it as a table that lives until `drop_scratch`.

        Its rows are in no order, whatever order they were computed in.
        """

    @property
    def origins(self) -> dict[str, ir.Table]:
        """Scratch table name → the expression it was computed from, so that lineage can look through it."""

    def forget(self, expression: ir.Table, keep: Sequence[ir.Table] = ()) -> None:
        """Drop the scratch tables that an expression is made of: what is made after it has their memory.

        Args:
            expression: What nobody reads any more.
            keep: What is read later; scratch tables that these are made of stay.
        """

    def drop_scratch(self) -> None:
        """Forget every table made by `scratch` and `from_arrow`."""

    def from_arrow(
        self, data: pa.Table | pa.RecordBatchReader | pd.DataFrame, schema: sch.Schema | None = None
    ) -> ir.Table:
        """Load computed data into a scratch table with exactly the columns and types of ``schema``; without one, those
        that Arrow data has.
        """

    def to_arrow(self, expression: ir.Table) -> pa.Table:
        """Compute and fetch a small result."""

    def to_pandas(self, expression: ir.Table) -> pd.DataFrame:
        """Compute and fetch a small result."""

    def batches(self, expression: ir.Table, rows: int = 100_000) -> Iterator[pa.RecordBatch]:
        """Compute and fetch a large result in pieces of at most ``rows`` rows."""

    def map_values(
        self, values: ir.Table, function: Callable[[pa.Table], pa.Table], schema: sch.Schema, rows: int = 50_000
    ) -> ir.Table:
        """Run a Python function over a table of distinct values, piece by piece.

        Args:
            values: What to map; make it distinct first, since Python is slow.
            function: Takes up to ``rows`` rows, returns any number of rows with the columns of ``schema``.
            schema: Columns of the result.
        """

    def matches(
        self, rows: ir.Table, key: str, formulas: Mapping[str, Formula], terms: Mapping[str, ir.BooleanValue]
    ) -> Matches:
        """Find which rows meet which of very many formulas, as `matching.Expressed` says.

        Args:
            rows: The rows.
            key: The column that tells them apart, int64.
            formulas: Name → formula.
            terms: Term → whether a row meets it, over ``rows``; never null.
        """

    def connected_components(self, edges: ir.Table) -> ir.Table:
        """Label the components of an undirected graph.

        Args:
            edges: Columns ``left`` and ``right``, int64. A node alone is an edge to itself.

        Returns:
            ``node`` and ``component`` (the component's smallest node), one row a node.
        """

    def splink(self, **inputs: ir.Table) -> AbstractContextManager[SplinkDatabase]:
        """Open a place on this engine where Splink may work; everything in it is gone at the end.

        Args:
            inputs: Name → table that Splink is to see.
        """

    def bucket_sums(self, parts: Sequence[ir.Table], buckets: int) -> pa.Table:
        """Add the numbers of each bucket up, over many rows and buckets.

        Args:
            parts: Tables of ``bucket`` (0 to ``buckets`` - 1) and ``digest``, both int64.
            buckets: How many there are at most.

        Returns:
            ``bucket`` and ``digest``, both int64, by bucket, without sums of 0. Sums beyond an int64 wrap around.
        """

    def stage_table(self, stage: str, schema: TableSchema, expression: ir.Table) -> ir.Table:
        """Compute a table beside its published version, committed but not yet visible under its name.

        A large table may be staged as soon as it is known, and what is returned be read by whatever comes after: to
        stage exactly that again does nothing. An expression made of it takes its place.

        Raises:
            SchemaMismatch: if the expression lacks a column of ``schema`` or has another type that does not cast.
        """

    def stage_patch(self, stage: str, schema: TableSchema, patch: Patch) -> ir.Table:
        """Stage a change of a published table: what is returned is the whole table as it will be.

        Costs as much as the change; `publish` then applies it in place. A table that is not published yet, or has
        other columns, has to be staged whole.

        Raises:
            SchemaMismatch: if the patch lacks a column of ``schema``.
        """

    def staged_patch(self, stage: str, name: str) -> Patch | None:
        """The change of a table that is staged, as committed tables; None if it is staged whole, or not at all."""

    def can_patch(self, stage: str, schema: TableSchema) -> bool:
        """Whether a table is published with exactly the columns of ``schema``, so that `stage_patch` can change it."""

    def publish(self, tables: Sequence[TableRef], notes: Mapping[TableRef, str] | None = None) -> None:
        """Swap staged tables in, all in one transaction; readers see the old or the new ones, never a mixture.

        Args:
            tables: The tables.
            notes: What `note` tells of them from then on. A table without one has none, whatever it had.
        """

    def note(self, stage: str, name: str) -> str | None:
        """What was noted about a table as it stands; None if nothing was, or it has been changed since."""

    def take_note(self, stage: str, name: str, text: str | None) -> None:
        """Note something about a published table, in place of what was noted."""

    def discard(self, tables: Sequence[TableRef]) -> None:
        """Drop staged tables that will not be published."""

    def append(self, stage: str, name: str, expression: ir.Table) -> None:
        """Add rows to a published table (made empty if missing) in one transaction; new columns are added."""

    def appending(self, stage: str, name: str, expression: ir.Table) -> AbstractContextManager[ir.Table]:
        """As `append`: gives the table with the rows in it, which stay there unless an exception is raised."""

    def cursor(self) -> Any:
        """A DB-API cursor that sees all committed tables, for data-quality checks; the caller closes it."""

    def fingerprint(self, table: ir.Table) -> Fingerprint:
        """Count and hash the rows of a table; of committed tables, any thread may ask."""

    def snapshot(self, target: Any) -> int:
        """Write a read-only copy of all published tables for readers, atomically; return its bytes."""


class SchemaMismatch(ValueError):
    """A computed table does not have the columns that its schema promises."""
