"""What each type of a contract accepts, and that the same expressions compile for the other engine."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import ibis
import pytest

from cdp_assets.sources.contract import filled, typed_value
from cdp_assets.sources.json_text import json_object
from cdp_assets.sources.spec import COLUMN_TYPES, ColumnSpec
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets.warehouse.subqueries import computed_once


def read(text: str | None, type_: Any, zone: str = "UTC", column_zone: str | None = None, **changes: Any) -> Any:
    """What one text is read as."""
    table = ibis.memtable({"text": [text]}, schema={"text": "string"})
    value = typed_value(filled(table.text), ColumnSpec("c", type_, zone=column_zone, **changes), zone)
    return DuckDBEngine.in_memory().to_arrow(table.select(value=value))["value"][0].as_py()


@pytest.mark.parametrize(
    ("text", "type_", "value"),
    [
        (" a b ", "string", "a b"),
        ("\tx\n", "string", "x"),
        ("", "string", None),
        ("   ", "integer", None),
        ("17850.0", "integer", 17850),
        ("-3", "integer", -3),
        ("1.5", "integer", None),
        ("1,234", "integer", 1234),
        ("12.345", "decimal", Decimal("12.3450")),
        ("1,234.50", "decimal", Decimal("1234.5000")),
        ("12,34", "decimal", None),
        ("€ 5", "decimal", None),
        ("1e3", "float", 1000.0),
        ("Yes", "boolean", True),
        ("0", "boolean", False),
        ("maybe", "boolean", None),
        ("2026-02-28", "date", date(2026, 2, 28)),
        ("2026-02-30", "date", None),
        ('{"a": 1}', "json", '{"a": 1}'),
        ("{a: 1}", "json", None),
        (None, "timestamp", None),
    ],
)
def test_text_is_read_by_its_type_or_is_null(text: str | None, type_: Any, value: Any) -> None:
    assert read(text, type_) == value


@pytest.mark.parametrize("type_", ["integer", "decimal", "float"])
def test_a_number_is_looked_at_few_times_however_many_ways_there_are_to_write_it(type_: Any) -> None:
    rows = ibis.table({"text": "string"}, name="rows")
    column = ColumnSpec("c", type_, symbol="CHF")
    assert str(ibis.to_sql(typed_value(rows.text, column, "UTC").name("value"))).count('"text"') < 40


def test_a_decimal_comma_is_read_where_the_contract_says_so() -> None:
    assert read("1.234,50", "decimal", decimal_mark=",") == Decimal("1234.5000")
    assert read("12,5", "float", decimal_mark=",") == 12.5
    assert read("12.5", "decimal", decimal_mark=",") is None


@pytest.mark.parametrize(
    ("text", "type_", "changes", "value"),
    [
        ("1\u00a0015,09\u00a0zł", "decimal", {"decimal_mark": ",", "symbol": "zł"}, Decimal("1015.0900")),
        ("-1\u202f234\u202f015,09", "decimal", {"decimal_mark": ","}, Decimal("-1234015.0900")),
        ("\u00a012345.5", "decimal", {}, Decimal("12345.5000")),
        ("1\u00a0015", "integer", {}, 1015),
        ("1\u00a0015.5", "float", {}, 1015.5),
        ("12\u00a034", "integer", {}, None),
        ("1\u00a0015,09", "decimal", {}, None),
        ("1 015", "integer", {}, None),
        ("1 015,09", "decimal", {"decimal_mark": ","}, Decimal("1015.0900")),
        ("1 01 5.00", "decimal", {}, None),
    ],
)
def test_spaces_may_group_thousands(text: str, type_: Any, changes: dict[str, Any], value: Any) -> None:
    assert read(text, type_, **changes) == value


def test_a_symbol_beside_a_number_is_no_part_of_it_where_the_contract_says_so() -> None:
    texts = ["€ 1.234,50", "-12,00 €", "-€ 1,50", "€ -1,50", "(1,50 €)", "7", "$ 7", "€"]
    found = [read(text, "decimal", decimal_mark=",", symbol="€") for text in texts]
    less = Decimal("-1.5")
    assert found == [Decimal("1234.5"), Decimal("-12"), less, less, less, Decimal("7"), None, None]


def test_thousands_may_be_grouped_by_lakhs_and_other_groups_are_no_number() -> None:
    texts = ["1,23,45,678.50", "-1,23,456", "1,234,567.00", "1,23", "12,3456", "1,23,45"]
    found = [read(text, "decimal") for text in texts]
    assert found == [Decimal("12345678.5"), Decimal("-123456"), Decimal("1234567"), None, None, None]


@pytest.mark.parametrize(
    ("text", "changes", "value"),
    [
        ("\u221212.50", {}, "-12.5"),
        ("\u201312,50", {"decimal_mark": ","}, "-12.5"),
        ("\u22121,234.50", {}, "-1234.5"),
        ("\u2212$ 5", {"symbol": "$"}, "-5"),
        ("$\uff0d5", {"symbol": "$"}, "-5"),
        ("12.-", {}, "12"),
        ("1.200,- kr", {"decimal_mark": ",", "symbol": "kr"}, "1200"),
        ("-100,\u2013", {"decimal_mark": ","}, "-100"),
        ("Rs. 1,200/-", {"symbol": "Rs."}, "1200"),
        ("100,-", {}, None),
        ("0,125", {}, None),
        ("0.125", {"decimal_mark": ","}, None),
    ],
)
def test_a_dash_is_a_minus_or_stands_in_place_of_cents(text: str, changes: dict[str, Any], value: str | None) -> None:
    assert read(text, "decimal", **changes) == (None if value is None else Decimal(value))


def test_times_without_a_zone_are_in_the_streams_zone_or_the_columns_own() -> None:
    summer = datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert read("2026-07-01 12:00:00", "timestamp", zone="Europe/Berlin") == summer
    assert read("2026-07-01 11:00:00", "timestamp", zone="Europe/Berlin", column_zone="Europe/London") == summer
    assert read("2026-07-01T12:00:00+02:00", "timestamp", zone="America/New_York") == summer
    assert read("01.07.2026 12:00", "timestamp", zone="Europe/Berlin", formats=("%d.%m.%Y %H:%M",)) == summer


@pytest.mark.parametrize("type_", COLUMN_TYPES)
def test_every_type_compiles_for_spark(type_: Any) -> None:
    table = ibis.table({"text": "string"}, name="raw")
    ibis.to_sql(table.select(value=typed_value(filled(table.text), ColumnSpec("c", type_), "UTC")), dialect="pyspark")


def test_rows_become_json_that_json_reads_back() -> None:
    import json

    given = {"a": 'x "y" \\ z\n\t', "b": None, "c": "ü", "d e": ""}
    table = ibis.memtable({name: [value] for name, value in given.items()}, schema=dict.fromkeys(given, "string"))
    text = DuckDBEngine.in_memory().to_arrow(table.select(j=json_object({name: table[name] for name in given})))
    assert json.loads(text["j"][0].as_py()) == {name: value for name, value in given.items() if value is not None}


def test_what_is_computed_once_is_written_once() -> None:
    table = ibis.table({"text": "string"}, name="raw")
    once = computed_once(table.select(upper=table.text.upper()))
    sql = str(ibis.to_sql(once.select(a=once.upper + "1", b=once.upper + "2"), dialect="duckdb"))
    assert sql.count("UPPER") == 1
