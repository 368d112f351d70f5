"""In which way dates and times are written.

Belongs here: formats, found by values alone. Does not belong here: numbers that may be instants (`values.py`), and what
a column's name says (`roles.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cdp_assets.sources.proposing.months import IN_ENGLISH, IN_OTHER_WORDS
from cdp_assets.sources.spec import ISO

MOSTLY = 0.9
"""So many of the texts of a column make it what they are."""
LOOKED_AT = 200
_DIGIT = re.compile(r"\d")
_DAY = re.compile(r"(19|20)\d{6}")
"""A date written as a number. Most of a column have to be one: of eight digits few numbers are."""
_EIGHT_DIGITS = re.compile(r"\d{8}")
_FOURTEEN_DIGITS = re.compile(r"(19|20)\d{12}")
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
_YEAR = re.compile(r"(?<!\d)(?:1[89]|20)\d\d(?=\D|\d{4}(?!\d)|$)")
_TENTH, _GENERATION = 10, 25
"""Of birth dates all but a tenth at either end are spread over so many years at least."""
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
_IN_A_DATE = r"(?i)(\d)[.]? (?:de )?{}(?: de)? (\d)"
_MONTHS_IN_OTHER_WORDS = tuple(
    tuple(
        (_IN_A_DATE.format(f"(?:{'|'.join(ways)})" if len(ways) > 1 else ways[0]), rf"\1 {english} \2")
        for ways, english in zip(names, IN_ENGLISH, strict=True)
    )
    for names in IN_OTHER_WORDS
)
"""By language the months between a day and a year, each with the English one that says the same."""
_IN_OTHER_WORDS = (
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
"""What stands in times that no format has a sign for, each with others of its kind, and what says the same:
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
_WAYS, _NEARLY_ALL, _HARDLY_ANY = 3, 0.98, 0.02
"""In so many ways dates of one column are written at most, nearly all of them in one of these, and hardly any alone."""


@dataclass(frozen=True)
class Written:
    """How the dates and times of a column are written.

    Args:
        type: ``date`` or ``timestamp``.
        formats: strptime formats, or `ISO`, the most frequent first; none for ISO 8601 alone.
        ambiguous: Whether day and month could be the other way round.
        replaced: What has to stand in place of what (regular expressions) before the format fits.
    """

    type: str
    formats: tuple[str, ...] = ()
    ambiguous: bool = False
    replaced: tuple[tuple[str, str], ...] = ()


def written_in_digits(texts: Sequence[str]) -> Written | None:
    """How dates without anything between their numbers are written; None if texts are no such."""
    if _are_days(texts):
        return Written("date", ("%Y%m%d",))
    if all(_FOURTEEN_DIGITS.fullmatch(text) for text in texts) and _share(texts, "%Y%m%d%H%M%S") >= MOSTLY:
        return Written("timestamp", ("%Y%m%d%H%M%S",))
    return None


def written(texts: Sequence[str], day_first: bool | None) -> Written | None:
    """How dates and times are written.

    Args:
        texts: None of them empty.
        day_first: Whether the day comes first where a date could be read either way; None if nobody knows.

    Returns:
        None if they are no dates.
    """
    return _as_formats_tell(texts, day_first) or _in_other_words(texts, day_first)


def _as_formats_tell(texts: Sequence[str], day_first: bool | None) -> Written | None:
    for kind, iso in (("date", _ISO_DATE), ("timestamp", _ISO_TIME)):
        if sum(iso.fullmatch(text) is not None for text in texts) >= MOSTLY * len(texts):
            return Written(kind)
    for kind, pattern in _formats_like(_first_ones(texts)):
        if _share(texts, pattern) >= MOSTLY:
            way, either = _turned(pattern, texts, day_first)
            return Written(kind, (way,), ambiguous=either)
    if ways := _ways(spread(texts)):
        patterns = tuple(dict.fromkeys(pattern for _, pattern in ways))
        return Written(max(kind for kind, _ in ways), () if patterns == (ISO,) else patterns)
    return None


def _in_other_words(texts: Sequence[str], day_first: bool | None) -> Written | None:
    """Dates and times that a format fits once some words are others; None if they are none."""
    some = _first_ones(texts)
    if not all(_LIKE_A_DATE.search(text) for text in some):
        return None
    asked = (*_months_of(spread(texts)), *_IN_OTHER_WORDS)
    replaced = dict.fromkeys(pair for pairs in asked if _some_have(pairs, some) for pair in pairs)
    if not replaced:
        return None
    told = _as_formats_tell([_with(tuple(replaced), text) for text in texts], day_first)
    if told is None or len(told.formats) != 1 or told.formats == (ISO,):
        return None
    return replace(told, replaced=tuple(replaced))


Pairs = Sequence[tuple[str, str]]
"""What has to stand in place of what."""


def _months_of(texts: Sequence[str]) -> list[Pairs]:
    """The months of those languages in which most of the texts tell theirs."""
    counts = {pairs: sum(_some_have(pairs, [text]) for text in texts) for pairs in _MONTHS_IN_OTHER_WORDS}
    most = max(counts.values())
    return [pairs for pairs, count in counts.items() if count == most > 0]


def _some_have(pairs: Pairs, texts: Sequence[str]) -> bool:
    return any(re.search(pattern, text) for pattern, _ in pairs for text in texts)


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
    if any(_share(texts, each) < MOSTLY for each in (months, days)):
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
    if _YEAR_LAST.match(pattern) is None or _share(texts, _YEAR_LAST.sub(r"%y\1%m\1%d", pattern)) < MOSTLY:
        return False
    numbers = [found.groups() for text in texts if (found := _THREE_NUMBERS.match(text))]
    first, last = ({pair[place] for pair in numbers} for place in (0, 1))
    return len(first) <= _FEW_YEARS and len(last) >= _MANY_DAYS


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


def _share(texts: Sequence[str], pattern: str) -> float:
    looked_at = spread(texts)
    # Most formats are told by the first text.
    if not any(_fits(text, pattern) for text in _first_ones(texts)):
        return 0.0
    return sum(_fits(text, pattern) for text in looked_at) / len(looked_at)


def _first_ones(texts: Sequence[str]) -> Sequence[str]:
    """So many of the texts as tell most formats, or that none fits."""
    return spread(texts)[:3]


def spread(texts: Sequence[str]) -> Sequence[str]:
    """So many of the texts as are looked at, from all of them: the first ones may be of one day."""
    return texts[:: max(1, len(texts) // LOOKED_AT)]


def _fits(text: str, pattern: str) -> bool:
    try:
        read = datetime.strptime(text, pattern)  # noqa: DTZ007 (only whether it can be read)
    except ValueError:
        return False
    # Of a day in numbers the name tells whether it is the month that comes first.
    return not pattern.startswith(("%a %m", "%a %d/")) or text.casefold().startswith(f"{read:%a}".casefold())


def are_spread_like_births(texts: Sequence[str | None]) -> bool:
    """Whether dates are of so many years as people of all ages are born in, and not as things happen in."""
    years = sorted(int(found[0]) for text in texts if text and (found := _YEAR.search(text)) is not None)
    tenth = len(years) // _TENTH
    return bool(years) and years[-1 - tenth] - years[tenth] >= _GENERATION


def _are_days(texts: Sequence[str]) -> bool:
    """Whether texts of eight digits are dates, but for some that do not exist."""
    if not all(_EIGHT_DIGITS.fullmatch(text) for text in texts):
        return False
    return sum(_DAY.fullmatch(text) is not None and _fits(text, "%Y%m%d") for text in texts) >= MOSTLY * len(texts)
