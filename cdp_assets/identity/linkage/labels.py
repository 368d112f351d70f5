"""What comparisons and their levels are called, in explanations and where others have to know them.

Belongs here: names. Does not belong here: what they stand for (`comparisons.py`).
"""

from __future__ import annotations

GIVEN_NAME = "given_name"
"""A comparison that weighs nothing by itself (the name does); it tells a person from another one of the household."""

BORNE = "is_borne"
"""A column beside those of faces: whether the given name is borne by several people (`model.borne`), so that it is no
other one garbled."""

THE_SAME = "the same"
"""The first level of most comparisons."""

OTHER_FAMILY = "the same given name, another family name"
"""The level of names of namesakes by given name alone, and of who married."""

OTHER_MIDDLE = "the same or a like name, another middle name"
"""The level of names of siblings, of parent and child, and of namesakes, whom it tells apart."""

OTHER_SCRIPT = "in a script that cannot be compared"
"""The level of given names that say nothing of one another."""

SECOND_NAME = "the one's is a later name of the other"
"""The level of given names of whoever is called by the second one, and of a relative whose name is borne as that."""

NO_GIVEN = "the same family name, no given name"
"""The level of names of whoever may be anybody of a family."""

NO_NAME_IN_COMMON = "another family name, no given name"
"""The level of names of which nothing says that they are one person's."""

DIFFERENT = "different"
"""The last level of every comparison."""

SAME_NAMES = ("the same whole name", "three words in common", "two words in common")
"""The levels of names that are the same word by word."""

BIRTHS = BIRTH_DATE, BIRTH_YEAR = "birth_date", "birth_year"
"""The comparisons of when two were born: by their dates, or by their years where one of them has no date."""

OWN_NUMBER = "number"
"""The comparison of numbers in registers of people."""

SLIPPED = "a slip of the pen apart"
"""The level of numbers that may be one, miswritten."""

OF_ONE_PERSON = (*BIRTHS, OWN_NUMBER)
"""Comparisons of what people have one of, so that true pairs hardly differ in it."""

GENERATION_APART = "a generation apart"
"""The level of birth dates, and of years, that parent and child have."""

YEAR_APART = "a year apart"
"""The level of years that were told as ages, before and after a birthday."""

ASKED_FOR = (
    *(("name", level) for level in (*SAME_NAMES, OTHER_MIDDLE, NO_GIVEN, OTHER_FAMILY, NO_NAME_IN_COMMON, DIFFERENT)),
    (GIVEN_NAME, OTHER_SCRIPT),
    (GIVEN_NAME, SECOND_NAME),
    (BIRTH_DATE, THE_SAME),
    (BIRTH_DATE, GENERATION_APART),
    (BIRTH_YEAR, GENERATION_APART),
    ("email", THE_SAME),
)
"""Comparisons and the levels of them that scoring has to know by name."""
