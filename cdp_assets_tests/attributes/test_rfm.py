"""Recency, frequency and monetary value as quintiles and named groups."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.attributes.rfm import GROUPS, group_sizes, heat_map, rfm_scores, scored_with_picture
from cdp_assets.warehouse.built import Plot
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.attributes.tables import day, purchases, rows, spark_sql
from cdp_assets_tests.examples import examples

ENGINE = DuckDBEngine.in_memory()


def test_five_different_customers_fill_five_quintiles(engine: DuckDBEngine) -> None:
    orders = [(profile, 10 * profile, f"{profile}.00") for profile in range(1, 6)]

    scores = rfm_scores(purchases(engine, orders), day(60))

    assert rows(engine, scores, "profile_id", "recency_days", "monetary", "r_score", "m_score") == [
        (1, 50, Decimal("1.00"), 1, 1),
        (2, 40, Decimal("2.00"), 2, 2),
        (3, 30, Decimal("3.00"), 3, 3),
        (4, 20, Decimal("4.00"), 4, 4),
        (5, 10, Decimal("5.00"), 5, 5),
    ]


def test_customers_who_bought_equally_often_score_equally(engine: DuckDBEngine) -> None:
    # Three of four bought twice: they share the middle of the lowest three quarters.
    orders = [(1, 0, "1.00"), (2, 0, "1.00"), (3, 0, "1.00"), (4, 0, "1.00"), (4, 9, "1.00")]
    again = [(profile, 5, "1.00") for profile in range(1, 5)]

    assert rows(engine, rfm_scores(purchases(engine, [*orders, *again]), day(10)), "profile_id", "f_score") == [
        (1, 2), (2, 2), (3, 2), (4, 5),
    ]  # fmt: skip


def test_whoever_bought_once_is_no_loyalist_even_where_most_did(engine: DuckDBEngine) -> None:
    orders = [(profile, 10 * profile, "1.00") for profile in range(1, 9)] + [(9, 0, "1.00"), (9, 80, "1.00")]

    scores = rows(engine, rfm_scores(purchases(engine, orders), day(81)), "profile_id", "f_score", "rfm_group")

    assert [score for _, score, _ in scores] == [1] * 8 + [5]
    assert scores[7][2] == "new customers"
    assert scores[0][2] == "hibernating"


def test_money_is_net_of_refunds(engine: DuckDBEngine) -> None:
    table = purchases(engine, [(1, 0, "50.00"), (1, 3, "20.00")], refunds=[(1, 5, "30.00")])

    assert rows(engine, rfm_scores(table, day(10)), "frequency", "monetary") == [(2, Decimal("40.00"))]


def test_the_recent_and_frequent_are_champions_and_the_old_and_rare_hibernate(engine: DuckDBEngine) -> None:
    orders = [(1, 0, "1.00")]
    orders += [(2, number, "1.00") for number in (80, 85, 90, 95)]
    orders += [(3, number, "1.00") for number in (0, 1, 2, 3)]
    orders += [(4, 99, "1.00")]

    assert rows(engine, rfm_scores(purchases(engine, orders), day(100)), "profile_id", "r_score", "rfm_group") == [
        (1, 1, "hibernating"),
        (2, 4, "loyal"),
        (3, 2, "at risk"),
        (4, 5, "new customers"),
    ]


def test_one_customer_alone_is_average(engine: DuckDBEngine) -> None:
    scores = rfm_scores(purchases(engine, [(1, 0, "5.00"), (1, 1, "5.00")]), day(3))

    assert rows(engine, scores, "r_score", "f_score", "m_score", "rfm_group") == [(3, 3, 3, "need attention")]


def test_the_picture_is_left_out_where_there_is_nothing_to_draw(engine: DuckDBEngine) -> None:
    nobody = scored_with_picture(purchases(engine, []), day(0), engine)
    somebody = scored_with_picture(purchases(engine, [(1, 0, "5.00")]), day(3), engine)

    assert "heat_map" not in nobody.metadata
    assert rows(engine, nobody.table) == []
    assert isinstance(somebody.metadata["heat_map"], Plot)
    assert somebody.metadata["customers_by_group"]["about to sleep"] == 1


def test_the_heat_map_shows_every_cell(engine: DuckDBEngine) -> None:
    cells = engine.to_pandas(group_sizes(rfm_scores(purchases(engine, [(1, 0, "5.00"), (2, 5, "5.00")]), day(9))))

    texts = [text.get_text() for text in heat_map(cells).axes[0].texts]

    assert len(texts) == 25
    assert sum(text.endswith("\n1") for text in texts) == 2


@examples(15)
@given(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 90), st.integers(0, 500)), min_size=1, max_size=40))
def test_scores_never_contradict_the_figures(orders: list[tuple[int, int, int]]) -> None:
    table = purchases(ENGINE, [(profile, number, f"{net}.00") for profile, number, net in orders])
    scored = rows(ENGINE, rfm_scores(table, day(90)), "profile_id", "frequency", "f_score", "rfm_group", "r_score")

    for _, frequency, score, group, r_score in scored:
        assert 1 <= score <= 5
        assert 1 <= r_score <= 5
        assert group in GROUPS
        for _, other, other_score, _, _ in scored:
            assert (frequency == other) <= (score == other_score)
            assert (frequency > other) <= (score >= other_score)


def test_it_compiles_for_spark(engine: DuckDBEngine) -> None:
    assert spark_sql(rfm_scores(purchases(engine, []), day(0)))
