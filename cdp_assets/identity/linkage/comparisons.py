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
from cdp_assets.identity.linkage.given_names import given_alike, given_name, initial, kin, no_wife, of_two_scripts
from cdp_assets.identity.linkage.labels import (
    BIRTH_DATE,
    BIRTH_YEAR,
    DIFFERENT,
    GENERATION_APART,
    GIVEN_NAME,
    NO_GIVEN,
    NO_NAME_IN_COMMON,
    OTHER_FAMILY,
    OTHER_MIDDLE,
    OWN_NUMBER,
    SLIPPED,
    THE_SAME,
    YEAR_APART,
)
from cdp_assets.identity.linkage.levels import ALIKE, adjusted, edits, like, same, weightless
from cdp_assets.identity.numbers import BETWEEN_PARTS, LONG, MOST_SLIPS

if TYPE_CHECKING:
    from splink.internals.comparison_creator import ComparisonCreator
    from splink.internals.comparison_level_creator import ComparisonLevelCreator

LEAST_FILLED = 0.005
"""A comparison is made only if this share of faces has the value."""

NO_DAY = "01-01"
"""The day of the year that is written where none is known (`agreement.is_day_unknown`): but for a digit that is wrong,
it tells the year alone."""


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
        GIVEN_NAME: given_name,
        BIRTH_DATE: _birth_date,
        BIRTH_YEAR: _birth_year,
        "gender": lambda: [same("gender")],
        OWN_NUMBER: _number,
        "email": _email,
        "phone": _phone,
        "address": _address,
        "company": lambda: [same("company", tf=True), like("company")],
        "job_title": lambda: [same("job_title", tf=True)],
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
        return weightless(levels.ElseLevel(), DIFFERENT)
    return levels.ElseLevel().configure(label_for_charts=DIFFERENT)


def _missing(comparison: Comparison) -> ComparisonLevelCreator:
    import splink.comparison_level_library as levels

    nulls: list[Any] = [levels.NullLevel(column) for column in comparison.columns]
    level = nulls[0] if len(nulls) == 1 else levels.And(*nulls)
    if comparison.name == "name":
        level = levels.Or(level, of_two_scripts())
    if comparison.name == GIVEN_NAME:
        level = levels.And(level, levels.Not(of_two_scripts()))
    if comparison.name == BIRTH_YEAR:
        # Two dates say more than their years, and are compared.
        both = levels.And(*(levels.CustomLevel(f"birth_date_{side} IS NOT NULL") for side in "lr"))
        level = levels.Or(levels.NullLevel("birth_year"), both)
    if comparison.name == OWN_NUMBER:
        level = levels.CustomLevel("NOT coalesce(list_has_any(number_kinds_l, number_kinds_r), false)")
    return level.configure(is_null_level=True, label_for_charts="missing")


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

    near_given = levels.Or(*given_alike(), kin(), initial())
    near_family = levels.And(levels.JaroWinklerLevel("family", ALIKE), no_wife("family"))
    same_given, same_family = levels.ExactMatchLevel("given"), levels.ExactMatchLevel("family")
    no_given = levels.Or(levels.CustomLevel("given_l IS NULL"), levels.CustomLevel("given_r IS NULL"))
    other_middle = levels.And(
        levels.CustomLevel("NOT list_has_any(middle_l, middle_r)"),
        levels.Or(same_family, near_family),
        levels.Or(same_given, near_given),
    )
    return [
        same("whole_name", "the same whole name", tf=True),
        other_middle.configure(label_for_charts=OTHER_MIDDLE),
        common(3).configure(label_for_charts="three words in common"),
        adjusted(levels.And(same_family, near_given), "family", "the same family name, given name alike"),
        adjusted(levels.And(same_given, near_family), "given", "the same given name, family name alike"),
        common(2).configure(label_for_charts="two words in common"),
        levels.And(near_family, near_given).configure(label_for_charts="both names alike"),
        adjusted(levels.And(same_family, no_given), "family", NO_GIVEN),
        same("family", "the same family name, another given name", tf=True),
        same("given", OTHER_FAMILY, tf=True),
        common(1).configure(label_for_charts="one word in common"),
        like("whole_name", "the whole name alike", 0.85),
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
        same("birth_date", tf=True),
        levels.Or(digits_wrong(1), swapped).configure(label_for_charts="one digit wrong, or day and month exchanged"),
        digits_wrong(2).configure(label_for_charts="two digits wrong"),
        same("birth_year", "the same year"),
        generation_apart.configure(label_for_charts=GENERATION_APART),
    ]


def _birth_year() -> list[ComparisonLevelCreator]:
    import splink.comparison_level_library as levels

    return [
        same("birth_year"),
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
    return [same("email", tf=True), same("mailbox", "the same before the @", tf=True), like("email")]


def _phone() -> list[ComparisonLevelCreator]:
    return [
        same("phone", tf=True),
        edits("phone", 1).configure(label_for_charts="one digit wrong"),
    ]


def _address() -> list[ComparisonLevelCreator]:
    import splink.comparison_level_library as levels

    near_city = levels.Or(
        levels.JaroWinklerLevel("city", ALIKE),
        levels.CustomLevel("instr(city_l, city_r) > 0"),
        levels.CustomLevel("instr(city_r, city_l) > 0"),
    )
    return [
        levels.And(levels.ExactMatchLevel("street"), levels.ExactMatchLevel("postcode")).configure(
            label_for_charts="the same street and postcode", tf_adjustment_column="postcode", tf_adjustment_weight=1.0
        ),
        same("postcode", "the same postcode", tf=True),
        edits("postcode", 1).configure(label_for_charts="one character of the postcode wrong"),
        same("post_area", "the same postal area"),
        same("city", "the same city", tf=True),
        near_city.configure(label_for_charts="a city of a like name"),
    ]
