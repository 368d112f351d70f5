"""What became of something, as cells say it in a word or a phrase.

Belongs here: telling what was given up, and what is not understood. Does not belong here: which orders count
(`returns.py`), and which column says so (`roles.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from cdp_assets.sources.proposing import cells, headings, phrases

_KNOWN = ("states", "void", "refund", "open", "resolved", "granted")


def says_given_up(text: str) -> bool:
    """Whether a cell says that something was cancelled or failed, or is only offered yet: a word for it, or a phrase
    with one, as *cancelled by customer* and *payment error* are; not one of a part, of what was only asked for, or of
    what came later, as *refund failed* is.
    """
    if cells.word_in(text) in cells.said_by(("void", "offered")):
        return True
    words = phrases.words_of(text)
    if headings.is_of_more_than_an_end(words):
        return False
    return bool({*words.split()} & _words_of("void")) or headings.is_of_a_failed_payment(words)


def says_what_became(text: str) -> bool:
    """Whether a word for a state, or one in a phrase, is known."""
    if says_given_up(text) or cells.word_in(text) in cells.said_by(_KNOWN):
        return True
    return any({*phrases.words_of(text).split()} & _words_of(kind) for kind in _KNOWN if kind != "void")


def ends_in(texts: Iterable[str | None]) -> list[str]:
    """Those of some texts that say that something was given up, or back, each once and in lower case."""
    given_back = cells.says("refund")
    said = {text.strip().casefold() for text in texts if text}
    return sorted(text for text in said if says_given_up(text) or text in given_back)


@cache
def _words_of(kind: str) -> frozenset[str]:
    """Single words for a kind of cells, as `phrases.words_of` writes them."""
    return frozenset(word for each in cells.says(kind) if " " not in (word := phrases.words_of(each)) and word)
