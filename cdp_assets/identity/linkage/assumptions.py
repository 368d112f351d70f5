"""What true pairs are taken to show in a comparison of which the data teach nothing.

True pairs are learned of from pairs that agree in other columns. Where too few agree in any, as in small tables, or
only in columns of the comparison itself, as names in a table of names, cities and companies, nothing is learned.

The shares are round numbers near what is learned of public data: of FEBRL 97% of the birth dates are the same, of lists
of leads 65% of the whole names, and 40 to 70% of addresses, numbers and companies. They are cautious in that only those
levels speak for one person that true pairs mostly show; all others speak against one, each equally. What mostly stays
the same in a life (name, birth date, gender, number) tells two people apart, what changes does so little.

Belongs here: these shares. Does not belong here: what is learned, and how shares become weights (`model.py`).
"""

from __future__ import annotations

from collections.abc import Mapping

from cdp_assets.identity.linkage.labels import BIRTH_YEAR, OWN_NUMBER, SAME_NAMES, SLIPPED, THE_SAME, YEAR_APART

_ASSUMED: Mapping[str, Mapping[str, float]] = {
    "name": {
        **dict(zip(SAME_NAMES, (0.65, 0.05, 0.03), strict=True)),
        "the same family name, given name alike": 0.1,
        "the same given name, family name alike": 0.1,
        "both names alike": 0.02,
    },
    "birth_date": {THE_SAME: 0.9, "one digit wrong, or day and month exchanged": 0.06, "two digits wrong": 0.015},
    BIRTH_YEAR: {THE_SAME: 0.9, YEAR_APART: 0.06},
    "gender": {THE_SAME: 0.97},
    OWN_NUMBER: {THE_SAME: 0.9, SLIPPED: 0.05},
    "email": {THE_SAME: 0.5, "the same before the @": 0.1, "alike": 0.05},
    "phone": {THE_SAME: 0.55, "one digit wrong": 0.05},
    "address": {
        "the same street and postcode": 0.45,
        "the same postcode": 0.15,
        "one character of the postcode wrong": 0.03,
        "the same postal area": 0.05,
        "the same city": 0.1,
        "a city of a like name": 0.02,
    },
    "company": {THE_SAME: 0.6, "alike": 0.1},
    "job_title": {THE_SAME: 0.6},
}
"""Comparison → level → share of true pairs that show it. What is left is spread over all other levels as by chance."""

_COLUMNS = {
    "the same street and postcode": "street",
    "the same postcode": "postcode",
    "one character of the postcode wrong": "postcode",
    "the same postal area": "post_area",
    "the same city": "city",
    "a city of a like name": "city",
}
"""Level of addresses → the column that it needs."""


def assumed(comparison: str, by_chance: Mapping[str, float], filled: Mapping[str, float]) -> dict[str, float]:
    """Level in words → share of true pairs taken to show it.

    Args:
        comparison: Its name.
        by_chance: Its levels in words → the share of all pairs that show them.
        filled: Column of the faces → the share of faces that have it. What true pairs would show in a column that they
            do not have, they show at the next level: where there are no postcodes, in the city.
    """
    most = max(filled[column] for column in _COLUMNS.values()) if comparison == "address" else 1.0
    shares, waiting = {}, 0.0
    for level, share in _ASSUMED[comparison].items():
        there = (filled[_COLUMNS[level]] / most) ** 2 if comparison == "address" else 1.0
        shares[level] = (share + waiting) * there
        waiting = (share + waiting) * (1 - there)
    others = {level: share for level, share in by_chance.items() if level not in shares}
    left, whole = 1 - sum(shares.values()), sum(others.values())
    return shares | {level: left * share / whole if whole else 0.0 for level, share in others.items()}
