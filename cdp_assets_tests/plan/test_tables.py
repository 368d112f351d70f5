"""Differences of two states, on small tables."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest
from ibis.config import Config

from cdp_assets.identity import schemas as identity
from cdp_assets.plan import people
from cdp_assets.plan import tables as differences
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.identity.world import load

AT = datetime(2026, 6, 30, tzinfo=UTC)
GOLDEN = ibis.schema({"profile_id": "int64", "city": "string", "email": "string", "anonymous": "boolean"})
WIDE = ibis.schema({"profile_id": "int64", "expected_value_365d": "decimal(18, 2)", "net_spend": "decimal(18, 2)"})
ENGINE = DuckDBEngine.in_memory()


def table(schema: ibis.Schema, *rows: tuple[Any, ...]) -> ir.Table:
    named = [dict(zip(schema.names, row, strict=True)) for row in rows]
    return ENGINE.from_arrow(pa.Table.from_pylist(named, schema.to_pyarrow()), schema)


def fetched(expression: ir.Table) -> list[dict[str, Any]]:
    return ENGINE.to_arrow(expression).to_pylist()


def changes(*rows: tuple[str, int, int | None, int]) -> ir.Table:
    """Rows of the log: change, profile, other profile, records."""
    return load(
        ENGINE,
        identity.PROFILE_CHANGES,
        [
            {"change_id": number, "as_of": AT, "change": change, "profile_id": profile, "other_profile_id": other,
             "records": records, "evidence": "{}"}
            for number, (change, profile, other, records) in enumerate(rows)
        ],
    )  # fmt: skip


def test_values_gained_lost_and_replaced_are_told_apart() -> None:
    before = table(GOLDEN, (1, "Bonn", None, False), (2, "Bonn", "b@example.com", False), (3, "Rome", "c", False))
    after = table(GOLDEN, (1, "Bonn", "a@example.com", False), (2, "Köln", None, False), (4, "Oslo", "d", False))
    assert fetched(differences.value_changes(before, after, ["city", "email"])) == [
        {"gained_city": 0, "lost_city": 0, "replaced_city": 1, "gained_email": 1, "lost_email": 1, "replaced_email": 0}
    ]


def test_the_sources_between_which_values_move_are_counted() -> None:
    schema = ibis.schema({"profile_id": "int64", "attribute": "string", "value": "string", "source": "string"})
    before = table(schema, (1, "city", "Bonn", "crm"), (2, "city", "Bonn", "crm"), (3, "city", "Bonn", "crm"))
    after = table(schema, (1, "city", "Köln", "shop"), (2, "city", "Bonn", "shop"), (3, "city", "Rome", "shop"))
    assert fetched(differences.value_flows(before, after)) == [
        {"attribute": "city", "source_before": "crm", "source_after": "shop", "profiles": 2}
    ]


def test_expected_value_is_summed_over_all_and_over_those_touched() -> None:
    wide = table(WIDE, (1, Decimal("10"), Decimal("5")), (2, Decimal("20"), Decimal("7")), (3, None, Decimal("0")))
    touched = table(ibis.schema({"profile_id": "int64"}), (2,), (9,))
    assert fetched(differences.values(wide, touched)) == [
        {"expected": Decimal("30.00"), "touched": Decimal("20.00"), "spend": Decimal("12.00"), "customers": 2}
    ]
    nobody = table(WIDE)
    assert fetched(differences.values(nobody, touched))[0]["expected"] == 0


def test_profiles_whose_expectation_comes_goes_or_changes_are_found() -> None:
    before = table(WIDE, (1, Decimal("10"), Decimal("0")), (2, Decimal("20"), Decimal("0")), (3, None, Decimal("0")))
    after = table(WIDE, (1, Decimal("10"), Decimal("0")), (3, Decimal("5"), Decimal("0")), (4, None, Decimal("0")))
    assert sorted(row["profile_id"] for row in fetched(differences.other_values(before, after))) == [2, 3]


def test_changes_are_counted_by_the_profiles_from_before() -> None:
    log = changes(("merged", 1, 2, 4), ("merged", 1, 3, 2), ("split", 9, 1, 2), ("split", 8, 1, 1), ("moved", 5, 6, 7),
                  ("created", 10, None, 1))  # fmt: skip
    [found] = fetched(people.figures(log))
    assert found == {"merged": 2, "split": 1, "split_off": 2, "moved": 1, "moved_records": 7, "created": 1,
                     "removed": 0}  # fmt: skip
    [nothing] = fetched(people.figures(changes()))
    assert set(nothing.values()) == {0}


def test_what_a_run_added_is_what_was_not_there_before() -> None:
    log = changes(("created", 1, None, 3), ("created", 2, None, 3), ("merged", 1, 2, 3))
    before = log.filter(log.change == "created")
    assert [row["change"] for row in fetched(people.new_changes(before, log))] == ["merged"]
    touched = people.touched_profiles(people.new_changes(before, log))
    assert sorted(row["profile_id"] for row in fetched(touched)) == [1, 2]


def test_examples_begin_with_known_people_and_many_records() -> None:
    log = changes(("merged", 1, 2, 1), ("merged", 1, 3, 5), ("merged", 1, 4, 9))
    golden = table(
        GOLDEN, (1, None, None, False), (2, None, None, False), (3, None, None, False), (4, None, None, True)
    )
    shown = fetched(people.shown_first(log, "merged", golden, 2))
    assert [row["other_profile_id"] for row in shown] == [3, 2]


class _SparkOptions(Config):
    """Ibis reads these when it writes Spark's dialect, and registers them only where PySpark is installed."""

    treat_nan_as_null: bool = False


def test_every_difference_can_be_written_for_spark(monkeypatch: pytest.MonkeyPatch) -> None:
    if ibis.options.pyspark is None:
        monkeypatch.setattr(ibis.options, "pyspark", _SparkOptions())
    golden, wide, log = table(GOLDEN), table(WIDE), changes()
    for expression in (
        differences.value_changes(golden, golden, ["city"]),
        differences.values(wide, wide.select("profile_id")),
        differences.other_values(wide, wide),
        people.figures(log),
        people.new_changes(log, log),
        people.touched_profiles(log),
        people.shown_first(log, "merged", golden),
    ):
        assert ibis.to_sql(expression, dialect="pyspark")
