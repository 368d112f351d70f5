"""Whether two names may belong to one person, and how well they agree.

Belongs here: parsing a name into given and family names, and comparing two of them. Does not belong here: letters and
scripts (`folding.py`), the table of nicknames (`nicknames.py`), and birth dates (`agreement.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import lru_cache

from cdp_assets.identity.edits import edits
from cdp_assets.identity.folding import LOST, fold, is_hangul, is_lost, is_readable, may_be, sound
from cdp_assets.identity.korean import USUAL, WRITTEN_AS_ONE, usual_spellings
from cdp_assets.identity.name_words import (
    AND_SIGNS,
    BEFORE_WOMENS_SECONDS,
    BETWEEN_TITLES,
    BOOKED,
    BOOKED_PARTS,
    CONJUNCTIONS,
    FAMILIES_FIRST,
    FAMILY_ENDINGS,
    FAMILY_FIRST,
    FATHERS,
    FULL_RUN_TOGETHER,
    GENERATIONS,
    GIVEN_RUN_TOGETHER,
    LEAST_WRITTEN,
    MARIA_CUT_SHORT,
    MARIA_WRITTEN_OUT,
    MENS_ENDINGS,
    MENS_ENDINGS_OF_TWO,
    MENS_SECONDS,
    MENS_TITLES,
    NO_NAMES_OF_ORGANISATIONS,
    OF_HOUSEHOLDS,
    PARTICLES,
    PARTICLES_OF_SECONDS,
    SHORT,
    SUFFIXES,
    SUFFIXES_AS_FAMILY,
    SUFFIXES_AS_NAMES,
    TITLES,
    TITLES_AS_NAMES,
    TITLES_OF_EITHER,
    UNNAMED,
    VOWELS,
    WIVES_ENDING,
    WOMENS_SECONDS,
    WOMENS_TITLES,
)
from cdp_assets.identity.nicknames import are_nicknames, initials, is_known
from cdp_assets.sources.proposing.cells import organisation

_LEAST_OF_A_NAME = 3
"""Letters of a word in a mailbox that may be a given name: fewer are initials."""
_BOOKED_TITLE = re.compile(r"^[A-Z' -]+/.*[A-Z] ?(MR|MRS|MS|MISS|MSTR)$")
_WRITTEN = (
    (re.compile(AND_SIGNS), " and "),
    (re.compile(r"(?i)\bsen\."), "senior"),
    (re.compile(r"(?i)\bjun\."), "junior"),
)
"""What is a word of a name only by a sign that folding takes away: Amartya Sen is nobody's father."""
_NUMBERED_CHILD = re.compile(rf"(?i)^\W*({'|'.join(sorted(UNNAMED))})\b.*?\b([1-9])\b")
"""Twin 2 is told from twin 1 by a number, which folding takes away from names."""


class Match(IntEnum):
    """How one part of two names (given or family) agrees, from worst to best."""

    DIFFERENT = 0
    MISSING = 1  # one side does not have it, or in a script that cannot be compared
    INITIAL = 2
    SECOND = 3  # all of a given name is a later one of the other's, which may be the father's or the mother's first
    CLOSE = 4  # nickname, typing error, transliteration, one of several names
    SAME = 5


@dataclass(frozen=True, slots=True)
class Name:
    """A parsed name, folded.

    Args:
        given: Given names, in order.
        family: Family names without particles, in order.
        ordered: Whether the source told given and family name apart; otherwise either may be the other.
        generation: Which bearer of the name in the family it is (`GENERATIONS`), or empty.
        is_organisation: Whether it is that of a trust, an estate or a company, of which all words are in ``family``.
        is_couple: Whether it is that of two people, of whom it is neither's.
        is_korean: Whether it was written in Hangul; in Latin letters its family name is spelled in many ways.
    """

    given: tuple[str, ...]
    family: tuple[str, ...]
    ordered: bool = True
    generation: str = ""
    is_organisation: bool = False
    is_couple: bool = False
    is_korean: bool = False

    @property
    def is_given_first(self) -> bool:
        """Whether it is known which of its words are given names: the source told, or they are known to be such, and
        the family name is not."""
        if self.ordered:
            return True
        return all(len(word) == 1 or is_known(word) for word in self.given) and not any(map(is_known, self.family))

    @property
    def words(self) -> tuple[str, ...]:
        """All of them."""
        return *self.given, *self.family

    @property
    def kind(self) -> tuple[bool, bool]:
        """Whose it is: names of different kinds are never one's."""
        return self.is_organisation, self.is_couple

    @property
    def is_lost(self) -> bool:
        """Whether it is one of which the letters were lost, so that it may be any name."""
        return bool(self.words) and all(map(is_lost, self.words))


def parse_name(given: str | None, family: str | None, full: str | None) -> Name | None:
    """Read a name from what a record has of it, or None if that is nothing.

    Args:
        given: Given name or names.
        family: Family name or names.
        full: The name as one string, used if both others are empty: "Anna Maria Meyer", "Meyer, Anna Maria" or
            "MEYER/ANNA MARIAMS".
    """
    given, full = _apart(GIVEN_RUN_TOGETHER, given), _apart(FULL_RUN_TOGETHER, full)
    if words := _of_organisation(" ".join(filter(None, (given, family))) or full):
        return Name((), words, is_organisation=True)
    if any(map(is_hangul, (given, family, full))) and (korean := _korean(given, family, full)):
        return korean
    first, last = _words(given, 1), _words(family, 1) or tuple(_folded(family))
    if first or last:
        return _of_people(first, last, generation=_generation(family, 1) or _generation(given, 1))
    full = re.sub(BOOKED, BOOKED_PARTS, full.strip()) if full else full
    if full and "," in full:
        before, _, after = full.partition(",")
        after_words, before_words = _words(after, 1), _words(before, 1)
        if after_words and before_words and not _are_suffixes(after_words, before_words):
            generation = _generation(before, 1) or _generation(after, 1)
            return _of_people(after_words, before_words, generation=generation)
    if full and (parts := re.fullmatch(FAMILY_FIRST, full.strip())):
        return Name(tuple(_folded(parts[2])), tuple(_folded(parts[1])))
    words = _words(full, 2)
    if not words:
        return None
    generation = _generation(full, 2)
    if len(words) == 1:
        return _of_people(words, (), ordered=False, generation=generation)
    if told := _family_first(words):
        return _of_people(*told, ordered=False, generation=generation)
    start = len(words) - 1
    while start > 1 and words[start - 1] in PARTICLES:
        start -= 1
    return _of_people(words[:start], words[start:], ordered=False, generation=generation)


def _family_first(words: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Given and family names where it is known that the family's stands first, as in Kovács Mária Anna, and in Nguyễn
    Văn Quân, who is called by the last word; None otherwise, and of two people."""
    if not CONJUNCTIONS.isdisjoint(words):
        return None
    if words[0] in FAMILIES_FIRST and len(words) > 2:
        return (words[-1], *words[1:-1]), words[:1]
    start = next((place for place, word in enumerate(words) if is_known(word)), 0)
    told = start and all(map(is_known, words[start:])) and all(len(word) > 1 for word in words[:start])
    return (words[start:], words[:start]) if told else None


def _apart(run_together: str, text: str | None) -> str | None:
    """A text with spaces between the initials at its beginning."""
    if text and text[1:2] == "." and re.match(run_together.replace(r"\pL", r"[^\W\d_]"), text.strip()):
        return text.replace(".", " ")
    return text


def _are_suffixes(words: tuple[str, ...], before: tuple[str, ...]) -> bool:
    """Whether what stands behind a comma is no given name, but behind a name: Jr, Esq, or MD of a whole name."""
    if not GENERATIONS.keys().isdisjoint(words):
        return True
    return SUFFIXES.issuperset(words) and (len(before) > 1 or SUFFIXES_AS_NAMES.isdisjoint(words))


def told_by_mailbox(name: Name, mailbox: str, *, as_initial: bool = False) -> Name:
    """A name whose given name is an initial or missing, with what the person's own mailbox says of it: "J. Watson" of
    joel.watson is Joel Watson, and so is that of joel77; "Watson" of j.watson or jwatson is J. Watson.

    Args:
        name: The name.
        mailbox: What stands before the @ of the only e-mail address beside it.
        as_initial: Whether no more than the initial of a missing given name is believed: a relative writes from it too,
            whom a birth date beside the name tells apart.
    """
    words = fold(re.sub(r"[\W\d_]+", " ", mailbox)).split()
    family = "".join(name.family)
    if not name.given:
        told = _given_name_before(family, words)
        return replace(name, given=(told[:1] if as_initial else told,)) if told else name
    if len(name.given[0]) > 1:
        return name
    for place, word in enumerate(words):
        others = words[:place] + words[place + 1 :]
        if word[0] == name.given[0] and len(word) >= _LEAST_OF_A_NAME and word != family:
            beside_family = any(compare_family((other,), (family,)) >= Match.CLOSE for other in others if family)
            if is_known(word) or beside_family:
                return replace(name, given=(word, *name.given[1:]))
    return name


def _given_name_before(family: str, words: list[str]) -> str | None:
    """The given name in a mailbox, or an initial beside the family name; a word that may be an office is neither."""
    beside = [word.removesuffix(family) for word in words if word.endswith(family) and word != family]
    others = [*(word for word in words if word != family), *beside]
    known = [word for word in others if len(word) >= _LEAST_OF_A_NAME and is_known(word)]
    written = beside if beside else others if family in words else []
    return next(iter([*known, *(word for word in written if len(word) == 1)]), None)


def _folded(text: str | None) -> list[str]:
    if not text:
        return []
    text = re.sub(FATHERS, "", text)
    for sign, word in _WRITTEN:
        text = sign.sub(word, text)
    if child := _NUMBERED_CHILD.search(text):
        text = f"{text[: child.start(2)]}{chr(ord('a') + int(child[2]) - 1)}{text[child.end(2) :]}"
    words = re.sub(MARIA_CUT_SHORT, MARIA_WRITTEN_OUT, fold(text)).split()
    # A single sign says that nobody knows the name, and beside other words there is no name in what is lost.
    return [word for word in words if word.strip(LOST)] or [word for word in words if len(word) > 1][:1]


def _korean(given: str | None, family: str | None, full: str | None) -> Name | None:
    """A name in Hangul, if it is one."""
    if not (given or family):
        text = (full or "").strip()
        parts = re.fullmatch(FAMILY_FIRST, text) or re.fullmatch(WRITTEN_AS_ONE, text)
        if parts is None:
            return None
        family, given = parts.groups()
    last = (family or "").strip()
    spelled = (USUAL[last],) if last in USUAL else tuple(_folded(last))
    return Name(tuple(_folded(given)), spelled, is_korean=True)


@lru_cache(maxsize=200_000)
def _of_organisation(text: str | None) -> tuple[str, ...]:
    """The words of a name that is an organisation's; nothing of another one."""
    words = _folded(text)
    told = re.search(organisation(), " ".join(words)) is not None
    return tuple(word for word in words if word not in NO_NAMES_OF_ORGANISATIONS) if told else ()


@lru_cache(maxsize=200_000)
def _words(text: str | None, least: int) -> tuple[str, ...]:
    """The words of a name without titles and suffixes; titles that may be names stay where too little is left."""
    words = _folded(text)
    if before := _titles_of_several(words):
        return ("and", *_without_suffixes(words[before:], least))
    while words and words[0] in TITLES:
        if len(words) <= least and words[0] in TITLES_AS_NAMES and f"{words[0]}." not in (text or "").lower():
            break
        words = words[1:]
    return tuple(_without_suffixes(words, least))


def _titles_of_several(words: list[str]) -> int:
    """How many words at the beginning of a name say that it is more than one person's: *Mr and Mrs*, *Eheleute*."""
    either, between = TITLES_OF_EITHER, CONJUNCTIONS | BETWEEN_TITLES
    if len(words) > 2 and words[0] in either and words[1] in between and words[2] in either:
        return 3
    return int(len(words) > 1 and words[0] in OF_HOUSEHOLDS)


def _without_suffixes(words: list[str], least: int) -> list[str]:
    """Words of a name without what follows the family's, which is told by at least so many words."""
    while len(words) > 1 and words[-1] in SUFFIXES and (len(words) > least or words[-1] not in SUFFIXES_AS_FAMILY):
        words = words[:-1]
    return words


def gender_by_title(text: str | None) -> str | None:
    """``f`` or ``m``, by the title before a name or, of bookings, behind it; None without one that says."""
    booked = _BOOKED_TITLE.match(text.strip()) if text else None
    title = booked[1].lower() if booked else next(iter(_folded(text)), "")
    return "f" if title in WOMENS_TITLES else "m" if title in MENS_TITLES else None


def _of_people(given: tuple[str, ...], family: tuple[str, ...], *, ordered: bool = True, generation: str = "") -> Name:
    """The name of a person or a couple; the given names of two ("Petra & Jens") as one, which is neither hers nor
    his."""
    given = (*given[:1], *(word for word in given[1:] if word not in PARTICLES_OF_SECONDS))
    is_couple = not CONJUNCTIONS.isdisjoint((*given, *family[:1]))
    if is_couple:
        both = "".join(word for word in given if word not in CONJUNCTIONS | TITLES - TITLES_AS_NAMES)
        given, family = ((both,) if both else ()), family[1:] if family[:1] == ("and",) else family
    return Name(given, _family(family), ordered, generation, is_couple=is_couple)


@lru_cache(maxsize=200_000)
def _generation(text: str | None, least: int) -> str:
    words = _folded(text)
    left_out = words[len(_without_suffixes(words, least)) :]
    return next((GENERATIONS[word] for word in reversed(left_out) if word in GENERATIONS), "")


def _family(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in words if word not in PARTICLES) or words


@lru_cache(maxsize=500_000)
def compare_names(left: Name, right: Name) -> tuple[Match, Match]:
    """How given and family names of two names agree, in whichever order agrees best."""
    if not (left.words and right.words):
        return Match.MISSING, Match.MISSING
    straight = compare_given(left.given, right.given), compare_family(left.family, right.family)
    if left.is_korean and right.is_korean and left.given and right.given and straight[0] < Match.SAME:
        # Another syllable is another name: that of a sister, as a rule, who shares the first one.
        straight = Match.DIFFERENT, straight[1]
    if min(straight) >= Match.CLOSE or any(map(is_lost, (*left.words, *right.words))):
        return straight
    if Match.INITIAL in straight and (_is_beside_an_initial(left, right) or _is_beside_an_initial(right, left)):
        return Match.DIFFERENT, Match.MISSING
    if left.is_korean is not right.is_korean and not _of_koreans(left).isdisjoint(_of_koreans(right)):
        return Match.SAME, Match.SAME
    single = len(left.words) == len(right.words) == 1
    if not single and not _written_out(left).isdisjoint(_written_out(right)):
        return Match.SAME, Match.SAME
    if not (left.ordered and right.ordered):
        words, others = {*left.given, *left.family}, {*right.given, *right.family}
        common = words & others
        if common in (words, others):  # "Maria Lopez" of "Anna Maria Lopez Garcia"; a single word is half a name
            part, whole = sorted((left, right), key=lambda name: (len(set(name.words)), len(name.words)))
            if len(common) < 2:
                is_family = part.ordered and not part.given and len(whole.words) > 1
                return (Match.MISSING, Match.SAME) if is_family else (Match.SAME, Match.MISSING)
            if whole.words[0] in common:
                return Match.CLOSE, Match.CLOSE
            return Match.SECOND if _may_be_called(part.words[0], whole.words[0]) else Match.DIFFERENT, Match.CLOSE
    # Exchanged fields must agree fully, or "Martin Paul" would be "Paul Meyer".
    exchanged = min(_compare_exchanged(left, right), _compare_exchanged(right, left))
    least = Match.MISSING if not left.ordered and not right.ordered and are_unreadable(left, right) else Match.CLOSE
    return exchanged if min(exchanged) >= least and max(exchanged) == Match.SAME else straight


def are_unreadable(left: Name, right: Name) -> bool:
    """Whether given or family names that both have are in scripts that cannot be compared, so that they may be
    anybody's."""
    if not (left.words and right.words) or left.is_lost or right.is_lost:
        return False
    both = [(one, two) for one, two in ((left.given, right.given), (left.family, right.family)) if one and two]
    return any(_unreadable(one, two) for one, two in both or [(left.words, right.words)])


def _is_beside_an_initial(left: Name, right: Name) -> bool:
    """Whether a single name agrees with nothing but an initial beside another name: Widisha is not "W. Ekta"."""
    return not right.ordered and len(left.words) == 1 and len(left.words[0]) > 1 and len(right.words) > 1


def _compare_exchanged(left: Name, right: Name) -> tuple[Match, Match]:
    """How one name agrees with another one of which given and family name are exchanged."""
    return compare_given(left.given, right.family), compare_family(left.family, right.given)


def _written_out(name: Name) -> set[str]:
    given, family = "".join(name.given), "".join(name.family)
    return {given + family, family + given}


def _of_koreans(name: Name) -> set[str]:
    """A name as `_written_out`, and with its first or last word as Korean family names are usually spelled."""
    first, *others = name.words
    *before, last = name.words
    found = {"".join((usual, *others)) for usual in usual_spellings(first)}
    return found | {"".join((usual, *before)) for usual in usual_spellings(last)} | _written_out(name)


@lru_cache(maxsize=500_000)
def compare_given(left: tuple[str, ...], right: tuple[str, ...]) -> Match:
    """How given names agree. A second given name may be missing on one side, but may not be another one."""
    if not left or not right or _are_lost(left) or _are_lost(right):
        return Match.MISSING
    if "".join(left) == "".join(right):
        return Match.SAME
    if _unreadable(left, right):
        return Match.MISSING
    first = _compare_word(left[0], right[0])
    if first >= Match.INITIAL:
        seconds = [_compare_word(a, b) for a, b in zip(left[1:], right[1:], strict=False)]
        return Match.DIFFERENT if Match.DIFFERENT in seconds else min(first, *seconds) if seconds else first
    # "Maria" for "Anna Maria"; and "Bob" for "John Robert", but not "R".
    shorter, longer = sorted((left, right), key=len)
    others = [word for word in longer[1:] if len(word) > 1]
    if len(shorter) == 1 and others and len(shorter[0]) > 1:
        agreeing = max(_compare_word(shorter[0], word) for word in others)
        return min(Match.SECOND, agreeing) if _may_be_called(shorter[0], longer[0]) else Match.DIFFERENT
    return Match.DIFFERENT


def _may_be_called(second: str, first: str) -> bool:
    """Whether somebody with these two given names may be called by the second: José María is not María."""
    if second in WOMENS_SECONDS:
        return first.endswith("a") or first in BEFORE_WOMENS_SECONDS
    return second not in MENS_SECONDS or not first.endswith("a")


@lru_cache(maxsize=500_000)
def compare_family(left: tuple[str, ...], right: tuple[str, ...]) -> Match:
    """How family names agree. One of several (Meyer of Meyer-Schmidt) is close."""
    if not left or not right or _are_lost(left) or _are_lost(right):
        return Match.MISSING
    if "".join(left) == "".join(right):
        return Match.SAME
    if _unreadable(left, right):
        return Match.MISSING
    if len(left) == len(right) == 1:
        return _compare_spelling(left[0], right[0])
    if _is_part(left, right) or _is_part(right, left):
        return Match.CLOSE
    return _compare_spelling("".join(left), "".join(right))


def are_mans_and_womans(left: Name, right: Name) -> bool:
    """Whether two family names are one, as a man bears it and as a woman does: Majewski and Majewska."""
    one, other = ("".join(name.family) for name in (left, right))
    return any(
        man.endswith(his) and woman == man.removesuffix(his) + hers
        for man, woman in ((one, other), (other, one))
        for his, hers in FAMILY_ENDINGS
    )


def _is_part(words: tuple[str, ...], others: tuple[str, ...]) -> bool:
    return all(any(_compare_spelling(word, other) >= Match.CLOSE for other in others) for word in words)


def _compare_word(left: str, right: str) -> Match:
    """How two single given names agree."""
    if left == right:
        return Match.SAME
    if len(left) == 1 or len(right) == 1:
        return Match.DIFFERENT if initials(left).isdisjoint(initials(right)) else Match.INITIAL
    if LOST in left or LOST in right:
        return _compare_lost(left, right)
    if are_nicknames(left, right):
        return Match.CLOSE
    if is_known(left) and is_known(right) and (sound(left) != sound(right) or _begins_with_h(left, right)):
        return Match.DIFFERENT
    if _are_man_and_woman(left, right) or _are_two_names(left, right):
        return Match.DIFFERENT
    return _compare_spelling(left, right)


def _begins_with_h(left: str, right: str) -> bool:
    """Whether one of two names begins with an *h* that no sound tells: Anna and Hanna may be sisters."""
    return (left[0] == "h") is not (right[0] == "h")


def _are_two_names(left: str, right: str) -> bool:
    """Whether two given names that are a letter apart are two names, and neither is the other one misspelt.

    Pens slip in the first letter of a name least; short names have many others a letter away. Of a name that is known
    and one that is not, the latter is a slip, unless that is in the first letter of a short name.
    """
    if sound(left) == sound(right):
        return False
    one_known = is_known(left) is not is_known(right)
    short = max(len(left), len(right)) <= SHORT
    if left[0] != right[0]:
        return short or not one_known
    if one_known or not short:
        return False
    if min(len(left), len(right)) < LEAST_WRITTEN:
        return True
    apart = [{one, other} for one, other in zip(left, right, strict=False) if one != other]
    return len(left) == len(right) and len(apart) == 1 and apart[0].isdisjoint(VOWELS)


def _are_man_and_woman(left: str, right: str) -> bool:
    """Whether one given name is the other with the ending of women's names, so that they are no typing error.

    Samir and Samira, Julio and Julia, Daniele and Daniela, Sotiris and Sotiria, Michel and Michelle, René and Renée;
    Martin and Martine, as Martin is known, but not Louise and Louisa.
    """
    for man, woman in ((left, right), (right, left)):
        one, two = woman == f"{man[:-1]}a", woman == f"{man[:-2]}a"
        if (one and man.endswith(MENS_ENDINGS)) or (two and man.endswith(MENS_ENDINGS_OF_TWO)):
            return True
    shorter, longer = sorted((left, right), key=len)
    if longer == shorter + "a":
        return shorter[-1] not in VOWELS
    if longer == shorter + "e":
        return is_known(shorter) if shorter[-1] not in VOWELS else shorter[-1] == "e"
    return longer == f"{shorter}{shorter[-1]}e" and shorter[-1] not in VOWELS


def _compare_spelling(left: str, right: str) -> Match:
    if left == right:
        return Match.SAME
    if len(left) == 1 or len(right) == 1:
        return Match.INITIAL if left[0] == right[0] else Match.DIFFERENT
    if LOST in left or LOST in right:
        return _compare_lost(left, right)
    if left == right + WIVES_ENDING or right == left + WIVES_ENDING:
        return Match.DIFFERENT
    longest = max(len(left), len(right))
    allowed = 0 if longest < 4 else 1 if longest < 9 else 2
    if allowed and edits(left, right, allowed) <= allowed:
        return Match.CLOSE
    heard = sound(left)
    return Match.CLOSE if len(heard) > 1 and heard == sound(right) else Match.DIFFERENT


def _compare_lost(left: str, right: str) -> Match:
    """How two words agree of which letters were lost: as far as the others tell."""
    if is_lost(left) or is_lost(right):
        return Match.MISSING
    return Match.CLOSE if may_be(left, right) or may_be(right, left) else Match.DIFFERENT


def _are_lost(words: tuple[str, ...]) -> bool:
    """Whether a name is not known, since its first word is lost."""
    return is_lost(words[0])


def _unreadable(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    """Whether two names are in scripts that cannot be compared: not both Latin, nor both in the same foreign one."""
    return is_readable("".join(left)) != is_readable("".join(right))
