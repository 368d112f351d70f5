"""Delivered bytes become text that a reader can be trusted with: decompressed, UTF-8, whole records only.

Belongs here: compression, encodings, headers, and files that are refused as a whole. Does not belong here: which lines
make a record (`records.py`), and reading them into tables (`reading.py`).
"""

from __future__ import annotations

import codecs
import gzip
import re
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

from cdp_assets.sources.encodings import ENCODINGS, decoded
from cdp_assets.sources.errors import (
    DeliveryError,
    EmptyFileError,
    MissingColumnError,
    TruncatedFileError,
    WrongDelimiterError,
    WrongEncodingError,
    WrongFormatError,
    ZipBombError,
)
from cdp_assets.sources.landing import LandedFile
from cdp_assets.sources.records import BrokenRow, Records, RecordScanner, split
from cdp_assets.sources.spec import StreamSpec
from cdp_assets.sources.unpacking import mark_of, unpacked
from cdp_assets.warehouse.files import BLOCK, whole_lines
from cdp_assets.warehouse.sql_parsing import nearest

_HARMLESS, _MOST_TIMES = 64 << 20, 250
"""What a compressed file may unpack to in any case, and to how many times its size otherwise: text shrinks tenfold."""
_GZIP = b"\x1f\x8b"
_OTHER_FILES = {
    _GZIP: "compressed twice",
    b"PK\x03\x04": "a zip archive or an Office document",
    b"%PDF": "a PDF",
    b"\xd0\xcf\x11\xe0": "an Office document",
}
"""How files begin that are often delivered in place of text."""

_MANY_NULS = 4
"""Every fourth byte is zero, or more: no text in a one-byte encoding."""

_UTF8_MARK = b"\xef\xbb\xbf"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_UTF32_MARK = b"\xff\xfe\x00\x00"
DELIMITER_LINE = re.compile(rb"sep=.\r?\n")
"""A line above the header with which spreadsheets are told the delimiter."""
_DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}


@dataclass(frozen=True)
class Prepared:
    """A text file that is ready to be read in bulk.

    Args:
        path: Where it lies: the file itself, or a cleaned copy.
        header: Names of its columns, for CSV.
        good: Records in it.
        broken: Rows that were taken out of it, with their numbers in the file as delivered.
        ended: Whether the file as delivered ends with a line's end.
    """

    path: Path
    header: tuple[str, ...]
    good: int
    broken: tuple[BrokenRow, ...]
    ended: bool = True


def prepare(
    file: LandedFile, stream: StreamSpec, folder: Path, *, thorough: bool = False, scan: Scan | None = None
) -> Prepared:
    """Make a CSV or JSON-lines file ready to be read.

    Args:
        file: The delivered file.
        stream: Its stream: format, delimiter, encoding and contract.
        folder: Where copies may be written.
        thorough: Whether to try each CSV record that has quotes, rather than to trust their number.
        scan: What was found ahead (`scanned_ahead`).

    Raises:
        DeliveryError: if the file cannot be read as a whole; the subclass says why.
    """
    plain = as_utf8(file, stream, folder)
    if scan is None or thorough:
        scan = _scanned(plain, file, stream, thorough, _mark(stream))
    if stream.unpack is not None and scan.marked:
        plain = unpacked(plain, stream.unpack, folder)
        scan = _scanned(plain, file, stream, thorough)
    records = scan.records
    _refuse_wrong_encoding(records, file, stream)
    if scan.begin:
        records.cuts.insert(0, (0, scan.begin))
    if records.cuts or records.mixed_line_ends:
        clean = folder / f"{file.path.name}.clean"
        _copy_without(plain, clean, records)
        plain = clean
    return Prepared(plain, scan.header, records.good, tuple(records.broken), records.ended)


@dataclass(frozen=True)
class Scan:
    """What was found in a text file.

    Args:
        header: Names of its columns, for CSV.
        begin: Bytes before the header, or before the first line of JSON.
        records: Its records.
        marked: Whether the mark is in one of its lines; only those before it are among the records then.
    """

    header: tuple[str, ...]
    begin: int
    records: Records
    marked: bool


def scanned_ahead(file: LandedFile, stream: StreamSpec) -> Scan | None:
    """What `prepare` looks for, in a file of which nothing else is known yet.

    Returns:
        None for what is not read as it is, has broken rows, or cannot be read: `prepare` finds out what it is.
    """
    if stream.format not in ("csv", "jsonl") or stream.encoding != "utf-8":
        return None
    with file.path.open("rb") as opened:
        if opened.read(len(_GZIP)) in (_GZIP, *UTF16_MARKS):
            return None
    try:
        scan = _scanned(file.path, file, stream, thorough=False, mark=_mark(stream))
    except DeliveryError:
        return None
    return None if scan.records.broken else scan


def _mark(stream: StreamSpec) -> bytes | None:
    return mark_of(stream.unpack) if stream.unpack is not None else None


def _scanned(plain: Path, file: LandedFile, stream: StreamSpec, thorough: bool, mark: bytes | None = None) -> Scan:
    """Read a file once, up to the first line that has ``mark`` in it."""
    is_csv = stream.format == "csv"
    with plain.open("rb") as opened:
        begin = len(_UTF8_MARK) if opened.read(3) == _UTF8_MARK else 0
        opened.seek(begin)
        first, above = opened.readline(), 0
        if is_csv and DELIMITER_LINE.fullmatch(first):
            begin, first, above = opened.tell(), opened.readline(), 1
        while is_csv and first and not first.strip():
            begin, first, above = opened.tell(), opened.readline(), above + 1
        header = _header(first, file, stream) if is_csv else ()
        if not is_csv:
            opened.seek(begin)
        scanner = RecordScanner(
            quotes=is_csv,
            delimiter=stream.delimiter,
            columns=len(header),
            thorough=thorough and is_csv,
            encoding=stream.encoding,
        )
        scanner.found.lines = int(is_csv) + above
        scanner.found.carriage_returns = scanner.found.lines if first.endswith(b"\r\n") else 0
        offset = opened.tell()
        for block in whole_lines(opened):
            # From the end, which takes half as long as `in` does among so many quotes.
            if mark is not None and block.rfind(mark) >= 0:
                return Scan(header, begin, scanner.found, marked=True)
            scanner.block(block, offset)
            offset += len(block)
        return Scan(header, begin, scanner.finish(), marked=False)


def as_utf8(file: LandedFile, stream: StreamSpec, folder: Path) -> Path:
    """The file decompressed and in UTF-8: itself if it is so already, else a copy in ``folder``.

    Of text in another encoding, lines that are not in it stay as they are, to be found broken.

    Raises:
        DeliveryError: if it is empty, damaged, or not in the encoding that the contract names.
    """
    if file.size == 0:
        raise EmptyFileError(file.name, "the file is empty", "Deliver it again, or remove it")
    with file.path.open("rb") as opened:
        mark = opened.read(2)
    plain = file.path
    if mark == _GZIP:
        plain = _decompressed(file, folder / f"{file.path.name}.plain")
    elif file.path.suffix == ".gz":
        raise WrongFormatError(file.name, "the name ends in .gz, but it is not compressed", "Compress it, or rename it")
    with plain.open("rb") as opened:
        head = opened.read(1 << 16)
    if not head.strip():
        raise EmptyFileError(file.name, "there is nothing in the file", "Deliver it again, or remove it")
    archive = next((what for mark, what in _OTHER_FILES.items() if head.startswith(mark)), None)
    if archive is not None:
        raise WrongFormatError(
            file.name, f"it is {archive}", f"Deliver the {stream.format} file itself, or gzipped once"
        )
    if head.startswith(UTF16_MARKS) and not head.startswith(_UTF32_MARK):
        return _from_utf16(plain, folder / f"{file.path.name}.utf8", file)
    if head[:64].count(0) * _MANY_NULS > len(head[:64]):
        raise WrongEncodingError(
            file.name, "it is UTF-16 or UTF-32", f"Save it as {stream.encoding} and deliver it again", line=1
        )
    if stream.encoding == "utf-8":
        return plain
    copy = folder / f"{file.path.name}.utf8"
    if not _transcode(plain, copy, stream.encoding):
        raise WrongEncodingError(
            file.name,
            f"the contract says {stream.encoding}, but the file is UTF-8",
            "Write `encoding: utf-8` in the stream's definition, or leave it out",
        )
    return copy


def _decompressed(file: LandedFile, target: Path) -> Path:
    try:
        with gzip.open(file.path, "rb") as packed, target.open("wb") as unpacked:
            total = 0
            while block := packed.read(BLOCK):
                total += len(block)
                if total > _HARMLESS and total > _MOST_TIMES * file.size:
                    raise ZipBombError(
                        file.name,
                        f"it unpacks to more than {_MOST_TIMES} times its size",
                        "Look what it is; deliver real data uncompressed if it really is so repetitive",
                    )
                unpacked.write(block)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        what = "it ends too early" if isinstance(error, EOFError) else "its content is damaged"
        with target.open("rb") as partial:
            lines = sum(block.count(b"\n") for block in iter(lambda: partial.read(BLOCK), b""))
        raise TruncatedFileError(
            file.name, f"the compressed file cannot be read to its end: {what}", "Deliver it again", line=lines + 1
        ) from None
    return target


def _from_utf16(plain: Path, copy: Path, file: LandedFile) -> Path:
    """Write as UTF-8 what begins with the mark of UTF-16, whatever the contract says: nothing else begins so."""
    decoder = codecs.getincrementaldecoder("utf-16")()
    with plain.open("rb") as opened, copy.open("wb") as out:
        try:
            while block := opened.read(BLOCK):
                out.write(decoder.decode(block).encode("utf-8"))
            out.write(decoder.decode(b"", final=True).encode("utf-8"))
        except UnicodeError:
            raise WrongEncodingError(
                file.name, "it begins as UTF-16, but is not to its end", "Save it as UTF-8 and deliver it again"
            ) from None
    return copy


def _transcode(plain: Path, copy: Path, encoding: str) -> bool:
    """Write ``plain`` as UTF-8; False if it is that already and has more than ASCII."""
    beyond_ascii, valid_utf8 = False, True
    with plain.open("rb") as opened, copy.open("wb") as out:
        for block in whole_lines(opened):
            if block.isascii():
                out.write(block)
                continue
            beyond_ascii = True
            if valid_utf8:
                try:
                    block.decode("utf-8")
                except UnicodeDecodeError:
                    valid_utf8 = False
            out.write(_of_lines(block, encoding))
    return not (beyond_ascii and valid_utf8)


def _of_lines(lines: bytes, encoding: str) -> bytes:
    """Lines as UTF-8, but for those that are not in their encoding."""
    try:
        return decoded(lines, encoding).encode("utf-8")
    except UnicodeDecodeError:
        each = lines.splitlines(keepends=True)
        return lines if len(each) < 2 else b"".join(_of_lines(line, encoding) for line in each)


def _advice(stream: StreamSpec) -> str:
    """What to do about text that is not in the encoding of the contract."""
    others = (each for each in ENCODINGS if each not in ("utf-8", "latin-1", stream.encoding))
    other = "latin-1" if stream.encoding == "utf-8" else "utf-8"
    return (
        f"Write `encoding: {other}` in the stream's definition if that is what it is, or one of {', '.join(others)}; "
        "or deliver it as UTF-8"
    )


def _header(first: bytes, file: LandedFile, stream: StreamSpec) -> tuple[str, ...]:
    try:
        text = first.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise WrongEncodingError(
            file.name, f"the header is not in {stream.encoding}, as the contract says", _advice(stream), line=1
        ) from None
    records = split(text, stream.delimiter)
    names = [name.strip() for name in records[0]] if records else []
    if not names:
        raise WrongFormatError(file.name, "the first line is no CSV header", "Deliver it with a header line", line=1)
    needed = [column for column in stream.columns if column.required or column.name in stream.key]
    missing = [column for column in needed if column.address not in names]
    if missing:
        other = _better_delimiter(text, names, stream)
        if other is not None:
            raise WrongDelimiterError(
                file.name,
                f"the header does not split at {_spell(stream.delimiter)}, but does at {_spell(other)}",
                f"Write `delimiter: {other!r}` in the stream's definition, or deliver the file with "
                f"{_spell(stream.delimiter)}",
                line=1,
            )
        raise missing_column(file.name, [column.address for column in missing], names)
    return tuple(names)


def missing_column(file: str, missing: list[str], present: list[str]) -> MissingColumnError:
    """The error for required columns that a file does not have."""
    return MissingColumnError(
        file,
        f"the contract requires {', '.join(f'`{name}`' for name in missing)}, and the file has no such column; "
        f"{nearest(missing[0], present)}",
        "Deliver the file with that column, or change the stream's contract",
        line=1,
        column=missing[0],
    )


def _better_delimiter(text: str, names: list[str], stream: StreamSpec) -> str | None:
    wanted = {column.address for column in stream.columns}
    best, most = None, len(wanted & set(names))
    for delimiter in _DELIMITERS:
        records = split(text, delimiter)
        found = len(wanted & {name.strip() for name in records[0]}) if records else 0
        if found > most:
            best, most = delimiter, found
    return best


def _spell(delimiter: str) -> str:
    return _DELIMITERS.get(delimiter, f"`{delimiter}`")


def _refuse_wrong_encoding(records: Records, file: LandedFile, stream: StreamSpec) -> None:
    """A few damaged lines among many sound ones are broken rows; otherwise the file is in another encoding."""
    if records.undecodable and len(records.undecodable) > records.beyond_ascii:
        raise WrongEncodingError(
            file.name,
            f"the contract says {stream.encoding}, but {len(records.undecodable)} lines are not, this one first",
            _advice(stream),
            line=records.undecodable[0],
        )


def refuse_bytes_that_are_no_text(path: Path, file: LandedFile, stream: StreamSpec) -> None:
    """For files that are read as one piece: a single byte that is not text makes all of it unreadable.

    Raises:
        WrongEncodingError: with the first line that is not in the encoding of the contract.
    """
    scanner = RecordScanner(quotes=False)
    with path.open("rb") as opened:
        for block in whole_lines(opened):
            if not block.isascii():
                scanner.block(block, 0)
                if scanner.found.undecodable:
                    _refuse_wrong_encoding(replace(scanner.finish(), beyond_ascii=0), file, stream)
            else:
                scanner.found.lines += block.count(b"\n")


def _copy_without(plain: Path, clean: Path, records: Records) -> None:
    cuts = sorted(records.cuts)
    with plain.open("rb") as opened, clean.open("wb") as out:
        begin = 0
        for cut, end in [*cuts, (plain.stat().st_size, 0)]:
            opened.seek(begin)
            left = cut - begin
            while left > 0:
                piece = opened.read(min(BLOCK, left))
                left -= len(piece)
                if left > 0 and piece.endswith(b"\r"):
                    piece += opened.read(1)
                    left -= 1
                out.write(piece.replace(b"\r\n", b"\n") if records.mixed_line_ends else piece)
            begin = end
