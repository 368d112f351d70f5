"""Reading delivered files with DuckDB's readers, every value as text.

Belongs here: DuckDB's reader options, their pitfalls, and the SQL around them. Does not belong here: encodings, broken
lines and contracts (`sources/`), which look the same on any engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from cdp_assets.warehouse.duckdb_json import columns_of_objects, identifier, json_text, keys_of_objects, literal
from cdp_assets.warehouse.duckdb_streams import lines_of
from cdp_assets.warehouse.files import ITSELF, POSITION, FileRows, Rejected, UnreadableFileError

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

    from cdp_assets.warehouse.duckdb_streams import Stream

_TRUNCATED_AT = 10_000
"""DuckDB keeps no more characters of a rejected line."""

_OBJECT_BYTES = 1 << 26
_SAMPLE = 1000

_REASONS = {
    "MISSING COLUMNS": "it has too few columns",
    "TOO MANY COLUMNS": "it has too many columns",
    "UNQUOTED VALUE": "a quote is not closed, or text follows a closing quote",
    "LINE SIZE OVER MAXIMUM": "the line is longer than 2 MB",
    "INVALID ENCODING": "it has bytes that are not UTF-8",
}


class DuckDBFiles:
    """The `FileReader` part of the DuckDB engine."""

    backend: Backend

    def _scratch_name(self) -> str:
        raise NotImplementedError

    def _registered(self, rows: Stream) -> str:
        raise NotImplementedError

    def _view(self, query: str) -> ir.Table:
        raise NotImplementedError

    def read_csv(self, path: Path, *, header: Sequence[str], delimiter: str, columns: Mapping[str, str]) -> FileRows:
        """See `FileReader.read_csv`."""
        places = {name: f"c{position}" for position, name in reversed(list(enumerate(header)))}
        values = [f"{places.get(address, _NOTHING)} AS {identifier(column)}" for column, address in columns.items()]
        taken = {places[address] for address in columns.values() if address in places}
        extras = [(name, f"c{position}") for position, name in enumerate(header) if f"c{position}" not in taken]
        types = ", ".join(f"'c{position}': 'VARCHAR'" for position in range(len(header)))
        options = (
            f"auto_detect = false, header = true, delim = {literal(delimiter)}, quote = '\"', escape = '\"', "
            f"columns = {{{types}}}"
        )
        with self._rejects() as (rejecting, rejected):
            try:
                table, rows = self._rows(
                    f"SELECT {', '.join([*values, _extra_of(extras), *_SOUND])} "
                    f"FROM read_csv({literal(str(path))}, {options}, {rejecting})"
                )
            except duckdb.InvalidInputException:
                raise UnreadableFileError(
                    "its lines cannot be told apart: a carriage return stands alone, as where a file was cut off in a "
                    "line's end"
                ) from None
            return FileRows(table, rows, rejected(1))

    def read_json_lines(self, path: Path, *, columns: Mapping[str, str]) -> ir.Table:
        """See `FileReader.read_json_lines`."""
        lines = self._registered(lines_of(path))
        return self._view(columns_of_objects(lines, columns, self._keys(lines, columns), carried=[POSITION]))

    def read_json_array(self, path: Path, *, columns: Mapping[str, str], within: str | None = None) -> FileRows:
        """See `FileReader.read_json_array`."""
        try:
            objects = _objects_of(path) if within is None else self._objects_within(path, within)
            return FileRows(*self._rows(columns_of_objects(objects, columns, self._keys(objects, columns))))
        except duckdb.Error:
            told = {None: "array of objects", ITSELF: "object, nor several one after another"}
            wrong = told.get(within, f"object with a list of objects at `{within}`")
            raise UnreadableFileError(f"it is not one JSON {wrong}") from None

    def _objects_within(self, path: Path, within: str) -> str:
        """The objects that a file is, or of a list within the one that it is, as a query with the column ``line``."""
        whole = (
            f"read_json_objects({literal(str(path))}, format = 'unstructured', "
            f"maximum_object_size = {max(_OBJECT_BYTES, path.stat().st_size + 1)})"
        )
        if within == ITSELF:
            return f"(SELECT CAST(json AS VARCHAR) AS line FROM {whole})"
        at = f"json_extract(json, {literal('$' + ''.join(f'.{identifier(step)}' for step in within.split('.')))})"
        if self.backend.con.execute(f"SELECT json_type({at}) FROM {whole}").fetchall() != [("ARRAY",)]:
            raise UnreadableFileError(f"it is not one JSON object with a list at `{within}`")
        return f"(SELECT CAST(unnest(CAST({at} AS JSON[])) AS VARCHAR) AS line FROM {whole})"

    def parquet_columns(self, path: Path) -> tuple[str, ...]:
        """See `FileReader.parquet_columns`."""
        return tuple(self._parquet_types(path))

    def read_parquet(self, path: Path, *, columns: Mapping[str, str]) -> FileRows:
        """See `FileReader.read_parquet`."""
        types = self._parquet_types(path)
        texts = {address: _as_text(address, kind) for address, kind in types.items()}
        values = [f"{texts.get(address, _NOTHING)} AS {identifier(column)}" for column, address in columns.items()]
        taken = set(columns.values())
        extras = [(name, text) for name, text in texts.items() if name not in taken]
        try:
            table, rows = self._rows(
                f"SELECT {', '.join([*values, _extra_of(extras), *_SOUND])} FROM read_parquet({literal(str(path))})"
            )
        except duckdb.Error:
            raise UnreadableFileError("the Parquet file is damaged or not all there") from None
        return FileRows(table, rows)

    def _parquet_types(self, path: Path) -> dict[str, str]:
        try:
            described = self.backend.con.execute(
                f"DESCRIBE SELECT * FROM read_parquet({literal(str(path))})"
            ).fetchall()
        except duckdb.Error:
            raise UnreadableFileError("it is no Parquet file, or not all there") from None
        return {row[0]: row[1] for row in described}

    def _keys(self, lines: str, columns: Mapping[str, str]) -> list[list[list[str] | None]]:
        """The keys of the first objects (`keys_of_objects`): each list of them that occurs, those of many first."""
        keys = keys_of_objects(columns)
        found = self.backend.con.execute(
            f"SELECT k FROM (SELECT CASE WHEN json_valid(line) THEN {keys} END AS k "
            f"FROM (SELECT line FROM {lines} LIMIT {_SAMPLE})) GROUP BY k ORDER BY count(*) DESC, k"
        ).fetchall()
        return [row[0] for row in found if row[0] and row[0][0]]

    def _rows(self, query: str) -> tuple[ir.Table, int]:
        """Run a query into a temporary table; the row's position is that table's own row id, since numbering while
        reading would make the reader use one thread.
        """
        name = self._scratch_name()
        self.backend.con.execute(f"CREATE TEMP TABLE {name} AS {query}")
        counted = self.backend.con.execute(f"SELECT count(*) FROM {name}").fetchone()
        assert counted is not None
        own = {row[0].casefold() for row in self.backend.con.execute(f"DESCRIBE {name}").fetchall()}
        # A column of that name hides the row id.
        place = "row_number() OVER ()" if "rowid" in own else "rowid + 1"
        return self.backend.sql(f"SELECT *, {place} AS {POSITION} FROM {name}"), int(counted[0])

    @contextmanager
    def _rejects(self) -> Iterator[tuple[str, Callable[[int], tuple[Rejected, ...]]]]:
        errors, scans = self._scratch_name(), self._scratch_name()

        def rejected(header_lines: int) -> tuple[Rejected, ...]:
            found = self.backend.con.execute(
                f"SELECT line, csv_line, CAST(error_type AS VARCHAR) FROM {errors} ORDER BY line, error_type"
            ).fetchall()
            by_line = {line: (raw or "", kind) for line, raw, kind in reversed(found)}
            return tuple(
                Rejected(
                    int(line) - header_lines,
                    raw.strip("\r\n"),
                    _REASONS.get(kind, "it cannot be split into columns"),
                    whole=len(raw) < _TRUNCATED_AT and "\n" not in raw.strip("\r\n"),
                )
                for line, (raw, kind) in sorted(by_line.items())
            )

        yield f"store_rejects = true, rejects_table = '{errors}', rejects_scan = '{scans}'", rejected


_NOTHING = "CAST(NULL AS VARCHAR)"
_SOUND = (f"{_NOTHING} AS raw_line", f"{_NOTHING} AS parse_error")


def _extra_of(extras: list[tuple[str, str]]) -> str:
    """SQL of a JSON object of the given values without the nulls, null if nothing is left."""
    if not extras:
        return f"{_NOTHING} AS extra"
    members = ", ".join(
        f"{literal(json_text(name) + ':')} || CAST(to_json({value}) AS VARCHAR)" for name, value in extras
    )
    return f"nullif('{{' || concat_ws(',', {members}) || '}}', '{{}}') AS extra"


def _as_text(column: str, kind: str) -> str:
    name = identifier(column)
    if kind.endswith("[]") or kind.startswith(("STRUCT", "MAP")):
        return f"CAST(to_json({name}) AS VARCHAR)"
    if kind == "BLOB":
        return f"CASE WHEN is_valid_utf8({name}) THEN decode({name}) ELSE CAST({name} AS VARCHAR) END"
    return f"CAST({name} AS VARCHAR)"


def _objects_of(path: Path) -> str:
    """The objects of the array that a file is, as a query with the column ``line``."""
    return (
        f"(SELECT CAST(json AS VARCHAR) AS line FROM read_json_objects({literal(str(path))}, format = 'array', "
        f"maximum_object_size = {_OBJECT_BYTES}))"
    )
