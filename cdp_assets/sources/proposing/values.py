"""What the texts of a column are: their type, and what they look like.

Belongs here: judging by values alone. Does not belong here: what a column's name says (`roles.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

_INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})(\.0)?")
_FLOATED = re.compile(r"\d{1,15}\.0")
"""A number of something that passed through a spreadsheet or a data frame with gaps."""
_DECIMAL = re.compile(r"-?([1-9]\d{0,2}(,\d{3})+|0|[1-9]\d{0,13})(\.\d+)?")
_COMMA = re.compile(r"-?([1-9]\d{0,2}(\.\d{3})+|0|[1-9]\d{0,13}),\d{1,2}")
_WORDS_OF_TRUTH = frozenset({"true", "false", "yes", "no", "t", "f", "y", "n"})
_LOOKS = {
    "email": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}"),
    "url": re.compile(r"https?://\S+"),
    "ip": re.compile(r"(\d{1,3}\.){3}\d{1,3}"),
    "phone": re.compile(r"'?\+\d[\d ()./-]{6,18}"),
    "zone": re.compile(r"[A-Z][A-Za-z_]+/[A-Za-z_/+-]+|UTC"),
    "code": re.compile(r"[A-Za-z]{0,4}[-_]?\d{3,18}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "number_sign": re.compile(r"#\w*\d+"),
    "country": re.compile(r"[A-Z]{2}"),
    "currency": re.compile(r"[A-Za-z]{3}"),
}
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_ISO_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?( ?(Z|UTC|[+-]\d\d(:?\d\d)?))?")
_FORMATS = (
    ("timestamp", "%Y-%m-%d %H:%M:%S %z"), ("timestamp", "%b %d, %Y %I:%M:%S %p"),
    ("timestamp", "%d.%m.%Y %H:%M:%S"), ("timestamp", "%d.%m.%Y %H:%M"), ("date", "%d.%m.%Y"),
    ("timestamp", "%m/%d/%Y %H:%M:%S"), ("timestamp", "%m/%d/%Y %H:%M"), ("date", "%m/%d/%Y"),
    ("timestamp", "%d/%m/%Y %H:%M:%S"), ("timestamp", "%d/%m/%Y %H:%M"), ("date", "%d/%m/%Y"),
    ("timestamp", "%Y/%m/%d %H:%M:%S"), ("date", "%Y/%m/%d"), ("date", "%Y%m%d"),
)  # fmt: skip
_SYMBOLS = ("€", "$", "£", "¥", "kr", "zł", "CHF")
_MOSTLY = 0.9
_OLDEST_EPOCH, _NEWEST_EPOCH = 946_684_800, 4_102_444_800


@dataclass(frozen=True)
class Values:
    """What is known of a column's texts.

    Args:
        type: One of the contract's types.
        format: strptime format of dates and times, None for ISO 8601.
        decimal_mark: ``.`` or ``,``.
        symbol: What stands beside all numbers, such as ``€``.
        looks: What most of them look like: ``email``, ``url`` …
        filled: How many are not empty.
        rows: How many there are.
        distinct: How many different ones.
        epoch: Seconds of one unit, for numbers that can be instants: 1, 0.001 or 0.000001; else None.
        ambiguous: Whether day and month could be the other way round.
    """

    type: str
    format: str | None = None
    decimal_mark: str = "."
    symbol: str | None = None
    looks: frozenset[str] = frozenset()
    filled: int = 0
    rows: int = 0
    distinct: int = 0
    epoch: float | None = None
    ambiguous: bool = False

    @property
    def unique(self) -> bool:
        """Whether every row has one, and no two the same."""
        return self.filled == self.rows == self.distinct and self.rows > 0


def judge(texts: Sequence[str | None], *, code: bool = False) -> Values:
    """Judge a column.

    Args:
        texts: Its texts, None where empty.
        code: Whether the name says that numbers in it are names (ids, phone numbers, postal codes).
    """
    filled = [text for text in texts if text is not None]
    counts: Any = {"filled": len(filled), "rows": len(texts), "distinct": len(set(filled))}
    if not filled:
        return Values("string", **counts)
    looks = frozenset(name for name, pattern in _LOOKS.items() if _most(pattern, filled))
    if all(text[0] in "[{" for text in filled):
        return Values("json", **counts)
    if code and _most(_FLOATED, filled):
        return Values("integer", looks=looks, **counts)
    if code:
        return Values("string", looks=looks, **counts)
    if {text.lower() for text in filled} <= _WORDS_OF_TRUTH:
        return Values("boolean", **counts)
    if _most(_INTEGER, filled):
        return Values("integer", epoch=_epoch(filled), looks=looks, **counts)
    if _most(_DECIMAL, filled):
        return Values("decimal" if all(_places(text) <= 4 for text in filled) else "float", **counts)
    if _most(_COMMA, filled):
        return Values("decimal", decimal_mark=",", **counts)
    symbol = next((sign for sign in _SYMBOLS if sum(sign in text for text in filled) >= _MOSTLY * len(filled)), None)
    if symbol is not None:
        plain = judge([None if text is None else text.replace(symbol, "").strip() for text in texts])
        if plain.type in ("integer", "decimal", "float"):
            return replace(plain, symbol=symbol, epoch=None, type="decimal" if plain.type == "integer" else plain.type)
    if _most(_ISO_DATE, filled):
        return Values("date", **counts)
    for kind, pattern in _FORMATS:
        if _share(filled, pattern) >= _MOSTLY:
            other = pattern.replace("%m/%d", "%d/%m")
            return Values(kind, pattern, ambiguous=other != pattern and _share(filled, other) >= _MOSTLY, **counts)
    if _most(_ISO_TIME, filled):
        return Values("timestamp", **counts)
    return Values("string", looks=looks, **counts)


def _most(pattern: re.Pattern[str], texts: Sequence[str]) -> bool:
    return sum(pattern.fullmatch(text) is not None for text in texts) >= _MOSTLY * len(texts)


def _share(texts: Sequence[str], pattern: str) -> float:
    looked_at = texts[:200]
    return sum(_fits(text, pattern) for text in looked_at) / len(looked_at)


def _fits(text: str, pattern: str) -> bool:
    try:
        datetime.strptime(text, pattern)  # noqa: DTZ007 (only whether it can be read)
    except ValueError:
        return False
    return True


def _places(text: str) -> int:
    return len(text.partition(".")[2])


def _epoch(texts: Sequence[str]) -> float | None:
    numbers = [float(text) for text in texts]
    for unit in (1.0, 0.001, 0.000001):
        if all(_OLDEST_EPOCH <= number * unit <= _NEWEST_EPOCH for number in numbers):
            return unit
    return None
