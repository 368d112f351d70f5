"""When two given names may be one person's, as conditions of levels in Splink's words.

Belongs here: given names, as `identity.names` compares them, in SQL. Does not belong here: whole names and all else
that is compared (`comparisons.py`).

Millions of pairs are compared, and what takes longest is counting edits. A cheap condition that every pair of the level
meets therefore goes before it: it changes no result, only how often is counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdp_assets.identity.linkage.labels import BORNE, OTHER_SCRIPT, SECOND_NAME
from cdp_assets.identity.linkage.levels import ALIKE, edits, weightless
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

if TYPE_CHECKING:
    from splink.internals.comparison_level_creator import ComparisonLevelCreator

_LIKE_FURTHER = 0.8
"""Likeness of two further given names that may be one."""

_LIKE_EXCHANGED = 0.8
"""Likeness of a family name and the other's given name in whose place it may stand."""

_BOTH_BORN = "(birth_date_l IS NOT NULL AND birth_date_r IS NOT NULL)"

_EITHER_BORN = "(birth_date_l IS NOT NULL OR birth_date_r IS NOT NULL)"

_BOTH_KNOWN_ONE_WITH_H = (
    "(given_l <> given_r AND nicknames_l IS NOT NULL AND nicknames_r IS NOT NULL"
    " AND (substr(given_l, 1, 1) = 'h') <> (substr(given_r, 1, 1) = 'h'))"
)
"""SQL of `names._begins_with_h`, of two names that are known."""

_OF_ONE_HOUSEHOLD = (
    "coalesce(street_l = street_r AND postcode_l = postcode_r, false)"
    " OR coalesce(phone_l = phone_r, false) OR coalesce(email_l = email_r, false)"
)
"""SQL for that two live at one address, or share a phone or mailbox."""

_SAME_NUMBER = "coalesce(list_has_any(numbers_l, numbers_r), false)"
"""SQL for that two have a number in a register of people in common."""


def given_name() -> list[ComparisonLevelCreator]:
    """The levels of the comparison `labels.GIVEN_NAME`, without those for a missing and a different name."""
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
        levels.Or(levels.JaroWinklerLevel("given", 0.7), edits("given", 2)),
    )
    alike = levels.And(
        levels.Or(*given_alike(_no_two_names()), _kin_of_whom_more_is_known(), _initials_of_whom_more_is_known()),
        _no_other_given(),
        _no_other_further(),
        _one_gender(),
    )
    one_person = levels.And(one_middle, levels.Or(alike, *_exchanged(ALIKE)))
    return [
        weightless(of_two_scripts(), OTHER_SCRIPT),
        weightless(
            levels.And(_one_generation(_BOTH_BORN), levels.Or(one_person, *unlike_relatives)),
            "may be one person's",
        ),
        weightless(levels.And(_one_generation(_BOTH_BORN), levels.Or(*second)), SECOND_NAME),
        weightless(
            levels.And(
                _one_generation(_EITHER_BORN),
                levels.Or(
                    levels.And(
                        levels.Or(*given_alike(), kin(), garbled),
                        _no_other_given(),
                        _no_other_further(),
                        _one_gender(),
                    ),
                    initial(),
                    *_exchanged(_LIKE_EXCHANGED),
                ),
            ),
            "may be one garbled",
        ),
    ]


def given_alike(*conditions: ComparisonLevelCreator) -> list[ComparisonLevelCreator]:
    """Ways in which two given names may be one person's: sound, nickname, typing error. Two names that are both known
    are no typing errors of one another: Christian is not Christina (as in `names.compare_given`).

    Args:
        conditions: What else typing errors are to meet.
    """
    import splink.comparison_level_library as levels

    one_letter = levels.And(
        levels.CustomLevel("length(given_l) >= 4"), levels.CustomLevel("length(given_r) >= 4"), edits("given", 1)
    )
    misspelt = levels.And(_one_unknown(), levels.Or(levels.JaroWinklerLevel("given", ALIKE), one_letter), *conditions)
    heard = levels.And(levels.ExactMatchLevel("given_sound"), levels.CustomLevel(f"NOT {_BOTH_KNOWN_ONE_WITH_H}"))
    spelled = levels.And(
        *_no_initials(),
        levels.Or(heard, misspelt),
        _no_man_and_woman(),
    )
    return [spelled, levels.ArrayIntersectLevel("nicknames", 1)]


def kin() -> ComparisonLevelCreator:
    """Names that stand for one another only where much else speaks for one person."""
    import splink.comparison_level_library as levels

    return levels.ArrayIntersectLevel("kin", 1)


def _kin_of_whom_more_is_known() -> ComparisonLevelCreator:
    """Such names where more is known of the two than what brothers and sisters have in common: when both were born, or
    the same number or occupation; when one of them was, if they share nothing that a household does."""
    import splink.comparison_level_library as levels

    told = f"{_BOTH_BORN} OR {_SAME_NUMBER} OR coalesce(job_title_l = job_title_r, false)"
    return levels.And(kin(), levels.CustomLevel(f"({told} OR ({_EITHER_BORN} AND NOT ({_OF_ONE_HOUSEHOLD})))"))


def _initials_of_whom_more_is_known() -> ComparisonLevelCreator:
    """The same initial and family name, where it is known when one of them was born, or the same number or occupation:
    two colleagues have no more in common than M. Müller and M. Müller of one firm."""
    import splink.comparison_level_library as levels

    return levels.And(
        levels.ExactMatchLevel("given"),
        levels.ExactMatchLevel("family"),
        levels.CustomLevel(f"{_EITHER_BORN} OR {_SAME_NUMBER} OR coalesce(job_title_l = job_title_r, false)"),
    )


def initial() -> ComparisonLevelCreator:
    """The one is the other's initial, or both are one."""
    import splink.comparison_level_library as levels

    return levels.And(
        levels.Or(levels.CustomLevel("length(given_l) = 1"), levels.CustomLevel("length(given_r) = 1")),
        levels.CustomLevel("substr(given_l, 1, 1) = substr(given_r, 1, 1)"),
    )


def _no_initials() -> list[ComparisonLevelCreator]:
    """Conditions that neither is an initial: C. and K. sound the same, and any two initials are a letter apart."""
    import splink.comparison_level_library as levels

    return [levels.CustomLevel(f"length(given_{side}) > 1") for side in "lr"]


def _one_unknown() -> ComparisonLevelCreator:
    """One of the given names is not in the table of names."""
    import splink.comparison_level_library as levels

    return levels.Or(levels.CustomLevel("nicknames_l IS NULL"), levels.CustomLevel("nicknames_r IS NULL"))


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


def of_two_scripts() -> ComparisonLevelCreator:
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


def _no_other_given() -> ComparisonLevelCreator:
    """Not Kovács Anna and Kovács Péter: where it is not known which words are given names, what stands in the place of
    family names may be them, and is the same or alike (as `names.Name.is_given_first` and a family name that changed).
    """
    import splink.comparison_level_library as levels

    return levels.CustomLevel(
        "coalesce(is_given_first_l AND is_given_first_r OR array_contains(name_words_l, family_r)"
        f" OR array_contains(name_words_r, family_l) OR jaro_winkler_similarity(family_l, family_r) >= {ALIKE}, true)"
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


def _no_two_names() -> ComparisonLevelCreator:
    """Not Kasia and Basia, as `names._are_two_names` tells them apart; one of them is not known. Two birth dates tell
    better.

    Not for `comparisons._name`: its weights are learned from pairs of one birth date, and not if it asks for that.
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


def no_wife(column: str) -> ComparisonLevelCreator:
    """Not Istvánné and István, of whom that is the family name where it stands last."""
    import splink.comparison_level_library as levels

    return levels.CustomLevel(_is_no_wife(f"{column}_l", f"{column}_r"))


def _is_no_wife(name: str, other: str) -> str:
    """SQL for that neither of two names is the other with the ending of wives' names."""
    return f"({name} <> {other} || '{WIVES_ENDING}' AND {other} <> {name} || '{WIVES_ENDING}')"
