"""How well the names, birth dates and numbers of two records agree, as one grade.

Belongs here: the grades, and how names, birth dates and numbers add up to one. Does not belong here: comparing names
(`names.py`) and numbers (`numbers.py`), and what follows from a grade (`slow_path.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum
from functools import lru_cache

from cdp_assets.identity.names import (
    Match,
    Name,
    are_mans_and_womans,
    are_unreadable,
    compare_names,
    gender_by_title,
    parse_name,
    told_by_mailbox,
)
from cdp_assets.identity.nicknames import is_known
from cdp_assets.identity.numbers import Numbers, SameNumber, compare_numbers, of_text
from cdp_assets.identity.unnamed_children import unnamed_child


class Agreement(IntEnum):
    """From "two people" to "one name". Negative grades contradict a link."""

    DIFFERENT_KIND = -9  # a person, and a couple, a trust, an estate or a company
    DIFFERENT_GENERATION = -8  # one is Sr and the other Jr, or was born long after
    DIFFERENT_GIVEN = -7  # other given names: a couple, a parent and child
    DIFFERENT_GENDER = -6  # a woman and a man, whose names are not the same
    DIFFERENT_NUMBER = -5  # each is another one in a register of people, and no birth date says that they are one
    DIFFERENT_BIRTH = -4  # names that only resemble one another, and another birth date
    UNREADABLE = -3  # both have names, in scripts that cannot be compared, and no birth date in common
    RELATIVE = -2  # what agrees in the names agrees in families: initials, the father's name, the family name alone
    DIFFERENT_FAMILY = -1  # the same given name, another family name, nothing that explains it
    UNKNOWN = 0  # one of the two has no name: nothing speaks against it, nothing for it
    PARTIAL = 1  # an initial, or only one of the two names; a birth date or number, where names cannot be compared
    CHANGED_SURNAME = 2  # the same given name and birth date, another family name
    SIMILAR = 3  # nickname, typing error, transliteration, exchanged or double names
    EQUAL = 4

    @property
    def contradicts(self) -> bool:
        """Whether the two cannot be linked by something that people share."""
        return self < Agreement.UNKNOWN


IN_WORDS = {
    Agreement.DIFFERENT_KIND: "one is a person and the other a couple, a trust, an estate or another organisation",
    Agreement.DIFFERENT_GENERATION: "they are two generations: one is Sr and the other Jr, or was born so much later",
    Agreement.DIFFERENT_GIVEN: "the given names differ",
    Agreement.DIFFERENT_GENDER: "one is a woman and the other a man, and no name that they share says otherwise",
    Agreement.DIFFERENT_NUMBER: "each has another number in one register, and not the same name and birth date",
    Agreement.DIFFERENT_BIRTH: "the names only resemble one another and the birth dates differ",
    Agreement.UNREADABLE: "the names are in scripts that cannot be compared, and no birth date says that they are one",
    Agreement.RELATIVE: "the names agree no more than those of relatives, and no birth date that they are one",
    Agreement.DIFFERENT_FAMILY: "the family names differ and no birth date says that it changed",
    Agreement.UNKNOWN: "one of them has no name",
    Agreement.PARTIAL: "an initial or a part of the name agrees",
    Agreement.CHANGED_SURNAME: "given name and birth date agree, the surname changed",
    Agreement.SIMILAR: "the names are variants of one another",
    Agreement.EQUAL: "the names are the same",
}
"""Each grade as the clause of a sentence."""


GENERATION_YEARS = 15
"""Born so many years apart, and not on the same day of the year, two people of one name are parent and child."""


class BirthDates(IntEnum):
    """How two birth dates agree, or years of birth where one of them has no date. True pairs often differ in one part,
    so that only a whole generation is a veto."""

    GENERATION = -1  # too far apart to be a slip (`GENERATION_YEARS`)
    DIFFERENT = 0
    UNKNOWN = 1  # so are years of birth that do not differ: a date in common they are not
    CLOSE = 2  # one of year, month and day differs, or day and month are exchanged
    SAME = 3


@dataclass(frozen=True, slots=True)
class Signature:
    """What a record says of the person: parsed name, birth date, year of birth where no date is known, gender (``f``,
    ``m`` or None) and numbers; a name without words is none."""

    name: Name
    birth_date: date | None = None
    birth_year: int | None = None
    gender: str | None = None
    numbers: Numbers = ()
    # Compared millions of times with itself; hashing a date and four tuples each time took a third of the slow path.
    _hash: int = field(init=False, repr=False, compare=False, default=0)

    def __post_init__(self) -> None:
        told = self.name, self.birth_date, self.birth_year, self.gender, self.numbers
        object.__setattr__(self, "_hash", hash(told))

    def __hash__(self) -> int:
        return self._hash


def compare_birth_dates(left: date | None, right: date | None) -> BirthDates:
    """Grade two birth dates."""
    if left is None or right is None:
        return BirthDates.UNKNOWN
    if is_day_unknown(left) and is_day_unknown(right):
        return compare_birth_years(left.year, right.year, of_ages=False)
    if left == right:
        return BirthDates.SAME
    same = (left.year == right.year) + (left.month == right.month) + (left.day == right.day)
    exchanged = left.year == right.year and (left.month, left.day) == (right.day, right.month)
    if same == 2 or exchanged:
        return BirthDates.CLOSE
    return BirthDates.GENERATION if abs(left.year - right.year) >= GENERATION_YEARS else BirthDates.DIFFERENT


def is_day_unknown(born: date) -> bool:
    """Whether a birth date may tell no more than the year: 1 January is what is written where no day is known."""
    return born.month == born.day == 1


def compare_birth_years(left: int | None, right: int | None, *, of_ages: bool = True) -> BirthDates:
    """Grade two years of birth; those of two ages may be one apart, since people have birthdays in between."""
    if left is None or right is None or abs(left - right) <= of_ages:
        return BirthDates.UNKNOWN
    return BirthDates.GENERATION if abs(left - right) >= GENERATION_YEARS else BirthDates.DIFFERENT


SAID_OF_PEOPLE = ("given_name", "family_name", "full_name", "birth_date", "birth_year", "mailbox", "gender", "numbers")
"""Columns of `evidence.Evidence.names` that `signature_of` takes, in this order."""


def signature_of(
    given: str | None,
    family: str | None,
    full: str | None,
    born: date | None,
    year: int | None = None,
    mailbox: str | None = None,
    gender: str | None = None,
    numbers: str | None = None,
) -> Signature | None:
    """What a record says of the person by its name (as in `names.parse_name` and `names.told_by_mailbox`), birth date,
    year of birth, gender and numbers (as in `numbers.of_text`); None if it has none of these."""
    name = parse_name(given, family, full)
    if name is not None and mailbox is not None:
        name = told_by_mailbox(name, mailbox, as_initial=born is not None or year is not None)
    is_couple = name is not None and name.is_couple
    gender = None if is_couple else gender or gender_by_title(given) or gender_by_title(full)
    if name is None and born is None and year is None and gender is None and not numbers:
        return None
    return Signature(name or Name((), ()), born, year if born is None else None, gender, of_text(numbers))


def _compare_births(left: Signature, right: Signature) -> BirthDates:
    if left.birth_date and right.birth_date:
        return compare_birth_dates(left.birth_date, right.birth_date)
    years = (each.birth_date.year if each.birth_date else each.birth_year for each in (left, right))
    return compare_birth_years(*years)


@lru_cache(maxsize=500_000)
def agreement(left: Signature, right: Signature) -> Agreement:
    """Grade two signatures; symmetric. Documents are issued anew, so that other numbers may be one person's of one name
    and birth date."""
    grade = _agreement_in_words(left, right)
    numbers = compare_numbers(left.numbers, right.numbers)
    if grade in (Agreement.UNREADABLE, Agreement.RELATIVE) and numbers > SameNumber.UNKNOWN:
        return Agreement.PARTIAL
    if grade > Agreement.DIFFERENT_NUMBER and numbers is SameNumber.DIFFERENT:
        same_birth = compare_birth_dates(left.birth_date, right.birth_date) is BirthDates.SAME
        return grade if same_birth and grade is Agreement.EQUAL else Agreement.DIFFERENT_NUMBER
    return grade


def _agreement_in_words(left: Signature, right: Signature) -> Agreement:
    """Grade two signatures without their numbers."""
    if left.name.words and right.name.words and left.name.kind != right.name.kind:
        return Agreement.DIFFERENT_KIND
    given, family = compare_names(left.name, right.name)
    births = _compare_births(left, right)
    if births is BirthDates.GENERATION:
        return Agreement.DIFFERENT_GENERATION
    if left.name.generation != right.name.generation:
        # Where only the son's name says which of the two it is, birth dates have to tell as well.
        both_say = left.name.generation and right.name.generation
        if both_say or births is BirthDates.DIFFERENT:
            return Agreement.DIFFERENT_GENERATION
    child, other_child = unnamed_child(left.name), unnamed_child(right.name)
    if child and other_child and births is BirthDates.SAME:
        # Twins are born on one day, and called the same but for one letter.
        of_two = _are_of_two_genders(left, right) or family is Match.DIFFERENT
        return Agreement.EQUAL if child.may_be(other_child) and not of_two else Agreement.DIFFERENT_GIVEN
    if given is Match.DIFFERENT or ((child or other_child) and births is not BirthDates.SAME):
        return Agreement.DIFFERENT_GIVEN
    if _are_of_two_genders(left, right) and not (
        given is Match.SAME and len(left.name.words[0]) > 1 and (family is Match.SAME or births is BirthDates.SAME)
    ):
        return Agreement.DIFFERENT_GENDER
    if given <= Match.INITIAL and births is not BirthDates.SAME and are_mans_and_womans(left.name, right.name):
        return Agreement.DIFFERENT_GENDER
    if family is Match.DIFFERENT:
        told = left.name.is_given_first and right.name.is_given_first
        changed = told and given >= Match.CLOSE and births is BirthDates.SAME
        return Agreement.CHANGED_SURNAME if changed else Agreement.DIFFERENT_FAMILY
    siblings = births is BirthDates.DIFFERENT and _may_be_siblings(left, right)
    if given is Match.SAME and family is Match.SAME and not siblings:
        return Agreement.EQUAL
    if births is BirthDates.DIFFERENT:
        return Agreement.DIFFERENT_BIRTH
    if given >= Match.CLOSE and family >= Match.CLOSE:
        return Agreement.SIMILAR
    if Match.MISSING in (given, family) and are_unreadable(left.name, right.name):
        return Agreement.PARTIAL if births is BirthDates.SAME else Agreement.UNREADABLE
    if given is Match.MISSING and family is Match.MISSING:
        return Agreement.UNKNOWN
    if births < BirthDates.CLOSE and _may_be_relatives(left.name, right.name, given, family):
        return Agreement.RELATIVE
    return Agreement.PARTIAL


def _may_be_siblings(left: Signature, right: Signature) -> bool:
    """Whether one was born in another year, and has a further given name that the other lacks: María, and María Teresa;
    siblings are called so, and one who leaves the further name out gives the same birth date."""
    if left.birth_date is None or right.birth_date is None or left.birth_date.year == right.birth_date.year:
        return False
    one, other = ([word for word in each.name.given[1:] if len(word) > 1] for each in (left, right))
    return bool(one) is not bool(other)


def _may_be_relatives(left: Name, right: Name, given: Match, family: Match) -> bool:
    """Whether names agree no more than those of relatives: in a given name that may be the other's father's, in a
    family name beside which one of them shows no given name, or in two initials, each of a name that the other one
    writes out."""
    if given is Match.INITIAL and family is Match.INITIAL:
        return all(max(map(len, each.words)) > 1 for each in (left, right))
    if given is Match.MISSING:
        return bool(left.given) is not bool(right.given)
    return given is Match.SECOND


def _are_of_two_genders(left: Signature, right: Signature) -> bool:
    """Whether one is a woman and the other a man; of one whole name they may be called so by mistake."""
    return left.gender is not None and right.gender is not None and left.gender != right.gender


def is_slip(name: Signature, of: Signature) -> bool:
    """Whether a name is only another one misspelt: near to it, while its given name is none that is known."""
    given = name.name.given
    if not given or is_known(given[0]) or name.name.generation != of.name.generation:
        return False
    return agreement(name, of) >= Agreement.SIMILAR
