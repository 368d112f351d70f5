"""What headings say of consent to advertising: that it was given or taken back, when it ends, and for which channels.

Belongs here: questions about one heading. Does not belong here: which columns are consents (`flags.py`, `consent.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from cdp_assets.sources.proposing import cells
from cdp_assets.sources.proposing.phrases import folded, known_headings, mentions, pattern, spoken
from cdp_assets.sources.proposing.vocabulary import words_by_kind

_ENDING = ("taken_back", "given_up", "cancelled")
"""Words (keys of the file) for what somebody took back, gave up or cancelled."""
_SAID_OF = ("email", "sms", "whatsapp", "phone", "post", "push", "fax")
"""Channels that headings name (keys that begin with ``by_``)."""

_LETTERS_OF_PLACES = 2
_OPTED_IN = "optin"
"""How *opt in* and *opted in* begin as they are compared (`spoken`)."""


def is_of_consent(words: str) -> bool:
    """Whether a heading, or what a file is called, speaks of consent to advertising."""
    return mentions(words, "consents")


def is_of_letters(words: str) -> bool:
    """Whether a heading speaks of advertising by any word that is of nothing else, or of letters."""
    return mentions(words, "letters")


def is_of_leaving(words: str) -> bool:
    """Whether an instant is when somebody wanted no more advertising: by a word that is for nothing else, or by one for
    what was taken back or given up beside one of consent or letters.
    """
    known = known_headings()
    if any(part.startswith(known.times["withdrawn_at"]) for part in spoken(words.split())):
        return True
    return _is_ended(words) and (is_of_consent(words) or is_of_letters(words))


def is_of_opting_in(words: str) -> bool:
    """Whether an instant is when somebody opted in to letters, or to be reached by a channel that it names."""
    return is_when_opted_in(words) and (is_of_letters(words) or bool(channels_said(words)))


def is_when_opted_in(words: str) -> bool:
    """Whether an instant is when somebody opted in to whatever it was, which is not when they left."""
    return any(part.startswith(_OPTED_IN) for part in spoken(words.split()))


def may_be_of_leaving(words: str) -> bool:
    """Whether an instant may be that: it says that something was taken back or given up, and not what."""
    return any(says_no_more_than(words, kind) for kind in _ENDING)


def is_taken_back(words: str) -> bool:
    """Whether a heading speaks of what somebody took back or left, be it consent, an order or a course."""
    return mentions(words, "taken_back")


def is_end_of_consent(words: str) -> bool:
    """Whether an instant is when consent ends by itself."""
    return mentions(words, "expiring") and (is_of_consent(words) or is_of_letters(words))


def is_just_an_end(words: str) -> bool:
    """Whether a heading says that something ends by itself, and not what: *valid until*, but not *valid from*."""
    return says_no_more_than(words, "expiring")


def _is_ended(words: str) -> bool:
    return any(mentions(words, kind) for kind in _ENDING)


def says_no_more_than(words: str, kind: str) -> bool:
    """Whether a heading of an instant says one of the words for a kind and nothing else, but by which channel and
    whose it is.
    """
    if not mentions(words, kind):
        return False
    known = known_headings()
    left = re.sub(pattern(kind), " ", words)
    for channel in _SAID_OF:
        left = re.sub(pattern(f"by_{channel}"), " ", left)
    plain = known.fillers | known.qualifiers | known.moments
    plain |= {*words_by_kind()["asking"], *words_by_kind()["files"]["subscriptions"]}
    return all({part, folded(part)} & plain for part in left.split())


def is_of_advertising(words: str) -> bool:
    """Whether a heading speaks of mail or advertising, and not of what was done with a message: unless it asks whether
    to send some.
    """
    done = {*words.split()} & cells.actions().keys() and not mentions(words, "questions")
    return (mentions(words, "advertising") or mentions(words, "letters")) and not done


def is_of_other_consent(words: str) -> bool:
    """Whether a heading asks for consent to something else than the company's advertising: to a treatment, that data be
    kept, or to that of others.
    """
    own = is_of_advertising(words) or "sms" in channels_said(words)
    return mentions(words, "third_parties") or (mentions(words, "elsewhere_consented") and not own)


def channels_said(words: str) -> tuple[str, ...]:
    """The channels that a heading names, as `consents` calls them; of telephones only what comes by them."""
    found = {channel: [each.span() for each in re.finditer(pattern(f"by_{channel}"), words)] for channel in _SAID_OF}
    every = [span for spans in found.values() for span in spans]
    return tuple(channel for channel, spans in found.items() if any(not _is_part(span, every) for span in spans))


def channels_of_file(named: str) -> tuple[str, ...]:
    """The channels that a file's name says, but for words of two letters, which may be those of a place."""
    return channels_said(" ".join(part for part in named.split() if len(part) > _LETTERS_OF_PLACES))


def _is_part(span: tuple[int, int], others: Sequence[tuple[int, int]]) -> bool:
    """Whether a phrase is part of a longer one that says something else: *correo* of *correo postal*."""
    return any(start <= span[0] and span[1] <= end and (start, end) != span for start, end in others)


def is_of_either_mail(words: str) -> bool:
    """Whether a heading speaks of mail that may be letters or e-mail, and of no other channel."""
    return mentions(words, "by_either") and {*channels_said(words)} <= {"email"} and not is_of_e_mail(words)


def is_of_e_mail(words: str) -> bool:
    """Whether a heading names e-mail, rather than what may come by it."""
    return re.search(r"\be ?mails?\b", words) is not None


def is_of_telephones(words: str) -> bool:
    """Whether a heading speaks of telephones, by which there are calls as well as messages."""
    return mentions(words, "telephones")


def is_of_mobiles(words: str) -> bool:
    """Whether a heading speaks of mobile ones, which are more for messages than for calls."""
    return mentions(words, "mobiles")


def is_of_every_channel(words: str) -> bool:
    """Whether a heading speaks of being contacted at all, however it is done."""
    return mentions(words, "every_channel")


def is_negated(words: str) -> bool:
    """Whether a heading asks for the opposite of what its other words say: *no newsletter*."""
    return words.startswith("no ") or mentions(words, "negations")


def asks_not_to(words: str) -> bool:
    """Whether a heading asks that something be not sent, or somebody not be reached: *No text messages*, but no number
    of them, and not what became of a message.
    """
    if not is_negated(words) or is_how_many(words) or {*words.split()} & cells.actions().keys():
        return False
    return is_of_every_channel(words) or is_of_letters(words) or bool(channels_said(words))


def is_how_many(words: str) -> bool:
    """Whether a *no* in a heading is that of numbers."""
    return words.startswith("no of ")


def is_of_refusals(words: str) -> bool:
    """Whether a file is called a list of those who want no advertising."""
    return mentions(words, "refusals")
