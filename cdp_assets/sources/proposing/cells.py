"""What cells say, in words that are known: yes and no, kinds of consent, channels, states, genders, legal forms.

Belongs here: such words, and comparing a cell with them. Does not belong here: headings (`headings.py`), reading the
words (`vocabulary.py`), and numbers and dates (`values.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Set
from functools import cache

from cdp_assets.sources.proposing.vocabulary import words_by_kind

ANSWERS = ("yes", "no", "active", "granted", "denied", "withdrawn", "pending", "signed_up", "signed_off")
"""What cells say (keys below ``cells``) where somebody was asked for consent."""

CHANNELS = ("email", "sms", "whatsapp", "phone", "post", "push", "any")
"""What cells say (keys below ``cells``) of how somebody can be reached."""


def word_in(text: str) -> str:
    """A cell as it is compared with words: without the full stops and spaces around it, and in small letters."""
    return text.strip(". ").casefold()


def words_in(texts: Iterable[str | None]) -> set[str]:
    """The different ones of some cells, as they are compared with words."""
    return {word_in(text) for text in texts if text}


def says(kind: str, *, further: bool = True) -> tuple[str, ...]:
    """What cells say for a key below ``cells``, in lower case; without ``further`` in eight languages only."""
    return tuple(words_by_kind(further=further)["cells"][kind])


def said_by(kinds: Iterable[str]) -> frozenset[str]:
    """The words of all of some kinds of cells."""
    return frozenset(word for kind in kinds for word in says(kind))


def surely_said_by(kinds: Iterable[str]) -> frozenset[str]:
    """Those that are said of consent, and of nothing else that may be settled or given up."""
    return said_by(kinds) - said_by(("settled",))


def genders(texts: Set[str]) -> tuple[str, str]:
    """Which words (keys below ``cells``) stand for women and for men in a column that says such texts: beside *h*, for
    *hombre* or *homem*, *m* is for *mujer* or *mulher*, unless there are other words.
    """
    letters = {"h", "m"}
    others = (texts - letters) & said_by(("female", "male"))
    return ("m_beside_h", "h_beside_m") if letters <= texts and not others else ("female", "male")


def is_company(name: str) -> bool:
    """Whether a name says by its legal form that it is a company's: *Muster GmbH*, *Rossi S.p.A.*."""
    content = words_by_kind()
    _, *others = re.findall(r"[^\W_]+", name.casefold().replace(".", "")) or [""]
    return any(word in content["legal_forms"] for word in others) or (
        bool(others) and others[-1] in content["legal_endings"]
    )


@cache
def estate() -> str:
    """A pattern for names in small letters and without signs that are those of what holds somebody's property: *the
    anna smith trust*, *estate of anna smith*. Two words stand before some, as some people are called John Fund.
    """
    behind, anywhere = ("|".join(words_by_kind()[kind]) for kind in ("estates", "foundations"))
    return rf"(^|[^ ] )({anywhere})( |$)|[^ ] [^ ]+ ({behind})( |$)"


@cache
def organisation() -> str:
    """The same for those of any organisation that says so by a word that nobody is called by: *smith holdings llc*."""
    return rf"{estate()}|[^ ] ({'|'.join(words_by_kind()['legal_forms'])})( |$)"


@cache
def refusing(*, further: bool = True) -> dict[str, str]:
    """What cells say of who refuses, in lower case, whatever their heading → the channel; *flag* where the heading has
    to say. Without ``further`` in eight languages only.
    """
    content = words_by_kind(further=further)
    return {word: channel for channel, words in content["refusing"].items() for word in words}


@cache
def legal_form() -> str:
    """The same as a pattern, for names in lower case without points."""
    forms, endings = ("|".join(words_by_kind()[kind]) for kind in ("legal_forms", "legal_endings"))
    return rf"[\pL\pN][^\pL\pN]+(.*[^\pL\pN])?((?:{forms})([^\pL\pN]|$)|(?:{endings})[^\pL\pN]*$)"


@cache
def actions() -> dict[str, str]:
    """What cells say was done with a message, in lower case → the action of `engagements`."""
    return {word: action for action, words in words_by_kind()["actions"].items() for word in words}
