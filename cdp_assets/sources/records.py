"""Lines of a text file become records: which lines belong together, which are broken, and which are blank.

Belongs here: the rules for line ends, quotes and bytes that are no text. Does not belong here: splitting a record into
columns (the engine does, in bulk), and files as a whole (`preparing.py`).

The engine's CSV reader can lose everything after a quote that is never closed. So that each row is accounted for, such
lines are taken out beforehand, and the number of records is counted independently of the reader.
"""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

_NEWLINE = b"\n"
_LINE_FEED = ord("\n")
_QUOTE = ord('"')
_LONGEST_RECORD = 1 << 20
_MOST_LINES = 2000
_FEW_LINES = 64
LINE_SEPARATOR_BYTE = b"\x01"
"""Never part of valid JSON text, so that it can stand for "no delimiter" when whole lines are read."""


@dataclass(frozen=True)
class BrokenRow:
    """A row that cannot be split into columns.

    Args:
        row: Its number within the file, from 1.
        line: The line it begins on, from 1, counting a header.
        raw: As it came; bytes that are no text are written as ``\\xNN``.
        error: What is wrong with it, without any of its values.
    """

    row: int
    line: int
    raw: str
    error: str


@dataclass
class Records:
    """What a scan of a file's lines found.

    Args:
        good: Records that the reader will be given.
        broken: Rows that are kept as they came instead.
        cuts: Byte ranges (begin, end) that the reader must not see.
        carriage_returns: Lines that end in CR LF.
        lines: Lines in all.
        undecodable: Lines that are not UTF-8.
        beyond_ascii: Lines that are UTF-8 and more than ASCII.
        ended: Whether the last line has a line's end.
    """

    good: int = 0
    broken: list[BrokenRow] = field(default_factory=list)
    cuts: list[tuple[int, int]] = field(default_factory=list)
    carriage_returns: int = 0
    lines: int = 0
    undecodable: list[int] = field(default_factory=list)
    beyond_ascii: int = 0
    ended: bool = True

    @property
    def rows(self) -> int:
        """Rows of the file, broken ones included."""
        return self.good + len(self.broken)

    @property
    def mixed_line_ends(self) -> bool:
        return 0 < self.carriage_returns < self.lines


@dataclass(frozen=True)
class _Line:
    begin: int
    end: int
    number: int
    text: bytes

    @property
    def odd(self) -> bool:
        return self.text.count(b'"') % 2 == 1


class RecordScanner:
    """Walks over the lines of a UTF-8 file, a block at a time.

    Args:
        quotes: Whether the file is CSV, where a record may span lines.
        delimiter: CSV's delimiter.
        columns: How many columns a CSV record has.
        thorough: Whether to try every CSV line that has a quote, instead of counting its quotes.
        encoding: What the file was in before, for what is said of bytes that are no text.
    """

    def __init__(
        self,
        *,
        quotes: bool,
        delimiter: str = ",",
        columns: int = 0,
        thorough: bool = False,
        encoding: str = "utf-8",
    ) -> None:
        self.found = Records()
        self._quotes = quotes
        self._delimiter = delimiter
        self._columns = columns
        self._thorough = thorough
        self._encoding = "UTF-8" if encoding == "utf-8" else encoding
        self._open: list[_Line] = []

    def block(self, block: bytes, begin: int) -> None:
        """Take the next whole lines of the file.

        Args:
            block: Bytes that end in a line feed, or with the file.
            begin: Their offset in the file.
        """
        self.found.ended = block.endswith(_NEWLINE)
        self.found.carriage_returns += block.count(b"\r\n") if b"\r" in block else 0
        if not self._taken_whole(block):
            for piece in _pieces(block):
                if self._open or self._thorough or not self._taken_whole(piece):
                    waiting = deque(self._lines(piece, begin))
                    while waiting:
                        self._line(waiting.popleft(), waiting)
                begin += len(piece)

    def finish(self) -> Records:
        """Settle what is still open at the end of the file."""
        while self._open:
            waiting = self._give_up()
            while waiting:
                self._line(waiting.popleft(), waiting)
        return self.found

    def _taken_whole(self, block: bytes) -> bool:
        """Count the lines of a block in which each line is a record, if it is one."""
        ends = _line_ends(block)
        if self._needs_care(block, ends):
            return False
        lines = len(ends) + (not block.endswith(_NEWLINE))
        self.found.lines += lines
        self.found.good += lines
        if not block.isascii():
            # That many lines in a row are UTF-8 by no accident.
            accidental = lines <= _FEW_LINES
            self.found.beyond_ascii += sum(not line.isascii() for line in block.split(b"\n")) if accidental else lines
        return True

    def _needs_care(self, block: bytes, ends: np.ndarray) -> bool:
        if self._open or self._thorough:
            return True
        if block.startswith((b"\n", b"\r\n")) or (np.diff(ends) == 1).any():
            return True
        if (b"\r" in block and b"\n\r\n" in block) or not _is_text(block):
            return True
        if not self._quotes:
            return LINE_SEPARATOR_BYTE in block
        return b'"' in block and _has_odd_line(block, ends)

    def _lines(self, block: bytes, begin: int) -> Iterator[_Line]:
        for text in block.splitlines(keepends=True) if b"\r" not in block else _split_at_line_feeds(block):
            self.found.lines += 1
            end = begin + len(text)
            yield _Line(begin, end, self.found.lines, text.rstrip(b"\r\n"))
            begin = end

    def _line(self, line: _Line, waiting: deque[_Line]) -> None:
        if self._open:
            self._continue(line, waiting)
        elif not line.text.strip():
            self.found.cuts.append((line.begin, line.end))
        elif not line.text.isascii() and not _is_text(line.text):
            self.found.undecodable.append(line.number)
            self._broken([line], f"it has bytes that are not {self._encoding}")
        elif not self._quotes and LINE_SEPARATOR_BYTE in line.text:
            self._broken([line], "it has a control character")
        elif self._quotes and line.odd and not self._stands_alone(line.text):
            self._open.append(line)
        elif self._thorough and self._quotes and not self._splits(line.text):
            self._broken([line], "its quotes or its number of columns are wrong")
        else:
            self._good(line)

    def _continue(self, line: _Line, waiting: deque[_Line]) -> None:
        self._open.append(line)
        if line.odd:
            joined = b"\n".join(each.text for each in self._open)
            if _is_text(joined) and self._splits(joined):
                self._open.clear()
                self._good(line)
                return
        elif len(self._open) <= _MOST_LINES and line.end - self._open[0].begin <= _LONGEST_RECORD:
            return
        waiting.extendleft(reversed(self._give_up()))

    def _give_up(self) -> deque[_Line]:
        """The first open line is broken; the ones after it are looked at afresh."""
        first, *rest = self._open
        self._open.clear()
        self._broken([first], "a quote is not closed")
        return deque(rest)

    def _good(self, line: _Line) -> None:
        self.found.good += 1
        if not line.text.isascii():
            self.found.beyond_ascii += 1

    def _broken(self, lines: list[_Line], error: str) -> None:
        raw = b"\n".join(line.text for line in lines).decode("utf-8", "backslashreplace")
        self.found.broken.append(BrokenRow(self.found.rows + 1, lines[0].number, raw, error))
        self.found.cuts.append((lines[0].begin, lines[-1].end))

    def _stands_alone(self, text: bytes) -> bool:
        return len(split(text.decode("utf-8", "replace"), self._delimiter)) == 1

    def _splits(self, text: bytes) -> bool:
        records = split(text.decode("utf-8", "replace"), self._delimiter)
        return len(records) == 1 and len(records[0]) == self._columns


def split(text: str, delimiter: str) -> list[list[str]]:
    """Split CSV text strictly into records of fields; an empty list if it is not valid CSV."""
    csv.field_size_limit(1 << 30)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return []


def _line_ends(block: bytes) -> np.ndarray:
    return np.flatnonzero(np.frombuffer(block, np.uint8) == _LINE_FEED)


def _pieces(block: bytes) -> Iterator[bytes]:
    """A block in pieces of a few lines, since most of them are in order where one is not."""
    begin = 0
    for end in _line_ends(block)[_FEW_LINES - 1 :: _FEW_LINES].tolist():
        yield block[begin : end + 1]
        begin = end + 1
    if begin < len(block):
        yield block[begin:]


def _is_text(data: bytes) -> bool:
    """Whether bytes are UTF-8, which Arrow tells twenty times as fast as decoding does."""
    if data.isascii():
        return True
    bounds = pa.py_buffer(np.array([0, len(data)], dtype=np.int64))
    try:
        pa.Array.from_buffers(pa.large_string(), 1, [None, bounds, pa.py_buffer(data)]).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _has_odd_line(block: bytes, ends: np.ndarray) -> bool:
    """Whether a line has an odd number of quotes."""
    quotes = np.flatnonzero(np.frombuffer(block, np.uint8) == _QUOTE)
    before = np.searchsorted(quotes, np.append(ends, len(block)))
    return bool((np.diff(before, prepend=0) % 2).any())


def _split_at_line_feeds(block: bytes) -> Iterator[bytes]:
    begin = 0
    while begin < len(block):
        end = block.find(_NEWLINE, begin) + 1
        if end == 0:
            end = len(block)
        yield block[begin:end]
        begin = end
