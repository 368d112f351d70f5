"""Data-quality checks of the segments stage, besides those that follow from the schemas.

Belongs here: what must hold between memberships, their log, sizes and `customer_360`. Does not belong here: whether a
segment's size is plausible (`bands.py`), and who is in a segment.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis.expr.types as ir

from cdp_assets.quality.checks import Check, expect, no_rows
from cdp_assets.segments.schemas import CAUSES, CHANGES
from cdp_assets.segments.spec import SegmentSpec


def of_tables(specs: Sequence[SegmentSpec]) -> dict[str, list[Check]]:
    """The checks of the stage's common tables, by table name."""
    return {
        "memberships": [_members_exist(specs)],
        "membership_changes": [_LOG_MATCHES_MEMBERSHIPS],
        "segment_sizes": [_SIZES_ADD_UP],
        "segment_inputs": [_EVERY_PROFILE_IS_SEEN],
    }


def _members_exist(specs: Sequence[SegmentSpec]) -> Check:
    return Check(
        "members_are_profiles",
        "Every member is a profile of customer_360, and every segment is one that is defined.",
        (
            no_rows(lambda t, tables: t.anti_join(tables["customer_360"], "profile_id"), "Every member is a profile."),
            no_rows(
                lambda t, tables: _unknown(t, tables["segment_sizes"]) if specs else t, "Every segment is defined."
            ),
        ),
    )


def _unknown(memberships: ir.Table, sizes: ir.Table) -> ir.Table:
    """Segments that this run has not evaluated. Joined, since a list of a thousand names is compared row by row."""
    latest = sizes.filter(sizes.as_of == sizes.as_of.max())
    return memberships.select("segment").distinct().anti_join(latest, "segment")


def _unlogged(log: ir.Table, tables: dict[str, ir.Table]) -> ir.Table:
    """Memberships whose entering is not in the log; of merged people, under whichever id they had then."""
    entered = log.filter(log.change == "entered").select("segment", "entered_at").distinct()
    return tables["memberships"].anti_join(entered, ["segment", "entered_at"])


_LOG_MATCHES_MEMBERSHIPS = Check(
    "log_matches_memberships",
    "Every membership's entering is in the log, with one of the known causes; nobody leaves before they entered.",
    (
        expect("expect_column_values_to_be_in_set", column="change", value_set=list(CHANGES)),
        expect("expect_column_values_to_be_in_set", column="cause", value_set=list(CAUSES)),
        no_rows(lambda t, _: t.filter(t.changed_at < t.entered_at), "Nobody leaves before they entered."),
        no_rows(_unlogged, "Every membership's entering is in the log."),
    ),
)


def _wrong_sizes(sizes: ir.Table, tables: dict[str, ir.Table]) -> ir.Table:
    memberships = tables["memberships"]
    counted = memberships.group_by("segment").agg(counted=memberships.count())
    latest = sizes.filter(sizes.as_of == sizes.as_of.max())
    joined = latest.left_join(counted, "segment")
    return joined.filter(latest.members != counted.counted.coalesce(0)).select(latest.segment)


_SIZES_ADD_UP = Check(
    "sizes_add_up",
    "The latest sizes are the numbers of memberships, and shares lie between 0 and 1.",
    (
        no_rows(_wrong_sizes, "The latest sizes are the numbers of memberships."),
        expect("expect_column_values_to_be_between", column="share", min_value=0, max_value=1),
    ),
)

_EVERY_PROFILE_IS_SEEN = Check(
    "every_profile_is_seen",
    "There is one row for every profile of customer_360, and no other.",
    (
        no_rows(lambda t, tables: t.anti_join(tables["customer_360"], "profile_id"), "No row without a profile."),
        no_rows(lambda t, tables: tables["customer_360"].anti_join(t, "profile_id"), "No profile without a row."),
    ),
)
