"""How faces are compared: each comparison's levels, from the same to different, in Splink's words.

Belongs here: the levels, and which comparisons a table of faces can carry. Does not belong here: how much a level
weighs (that is learned: `model.py`), and which faces are compared (`blocking.py`).

Postcode, city and street are one comparison, and so are all parts of a name: they are not independent, and counting
them one by one would count the same evidence twice. Rare values weigh more than common ones (term frequencies).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from splink.internals.comparison_creator import ComparisonCreator
    from splink.internals.comparison_level_creator import ComparisonLevelCreator

LEAST_FILLED = 0.005
"""A comparison is made only if this share of faces has the value."""

_ALIKE = 0.88
"""Jaro-Winkler likeness of two spellings of one word."""


GIVEN_NAME = "given_name"
"""A comparison that weighs nothing by itself (the name does); it tells a person from another one of the household."""


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
    Comparison("birth_date", ("birth_date",)),
    Comparison("gender", ("gender",)),
    Comparison("email", ("email",)),
    Comparison("phone", ("phone",)),
    Comparison("address", ("postcode", "city")),
    Comparison("company", ("company",)),
    Comparison("job_title", ("job_title",)),
)
"""All comparisons there are."""


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
        "birth_date": _birth_date,
        "gender": lambda: [_same("gender")],
        "email": _email,
        "phone": _phone,
        "address": _address,
        "company": lambda: [_same("company", tf=True), _like("company")],
        "job_title": lambda: [_same("job_title", tf=True)],
    }
    return [
        library.CustomComparison(
            comparison_levels=[
                _missing(comparison.columns),
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
        return _weightless(levels.ElseLevel(), "different")
    return levels.ElseLevel().configure(label_for_charts="different")


def _missing(columns: tuple[str, ...]) -> ComparisonLevelCreator:
    import splink.comparison_level_library as levels

    nulls: list[Any] = [levels.NullLevel(column) for column in columns]
    level = nulls[0] if len(nulls) == 1 else levels.And(*nulls)
    return level.configure(is_null_level=True, label_for_charts="missing")


def _same(column: str, label: str = "the same", *, tf: bool = False) -> ComparisonLevelCreator:
    import splink.comparison_level_library as levels

    return levels.ExactMatchLevel(column, term_frequency_adjustments=tf).configure(label_for_charts=label)


def _like(column: str, label: str = "alike", least: float = _ALIKE) -> ComparisonLevelCreator:
    import splink.comparison_level_library as levels

    return levels.JaroWinklerLevel(column, least).configure(label_for_charts=label)


def _name() -> list[ComparisonLevelCreator]:
    import splink.comparison_level_library as levels

    def common(words: int) -> ComparisonLevelCreator:
        return levels.ArrayIntersectLevel("name_words", min_intersection=words)

    given_alike = levels.Or(*_given_alike())
    family_alike = levels.JaroWinklerLevel("family", _ALIKE)
    same_given, same_family = levels.ExactMatchLevel("given"), levels.ExactMatchLevel("family")
    no_given = levels.Or(levels.CustomLevel("given_l IS NULL"), levels.CustomLevel("given_r IS NULL"))
    return [
        _same("whole_name", "the same whole name", tf=True),
        common(3).configure(label_for_charts="three words in common"),
        _adjusted(levels.And(same_family, given_alike), "family", "the same family name, given name alike"),
        _adjusted(levels.And(same_given, family_alike), "given", "the same given name, family name alike"),
        common(2).configure(label_for_charts="two words in common"),
        levels.And(given_alike, family_alike).configure(label_for_charts="both names alike"),
        _adjusted(levels.And(same_family, no_given), "family", "the same family name, no given name"),
        _same("family", "the same family name, another given name", tf=True),
        _same("given", "the same given name, another family name", tf=True),
        common(1).configure(label_for_charts="one word in common"),
        _like("whole_name", "the whole name alike", 0.85),
    ]


def _given_alike() -> list[ComparisonLevelCreator]:
    """Ways in which two given names may be one person's: sound, nickname, initial, typing error. Two names that are
    both known as names are no typing errors of one another: Christian is not Christina (as in
    `names.compare_given`)."""
    import splink.comparison_level_library as levels

    initial = levels.And(
        levels.Or(levels.CustomLevel("length(given_l) = 1"), levels.CustomLevel("length(given_r) = 1")),
        levels.CustomLevel("substr(given_l, 1, 1) = substr(given_r, 1, 1)"),
    )
    one_unknown = levels.Or(levels.CustomLevel("nicknames_l IS NULL"), levels.CustomLevel("nicknames_r IS NULL"))
    one_letter = levels.And(
        levels.DamerauLevenshteinLevel("given", 1),
        levels.CustomLevel("length(given_l) >= 4"),
        levels.CustomLevel("length(given_r) >= 4"),
    )
    misspelt = levels.And(one_unknown, levels.Or(levels.JaroWinklerLevel("given", _ALIKE), one_letter))
    return [levels.ExactMatchLevel("given_sound"), levels.ArrayIntersectLevel("nicknames", 1), initial, misspelt]


def _given_name() -> list[ComparisonLevelCreator]:
    import splink.comparison_level_library as levels

    elsewhere = [
        levels.CustomLevel("array_contains(name_words_r, given_l)"),
        levels.CustomLevel("array_contains(name_words_l, given_r)"),
    ]
    one_unknown = levels.Or(levels.CustomLevel("nicknames_l IS NULL"), levels.CustomLevel("nicknames_r IS NULL"))
    garbled = levels.And(
        one_unknown, levels.Or(levels.JaroWinklerLevel("given", 0.7), levels.DamerauLevenshteinLevel("given", 2))
    )
    return [
        _weightless(levels.Or(*_given_alike(), *elsewhere), "may be one person's"),
        _weightless(garbled, "may be one garbled"),
    ]


def _weightless(level: ComparisonLevelCreator, label: str) -> ComparisonLevelCreator:
    """A level that training leaves alone, with equal m and u."""
    return level.configure(
        label_for_charts=label, m_probability=0.5, u_probability=0.5, fix_m_probability=True, fix_u_probability=True
    )


def _adjusted(level: ComparisonLevelCreator, column: str, label: str) -> ComparisonLevelCreator:
    return level.configure(label_for_charts=label, tf_adjustment_column=column, tf_adjustment_weight=1.0)


def _birth_date() -> list[ComparisonLevelCreator]:
    import splink.comparison_level_library as levels

    same_part = levels.Or(levels.ExactMatchLevel("birth_year"), levels.ExactMatchLevel("birth_day"))
    swapped = levels.And(
        levels.ExactMatchLevel("birth_year"),
        levels.CustomLevel("substr(birth_day_l, 1, 2) = substr(birth_day_r, 4, 2)"),
        levels.CustomLevel("substr(birth_day_l, 4, 2) = substr(birth_day_r, 1, 2)"),
    )
    return [
        _same("birth_date", tf=True),
        levels.Or(levels.DamerauLevenshteinLevel("birth_date", 1), swapped).configure(
            label_for_charts="one digit wrong, or day and month exchanged"
        ),
        levels.And(levels.DamerauLevenshteinLevel("birth_date", 2), same_part).configure(
            label_for_charts="two digits wrong"
        ),
        _same("birth_year", "the same year"),
    ]


def _email() -> list[ComparisonLevelCreator]:
    return [_same("email", tf=True), _same("mailbox", "the same before the @", tf=True), _like("email")]


def _phone() -> list[ComparisonLevelCreator]:
    import splink.comparison_level_library as levels

    return [
        _same("phone", tf=True),
        levels.DamerauLevenshteinLevel("phone", 1).configure(label_for_charts="one digit wrong"),
    ]


def _address() -> list[ComparisonLevelCreator]:
    import splink.comparison_level_library as levels

    near_city = levels.Or(
        levels.JaroWinklerLevel("city", _ALIKE),
        levels.CustomLevel("city_l LIKE '%' || city_r || '%'"),
        levels.CustomLevel("city_r LIKE '%' || city_l || '%'"),
    )
    return [
        levels.And(levels.ExactMatchLevel("street"), levels.ExactMatchLevel("postcode")).configure(
            label_for_charts="the same street and postcode", tf_adjustment_column="postcode", tf_adjustment_weight=1.0
        ),
        _same("postcode", "the same postcode", tf=True),
        levels.DamerauLevenshteinLevel("postcode", 1).configure(label_for_charts="one character of the postcode wrong"),
        _same("post_area", "the same postal area"),
        _same("city", "the same city", tf=True),
        near_city.configure(label_for_charts="a city of a like name"),
    ]
