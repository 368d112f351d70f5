"""Holdouts: drawn once, kept through growth and merges, both arms on record."""

from __future__ import annotations

import json
from dataclasses import replace

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from cdp_assets.activation.connectors.templates import written
from cdp_assets.activation.differences import differences
from cdp_assets.activation.holdout import drawn, drawn_variant
from cdp_assets.activation.message import Message
from cdp_assets.activation.spec import GLOBAL_CONTROL, ControlGroup
from cdp_assets.canonical.schema import INSTANT
from cdp_assets.ledger import destinations, holdouts, outbox
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.activation.shop import FRIDAY, MONDAY, TUESDAY, WEDNESDAY, WELCOME, Shop

HALF = replace(WELCOME, holdout=0.5)


def arms(shop: Shop, campaign: str = "welcome") -> dict[int, str]:
    with shop.ledger.reading() as connection:
        rows = holdouts.assignments(connection, campaign).to_pylist()
    return {row["profile_id"]: row["arm"] for row in rows}


def test_the_held_out_are_never_told_and_both_arms_are_on_record(shop: Shop) -> None:
    shop.with_people(*range(1, 41))
    shop.members = set(range(1, 41))
    shop.refresh(HALF, MONDAY)
    drawn_arms = arms(shop)
    assert set(drawn_arms) == set(range(1, 41))
    assert {profile for profile, _ in shop.told()} == {p for p, arm in drawn_arms.items() if arm == "treatment"}
    assert shop.withheld() == [(p, "holdout") for p, arm in sorted(drawn_arms.items()) if arm == "control"]
    with shop.ledger.reading() as connection:
        exposures = holdouts.exposures(connection, MONDAY).to_pylist()
    assert {row["profile_id"]: row["arm"] for row in exposures} == drawn_arms
    assert all(row["exposed_at"] == MONDAY for row in exposures)


def test_an_arm_depends_neither_on_the_audience_nor_on_its_growth(shop: Shop) -> None:
    shop.with_people(*range(1, 41))
    shop.members = set(range(1, 11))
    shop.refresh(HALF, MONDAY)
    before = arms(shop)
    shop.members = set(range(1, 41))
    shop.refresh(HALF, TUESDAY)
    assert before.items() <= arms(shop).items()


def test_an_arm_once_drawn_stays_though_the_share_changes(shop: Shop) -> None:
    shop.with_people(*range(1, 41))
    shop.members = set(range(1, 41))
    shop.refresh(HALF, MONDAY)
    before = arms(shop)
    shop.members = set()
    shop.refresh(HALF, TUESDAY)
    shop.members = set(range(1, 41))
    shop.refresh(replace(HALF, holdout=0.01), WEDNESDAY)
    assert arms(shop) == before


def test_destinations_of_one_campaign_share_their_arms(shop: Shop) -> None:
    shop.with_people(*range(1, 21))
    shop.members = set(range(1, 21))
    shop.refresh(replace(HALF, campaign="spring"), MONDAY)
    shop.refresh(replace(HALF, name="second", campaign="spring"), MONDAY)
    rows = shop.rows("destination", "profile_id", "arm")
    assert [row[1:] for row in rows if row[0] == "welcome"] == [row[1:] for row in rows if row[0] == "second"]


def test_a_merge_keeps_the_arm_and_marks_two_of_different_arms(shop: Shop) -> None:
    shop.with_people(*range(1, 41))
    shop.members = set(range(1, 41))
    shop.refresh(HALF, MONDAY)
    drawn_arms = arms(shop)
    held = min(p for p, arm in drawn_arms.items() if arm == "control")
    told = min(p for p, arm in drawn_arms.items() if arm == "treatment")
    shop.redirects = {told: held}
    shop.members -= {told}
    assert shop.refresh(HALF, TUESDAY).rows == 0
    with shop.ledger.reading() as connection:
        rows = holdouts.assignments(connection, "welcome").to_pylist()
    assert {row["profile_id"] for row in rows if row["contaminated"]} == {held, told}
    assert {row["profile_id"]: row["arm"] for row in rows} == drawn_arms


THREE = replace(HALF, variants={"a": 1, "b": 2, "c": 1})


def variants(shop: Shop) -> dict[int, str | None]:
    with shop.ledger.reading() as connection:
        rows = holdouts.assignments(connection, "welcome").to_pylist()
    return {row["profile_id"]: row["variant"] for row in rows}


def test_the_treated_get_a_variant_which_messages_name_and_the_held_out_none(shop: Shop) -> None:
    shop.with_people(*range(1, 61))
    shop.members = set(range(1, 61))
    shop.refresh(THREE, MONDAY)
    drawn_variants, drawn_arms = variants(shop), arms(shop)
    assert {p for p, variant in drawn_variants.items() if variant is None} == {
        p for p, arm in drawn_arms.items() if arm == "control"
    }
    assert set(drawn_variants.values()) == {"a", "b", "c", None}
    assert dict(shop.rows("profile_id", "variant")) == drawn_variants
    with shop.ledger.reading() as connection:
        message = Message.of(outbox.next_rows(connection, "welcome", MONDAY)[0])
    assert json.loads(message.body())["variant"] == drawn_variants[message.profile_id]
    assert written("variant {{ variant }}", message) == f"variant {drawn_variants[message.profile_id]}"


def test_a_variant_stays_through_growth_and_other_weights_and_a_merge_of_two_is_marked(shop: Shop) -> None:
    everybody = replace(THREE, holdout=0.0)
    shop.with_people(*range(1, 41))
    shop.members = set(range(1, 21))
    shop.refresh(everybody, MONDAY)
    before = variants(shop)
    other = next(p for p, variant in before.items() if variant != before[1])
    shop.members, shop.redirects = set(range(1, 41)) - {other}, {other: 1}
    shop.refresh(replace(everybody, variants={"a": 9, "z": 1}), TUESDAY)
    after = variants(shop)
    assert before.items() <= after.items()
    assert {after[p] for p in range(21, 41)} <= {"a", "z"}
    with shop.ledger.reading() as connection:
        exposed = holdouts.exposures(connection, TUESDAY).to_pylist()
    assert {row["profile_id"] for row in exposed if row["contaminated"]} == {1, other}


def test_the_global_control_group_is_left_out_of_every_campaign_and_is_an_experiment_of_its_own(shop: Shop) -> None:
    group = ControlGroup(0.3)
    campaigns = [group.applied_to(HALF), group.applied_to(replace(WELCOME, name="second"))]
    receipts = group.applied_to(replace(WELCOME, name="receipts", purpose="service"))
    shop.with_people(*range(1, 61))
    shop.members = set(range(1, 61))
    for spec in (*campaigns, receipts):
        shop.refresh(spec, MONDAY)
    overall = arms(shop, GLOBAL_CONTROL)
    left_out = {p for p, arm in overall.items() if arm == "control"}
    assert set(overall) == set(range(1, 61))
    assert 0 < len(left_out) < 40
    assert not left_out & set(arms(shop))  # a campaign compares only those whom it could have told
    rows = shop.rows("destination", "profile_id", "reason")
    for spec in campaigns:
        assert {row[1] for row in rows if row[0] == spec.name and row[2] == GLOBAL_CONTROL} == left_out
    assert len([row for row in rows if row[0] == "receipts" and row[2] is None]) == 60


def test_the_weights_are_those_asked_for_and_have_nothing_to_do_with_the_arm() -> None:
    engine = DuckDBEngine.in_memory()
    ids = engine.from_arrow(pa.table({"person_id": list(range(40_000))}), ibis.schema({"person_id": "int64"}))
    both = ids.mutate(arm=drawn(ids.person_id, THREE), variant=drawn_variant(ids.person_id, THREE))
    counts = both.group_by(["arm", "variant"]).agg(people=both.count())
    for row in engine.to_arrow(counts).to_pylist():
        expected = 20_000 * {"a": 0.25, "b": 0.5, "c": 0.25}[row["variant"]]
        assert abs(row["people"] - expected) < 400


def test_who_is_stopped_before_the_holdout_is_in_no_arm(shop: Shop) -> None:
    shop.with_people(1, consenting=False)
    shop.members = {1}
    shop.refresh(HALF, MONDAY)
    assert arms(shop) == {}


def test_the_share_held_out_is_the_one_asked_for() -> None:
    engine = DuckDBEngine.in_memory()
    ids = engine.from_arrow(pa.table({"person_id": list(range(20_000))}), ibis.schema({"person_id": "int64"}))
    arm = drawn(ids.person_id, replace(WELCOME, holdout=0.1))
    assert 1_850 < engine.to_arrow(ids.filter(arm == "control")).num_rows < 2_150


def test_differences_compile_for_spark() -> None:
    def table(name: str, **columns: str) -> ir.Table:
        return ibis.table(columns, name=name)

    def of_ledger(name: str, schema: pa.Schema) -> ir.Table:
        return ibis.table(ibis.Schema.from_pyarrow(schema), name=name)

    expression = differences(
        replace(
            WELCOME,
            holdout=0.1,
            variants={"a": 1, "b": 1},
            global_control=0.1,
            payload={"email": "email", "recent": "orders > 2 and as_of > last_order_at"},
        ),
        memberships=table("memberships", segment="string", profile_id="int64"),
        customer_360=table(
            "customer_360",
            profile_id="int64",
            email="string",
            timezone="string",
            orders="int64",
            last_order_at=INSTANT,
        ),
        consent_state=table(
            "consent_state",
            contact_point="string",
            purpose="string",
            channel="string",
            status="string",
            explicit="boolean",
            since=INSTANT,
            expires_at=INSTANT,
        ),
        suppressions=table("suppressions", contact_point="string", channel="string", reason="string"),
        redirects=table("redirects", old_profile_id="int64", profile_id="int64"),
        state=of_ledger("state", destinations.STATE.append(pa.field("unsettled", pa.bool_()))),
        assignments=of_ledger("assignments", holdouts.ASSIGNMENTS),
        as_of=FRIDAY,
    )
    assert "LEFT" in ibis.to_sql(expression, dialect="pyspark")
