"""What the texts of a column are: their type, and what they look like.

Belongs here: judging by values alone. Does not belong here: what a column's name says (`roles.py`).
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cdp_assets.sources.proposing import cells
from cdp_assets.sources.proposing.countries import codes_of
from cdp_assets.sources.proposing.dates import LOOKED_AT, MOSTLY, written, written_in_digits
from cdp_assets.sources.proposing.phrases import meanings, words_of
from cdp_assets.sources.spec import ISO
from cdp_assets.warehouse.operations import MINUS_SIGNS

_INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})(\.0)?")
_LEADING_ZERO = re.compile(r"0\d+")
_FLOATED = re.compile(r"\d{1,15}\.0")
"""A number of something that passed through a spreadsheet or a data frame with gaps."""
_DECIMAL = re.compile(r"-?([1-9]\d{0,2}(,\d{3})+|[1-9]\d?(,\d\d)+,\d{3}|0|[1-9]\d{0,13})(\.\d+)?")
"""Groups are of thousands, or of lakhs as in India."""
_FRACTION = re.compile(r"-?\d+\.\d*[1-9]\d*")
"""A number that is not whole, of which one tells that the others may not be either."""
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_COMMA = re.compile(r"-?([1-9]\d{0,2}(\.\d{3})+|0|[1-9]\d{0,13}),\d{1,2}")
_COMMA_AT_TIMES = re.compile(r"-?([1-9]\d{0,2}(\.\d{3})+|0|[1-9]\d{0,13})(,\d{1,2})?")
"""The same where whole numbers have no comma."""
_THOUSANDS = re.compile(r"-?[1-9]\d{0,2}(\.\d{3})+|-?\d{1,3}")
_NO_BREAK = re.compile(r"(?<=\d)[\u00a0\u202f](?=\d{3}(?!\d))")
"""A space that groups thousands."""
_SPACE = re.compile(r"(?<=\d) (?=\d{3}(?!\d))")
"""The same in amounts: of other numbers a plain space may part two."""
_IN_BRACKETS = re.compile(r"\(\s*([^()]*\d[^()]*?)\s*\)")
"""An amount less than zero, as accountants write it."""
_NO_CENTS = re.compile(r"(?<=\d)([.,/])-+(?!\d)")
"""A hyphen in place of cents, or to close an amount."""
_MINUS = re.compile(rf"^[{MINUS_SIGNS}](?=\d)")
_HYPHENS = str.maketrans(dict.fromkeys(MINUS_SIGNS, "-"))
_WORDS_OF_TRUTH = frozenset({"true", "false", "yes", "no", "t", "f", "y", "n"})
_EMAIL = r"[^@\s<>]+@[^@\s<>]+\.[^@\s.<>]{2,}"
_OF_MESSAGES_ALONE = frozenset({"opened", "clicked", "complained"})
"""What is done with messages, and with nothing else that is sent or delivered."""

_LOOKS = {
    "email": re.compile(_EMAIL),
    "url": re.compile(r"https?://\S+"),
    "path": re.compile(r"/[\w./%~?&=+-]*"),
    "ip": re.compile(r"(\d{1,3}\.){3}\d{1,3}"),
    "host": re.compile(
        r"(\d{1,3}\.){3}\d{1,3}(:\d+)?|([\da-f]{0,4}:){3,7}[\da-f]{0,4}|([A-Za-z\d-]+\.){2,}[A-Za-z]{2,}(:\d+)?"
    ),
    "phone": re.compile(r"'?\+\d[\d ()./-]{6,18}"),
    "reached": re.compile(_EMAIL + r"|'?\+?\(?\d[\d ()./-]{6,18}( ?(x|ext\.?) ?\d{1,6})?", re.IGNORECASE),
    "zone": re.compile(r"[A-Z][A-Za-z_]+/[A-Za-z_/+-]+|UTC"),
    "code": re.compile(r"[A-Za-z]{0,4}[-_]?\d{3,18}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "words": re.compile(r"[^\W\d_]+([ .,'’-]+[^\W\d_]+)+\.?"),
    "numbered": re.compile(r"\S*\d\S*"),
    "number_sign": re.compile(r"#\w*\d+"),
    "country": re.compile(r"[A-Z]{2}|[a-z]{2}"),
    "clock": re.compile(r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?( [AaPp][Mm])?|([01]\d|2[0-3])[.h][0-5]\d(\.[0-5]\d)?"),
    "currency": re.compile(r"[A-Za-z]{3}"),
    "like_a_time": re.compile(r"\D*\d+\D+\d.*|\D*\d{10,}\D*"),
    "bank_card": re.compile(r"\d{4}|[3-6]\d{14,15}"),
}
_ROUNDED = re.compile(r"\d([.,]\d+)?[Ee]\+\d{2}")
"""A long number as a spreadsheet shows and saves it: what is left of it is the same for many."""
MASK = r"\*{2}|[•●…]{2}|\b[xX]{3,}\b|\w\*\w*@|[ぁ-ヿ一-鿿가-힣]\*"
"""What stands in place of a part of a text that is nobody's business, for the engine as well: what is left is the same
for many people."""
_MASK = re.compile(MASK)
_LETTERS_OF_CODES = 2
"""So many letters the codes of countries have."""
_SIGNED = re.compile(
    r"[+-]?\s?(?:(?P<before>[^\d\s.,+#_-][^\d#_-]{0,6}?)\s?)?(?:(?<!\w)[+-])?\d[\d.,']*(?:\s?(?P<behind>[^\d\s.,+-]\D{0,6}))?"
)
"""A number with what stands before it or behind it."""
_SYMBOLS = frozenset({"kr", "zł", "Kč", "TL", "Rs", "원", "円", "元", "CHF", "EUR", "USD", "GBP"})
_CODE = re.compile("[A-Z]{3}")
"""Behind a number, the ISO 4217 code of a currency."""
_SHARE = "%"
_ONE_OF = 10
"""Beside so many addresses a text that is none stands for those who are not told."""
DAY = 86_400.0
NEVER = "0"
"""What stands among instants kept as numbers where there is none."""
_OLDEST_SERIAL, _NEWEST_SERIAL = 7_000, 80_000  # days since 1899-12-30: from 1919 on
_OLDEST_EPOCH, _NEWEST_EPOCH = 946_684_800, 4_102_444_800


Texts = Mapping[str, Sequence[str | None]]
"""Columns by address, each with its texts, one a row."""


@dataclass(frozen=True)
class Values:
    """What is known of a column's texts.

    Args:
        type: One of the contract's types.
        formats: strptime formats of dates and times, or `ISO`, the most frequent first; none for ISO 8601 alone.
        decimal_mark: ``.`` or ``,``.
        symbol: What stands beside all numbers, such as ``€``.
        looks: What most of them look like: ``email``, ``url`` …; ``lines`` of orders; ``some_emails`` if half are
            addresses, ``some_words`` if half are several words, ``masked`` if parts of most are made unreadable, and
            ``some_masked`` if parts of some are, ``rounded`` if some have lost their last digits.
        filled: How many are not empty, nor a zero among instants.
        rows: How many there are.
        distinct: How many different ones.
        epoch: Seconds of one unit, for numbers that can be instants: 1, 0.001 or 0.000001, or a day for the dates of
            spreadsheets; else None.
        ambiguous: Whether day and month could be the other way round.
        replaced: What has to stand in place of what (regular expressions) before the format fits.
    """

    type: str
    formats: tuple[str, ...] = ()
    decimal_mark: str = "."
    symbol: str | None = None
    looks: frozenset[str] = frozenset()
    filled: int = 0
    rows: int = 0
    distinct: int = 0
    epoch: float | None = None
    ambiguous: bool = False
    replaced: tuple[tuple[str, str], ...] = ()

    @property
    def format(self) -> str | None:
        """The most frequent format, None for ISO 8601."""
        return next((pattern for pattern in self.formats[:1] if pattern != ISO), None)

    @property
    def unique(self) -> bool:
        """Whether every row has one, and no two the same."""
        return self.filled == self.rows == self.distinct and self.rows > 0

    @property
    def repeated(self) -> bool:
        """Whether several rows have the same."""
        return self.distinct < self.filled


def judge(
    texts: Sequence[str | None], *, code: bool = False, day_first: bool | None = None, paid: bool = False
) -> Values:
    """Judge a column.

    Args:
        texts: Its texts, None where empty.
        code: Whether the name says that numbers in it are names (ids, phone numbers, postal codes).
        day_first: Whether the day comes first where a date could be read either way; None if nobody knows.
        paid: Whether the name says that numbers in it are amounts, with whatever sign beside them.
    """
    filled = [text for text in texts if text is not None]
    counts: Any = {"filled": len(filled), "rows": len(texts), "distinct": len(set(filled))}
    if not filled:
        return Values("string", **counts)
    looks = _looks_of(filled)
    filled = [bare_amount(text) if paid else _MINUS.sub("-", _NO_BREAK.sub("", text)) for text in filled]
    if all(text[0] in "[{" for text in filled) and _are_json(filled[:LOOKED_AT]):
        texts_only = all(re.fullmatch(r'\["[^"]*"(, *"[^"]*")*\]|\[\]', text) for text in filled)
        looks = frozenset(
            name for name, is_so in (("texts", texts_only), ("lines", _are_lines(filled[:LOOKED_AT]))) if is_so
        )
        return Values("json", looks=looks, **counts)
    if code and _most(_FLOATED, filled):
        return Values("integer", looks=looks, **counts)
    if code:
        return Values("string", looks=looks, **counts)
    if {text.lower() for text in filled} <= _WORDS_OF_TRUTH:
        return Values("boolean", **counts)
    if (dates := written_in_digits(filled)) is not None:
        return Values(dates.type, dates.formats, **counts)
    if any(_COMMA.fullmatch(text) for text in filled) and _most(_COMMA_AT_TIMES, filled):
        return Values("decimal", decimal_mark=",", **counts)
    if _most(_INTEGER, filled) and any(_LEADING_ZERO.fullmatch(text) for text in filled):
        return Values("string", looks=looks, **counts)
    if _most(_INTEGER, filled) and not any(_FRACTION.fullmatch(text) for text in filled):
        epoch = _epoch(filled)
        if epoch is not None and (zeros := filled.count(NEVER)):
            counts |= {"filled": counts["filled"] - zeros, "distinct": counts["distinct"] - 1}
        return Values("integer", epoch=epoch, looks=looks, **counts)
    if _most(_DECIMAL, filled):
        kind = "decimal" if all(_places(text) <= 4 for text in filled) else "float"
        return Values(kind, epoch=_epoch(filled), **counts)
    symbol = _symbol(filled, paid=paid)
    if symbol is not None:
        plain = judge([None if text is None else _without(symbol, text) or None for text in texts], paid=paid)
        if plain.type in ("integer", "decimal", "float"):
            return replace(plain, symbol=symbol, epoch=None, type="decimal" if plain.type == "integer" else plain.type)
    if (dates := written(filled, day_first)) is not None:
        return Values(dates.type, dates.formats, ambiguous=dates.ambiguous, replaced=dates.replaced, **counts)
    return Values("string", looks=looks, **counts)


def are_clocks(texts: Sequence[str | None]) -> bool:
    """Whether all texts can be times of day, be they numbers too: *17.30*."""
    return all(_LOOKS["clock"].fullmatch(text) for text in texts if text)


def parsed(text: str) -> Any:
    """What a text says as JSON; None if it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _are_json(texts: Sequence[str]) -> bool:
    """Whether texts that begin as lists and objects do are such."""
    return sum(parsed(text) is not None for text in texts) >= MOSTLY * len(texts)


def _are_lines(texts: Sequence[str]) -> bool:
    """Whether lists hold the lines of something: objects with a quantity and a price."""
    listed = [items for text in texts if isinstance(items := parsed(text), list)]
    names = {name for items in listed for item in items if isinstance(item, dict) for name in item}
    roles = {role for name in names for role in meanings(words_of(name))}
    return "quantity" in roles and bool(roles & {"unit_price", "line_total"})


def is_negative(text: str | None) -> bool:
    """Whether an amount, maybe with a sign beside it, is less than zero."""
    return re.match(r"[^\d(]*-|[^\d(]*\([^()]*\d[^()]*\)\D*$", (text or "").translate(_HYPHENS)) is not None


def bare_amount(text: str) -> str:
    """An amount without what groups its thousands, with a hyphen for a minus or brackets, and with a digit for cents
    that are not written.
    """
    whole = _NO_CENTS.sub(lambda found: "" if found[1] == "/" else f"{found[1]}0", text.strip().translate(_HYPHENS))
    found = _IN_BRACKETS.sub(r"-\1", whole)
    return _SPACE.sub("", _NO_BREAK.sub("", found))


def amount_of(text: str | None, mark: str | None = None) -> float:
    """An amount as it is written with a point or a comma; 0 where there is none.

    Args:
        text: The cell.
        mark: What decimals are written after; None if nobody knows, so that it is the last of either.
    """
    plain = re.sub(r"[^\W\d_]\.|[^\d.,-]", "", bare_amount(text or ""))
    point = max(plain.rfind(each) for each in (mark or ".,"))
    whole, cents = (plain[:point], plain[point + 1 :]) if point >= 0 else (plain, "")
    digits = f"{re.sub(r'[.,]', '', whole) or 0}.{cents or 0}"
    return float(digits) if re.fullmatch(r"-?\d+\.\d+", digits) else 0.0


def _symbol(texts: Sequence[str], *, paid: bool) -> str | None:
    """What stands beside nearly all of some numbers, if it is the sign of a currency; of amounts, whatever it is."""
    signed = [found for text in texts if (found := _SIGNED.fullmatch(text)) and None in found.groups()]
    signs = Counter(sign for found in signed if (sign := found["before"] or found["behind"]))
    sign, times = signs.most_common(1)[0] if signs else ("", 0)
    if times < MOSTLY * len(texts) or _SHARE in sign:
        return None
    known = sign.rstrip(".") in _SYMBOLS or any(unicodedata.category(letter) == "Sc" for letter in sign)
    coded = _CODE.fullmatch(sign) and not any(found["before"] for found in signed)
    return sign if known or coded or paid else None


def _without(symbol: str, text: str) -> str:
    """An amount without what stands beside it, or between its minus and the number."""
    return re.sub(r"^-\s+", "-", text.replace(symbol, "").strip())


def in_thousands(texts: Sequence[str | None], symbol: str | None) -> bool:
    """Whether dots in numbers can be those of thousands: three digits follow on each, and on some there is one."""
    filled = [_without(symbol or " ", text) for text in texts if text]
    return any("." in text for text in filled) and all(_THOUSANDS.fullmatch(text) for text in filled)


def _looks_of(filled: Sequence[str]) -> frozenset[str]:
    looks = {name for name, pattern in _LOOKS.items() if _most(pattern, filled)}
    different = set(filled)
    if any(_ROUNDED.fullmatch(text) for text in different):
        looks.add("rounded")
    folded = {text.strip().casefold() for text in different}
    if len(codes_of(folded)) >= MOSTLY * len(folded) and any(len(text) != _LETTERS_OF_CODES for text in folded):
        looks.add("country_name")
    actions = {cells.actions().get(text.casefold()) for text in different}
    if None not in actions:
        looks.add("action")
        if len(actions) > 1 and actions & _OF_MESSAGES_ALONE:
            looks.add("what became of messages")
    strange = {text for text in different if not _LOOKS["email"].fullmatch(text)}
    if len(strange) == 1 and len(different) > _ONE_OF:
        looks.add("email")  # and a word for those who are not to be known
    if 2 * sum(_LOOKS["email"].fullmatch(text) is not None for text in filled) >= len(filled):
        looks.add("some_emails")
    if 2 * sum(_LOOKS["words"].fullmatch(text) is not None for text in filled) >= len(filled):
        looks.add("some_words")
    if masked := sum(_MASK.search(text) is not None for text in filled):
        looks.add("masked" if 2 * masked > len(filled) else "some_masked")
    return frozenset(looks)


def _most(pattern: re.Pattern[str], texts: Sequence[str]) -> bool:
    return sum(pattern.fullmatch(text) is not None for text in texts) >= MOSTLY * len(texts)


def _places(text: str) -> int:
    return len(text.partition(".")[2])


def _epoch(texts: Sequence[str]) -> float | None:
    numbers = [float(text) for text in texts if _NUMBER.fullmatch(text)]
    told = [number for number in numbers if number]
    for unit in (1.0, 0.001, 0.000001) if told else ():
        if all(_OLDEST_EPOCH <= number * unit <= _NEWEST_EPOCH for number in told):
            return unit
    return DAY if all(_OLDEST_SERIAL <= number <= _NEWEST_SERIAL for number in numbers) else None
