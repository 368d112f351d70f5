"""What a data-quality check is, and the checks that every table has.

Belongs here: the vocabulary in which stages write their checks (`expect`, `no_rows`, `Check`), and the checks that
follow from a table's schema. Does not belong here: how checks are evaluated (`runner.py`), checks of a particular
table (the `checks.py` of its stage), and Great Expectations itself, which is imported only while evaluating.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import ibis.expr.types as ir

from cdp_assets.canonical.schema import TableSchema

Rows = Callable[[ir.Table, dict[str, ir.Table]], ir.Table]
"""From the table under test and its inputs (by parameter name) to the rows that ought not to be there."""

FILLED = "expect_columns_to_be_filled"
"""An expectation of ours: that some columns are never empty."""

STANDARD_CHECK = "schema_and_keys"
"""Name of the check that every table with a schema has."""

VERDICT = "verdict"
"""Key of a check's metadata that says its outcome in a sentence."""

EXPECTATIONS = "expectations"
"""Key of a check's metadata that says what became of each of its expectations, in their order."""


@dataclass(frozen=True)
class Expectation:
    """One expectation of Great Expectations, or one expression that must return no rows.

    Args:
        type: Snake-case name of the expectation, e.g. ``expect_column_values_to_be_between``.
        arguments: Its arguments, without the result format (which is fixed: results never hold values).
        description: What is expected, as a sentence for people.
        rows: For `no_rows`: makes the expression of the unexpected rows.
        unique: Columns whose values are expected to be unique together, if that is what is expected.
        by: For `no_rows`: a column for each value of which the answer follows from the table's rows of that value, and
            from inputs whose changes have these rows made anew.
        of: The same, for a column other than the one that the table changes by: a change of these inputs has some of
            these rows made anew, and not all of them.
    """

    type: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    description: str = ""
    rows: Rows | None = None
    unique: tuple[str, ...] = ()
    by: str | None = None
    of: str | None = None


@dataclass(frozen=True)
class Check:
    """A named group of expectations that passes or fails as one; becomes one asset check.

    Args:
        name: Name of the asset check, snake_case.
        description: What it promises, for people.
        expectations: All must hold.
        blocking: Whether a failure keeps the table from being published.
    """

    name: str
    description: str
    expectations: tuple[Expectation, ...]
    blocking: bool = True

    def __post_init__(self) -> None:
        if not self.expectations:
            raise ValueError(f"check {self.name!r} expects nothing")


@dataclass(frozen=True)
class Judged:
    """A check that the asset's function judges itself, for what cannot be seen in its tables alone.

    Args:
        name: Name of the asset check, snake_case.
        description: What it promises, for people.
        blocking: Whether a failure keeps the tables from being published.
    """

    name: str
    description: str
    blocking: bool = True

    def outcome(self, passed: bool, words: str, **figures: float) -> CheckResult:
        """Its outcome in one run.

        Args:
            passed: Whether it holds.
            words: Why, in a sentence; no personal data.
            figures: The numbers behind it.
        """
        return CheckResult(self.name, passed, self.blocking, self.description, {VERDICT: words, **figures})


@dataclass(frozen=True)
class CheckResult:
    """The outcome of one check.

    Args:
        name: Name of the check.
        passed: Whether all its expectations hold.
        blocking: As the check says.
        description: As the check says.
        metadata: Counts and descriptions, JSON-able; never a value of the data.
    """

    name: str
    passed: bool
    blocking: bool
    description: str
    metadata: dict[str, Any]


def expect(type: str, description: str = "", **arguments: Any) -> Expectation:
    """An expectation of Great Expectations by its snake-case name, e.g.
    ``expect("expect_column_values_to_be_between", column="churn_risk", min_value=0, max_value=1)``.
    """
    return Expectation(type, arguments, description or _sentence(type, arguments))


def no_rows(rows: Rows, title: str, by: str | None = None, of: str | None = None) -> Expectation:
    """Expect that an Ibis expression over the table and its inputs returns no rows.

    Args:
        rows: ``lambda t, tables: …``; ``t`` is the table under test, ``tables`` the asset's inputs by parameter name.
        title: What holds if there are none, as a sentence: "Every golden value has its provenance."
        by: A column for each value of which the answer follows from the table's rows of that value, and from inputs
            whose changes have these rows made anew: a large table that changes by it is asked where it changes.
        of: Such a column of a table that changes by another one: where its function says which rows come, all rows of
            the values among these are asked.
    """
    return Expectation("expect_no_rows", {}, title, rows, by=by, of=of)


def standard_checks(schema: TableSchema) -> list[Check]:
    """The checks that follow from a schema: its columns are there and no others, required ones are filled, and the
    key is unique. One blocking check, since each asset check costs a run some 50 ms.
    """
    expectations = [
        expect(
            "expect_table_columns_to_match_set",
            f"The table has its {len(schema.columns)} documented columns and no others.",
            column_set=list(schema.column_names),
            exact_match=True,
        )
    ]
    filled = [column.name for column in schema.columns if column.required or column.name in schema.key]
    if filled:
        expectations.append(expect(FILLED, f"Never empty: {', '.join(filled)}.", columns=filled))
    if schema.key:
        unique = expect("expect_key_to_be_unique", f"Unique: ({', '.join(schema.key)}).", columns=list(schema.key))
        expectations.append(replace(unique, unique=schema.key))
    return [Check(STANDARD_CHECK, _standard_description(schema, filled), tuple(expectations))]


def _standard_description(schema: TableSchema, filled: list[str]) -> str:
    parts = [f"`{schema.name}` has exactly its {len(schema.columns)} documented columns"]
    if filled:
        parts.append(f"{', '.join(f'`{name}`' for name in filled)} {'is' if len(filled) == 1 else 'are'} never empty")
    if schema.key:
        parts.append(f"one row per ({', '.join(f'`{name}`' for name in schema.key)})")
    return "; ".join(parts) + "."


def _sentence(type: str, arguments: Mapping[str, Any]) -> str:
    words = type.removeprefix("expect_").replace("_", " ")
    details = ", ".join(f"{name} {value}" for name, value in arguments.items())
    return f"Expect {words}{f' ({details})' if details else ''}."
