"""Names in one plain spelling, so that accents, capitals and scripts do not make two names of one.

Belongs here: letters. Does not belong here: what is a given name and what a family name, and which names go together
(`names.py`).

Latin, Greek, Cyrillic, kana and Hangul are written in plain Latin letters, by tables made for comparing (several
national systems write the same sound differently; `sound` levels what is left). Text in another script stays as it is:
it is comparable with itself only (`is_readable`).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache


def _pairs(letters: str, written: str) -> dict[str, str]:
    """Letters and how each is written, separated by spaces; ``_`` for nothing."""
    return {letter: "" if latin == "_" else latin for letter, latin in zip(letters, written.split(), strict=True)}


_LETTERS = {
    **_pairs("ßæœøđðłþıħŋ", "ss ae oe o d d l th i h ng"),
    **_pairs("αβγδεζηθικλμνξοπρσςτυφχψω", "a v g d e z i th i k l m n x o p r s s t y f ch ps o"),
    **_pairs("абвгдежзийклмнопрстуфхцчшщ", "a b v g d e zh z i i k l m n o p r s t u f kh ts ch sh sht"),
    **_pairs("ъыьэюяёєіїґјљњћђџў", "a y _ e yu ya e ie i i g j lj nj c dj dz u"),
}
LOST, _REPLACED = "?", "\ufffd"
"""What stands in a folded word for a letter that an export could not write, and the other sign that exports write."""
_LEAST_KNOWN = 3
"""Letters of a word with lost ones that have to be known, or it may be too many names."""
_GREEK_PAIRS = (("ου", "ou"), ("αυ", "av"), ("ευ", "ev"), ("μπ", "b"), ("ντ", "nt"), ("γγ", "ng"), ("γκ", "gk"))
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa"})

_KANA = {
    **_pairs("アイウエオカキクケコサシスセソタチツテト", "a i u e o ka ki ku ke ko sa shi su se so ta chi tsu te to"),
    **_pairs("ナニヌネノハヒフヘホマミムメモヤユヨ", "na ni nu ne no ha hi fu he ho ma mi mu me mo ya yu yo"),
    **_pairs("ラリルレロワヲンーヴ", "ra ri ru re ro wa o n _ vu"),
    **_pairs("ガギグゲゴザジズゼゾダヂヅデド", "ga gi gu ge go za ji zu ze zo da ji zu de do"),
    **_pairs("バビブベボパピプペポ", "ba bi bu be bo pa pi pu pe po"),
}
_KANA_SMALL = _pairs("ャュョァィゥェォ", "ya yu yo a i u e o")

_HANGUL_INITIALS, _HANGUL_VOWELS, _HANGUL_FINALS = (
    tuple(written.split())
    for written in (
        "g kk n d tt r m b pp s ss _ j jj ch k t p h",
        "a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i",
        "_ k k k n n n t l k m l l l p l m p p t t ng t t k t p t",
    )
)

_MARIA = re.compile(r"\bm\.?ª", re.IGNORECASE)
"""María, cut short: *Mª*, *M.ª*."""
_ORDINAL = re.compile(r"\d+(st|nd|rd|th)\b")
_WORD = re.compile(rf"(?:[^\W\d_]|{re.escape(LOST)})+")

_SOUNDS = tuple(
    (re.compile(pattern), letter)
    for pattern, letter in (
        ("sch|sh|sz|zh", "s"),
        ("tsch|tch|ch|kh|ck|q", "k"),
        ("ph", "f"),
        ("th", "t"),
        ("ts|cz|c(?=[eiy])", "z"),
        ("x", "ks"),
        ("gk", "g"),
        ("c", "k"),
        ("w", "v"),
        ("ou|oo", "u"),
        ("ae", "a"),
        ("oe", "o"),
        ("ue", "u"),
        ("ei|ai|ey|ay", "e"),
        ("[jy]", "i"),
        ("h", ""),
        (r"(.)\1+", r"\1"),
    )
)


@lru_cache(maxsize=200_000)
def fold(text: str) -> str:
    """Lower case, plain Latin letters where the script is known; words separated by one space.

    Hyphens and apostrophes count as in names: "Hans-Peter" is two words, "O'Neill" is one, "John 2nd" is John, and
    "Mª" is María. A letter that was lost stays in its word, as `LOST`.
    """
    if text.isascii() and text.isalpha():
        return text.lower()
    lower = unicodedata.normalize("NFKC", _MARIA.sub("maria ", _repaired(text)).replace(_REPLACED, LOST)).casefold()
    if not lower.isascii():
        lower = _latin(lower)
    lower = re.sub(r"['’`´.]", "", lower) if "'" in lower or not lower.isalnum() else lower
    return " ".join(_WORD.findall(_ORDINAL.sub(" ", lower)))


@lru_cache(maxsize=200_000)
def sound(folded: str) -> str:
    """A rough common spelling of a folded word: "Müller", "Mueller" and "Muller" agree, "Sergey" and "Sergei" too."""
    for pattern, letter in _SOUNDS:
        folded = pattern.sub(letter, folded)
    return folded


def is_readable(folded: str) -> bool:
    """Whether a folded word is in Latin letters, so that it can be compared with other scripts' names."""
    return folded.isascii()


def is_lost(folded: str) -> bool:
    """Whether so many letters of a folded word are lost that it may be any name."""
    return LOST in folded and len(folded.replace(LOST, "")) < _LEAST_KNOWN


def may_be(folded: str, other: str) -> bool:
    """Whether a folded word with lost letters may be another one: each may have been written as two, as *ö* is."""
    spelled = "".join(".{0,2}" if letter == LOST else letter for letter in folded)
    return re.fullmatch(spelled, other) is not None


def legible(folded: str) -> str:
    """Folded text without lost letters, and without words of which too many are lost."""
    if LOST not in folded:
        return folded
    return " ".join(word.replace(LOST, "") for word in folded.split() if not is_lost(word))


def _repaired(text: str) -> str:
    """UTF-8 that somebody read as Latin-1 (MÃ¼ller) put right."""
    if not any(letter in text for letter in "ÃÂÎÏÐÑ"):
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _latin(lower: str) -> str:
    lower = unicodedata.normalize("NFC", lower).translate(_UMLAUTS)
    # Cyrillic before taking marks off: й is no и, and ё no е.
    spelled = "".join(_LETTERS.get(letter, letter) for letter in lower) if _is_cyrillic(lower) else lower
    bare = unicodedata.normalize("NFC", "".join(filter(_stays, unicodedata.normalize("NFD", spelled))))
    plain = "".join(_LETTERS.get(letter, letter) for letter in _greek(bare))
    return plain if plain.isascii() else _hangul(_kana(plain))


def _stays(mark: str) -> bool:
    """Whether a decomposed character is more than an accent: letters, and the marks that voice a kana."""
    return mark in "\u3099\u309a" or unicodedata.category(mark) != "Mn"


def _is_cyrillic(text: str) -> bool:
    return any("\u0400" <= letter <= "\u04ff" for letter in text)


def _greek(text: str) -> str:
    if any("\u0370" <= letter <= "\u03ff" for letter in text):
        for pair, latin in _GREEK_PAIRS:
            text = text.replace(pair, latin)
    return text


def _kana(text: str) -> str:
    if not any("\u3041" <= letter <= "\u30fa" for letter in text):
        return text
    katakana = "".join(chr(ord(letter) + 96) if "\u3041" <= letter <= "\u3096" else letter for letter in text)
    written: list[str] = []
    doubled = False
    for letter in katakana:
        if letter == "ッ":
            doubled = True
            continue
        if letter in _KANA_SMALL and written:
            before = written.pop()
            stem = before[:-1]
            written.append(stem + (_KANA_SMALL[letter][1:] if stem in ("sh", "ch", "j") else _KANA_SMALL[letter]))
            continue
        latin = _KANA.get(letter, letter)
        written.append(latin[:1] + latin if doubled else latin)
        doubled = False
    return "".join(written)


def is_hangul(text: str | None) -> bool:
    """Whether letters of a text are Korean ones."""
    return any("\uac00" <= letter <= "\ud7a3" for letter in text or "")


def _hangul(text: str) -> str:
    if not is_hangul(text):
        return text
    return "".join(_syllable(letter) if "\uac00" <= letter <= "\ud7a3" else letter for letter in text)


def _syllable(letter: str) -> str:
    index = ord(letter) - 0xAC00
    parts = _HANGUL_INITIALS[index // 588], _HANGUL_VOWELS[index % 588 // 28], _HANGUL_FINALS[index % 28]
    return "".join(parts).replace("_", "")
