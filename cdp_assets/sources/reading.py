"""A delivered file becomes rows of its stream's raw table: as text, each once, with its number in the file.

Belongs here: choosing the reader, numbering rows, and accounting for each of them. Does not belong here: bytes and
lines (`preparing.py`, `records.py`), and what was loaded before (`manifest.py`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from cdp_assets.sources.drift import held_to_contract, misfits
from cdp_assets.sources.errors import EmptyFileError, TruncatedFileError, WrongFormatError
from cdp_assets.sources.landing import LandedFile
from cdp_assets.sources.preparing import Prepared, Scan, as_utf8, missing_column, prepare, refuse_bytes_that_are_no_text
from cdp_assets.sources.spec import ColumnSpec, StreamSpec
from cdp_assets.warehouse.engine import Engine, row_count
from cdp_assets.warehouse.files import ITSELF, POSITION, FileRows, UnreadableFileError

_TAIL = 1 << 12
_FIRST_ROWS, _MANY_ROWS = 10_000, 500_000
_GLOB = frozenset("*?[]{}")


@dataclass(frozen=True)
class RawRows:
    """The rows of one file.

    Args:
        table: The contract's columns as text, ``extra``, ``raw_line``, ``parse_error`` and ``source_row``.
        rows: How many.
        account: What is to be said of them; None if only they tell (`accounted`), since they are read as they are
            written.
        unended: Where its last line has no end: the header of its last value; empty if there are no headers.
    """

    table: ir.Table
    rows: int
    account: Account | None
    unended: str | None = None


@dataclass(frozen=True)
class Account:
    """What is to be said of the rows of a file.

    Args:
        broken: How many of them could not be split into columns.
        absent: Columns of the contract that the file does not have (none of them required).
    """

    broken: int
    absent: tuple[str, ...] = ()


def read(file: LandedFile, stream: StreamSpec, engine: Engine, folder: Path, scan: Scan | None = None) -> RawRows:
    """Read one file by its stream's contract.

    Args:
        file: A whole file.
        stream: Its stream.
        engine: Reads it in bulk.
        folder: An empty folder for cleaned copies; the caller removes it when the rows have been taken.
        scan: What was found in it ahead (`scanned_ahead`).

    Raises:
        DeliveryError: if the file cannot be loaded as a whole.
    """
    of_lines = {"csv": _csv, "jsonl": _json_lines}
    in_one_piece = {"json": _json_array, "parquet": _parquet}
    try:
        if stream.format in of_lines:
            found = of_lines[stream.format](file, stream, engine, folder, scan)
        else:
            found = in_one_piece[stream.format](file, stream, engine, folder)
    except UnreadableFileError as error:
        raise WrongFormatError(
            file.name, str(error), f"Deliver it again as {stream.format}, or correct the stream's format"
        ) from None
    if found.rows == 0 and stream.load == "snapshot":
        raise EmptyFileError(
            file.name, "a snapshot without rows would close every record", "Deliver the whole list, or remove the file"
        )
    if found.account is not None:
        _refuse_what_is_all_broken(file, stream, found.rows, found.account)
    return replace(found, table=held_to_contract(found.table, file.name, stream, engine))


def accounted(file: LandedFile, stream: StreamSpec, engine: Engine, table: ir.Table, rows: int) -> Account:
    """Count what has been read of a JSON file.

    Args:
        file: The file.
        stream: Its stream.
        engine: Counts.
        table: Its rows.
        rows: How many there have to be.

    Raises:
        DeliveryError: if there are others, all rows are broken, or a required property is nowhere.
    """
    asked: Sequence[ColumnSpec] = stream.columns
    if rows > _MANY_ROWS:
        # Most columns have values there, and need not be read to the end.
        begun = _counted(table.filter(table.source_row <= _FIRST_ROWS), asked, engine)
        asked = [column for column in asked if not begun[column.name]]
    counts = _counted(table, asked, engine)
    if counts["cdp_rows"] != rows:
        raise WrongFormatError(file.name, "its lines cannot be told apart", "Deliver one JSON object a line, in UTF-8")
    broken = counts["cdp_broken"]
    empty = [column for column in asked if not counts[column.name]]
    if rows > broken:
        missing = [column.address for column in empty if column.required or column.name in stream.key]
        if missing:
            raise missing_column(
                file.name, missing, [column.address for column in stream.columns if column not in empty]
            )
    account = Account(broken, tuple(column.address for column in empty))
    _refuse_what_is_all_broken(file, stream, rows, account)
    return account


def refuse_what_is_cut_off(
    file: LandedFile, stream: StreamSpec, engine: Engine, table: ir.Table, read: RawRows
) -> None:
    """Refuse a file that ends within a line, where what is missing counts as gone.

    Many whole files have no end of their last line. That one was cut off is told by that line: it has too few values,
    or the last one does not fit its type, or lacks.

    Args:
        file: The file.
        stream: Its stream.
        engine: Looks.
        table: Its rows.
        read: What is known of them.

    Raises:
        TruncatedFileError: if it was cut off.
    """
    if stream.load != "snapshot" or read.unended is None:
        return
    last = table.filter(table.source_row == read.rows)
    columns = [column for column in stream.columns if column.address == read.unended]
    counts = engine.to_arrow(misfits(last, stream, columns)).to_pylist()[0]
    lacking = [last[column.name].isnull() for column in columns if column.required]
    broken = last.filter(ibis.or_(last.parse_error.notnull(), *lacking))
    if counts.get("wrong_0") or row_count(broken, engine):
        raise TruncatedFileError(
            file.name,
            "its last line has no end and is not all there, and in a snapshot what is missing counts as gone",
            "Deliver the whole list; if it is whole, end its last line",
        )


def _counted(table: ir.Table, columns: Sequence[ColumnSpec], engine: Engine) -> dict[str, int]:
    """How many rows there are and are broken, and how many values there are in some columns."""
    filled = {column.name: table[column.name].count() for column in columns}
    counted = table.aggregate(cdp_rows=table.count(), cdp_broken=table.parse_error.count(), **filled)
    counts: dict[str, int] = engine.to_arrow(counted).to_pylist()[0]
    return counts


def _refuse_what_is_all_broken(file: LandedFile, stream: StreamSpec, rows: int, account: Account) -> None:
    if rows > 0 and account.broken == rows:
        raise WrongFormatError(
            file.name,
            "not one of its rows can be read by the contract",
            f"Look whether it is {stream.format} of the stream `{stream.name}`",
        )


def _addresses(stream: StreamSpec) -> dict[str, str]:
    return {column.name: column.address for column in stream.columns}


def _places(stream: StreamSpec) -> dict[str, str]:
    """Each column and where it is in JSON, with names of their own for the other places where it may be."""
    others = {_elsewhere(column, place): path for column in stream.columns for place, path in enumerate(column.others)}
    return _addresses(stream) | others


def _elsewhere(column: ColumnSpec, place: int) -> str:
    return f"cdp_{place}_of_{column.name}"


def _from_their_places(table: ir.Table, stream: StreamSpec) -> ir.Table:
    """Each column from the first of its places that has a value."""
    found = {
        column.name: ibis.coalesce(
            table[column.name], *(table[_elsewhere(column, place)] for place in range(len(column.others)))
        )
        for column in stream.columns
        if column.others
    }
    return table.mutate(**found) if found else table


def _csv(file: LandedFile, stream: StreamSpec, engine: Engine, folder: Path, scan: Scan | None) -> RawRows:
    for thorough in (False, True):
        prepared = prepare(file, stream, folder, thorough=thorough, scan=scan)
        found = engine.read_csv(
            _literal(prepared.path, folder),
            header=prepared.header,
            delimiter=stream.delimiter,
            columns=_addresses(stream),
        )
        if _all_there(prepared, found):
            absent = tuple(column.address for column in stream.columns if column.address not in prepared.header)
            return _numbered(prepared, found, stream, engine, absent)
    raise WrongFormatError(
        file.name, "its quotes make it unclear where rows begin and end", "Export it again with proper CSV quoting"
    )


def _all_there(prepared: Prepared, found: FileRows) -> bool:
    """Whether the reader has seen every record that the scan of lines counted."""
    return found.rows + len(found.rejected) == prepared.good and all(rejected.whole for rejected in found.rejected)


def _json_lines(file: LandedFile, stream: StreamSpec, engine: Engine, folder: Path, scan: Scan | None) -> RawRows:
    prepared = prepare(file, stream, folder, scan=scan)
    lines = engine.read_json_lines(_literal(prepared.path, folder), columns=_places(stream))
    found = FileRows(_from_their_places(lines, stream), prepared.good)
    return replace(_numbered(prepared, found, stream, engine), account=None)


def _json_array(file: LandedFile, stream: StreamSpec, engine: Engine, folder: Path) -> RawRows:
    path = _literal(as_utf8(file, stream, folder), folder)
    refuse_bytes_that_are_no_text(path, file, stream)
    if not _is_closed(path, b"]" if stream.rows is None else b"}"):
        raise _misread_json(file, path, stream, UnreadableFileError("it is not closed"))
    try:
        found = engine.read_json_array(path, columns=_places(stream), within=stream.rows)
    except UnreadableFileError as error:
        raise _misread_json(file, path, stream, error) from None
    found = replace(found, table=_from_their_places(found.table, stream))
    rows = _numbered(Prepared(path, (), found.rows, ()), found, stream, engine)
    return replace(rows, account=accounted(file, stream, engine, rows.table, rows.rows))


def _is_closed(path: Path, bracket: bytes) -> bool:
    """Whether the text ends in a bracket: the bulk reader takes a file that was cut between two objects for whole."""
    with path.open("rb") as opened:
        opened.seek(max(path.stat().st_size - _TAIL, 0))
        return opened.read().rstrip().endswith(bracket)


def _misread_json(file: LandedFile, path: Path, stream: StreamSpec, error: UnreadableFileError) -> WrongFormatError:
    """Where the JSON is wrong, which the bulk reader does not say."""
    line, problem = None, str(error)
    try:
        json.loads(path.read_text("utf-8-sig"))
    except json.JSONDecodeError as found:
        line, problem = found.lineno, f"it is not valid JSON ({found.msg.lower()})"
    wanted = "one JSON array of objects"
    if stream.rows == ITSELF:
        wanted = "JSON objects, one after another"
    elif stream.rows is not None:
        wanted = f"one JSON object with the rows in a list at `{stream.rows}`"
    return WrongFormatError(file.name, problem, f"Deliver {wanted}", line=line)


def _parquet(file: LandedFile, stream: StreamSpec, engine: Engine, folder: Path) -> RawRows:
    if file.size == 0:
        raise EmptyFileError(file.name, "the file is empty", "Deliver it again, or remove it")
    path = _literal(file.path, folder)
    present = engine.parquet_columns(path)
    needed = [column for column in stream.columns if column.required or column.name in stream.key]
    missing = [column.address for column in needed if column.address not in present]
    if missing:
        raise missing_column(file.name, missing, list(present))
    found = engine.read_parquet(path, columns=_addresses(stream))
    absent = tuple(column.address for column in stream.columns if column.address not in present)
    return _numbered(Prepared(path, (), found.rows, ()), found, stream, engine, absent)


def _numbered(
    prepared: Prepared, found: FileRows, stream: StreamSpec, engine: Engine, absent: tuple[str, ...] = ()
) -> RawRows:
    """Give each row its number in the file as delivered, and put the broken ones back in their places."""
    columns = [*stream.column_names, "extra", "raw_line", "parse_error"]
    sound = found.table
    unended = None if prepared.ended else "".join(prepared.header[-1:])
    if not prepared.broken and not found.rejected:
        return RawRows(sound.select(*columns, source_row=sound[POSITION]), found.rows, Account(0, absent), unended)
    total = prepared.good + len(prepared.broken)
    taken_out = np.array([broken.row for broken in prepared.broken], dtype=np.int64)
    shown = np.delete(np.arange(1, total + 1, dtype=np.int64), taken_out - 1)
    rejected = np.array([each.record for each in found.rejected], dtype=np.int64)
    numbers = pa.table({POSITION: np.arange(1, found.rows + 1), "source_row": np.delete(shown, rejected - 1)})
    numbering = engine.from_arrow(numbers, ibis.schema({POSITION: "int64", "source_row": "int64"}))
    broken = [(each.row, each.raw, each.error) for each in prepared.broken]
    broken += [(int(shown[each.record - 1]), each.raw, each.error) for each in found.rejected]
    kept_schema = ibis.schema({"source_row": "int64", "raw": "string", "error": "string"})
    kept = engine.from_arrow(
        pa.Table.from_pylist([dict(zip(kept_schema.names, each, strict=True)) for each in broken]), kept_schema
    )
    nothing = ibis.null("string")
    rows = sound.join(numbering, POSITION).select(*columns, "source_row")
    broken_rows = kept.select(
        **dict.fromkeys([*stream.column_names, "extra"], nothing),
        raw_line=kept.raw,
        parse_error=kept.error,
        source_row=kept.source_row,
    )
    return RawRows(rows.union(broken_rows), total, Account(len(broken), absent), unended)


def _literal(path: Path, folder: Path) -> Path:
    """A path that no reader can mistake for a pattern."""
    if not _GLOB & set(str(path)):
        return path
    link = folder / "delivery"
    link.unlink(missing_ok=True)
    link.symlink_to(path)
    return link
