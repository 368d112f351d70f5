"""What cells say, in words that are known: yes and no, kinds of consent, channels, states, genders, legal forms.

Belongs here: such words, and comparing a cell with them. Does not belong here: headings (`headings.py`), reading the
words (`vocabulary.py`), and numbers and dates (`values.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Set
from functools import cache

from cdp_assets.sources.proposing.vocabulary import words_by_kind

ANSWERS = ("yes", "no", "active", "granted", "denied", "withdrawn", "pending", "signed_up", "signed_off")
"""What cells say (keys below ``cells``) where somebody was asked for consent."""

CHANNELS = ("email", "sms", "whatsapp", "phone", "post", "push", "any")
"""What cells say (keys below ``cells``) of how somebody can be reached."""

_AND, _OR = frozenset({"&", "+", "and", "und", "et", "och", "og", "en", "y", "e", "i"}), "/"
"""What stands between two titles: of two people, or of whichever of them it is."""
_TITLE_WORDS = re.compile(r"[&+/]|[^\s,;&+/-]+")


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


def title_in(text: str) -> str | None:
    """What a title says of who bears it: ``female``, ``male``, ``couples`` of two together (*Mr & Mrs*), or ``titles``
    where nothing is known (*Dr.*, *Sr./Sra.*); None if it is no title.
    """
    known = _titles()
    if (said := known.get(word_in(text))) is not None:
        return said
    parts = [word.strip(".") for word in _TITLE_WORDS.findall(word_in(text))]
    words = [word for part in parts for word in ([part] if part in known else part.split("."))]
    kinds = {known.get(word) for word in words if word not in _AND and word != _OR}
    if not kinds or None in kinds:
        return None
    told = kinds & {"female", "male"}
    if _OR in words:
        return "titles"
    if "couples" in kinds or len(told) > 1 or not _AND.isdisjoint(words):
        return "couples"
    return next(iter(told), "titles")


def longer_titles(texts: Iterable[str], kind: str) -> list[str]:
    """Those of some cells that say something as `title_in`, but in several words (*Herr Dr.*)."""
    return sorted(word for word in words_in(texts) if word not in _titles() and title_in(word) == kind)


@cache
def _titles() -> Mapping[str, str]:
    """Words of titles → what they say."""
    return {word_in(word): kind for kind in ("titles", "couples", "female", "male") for word in says(kind)}


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
