"""Who meets which condition."""

from __future__ import annotations

import ibis
import pyarrow as pa
import pytest

from cdp_assets.segments.evaluate import evaluate, memberships
from cdp_assets.segments.membership import update
from cdp_assets.segments.schemas import MEMBERSHIP_CHANGES, MEMBERSHIPS, SEGMENT_SIZES, inputs_schema
from cdp_assets.segments.spec import SegmentSpec
from cdp_assets.warehouse.lineage import column_lineage
from cdp_assets.warehouse.matching import Expressed
from cdp_assets_tests.segments.people import CUSTOMER, JUNE_1, REDIRECTS, Stage, segment

LOYAL = segment("loyal", "orders >= 3")
GERMAN = segment("german", "country = 'DE'")
RARE_REFUNDS = segment("efficient", "net_spend / orders > 10")


def members(stage: Stage, *specs: SegmentSpec) -> set[tuple[str, int]]:
    rows = stage.engine.to_arrow(
        memberships(evaluate(stage.customers(PEOPLE), specs, JUNE_1, stage.engine))
    ).to_pylist()
    assert len(rows) == len({tuple(row.values()) for row in rows})
    return {(row["segment"], row["profile_id"]) for row in rows}


PEOPLE = [
    {"profile_id": 1, "orders": 5, "country": "DE", "net_spend": 100},
    {"profile_id": 2, "orders": 0, "country": "DE", "net_spend": 100},
    {"profile_id": 3, "orders": 3},
    {"profile_id": 4},
]


def test_each_person_is_in_the_segments_whose_condition_is_true():
    assert members(Stage([]), LOYAL, GERMAN) == {("loyal", 1), ("loyal", 3), ("german", 1), ("german", 2)}


def test_an_unknown_answer_is_no():
    assert members(Stage([]), segment("not_german", "country <> 'DE'")) == set()


def test_nobody_enters_by_division_through_zero():
    assert members(Stage([]), RARE_REFUNDS) == {("efficient", 1)}


def test_without_segments_there_are_no_members():
    assert members(Stage([])) == set()


def test_one_scan_however_many_segments():
    table = ibis.table(CUSTOMER.ibis_schema, name="customer_360")
    many = [segment(f"s{number}", f"orders > {number}") for number in range(300)]
    sql = str(ibis.to_sql(memberships(evaluate(table, many, JUNE_1, Lazy())), dialect="duckdb"))
    assert sql.count('FROM "customer_360"') == 1


def test_lineage_of_memberships_leads_to_the_columns_of_the_conditions():
    backend = ibis.duckdb.connect()
    backend.create_database("attributes")
    table = backend.create_table("customer_360", schema=CUSTOMER.ibis_schema, database="attributes")
    traced = column_lineage(memberships(evaluate(table, [LOYAL, GERMAN], JUNE_1, Lazy())))
    assert traced == {
        "segment": {("attributes", "customer_360", "orders"), ("attributes", "customer_360", "country")},
        "profile_id": {("attributes", "customer_360", "profile_id")},
    }


class Lazy:
    """Stands for an engine where nothing is computed, only compiled."""

    @staticmethod
    def scratch(expression: ibis.Table) -> ibis.Table:
        return expression

    matches = Expressed

    def __init__(self, published: int = 1) -> None:
        self._published = published

    def to_arrow(self, expression: ibis.Table) -> pa.Table:
        """What there is to know before: whether anything was published."""
        return pa.Table.from_pylist([{}] * self._published, schema=expression.schema().to_pyarrow())


@pytest.mark.parametrize("published", [0, 1])
@pytest.mark.parametrize("name", ["memberships", "membership_changes", "segment_sizes", "segment_inputs"])
def test_every_table_of_the_stage_compiles_for_spark(name, published, spark_dialect):
    specs = [LOYAL, GERMAN, segment("recent", "last_order_at > as_of - interval 30 day and churn_risk < 0.5")]
    schemas = (MEMBERSHIPS, MEMBERSHIP_CHANGES, SEGMENT_SIZES, inputs_schema(specs, CUSTOMER))
    tables = update(
        ibis.table(CUSTOMER.ibis_schema, name="customer_360"),
        ibis.table(REDIRECTS, name="redirects"),
        {schema.name: ibis.table(schema.ibis_schema, name=schema.name) for schema in schemas},
        specs,
        CUSTOMER,
        Lazy(published),
        JUNE_1,
    )
    assert "SELECT" in str(ibis.to_sql(tables[name].table, dialect=spark_dialect))
