"""A table that somebody has in one file: CSV in any of the usual encodings and with any of the usual delimiters, also
compressed by gzip, or Parquet.

Belongs here: telling which of these it is, and its header. Does not belong here: files of sources, whose contract says
what they are (`sources/`), and what the columns mean.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from cdp_assets.warehouse.files import FileReader, FileRows, UnreadableFileError

_ENCODINGS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_PARQUET, _GZIP = b"PAR1", b"\x1f\x8b"
_DELIMITERS = ",;\t|"
_LOST = "\N{REPLACEMENT CHARACTER}"
_PIECE = 1 << 20


def read_table(file: Path, engine: FileReader) -> tuple[list[str], FileRows]:
    """What the columns of a file are called, and its rows, all as text, with the columns c0, c1 and so on.

    Columns without a name are called ``column_1`` and so on, by their place.

    Args:
        file: CSV with a header line, in UTF-8, UTF-16 with its mark, or Windows-1252; or Parquet.
        engine: Reads it.

    Raises:
        UnreadableFileError: if it cannot be read, or names no columns, or two alike. The message names the file and
            holds none of its values but the names of columns.
    """
    try:
        with file.open("rb") as opened:
            begins = opened.read(4)
    except OSError as error:
        raise UnreadableFileError(f"{file} cannot be opened ({error.strerror})") from error
    if not begins:
        raise UnreadableFileError(f"{file.name} is empty")
    try:
        if begins == _PARQUET:
            header = list(engine.parquet_columns(file))
            return header, engine.read_parquet(file, columns=_by_place(header))
        with _as_utf_8(file, zipped=begins.startswith(_GZIP)) as readable:
            delimiter, header = _header(file.name, readable)
            rows = engine.read_csv(readable, header=header, delimiter=delimiter, columns=_by_place(header))
            return header, rows
    except UnreadableFileError as error:
        told = str(error)
        raise UnreadableFileError(told if file.name in told else f"{file.name}: {told}; write it again") from error
    except (OSError, EOFError) as error:
        raise UnreadableFileError(f"{file.name} is damaged or not all there") from error


def _by_place(header: list[str]) -> dict[str, str]:
    return {f"c{place}": name for place, name in enumerate(header)}


def _header(called: str, readable: Path) -> tuple[str, list[str]]:
    """The delimiter of a file in UTF-8, and the names of its columns."""
    with readable.open(encoding="utf-8", newline="") as lines:
        first = lines.readline()
    delimiter = max(_DELIMITERS, key=first.count)
    written = [name.strip() for name in next(csv.reader([first], delimiter=delimiter), [])]
    if not any(written):
        raise UnreadableFileError(f"the first line of {called} is blank; it should name the columns")
    header = [name or f"column_{place}" for place, name in enumerate(written, start=1)]
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise UnreadableFileError(
            f"{called} has several columns called {', '.join(map(repr, twice))}; give each a name of its own"
        )
    return delimiter, header


@contextmanager
def _as_utf_8(file: Path, *, zipped: bool) -> Iterator[Path]:
    """A file in UTF-8 without a mark at its beginning: itself if it is so, else a copy that lives as long as this."""

    def opened() -> IO[bytes]:
        return gzip.open(file) if zipped else file.open("rb")  # type: ignore[return-value]

    encoding, is_sound = _encoding_of(opened)
    if encoding == "utf-8" and is_sound and not zipped:
        yield file
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "table.csv"
        with opened() as content, copy.open("w", encoding="utf-8", newline="") as written:
            text = codecs.lookup(encoding).streamreader(content, "replace")
            while piece := text.read(_PIECE):
                written.write(piece)
        yield copy


def _encoding_of(opened: Callable[[], IO[bytes]]) -> tuple[str, bool]:
    """The encoding of a file, and whether all of it can be read in that.

    What has no mark is UTF-8 if most of what is not ASCII can be read so, and else Windows-1252, in which any bytes are
    some text.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    foreign = lost = 0
    with opened() as content:
        piece = content.read(_PIECE)
        marked = next((name for mark, name in _ENCODINGS.items() if piece.startswith(mark)), None)
        if marked is not None:
            return marked, True
        while piece:
            text = decoder.decode(piece)
            if not text.isascii():
                foreign += len(text) - len(text.encode("ascii", "ignore"))
                lost += text.count(_LOST)
            piece = content.read(_PIECE)
    lost += len(decoder.decode(b"", final=True))
    return ("utf-8" if foreign >= 2 * lost else "cp1252"), lost == 0
