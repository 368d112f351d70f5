"""Text in bulk: pools, numbers, times and lines, as Arrow arrays.

Belongs here: turning arrays of indexes and numbers into arrays of text, quickly. Does not belong here: what the text
means (the modules of the sources) or where it is written (`landing.py`).
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.floating[Any]]
Bools = npt.NDArray[np.bool_]
Texts: TypeAlias = pa.Array
"""An Arrow array of strings without nulls."""

DAY = 86_400
"""Seconds of a day."""

_FIRST_DAY = 0
_LAST_DAY = 24_000  # 2035-09-17: later than any date written here


def texts(values: Sequence[str]) -> Texts:
    """Make an array of strings."""
    return pa.array(list(values), type=pa.string())


def gather(pool: Texts, index: Ints) -> Texts:
    """Take elements of a pool; index −1 gives the empty text."""
    index = np.asarray(index)
    if index.size and int(index.min()) < 0:
        taken = pool.take(pa.array(np.where(index < 0, 0, index)))
        return pc.if_else(pa.array(index < 0), "", taken)
    return pool.take(pa.array(index))


def glue(*parts: Texts | str, between: str = "") -> Texts:
    """Join arrays (and constant texts) element by element."""
    return pc.binary_join_element_wise(*parts, between)


def where(mask: Bools, yes: Texts | str, no: Texts | str) -> Texts:
    """``yes`` where the mask is true, else ``no``."""
    return pc.if_else(pa.array(mask), yes, no)


def digits(values: Ints, width: int = 0) -> Texts:
    """Whole numbers as text, padded with zeros to ``width``."""
    plain = pc.cast(pa.array(np.asarray(values)), pa.string())
    return pc.utf8_lpad(plain, width, "0") if width else plain


def money(cents: Ints, *, whole: Bools | None = None) -> Texts:
    """Cents as an amount with two decimals; where ``whole`` is true, without (currencies that have no cents)."""
    cents = np.asarray(cents)
    magnitude = np.abs(cents)
    sign = gather(texts(["", "-"]), (cents < 0).astype(np.int8))
    units = digits(magnitude // 100)
    exact = glue(sign, units, ".", gather(_two_digits(), magnitude % 100))
    return exact if whole is None else where(whole, glue(sign, units), exact)


def dates(days: Ints) -> Texts:
    """Days since 1970-01-01 as ``YYYY-MM-DD``; −1 gives the empty text."""
    return gather(_calendar(), days)


def clock(seconds: Ints) -> Texts:
    """Seconds of a day as ``HH:MM:SS``."""
    return gather(_clock(), seconds)


def stamps(epoch: Ints, *, between: str = " ", end: str = "") -> Texts:
    """Epoch seconds as ``YYYY-MM-DD HH:MM:SS``; negative ones give the empty text."""
    epoch = np.asarray(epoch)
    known = np.maximum(epoch, 0)
    written = glue(dates(known // DAY), between, clock(known % DAY), end)
    return written if not (epoch < 0).any() else where(epoch < 0, "", written)


def iso_millis(epoch_ms: Ints) -> Texts:
    """Epoch milliseconds as ``YYYY-MM-DDTHH:MM:SS.mmmZ``."""
    seconds = np.asarray(epoch_ms) // 1000
    return glue(dates(seconds // DAY), "T", clock(seconds % DAY), gather(_millis(), np.asarray(epoch_ms) % 1000))


def hexes(rng: np.random.Generator, count: int, length: int) -> Texts:
    """Random lower-case hexadecimal texts; ``length`` is a multiple of four."""
    return hex_of(rng.integers(0, 65_536, size=(count, length // 4), dtype=np.uint16))


def hex_of(words: Ints) -> Texts:
    """Rows of 16-bit numbers as hexadecimal texts, four digits a number."""
    return glue(*(gather(_hex_words(), words[:, column]) for column in range(words.shape[1])))


def csv_lines(columns: Sequence[Texts | str]) -> Texts:
    """Join columns into CSV lines with a line end each; fields are quoted where they need it."""
    return glue(*(_interleaved([_quoted(column) for column in columns])), "\n")


def _interleaved(columns: list[Texts | str]) -> list[Texts | str]:
    """Columns with commas between them, runs of constant columns melted into one text."""
    parts: list[Texts | str] = []
    text = ""
    for number, column in enumerate(columns):
        text += "," if number else ""
        if isinstance(column, str):
            text += column
        else:
            parts += [text, column]
            text = ""
    return [*parts, text]


def _quoted(column: Texts | str) -> Texts | str:
    if isinstance(column, str):
        return f'"{column.replace(chr(34), chr(34) * 2)}"' if any(mark in column for mark in ',"\n') else column
    needs = pc.match_substring_regex(column, '[,"\n]')
    if not pc.any(needs).as_py():
        return column
    return pc.if_else(needs, glue('"', pc.replace_substring(column, '"', '""'), '"'), column)


@functools.cache
def _calendar() -> Texts:
    days = np.arange(_FIRST_DAY, _LAST_DAY).astype("datetime64[D]")
    return pa.array(days.astype(str), type=pa.string())


@functools.cache
def _clock() -> Texts:
    return texts([f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}" for s in range(DAY)])


@functools.cache
def _millis() -> Texts:
    return texts([f".{ms:03d}Z" for ms in range(1000)])


@functools.cache
def _two_digits() -> Texts:
    return texts([f"{number:02d}" for number in range(100)])


@functools.cache
def _hex_words() -> Texts:
    return texts([f"{number:04x}" for number in range(65_536)])
