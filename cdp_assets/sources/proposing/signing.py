"""Words of signing up for letters and off again, in a log that has no other word of consent.

Belongs here: which column says so, and that it is about letters, rather than about courses or logins. Does not belong
here: logs with words of consent (`roles.py`), and what becomes of either (`consent_log.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cdp_assets.sources.proposing import cells, consent_headings, phrases
from cdp_assets.sources.proposing.columns import says_channels
from cdp_assets.sources.proposing.roles import INSTANTS, NUMBERING_PEOPLE, SOLD_OR_ASKED, TELLING_OF_PEOPLE, Column
from cdp_assets.sources.proposing.values import Texts

_SAYING = (None, "status", "type", "action", "event_name")
_DONE = ("action", "event_name")
"""Roles of what was done, which no list of people says."""

_REACHED = ("anything", "email", "phone")
_BESIDE = {
    *_REACHED, *NUMBERING_PEOPLE, *phrases.NAMES, *INSTANTS, "name", "clock", "id", "number", "message_id", "language",
    "country", "channel", "consent_channel", "purpose", "evidence", "legal_basis",
}  # fmt: skip
"""Roles of what stands beside such a word where it is about nothing but letters."""

_OF_CONSENT = ("granted", "denied", "withdrawn")
_OF_SIGNING = ("signed_up", "signed_off")

_SHORT = 3
"""So few letters may stand for much else: *an*, *ab*."""

_SELDOM = 3
"""Who does it more often, on average, logs in."""


def with_words_of_signing(columns: Sequence[Column], texts: Texts, named: str) -> list[Column]:
    """The columns with the one as answer that says of each row that somebody signed up for letters, or off again.

    Args:
        columns: The columns.
        texts: The sample.
        named: The words of the file's name.
    """
    roles = {column.role for column in columns}
    if "answer" in roles or roles & SOLD_OR_ASKED or not roles & {*_REACHED, *NUMBERING_PEOPLE}:
        return list(columns)
    found = next((each for each in columns if _says_who_signs(each, columns, texts, named)), None)
    return [replace(column, role="answer") if column is found else column for column in columns]


def speaks_of_letters(words: str) -> bool:
    """Whether a heading, or what a file is called, speaks of letters or of consent to them."""
    return (
        consent_headings.is_of_consent(words)
        or consent_headings.is_of_refusals(words)
        or any(phrases.called(words, kind) for kind in ("newsletters", "subscribers"))
    )


def are_of_letters_only(texts: Sequence[str | None]) -> bool:
    """Whether no word of a column is also said of courses and logins."""
    return cells.words_in(texts).isdisjoint(cells.said_by(_OF_SIGNING) - cells.surely_said_by(_OF_CONSENT))


def _says_who_signs(column: Column, columns: Sequence[Column], texts: Texts, named: str) -> bool:
    said = cells.words_in(texts[column.address])
    signing = cells.said_by(_OF_SIGNING) | cells.surely_said_by(_OF_CONSENT)
    if column.role not in _SAYING or not said & signing or (column.role not in _DONE and _are_people(column, columns)):
        return False
    known = said & cells.said_by(cells.ANSWERS)
    if speaks_of_letters(named) or speaks_of_letters(column.words):
        return 2 * len(known) > len(said) and not (said & cells.actions().keys()) - known
    if known != said:
        return False
    by_channel = any(says_channels(each, texts) for each in columns)
    return (by_channel and said <= cells.surely_said_by(_OF_CONSENT)) or _are_of_nothing_else(
        column, columns, texts, named
    )


def _are_of_nothing_else(column: Column, columns: Sequence[Column], texts: Texts, named: str) -> bool:
    """Whether rows tell no more than who signed up, and some who signed off, when, for which letters and by which
    channel.
    """
    said = cells.words_in(texts[column.address])
    if any(len(word) <= _SHORT for word in said) or not said & cells.said_by(("withdrawn", "signed_off")):
        return False
    others = [each for each in columns if each is not column and each.values.filled]
    beside = {each.role for each in others if not _names_letters(each, texts)}
    often = any(
        each.values.distinct * _SELDOM < each.values.filled
        for each in columns
        if each.role in (*_REACHED, *NUMBERING_PEOPLE)
    )
    elsewhere = any(phrases.called(named, kind) for kind in ("appointments", "courses_and_logins"))
    return (
        beside <= _BESIDE
        and bool(beside & INSTANTS)
        and not often
        and (said <= cells.surely_said_by(_OF_CONSENT) or not elsewhere)
    )


def _names_letters(column: Column, texts: Texts) -> bool:
    """Whether a column says which letters, rather than whether somebody wants them."""
    return speaks_of_letters(column.words) and cells.words_in(texts[column.address]).isdisjoint(
        cells.said_by(cells.ANSWERS)
    )


def _are_people(said: Column, columns: Sequence[Column]) -> bool:
    """Whether rows may be a list of people rather than what they did: each of them is there once, or in a state, and
    more is told of them.
    """
    again = any(each.values.repeated for each in columns if each.role in _REACHED)
    more = any(each.role in TELLING_OF_PEOPLE for each in columns)
    return (more or not again) if said.role == "status" else (more and not again)
