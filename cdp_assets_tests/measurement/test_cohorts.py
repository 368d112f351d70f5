"""Who came back in which month after their first purchase."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from cdp_assets.measurement.cohorts import cohorts, cohorts_with_picture
from cdp_assets.measurement.schemas import COHORTS
from cdp_assets.warehouse.built import Plot
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.attributes.tables import day, noon, purchases, rows, spark_sql

JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)
COLUMNS = ("cohort", "months_since", "customers", "active", "retention", "net_spend")


def test_customers_are_followed_from_the_month_of_their_first_purchase(engine: DuckDBEngine) -> None:
    table = purchases(
        engine,
        [(1, 0, "10.00"), (1, 5, "1.00"), (1, 60, "20.00"), (2, 10, "5.00"), (3, 40, "7.00")],
        refunds=[(2, 33, "5.00")],
    )

    found = cohorts(table, day(75))

    assert set(found.columns) == set(COHORTS.column_names)
    assert rows(engine, found, *COLUMNS) == [
        (JANUARY, 0, 2, 2, 1.0, Decimal("16.00")),
        (JANUARY, 1, 2, 0, 0.0, Decimal("-5.00")),
        (JANUARY, 2, 2, 1, 0.5, Decimal("20.00")),
        (FEBRUARY, 0, 1, 1, 1.0, Decimal("7.00")),
        (FEBRUARY, 1, 1, 0, 0.0, Decimal("0.00")),
    ]
    assert spark_sql(found)


def test_what_came_after_the_instant_is_not_seen(engine: DuckDBEngine) -> None:
    table = purchases(engine, [(1, 0, "10.00"), (1, 60, "20.00")])

    assert rows(engine, cohorts(table, day(20)), *COLUMNS) == [(JANUARY, 0, 1, 1, 1.0, Decimal("10.00"))]


def test_the_heat_map_is_drawn_where_there_are_customers(engine: DuckDBEngine) -> None:
    some = cohorts_with_picture(purchases(engine, [(1, 0, "10.00"), (1, 60, "20.00")]), noon(70), engine)
    none = cohorts_with_picture(purchases(engine, []), noon(70), engine)

    assert isinstance(some.metadata["heat_map"], Plot)
    assert none.metadata == {}
    assert rows(engine, none.table) == []
