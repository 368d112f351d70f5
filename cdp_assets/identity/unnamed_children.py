"""Children without a name yet, as hospitals call them: who they are, and whether two may be one.

Belongs here: what is known of a child by how it is called. Does not belong here: the words (`name_words.py`), reading
names (`names.py`), and what birth dates say (`agreement.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from cdp_assets.identity.name_words import BOYS, GIRLS, UNNAMED
from cdp_assets.identity.names import Name


@dataclass(frozen=True, slots=True)
class UnnamedChild:
    """What the name of a child says that has none yet.

    Args:
        gender: ``f``, ``m``, or empty.
        told_apart_by: What else stands there besides the family's name: which of twins it is, by a letter or a number.
    """

    gender: str
    told_apart_by: tuple[str, ...]

    def may_be(self, other: UnnamedChild) -> bool:
        """Whether the two may be one: not, if only one says which of twins it is."""
        genders = {self.gender, other.gender} - {""}
        return len(genders) < 2 and self.told_apart_by == other.told_apart_by


def unnamed_child(name: Name) -> UnnamedChild | None:
    """Who "Baby Boy A" or "BB Smith 2" is; None of names of people who have one."""
    if UNNAMED.isdisjoint(name.given[:1]):
        return None
    gender = next((sex for words, sex in ((BOYS, "m"), (GIRLS, "f")) if not words.isdisjoint(name.given)), "")
    known = UNNAMED | BOYS | GIRLS | {*name.family}
    return UnnamedChild(gender, tuple(word for word in name.given if word not in known))
