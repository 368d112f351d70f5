"""The embedded engine: one DuckDB file, Ibis on top.

Belongs here: everything that is DuckDB's own: transactions, cursors, snapshots. Does not belong here: reading delivered
files (`duckdb_files.py`), how the file is opened and locked (`connection.py`), and anything about Dagster.
"""

from __future__ import annotations

import itertools
import logging
import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.schema as sch
import ibis.expr.types as ir
from ibis.backends.sql.datatypes import DuckDBType

from cdp_assets.warehouse import duckdb_encoding as encoding
from cdp_assets.warehouse.built import Patch
from cdp_assets.warehouse.duckdb_files import DuckDBFiles
from cdp_assets.warehouse.engine import Fingerprint, SchemaMismatch, SplinkDatabase, TableMissing, TableRef, version
from cdp_assets.warehouse.serving_copy import publish_copy

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from ibis.backends.duckdb import Backend

    from cdp_assets.canonical.schema import TableSchema
    from cdp_assets.warehouse.duckdb_streams import Stream
    from cdp_assets.warehouse.matching import Formula, Matches

ibis.options.sql.fuse_selects = False
"""Selects stay as the expression has them: DuckDB makes one of them itself, and Ibis takes as long to do so as to write
all the rest. What is read twice in one statement is then kept in memory, so make a `scratch` of it, or of its use."""

_STAGED = "__staged"
_SCRATCH = "temp.main"
_GONE = "__gone"
_COMING = "__coming"
_MATCHED_AT_ONCE = 131_072
"""Rows whose bits fit into a processor's cache."""
_NOT_LOGGED = "16MiB"
"""So much of an append goes to its table at once; less of it to the log first, and to the table with other changes."""
_TIDIED_AT_ONCE = "100"
"""Groups of rows that are written anew where tables grew by a little or lost much; `Settings.duckdb_config` puts it off
until then."""


def _quoted(*names: str) -> str:
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


@cache
def _type_in_sql(dtype: dt.DataType) -> str:
    """A column's type as a table's definition has it, with NOT NULL where it has to be."""
    [column] = ibis.schema({"_": dtype}).to_sqlglot_column_defs("duckdb")
    return str(column.sql("duckdb")).removeprefix('"_" ')


@cache
def _type_told(kind: str, nullable: bool) -> dt.DataType:
    """A column's type as DuckDB tells it."""
    return DuckDBType.from_string(kind, nullable=nullable)


_TOLD: dict[str, dt.DataType] = {}
"""Types of columns, as DuckDB told them once of tables that were made with columns so defined."""


@contextmanager
def _quiet() -> Iterator[None]:
    """Splink tells of its progress on its own logger; here the run does."""
    logger = logging.getLogger("splink")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def _typed(stage: str, schema: TableSchema, expression: ir.Table) -> ir.Table:
    missing = [name for name in schema.column_names if name not in expression.columns]
    if missing:
        raise SchemaMismatch(f"{stage}.{schema.name} was computed without the columns {', '.join(missing)}")
    return expression.select(
        **{
            column.name: expression[column.name]
            if expression[column.name].type() == column.dtype
            else expression[column.name].cast(column.dtype)
            for column in schema.columns
        }
    )


def _as_they_are(expression: ir.Table) -> ir.Table:
    """What an expression selects all columns from, under their names and in their order."""
    relation = expression.op()
    while isinstance(relation, ops.Project) and relation.values == relation.parent.fields:
        relation = relation.parent
    return relation.to_expr()


def _is_committed(table: ops.DatabaseTable) -> bool:
    """Whether a table is one of a stage: all others are this thread's, or of a catalog that is there for a while."""
    return table.namespace.database is not None and table.namespace.catalog is None


class DuckDBEngine(DuckDBFiles):
    """`Engine` on DuckDB. One connection, a cursor for each thread (a shared one mixes up results)."""

    name = "duckdb"

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, file: Path | None = None, catalog: str | None = None
    ) -> None:
        self._connection = connection
        self._file = file
        self._catalog = catalog
        """Where tables are looked for; null for the connection's own."""
        self._local = threading.local()
        self._usual: dict[str, str] = {}
        self._counter = itertools.count()
        self._notes: dict[TableRef, str] | None = None
        """What is noted with the tables, for as long as a step reads it and writes none."""

    @classmethod
    def in_memory(cls, config: dict[str, str] | None = None) -> DuckDBEngine:
        """An engine without a file, for tests, previews and evaluations.

        What exceeds its memory goes to the folder that ``config`` names as `temp_directory`; where nothing is around
        that, to the machine's own for such files.
        """
        given: dict[str, str | bool | int | float | list[str]] = dict(config or {})
        if "temp_directory" in given and not Path(str(given["temp_directory"])).parent.is_dir():
            # DuckDB makes the last folder of a path and no other, and takes it away again.
            given["temp_directory"] = str(Path(tempfile.gettempdir()) / f"cdp-{os.getpid()}")
        return cls(duckdb.connect(":memory:", config=given))

    @property
    def backend(self) -> Backend:
        """This thread's Ibis backend."""
        if not hasattr(self._local, "backend"):
            self._local.backend = ibis.duckdb.from_connection(self.cursor())
            self._local.scratch = []
            self._local.streams = []
            self._local.views = []
            self._local.origins = {}
        return self._local.backend

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A new cursor that sees all committed tables."""
        cursor = self._connection.cursor()
        if self._catalog is not None:
            # A cursor does not take over where another looks.
            cursor.execute(f"USE {_quoted(self._catalog)}")
        return cursor

    # -- reading ----------------------------------------------------------------------------------------------------

    def table(self, stage: str, name: str) -> ir.Table:
        try:
            return self._found(stage, name)
        except duckdb.CatalogException:
            raise TableMissing(stage, name) from None

    def _found(self, place: str, name: str) -> ir.Table:
        """A table of a stage or a catalog's schema. Ibis's own `table` takes five times as long to ask for columns."""
        where = _quoted(*filter(None, place.split(".")), name)
        described = self.backend.con.execute(f"DESCRIBE {where}").fetchall()
        return self._known(
            place, name, {column: _type_told(kind, null == "YES") for column, kind, null, *_ in described}
        )

    def _known(self, place: str, name: str, types: Mapping[str, dt.DataType]) -> ir.Table:
        catalog, _, database = place.rpartition(".")
        namespace = ops.Namespace(catalog=catalog or None, database=database or None)
        return ops.DatabaseTable(name, schema=sch.Schema(types), source=self.backend, namespace=namespace).to_expr()

    def has_table(self, stage: str, name: str) -> bool:
        # To look it up among all that there is takes forty times as long.
        try:
            self.backend.con.execute(f"SELECT 1 FROM {_quoted(stage, name)} LIMIT 0")
        except duckdb.CatalogException:
            return False
        return True

    def last_rows(self, stage: str, name: str, count: int) -> ir.Table:
        # What is written comes last and stays in that order; a row that is deleted leaves a gap, or none.
        [(last,)] = self.backend.con.execute(f"SELECT max(rowid) FROM {_quoted(stage, name)}").fetchall()
        table = self.table(stage, name)
        return table if last is None else table.filter(table.rowid() > last - count)

    def to_arrow(self, expression: ir.Table) -> pa.Table:
        from ibis.backends.duckdb.converter import DuckDBPyArrowData

        # Ibis's own `to_pyarrow` has DuckDB bind the statement twice.
        read = self.backend.con.execute(self._compiled(expression)).to_arrow_table()
        table: pa.Table = expression.__pyarrow_result__(read, data_mapper=DuckDBPyArrowData)
        return table

    def to_pandas(self, expression: ir.Table) -> pd.DataFrame:
        frame: pd.DataFrame = self.backend.execute(expression)
        return frame

    def batches(self, expression: ir.Table, rows: int = 100_000) -> Iterator[pa.RecordBatch]:
        sql = self._compiled(expression)
        cursor = self.cursor() if not self._local.scratch else self.backend.con
        yield from cursor.execute(sql).to_arrow_reader(rows)

    def _compiled(self, expression: ir.Table) -> str:
        """The SQL of an expression, for which all that it reads is there."""
        if expression.op().find(ops.InMemoryTable):
            self.backend._run_pre_execute_hooks(expression)  # which looks through the expression three times
        sql: str = self.backend.compile(expression)
        return sql

    # -- intermediates ----------------------------------------------------------------------------------------------

    def _scratch_name(self) -> str:
        name = f"scratch_{next(self._counter)}"
        _ = self.backend
        self._local.scratch.append(name)
        return name

    def scratch(self, expression: ir.Table) -> ir.Table:
        name = self._scratch_name()
        self._local.origins[name] = expression
        return self._filled(_SCRATCH, name, expression)

    @property
    def origins(self) -> dict[str, ir.Table]:
        _ = self.backend
        return dict(self._local.origins)

    def forget(self, expression: ir.Table, keep: Sequence[ir.Table] = ()) -> None:
        read = {name for each in keep for name in self._made_of(each)}
        for name in self._made_of(expression) - read:
            self._local.scratch.remove(name)
            self.backend.con.execute(f"DROP TABLE {_SCRATCH}.{_quoted(name)}")

    def _made_of(self, expression: ir.Table) -> set[str]:
        """The scratch tables that an expression reads."""
        return {table.name for table in expression.op().find(ops.DatabaseTable)} & set(self._local.scratch)

    def drop_scratch(self) -> None:
        backend = self.backend
        self._local.origins.clear()
        self._notes = None
        while self._local.streams:
            backend.con.unregister(self._local.streams.pop())
        made = (("VIEW", self._local.views), ("TABLE", self._local.scratch))
        if drops := [f"DROP {kind} IF EXISTS {_SCRATCH}.{_quoted(name)}" for kind, names in made for name in names]:
            backend.con.execute(";".join(drops))
            self._local.views.clear()
            self._local.scratch.clear()

    def from_arrow(
        self, data: pa.Table | pa.RecordBatchReader | pd.DataFrame, schema: sch.Schema | None = None
    ) -> ir.Table:
        import pyarrow as pa

        if not isinstance(data, pa.Table | pa.RecordBatchReader):
            data = pa.Table.from_pandas(data, preserve_index=False)
        schema = schema or sch.Schema.from_pyarrow(data.schema)
        name = self._scratch_name()
        made = self._created(_SCRATCH, name, schema)
        if isinstance(data, pa.Table) and not data.num_rows:
            return made
        rows = self.backend.con.from_arrow(data)
        if tuple(data.schema.names) != schema.names:
            rows = rows.project(", ".join(map(_quoted, schema.names)))
        rows.insert_into(f"{_SCRATCH}.{name}")
        return made

    def _created(self, place: str, name: str, schema: sch.Schema, types: Mapping[str, str] | None = None) -> ir.Table:
        kinds = {column: (types or {}).get(column) or _type_in_sql(dtype) for column, dtype in schema.items()}
        columns = ", ".join(f"{_quoted(column)} {kind}" for column, kind in kinds.items())
        kind = "TEMP TABLE" if place == _SCRATCH else "TABLE"
        self.backend.con.execute(f"CREATE {kind} {place}.{_quoted(name)} ({columns})")
        if set(kinds.values()) - _TOLD.keys():
            made = self._found(place, name)
            _TOLD.update((kinds[column], dtype) for column, dtype in made.schema().items())
        return self._known(place, name, {column: _TOLD[kind] for column, kind in kinds.items()})

    def _filled(self, place: str, name: str, expression: ir.Table, types: Mapping[str, str] | None = None) -> ir.Table:
        """A new table of what an expression gives; ``types`` are those of columns that have another one here.

        Ibis does the same with four times as many statements, each written anew by way of SQLGlot: with hundreds of
        small tables in a run, that is what most of its time goes into.
        """
        backend = self.backend
        made = self._created(place, name, expression.schema(), types)
        columns = ", ".join(map(_quoted, expression.columns))
        read = {table.name for table in expression.op().find(ops.DatabaseTable)}
        # What is made as it is read comes in an order that those who look for equal keys make use of.
        streamed = read & set(self._local.streams) & self._local.origins.keys()
        with nullcontext() if streamed else self._in_any_order():
            backend.con.execute(f"INSERT INTO {place}.{_quoted(name)} ({columns}) {self._compiled(expression)}")
        return made

    def map_values(
        self, values: ir.Table, function: Callable[[pa.Table], pa.Table], schema: sch.Schema, rows: int = 50_000
    ) -> ir.Table:
        import pyarrow as pa

        arrow_schema = schema.to_pyarrow()
        computed = self.to_arrow(values)
        mapped = [
            function(computed.slice(start, rows)).select(schema.names).cast(arrow_schema)
            for start in range(0, computed.num_rows, rows)
        ]
        return self.from_arrow(pa.concat_tables(mapped) if mapped else arrow_schema.empty_table(), schema)

    def matches(
        self, rows: ir.Table, key: str, formulas: Mapping[str, Formula], terms: Mapping[str, ir.BooleanValue]
    ) -> Matches:
        from cdp_assets.warehouse.duckdb_matches import DuckDBMatches
        from cdp_assets.warehouse.matching import OR, Bits, Expressed
        from cdp_assets.warehouse.operations import quick_hash

        columns = {f"term_{place}": met for place, met in enumerate(terms.values())}
        fetched = rows.select(rows[key].cast("int64").name(key), digest=quick_hash(rows[key]), **columns)
        bits = Bits(self.batches(fetched, rows=_MATCHED_AT_ONCE), formulas)
        # Lineage asks only which columns matter: one formula of all terms says the same as all formulas, in no time.
        anything: dict[str, Formula] = {"": (OR, tuple(terms))} if terms else {}
        return DuckDBMatches(self, bits, key, Expressed(rows, key, anything, terms).pairs())

    def stream(self, rows: Stream, origin: ir.Table) -> ir.Table:
        """Rows that are made as they are read, as a table that lives until `drop_scratch`.

        Args:
            rows: The rows.
            origin: What they come from, for lineage.
        """
        name = self._registered(rows)
        self._local.origins[name] = origin
        return self._found("", name)

    def _registered(self, rows: Stream) -> str:
        name = f"stream_{next(self._counter)}"
        backend = self.backend
        self._local.streams.append(name)
        backend.con.register(name, rows)
        return name

    def _view(self, query: str) -> ir.Table:
        """A query as a table that lives until `drop_scratch`. Ibis would parse it, and write it anew with each use."""
        name = f"view_{next(self._counter)}"
        backend = self.backend
        backend.con.execute(f"CREATE TEMP VIEW {name} AS {query}")
        self._local.views.append(name)
        return self._found("", name)

    def connected_components(self, edges: ir.Table) -> ir.Table:
        import numpy as np
        import pyarrow as pa
        from scipy.sparse import coo_matrix
        from scipy.sparse.csgraph import connected_components

        from cdp_assets.warehouse.numbering import numbered

        fetched = self.to_arrow(edges.select("left", "right"))
        ends = np.concatenate([fetched["left"].to_numpy(), fetched["right"].to_numpy()])
        count = fetched.num_rows
        del fetched
        positions, nodes = numbered(ends)
        del ends
        size = len(nodes)
        ones = np.ones(count, dtype=np.int8)
        graph = coo_matrix((ones, (positions[:count], positions[count:])), shape=(size, size)).tocsr()
        count, labels = connected_components(graph, directed=False)
        smallest = np.full(count, np.iinfo(np.int64).max, dtype=np.int64)
        np.minimum.at(smallest, labels, nodes)
        result = pa.table({"node": pa.array(nodes, pa.int64()), "component": pa.array(smallest[labels], pa.int64())})
        return self.from_arrow(result, ibis.schema({"node": "int64", "component": "int64"}))

    @contextmanager
    def splink(self, **inputs: ir.Table) -> Iterator[SplinkDatabase]:
        from splink import DuckDBAPI

        # A catalog in memory, of this engine and for this purpose alone, leaves no table behind in the warehouse.
        catalog = f"splink_{next(self._counter)}"
        backend = self.backend
        backend.con.execute(f"ATTACH ':memory:' AS {catalog}")
        cursor = self._connection.cursor()
        try:
            for name, table in inputs.items():
                self._filled(f"{catalog}.main", f"{catalog}_{name}", table)
            cursor.execute(f"USE {catalog}")
            with _quiet():
                api = DuckDBAPI(cursor)
                # Splink takes columns for a table's that a table of the same name has in any other catalog.
                registered = {name: api.register(f"{catalog}_{name}") for name in inputs}
                yield SplinkDatabase(registered, lambda name: self._found(f"{catalog}.main", name))
        finally:
            cursor.close()
            backend.con.execute(f"DETACH {catalog}")

    def bucket_sums(self, parts: Sequence[ir.Table], buckets: int) -> pa.Table:
        import numpy as np
        import pyarrow as pa

        # An array with a place for each bucket takes a fifth of the time of grouping by millions of values.
        sums = np.zeros(buckets, dtype=np.int64)
        for part in parts:
            for batch in self.to_arrow(part.select(bucket=part.bucket.cast("int32"), digest="digest")).to_batches():
                places = batch.column("bucket").to_numpy().astype(np.int64)
                np.add.at(sums, places, batch.column("digest").to_numpy())
        filled = np.flatnonzero(sums)
        return pa.table({"bucket": pa.array(filled, pa.int64()), "digest": pa.array(sums[filled], pa.int64())})

    # -- writing ----------------------------------------------------------------------------------------------------

    def _ensure_stage(self, stage: str) -> None:
        self.backend.con.execute(f"CREATE SCHEMA IF NOT EXISTS {_quoted(stage)}")

    def stage_table(self, stage: str, schema: TableSchema, expression: ir.Table) -> ir.Table:
        typed = _typed(stage, schema, expression)
        staged = self._staged(stage, schema.name)
        if staged is not None and _as_they_are(expression.select(*schema.column_names)).equals(staged):
            return staged
        typed = self._beside(staged, typed)
        self._ensure_stage(stage)
        self.discard([(stage, schema.name)])
        types = encoding.fresh_types(self.backend.con, _quoted(stage, schema.name), schema)
        self._local.origins[schema.name + _STAGED] = typed
        return self._filled(stage, schema.name + _STAGED, typed, types)

    def _staged(self, stage: str, name: str) -> ir.Table | None:
        """What this thread has staged as a whole under a name since `drop_scratch`."""
        there = name + _STAGED in self.origins and self.has_table(stage, name + _STAGED)
        return self._found(stage, name + _STAGED) if there else None

    def _beside(self, staged: ir.Table | None, expression: ir.Table) -> ir.Table:
        """What is to take the place of a staged table: written down where it is made of that table."""
        if staged is None or staged.op() not in expression.op().find(ops.DatabaseTable):
            return expression
        written = self.scratch(expression)
        origin = self.origins[staged.op().name].op()
        self._local.origins[written.op().name] = expression.op().replace({staged.op(): origin}).to_expr()
        return written

    def can_patch(self, stage: str, schema: TableSchema) -> bool:
        if not self.has_table(stage, schema.name):
            return False
        found = self.table(stage, schema.name).schema()
        return tuple(found.names) == schema.column_names and all(
            # DuckDB tells a precision of instants that schemas do not have.
            found[column.name] == column.dtype or (found[column.name].is_timestamp() and column.dtype.is_timestamp())
            for column in schema.columns
        )

    def stage_patch(self, stage: str, schema: TableSchema, patch: Patch) -> ir.Table:
        typed = self._beside(self._staged(stage, schema.name), _typed(stage, schema, patch.rows))
        self.discard([(stage, schema.name)])
        types = encoding.widened_types(self.backend.con, _quoted(stage, schema.name), schema)
        self._filled(stage, schema.name + _COMING, typed, types)
        self._filled(stage, schema.name + _GONE, patch.gone.select(*patch.columns), types)
        published, gone, coming = (_quoted(stage, schema.name + end) for end in ("", _GONE, _COMING))
        self.backend.con.execute(
            f"CREATE VIEW {_quoted(stage, schema.name + _STAGED)} AS "
            f"SELECT * FROM {published} ANTI JOIN {gone} USING ({', '.join(map(_quoted, patch.columns))}) "
            f"UNION ALL SELECT * FROM {coming}"
        )
        return self._found(stage, schema.name + _STAGED)

    def staged_patch(self, stage: str, name: str) -> Patch | None:
        if not self.has_table(stage, name + _COMING):
            return None
        gone = self.table(stage, name + _GONE)
        return Patch(tuple(gone.columns), gone, self.table(stage, name + _COMING))

    def publish(self, tables: Sequence[TableRef], notes: Mapping[TableRef, str] | None = None) -> None:
        patched = [(stage, name) for stage, name in tables if self.has_table(stage, name + _COMING)]
        connection = self.backend.con
        connection.execute("BEGIN")
        try:
            for stage, name in tables:
                if (stage, name) in patched:
                    self._apply_patch(stage, name)
                else:
                    connection.execute(f"DROP TABLE IF EXISTS {_quoted(stage, name)}")
                    connection.execute(f"ALTER TABLE {_quoted(stage, name + _STAGED)} RENAME TO {_quoted(name)}")
                self.take_note(stage, name, (notes or {}).get((stage, name)))
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        self.discard(patched)

    def _apply_patch(self, stage: str, name: str) -> None:
        published, gone, coming = (_quoted(stage, name + end) for end in ("", _GONE, _COMING))
        connection = self.backend.con
        keys = map(_quoted, self.table(stage, name + _GONE).columns)
        same = " AND ".join(f"{published}.{key} = {gone}.{key}" for key in keys)
        connection.execute(f"DELETE FROM {published} USING {gone} WHERE {same}")
        connection.execute(f"INSERT INTO {published} SELECT * FROM {coming}")

    def discard(self, tables: Sequence[TableRef]) -> None:
        connection = self.backend.con
        for stage, name in tables:
            if self.has_table(stage, name + _COMING):
                connection.execute(f"DROP VIEW IF EXISTS {_quoted(stage, name + _STAGED)}")
                for end in (_GONE, _COMING):
                    connection.execute(f"DROP TABLE IF EXISTS {_quoted(stage, name + end)}")
            connection.execute(f"DROP TABLE IF EXISTS {_quoted(stage, name + _STAGED)}")

    def note(self, stage: str, name: str) -> str | None:
        # To ask for one takes longer than for all, and a step asks for a dozen.
        if self._notes is None:
            found = self.backend.con.execute(
                "SELECT schema_name, table_name, comment FROM duckdb_tables() "
                "WHERE comment IS NOT NULL AND database_name = current_database()"
            ).fetchall()
            self._notes = {(schema, table): comment for schema, table, comment in found}
        return self._notes.get((stage, name))

    def take_note(self, stage: str, name: str, text: str | None) -> None:
        said = "NULL" if text is None else "'" + text.replace("'", "''") + "'"
        self._notes = None
        self.backend.con.execute(f"COMMENT ON TABLE {_quoted(stage, name)} IS {said}")

    def append(self, stage: str, name: str, expression: ir.Table) -> None:
        with self.appending(stage, name, expression):
            pass

    @contextmanager
    def appending(self, stage: str, name: str, expression: ir.Table) -> Iterator[ir.Table]:
        connection = self.backend.con
        self._ensure_stage(stage)
        definitions = {
            column.name: column.kind.sql("duckdb") for column in expression.schema().to_sqlglot_column_defs("duckdb")
        }
        columns = ", ".join(_quoted(column) for column in expression.columns)
        with self._in_any_order():
            connection.execute("BEGIN")
            try:
                typed = ", ".join(f"{_quoted(column)} {kind}" for column, kind in definitions.items())
                connection.execute(f"CREATE TABLE IF NOT EXISTS {_quoted(stage, name)} ({typed})")
                there = self.table(stage, name).columns
                for column in [column for column in definitions if column not in there]:
                    connection.execute(
                        f"ALTER TABLE {_quoted(stage, name)} "
                        f"ADD COLUMN IF NOT EXISTS {_quoted(column)} {definitions[column]}"
                    )
                rows = self._compiled(expression.select(*definitions))
                connection.execute(f"INSERT INTO {_quoted(stage, name)} ({columns}) {rows}")
                self.take_note(stage, name, None)
                yield self.table(stage, name)
                with self._set("checkpoint_threshold", _NOT_LOGGED):
                    connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise

    def _in_any_order(self) -> AbstractContextManager[None]:
        """Rows need not be kept in order: to line them up takes a fifth of the time, and of what comes from several
        tables only one thread writes."""
        return self._set("preserve_insertion_order", "false")

    @contextmanager
    def _set(self, setting: str, value: str) -> Iterator[None]:
        """A setting has another value for a while."""
        connection = self.backend.con
        if setting not in self._usual:
            [(usual,)] = connection.execute("SELECT current_setting(?)::VARCHAR", [setting]).fetchall()
            self._usual[setting] = usual
        connection.execute(f"SET {setting} = '{value}'")
        try:
            yield
        finally:
            connection.execute(f"SET {setting} = '{self._usual[setting]}'")

    # -- describing -------------------------------------------------------------------------------------------------

    def fingerprint(self, table: ir.Table) -> Fingerprint:
        parts = [
            f"coalesce(sum(strlen({_quoted(name)})), 0)" if dtype.is_string() else "count(*) * 8"
            for name, dtype in table.schema().items()
        ]
        # As texts, since the number that stands for one is another one in another table.
        values = ", ".join(
            f"{_quoted(name)}::VARCHAR AS {_quoted(name)}" if dtype.is_string() else _quoted(name)
            for name, dtype in table.schema().items()
        )
        with self._reading(table) as (connection, rows):
            row = connection.execute(
                f"SELECT count(*), coalesce(sum(hash(t)::HUGEINT), 0), {' + '.join(parts)} "
                f"FROM (SELECT {values} FROM ({rows})) AS t"
            ).fetchone()
        assert row is not None
        return Fingerprint(rows=int(row[0]), version=version(row[0], row[1]), bytes=int(row[2]))

    @contextmanager
    def _reading(self, table: ir.Table) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
        """A connection that sees a table, and its SQL: of what is committed any thread may ask, on a cursor for it."""
        read = table.op().find(ops.PhysicalTable)
        if all(isinstance(each, ops.DatabaseTable) and _is_committed(each) for each in read):
            with self.cursor() as cursor:
                yield cursor, table.get_backend().compile(table)
        else:
            yield self.backend.con, self._compiled(table)

    def snapshot(self, target: Path) -> int:
        if self._file is None:
            raise ValueError("an engine in memory has no file to copy")
        with self._set("max_vacuum_tasks", _TIDIED_AT_ONCE):
            self.backend.con.execute("CHECKPOINT")
        row = self.backend.con.execute(
            "SELECT block_size FROM pragma_database_size() WHERE database_name = current_database()"
        ).fetchone()
        assert row is not None
        publish_copy(self._file, target, int(row[0]))
        return target.stat().st_size
