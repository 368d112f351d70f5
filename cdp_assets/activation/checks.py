"""What must hold of this stage's tables."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import reduce

import ibis
import ibis.expr.types as ir

from cdp_assets.activation import decisions, gates
from cdp_assets.activation.audience import contact_point
from cdp_assets.activation.differences import ENTERED, LEFT, UPDATED
from cdp_assets.activation.holdout import CONTROL, TREATMENT, of_today
from cdp_assets.activation.spec import DestinationSpec
from cdp_assets.ledger import outbox
from cdp_assets.quality.checks import Check, expect, no_rows

DUE_ROWS_SETTLED = "due_rows_settled"
NOTHING_GIVEN_UP = "nothing_given_up"

_STATUSES = [*outbox.OPEN, outbox.DELIVERED, outbox.DEAD, outbox.WITHHELD]
# Privacy has decided as of the run which consents have expired.
_NOTHING_EXPIRES = datetime(1970, 1, 1, tzinfo=UTC)


def of_outbox(specs: Sequence[DestinationSpec]) -> list[Check]:
    """Checks of `outbox`."""

    def against_privacy(t: ir.Table, tables: dict[str, ir.Table]) -> ir.Table:
        return _together(t, [_sent_against_privacy(t, tables, spec) for spec in specs])

    return [
        Check(
            "reasons_given",
            "No idempotency key is used twice, and whatever is not sent says why.",
            (
                expect("expect_column_values_to_be_unique", column="idempotency_key"),
                expect("expect_column_values_to_be_in_set", column="change", value_set=[ENTERED, UPDATED, LEFT]),
                no_rows(
                    lambda t, _: t.filter((t.decision == decisions.SEND) != t.gate.isnull()),
                    "Every row is put up for sending or has the reason why not.",
                ),
                no_rows(
                    lambda t, _: t.filter(t.arm == CONTROL, t.decision == decisions.SEND, t.change != LEFT),
                    "Nobody who is held out is sent anything.",
                ),
            ),
        ),
        # A warning: the rows are in the ledger already, and the gates are asked again at the moment of sending.
        Check(
            "sent_only_with_permission",
            "Whoever is put up for sending is not suppressed, and has consented to purpose and channel.",
            (no_rows(against_privacy, "No row is put up for sending against suppression or consent."),),
            blocking=False,
        ),
    ]


def of_state(specs: Sequence[DestinationSpec]) -> list[Check]:
    """Checks of `destination_state`."""

    def forgotten(t: ir.Table, tables: dict[str, ir.Table]) -> ir.Table:
        return _together(t, [_members_forgotten(t, tables, spec) for spec in specs])

    def strangers(t: ir.Table, tables: dict[str, ir.Table]) -> ir.Table:
        return _together(t, [_told_without_being_members(t, tables, spec) for spec in specs])

    return [
        Check(
            "reconciled_with_segments",
            "What destinations have been told adds up to their segments: every member is told or has the reason why "
            "not, and nobody else is taken for a member.",
            (
                no_rows(forgotten, "Every member of a destination's segment is told, or withheld with a reason."),
                no_rows(strangers, "Whoever a destination takes for a member is in its segment."),
            ),
        )
    ]


DELIVERIES = [
    Check(
        "outcomes_make_sense",
        "Every message has a known outcome; what is delivered has been tried and was in no control group, and what is "
        "not delivered says why.",
        (
            expect("expect_column_values_to_be_in_set", column="status", value_set=_STATUSES),
            no_rows(
                lambda t, _: t.filter(t.status == outbox.DELIVERED, (t.attempts < 1) | t.sent_at.isnull()),
                "What is delivered has been tried, and has its time.",
            ),
            no_rows(
                lambda t, _: t.filter(t.status.isin([outbox.WITHHELD, outbox.HELD, outbox.DEAD]), t.reason.isnull()),
                "What is withheld, held or given up says why.",
            ),
            no_rows(
                lambda t, _: t.filter(t.arm == CONTROL, t.status == outbox.DELIVERED, t.change != LEFT),
                "Nothing was delivered to anybody who is held out.",
            ),
        ),
    )
]

EXPOSURES = [
    Check(
        "arms_make_sense",
        "Everybody in an experiment is in one of its arms, and only the treated have a variant.",
        (
            expect("expect_column_values_to_be_in_set", column="arm", value_set=[TREATMENT, CONTROL]),
            no_rows(lambda t, _: t.filter(t.arm == CONTROL, t.variant.notnull()), "Nobody held out has a variant."),
        ),
    )
]


def _sent_against_privacy(t: ir.Table, tables: dict[str, ir.Table], spec: DestinationSpec) -> ir.Table:
    sent = t.filter(t.destination == spec.name, t.decision == decisions.SEND)
    if spec.mode == "mirror":
        sent = sent.filter(sent.change != LEFT)
    customers = tables["customer_360"]
    points = customers.select(customer_id=customers.profile_id, contact_point=contact_point(spec, customers))
    people = of_today(sent.select("profile_id"), tables["redirects"])
    people = points.inner_join(people, [("customer_id", "person_id")])
    judged = gates.with_permission(
        people.select("profile_id", "contact_point"),
        tables["consent_state"],
        tables["suppressions"],
        spec,
        _NOTHING_EXPIRES,
    )
    return judged.filter(judged.forbidden.notnull()).select("profile_id")


def _members_forgotten(t: ir.Table, tables: dict[str, ir.Table], spec: DestinationSpec) -> ir.Table:
    memberships = tables["memberships"]
    members = memberships.filter(memberships.segment == spec.segment).select("profile_id")
    known = t.filter(t.destination == spec.name, t.member | t.withheld_reason.notnull()).select("person_id")
    return members.anti_join(known, [("profile_id", "person_id")])


def _told_without_being_members(t: ir.Table, tables: dict[str, ir.Table], spec: DestinationSpec) -> ir.Table:
    memberships = tables["memberships"]
    members = memberships.filter(memberships.segment == spec.segment).select(member_id="profile_id")
    told = t.filter(t.destination == spec.name, t.member)
    return told.anti_join(members, [("person_id", "member_id")]).select("profile_id")


def _together(t: ir.Table, found: list[ir.Table]) -> ir.Table:
    nothing = t.select("profile_id").filter(ibis.literal(False))
    return reduce(lambda left, right: left.union(right), found, nothing)
