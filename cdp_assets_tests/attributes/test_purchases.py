"""What counts as a purchase, and what is known of a customer on a day."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import ibis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.attributes.known_facts import at_each, last_day
from cdp_assets.attributes.purchases import (
    distinct_histories,
    gap_histogram,
    observed_days,
    purchase_days,
    purchase_statistics,
    totals,
)
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.attributes.tables import FAR, ORDERS, REFUNDS, day, loaded, noon, purchases, rows, spark_sql
from cdp_assets_tests.examples import examples

ENGINE = DuckDBEngine.in_memory()


def test_orders_of_one_day_are_one_visit_and_their_money_adds_up(engine: DuckDBEngine) -> None:
    table = purchases(engine, [(1, 0, "10.00"), (1, 0, "5.00"), (1, 9, "20.00")])

    assert rows(engine, table, "day", "orders", "purchases", "net", "days_since_previous") == [
        (day(0), 2, 2, Decimal("15.00"), None),
        (day(9), 1, 1, Decimal("20.00"), 9),
    ]


def test_a_free_order_is_a_purchase_and_a_negative_one_is_a_correction(engine: DuckDBEngine) -> None:
    table = purchases(engine, [(1, 0, "0.00"), (2, 0, "-3.00"), (3, 0, None)])

    assert rows(engine, table, "profile_id", "orders", "purchases", "net", "unpriced_orders") == [
        (1, 1, 1, Decimal("0.00"), 0),
        (2, 1, 0, Decimal("-3.00"), 0),
        (3, 1, 1, Decimal("0.00"), 1),
    ]


def test_a_refund_belongs_to_the_day_it_was_given(engine: DuckDBEngine) -> None:
    table = purchases(engine, [(1, 0, "10.00")], refunds=[(1, 5, "4.00")])

    assert rows(engine, table, "day", "orders", "net", "refunds", "refunded") == [
        (day(0), 1, Decimal("10.00"), 0, Decimal("0.00")),
        (day(5), 0, Decimal("0.00"), 1, Decimal("4.00")),
    ]


def test_statistics_count_repeat_visits_and_average_what_they_brought(engine: DuckDBEngine) -> None:
    table = purchases(engine, [(1, 0, "99.00"), (1, 10, "20.00"), (1, 30, "40.00"), (2, 5, "7.00")])

    found = rows(engine, purchase_statistics(table, day(40)))

    assert found == [(1, 2, 30, 40, 30.0, 53.0), (2, 0, 0, 35, None, 7.0)]


def test_statistics_of_a_past_day_do_not_see_what_came_later(engine: DuckDBEngine) -> None:
    table = purchases(engine, [(1, 0, "10.00"), (1, 10, "20.00"), (2, 20, "5.00")], refunds=[(1, 12, "10.00")])

    assert rows(engine, purchase_statistics(table, day(11))) == [(1, 1, 10, 11, 20.0, 15.0)]


def test_statistics_of_several_days_are_those_of_each(engine: DuckDBEngine) -> None:
    table = purchases(engine, [(1, 0, "10.00"), (1, 10, "20.00"), (2, 20, "5.00")], refunds=[(1, 12, "10.00")])

    together = purchase_statistics(at_each(table, [day(11), day(25)]), None)

    for until in (day(11), day(25)):
        of_day = together.filter(together.until == until).drop("until")
        assert rows(engine, of_day) == rows(engine, purchase_statistics(table, until)) != []


def test_the_refunded_share_is_taken_off_the_value_of_visits(engine: DuckDBEngine) -> None:
    table = purchases(engine, [(1, 0, "30.00"), (1, 10, "10.00"), (2, 0, "10.00")], [(1, 12, "10.00"), (2, 1, "25.00")])

    statistics = purchase_statistics(table, day(20)).select("profile_id", "repeat_value", "mean_value")

    assert rows(engine, statistics) == [(1, 7.5, 15.0), (2, None, 0.0)]


def test_an_order_without_an_exchange_rate_is_a_visit_of_unknown_value(engine: DuckDBEngine) -> None:
    table = purchases(engine, [(1, 0, "10.00"), (1, 7, None), (2, 0, None)])

    found = rows(engine, purchase_statistics(table, day(7)), "profile_id", "frequency", "repeat_value", "mean_value")

    assert found == [(1, 1, None, 10.0), (2, 0, None, None)]


def test_a_profile_with_refunds_or_corrections_only_is_no_customer(engine: DuckDBEngine) -> None:
    table = purchases(engine, [(2, 0, "-5.00")], refunds=[(1, 0, "5.00")])

    assert rows(engine, purchase_statistics(table, day(9))) == []


def test_customers_with_equal_histories_share_a_row(engine: DuckDBEngine) -> None:
    table = purchases(engine, [(1, 0, "1.00"), (2, 0, "9.00"), (3, 0, "1.00"), (3, 4, "1.00")])

    assert rows(engine, distinct_histories(purchase_statistics(table, day(20)))) == [(0, 0, 20, 2), (1, 4, 20, 1)]


def test_weeks_keep_a_repeat_visit_apart_from_none(engine: DuckDBEngine) -> None:
    table = purchases(engine, [(1, 0, "1.00"), (1, 2, "1.00"), (2, 0, "1.00"), (2, 18, "1.00")])

    found = rows(engine, distinct_histories(purchase_statistics(table, day(20)), grain_days=7))

    assert found == [(1, 3, 21, 1), (1, 21, 21, 1)]


def test_gaps_are_counted_by_their_length(engine: DuckDBEngine) -> None:
    table = purchases(engine, [(1, 0, "1.00"), (1, 7, "1.00"), (1, 14, "1.00"), (2, 3, "1.00"), (2, 40, "1.00")])

    assert rows(engine, gap_histogram(table, day(30))) == [(7, 2)]
    assert rows(engine, observed_days(table, day(30))) == [(day(0), 2)]


def test_orders_without_an_exchange_rate_do_not_lower_the_average(engine: DuckDBEngine) -> None:
    table = purchases(engine, [(1, 0, "10.00"), (1, 3, None), (1, 9, "20.00"), (2, 1, None)])

    found = rows(engine, totals(table, day(20)), "profile_id", "orders", "order_value", "average_order_value")

    assert found == [(1, 3, Decimal("30.00"), Decimal("15.00")), (2, 1, Decimal("0.00"), None)]


def test_totals_reconcile_whatever_the_windows(engine: DuckDBEngine) -> None:
    table = purchases(engine, [(1, 0, "10.00"), (1, 400, "20.00"), (2, 395, "-3.00")], refunds=[(1, 390, "4.50")])

    found = rows(
        engine, totals(table, day(400)), "profile_id", "orders", "net_spend", "orders_90d", "net_spend_365d",
        "days_since_order", "last_order_at",
    )  # fmt: skip

    assert found == [
        (1, 2, Decimal("25.50"), 1, Decimal("15.50"), 0, noon(400)),
        (2, 1, Decimal("-3.00"), 1, Decimal("-3.00"), 5, noon(395)),
    ]


def test_midnight_still_belongs_to_the_day_before() -> None:
    assert last_day(datetime(2026, 6, 30, tzinfo=UTC)).isoformat() == "2026-06-29"
    assert last_day(datetime(2026, 6, 30, 0, 1, tzinfo=UTC)).isoformat() == "2026-06-30"


def test_a_run_of_a_past_instant_sees_nothing_later_but_for_clocks_that_go_before(engine: DuckDBEngine) -> None:
    orders = loaded(
        engine,
        [{"profile_id": 1, "ordered_at": noon(number), "net_reporting": Decimal(1)} for number in (0, 5, 6, 7)],
        ORDERS,
    )

    table = purchase_days(orders, loaded(engine, [], REFUNDS), as_of=noon(5))

    # Day 6 lies within a day of the instant and counts as the last day that has begun.
    assert rows(engine, table, "day", "orders", "last_order_at") == [(day(0), 1, noon(0)), (day(5), 2, noon(6))]


def test_no_orders_give_empty_tables(engine: DuckDBEngine) -> None:
    table = purchases(engine, [])

    assert rows(engine, purchase_statistics(table, day(0))) == []
    assert rows(engine, totals(table, day(0))) == []
    assert rows(engine, gap_histogram(table, day(0))) == []
    assert rows(engine, observed_days(table, day(0))) == [(None, 0)]


@examples(15)
@given(
    st.lists(
        st.tuples(st.integers(1, 4), st.integers(0, 60), st.decimals("-20", "200", places=2).map(str)), max_size=25
    ),
    st.lists(st.tuples(st.integers(1, 4), st.integers(0, 60), st.decimals("0", "50", places=2).map(str)), max_size=6),
)
def test_money_is_never_lost_and_histories_are_always_possible(
    orders: list[tuple[int, int, str]], refunds: list[tuple[int, int, str]]
) -> None:
    table = purchases(ENGINE, orders, refunds)
    spent = sum((Decimal(net) for _, _, net in orders), Decimal(0))
    returned = sum((Decimal(amount) for _, _, amount in refunds), Decimal(0))

    assert sum((row[0] for row in rows(ENGINE, totals(table, day(60)), "net_spend", "orders")), Decimal(0)) == (
        spent - returned
    )
    for _, frequency, recency, age, repeat_value, _ in rows(ENGINE, purchase_statistics(table, day(60))):
        assert 0 <= recency <= age
        assert (frequency == 0) == (recency == 0)
        assert repeat_value is None or repeat_value >= 0


@pytest.mark.parametrize("expression", [totals, purchase_statistics, gap_histogram, observed_days])
def test_it_compiles_for_spark(engine: DuckDBEngine, expression: object) -> None:
    table = purchases(engine, [(1, 0, "10.00")])

    assert spark_sql(purchase_days(ibis.table(ORDERS, name="orders"), ibis.table(REFUNDS, name="refunds"), FAR))
    assert spark_sql(expression(table, day(10)))
    assert spark_sql(distinct_histories(purchase_statistics(table, day(10)), grain_days=7))
