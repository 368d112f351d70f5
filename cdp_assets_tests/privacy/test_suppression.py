"""Who must not be written to, whatever their consent says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir

from cdp_assets.canonical.schema import TableSchema
from cdp_assets.canonical.tables import CONSENTS, CONTACT_POINTS, ENGAGEMENTS, IDENTIFIERS
from cdp_assets.identity.schemas import PROFILE_MAP
from cdp_assets.privacy.schemas import SUPPRESSIONS
from cdp_assets.privacy.suppression import of_contact_points, suppressions
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine

DAY = timedelta(days=1)
T0 = datetime(2026, 1, 1, tzinfo=UTC)
AS_OF = T0 + 10 * DAY
ADA = "ada@example.org"

ENGINE = DuckDBEngine.in_memory()


def table(schema: TableSchema, rows: list[dict[str, Any]]) -> ir.Table:
    common = {"record_id": 1, "source": "mail", "load_id": "l", "source_row": 1}
    filled = [
        dict.fromkeys(schema.column_names) | common | {"native_id": f"{number}"} | row
        for number, row in enumerate(rows)
    ]
    return ibis.memtable(filled, schema=schema.ibis_schema)


def engaged(action: str, day: int, channel: str = "email", point: str | None = ADA) -> dict[str, Any]:
    return {"action": action, "channel": channel, "contact_point": point, "occurred_at": T0 + day * DAY}


def granted(day: int, channel: str = "email", explicit: bool = True) -> dict[str, Any]:
    return {
        "contact_point": ADA,
        "purpose": "marketing",
        "channel": channel,
        "status": "granted",
        "explicit": explicit,
        "occurred_at": T0 + day * DAY,
    }


def suppressed(
    engagements: list[dict[str, Any]],
    points: list[dict[str, Any]] | None = None,
    consents: list[dict[str, Any]] | None = None,
    as_of: datetime = AS_OF,
    refusals: list[dict[str, Any]] | None = None,
) -> set[tuple[str, str, str]]:
    found = suppressions(
        table(ENGAGEMENTS, engagements),
        table(CONTACT_POINTS, points or []),
        table(CONSENTS, consents or []),
        as_of,
        ibis.memtable(refusals or [], schema=SUPPRESSIONS.ibis_schema),
    )
    rows = ENGINE.to_arrow(found.cast(SUPPRESSIONS.ibis_schema)).to_pylist()
    return {(row["contact_point"], row["channel"], row["reason"]) for row in rows}


def test_a_complaint_suppresses_every_channel() -> None:
    assert suppressed([engaged("complained", 1), engaged("complained", 2)]) == {(ADA, "any", "complained")}


def test_a_hard_bounce_suppresses_the_channel_that_bounced() -> None:
    assert suppressed([engaged("bounced", 1)]) == {(ADA, "email", "bounced")}


def test_opening_and_clicking_suppress_nothing() -> None:
    assert suppressed([engaged("opened", 1), engaged("clicked", 1), engaged("sent", 1)]) == set()


def test_what_happens_later_does_not_count_yet() -> None:
    assert suppressed([engaged("complained", 11)]) == set()
    assert suppressed([engaged("complained", 10)]) == {(ADA, "any", "complained")}


def test_unsubscribing_lasts_until_the_person_signs_up_again() -> None:
    unsubscribed = {(ADA, "email", "unsubscribed")}
    assert suppressed([engaged("unsubscribed", 3)]) == unsubscribed
    assert suppressed([engaged("unsubscribed", 3)], consents=[granted(2)]) == unsubscribed
    assert suppressed([engaged("unsubscribed", 3)], consents=[granted(4)]) == set()
    assert suppressed([engaged("unsubscribed", 3)], consents=[granted(4, channel="any")]) == set()
    assert suppressed([engaged("unsubscribed", 3)], consents=[granted(4, channel="sms")]) == unsubscribed
    assert suppressed([engaged("unsubscribed", 3), engaged("unsubscribed", 5)], consents=[granted(4)]) == unsubscribed


def test_unsubscribing_that_was_seen_when_sending_lasts_as_long() -> None:
    refused = [{"contact_point": ADA, "channel": "sms", "reason": "unsubscribed", "since": T0 + 3 * DAY}]
    unsubscribed = {(ADA, "sms", "unsubscribed")}
    assert suppressed([], refusals=refused) == unsubscribed
    assert suppressed([], refusals=refused, consents=[granted(2, channel="sms")]) == unsubscribed
    assert suppressed([], refusals=refused, consents=[granted(4, channel="sms")]) == set()
    again = [engaged("unsubscribed", 5, channel="sms")]
    assert suppressed(again, refusals=refused, consents=[granted(4, channel="sms")]) == unsubscribed


def test_a_flag_stamped_by_an_export_does_not_end_an_unsubscription() -> None:
    assert suppressed([engaged("unsubscribed", 3)], consents=[granted(4, explicit=False)]) == {
        (ADA, "email", "unsubscribed")
    }


def test_signing_up_again_does_not_undo_a_complaint() -> None:
    assert suppressed([engaged("complained", 3)], consents=[granted(4)]) == {(ADA, "any", "complained")}


def test_dead_contact_points_are_suppressed() -> None:
    points = [
        {"kind": "email", "value": ADA, "status": "bounced", "changed_at": T0},
        {"kind": "phone", "value": "+491701234567", "status": "invalid"},
        {"kind": "email", "value": "bob@example.org", "status": "active", "changed_at": T0},
        {"kind": "email", "value": "later@example.org", "status": "bounced", "updated_at": AS_OF + DAY},
    ]
    assert suppressed([], points) == {(ADA, "email", "bounced"), ("+491701234567", "any", "invalid")}


def test_the_same_reason_from_two_places_is_one_row_since_the_first() -> None:
    points = [{"kind": "email", "value": ADA, "status": "bounced", "updated_at": T0}]
    found = suppressions(
        table(ENGAGEMENTS, [engaged("bounced", 4)]), table(CONTACT_POINTS, points), table(CONSENTS, []), AS_OF
    )
    (row,) = ENGINE.to_arrow(found.cast(SUPPRESSIONS.ibis_schema)).to_pylist()
    assert row["since"] == T0


def test_an_address_that_refused_what_was_sent_is_suppressed_on_its_channel() -> None:
    seen = ibis.memtable(
        [(ADA, "email", "bounced", AS_OF + DAY)],
        schema={"contact_point": "string", "channel": "string", "reason": "string", "since": "timestamp('UTC')"},
    )
    nothing = [table(schema, []) for schema in (ENGAGEMENTS, CONTACT_POINTS, CONSENTS)]
    found = ENGINE.to_arrow(suppressions(*nothing, AS_OF, seen)).to_pylist()
    assert [(row["contact_point"], row["channel"], row["reason"]) for row in found] == [(ADA, "email", "bounced")]


def test_engagements_without_a_contact_point_suppress_nobody() -> None:
    assert suppressed([engaged("complained", 1, point=None)]) == set()


def of_persons(*engagements: dict[str, Any]) -> set[tuple[str, str, str]]:
    """What is suppressed where record 1 is of a person with two addresses and a number, record 4 of one with one."""
    points = [
        {"record_id": 1, "kind": "email", "value": ADA},
        {"record_id": 2, "kind": "email", "value": "a@example.net"},
        {"record_id": 2, "kind": "phone", "value": "+4930123"},
        {"record_id": 4, "kind": "email", "value": "bob@example.org"},
    ]
    known = {"record_id": 2, "namespace": "global", "identifier_type": "email", "identifier_value": "old@example.net"}
    profile_map = [dict.fromkeys(PROFILE_MAP.column_names) | {"record_id": record, "profile_id": who}
                   for record, who in ((1, 7), (2, 7), (3, 7), (4, 8))]  # fmt: skip
    told = of_contact_points(
        table(ENGAGEMENTS, list(engagements)),
        table(CONTACT_POINTS, points),
        ibis.memtable([dict.fromkeys(IDENTIFIERS.column_names) | known], schema=IDENTIFIERS.ibis_schema),
        ibis.memtable(profile_map, schema=PROFILE_MAP.ibis_schema),
    )
    found = suppressions(told, table(CONTACT_POINTS, []), table(CONSENTS, []), AS_OF)
    rows = ENGINE.to_arrow(found.cast(SUPPRESSIONS.ibis_schema)).to_pylist()
    return {(row["contact_point"], row["channel"], row["reason"]) for row in rows}


def test_a_complaint_or_an_unsubscription_without_an_address_is_for_all_of_the_person_that_the_channel_reaches() -> (
    None
):
    mails = (ADA, "a@example.net", "old@example.net")
    assert of_persons(engaged("unsubscribed", 1, point=None)) == {(mail, "email", "unsubscribed") for mail in mails}
    assert of_persons(engaged("complained", 1, point=None)) == {(mail, "any", "complained") for mail in mails}
    assert of_persons(engaged("unsubscribed", 1, "sms", None)) == {("+4930123", "sms", "unsubscribed")}
    assert of_persons(engaged("unsubscribed", 1)) == {(ADA, "email", "unsubscribed")}
    assert of_persons(engaged("opened", 1, point=None)) == set()


def test_a_bounce_without_an_address_is_for_the_only_one_of_the_person() -> None:
    assert of_persons(engaged("bounced", 1, point=None)) == set()
    assert of_persons(engaged("bounced", 1, point=None) | {"record_id": 4}) == {("bob@example.org", "email", "bounced")}


def test_the_rules_compile_for_spark() -> None:
    tables = [ibis.table(schema.ibis_schema, name=schema.name) for schema in (ENGAGEMENTS, CONTACT_POINTS, CONSENTS)]
    assert ibis.to_sql(suppressions(*tables, AS_OF), dialect="pyspark")
    of_whom = [ibis.table(schema.ibis_schema, name=schema.name) for schema in (IDENTIFIERS, PROFILE_MAP)]
    assert ibis.to_sql(of_contact_points(*tables[:2], *of_whom), dialect="pyspark")
