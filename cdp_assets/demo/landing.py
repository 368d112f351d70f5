"""Delivering rows into landing files, with what goes wrong on the way.

Belongs here: mess of whole rows (delivered twice, late, broken), encodings, compression, and noting it as truth. Does
not belong here: mess within a field (`typing_errors.py`), and what a row says (the sources' modules).
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cdp_assets.demo.rates import Rates
from cdp_assets.demo.text import DAY, Bools, Ints, Texts
from cdp_assets.demo.truth import Truth
from cdp_assets.demo.typing_errors import replaced

CHUNK = 400_000
"""Rows rendered at a time."""

Render = Callable[[Ints], Texts]
"""Makes the lines (each with its line end) of the rows at the given indexes."""


@dataclass(frozen=True)
class Part:
    """One delivered file.

    Args:
        name: Path below the landing folder; ``.gz`` compresses.
        until: What arrives before this instant (epoch seconds) is in it, if not in an earlier one; the last part
            takes the rest.
    """

    name: str
    until: int = 2**62


class Landing:
    """The landing folder while it fills."""

    def __init__(self, folder: Path, seed: int, rates: Rates, truth: Truth) -> None:
        self.folder = folder
        self.truth = truth
        self.rates = rates
        self.rows: dict[tuple[str, str], int] = {}
        self.files: list[Path] = []
        self._seed = seed

    def wrong_types(self, source: str, stream: str, count: int) -> Bools:
        """Draw which rows shall have a value of the wrong type."""
        return self._chance(source, stream, 1).random(count) < self.rates.wrong_type

    def deliver(
        self,
        source: str,
        stream: str,
        parts: Sequence[Part],
        arrival: Ints,
        render: Render,
        *,
        header: str = "",
        wrong: Bools | None = None,
        spared: Bools | None = None,
        group: Ints | None = None,
        snapshot: bool = False,
        encoding: str = "utf-8",
    ) -> Bools:
        """Write the rows of a stream into its files, in order of arrival.

        Args:
            source: Name of the source.
            stream: Name of the stream.
            parts: The files, in order of time.
            arrival: When each row arrives, in epoch seconds.
            render: Makes lines of rows.
            header: First line of each file; none for JSON lines.
            wrong: Rows that `render` gives a value of the wrong type.
            spared: Rows that are never broken.
            group: For each row the group (from 0) of rows that arrive together, else each by itself.
            snapshot: Whether everything is in each file at once, so that nothing is late.
            encoding: Of the files.

        Returns:
            Which rows are of no use: broken, or with a value of the wrong type.
        """
        rng = self._chance(source, f"{stream}/{parts[0].name}", 2)
        count = len(arrival)
        wrong = np.zeros(count, dtype=bool) if wrong is None else wrong
        late = np.zeros(count, dtype=bool)
        arrival = arrival.astype(np.int64)
        if not snapshot:
            groups = np.arange(count) if group is None else group
            size = int(groups.max()) + 1 if count else 0
            late = (rng.random(size) < self.rates.late_row)[groups]
            delay = (3_600 + rng.exponential(8 * DAY, size)).astype(np.int64)[groups]
            arrival = np.where(late, arrival + delay, arrival)
        twice = np.sort(rng.choice(count, round(count * self.rates.duplicate_row), replace=False))
        rows = np.concatenate((np.arange(count), twice))
        arrival = np.concatenate((arrival, arrival[twice] + rng.integers(1, 3 * DAY, len(twice))))
        order = np.argsort(arrival, kind="stable")
        rows, again, arrival = rows[order], (order >= count), arrival[order]
        broken = rng.random(len(rows)) < self.rates.broken_row
        if spared is not None:
            broken &= ~spared[rows]
        if header and count:
            broken[0] = False  # a file whose first row is broken looks like one with another delimiter

        ends = np.append(np.searchsorted(arrival, [part.until for part in parts[:-1]], side="left"), len(rows))
        start = 0
        for part, end in zip(parts, ends, strict=True):
            piece = slice(start, int(end))
            self._write(part.name, rows[piece], broken[piece], render, header, encoding, rng)
            numbers = np.arange(1, int(end) - start + 1)
            marks = {
                "duplicate": again[piece],
                "late": late[rows[piece]] & ~again[piece],
                "wrong_type": wrong[rows[piece]],
                "broken": broken[piece],
            }
            self.truth.add_bad_rows(source, stream, part.name, {k: numbers[mask] for k, mask in marks.items()})
            start = int(end)
        key = (source, stream)
        self.rows[key] = self.rows.get(key, 0) + len(rows)
        useless = wrong.copy()
        useless[rows[broken & ~again]] = True
        return useless

    def deliver_clean(self, source: str, stream: str, name: str, header: str, lines: Texts) -> None:
        """Write one file with which nothing is wrong."""
        rows = np.arange(len(lines))
        rng = self._chance(source, stream, 2)
        self._write(name, rows, np.zeros(len(lines), dtype=bool), lines.take, header, "utf-8", rng)
        self.rows[source, stream] = len(lines)

    def _chance(self, source: str, stream: str, topic: int) -> np.random.Generator:
        return np.random.default_rng([self._seed, topic, zlib.crc32(f"{source}/{stream}".encode())])

    def _write(
        self,
        name: str,
        rows: Ints,
        broken: Bools,
        render: Render,
        header: str,
        encoding: str,
        rng: np.random.Generator,
    ) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self.files.append(path)
        with path.open("wb") as raw:
            file = gzip.GzipFile("", "wb", 3, raw, mtime=0) if name.endswith(".gz") else raw
            file.write(header.encode(encoding))
            for start in range(0, len(rows), CHUNK):
                lines = render(rows[start : start + CHUNK])
                lines = _with_broken(rng, lines, broken[start : start + CHUNK], as_json=not header)
                file.write(_bytes(lines, encoding))
            if file is not raw:
                file.close()


def _with_broken(rng: np.random.Generator, lines: Texts, broken: Bools, *, as_json: bool) -> Texts:
    """Break the chosen lines: cut off, or with columns too many. Each stays one line."""
    positions = np.flatnonzero(broken)
    if not len(positions):
        return lines
    cut = rng.uniform(0.3, 0.9, len(positions))
    whole = lines.take(pa.array(positions)).to_pylist()
    torn = []
    for line, share in zip(whole, cut, strict=True):
        text = line.rstrip("\n")
        if as_json:
            text = text[: int(len(text) * share)]
        elif share < 0.6:
            fields = text.replace('"', "").split(",")
            text = ",".join(fields[: max(1, len(fields) // 3)])
        else:
            text = f"{text},#REF!,"
        torn.append(text + "\n")
    return replaced(lines, broken, pa.array(torn, type=pa.string()))


def _bytes(lines: Texts, encoding: str) -> bytes | memoryview:
    """The lines one after the other."""
    if not len(lines):
        return b""
    if encoding != "utf-8":
        return "".join(lines.to_pylist()).encode(encoding)
    lines = pc.cast(lines, pa.string())
    offsets = np.frombuffer(lines.buffers()[1], dtype=np.int32)[lines.offset : lines.offset + len(lines) + 1]
    return memoryview(lines.buffers()[2])[int(offsets[0]) : int(offsets[-1])]
