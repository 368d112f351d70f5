"""Users' SQL expressions: what is let in, what is refused and how it is said, and what the rest computes."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime

import ibis
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets.warehouse.expressions import ExpressionError, bind, check
from cdp_assets.warehouse.lineage import column_lineage
from cdp_assets.warehouse.sql_functions import FUNCTIONS
from cdp_assets_tests.examples import examples

AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
SCHEMA = ibis.schema(
    {
        "email": "string",
        "Customer ID": "string",
        "orders": "int64",
        "refunds": "int64",
        "net_spend": "decimal(18, 2)",
        "last_order_at": "timestamp('UTC')",
        "birth_date": "date",
        "tags": "array<string>",
        "properties": "string",
    }
)
ROW = {
    "email": "Ann@Example.org",
    "Customer ID": "C-7",
    "orders": 4,
    "refunds": 0,
    "net_spend": 100,
    "last_order_at": datetime(2025, 12, 31, 23, 30, tzinfo=UTC),
    "birth_date": None,
    "tags": ["vip", "berlin"],
    "properties": '{"cart": {"value": "12"}, "odd": null}',
}


@pytest.fixture(scope="module")
def people() -> tuple[DuckDBEngine, ibis.Table]:
    engine = DuckDBEngine.in_memory()
    engine.backend.raw_sql("SET TimeZone = 'UTC'")
    rows = pa.Table.from_pylist([ROW], schema=ibis.schema({**dict(SCHEMA), "net_spend": "int64"}).to_pyarrow())
    return engine, engine.from_arrow(rows, SCHEMA)


def value_of(people: tuple[DuckDBEngine, ibis.Table], sql: str) -> object:
    engine, table = people
    return engine.to_arrow(table.select(value=bind(sql, table, as_of=AS_OF)))["value"][0].as_py()


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("lower(email)", "ann@example.org"),
        ("EMAIL ilike '%EXAMPLE%'", True),
        ("\"Customer ID\" like 'C-%'", True),
        ("orders >= 3 and last_order_at > as_of - interval 90 day", True),
        ("date_diff('day', last_order_at, as_of)", 1),
        ("case when orders > 10 then 'many' else 'few' end", "few"),
        ("if(orders in (4, 5), 'yes', 'no')", "yes"),
        ("coalesce(birth_date, date '2000-02-29')", date(2000, 2, 29)),
        ("properties ->> 'cart.value' = '12'", True),
        ("json_extract_string(properties, '$.cart.value')::int + 1", 13),
        ("properties ->> 'missing' is null", True),
        ("string_split(lower(email), '@')[2]", "example.org"),
        ("list_contains(tags, 'vip') and not list_contains(tags, 'paris')", True),
        ("tags[9] is null", True),
        ("regexp_replace(email, '@.*', '')", "Ann"),
        ("try_strptime('31/12/2025', '%d/%m/%Y')::date", date(2025, 12, 31)),
        ("extract(year from last_order_at) || '-' || quarter(last_order_at)", "2025-4"),
        ("last_order_at at time zone 'Europe/Berlin' >= timestamp '2026-01-01'", True),
        ("orders between 4 and 5 or birth_date is not null", True),
        ("net_spend / orders", 25.0),
        ("as_of - orders * interval 1 day", datetime(2025, 12, 28, tzinfo=UTC)),
        ("orders -- the count\n > 1", True),
        ("null", None),
        ("1 + 1", 2),
    ],
)
def test_an_expression_computes_what_duckdb_would(people, sql, expected):
    assert value_of(people, sql) == expected


@pytest.mark.parametrize(
    "sql",
    [
        "cast(email as int)",
        "email::date",
        "strptime(email, '%Y-%m-%d')",
        "try_strptime(email, '%Y-%m-%d')",
        "orders / refunds",
        "refunds / refunds",
        "orders % refunds",
        "net_spend // refunds",
    ],
)
def test_a_bad_value_is_null_and_never_an_error(people, sql):
    assert value_of(people, sql) is None


def test_division_by_zero_does_not_put_people_above_every_threshold(people):
    assert value_of(people, "coalesce(orders / refunds > 0.5, false)") is False


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("emial = 'a'", "unknown column `emial`; did you mean `email`?"),
        ('"Custmer ID" is null', "did you mean `Customer ID`?"),
        ("lowr(email)", "the function `lowr` is not available; did you mean `lower`?"),
        ("now() > last_order_at", "for the time of the run write as_of"),
        ("current_date", "for the time of the run write as_of"),
        ("random() < 0.5", "its answer changes from run to run"),
        ("sum(orders) > 3", "an expression sees one row"),
        ("row_number() over ()", "an expression sees one row"),
        ("SELECT email FROM people", "this is an SQL statement"),
        ("select 1", "this is an SQL statement"),
        ("delete from people", "this is an SQL statement"),
        ("DROP TABLE people", "this is an SQL statement"),
        ("from people", "this is an SQL statement"),
        ("attach 'x.db'", "this is an SQL statement"),
        ("copy people to 'x.csv'", "this is an SQL statement"),
        ("pragma version", "this is an SQL statement"),
        ("orders > 1; drop table people", "one expression, without a semicolon"),
        ("(select 1)", "subqueries are not available"),
        ("exists(select 1)", "subqueries are not available"),
        ("orders in (select 1)", "subqueries are not available"),
        ("orders = any(tags)", "subqueries are not available"),
        ("read_csv('/etc/passwd')", "no access to files"),
        ("read_text('/etc/passwd') is null", "no access to files"),
        ("\"read_csv\"('x')", "without quotes"),
        ("main.read_text('x')", "without a dot"),
        ("email.lower()", "without a dot"),
        ("getenv('HOME')", "the function `getenv` is not available"),
        ("people.email", "write only a column's name"),
        ("orders as n", "unexpected `as`"),
        ("orders, email", "unexpected `,`"),
        ("orders order by 1", "unexpected `order by`"),
        ("(orders", "a parenthesis is not closed"),
        ("orders +", "something is missing beside `+`"),
        ("'text", "a quote is not closed"),
        ("", "the expression is empty"),
        ("*", "name the columns"),
        ("$1", "parameters are not available"),
        ("?", "parameters are not available"),
        ("{'a': 1}", "structs are not available"),
        ("[x for x in tags]", "list comprehensions are not available"),
        ("email[1:2]", "slices are not available"),
        ("extract(dow from last_order_at)", "isodow"),
        ("orders > 'many'", "Could not convert string 'many'"),
        ("last_order_at > '2025-02-31'", "out of range"),
        ("birth_date > date '2025-02-31'", "out of range"),
        ("email > 5", "Cannot compare values of type VARCHAR and type INTEGER_LITERAL"),
        ("regexp_matches(email, '(')", "missing )"),
    ],
)
def test_what_is_refused_says_why_and_what_to_write(sql, says):
    with pytest.raises(ExpressionError) as caught:
        check(sql, SCHEMA, as_of=True)
    assert says in str(caught.value)


def test_an_error_points_at_the_fault_and_says_where_the_expression_belongs():
    with pytest.raises(ExpressionError) as caught:
        check("orders > 1 and emial is null", SCHEMA, where="segment champions")
    assert caught.value.position == len("orders > 1 and ")
    assert str(caught.value).startswith("segment champions: unknown column `emial`")


def test_the_instant_of_the_run_is_there_only_where_it_is_given(people):
    with pytest.raises(ExpressionError, match="`as_of` is not available here"):
        check("last_order_at < as_of", SCHEMA)
    with pytest.raises(ExpressionError, match="`as_of` is not available here"):
        bind("last_order_at < as_of", people[1])
    assert check("last_order_at < as_of", SCHEMA, as_of=True).uses_as_of


def test_an_instant_without_a_zone_is_refused(people):
    with pytest.raises(ValueError, match="time zone"):
        bind("last_order_at < as_of", people[1], as_of=datetime(2026, 1, 1))  # noqa: DTZ001


def test_a_column_named_as_of_is_a_column():
    assert check("as_of > 1", ibis.schema({"as_of": "int64"})).columns == ("as_of",)


def test_the_type_and_the_columns_are_known_before_anything_runs():
    checked = check('net_spend > 10 and EMAIL is null and "Customer ID" is null', SCHEMA)
    assert checked.dtype.is_boolean()
    assert checked.columns == ("net_spend", "email", "Customer ID")
    assert check("net_spend + 1", SCHEMA).dtype.is_decimal()
    assert check("last_order_at", SCHEMA).dtype == ibis.dtype("timestamp('UTC')")
    assert check("string_split(email, ',')", SCHEMA).dtype == ibis.dtype("array<string>")
    assert check("null", SCHEMA).dtype.is_string()


def test_names_that_are_words_of_sql_can_be_columns():
    words = ("comment", "date", "first", "language", "name", "source", "status", "timezone", "type", "value", "year")
    schema = ibis.schema(dict.fromkeys((*words, "set", "order"), "string"))
    for word in words:
        assert check(f"{word} is not null", schema).columns == (word,)
    assert check("\"order\" = 'x' and \"set\" = 'y'", schema).columns == ("order", "set")
    with pytest.raises(ExpressionError, match="write it in double quotes"):
        check("set = 'y'", schema)


def test_a_name_with_spaces_needs_no_quotes_when_it_is_all_there_is(people):
    assert check("Customer ID", SCHEMA).columns == ("Customer ID",)
    assert value_of(people, "Customer ID") == "C-7"
    with pytest.raises(ExpressionError, match="unexpected `ID`"):
        check("lower(Customer ID)", SCHEMA)


def test_columns_differing_only_in_case_must_be_written_exactly():
    schema = ibis.schema({"Email": "string", "email": "string"})
    assert check("Email", schema).columns == ("Email",)
    with pytest.raises(ExpressionError, match="unknown column `EMAIL`"):
        check("EMAIL", schema)


def test_lineage_sees_exactly_the_columns_that_an_expression_uses():
    backend = ibis.duckdb.connect()
    backend.create_database("profiles")
    table = backend.create_table("golden", schema=SCHEMA, database="profiles")
    expression = table.mutate(reached=bind('lower(email) || "Customer ID"', table)).select("reached", "orders")
    assert column_lineage(expression) == {
        "reached": {("profiles", "golden", "email"), ("profiles", "golden", "Customer ID")},
        "orders": {("profiles", "golden", "orders")},
    }


def test_an_expression_over_computed_columns_survives_ibis_folding_queries_together(people):
    engine, table = people
    doubled = table.mutate(orders=table.orders * 2, other=table.refunds - 1)
    bound = doubled.mutate(x=bind("orders - other * orders", doubled)).filter(lambda t: bind("x > 3", t))
    assert engine.to_arrow(bound)["x"].to_pylist() == [16]


@pytest.mark.parametrize(
    ("sql", "spark"),
    [
        ("date_diff('day', last_order_at, as_of) > 3", "DATEDIFF(DAY, DATE_TRUNC('DAY'"),
        ("email::date", "TRY_CAST(`t0`.`email` AS DATE)"),
        ("try_strptime(email, '%d/%m/%Y')", "TRY_TO_TIMESTAMP(`t0`.`email`, 'dd/MM/yyyy')"),
        ("properties ->> 'cart.value'", "GET_JSON_OBJECT(`t0`.`properties`, '$.cart.value')"),
        ("tags[1]", "GET(`t0`.`tags`, 0)"),
        ("isodow(last_order_at)", "WEEKDAY(`t0`.`last_order_at`) + 1"),
        ("email ~ 'a.*'", "RLIKE CONCAT('^(?:', 'a.*', ')$')"),
        ("list_has_any(tags, ['a'])", "ARRAYS_OVERLAP(`t0`.`tags`, ARRAY('a'))"),
        ("\"Customer ID\" = 'x'", "`t0`.`Customer ID` = 'x'"),
    ],
)
def test_an_expression_is_translated_for_spark(people, sql, spark):
    table = people[1]
    compiled = ibis.to_sql(table.select(x=bind(sql, table, as_of=AS_OF)), dialect="pyspark")
    assert spark in " ".join(str(compiled).split()).replace("( ", "(").replace(" )", ")")


def test_every_listed_function_is_known_to_duckdb():
    known = {
        row[0]
        for row in ibis.duckdb.connect()
        .raw_sql("SELECT DISTINCT lower(function_name) FROM duckdb_functions()")
        .fetchall()
    }
    syntax = {
        "initcap",
        "case",
        "cast",
        "try_cast",
        "coalesce",
        "if",
        "ifnull",
        "nullif",
        "extract",
        "position",
        "split",
    }
    assert {name for names in FUNCTIONS.values() for name in names} - known - syntax == set()


def test_checking_is_quick_enough_to_do_at_every_load():
    check("orders > 0", SCHEMA)
    took = []
    for first in (100, 200, 300):
        started = time.thread_time()
        for number in range(first, first + 25):
            check(f"orders > {number} and lower(email) like '%@example.org' and net_spend / orders > 3", SCHEMA)
        took.append(time.thread_time() - started)
    # What else a process has to do at times, such as to collect garbage, is nobody's doing here.
    assert min(took) < 0.25


PIECES = (
    "select", "from", "read_csv", "(", "(", ")", ")", ",", ";", "'", '"', "orders", "email", "lower", "+", "-", "*",
    "/", "=", "and", "or", "not", "case", "when", "then", "end", "::", "int", "[", "]", "{", "}", "->", "->>", "$",
    "?", "@", ".", "now", "current_date", "interval", "1", "'x'", '"email"', "as", "in", "between", "is", "null",
    "over", "any", "exists",
)  # fmt: skip


@examples(100)
@given(st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join))
def test_any_text_is_either_one_safe_expression_or_refused_with_an_expression_error(text):
    try:
        checked = check(text, SCHEMA)
    except ExpressionError:
        return
    assert set(checked.columns) <= {"orders", "email"}
    assert not set(text.split()) & {"select", "read_csv", ";", "now", "current_date", "over", "exists"} or "'" in text
