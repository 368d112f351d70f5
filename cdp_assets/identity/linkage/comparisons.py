"""How faces are compared: each comparison's levels, from the same to different, in Splink's words.

Belongs here: the levels, and which comparisons a table of faces can carry. Does not belong here: how much a level
weighs (that is learned: `model.py`), and which faces are compared (`blocking.py`).

Postcode, city and street are one comparison, and so are all parts of a name: they are not independent, and counting
them one by one would count the same evidence twice. Rare values weigh more than common ones (term frequencies).

Millions of pairs are compared, and what takes longest is counting edits. A cheap condition that every pair of the level
meets therefore goes before it: it changes no result, only how often is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cdp_assets.identity.agreement import GENERATION_YEARS
from cdp_assets.identity.name_words import (
    BEFORE_WOMENS_SECONDS,
    FIRSTS_OF_MANY,
    LEAST_WRITTEN,
    MENS_ENDINGS,
    MENS_ENDINGS_OF_TWO,
    MENS_SECONDS,
    SHORT,
    VOWELS,
    WIVES_ENDING,
    WOMENS_SECONDS,
)
from cdp_assets.identity.numbers import BETWEEN_PARTS, LONG, MOST_SLIPS

if TYPE_CHECKING:
    from splink.internals.comparison_creator import ComparisonCreator
    from splink.internals.comparison_level_creator import ComparisonLevelCreator

LEAST_FILLED = 0.005
"""A comparison is made only if this share of faces has the value."""

_ALIKE = 0.88
"""Jaro-Winkler likeness of two spellings of one word."""


_LIKE_FURTHER = 0.8
"""Likeness of two further given names that may be one."""

_LIKE_EXCHANGED = 0.8
"""Likeness of a family name and the other's given name in whose place it may stand."""

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

NO_DAY = "01-01"
"""The day of the year that is written where none is known (`agreement.is_day_unknown`): but for a digit that is wrong,
it tells the year alone."""

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


@dataclass(frozen=True)
class Comparison:
    """One comparison.

    Args:
        name: As explanations call it.
        columns: Columns of the faces that it needs; one of them has to be there.
    """

    name: str
    columns: tuple[str, ...]


COMPARISONS = (
    Comparison("name", ("name_words",)),
    Comparison(GIVEN_NAME, ("given",)),
    Comparison(BIRTH_DATE, ("birth_date",)),
    Comparison(BIRTH_YEAR, ("lone_birth_year",)),
    Comparison("gender", ("gender",)),
    Comparison(OWN_NUMBER, ("number_kinds",)),
    Comparison("email", ("email",)),
    Comparison("phone", ("phone",)),
    Comparison("address", ("postcode", "city")),
    Comparison("company", ("company",)),
    Comparison("job_title", ("job_title",)),
)
"""All comparisons there are."""


COMPARED = tuple(comparison.name for comparison in COMPARISONS)
"""Their names."""

ALSO_COMPARED = (
    "name_words",
    "is_latin",
    "is_given_first",
    "middle",
    "generation",
    "lone_birth_year",
    "gender",
    "number_kinds",
    "company",
    "job_title",
)
"""Columns that comparisons need and no block asks for."""


def possible(filled: Mapping[str, float]) -> list[Comparison]:
    """The comparisons that some faces can carry.

    Args:
        filled: Column of the faces → the share of faces that have it.
    """
    return [
        comparison
        for comparison in COMPARISONS
        if max(filled.get(column, 0.0) for column in comparison.columns) >= LEAST_FILLED
    ]


def creators(comparisons: list[Comparison]) -> list[ComparisonCreator | dict[str, Any]]:
    """Comparisons in Splink's form."""
    import splink.comparison_library as library

    makers: dict[str, Callable[[], list[ComparisonLevelCreator]]] = {
        "name": _name,
        GIVEN_NAME: _given_name,
        BIRTH_DATE: _birth_date,
        BIRTH_YEAR: _birth_year,
        "gender": lambda: [_same("gender")],
        OWN_NUMBER: _number,
        "email": _email,
        "phone": _phone,
        "address": _address,
        "company": lambda: [_same("company", tf=True), _like("company")],
        "job_title": lambda: [_same("job_title", tf=True)],
    }
    return [
        library.CustomComparison(
            comparison_levels=[
                _missing(comparison),
                *makers[comparison.name](),
                _different(comparison),
            ],
            output_column_name=comparison.name,
        )
        for comparison in comparisons
    ]


def _different(comparison: Comparison) -> ComparisonLevelCreator:
    import splink.comparison_level_library as levels

    if comparison.name == GIVEN_NAME:
        return _weightless(levels.ElseLevel(), DIFFERENT)
    return levels.ElseLevel().configure(label_for_charts=DIFFERENT)


def _missing(comparison: Comparison) -> ComparisonLevelCreator:
    import splink.comparison_level_library as levels

    nulls: list[Any] = [levels.NullLevel(column) for column in comparison.columns]
    level = nulls[0] if len(nulls) == 1 else levels.And(*nulls)
    if comparison.name == "name":
        level = levels.Or(level, _of_two_scripts())
    if comparison.name == GIVEN_NAME:
        level = levels.And(level, levels.Not(_of_two_scripts()))
    if comparison.name == BIRTH_YEAR:
        # Two dates say more than their years, and are compared.
        both = levels.And(*(levels.CustomLevel(f"birth_date_{side} IS NOT NULL") for side in "lr"))
        level = levels.Or(levels.NullLevel("birth_year"), both)
    if comparison.name == OWN_NUMBER:
        level = levels.CustomLevel("NOT coalesce(list_has_any(number_kinds_l, number_kinds_r), false)")
    return level.configure(is_null_level=True, label_for_charts="missing")


def _same(column: str, label: str = THE_SAME, *, tf: bool = False) -> ComparisonLevelCreator:
    import splink.comparison_level_library as levels

    return levels.ExactMatchLevel(column, term_frequency_adjustments=tf).configure(label_for_charts=label)


def _like(column: str, label: str = "alike", least: float = _ALIKE) -> ComparisonLevelCreator:
    import splink.comparison_level_library as levels

    return levels.JaroWinklerLevel(column, least).configure(label_for_charts=label)


def _name() -> list[ComparisonLevelCreator]:
    import splink.comparison_level_library as levels

    def common(words: int) -> ComparisonLevelCreator:
        shared = levels.ArrayIntersectLevel("name_words", min_intersection=words)
        if words == 1:
            return shared
        if words > 2:
            return levels.And(_of_words(words), shared)
        # Two names of two words and no initial that share both are the same whole name.
        others = [levels.CustomLevel(f"middle_{side} IS NOT NULL") for side in "lr"]
        more = levels.CustomLevel("array_length(name_words_l) + array_length(name_words_r) > 4")
        return levels.And(levels.Or(more, *others), _of_one_family(), shared)

    given_alike = levels.Or(*_given_alike(), _kin(), _initial())
    family_alike = levels.And(levels.JaroWinklerLevel("family", _ALIKE), _no_wife("family"))
    same_given, same_family = levels.ExactMatchLevel("given"), levels.ExactMatchLevel("family")
    no_given = levels.Or(levels.CustomLevel("given_l IS NULL"), levels.CustomLevel("given_r IS NULL"))
    other_middle = levels.And(
        levels.CustomLevel("NOT list_has_any(middle_l, middle_r)"),
        levels.Or(same_family, family_alike),
        levels.Or(same_given, given_alike),
    )
    return [
        _same("whole_name", "the same whole name", tf=True),
        other_middle.configure(label_for_charts=OTHER_MIDDLE),
        common(3).configure(label_for_charts="three words in common"),
        _adjusted(levels.And(same_family, given_alike), "family", "the same family name, given name alike"),
        _adjusted(levels.And(same_given, family_alike), "given", "the same given name, family name alike"),
        common(2).configure(label_for_charts="two words in common"),
        levels.And(family_alike, given_alike).configure(label_for_charts="both names alike"),
        _adjusted(levels.And(same_family, no_given), "family", NO_GIVEN),
        _same("family", "the same family name, another given name", tf=True),
        _same("given", OTHER_FAMILY, tf=True),
        common(1).configure(label_for_charts="one word in common"),
        _like("whole_name", "the whole name alike", 0.85),
        levels.And(no_given, levels.CustomLevel("family_l <> family_r")).configure(label_for_charts=NO_NAME_IN_COMMON),
    ]


def _of_one_family() -> ComparisonLevelCreator:
    """The family name of one of them is a word of the other's name, or a part of its family name, or not known: two
    given names in common are no name."""
    import splink.comparison_level_library as levels

    return levels.CustomLevel(
        "coalesce(instr(family_l, family_r) > 0 OR instr(family_r, family_l) > 0"
        " OR array_contains(name_words_l, family_r) OR array_contains(name_words_r, family_l), true)"
    )


def _of_words(least: int) -> ComparisonLevelCreator:
    import splink.comparison_level_library as levels

    return levels.And(
        levels.CustomLevel(f"array_length(name_words_l) >= {least}"),
        levels.CustomLevel(f"array_length(name_words_r) >= {least}"),
    )


def _edits(column: str, most: int) -> ComparisonLevelCreator:
    """At most so many letters wrong, exchanged, missing or too many.

    Then lengths differ by no more; and one edit leaves the first or the last letter of a longer word alone.
    """
    import splink.comparison_level_library as levels

    left, right = f"{column}_l", f"{column}_r"
    near = [levels.CustomLevel(f"abs(length({left}) - length({right})) <= {most}")]
    if most == 1:
        near.append(
            levels.CustomLevel(
                f"(length({left}) < 4 OR substr({left}, 1, 1) = substr({right}, 1, 1)"
                f" OR substr({left}, -1, 1) = substr({right}, -1, 1))"
            )
        )
    return levels.And(*near, levels.DamerauLevenshteinLevel(column, most))


def _given_alike(*conditions: ComparisonLevelCreator) -> list[ComparisonLevelCreator]:
    """Ways in which two given names may be one person's: sound, nickname, typing error. Two names that are both known
    are no typing errors of one another: Christian is not Christina (as in `names.compare_given`).

    Args:
        conditions: What else typing errors are to meet.
    """
    import splink.comparison_level_library as levels

    one_letter = levels.And(
        levels.CustomLevel("length(given_l) >= 4"), levels.CustomLevel("length(given_r) >= 4"), _edits("given", 1)
    )
    misspelt = levels.And(_one_unknown(), levels.Or(levels.JaroWinklerLevel("given", _ALIKE), one_letter), *conditions)
    heard = levels.And(levels.ExactMatchLevel("given_sound"), levels.CustomLevel(f"NOT {_BOTH_KNOWN_ONE_WITH_H}"))
    spelled = levels.And(
        *_no_initials(),
        levels.Or(heard, misspelt),
        _no_man_and_woman(),
    )
    # The same initial beside another family name is no given name that agrees.
    initials = levels.And(levels.ExactMatchLevel("given"), levels.ExactMatchLevel("family"))
    return [spelled, initials, levels.ArrayIntersectLevel("nicknames", 1)]


_BOTH_BORN = "(birth_date_l IS NOT NULL AND birth_date_r IS NOT NULL)"
_EITHER_BORN = "(birth_date_l IS NOT NULL OR birth_date_r IS NOT NULL)"
_BOTH_KNOWN_ONE_WITH_H = (
    "(given_l <> given_r AND nicknames_l IS NOT NULL AND nicknames_r IS NOT NULL"
    " AND (substr(given_l, 1, 1) = 'h') <> (substr(given_r, 1, 1) = 'h'))"
)
"""SQL of `names._begins_with_h`, of two names that are known."""


def _no_two_names() -> ComparisonLevelCreator:
    """Not Kasia and Basia, as `names._are_two_names` tells them apart; one of them is not known. Two birth dates tell
    better.

    Not for `_name`: its weights are learned from pairs of one birth date, and not if it asks for that.
    """
    import splink.comparison_level_library as levels

    unknown = "(nicknames_l IS NULL AND nicknames_r IS NULL)"
    short = f"greatest(length(given_l), length(given_r)) <= {SHORT}"
    left, right = (f"regexp_replace(given_{side}, '[{VOWELS}]', '', 'g')" for side in "lr")
    consonant = (
        f"(length(given_l) = length(given_r) AND length({left}) = length({right}) AND {left} <> {right}"
        " AND levenshtein(given_l, given_r) = 1)"
    )
    tiny = f"least(length(given_l), length(given_r)) < {LEAST_WRITTEN}"
    first = "substr(given_l, 1, 1) <> substr(given_r, 1, 1)"
    return levels.CustomLevel(
        f"{_BOTH_BORN} OR NOT (given_l <> given_r AND ({first} AND ({unknown} OR {short})"
        f" OR ({short} AND {unknown} AND ({tiny} OR {consonant}))))"
    )


def _kin() -> ComparisonLevelCreator:
    """Names that stand for one another only where much else speaks for one person."""
    import splink.comparison_level_library as levels

    return levels.ArrayIntersectLevel("kin", 1)


def _kin_of_whom_more_is_known() -> ComparisonLevelCreator:
    """Such names where more is known of the two than an address, which brothers and sisters have in common: when one of
    them was born, or the same number or occupation."""
    import splink.comparison_level_library as levels

    return levels.And(
        _kin(), levels.CustomLevel(f"({_EITHER_BORN} OR {_SAME_NUMBER} OR coalesce(job_title_l = job_title_r, false))")
    )


def _one_generation(born: str) -> ComparisonLevelCreator:
    """Both say which of a family's namesakes they are, or neither does. A father seldom says that he is Sr, and his
    address is his son's: where one alone says it, birth dates, a number or an e-mail address have to tell.

    Args:
        born: SQL for that enough is known of when they were born.
    """
    import splink.comparison_level_library as levels

    told = f"{born} OR {_SAME_NUMBER} OR coalesce(email_l = email_r, false)"
    return levels.CustomLevel(
        "(generation_l IS NOT DISTINCT FROM generation_r"
        f" OR ((generation_l IS NULL OR generation_r IS NULL) AND ({told})))"
    )


_SAME_NUMBER = "coalesce(list_has_any(numbers_l, numbers_r), false)"
"""SQL for that two have a number in a register of people in common."""


def _one_unknown() -> ComparisonLevelCreator:
    """One of the given names is not in the table of names."""
    import splink.comparison_level_library as levels

    return levels.Or(levels.CustomLevel("nicknames_l IS NULL"), levels.CustomLevel("nicknames_r IS NULL"))


def _no_initials() -> list[ComparisonLevelCreator]:
    """Conditions that neither is an initial: C. and K. sound the same, and any two initials are a letter apart."""
    import splink.comparison_level_library as levels

    return [levels.CustomLevel(f"length(given_{side}) > 1") for side in "lr"]


def _initial() -> ComparisonLevelCreator:
    """The one is the other's initial."""
    import splink.comparison_level_library as levels

    return levels.And(
        levels.Or(levels.CustomLevel("length(given_l) = 1"), levels.CustomLevel("length(given_r) = 1")),
        levels.CustomLevel("substr(given_l, 1, 1) = substr(given_r, 1, 1)"),
    )


def _given_name() -> list[ComparisonLevelCreator]:
    import splink.comparison_level_library as levels

    unlike_relatives, second = [], []
    for one, other in ("lr", "rl"):
        elsewhere = levels.CustomLevel(
            f"array_contains(name_words_{other}, given_{one}) AND given_l <> given_r"
            f" AND {_may_be_called(f'given_{one}', f'given_{other}')}"
        )
        of_family = f"coalesce(instr(family_{other}, given_{one}) > 0, false)"
        # A family name of the other is no given name of it, but where it is all that is known.
        alone = f"coalesce(family_{one} = given_{one}, true)"
        # What nobody else is called is no relative's name either; and whoever shows no other name may be called by it.
        by_it = f"NOT {BORNE}_{one} OR coalesce(len(middle_{one}), 0) = 0"
        is_called_so = levels.CustomLevel(f"CASE WHEN {of_family} THEN {alone} ELSE {by_it} END")
        unlike_relatives.append(levels.And(elsewhere, is_called_so))
        second.append(levels.And(elsewhere, levels.CustomLevel(f"NOT {of_family}")))
    one_middle = levels.CustomLevel("coalesce(list_has_any(middle_l, middle_r), true)")
    garbled = levels.And(
        _one_unknown(),
        levels.Or(*_no_initials()),
        _no_man_and_woman(),
        one_middle,
        levels.CustomLevel(f"NOT ({BORNE}_l AND {BORNE}_r)"),
        levels.Or(levels.JaroWinklerLevel("given", 0.7), _edits("given", 2)),
    )
    alike = levels.And(
        levels.Or(*_given_alike(_no_two_names()), _kin_of_whom_more_is_known()),
        _no_other_given(),
        _no_other_further(),
        _one_gender(),
    )
    one_person = levels.And(one_middle, levels.Or(alike, *_exchanged(_ALIKE)))
    return [
        _weightless(_of_two_scripts(), OTHER_SCRIPT),
        _weightless(
            levels.And(_one_generation(_BOTH_BORN), levels.Or(one_person, *unlike_relatives)),
            "may be one person's",
        ),
        _weightless(levels.And(_one_generation(_BOTH_BORN), levels.Or(*second)), SECOND_NAME),
        _weightless(
            levels.And(
                _one_generation(_EITHER_BORN),
                levels.Or(
                    levels.And(
                        levels.Or(*_given_alike(), _kin(), garbled),
                        _no_other_given(),
                        _no_other_further(),
                        _one_gender(),
                    ),
                    _initial(),
                    *_exchanged(_LIKE_EXCHANGED),
                ),
            ),
            "may be one garbled",
        ),
    ]


def _no_other_given() -> ComparisonLevelCreator:
    """Not Kovács Anna and Kovács Péter: where it is not known which words are given names, what stands in the place of
    family names may be them, and is the same or alike (as `names.Name.is_given_first` and a family name that changed).
    """
    import splink.comparison_level_library as levels

    return levels.CustomLevel(
        "coalesce(is_given_first_l AND is_given_first_r OR array_contains(name_words_l, family_r)"
        f" OR array_contains(name_words_r, family_l) OR jaro_winkler_similarity(family_l, family_r) >= {_ALIKE}, true)"
    )


def _no_other_further() -> ComparisonLevelCreator:
    """Not Muhammad Asif and Muhammad Zeeshan: beside a first name that half of all bear, people are called by the next,
    and each has one that is nothing like any name of the other."""
    import splink.comparison_level_library as levels

    firsts = ", ".join(map(repr, sorted(FIRSTS_OF_MANY)))

    def lacking(one: str, other: str) -> str:
        """SQL for that a further name of the one is none of the other's."""
        alike = (
            f"jaro_winkler_similarity(further, theirs) >= {_LIKE_FURTHER} OR damerau_levenshtein(further, theirs) < 2"
        )
        return (
            f"len(list_filter(name_words_{one}, further -> further NOT IN ({firsts})"
            f" AND coalesce(instr(family_{one}, further) = 0, true)"
            f" AND len(list_filter(name_words_{other}, theirs -> {alike})) = 0)) > 0"
        )

    both = f"given_l IN ({firsts}) AND given_r IN ({firsts})"
    return levels.CustomLevel(f"NOT coalesce({both} AND {lacking('l', 'r')} AND {lacking('r', 'l')}, false)")


def _one_gender() -> ComparisonLevelCreator:
    """Not James and Jamie, a man and a woman, as nicknames are those of both: of one given name the gender may be
    wrong, and birth dates tell better. Where a source tells years alone, that is all there is."""
    import splink.comparison_level_library as levels

    return levels.CustomLevel(
        "lone_birth_year_l IS NULL OR lone_birth_year_r IS NULL"
        " OR coalesce(gender_l = gender_r OR given_l = given_r OR NOT list_has_any(nicknames_l, nicknames_r), true)"
    )


def _of_two_scripts() -> ComparisonLevelCreator:
    """The one name is in Latin letters or could be written in them, and the other could not."""
    import splink.comparison_level_library as levels

    return levels.CustomLevel("coalesce(is_latin_l <> is_latin_r, false)")


def _may_be_called(second: str, first: str) -> str:
    """SQL of `names._may_be_called`; a given name that is missing forbids nothing."""

    def among(name: str, names: frozenset[str]) -> str:
        return f"{name} IN ({', '.join(map(repr, sorted(names)))})"

    womans = f"(right({first}, 1) = 'a' OR {among(first, BEFORE_WOMENS_SECONDS)})"
    forbidden = (
        f"({among(second, WOMENS_SECONDS)} AND NOT {womans})"
        f" OR ({among(second, MENS_SECONDS)} AND right({first}, 1) = 'a')"
    )
    return f"coalesce(NOT ({forbidden}), true)"


def _exchanged(least: float) -> list[ComparisonLevelCreator]:
    """Ways in which given and family name of the one are the other's family and given name, one of them at least so
    alike."""
    import splink.comparison_level_library as levels

    return [
        levels.CustomLevel(
            f"given_l <> given_r AND array_contains(name_words_{other}, given_{one})"
            f" AND (array_contains(name_words_{one}, given_{other})"
            f" OR (jaro_winkler_similarity(family_{one}, given_{other}) >= {least}"
            f" AND {_is_no_wife(f'family_{one}', f'given_{other}')}))"
        )
        for one, other in ("lr", "rl")
    ]


def _no_man_and_woman() -> ComparisonLevelCreator:
    """Not Samir and Samira, as `names.compare_given` tells them apart."""
    import splink.comparison_level_library as levels

    pairs = [_are_man_and_woman(*sides) for sides in (("l", "r"), ("r", "l"))]
    # Such names agree in all letters but one or two at the end.
    alike = "substr(given_l, 1, length(given_l) - 1) = substr(given_r, 1, length(given_l) - 1)"
    longer = "substr(given_r, 1, length(given_r) - 1) = substr(given_l, 1, length(given_r) - 1)"
    return levels.CustomLevel(f"given_l = given_r OR NOT (({alike} OR {longer}) AND ({' OR '.join(pairs)}))")


def _are_man_and_woman(man: str, woman: str) -> str:
    """SQL of `names._are_man_and_woman` for the sides of a pair, but for Martin and Martine: an *e* too many is what
    garbled names often have."""
    one, other = f"given_{man}", f"given_{woman}"
    vowel = f"right({one}, 1) IN ({', '.join(repr(each) for each in VOWELS)})"

    def ends(endings: tuple[str, ...], letters: int) -> str:
        ended = " OR ".join(f"right({one}, {len(each)}) = '{each}'" for each in endings)
        return f"({other} = substr({one}, 1, length({one}) - {letters}) || 'a' AND ({ended}))"

    return (
        f"({other} = {one} || 'a' AND NOT {vowel})"
        f" OR {ends(MENS_ENDINGS, 1)} OR {ends(MENS_ENDINGS_OF_TWO, 2)}"
        f" OR ({other} = {one} || 'e' AND right({one}, 1) = 'e')"
        f" OR ({other} = {one} || right({one}, 1) || 'e' AND NOT {vowel})"
        f" OR {other} = {one} || '{WIVES_ENDING}'"
    )


def _no_wife(column: str) -> ComparisonLevelCreator:
    """Not Istvánné and István, of whom that is the family name where it stands last."""
    import splink.comparison_level_library as levels

    return levels.CustomLevel(_is_no_wife(f"{column}_l", f"{column}_r"))


def _is_no_wife(name: str, other: str) -> str:
    """SQL for that neither of two names is the other with the ending of wives' names."""
    return f"({name} <> {other} || '{WIVES_ENDING}' AND {other} <> {name} || '{WIVES_ENDING}')"


def _weightless(level: ComparisonLevelCreator, label: str) -> ComparisonLevelCreator:
    """A level that training leaves alone, with equal m and u."""
    return level.configure(
        label_for_charts=label, m_probability=0.5, u_probability=0.5, fix_m_probability=True, fix_u_probability=True
    )


def _adjusted(level: ComparisonLevelCreator, column: str, label: str) -> ComparisonLevelCreator:
    return level.configure(label_for_charts=label, tf_adjustment_column=column, tf_adjustment_weight=1.0)


_YEARS_APART = "abs(cast(birth_year_l AS integer) - cast(birth_year_r AS integer))"


def _birth_date() -> list[ComparisonLevelCreator]:
    import splink.comparison_level_library as levels

    def digits_wrong(most: int) -> ComparisonLevelCreator:
        # Edits are counted in the half that differs: in all of the date they are as many, for four times the work.
        return levels.Or(
            levels.And(levels.ExactMatchLevel("birth_year"), levels.DamerauLevenshteinLevel("birth_day", most)),
            levels.And(
                levels.ExactMatchLevel("birth_day"),
                levels.CustomLevel(f"birth_day_l <> '{NO_DAY}' OR {most} = 1"),
                levels.DamerauLevenshteinLevel("birth_year", most),
            ),
        )

    swapped = levels.And(
        levels.ExactMatchLevel("birth_year"),
        levels.CustomLevel("substr(birth_day_l, 1, 2) = substr(birth_day_r, 4, 2)"),
        levels.CustomLevel("substr(birth_day_l, 4, 2) = substr(birth_day_r, 1, 2)"),
    )
    # Stricter than `agreement.compare_birth_dates`: here, garbled dates are compared with those of everybody.
    generation_apart = levels.CustomLevel(
        f"{_YEARS_APART} >= {GENERATION_YEARS}"
        f" AND (birth_day_l = '{NO_DAY}' AND birth_day_r = '{NO_DAY}'"
        " OR substr(birth_day_l, 1, 2) <> substr(birth_day_r, 1, 2)"
        " AND substr(birth_day_l, 4, 2) <> substr(birth_day_r, 4, 2))"
    )
    return [
        _same("birth_date", tf=True),
        levels.Or(digits_wrong(1), swapped).configure(label_for_charts="one digit wrong, or day and month exchanged"),
        digits_wrong(2).configure(label_for_charts="two digits wrong"),
        _same("birth_year", "the same year"),
        generation_apart.configure(label_for_charts=GENERATION_APART),
    ]


def _birth_year() -> list[ComparisonLevelCreator]:
    import splink.comparison_level_library as levels

    return [
        _same("birth_year"),
        levels.CustomLevel(f"{_YEARS_APART} = 1").configure(label_for_charts=YEAR_APART),
        levels.CustomLevel(f"{_YEARS_APART} >= {GENERATION_YEARS}").configure(label_for_charts=GENERATION_APART),
    ]


def _number() -> list[ComparisonLevelCreator]:
    """As `numbers.compare_numbers` grades them."""
    import splink.comparison_level_library as levels

    # The register stands before each number, and is the same in both.
    long = f"least(length(own), length(others)) >= {LONG} + length(split_part(own, '{BETWEEN_PARTS}', 1)) + 1"
    slipped = (
        f"split_part(own, '{BETWEEN_PARTS}', 1) = split_part(others, '{BETWEEN_PARTS}', 1)"
        f" AND damerau_levenshtein(own, others) <= CASE WHEN {long} THEN {MOST_SLIPS} ELSE {MOST_SLIPS - 1} END"
    )
    some = f"len(list_filter(numbers_l, own -> len(list_filter(numbers_r, others -> {slipped})) > 0)) > 0"
    return [
        levels.ArrayIntersectLevel("numbers", 1).configure(label_for_charts=THE_SAME),
        levels.CustomLevel(some).configure(label_for_charts=SLIPPED),
    ]


def _email() -> list[ComparisonLevelCreator]:
    return [_same("email", tf=True), _same("mailbox", "the same before the @", tf=True), _like("email")]


def _phone() -> list[ComparisonLevelCreator]:
    return [
        _same("phone", tf=True),
        _edits("phone", 1).configure(label_for_charts="one digit wrong"),
    ]


def _address() -> list[ComparisonLevelCreator]:
    import splink.comparison_level_library as levels

    near_city = levels.Or(
        levels.JaroWinklerLevel("city", _ALIKE),
        levels.CustomLevel("instr(city_l, city_r) > 0"),
        levels.CustomLevel("instr(city_r, city_l) > 0"),
    )
    return [
        levels.And(levels.ExactMatchLevel("street"), levels.ExactMatchLevel("postcode")).configure(
            label_for_charts="the same street and postcode", tf_adjustment_column="postcode", tf_adjustment_weight=1.0
        ),
        _same("postcode", "the same postcode", tf=True),
        _edits("postcode", 1).configure(label_for_charts="one character of the postcode wrong"),
        _same("post_area", "the same postal area"),
        _same("city", "the same city", tf=True),
        near_city.configure(label_for_charts="a city of a like name"),
    ]
