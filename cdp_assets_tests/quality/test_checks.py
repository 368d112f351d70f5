"""Checks are evaluated inside the engine, on a real DuckDB file, and never give a value of the data away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import ibis
import ibis.expr.types as ir
import pytest

from cdp_assets.canonical.schema import Column, TableSchema
from cdp_assets.quality.checks import Check, CheckResult, expect, no_rows, standard_checks
from cdp_assets.quality.docs import build_data_docs
from cdp_assets.quality.runner import evaluate
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine

PEOPLE = TableSchema(
    "people",
    "One row per person and country.",
    (
        Column("id", "int64", "Id.", required=True),
        Column("country", "string", "Country.", required=True),
        Column("email", "string", "E-mail."),
        Column("age", "int64", "Age."),
    ),
    key=("id", "country"),
)

GOOD = [(1, "DE", "ada@example.org", 36), (1, "FR", "bob@example.org", None), (2, "DE", None, 41)]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckDBEngine]:
    connection = duckdb.connect(str(tmp_path / "warehouse.duckdb"))
    yield DuckDBEngine(connection)
    connection.close()


def staged(engine: DuckDBEngine, rows: list[tuple[object, ...]], schema: TableSchema = PEOPLE) -> ir.Table:
    return engine.stage_table("profiles", schema, ibis.memtable(rows, schema=schema.ibis_schema))


def outcome(results: list[CheckResult]) -> dict[str, bool]:
    return {result.name: result.passed for result in results}


def test_a_table_that_keeps_its_promises_passes(engine: DuckDBEngine) -> None:
    results = evaluate(engine, standard_checks(PEOPLE), staged(engine, GOOD), {})
    assert outcome(results) == {"schema_and_keys": True}
    assert results[0].blocking


def test_a_repeated_compound_key_fails_and_its_parts_may_repeat(engine: DuckDBEngine) -> None:
    (result,) = evaluate(engine, standard_checks(PEOPLE), staged(engine, [*GOOD, (2, "DE", None, 1)]), {})
    assert not result.passed
    assert [part["success"] for part in result.metadata["expectations"]] == [True, True, False]
    assert result.metadata["expectations"][2]["unexpected_count"] == 1


@pytest.mark.parametrize("rows", [GOOD, list(reversed(GOOD)), [(1, "DE", None, 1), (1, "AT", None, 1)]])
def test_a_unique_key_is_unique_in_whatever_order_its_rows_lie(
    engine: DuckDBEngine, rows: list[tuple[object, ...]]
) -> None:
    assert outcome(evaluate(engine, standard_checks(PEOPLE), staged(engine, rows), {})) == {"schema_and_keys": True}


@pytest.mark.parametrize("rows", [[GOOD[0], *GOOD], [*GOOD, GOOD[0]], [GOOD[0], (1, "FR", "x", 1), *GOOD[:1]]])
def test_a_repeated_key_is_found_in_whatever_order_its_rows_lie(
    engine: DuckDBEngine, rows: list[tuple[object, ...]]
) -> None:
    assert outcome(evaluate(engine, standard_checks(PEOPLE), staged(engine, rows), {})) == {"schema_and_keys": False}


def test_an_empty_required_column_fails_and_is_named(engine: DuckDBEngine) -> None:
    rows = [*GOOD, (3, None, None, 1), (4, None, None, 1)]
    (result,) = evaluate(engine, standard_checks(PEOPLE), staged(engine, rows), {})
    assert not result.passed
    assert result.metadata["expectations"][1]["observed_value"] == "country: 2 empty"


def test_a_column_too_many_fails(engine: DuckDBEngine) -> None:
    wider = PEOPLE.extended(Column("extra", "string", "Not documented."))
    table = staged(engine, [(*row, "x") for row in GOOD], wider)
    assert outcome(evaluate(engine, standard_checks(PEOPLE), table, {})) == {"schema_and_keys": False}


def test_an_empty_table_passes(engine: DuckDBEngine) -> None:
    assert outcome(evaluate(engine, standard_checks(PEOPLE), staged(engine, []), {})) == {"schema_and_keys": True}


def test_regular_expressions_match_within_the_text_and_count_what_does_not(engine: DuckDBEngine) -> None:
    match = expect("expect_column_values_to_match_regex", column="email", regex=r"@example\.(org|com)$")
    refuse = expect("expect_column_values_to_match_regex", column="email", regex=r"^ada@")
    results = evaluate(engine, [Check("domain", "d", (match,)), Check("ada", "d", (refuse,))], staged(engine, GOOD), {})
    assert outcome(results) == {"domain": True, "ada": False}
    counts = results[1].metadata["expectations"][0]
    assert (counts["element_count"], counts["missing_count"], counts["unexpected_count"]) == (3, 1, 1)
    assert counts["unexpected_percent"] == 50.0


def test_several_expectations_of_one_kind_on_one_column_are_all_evaluated(engine: DuckDBEngine) -> None:
    low = expect("expect_column_values_to_be_between", column="age", min_value=0)
    high = expect("expect_column_values_to_be_between", column="age", max_value=40)
    results = evaluate(engine, [Check("low", "d", (low,)), Check("high", "d", (high,))], staged(engine, GOOD), {})
    assert outcome(results) == {"low": True, "high": False}


def test_an_expression_over_the_inputs_must_return_no_rows(engine: DuckDBEngine) -> None:
    countries = TableSchema("countries", "Countries.", (Column("country", "string", "Country."),))
    engine.stage_table("normalised", countries, ibis.memtable([("DE",)], schema=countries.ibis_schema))
    engine.publish([("normalised", "countries")])
    known = no_rows(lambda t, tables: t.anti_join(tables["countries"], "country"), "Every country is known.")
    (result,) = evaluate(
        engine,
        [Check("known_countries", "d", (known,), blocking=False)],
        staged(engine, GOOD),
        {"countries": engine.table("normalised", "countries")},
    )
    assert (result.passed, result.blocking) == (False, False)
    assert result.metadata["expectations"] == [
        {
            "expectation": "Every country is known.",
            "success": False,
            "unexpected_count": 1,
            "observed_value": "1 such rows",
        }
    ]


def test_colons_braces_and_percent_signs_in_an_expression_mean_themselves(engine: DuckDBEngine) -> None:
    odd = no_rows(lambda t, _: t.filter(t.email.isin([":id", "{batch}", "50%s", "::", "\\:x"])), "None of these.")
    assert outcome(evaluate(engine, [Check("odd", "d", (odd,))], staged(engine, GOOD), {})) == {"odd": True}


def test_a_check_of_a_column_that_does_not_exist_fails_and_says_so(engine: DuckDBEngine) -> None:
    missing = expect("expect_column_values_to_be_between", column="agee", min_value=0)
    (result,) = evaluate(engine, [Check("ages", "d", (missing,))], staged(engine, GOOD), {})
    assert not result.passed
    assert '"agee"' in result.metadata["expectations"][0]["error"]


def test_checks_that_fail_never_show_a_value_of_the_data(engine: DuckDBEngine, tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    checks = [
        Check("regex", "d", (expect("expect_column_values_to_match_regex", column="email", regex="^nobody$"),)),
        Check("greatest", "d", (expect("expect_column_max_to_be_between", column="age", max_value=1),)),
        Check("set", "d", (expect("expect_column_distinct_values_to_be_in_set", column="email", value_set=["x"]),)),
        Check("unique", "d", (expect("expect_column_values_to_be_unique", column="email"),)),
        Check("rows", "d", (no_rows(lambda t, _: t, "No rows at all."),)),
        # DuckDB's message for this quotes the text that is no number.
        Check("error", "d", (no_rows(lambda t, _: t.filter(t.email.cast("int64") > 0), "No number."),)),
        *standard_checks(PEOPLE),
    ]
    table = staged(engine, [*GOOD, (1, "DE", "ada@example.org", 7777)])
    results = evaluate(engine, checks, table, {}, docs)
    build_data_docs(docs)
    assert not any(result.passed for result in results)
    written = [json.dumps([result.metadata for result in results])]
    written += [file.read_text() for file in docs.rglob("*") if file.is_file()]
    assert len(written) == 4
    for text in written:
        assert "ada@example.org" not in text
        assert "example.org" not in text
        assert "7777" not in text


def test_data_docs_list_every_table_and_load_nothing_from_elsewhere(engine: DuckDBEngine, tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    evaluate(engine, standard_checks(PEOPLE), staged(engine, GOOD), {}, docs)
    animals = TableSchema("animals", "Animals.", PEOPLE.columns, key=("id",))
    evaluate(engine, standard_checks(animals), staged(engine, GOOD, animals), {}, docs)
    index = build_data_docs(docs).read_text()
    assert "✔ passed" in index
    assert "✘ schema_and_keys (not published)" in index
    page = (docs / "profiles.people.html").read_text()
    assert "is never empty" in page or "are never empty" in page
    for text in (index, page):
        assert "http:" not in text
        assert "https:" not in text


def test_data_docs_forget_tables_that_are_gone(engine: DuckDBEngine, tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    evaluate(engine, standard_checks(PEOPLE), staged(engine, GOOD), {}, docs)
    build_data_docs(docs)
    index = build_data_docs(docs, current=["profiles.others"])
    assert "people" not in index.read_text()
    assert not (docs / "profiles.people.html").exists()


def test_no_cursor_keeps_the_warehouse_file_open(tmp_path: Path) -> None:
    file = str(tmp_path / "warehouse.duckdb")
    connection = duckdb.connect(file)
    engine = DuckDBEngine(connection)
    evaluate(engine, standard_checks(PEOPLE), staged(engine, GOOD), {})
    engine.backend.disconnect()
    connection.close()
    # Refused ("different configuration") while any connection of this process is open.
    duckdb.connect(file, read_only=True).close()


def test_checks_refuse_to_run_on_an_expression(engine: DuckDBEngine) -> None:
    with pytest.raises(ValueError, match="committed table"):
        evaluate(engine, standard_checks(PEOPLE), staged(engine, GOOD).limit(1), {})
