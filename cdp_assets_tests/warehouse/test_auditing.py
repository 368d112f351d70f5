"""A large table that changes by key is looked at where it changes, and nothing that is wrong passes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest

from cdp_assets.canonical.schema import Column, TableSchema
from cdp_assets.quality.checks import Check, CheckResult, expect, no_rows, standard_checks
from cdp_assets.quality.news import answered_by_news, narrowed
from cdp_assets.warehouse import auditing
from cdp_assets.warehouse.built import InPlace, Patch
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets.warehouse.standing import Note

ORDERS = TableSchema(
    "orders",
    "Orders.",
    (Column("id", "int64", "Order."), Column("amount", "int64", "Amount.", required=True)),
    key=("id",),
)
PAID = ("shop", "orders")
CHECKS = [
    *standard_checks(ORDERS),
    Check(
        "positive", "Amounts are positive.", (no_rows(lambda t, _: t.filter(t.amount < 0), "No amount is below 0."),)
    ),
    Check("some", "There is much.", (expect("expect_table_row_count_to_be_between", min_value=2),)),
]


def rows(engine: DuckDBEngine, *values: tuple[int | None, int | None]) -> ir.Table:
    ids, amounts = zip(*values, strict=True) if values else ((), ())
    table = pa.table({"id": pa.array(ids, pa.int64()), "amount": pa.array(amounts, pa.int64())})
    return engine.from_arrow(table, ORDERS.ibis_schema)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> DuckDBEngine:
    monkeypatch.setattr(auditing, "LARGE", 0)
    engine = DuckDBEngine.in_memory()
    engine.stage_table("shop", ORDERS, rows(engine, (1, 10), (2, 20), (3, 30)))
    engine.publish([PAID])
    return engine


def audit(
    engine: DuckDBEngine,
    gone: list[int],
    came: list[tuple[int | None, int | None]],
    held: Mapping[str, bool] | None = None,
) -> tuple[dict[str, CheckResult], bool]:
    """Outcomes by check, and whether the fingerprint is that of the table as it will be."""
    passed = {check.name: True for check in CHECKS} | dict(held or {})
    before = Note(
        {},
        engine.fingerprint(engine.table(*PAID)),
        [CheckResult(name, outcome, True, "", {}) for name, outcome in passed.items()],
    )
    ids = engine.from_arrow(pa.table({"id": pa.array(gone, pa.int64())}), ibis.schema({"id": "int64"}))
    staged = engine.stage_patch("shop", ORDERS, Patch("id", ids, rows(engine, *came)))
    news = auditing.news_of(engine, PAID, before)
    assert news is not None
    outcomes = auditing.audited(engine, CHECKS, staged, {}, None, news)
    fingerprint = auditing.fingerprint(engine, staged, staged, before, news)
    assert [outcome.name for outcome in outcomes] == [check.name for check in CHECKS]
    return {outcome.name: outcome for outcome in outcomes}, fingerprint == engine.fingerprint(staged)


def failed(outcomes: Mapping[str, CheckResult]) -> set[str]:
    return {name for name, outcome in outcomes.items() if not outcome.passed}


def test_what_comes_is_looked_at_and_the_fingerprint_is_that_of_the_whole(engine: DuckDBEngine) -> None:
    outcomes, alike = audit(engine, [2, 9], [(2, 25), (9, 1)])
    assert (failed(outcomes), alike) == (set(), True)
    [counted] = outcomes["some"].metadata["expectations"]
    assert counted["observed_value"] == 4, "what is said of the table as a whole is asked of the whole"


@pytest.mark.parametrize(
    ("gone", "came", "wrong"),
    [
        ([9], [(9, -1)], {"positive"}),
        ([9], [(9, None)], {"schema_and_keys"}),
        ([9], [(9, 1), (9, 2)], {"schema_and_keys"}),
        ([], [(1, 10)], {"schema_and_keys"}),
        ([1, 2], [], {"some"}),
    ],
)
def test_what_is_wrong_with_a_change_is_found(
    engine: DuckDBEngine, gone: list[int], came: list[tuple[int | None, int | None]], wrong: set[str]
) -> None:
    outcomes, alike = audit(engine, gone, came)
    assert (failed(outcomes), alike) == (wrong, True)


def test_of_a_check_only_what_is_said_of_the_whole_is_asked_of_the_whole(
    engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    much, positive = expect("expect_table_row_count_to_be_between", "There is much.", min_value=2), CHECKS[1]
    monkeypatch.setitem(globals(), "CHECKS", [replace(positive, expectations=(much, *positive.expectations))])
    asked: list[tuple[str, str]] = []
    evaluate = auditing.evaluate  # type: ignore[attr-defined]

    def watched(engine: Any, checks: Sequence[Check], table: ir.Table, *rest: Any) -> list[CheckResult]:
        name = table.get_name().removeprefix("shop.")
        asked.extend((name, each.description) for check in checks for each in check.expectations)
        return evaluate(engine, checks, table, *rest)

    monkeypatch.setattr(auditing, "evaluate", watched)
    told = ["There is much.", "No amount is below 0."]
    for came, wrong in (((9, 1), set()), ((9, -1), {"positive"})):
        outcomes, _ = audit(engine, [9], [came])
        assert failed(outcomes) == wrong
        assert [each["expectation"] for each in outcomes["positive"].metadata["expectations"]] == told
        assert asked == [("orders__coming", told[1]), ("orders__staged", told[0])]
        asked.clear()
    assert failed(audit(engine, [1, 2], [])[0]) == {"positive"}
    assert asked == [("orders__staged", told[0])]


@pytest.mark.parametrize("large", [0, 1_000])
def test_where_nothing_comes_what_held_of_each_row_is_not_asked_again(
    engine: DuckDBEngine, large: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditing, "LARGE", large)
    asked: list[str] = []
    evaluate = auditing.evaluate  # type: ignore[attr-defined]

    def watched(engine: Any, checks: Sequence[Check], *rest: Any) -> list[CheckResult]:
        asked.extend(check.name for check in checks)
        return evaluate(engine, checks, *rest)

    monkeypatch.setattr(auditing, "evaluate", watched)
    outcomes, alike = audit(engine, [1], [])
    assert (failed(outcomes), alike) == (set(), True)
    assert asked == ["some"], "what is said of the table as a whole may be another thing now"
    asked.clear()
    assert failed(audit(engine, [1], [], held={"positive": False})[0]) == set()
    assert asked == ["positive", "some"]


def test_a_small_table_to_which_rows_come_is_looked_at_as_a_whole(
    engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditing, "LARGE", 1_000)
    before = Note({}, engine.fingerprint(engine.table(*PAID)))
    nobody = engine.from_arrow(pa.table({"id": pa.array([], pa.int64())}), ibis.schema({"id": "int64"}))
    engine.stage_patch("shop", ORDERS, Patch("id", nobody, rows(engine, (9, 9))))
    assert auditing.news_of(engine, PAID, before) is None


def test_what_did_not_hold_before_is_asked_of_the_whole(engine: DuckDBEngine) -> None:
    engine.stage_table("shop", ORDERS, rows(engine, (1, -10), (2, 20)))
    engine.publish([PAID])
    assert failed(audit(engine, [2], [(2, 25)], held={"positive": False})[0]) == {"positive"}
    assert failed(audit(engine, [1], [(1, 25)], held={"positive": False})[0]) == set()


@pytest.mark.parametrize(("amount", "wrong"), [(9, set()), (None, {"schema_and_keys"})])
def test_whether_columns_are_filled_is_asked_of_the_rows_that_were_appended(
    engine: DuckDBEngine, amount: int | None, wrong: set[str]
) -> None:
    engine.append("shop", "orders", rows(engine, (None, 1)))  # which only a look at the whole finds
    engine.append("shop", "orders", rows(engine, (9, amount)))
    orders = engine.table(*PAID)
    appended = InPlace(appended=orders.filter(orders.id == 9))

    def found(result: InPlace, held: bool | None) -> set[str]:
        outcome = [CheckResult("schema_and_keys", bool(held), True, "", {})]
        before = None if held is None else Note({}, engine.fingerprint(orders), outcome)
        checks = auditing.of_appended(CHECKS, result, before)
        outcomes = {each.name: each for each in auditing.audited(engine, checks, orders, {}, None, None)}
        told = [each["expectation"] for each in outcomes["schema_and_keys"].metadata["expectations"]]
        assert told == [each.description for each in CHECKS[0].expectations]
        return failed(outcomes)

    assert found(appended, held=True) == wrong
    for result, held in ((appended, False), (appended, None), (InPlace(), True)):
        assert found(result, held) == {"schema_and_keys"}


def test_only_what_is_expected_of_each_row_is_answered_by_the_rows_that_come(engine: DuckDBEngine) -> None:
    orders, known = engine.table(*PAID), rows(engine, (1, 1))

    def answered(check: Check, *key: str) -> bool:
        return all(answered_by_news(each, key, orders, {"known": known}) for each in check.expectations)

    def one(expectation: object) -> Check:
        return Check("one", "One.", (expectation,))

    [standard] = standard_checks(ORDERS)
    assert answered(standard, "id")
    assert not answered(standard, "amount")
    assert answered(one(expect("expect_column_values_to_be_in_set", column="amount", value_set=[1])), "id")
    assert not answered(one(expect("expect_column_values_to_be_unique", column="amount")), "id")
    assert not answered(one(expect("expect_column_sum_to_be_between", column="amount", min_value=0)), "id")
    assert answered(one(no_rows(lambda t, _: t.filter(t.amount + 1 < t.id), "Alike.")), "id")
    assert not answered(one(no_rows(lambda t, tables: t.anti_join(tables["known"], "id"), "Known.")), "id")
    assert answered(one(no_rows(lambda t, tables: t.anti_join(tables["known"], "id"), "Known.", by="id")), "id")
    assert not answered(one(no_rows(lambda t, tables: t.anti_join(tables["known"], "id"), "Known.", by="id")), "amount")
    assert not answered(one(no_rows(lambda t, _: t.filter(t.amount > t.amount.mean()), "Mean.")), "id")
    assert not answered(one(no_rows(lambda t, tables: t.filter(t.id.isin(tables["known"].id)), "In.")), "id")
    assert not answered(one(no_rows(lambda t, _: t.group_by("amount").agg(n=t.count()).filter(ibis._.n > 1), "Few.")))


FEW_ALIKE = Check(
    "few",
    "No amount is there three times.",
    (no_rows(lambda t, _: t.group_by("amount").agg(n=t.count()).filter(ibis._.n > 2), "Few alike.", of="amount"),),
)


@pytest.mark.parametrize(("came", "passes"), [((9, 20), True), ((9, 10), False)])
def test_what_needs_the_other_rows_of_a_value_has_them(
    engine: DuckDBEngine, came: tuple[int, int], passes: bool
) -> None:
    engine.stage_table("shop", ORDERS, rows(engine, (1, 10), (2, 10), (3, 20), (4, 30), (5, 30), (6, 30)))
    engine.publish([PAID])
    gone = engine.from_arrow(pa.table({"id": pa.array([], pa.int64())}), ibis.schema({"id": "int64"}))
    staged = engine.stage_patch("shop", ORDERS, Patch("id", gone, rows(engine, came)))
    coming = engine.table("shop", "orders__coming")
    [asked] = narrowed(FEW_ALIKE, staged, coming).expectations
    assert asked.rows is not None
    found = engine.to_arrow(asked.rows(coming, {}))["amount"].to_pylist()
    assert found == ([] if passes else [10]), "30 was there before, and does not come"


def test_it_is_so_only_where_the_function_says_which_rows_come(engine: DuckDBEngine) -> None:
    orders = engine.table(*PAID)
    [few_alike] = FEW_ALIKE.expectations
    assert answered_by_news(few_alike, ["id"], orders, {}, told=True)
    assert not answered_by_news(few_alike, ["id"], orders, {})
