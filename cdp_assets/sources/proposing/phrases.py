"""The words of headings, and the phrases of `headings.yaml` and `headings_further.yaml` that fit them.

Belongs here: comparing a heading with phrases. Does not belong here: reading the files (`vocabulary.py`), and questions
about what a heading says (`headings.py`, `consent_headings.py`).

Headings are compared without spaces, accents, fillers and the German way of writing umlauts, so that ``Kunden-Nr.``,
``KundenNr`` and ``Kundennr`` are one, and so are ``Währung`` and ``WAEHRUNG``. A phrase fits where a heading *ends*
with its words, and the longest one that does comes first: *utm campaign* is no *campaign*. If none does, words that
only say whose it is (*customer*, *facturation*) are left out of the heading, and it is tried again.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from cdp_assets.sources.proposing.vocabulary import words_by_kind

_ANY_NUMBER = "NO"
WHOLE = "= "
_LETTERS = str.maketrans({"ß": "ss", "ł": "l", "ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ı": "i", "№": "no"})
_TAXES = r"(?:taxe?s?|vat|gst|mwst|ust|tva|iva|btw|moms|mva|dph|alv)"
WITH_TAX = re.compile(
    rf"\b(?:(?:inc|incl|including|inkl|with|mit|com|con|c|avec|met|med|z|vc|vcetne|sis) {_TAXES}|"
    rf"{_TAXES} (?:inc|incl|included|including|inclusive|inclus[oae]?|incluid[oa]|comprise?s?|inbegrepen))\b"
)
_WITHOUT_TAX = re.compile(
    rf"\b(?:(?:ex|excl|excluding|exkl|ekskl|zzgl|ohne|without|before|net of|hors|senza|sin|sem|s|zonder|bez) {_TAXES}|"
    rf"{_TAXES} (?:exc?|excl|excluded|excluding|exclusive|exclu[ies]?|excluid[oa]|esclus[oa]))\b"
)
_OPTED = re.compile(r"\bopt(?:ed)? (in|out)\b")
CURRENCY = re.compile(
    r" (usd|eur|gbp|chf|cad|aud|nzd|jpy|cny|inr|brl|mxn|ars|clp|cop|pln|sek|nok|dkk|czk|huf|ron|try|zar|sgd|hkd|krw)$"
)
"""A currency at the end of what an amount is called."""
_LONGEST = 6
"""So many words a phrase has at most."""
_OF_SEVERAL = re.compile(r"(?<=[^\W\d_])\((s|es|n|en|e|a|in)\)")
"""The ending of a word that may stand for several, or for a woman: ``Nombre(s)``, ``Né(e) le``."""
_BRACKETED = re.compile(r"\s*[(\[（【].*[)\]）】]\s*$")
ADDRESS_PARTS = ("street", "line_1", "line_2", "house_number", "suburb", "city", "region", "postal_code", "country")
"""Roles that make up a postal address."""
BIRTH_PARTS = ("birth_year", "birth_month", "birth_day")
"""Roles that make up a birth date in three columns; of fewer only the year says anything."""
NAMES = ("given_name", "family_name", "full_name")
"""Roles of what people are called."""


@dataclass(frozen=True)
class Headings:
    """The file, prepared for looking up."""

    endings: dict[str, tuple[str, ...]]
    wholes: dict[str, tuple[str, ...]]
    fillers: frozenset[str]
    qualifiers: frozenset[str]
    numbers: frozenset[str]
    codes: frozenset[str]
    times: dict[str, tuple[str, ...]]
    moments: frozenset[str]


def words_of(name: str) -> str:
    """The words of a name: ``firstName``, ``FIRST_NAME`` and ``First Name`` are all ``first name``; no accents."""
    spaced = re.sub(r"(?<=\w)\s*#|#\s*(?=\w)", " no ", _OF_SEVERAL.sub("", name))
    spaced = re.sub(r"([^\W_A-Z])([A-Z])", r"\1 \2", spaced)
    spaced = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", spaced)
    words = re.sub(r"\b(mw|u) st\b", r"\1st", " ".join(re.findall(r"[^\W_]+", without_accents(spaced))))
    words = re.sub(r"\b(first|last|family|given)(name)\b", r"\1 \2", words)
    return words if words.isascii() else _apart().sub(lambda found: f" {found['end'] or 'name'}", words)


def without_brackets(name: str) -> str:
    """A name without what stands in brackets at its end: of ``Customer Name (English)`` *Customer Name*."""
    return _BRACKETED.sub("", name) or name


def without_accents(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS))
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).translate(_LETTERS)


def meanings(words: str) -> Iterator[str]:
    """The roles whose phrases fit the words of a heading, the longest phrase first."""
    known = known_headings()
    seen: set[str] = set()
    for role in itertools.chain(_numbered_first(words.split(), known), _fitting(words.split(), known)):
        if role not in seen:
            seen.add(role)
            yield role


def _fitting(parts: Sequence[str], known: Headings) -> Iterator[str]:
    """The roles of the phrases that a heading ends with, maybe several times."""
    for tried in spellings(parts, known):
        for length in range(min(len(tried), _LONGEST), 0, -1):
            ending = squeezed(tried[-length:])
            yield from known.wholes.get(ending, ()) if length == len(tried) else ()
            yield from known.endings.get(ending, ())


def _numbered_first(parts: Sequence[str], known: Headings) -> Iterator[str]:
    """The roles of what is numbered where a heading begins with that word, and says nothing else: *id customer*; none
    where that is a phrase of a language that writes so.
    """
    if parts[:1] == ["id"] and len(parts) > 1 and squeezed(parts) not in known.endings:
        turned = squeezed([*parts[1:], "id"])
        yield from (*known.wholes.get(turned, ()), *known.endings.get(turned, ()))


def spellings(parts: Sequence[str], known: Headings) -> Iterator[list[str]]:
    """The heading with its fillers, without them, and without what only says whose it is."""
    said = _WITHOUT_TAX.sub("", WITH_TAX.sub("", CURRENCY.sub("", " ".join(parts))))
    parts = said.split() or parts
    plain = [part for part in parts if part not in known.fillers] or list(parts)
    yield list(parts)
    yield plain
    if plain[:1] == ["data"] and not is_number(" ".join(plain)) and times_begin(plain[1:], known):
        return  # of an order: that is its day
    own = [part for part in plain if part not in known.qualifiers]
    if own:
        yield own
        # What says whose it is also comes last: «téléphone client».
        yield [part.rstrip("0123456789") or part for part in own if not part.isdigit()] or own


def is_just(words: str, role: str) -> bool:
    """Whether a heading says a role and nothing else, but for words that only say whose it is."""
    known = known_headings()
    tried = {squeezed(spelled) for spelled in spellings(words.split(), known)}
    return any(role in (*known.wholes.get(each, ()), *known.endings.get(each, ())) for each in tried)


def times_begin(parts: Sequence[str], known: Headings) -> str | None:
    """The role of instants of which one of some words is the beginning: *opt out* is one."""
    said = spoken(parts)
    return next(
        (role for role, beginnings in known.times.items() if any(part.startswith(beginnings) for part in said)), None
    )


def spoken(parts: Sequence[str]) -> list[str]:
    """Words as they are compared with those that headings of instants begin with."""
    return [f"{folded(part)} " for part in _OPTED.sub(r"opt\1", " ".join(parts)).split()]


def is_number(words: str) -> bool:
    """Whether a heading says that numbers below it are names, by its last word or its first."""
    known = known_headings()
    parts = [part for part in words.split() if part not in known.fillers]
    if not parts:
        return False
    last = parts[-1]
    compound = re.fullmatch(r"\w{2,}(nr|nummer|numero|number)", last) is not None
    return compound or last in known.numbers or last in known.codes or (parts[0] in known.numbers and len(parts) <= 3)


def called(words: str, kind: str) -> bool:
    """Whether a file's name, as words, says that its rows are of this kind (a key below ``files``)."""
    parts = [folded(part) for part in words.split()]
    names = [folded(without_accents(name)) for name in words_by_kind()["files"][kind]]
    return any(
        part in (name, f"{name}s") or (len(name) > 5 and part.startswith(name)) for part in parts for name in names
    )


def mentions(words: str, kind: str) -> bool:
    return re.search(pattern(kind), words) is not None


@cache
def _apart() -> re.Pattern[str]:
    """What words end with that would be a word of its own if their script had spaces, or is a name after a person."""
    ends = "|".join(map(without_accents, words_by_kind()["ends"]))
    people = "|".join(f"(?<={without_accents(word)})" for word in words_by_kind()["named_people"])
    names = "|".join(map(without_accents, words_by_kind()["ends_of_named_people"]))
    return re.compile(rf"(?<=[^\W\d_a-z])(?:(?P<end>{ends})|(?:{people})(?:{names}))\b")


@cache
def pattern(kind: str) -> str:
    spelled = sorted((without_accents(word) for word in words_by_kind()[kind]), key=len, reverse=True)
    words = (re.escape(word).replace(r"\*", r"\w*") for word in spelled)
    return rf"\b({'|'.join(words)})\b"


@cache
def known_headings() -> Headings:
    content = words_by_kind()
    fillers, numbers, qualifiers, codes = (
        frozenset(map(without_accents, content[kind])) for kind in ("fillers", "numbers", "qualifiers", "codes")
    )
    endings: dict[str, list[str]] = {}
    wholes: dict[str, list[str]] = {}
    for role, phrases in content["roles"].items():
        for phrase in phrases:
            target = wholes if phrase.startswith(WHOLE) else endings
            for spelled in _with_numbers(phrase.removeprefix(WHOLE), numbers):
                target.setdefault(squeezed(words_of(spelled).split()), []).append(role)
    return Headings(
        {phrase: tuple(roles) for phrase, roles in endings.items()},
        {phrase: tuple(roles) for phrase, roles in wholes.items()},
        fillers,
        qualifiers,
        numbers,
        codes,
        {
            role: tuple(folded(without_accents(beginning)) for beginning in beginnings)
            for role, beginnings in content["times"].items()
        },
        frozenset(squeezed(without_accents(moment).split()) for moment in content["moments"]),
    )


def _with_numbers(phrase: str, numbers: frozenset[str]) -> Iterator[str]:
    if _ANY_NUMBER not in phrase.split():
        yield phrase
        return
    for number in numbers:
        yield " ".join(number if part == _ANY_NUMBER else part for part in phrase.split())


def squeezed(parts: Sequence[str]) -> str:
    return folded("".join(parts))


def folded(text: str) -> str:
    return re.sub(r"([aou])e", r"\1", text)
