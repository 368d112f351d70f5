"""Splink's comparison levels: short ways to make them, and levels that remember what their conditions are.

Splink asks of each level, in each session of training and for each adjustment by rarity, whether its condition is that
columns are equal, and parses and simplifies it each time: half of the time that small data take.

Belongs here: what any comparison's levels need. Does not belong here: which levels there are (`comparisons.py`).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from cdp_assets.identity.linkage.labels import THE_SAME

if TYPE_CHECKING:
    from splink import Linker
    from splink.internals.comparison_level import ComparisonLevel
    from splink.internals.comparison_level_creator import ComparisonLevelCreator

ALIKE = 0.88
"""Jaro-Winkler likeness of two spellings of one word."""


def remember_conditions(linker: Linker) -> None:
    """Let the levels of a linker, and those copied from them, parse each condition once in a process."""
    remembering = _remembering()
    for comparison in linker._settings_obj.comparisons:
        for level in comparison.comparison_levels:
            level.__class__ = remembering


@cache
def _remembering() -> type[ComparisonLevel]:
    import sqlglot
    from splink.internals.comparison_level import ComparisonLevel
    from sqlglot import exp

    equal: dict[tuple[str, str], bool] = {}
    columns: dict[tuple[str, str], list[str]] = {}

    class Remembering(ComparisonLevel):
        @property
        def _is_exact_match(self) -> bool:
            if self._is_else_level:
                return False
            key = self.sql_condition, self.sqlglot_dialect
            if key not in equal:
                # A choice, or a value written out, is no equality of columns; simplifying it first takes long.
                parsed = sqlglot.parse_one(self.sql_condition, read=self.sqlglot_dialect)
                equal[key] = not parsed.find(exp.Or, exp.Literal) and super()._is_exact_match
            return equal[key]

        @property
        def _exact_match_colnames(self) -> list[str]:
            key = self.sql_condition, self.sqlglot_dialect
            if key not in columns:
                columns[key] = super()._exact_match_colnames
            return list(columns[key])

    return Remembering


def same(column: str, label: str = THE_SAME, *, tf: bool = False) -> ComparisonLevelCreator:
    """Equal values, which weigh the more the rarer they are if ``tf`` (term frequencies) says so."""
    import splink.comparison_level_library as levels

    return levels.ExactMatchLevel(column, term_frequency_adjustments=tf).configure(label_for_charts=label)


def like(column: str, label: str = "alike", least: float = ALIKE) -> ComparisonLevelCreator:
    """Values of at least some Jaro-Winkler likeness."""
    import splink.comparison_level_library as levels

    return levels.JaroWinklerLevel(column, least).configure(label_for_charts=label)


def edits(column: str, most: int) -> ComparisonLevelCreator:
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


def weightless(level: ComparisonLevelCreator, label: str) -> ComparisonLevelCreator:
    """A level that training leaves alone, with equal m and u."""
    return level.configure(
        label_for_charts=label, m_probability=0.5, u_probability=0.5, fix_m_probability=True, fix_u_probability=True
    )


def adjusted(level: ComparisonLevelCreator, column: str, label: str) -> ComparisonLevelCreator:
    """A level that weighs the more the rarer the value of a column is."""
    return level.configure(label_for_charts=label, tf_adjustment_column=column, tf_adjustment_weight=1.0)
