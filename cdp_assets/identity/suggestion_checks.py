"""What must hold of device suggestions.

Belongs here: checks on their tables. Does not belong here: how suggestions are made (`suggestions.py`).
"""

from __future__ import annotations

import ibis.expr.types as ir

from cdp_assets.identity.suggestions import SHOWN_FROM
from cdp_assets.quality.checks import Check, expect, no_rows

Tables = dict[str, ir.Table]

LOWEST_PRECISION = SHOWN_FROM
"""A score promises that this share at least is right."""

FEWEST_JUDGED = 20
"""Fewer pairs than this say nothing about a share."""


def suggestion_checks() -> dict[str, list[Check]]:
    """The checks of each table, by its name."""
    return {"device_suggestions": [_WELL_FORMED], "suggestion_tests": [_PRECISE]}


def _unknown_records(table: ir.Table, tables: Tables) -> ir.Table:
    ends = table.select(record_id="left_record_id").union(table.select(record_id="right_record_id"))
    return ends.anti_join(tables["profile_map"], "record_id")


def _already_together(table: ir.Table, tables: Tables) -> ir.Table:
    """Suggestions of two records that have one profile, the same for all time."""
    always = tables["profile_map"]
    always = always.filter(always.valid_from.isnull() & always.valid_to.isnull())
    left = always.select(left_record_id="record_id", profile_id="profile_id")
    right = always.select(right_record_id="record_id", profile_id="profile_id")
    return table.join(left, "left_record_id").join(right, ["right_record_id", "profile_id"])


def _imprecise(table: ir.Table, _tables: Tables) -> ir.Table:
    shown = table.filter((table.threshold == SHOWN_FROM) & (table.right + table.wrong >= FEWEST_JUDGED))
    return shown.filter(shown.precision < LOWEST_PRECISION)


_WELL_FORMED = Check(
    "pairs_are_apart",
    "Suggestions are pairs of known records that are not together anyway, with scores between 0 and 1.",
    (
        expect("expect_column_values_to_be_between", column="score", min_value=0, max_value=1),
        no_rows(_unknown_records, "Both records are in the map."),
        no_rows(_already_together, "The two are not in one profile."),
        no_rows(lambda t, _: t.filter(t.left_record_id >= t.right_record_id), "The smaller id comes first."),
    ),
)
_PRECISE = Check(
    "suggestions_come_true",
    f"Of the suggestions of the past that have been decided since (if {FEWEST_JUDGED} or more), as many are right as "
    "their score promises.",
    (no_rows(_imprecise, f"At least {LOWEST_PRECISION:.0%} of those judged are right."),),
    blocking=False,
)
