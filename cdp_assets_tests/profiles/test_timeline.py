"""Everything that happened with a profile, in one table."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import ibis
import pytest

from cdp_assets.canonical.schema import TableSchema
from cdp_assets.profiles.schemas import TIMELINE
from cdp_assets.profiles.timeline import KINDS, timeline
from cdp_assets_tests.attributes.tables import spark_sql
from cdp_assets_tests.profiles.tables import ENGINE, PROFILE_MAP, day, loaded, profile_map, table

SCHEMAS = {kind.schema.name: kind.schema for kind in KINDS}


def lines(facts: dict[str, list[dict[str, Any]]], mapped: ibis.Table | None = None) -> list[dict[str, Any]]:
    tables = {name: table(schema, facts.get(name, [])) for name, schema in SCHEMAS.items()}
    mapped = profile_map({1: 10, 2: 20}) if mapped is None else mapped
    result = timeline(tables, mapped).cast(TIMELINE.ibis_schema).order_by("occurred_at", "native_id")
    return ENGINE.to_arrow(result).to_pylist()


def test_facts_of_all_kinds_are_put_in_one_line_each() -> None:
    found = lines(
        {
            "events": [{"record_id": 1, "event_name": "page", "page_url": "/hats", "occurred_at": day(1)}],
            "orders": [
                {"record_id": 1, "order_id": "7", "ordered_at": day(2), "sales_channel": "web"}
                | {"net_reporting": Decimal("12.50")}
            ],
            "refunds": [{"record_id": 1, "refunded_at": day(3), "amount_reporting": Decimal("2.50")}],
            "survey_responses": [{"record_id": 2, "survey": "nps", "score": 9.0, "responded_at": day(4)}],
        }
    )
    assert [(row["profile_id"], row["kind"], row["title"], row["amount_reporting"]) for row in found] == [
        (10, "event", "page: /hats", None),
        (10, "order", "order 7 · web", Decimal("12.50")),
        (10, "refund", "refund", Decimal("2.50")),
        (20, "survey", "nps: 9", None),
    ]


def test_an_amount_without_an_exchange_rate_is_told_in_its_own_currency() -> None:
    money = {"currency": "SEK", "net": Decimal("12.50")}
    refund = {"record_id": 1, "refunded_at": day(3), "currency": "SEK", "amount": Decimal("2.50")}
    found = lines({"orders": [{"record_id": 1, "order_id": "7", "ordered_at": day(2), **money}], "refunds": [refund]})
    assert [(row["title"], row["amount_reporting"]) for row in found] == [
        ("order 7 · 12.50 SEK", None),
        ("refund · 2.50 SEK", None),
    ]


def test_a_device_that_changed_hands_gives_each_their_own_events() -> None:
    mapped = loaded(
        [
            {"record_id": 1, "profile_id": 10, "valid_from": None, "valid_to": day(5)},
            {"record_id": 1, "profile_id": 20, "valid_from": day(5), "valid_to": None},
        ],
        PROFILE_MAP,
    )
    events = [{"record_id": 1, "event_name": "page", "occurred_at": day(number)} for number in (4, 5)]
    assert [row["profile_id"] for row in lines({"events": events}, mapped)] == [10, 20]


def test_every_canonical_fact_but_order_lines_has_a_kind() -> None:
    from cdp_assets.canonical.tables import FACTS

    assert {schema.name for schema in FACTS} - set(SCHEMAS) == {"order_lines"}


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=lambda schema: schema.name)
def test_a_fact_with_only_what_is_required_has_a_title(schema: TableSchema) -> None:
    least: dict[str, Any] = {"string": "x", "boolean": True, "int64": 1}
    row = {
        column.name: day(1) if column.name == schema.event_time else least.get(column.type, Decimal(1))
        for column in schema.columns
        if column.required
    }
    (line,) = lines({schema.name: [row | {"record_id": 1}]})
    assert line["title"]


def test_the_timeline_compiles_for_spark() -> None:
    tables = {name: ibis.table(schema.ibis_schema, name=name) for name, schema in SCHEMAS.items()}
    assert spark_sql(timeline(tables, ibis.table(PROFILE_MAP, name="profile_map")))
