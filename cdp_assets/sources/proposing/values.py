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
from datetime import datetime
from typing import Any

from cdp_assets.sources.proposing import cells
from cdp_assets.sources.proposing.countries import codes_of
from cdp_assets.sources.proposing.phrases import meanings, words_of
from cdp_assets.sources.spec import ISO
from cdp_assets.warehouse.operations import MINUS_SIGNS

_INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})(\.0)?")
_LEADING_ZERO = re.compile(r"0\d+")
_DIGIT = re.compile(r"\d")
_DAY = re.compile(r"(19|20)\d{6}")
"""A date written as a number. Most of a column have to be one: of eight digits few numbers are."""
_EIGHT_DIGITS = re.compile(r"\d{8}")
_FOURTEEN_DIGITS = re.compile(r"(19|20)\d{12}")
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
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_ISO_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?( ?(Z|UTC)|[+-]\d\d(:?\d\d)?)?")
_LIKE_A_DATE = re.compile(r"\d[./ -]+(\d|\w{3})")
_MONTH_FIRST, _DAY_FIRST = "%m/%d", "%d/%m"
_EITHER_WAY = re.compile(r"%([dm])([/-])%(?!\1)[dm]")
"""How a format begins that may be read the other way round."""
_YEAR_LAST = re.compile(r"%d([./-])%m\1%y")
_THREE_NUMBERS = re.compile(r"(\d+)\D+\d+\D+(\d+)")
_FEW_YEARS, _MANY_DAYS = 3, 16
_TWO_NUMBERS = re.compile(r"(\d+)\D+(\d+)")
_MONTHS = 12
_LETTERS_OF_CODES = 2
"""So many letters the codes of countries have."""
_DATES = (
    "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%Y/%m/%d", "%d.%m.%y", "%m/%d/%y", "%d/%m/%y", "%d-%m-%y",
    "%m-%d-%Y", "%m-%d-%y", "%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y", "%Y.%m.%d",
    "%d/%b/%y", "%d/%b/%Y", "%b-%d-%y", "%b-%d-%Y", "%a %d %b %Y", "%a, %d %b %Y", "%a, %b %d, %Y", "%a %b %d %Y",
    "%A, %B %d, %Y", "%A, %d %B %Y", "%Y年%m月%d日", "%Y년 %m월 %d일", "%d. %m. %Y", "%d.%m.%Y.", "%d. %m. %Y.",
    "%Y.%m.%d.", "%Y. %m. %d.", "%Y. %m. %d", "%Y-%m-%d", "%y-%m-%d", "%a %m/%d/%Y", "%a %d/%m/%Y", "%a %d.%m.%Y",
)  # fmt: skip
_CLOCK = re.compile(
    r"(?P<before>T|,?\s(?:(?:[-|@]|klo|kl\.?|à|às|at|um|om|o godz\.|ore|alle|a las|v|в)\s)?)"
    r"(?P<first>[AP]M\s?)?\d{1,2}(?P<mark>[:.h])\d\d(?:(?P<next>(?P=mark))\d\d(?:(?P<point>[.,])\d{1,6})?)?"
    r"(?:(?P<gap>\s?)(?P<last>[AP]M))?(?P<unit>\s?(?:Uhr|uur|hrs?|hs\.?|hod\.?|óra|ч\.?))?"
    r"(?:(?P<zone>\s?(?:GMT|UTC)?)[+-]\d\d:?\d\d)?$",
    re.IGNORECASE,
)
"""A time of day behind a date, with the words that stand around it."""
_MONTHS_IN_ENGLISH = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_MONTHS_IN_OTHER_WORDS = (
    "enero|febrero|marzo|abril|mayo|junio|julio|agosto|sep?tiembre|octubre|noviembre|diciembre",
    "janeiro|fevereiro|março|abril|maio|junho|julho|agosto|setembro|outubro|novembro|dezembro",
    "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre",
    "gennaio|febbraio|marzo|aprile|maggio|giugno|luglio|agosto|settembre|ottobre|novembre|dicembre",
    "januar|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember",
    "januari|februari|maart|april|mei|juni|juli|augustus|september|oktober|november|december",
    "stycznia|lutego|marca|kwietnia|maja|czerwca|lipca|sierpnia|września|października|listopada|grudnia",
)
"""The months of a year as each language of the vocabulary writes them in dates."""


def _months(names: str) -> tuple[tuple[str, str], ...]:
    """Months between a day and a year, each with the English one that says the same."""
    return tuple(
        (rf"(?i)(\d)[.]? (?:de )?{name}(?: de)? (\d)", rf"\1 {english} \2")
        for name, english in zip(names.split("|"), _MONTHS_IN_ENGLISH, strict=True)
    )


_IN_OTHER_WORDS = (
    *map(_months, _MONTHS_IN_OTHER_WORDS),
    (("오전 ?", "AM "), ("오후 ?", "PM ")),
    (("上午 ?", "AM "), ("下午 ?", "PM ")),
    (("午前 ?", "AM "), ("午後 ?", "PM ")),
    ((r"\ba\. ?m\.", "AM"), (r"\bp\. ?m\.", "PM")),
    ((r"π\.?μ\.?", "AM"), (r"μ\.?μ\.?", "PM")),
    ((r"([+-]\d{4}) \([^()]*\)$", r"\1"),),
    ((r"GMT\+(\d)$", r"GMT+0\1:00"), (r"GMT-(\d)$", r"GMT-0\1:00"), (r"GMT([+-])(\d\d)$", r"GMT\1\2:00")),
    ((r" (UTC|GMT)$", " +0000"),),
    ((" CET$", " +0100"), (" CEST$", " +0200")),
    ((" EST$", " -0500"), (" EDT$", " -0400")),
    ((" PST$", " -0800"), (" PDT$", " -0700")),
)
"""What stands in times that no format has a sign for, each with others of its kind, and what says the same: months,
halves of a day, and zones, whose names behind an offset say nothing.
"""
_FORMATS = (
    *(("timestamp", f"%Y-%m-%d{mark}%H:%M{seconds} %z") for mark in (" ", "T") for seconds in (":%S", ":%S.%f", "")),
    ("timestamp", "%Y-%m-%d %H:%M:%S UTC%z"),
    ("timestamp", "%d/%b/%Y:%H:%M:%S %z"),
    ("timestamp", "%a, %d %b %Y %H:%M:%S %z"),
    ("timestamp", "%a, %d %b %Y %H:%M:%S %Z"),
    ("timestamp", "%a %b %d %H:%M:%S %z %Y"),
    ("timestamp", "%Y%m%d%H%M%S"),
    ("timestamp", "%Y%m%d %H%M%S"),
    ("date", "%Y%m%d"),
)
"""Type and format of dates that are not written as one of `_DATES` with nothing or a `_CLOCK` behind it."""
_SIGNED = re.compile(
    r"[+-]?\s?(?:(?P<before>[^\d\s.,+#_-][^\d#_-]{0,6}?)\s?)?(?:(?<!\w)[+-])?\d[\d.,']*(?:\s?(?P<behind>[^\d\s.,+-]\D{0,6}))?"
)
"""A number with what stands before it or behind it."""
_SYMBOLS = frozenset({"kr", "zł", "Kč", "TL", "Rs", "원", "円", "元", "CHF", "EUR", "USD", "GBP"})
_CODE = re.compile("[A-Z]{3}")
"""Behind a number, the ISO 4217 code of a currency."""
_SHARE = "%"
_MOSTLY = 0.9
_YEAR = re.compile(r"(?<!\d)(?:1[89]|20)\d\d(?=\D|\d{4}(?!\d)|$)")
_TENTH, _GENERATION = 10, 25
"""Of birth dates all but a tenth at either end are spread over so many years at least."""
_ONE_OF = 10
"""Beside so many addresses a text that is none stands for those who are not told."""
_LOOKED_AT = 200
_WAYS, _NEARLY_ALL, _HARDLY_ANY = 3, 0.98, 0.02
"""In so many ways dates of one column are written at most, nearly all of them in one of these, and hardly any alone."""
DAY = 86_400.0
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
        filled: How many are not empty.
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
    if all(text[0] in "[{" for text in filled) and _are_json(filled[:_LOOKED_AT]):
        texts_only = all(re.fullmatch(r'\["[^"]*"(, *"[^"]*")*\]|\[\]', text) for text in filled)
        looks = frozenset(
            name for name, is_so in (("texts", texts_only), ("lines", _are_lines(filled[:_LOOKED_AT]))) if is_so
        )
        return Values("json", looks=looks, **counts)
    if code and _most(_FLOATED, filled):
        return Values("integer", looks=looks, **counts)
    if code:
        return Values("string", looks=looks, **counts)
    if {text.lower() for text in filled} <= _WORDS_OF_TRUTH:
        return Values("boolean", **counts)
    if _are_days(filled):
        return Values("date", ("%Y%m%d",), **counts)
    if all(_FOURTEEN_DIGITS.fullmatch(text) for text in filled) and _share(filled, "%Y%m%d%H%M%S") >= _MOSTLY:
        return Values("timestamp", ("%Y%m%d%H%M%S",), **counts)
    if any(_COMMA.fullmatch(text) for text in filled) and _most(_COMMA_AT_TIMES, filled):
        return Values("decimal", decimal_mark=",", **counts)
    if _most(_INTEGER, filled) and any(_LEADING_ZERO.fullmatch(text) for text in filled):
        return Values("string", looks=looks, **counts)
    if _most(_INTEGER, filled) and not any(_FRACTION.fullmatch(text) for text in filled):
        return Values("integer", epoch=_epoch(filled), looks=looks, **counts)
    if _most(_DECIMAL, filled):
        kind = "decimal" if all(_places(text) <= 4 for text in filled) else "float"
        return Values(kind, epoch=_epoch(filled), **counts)
    symbol = _symbol(filled, paid=paid)
    if symbol is not None:
        plain = judge([None if text is None else _without(symbol, text) or None for text in texts], paid=paid)
        if plain.type in ("integer", "decimal", "float"):
            return replace(plain, symbol=symbol, epoch=None, type="decimal" if plain.type == "integer" else plain.type)
    if _most(_ISO_DATE, filled):
        return Values("date", **counts)
    if _most(_ISO_TIME, filled):
        return Values("timestamp", **counts)
    for kind, pattern in _formats_like(_first_ones(filled)):
        if _share(filled, pattern) >= _MOSTLY:
            way, either = _turned(pattern, filled, day_first)
            return Values(kind, (way,), ambiguous=either, **counts)
    if ways := _ways(_spread(filled)):
        patterns = tuple(dict.fromkeys(pattern for _, pattern in ways))
        return Values(max(kind for kind, _ in ways), () if patterns == (ISO,) else patterns, **counts)
    return _in_other_words(texts, day_first) or Values("string", looks=looks, **counts)


def _in_other_words(texts: Sequence[str | None], day_first: bool | None) -> Values | None:
    """Times that a format fits once some words are others; None if they are none."""
    filled = [text for text in texts if text is not None]
    some = _first_ones(filled)
    if not all(_LIKE_A_DATE.search(text) for text in some):
        return None
    replaced = tuple(
        pair
        for pairs in _IN_OTHER_WORDS
        if any(re.search(pattern, text) for pattern, _ in pairs for text in some)
        for pair in pairs
    )
    if not replaced:
        return None
    told = judge([None if text is None else _with(replaced, text) for text in texts], day_first=day_first)
    if told.type != "timestamp" or len(told.formats) != 1 or told.format is None or told.replaced:
        return None
    return replace(told, replaced=replaced, distinct=len(set(filled)))


def _with(replaced: Sequence[tuple[str, str]], text: str) -> str:
    for pattern, other in replaced:
        text = re.sub(pattern, other, text, count=1)
    return text


def _formats_like(texts: Sequence[str]) -> list[tuple[str, str]]:
    """Type and format of all ways to write dates, with a time of day as some texts end with."""
    if not any(_DIGIT.search(text) for text in texts):
        return []
    clocks = dict.fromkeys(map(_clock, texts))
    dated = [("timestamp" if clock else "date", date + clock) for date in _DATES for clock in clocks]
    return [*_FORMATS, *dated]


def _clock(text: str) -> str:
    """The format of the time of day that a text ends with; nothing if it ends with none."""
    found = _CLOCK.search(text)
    if found is None:
        return ""
    part = found.groupdict(default="")
    first, last = (re.sub("[AaPp][Mm]", "%p", part[place]) for place in ("first", "last"))
    seconds = f"{part['next']}%S" if part["next"] else ""
    fraction = f"{part['point']}%f" if part["point"] else ""
    offset = f"{part['zone']}%z" if found["zone"] is not None else ""
    hour = "%I" if first or last else "%H"
    whole = f"{part['before']}{first}{hour}{part['mark']}%M{seconds}{fraction}"
    return f"{whole}{part['gap']}{last}{part['unit']}{offset}"


def _turned(pattern: str, texts: Sequence[str], day_first: bool | None) -> tuple[str, bool]:
    """Whichever of a format and its like with day and month the other way round fits more of all texts, and whether
    that leaves a doubt. Where both fit all of them, what is known decides, or else the mark between the numbers.
    """
    if _begin_with_years(pattern, texts):
        return _YEAR_LAST.sub(r"%y\1%m\1%d", pattern), False
    begins = _EITHER_WAY.match(pattern)
    if begins is None:
        return pattern, False
    _, mark = begins.groups()
    months, days = (pattern.replace(begins[0], each.replace("/", mark), 1) for each in (_MONTH_FIRST, _DAY_FIRST))
    if any(_share(texts, each) < _MOSTLY for each in (months, days)):
        return pattern, False
    numbers = [found.groups() for text in texts if (found := _TWO_NUMBERS.match(text))]
    no_months, no_days = (sum(int(pair[place]) > _MONTHS for pair in numbers) for place in (0, 1))
    if no_months != no_days:
        return (days if no_months > no_days else months), min(no_months, no_days) > 0
    known = {None: pattern, True: days, False: months}
    return known[day_first], mark == "/"


def _begin_with_years(pattern: str, texts: Sequence[str]) -> bool:
    """Whether what fits as days before months and two digits of a year is written the other way round: hardly any
    first number beside many last ones.
    """
    if _YEAR_LAST.match(pattern) is None or _share(texts, _YEAR_LAST.sub(r"%y\1%m\1%d", pattern)) < _MOSTLY:
        return False
    numbers = [found.groups() for text in texts if (found := _THREE_NUMBERS.match(text))]
    first, last = ({pair[place] for pair in numbers} for place in (0, 1))
    return len(first) <= _FEW_YEARS and len(last) >= _MANY_DAYS


def are_spread_like_births(texts: Sequence[str | None]) -> bool:
    """Whether dates are of so many years as people of all ages are born in, and not as things happen in."""
    years = sorted(int(found[0]) for text in texts if text and (found := _YEAR.search(text)) is not None)
    tenth = len(years) // _TENTH
    return bool(years) and years[-1 - tenth] - years[tenth] >= _GENERATION


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
    return sum(parsed(text) is not None for text in texts) >= _MOSTLY * len(texts)


def _are_lines(texts: Sequence[str]) -> bool:
    """Whether lists hold the lines of something: objects with a quantity and a price."""
    listed = [items for text in texts if isinstance(items := parsed(text), list)]
    names = {name for items in listed for item in items if isinstance(item, dict) for name in item}
    roles = {role for name in names for role in meanings(words_of(name))}
    return "quantity" in roles and bool(roles & {"unit_price", "line_total"})


def _are_days(texts: Sequence[str]) -> bool:
    """Whether texts of eight digits are dates, but for some that do not exist."""
    if not all(_EIGHT_DIGITS.fullmatch(text) for text in texts):
        return False
    return sum(_DAY.fullmatch(text) is not None and _fits(text, "%Y%m%d") for text in texts) >= _MOSTLY * len(texts)


def _ways(texts: Sequence[str]) -> list[tuple[str, str]]:
    """Type and format of each way in which dates of one column are written, the most frequent first; none where they
    are no dates, or day and month cannot be told apart.
    """
    left = [text for text in texts if _LIKE_A_DATE.search(text)]
    if len(left) < _NEARLY_ALL * len(texts):
        return []
    found: list[tuple[str, str]] = []
    known = [("date", ISO), ("timestamp", ISO), *_formats_like(left)]
    # Of what is no date more than a few are written in no way, and that is told by the first of them.
    more_than_a_few = left[: int((1 - _NEARLY_ALL) * len(texts)) + 1]
    if not any(_is_written(text, *way) for text in more_than_a_few for way in known):
        return []
    while left and len(found) < _WAYS:
        fitting = {way: sum(_is_written(text, *way) for text in left) for way in known}
        best = max(known, key=lambda way: fitting[way])
        if fitting[best] <= _HARDLY_ANY * len(texts):
            break
        found.append(best)
        left = [text for text in left if not _is_written(text, *best)]
    turned = {(kind, pattern.replace(_MONTH_FIRST, _DAY_FIRST)) for kind, pattern in found}
    return found if len(left) <= (1 - _NEARLY_ALL) * len(texts) and len(turned) == len(found) else []


def _is_written(text: str, kind: str, pattern: str) -> bool:
    if pattern == ISO:
        return (_ISO_DATE if kind == "date" else _ISO_TIME).fullmatch(text) is not None
    return _fits(text, pattern)


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
    if times < _MOSTLY * len(texts) or _SHARE in sign:
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
    if len(codes_of(folded)) >= _MOSTLY * len(folded) and any(len(text) != _LETTERS_OF_CODES for text in folded):
        looks.add("country_name")
    if all(text.casefold() in cells.actions() for text in different):
        looks.add("action")
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
    return sum(pattern.fullmatch(text) is not None for text in texts) >= _MOSTLY * len(texts)


def _share(texts: Sequence[str], pattern: str) -> float:
    looked_at = _spread(texts)
    # Most formats are told by the first text.
    if not any(_fits(text, pattern) for text in _first_ones(texts)):
        return 0.0
    return sum(_fits(text, pattern) for text in looked_at) / len(looked_at)


def _first_ones(texts: Sequence[str]) -> Sequence[str]:
    """So many of the texts as tell most formats, or that none fits."""
    return _spread(texts)[:3]


def _spread(texts: Sequence[str]) -> Sequence[str]:
    """So many of the texts as are looked at, from all of them: the first ones may be of one day."""
    return texts[:: max(1, len(texts) // _LOOKED_AT)]


def _fits(text: str, pattern: str) -> bool:
    try:
        read = datetime.strptime(text, pattern)  # noqa: DTZ007 (only whether it can be read)
    except ValueError:
        return False
    # Of a day in numbers the name tells whether it is the month that comes first.
    return not pattern.startswith(("%a %m", "%a %d/")) or text.casefold().startswith(f"{read:%a}".casefold())


def _places(text: str) -> int:
    return len(text.partition(".")[2])


def _epoch(texts: Sequence[str]) -> float | None:
    numbers = [float(text) for text in texts if _NUMBER.fullmatch(text)]
    for unit in (1.0, 0.001, 0.000001):
        if all(_OLDEST_EPOCH <= number * unit <= _NEWEST_EPOCH for number in numbers):
            return unit
    return DAY if all(_OLDEST_SERIAL <= number <= _NEWEST_SERIAL for number in numbers) else None
