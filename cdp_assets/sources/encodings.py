"""The encodings that delivered text may be in: decoding them, and what is wrong with the name of another one.

Belongs here: names and decoding. Does not belong here: which one a file is in (`proposing/letters.py`), and files as a
whole (`preparing.py`).
"""

from __future__ import annotations

import codecs

ENCODINGS = (
    "utf-8", "latin-1", "iso8859-2", "iso8859-15", "cp850", "mac-roman", "cp1250", "cp1251", "cp1253", "cp1254",
    "cp1255", "cp1256", "cp1257", "cp874", "cp932", "euc-jp", "gb18030", "big5", "cp949",
)  # fmt: skip
"""Codecs of Python in which systems export. In each of them a byte below 128 that ends a line is nothing else."""

_READ_AS = {"latin-1": "cp1252", "big5": "cp950"}
"""What such files are in truth, and has all of what they are declared as."""

_HELD_BY = {
    "ascii": "utf-8", "utf-8-sig": "utf-8", "utf-16": "utf-8", "utf-16-le": "utf-8", "utf-16-be": "utf-8",
    "cp1252": "latin-1", "cp437": "cp850", "iso8859-7": "cp1253", "iso8859-9": "cp1254", "iso8859-8": "cp1255",
    "tis-620": "cp874", "shift_jis": "cp932", "gbk": "gb18030", "gb2312": "gb18030", "cp950": "big5",
    "big5hkscs": "big5", "euc_kr": "cp949", "johab": "cp949",
}  # fmt: skip
"""Other codecs, as Python calls them, and the one of `ENCODINGS` that has most or all of their characters."""


def decoded(data: bytes, encoding: str) -> str:
    """The text of whole lines. Latin-1 is read as Windows-1252, of which it is a part.

    Raises:
        UnicodeDecodeError: if they are not in that encoding; never of Latin-1.
    """
    codec = _READ_AS.get(encoding, encoding)
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        if encoding != "latin-1":
            raise
        return "".join(bytes([byte]).decode(codec, "ignore") or chr(byte) for byte in data)


def encoding_fault(name: str) -> str | None:
    """What is wrong with the name of an encoding, or None."""
    if name in ENCODINGS:
        return None
    known = {codecs.lookup(each).name: each for each in ENCODINGS}
    try:
        python = codecs.lookup(name).name
    except LookupError:
        python = ""
    meant = known.get(python) or _HELD_BY.get(python)
    hint = f"write `{meant}`" if meant else f"there are: {', '.join(f'`{each}`' for each in ENCODINGS)}"
    return f"`{name}` is not an encoding that files are read in; {hint}"
