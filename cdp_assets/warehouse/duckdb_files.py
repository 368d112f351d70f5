"""Reading delivered files with DuckDB's readers, every value as text.

Belongs here: DuckDB's reader options, their pitfalls, and the SQL around them. Does not belong here: encodings, broken
lines and contracts (`sources/`), which look the same on any engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from cdp_assets.warehouse.files import POSITION, FileRows, Rejected, UnreadableFileError

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

_TRUNCATED_AT = 10_000
"""DuckDB keeps no more characters of a rejected line."""

_NO_DELIMITER = "\x01"
_OBJECT_BYTES = 1 << 26
_SAMPLE = 2000
_MOST_PROPERTIES = 200

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

    def read_csv(self, path: Path, *, header: Sequence[str], delimiter: str, columns: Mapping[str, str]) -> FileRows:
        """See `FileReader.read_csv`."""
        places = {name: f"c{position}" for position, name in reversed(list(enumerate(header)))}
        values = [
            f"{places.get(address, 'CAST(NULL AS VARCHAR)')} AS {_name(column)}" for column, address in columns.items()
        ]
        taken = {places[address] for address in columns.values() if address in places}
        extras = [(name, f"c{position}") for position, name in enumerate(header) if f"c{position}" not in taken]
        types = ", ".join(f"'c{position}': 'VARCHAR'" for position in range(len(header)))
        options = (
            f"auto_detect = false, header = true, delim = {_text(delimiter)}, quote = '\"', escape = '\"', "
            f"columns = {{{types}}}"
        )
        with self._rejects() as (rejecting, rejected):
            table, rows = self._rows(
                f"SELECT {', '.join([*values, _extra_of(extras), *_SOUND])} "
                f"FROM read_csv({_text(str(path))}, {options}, {rejecting})"
            )
            return FileRows(table, rows, rejected(1))

    def read_json_lines(self, path: Path, *, columns: Mapping[str, str]) -> FileRows:
        """See `FileReader.read_json_lines`."""
        options = (
            f"auto_detect = false, header = false, delim = {_text(_NO_DELIMITER)}, quote = '', escape = '', "
            "columns = {'line': 'VARCHAR'}"
        )
        with self._rejects() as (rejecting, rejected):
            seen = self._properties(f"read_csv({_text(str(path))}, {options}, ignore_errors = true)")
            lines = f"read_csv({_text(str(path))}, {options}, {rejecting})"
            table, rows = self._rows(_from_json(lines, columns, seen))
            return FileRows(table, rows, rejected(0))

    def read_json_array(self, path: Path, *, columns: Mapping[str, str]) -> FileRows:
        """See `FileReader.read_json_array`."""
        objects = (
            f"(SELECT CAST(json AS VARCHAR) AS line FROM read_json_objects({_text(str(path))}, format = 'array', "
            f"maximum_object_size = {_OBJECT_BYTES}))"
        )
        try:
            return FileRows(*self._rows(_from_json(objects, columns, self._properties(objects))))
        except duckdb.Error:
            raise UnreadableFileError("it is not one JSON array of objects") from None

    def parquet_columns(self, path: Path) -> tuple[str, ...]:
        """See `FileReader.parquet_columns`."""
        return tuple(self._parquet_types(path))

    def read_parquet(self, path: Path, *, columns: Mapping[str, str]) -> FileRows:
        """See `FileReader.read_parquet`."""
        types = self._parquet_types(path)
        values = [
            f"{_as_text(address, types[address]) if address in types else 'CAST(NULL AS VARCHAR)'} AS {_name(column)}"
            for column, address in columns.items()
        ]
        taken = set(columns.values())
        extras = [(name, _as_text(name, kind)) for name, kind in types.items() if name not in taken]
        try:
            table, rows = self._rows(
                f"SELECT {', '.join([*values, _extra_of(extras), *_SOUND])} FROM read_parquet({_text(str(path))})"
            )
        except duckdb.Error:
            raise UnreadableFileError("the Parquet file is damaged or not all there") from None
        return FileRows(table, rows)

    def _parquet_types(self, path: Path) -> dict[str, str]:
        try:
            described = self.backend.con.execute(f"DESCRIBE SELECT * FROM read_parquet({_text(str(path))})").fetchall()
        except duckdb.Error:
            raise UnreadableFileError("it is no Parquet file, or not all there") from None
        return {row[0]: row[1] for row in described}

    def _properties(self, lines: str) -> list[str]:
        """The top-level properties of the first objects."""
        sample = f"SELECT line FROM {lines} LIMIT {_SAMPLE}"
        found = self.backend.con.execute(
            f"SELECT DISTINCT unnest(CASE WHEN json_valid(line) THEN json_keys(line) END) FROM ({sample})"
        ).fetchall()
        names = sorted(row[0] for row in found)
        # Keys that are data ("users": {"17": …}) would make as many columns as there are users.
        return names if len(names) <= _MOST_PROPERTIES else []

    def _rows(self, query: str) -> tuple[ir.Table, int]:
        """Run a query into a temporary table; the row's position is that table's own row id, since numbering while
        reading would make the reader use one thread.
        """
        name = self._scratch_name()
        self.backend.con.execute(f"CREATE TEMP TABLE {name} AS {query}")
        counted = self.backend.con.execute(f"SELECT count(*) FROM {name}").fetchone()
        assert counted is not None
        return self.backend.sql(f"SELECT *, rowid + 1 AS {POSITION} FROM {name}"), int(counted[0])

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


_SOUND = ("CAST(NULL AS VARCHAR) AS raw_line", "CAST(NULL AS VARCHAR) AS parse_error")


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _name(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def _extra_of(extras: list[tuple[str, str]]) -> str:
    """SQL of a JSON object of the given values without the nulls, null if nothing is left."""
    if not extras:
        return "CAST(NULL AS VARCHAR) AS extra"
    members = ", ".join(
        f"{_text(_json_text(name) + ':')} || CAST(to_json({value}) AS VARCHAR)" for name, value in extras
    )
    return f"nullif('{{' || concat_ws(',', {members}) || '}}', '{{}}') AS extra"


def _as_text(column: str, kind: str) -> str:
    name = _name(column)
    if kind.endswith("[]") or kind.startswith(("STRUCT", "MAP")):
        return f"CAST(to_json({name}) AS VARCHAR)"
    if kind == "BLOB":
        return f"CASE WHEN is_valid_utf8({name}) THEN decode({name}) ELSE CAST({name} AS VARCHAR) END"
    return f"CAST({name} AS VARCHAR)"


def _from_json(lines: str, columns: Mapping[str, str], seen: Sequence[str]) -> str:
    """SQL that reads the columns of each JSON object, and keeps what is none as it came.

    ``extra`` holds the top-level properties that no column takes whole: a property of which a column takes only a part
    is kept as it is. All paths are read in one parse; so are the properties in ``seen``. Only lines with still others
    need more work. TRY would be shorter than asking for validity first, but goes through a block of rows one by one
    as soon as one of them fails.
    """
    addresses = {column: address.split(".") for column, address in columns.items()}
    whole = {steps[0] for steps in addresses.values() if len(steps) == 1}
    kept = sorted(({steps[0] for steps in addresses.values()} | set(seen)) - whole)
    values = [f"v[{position}] AS {_name(column)}" for position, column in enumerate(addresses, start=1)]
    members = ", ".join(
        f"{_text(_json_text(name) + ':')} || CAST(w[{position}] AS VARCHAR)"
        for position, name in enumerate(kept, start=1)
    )
    without = "{" + ", ".join(f"{_json_text(name)}: null" for name in sorted(whole)) + "}"
    known = ", ".join(_text(name) for name in sorted(whole | set(kept)))
    unusual = f"CAST(json_merge_patch(CAST(line AS JSON), {_text(without)}) AS VARCHAR)"
    usual = f"nullif('{{' || concat_ws(',', {members}) || '}}', '{{}}')" if kept else "NULL"
    sound = "len(k) > 0"
    return (
        f"SELECT {', '.join(values)}, "
        f"CASE WHEN {sound} THEN CASE WHEN list_has_all([{known}], k) THEN {usual} ELSE {unusual} END END AS extra, "
        f"CASE WHEN {sound} THEN NULL ELSE line END AS raw_line, "
        f"CASE WHEN {sound} THEN NULL WHEN k IS NULL THEN 'it is not valid JSON' "
        f"ELSE 'it is not a JSON object with properties' END AS parse_error "
        f"FROM (SELECT line, "
        f"CASE WHEN valid THEN json_extract_string(line, [{_paths(addresses.values())}]) END AS v, "
        f"{f'CASE WHEN valid THEN json_extract(line, [{_paths([name] for name in kept)}]) END AS w, ' if kept else ''}"
        f"CASE WHEN valid THEN json_keys(line) END AS k "
        f"FROM (SELECT line, json_valid(line) AS valid FROM {lines}))"
    )


def _paths(addresses: Iterable[Sequence[str]]) -> str:
    return ", ".join(_text(_json_path(steps)) for steps in addresses)


def _json_path(steps: Sequence[str]) -> str:
    return "$" + "".join("." + _json_text(step) for step in steps)


def _json_text(value: str) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)
