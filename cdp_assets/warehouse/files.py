"""What the stages may ask of an engine about delivered files.

Belongs here: the protocol and its results. Does not belong here: an implementation (`duckdb_files.py`), and what a
file's contract says (`sources/`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import ibis.expr.types as ir

BLOCK = 1 << 18
"""Bytes of a file that are looked at at a time: few enough for a processor's cache, and for their memory to be used
again rather than given back."""

POSITION = "cdp_position"
"""Column of `FileRows.table`: position among the rows that were read, from 1, in the order of the file."""


ITSELF = "$"
"""In place of the path of an array: the file is an object that is a row itself, or several, one after another."""


@dataclass(frozen=True)
class Rejected:
    """A record that the reader could not split into columns.

    Args:
        record: Its position among the file's records, from 1, header not counted.
        raw: As it came.
        error: What is wrong, without its values.
        whole: Whether ``raw`` holds all of it.
    """

    record: int
    raw: str
    error: str
    whole: bool = True


@dataclass(frozen=True)
class FileRows:
    """A file's rows as text.

    Args:
        table: The columns asked for, ``extra`` (JSON of everything else, or null), ``raw_line`` and ``parse_error``
            (null where the row is sound), and `POSITION`.
        rows: Rows in it.
        rejected: Records that are not in it.
    """

    table: ir.Table
    rows: int
    rejected: tuple[Rejected, ...] = ()


class UnreadableFileError(ValueError):
    """The file is not of the format it was read as. The message holds no values."""


def whole_lines(opened: IO[bytes]) -> Iterator[bytes]:
    """A file from where it stands, in blocks that end with a line, or with the file."""
    while block := opened.read(BLOCK):
        yield block if block.endswith(b"\n") else block + opened.readline()


class FileReader(Protocol):
    """Reads delivered files into tables that live until `Engine.drop_scratch`. Paths are taken literally."""

    def read_csv(self, path: Path, *, header: Sequence[str], delimiter: str, columns: Mapping[str, str]) -> FileRows:
        """Read UTF-8 CSV with a header line, without blank lines.

        Args:
            header: The file's columns in order.
            columns: Name of a column of the result → its header; null throughout if the file has none such.

        Raises:
            UnreadableFileError: if its lines cannot be told apart.
        """

    def read_json_lines(self, path: Path, *, columns: Mapping[str, str]) -> ir.Table:
        """Read a JSON object from each line of a UTF-8 file. ``columns``: name → dotted path.

        Returns:
            A table like that of `FileRows`, which reads the file whenever it is read.
        """

    def read_json_array(self, path: Path, *, columns: Mapping[str, str], within: str | None = None) -> FileRows:
        """Read the objects of one JSON array. ``columns``: name → dotted path.

        Args:
            within: Dotted path of the array, if the file is one object; or `ITSELF`.

        Raises:
            UnreadableFileError: if it is no JSON array, or has none there.
        """

    def parquet_columns(self, path: Path) -> tuple[str, ...]:
        """Names of a Parquet file's columns.

        Raises:
            UnreadableFileError: if it is no Parquet file, or not all of it.
        """

    def read_parquet(self, path: Path, *, columns: Mapping[str, str]) -> FileRows:
        """Read a Parquet file. ``columns``: name → column of the file; null throughout if it has none such.

        Raises:
            UnreadableFileError: if it is no Parquet file, or not all of it.
        """
