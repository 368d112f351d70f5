"""What goes wrong when people type: slips in names and e-mails, placeholders, broken encodings.

Belongs here: mistakes within one field. Does not belong here: mistakes of whole rows (`landing.py`).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cdp_assets.demo.text import Bools, Texts

PLACEHOLDER_EMAILS = ("null", "n/a", "noemail@lindenlark.example", "unknown", "test@test.example", "-")
PLACEHOLDER_PHONES = ("0000000000", "-1", "n/a", "123456789", "9999999999")
PLACEHOLDER_IDS = ("null", "-1", "anonymous", "undefined", "0")

_NEIGHBOURS = {
    "a": "s", "b": "v", "c": "x", "d": "f", "e": "r", "f": "g", "g": "h", "h": "j", "i": "o", "j": "k", "k": "l",
    "l": "k", "m": "n", "n": "m", "o": "p", "p": "o", "r": "t", "s": "d", "t": "r", "u": "i", "v": "c", "w": "e",
    "x": "y", "y": "x", "z": "u",
}  # fmt: skip


def mistyped(rng: np.random.Generator, values: Texts, chosen: Bools) -> Texts:
    """Make one slip in each chosen text: two letters swapped, one dropped, doubled, or hit beside.

    The first letter stays, and texts of fewer than four letters stay as they are. In an e-mail the slip may fall into
    the domain.
    """
    rows = np.flatnonzero(chosen)
    if not len(rows):
        return values
    slips = rng.integers(0, 4, len(rows))
    places = rng.random(len(rows))
    before = values.take(pa.array(rows)).to_pylist()
    after = [
        _slip(text, int(kind), 1 + int(place * (len(text) - 2))) if len(text) >= 4 else text
        for text, kind, place in zip(before, slips, places, strict=True)
    ]
    return replaced(values, chosen, pa.array(after, type=pa.string()))


def misencoded(values: Texts, chosen: Bools) -> Texts:
    """UTF-8 read as Latin-1 in each chosen text (Müller → MÃ¼ller)."""
    rows = np.flatnonzero(chosen)
    before = values.take(pa.array(rows)).to_pylist()
    after = [text.encode("utf-8").decode("latin-1").replace("\x9f", "Ÿ").replace("\xad", "­") for text in before]
    return replaced(values, chosen, pa.array(after, type=pa.string()))


def with_placeholders(rng: np.random.Generator, values: Texts, share: float, placeholders: tuple[str, ...]) -> Texts:
    """Replace a share of the texts with placeholders."""
    chosen = rng.random(len(values)) < share
    drawn = rng.integers(0, len(placeholders), int(chosen.sum()))
    return replaced(values, chosen, pa.array([placeholders[index] for index in drawn], type=pa.string()))


def replaced(values: Texts, chosen: Bools, others: Texts) -> Texts:
    """The values with those chosen replaced, in order, by the others."""
    return pc.replace_with_mask(values, pa.array(chosen), others)


def _slip(text: str, kind: int, place: int) -> str:
    head, letter, tail = text[:place], text[place], text[place + 1 :]
    if kind == 0 and tail and tail[0] != letter:
        return head + tail[0] + letter + tail[1:]
    if kind == 1:
        return head + tail
    if kind == 2:
        return head + letter + letter + tail
    # What has no key beside it here (a digit, a dot, a letter of another script) is left out.
    return head + _NEIGHBOURS.get(letter.lower(), "") + tail
