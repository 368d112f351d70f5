"""The tables of the segments stage.

Belongs here: their columns. Does not belong here: how they are filled (`evaluate.py`, `membership.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from cdp_assets.canonical.schema import INSTANT, Column, Pii, TableSchema
from cdp_assets.segments.formulas import formula_of
from cdp_assets.segments.spec import SegmentSpec
from cdp_assets.warehouse.expressions import check
from cdp_assets.warehouse.matching import terms_of

PROFILE_ID = Column("profile_id", "int64", "The person.", pii=Pii.PSEUDONYM, required=True)

CHANGES = ("entered", "left")

CAUSES = (
    "new_segment",
    "segment_removed",
    "condition_changed",
    "new_profile",
    "profile_gone",
    "values_changed",
    "merged",
    "listed",
    "time_passed",
)

MARK = Column("segments_mark", "int64", "Hash of the names of all segments that the person is in.")

_ENTERED_AT = Column(
    "entered_at",
    INSTANT,
    "Instant of the run that first found the person in, since they were last out; a merge keeps the earliest.",
    required=True,
)

MEMBERSHIPS = TableSchema(
    "memberships",
    "One row per segment and person who is in it now.",
    (Column("segment", "string", "Name of the segment.", required=True), PROFILE_ID, _ENTERED_AT),
    key=("segment", "profile_id"),
)

MEMBERSHIP_CHANGES = TableSchema(
    "membership_changes",
    "One row per entering or leaving, ever, with the reason. A merge of two people is neither: who a person was before "
    "counts as them.",
    (
        Column("segment", "string", "Name of the segment.", required=True),
        replace(PROFILE_ID, description="The person, by the id they had then (see `identity.redirects`)."),
        Column("sequence", "int64", "1 for the person's first change in this segment, 2 for the next …", required=True),
        Column("change", "string", "`entered` or `left`.", required=True, one_of=CHANGES),
        Column("changed_at", INSTANT, "Instant of the run that found it.", required=True),
        Column("entered_at", INSTANT, "When the membership that begins or ends here began.", required=True),
        Column("cause", "string", "`new_segment` (first evaluation), `segment_removed`, `condition_changed`, "
               "`new_profile`, `profile_gone`, `values_changed`, `merged` (the same, of somebody who has become one "
               "with another profile since), `listed` (an address on a list came to be theirs, or no longer is), or "
               "`time_passed` (only the instant moved).",
               required=True, one_of=CAUSES),
        Column("crossed", "string", "The bounds that were crossed: those terms of the condition whose turning turned "
               "the whole, such as `orders >= 3`, with `; ` between. Null where another cause says it all."),
        Column("reason", "string", "JSON: each column of the condition → its value `before` and `after`; of personal "
               "values only `present` or `absent`.", required=True),
    ),
    key=("segment", "profile_id", "sequence"),
    event_time="changed_at",
)  # fmt: skip

SEGMENT_SIZES = TableSchema(
    "segment_sizes",
    "One row per segment and run: its size then, and the condition that made it.",
    (
        Column("segment", "string", "Name of the segment.", required=True),
        Column("as_of", INSTANT, "Instant of the run.", required=True),
        Column("members", "int64", "People in it.", unit="people", required=True),
        Column("share", "float64", "Members as a share of all profiles.", unit="share 0..1", required=True),
        Column("condition", "string", "The SQL condition at that time.", required=True),
        Column("version", "string", "A hash of who is in it; another one only if the members are others."),
        Column("entered", "int64", "People who entered in that run.", unit="people"),
        Column("left", "int64", "People who left in that run.", unit="people"),
    ),
    key=("segment", "as_of"),
    event_time="as_of",
)


def naming(schema: TableSchema, specs: Iterable[SegmentSpec]) -> TableSchema:
    """A table's schema with the names of the segments there are."""
    names = tuple(spec.name for spec in specs)
    columns = (replace(each, one_of=names) if each.name == "segment" else each for each in schema.columns)
    return replace(schema, columns=tuple(columns))


def inputs_schema(specs: Iterable[SegmentSpec], customer: TableSchema) -> TableSchema:
    """The schema of `segment_inputs`: what the conditions look at, kept so that the next run can say what changed.

    Personal values are not copied: only whether they are there, as a column of the same name.
    """
    specs = tuple(specs)
    wanted = {name for spec in specs for name in spec.condition(customer).columns}
    terms = personal_terms(specs, customer)
    columns = (column for column in customer.columns if column.name in wanted and column.name != PROFILE_ID.name)
    return TableSchema(
        "segment_inputs",
        "One row per profile: the columns of `customer_360` that conditions look at, as of the last run, and a mark of "
        "the segments they led to. The reasons in `membership_changes` take their values before from here; only people "
        "whose mark is another one are looked at to find who entered and left.",
        (
            PROFILE_ID,
            *(replace(_shown(column), required=False) for column in columns),
            *(Column(name, "boolean", f"Whether it is so: `{term}`.") for term, name in terms.items()),
            MARK,
        ),
        key=("profile_id",),
    )


def personal_terms(specs: Iterable[SegmentSpec], customer: TableSchema) -> dict[str, str]:
    """The terms of conditions that look at personal values → the columns of `segment_inputs` that keep their answers.

    The values are not kept, so the next run could not say what these terms answered.
    """
    found = {}
    for term in terms_of([formula_of(spec.where) for spec in specs]):
        read = (customer.column(name) for name in check(term, customer.ibis_schema, as_of=True).columns)
        if any(column.pii is not Pii.NONE and column.name != PROFILE_ID.name for column in read):
            found[term] = f"term_{hashlib.sha256(term.encode()).hexdigest()[:12]}"
    return dict(sorted(found.items(), key=lambda item: item[1]))


def _shown(column: Column) -> Column:
    if column.pii is Pii.NONE:
        return column
    return Column(column.name, "boolean", f"Whether there is a value of: {column.description}")


def members_schema(spec: SegmentSpec) -> TableSchema:
    """The columns of one segment's members, as its asset shows them."""
    return TableSchema(spec.name, f"{spec.description.rstrip('.')}.", (PROFILE_ID, _ENTERED_AT), key=("profile_id",))
