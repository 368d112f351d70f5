"""Splink's comparison levels, which remember what their conditions are.

Splink asks of each level, in each session of training and for each adjustment by rarity, whether its condition is that
columns are equal, and parses and simplifies it each time: half of the time that small data take.

Belongs here: remembering. Does not belong here: the levels themselves (`comparisons.py`).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from splink import Linker
    from splink.internals.comparison_level import ComparisonLevel


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
