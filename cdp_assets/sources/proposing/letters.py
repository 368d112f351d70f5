"""In which encoding text is that is not all UTF-8, told by the letters that its bytes would be.

Belongs here: rating encodings. Does not belong here: decoding (`encodings.py`), and what headings mean (`headings.py`).

What each encoding makes of a text is rated by how many of its letters beyond ASCII are those of *one* language, in
words of that script alone and with capitals where words have them, and by how many headings mean something. Latin-1 has
to be outdone: most of what is not UTF-8 is in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from unicodedata import east_asian_width

from cdp_assets.sources.encodings import decoded
from cdp_assets.sources.proposing.headings import times_of
from cdp_assets.sources.proposing.phrases import meanings, words_of

_LATIN_1 = "latin-1"
_MOST_LINES = 500
_MOST_LETTERS = 0.8
"""So many of the letters have to be those of a language."""
_CLEARLY = 0.1
"""By so much Latin-1 has to be outdone."""
_BY_ACCIDENT = 1
"""So many letters may be those of a language where it is not the right one."""
_WITH_LETTERS = re.compile(r"\w*[^\W\x00-\x7f]\w*")
_AMID_LETTERS = re.compile(r"(?<=[^\W\d_])[^\w\s\x00-\x7f’‘´·–—…](?=[^\W\d_])")
"""A sign that stands in no word."""
_IN_CELLS = re.compile(r"[,;\t|\"{}\[\]:]")

_WESTERN = (
    "äöüß", "àâæçèéêëîïôœùûüÿ", "áéíóúüñºª", "àçèéíïòóúü", "ãáàâçéêíõóôúüºª", "àèéìíîòóùúºª", "áèéëíïóöü", "åäöé",
    "æøåéó", "áðéíóúýþæö",
)  # fmt: skip
_CENTRAL = ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîșțşţ", "čćđšž")
_LATIN = {
    _LATIN_1: _WESTERN,
    "cp1250": _CENTRAL,
    "iso8859-2": _CENTRAL,
    "cp1254": ("âçğîıİöşûü",),
    "cp1257": ("ąčęėįšųūž", "āčēģīķļņšūž", "äõöüšž"),
    "cp850": _WESTERN,
}
"""Letters beyond ASCII of each language that an encoding is used for."""
_SCRIPTS = {
    "cp1255": (0x0590, 0x05FF),
    "cp1253": (0x0370, 0x03FF),
    "cp1256": (0x0600, 0x06FF),
    "cp874": (0x0E00, 0x0E7F),
    "cp1251": (0x0400, 0x04FF),
}
"""Of encodings of other alphabets the first letter and the last one."""
_FREQUENT = {
    "cp949": (("euc_kr", 0xB0, 0xC8),),
    "cp932": (("euc_jp", 0xA4, 0xA5), ("euc_jp", 0xB0, 0xCF)),
    "euc-jp": (("euc_jp", 0xA4, 0xA5), ("euc_jp", 0xB0, 0xCF)),
    "big5": (("big5", 0xA4, 0xC6),),
    "gb18030": (("gb2312", 0xB0, 0xD7),),
}
"""Codecs whose first bytes from one to another one are the most frequent characters of a language, as they are ordered
by that. What is Korean could be Chinese, but not the other way round.
"""


def encoding_of(data: bytes) -> str:
    """The likeliest of `ENCODINGS`, of text that is not all UTF-8; Latin-1 if nothing tells.

    It is UTF-8 all the same where no more of its lines are damaged than are not, as when it is delivered.
    """
    lines = data.split(b"\n")
    header, told = lines[0], [line for line in lines if not line.isascii()][:_MOST_LINES]
    if 2 * sum(_decoded(line, "utf-8") is not None for line in told) >= len(told):
        return "utf-8"
    least = _rating(header, told, _LATIN_1) + _CLEARLY
    best = _LATIN_1
    for encoding in (*_LATIN, *_SCRIPTS, *_FREQUENT):
        if (rating := _rating(header, told, encoding)) > least:
            best, least = encoding, rating
    # The sign stands for nothing in use, and the euro has its place.
    return "iso8859-15" if best == _LATIN_1 and any(b"\xa4" in line for line in told) else best


def _rating(header: bytes, lines: Sequence[bytes], encoding: str) -> float:
    """From 0 to 2, by letters and by headings; 0 if too few of the letters are of one language."""
    texts = [text for line in lines if (text := _decoded(line, encoding)) is not None]
    words = {word for text in texts for word in _WITH_LETTERS.findall(text)}
    strange = sum(east_asian_width(sign) not in "FHW" for text in texts for sign in _AMID_LETTERS.findall(text))
    share = max(_share(words, strange, letters, encoding in _LATIN) for letters in _letters(encoding))
    share *= len(texts) / len(lines)
    if share < _MOST_LETTERS and encoding != _LATIN_1:
        return 0.0
    cells = [words_of(cell) for cell in _IN_CELLS.split(_decoded(header, encoding) or "") if not cell.isascii()]
    known = [next(meanings(cell), None) is not None or times_of(cell) is not None for cell in cells]
    return share + (sum(known) / len(known) if known else 0.0)


def _decoded(line: bytes, encoding: str) -> str | None:
    try:
        return decoded(line, encoding)
    except UnicodeDecodeError:
        return None


def _share(words: set[str], strange: int, letters: frozenset[str], latin: bool) -> float:
    """How many of the letters of words are some letters, with signs amid letters among those that are not."""
    right, wrong = 0, strange
    for word in words:
        beyond = [letter for letter in word if not letter.isascii() and east_asian_width(letter) not in "FH"]
        regular = word in (word.lower(), word.upper()) or word[1:] == word[1:].lower()
        alone = latin or not any(letter.isascii() and letter.isalpha() for letter in word)
        fitting = sum(letter in letters for letter in beyond) if regular and (alone or _is_wide(beyond)) else 0
        right, wrong = right + fitting, wrong + len(beyond) - fitting
    return right / (right + wrong + _BY_ACCIDENT)


def _is_wide(letters: Sequence[str]) -> bool:
    """Whether letters are of a script that stands beside Latin letters within words."""
    return all(east_asian_width(letter) == "W" for letter in letters)


@cache
def _letters(encoding: str) -> tuple[frozenset[str], ...]:
    """The letters of each language that an encoding is used for."""
    if encoding in _LATIN:
        return tuple(frozenset(each + each.upper()) for each in _LATIN[encoding])
    if encoding in _SCRIPTS:
        first, last = _SCRIPTS[encoding]
        return (frozenset(map(chr, range(first, last + 1))),)
    return (frozenset(letter for part in _FREQUENT[encoding] for letter in _of_two_bytes(*part)),)


def _of_two_bytes(codec: str, first: int, last: int) -> Iterator[str]:
    for lead in range(first, last + 1):
        for trail in (*range(0x40, 0x7F), *range(0xA1, 0xFF)):
            yield bytes([lead, trail]).decode(codec, "ignore")
