"""Databases, APIs and remote stores are fetched into the landing folder: what is new, once, and faults are told."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from cdp_assets.automation.refresh import fetches
from cdp_assets.catalog import load_catalog
from cdp_assets.sources import fetching
from cdp_assets.sources.component import Source
from cdp_assets.sources.fetching import fetch
from cdp_assets.sources.ingest import Arrivals, Ingested, ingest
from cdp_assets.sources.origins import Span
from cdp_assets.sources.spec import RestSpec, SourceSpec
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.sources import servers, sftp
from cdp_assets_tests.sources.dagster_run import rows, run
from cdp_assets_tests.sources.shop import AS_OF, Bench

COLUMNS: dict[str, Any] = {
    "id": {"type": "string", "required": True},
    "email": {"type": "string"},
    "spent": {"type": "decimal"},
    "updated_at": {"type": "timestamp", "required": True},
}


def source(**stream: Any) -> SourceSpec:
    """A source of one stream of customers."""
    fields = {"name": "customers", "key": ["id"], "load": "upsert", "updated_at": "updated_at", "columns": COLUMNS}
    return Source(name="shop", settle_seconds=0, streams=[{**fields, **stream}]).spec


def by_cursor(server: str, **stream: Any) -> SourceSpec:
    """The customers of a database, and then only those that have changed."""
    return source(database={"url": server, "table": "customers", "cursor": "updated_at"}, **stream)


def look(bench: Bench, spec: SourceSpec, span: Span | None = None) -> Ingested:
    """One run of the stream: fetch and load."""
    arrivals = Arrivals(
        bench.landing,
        bench.folder / "kept",
        bench.folder / "tmp",
        lambda: 2e9,
        bench.waited.append,
        bench.folder / "dlt",
        span,
    )
    return ingest(spec, spec.streams[0], engine=bench.engine, ledger=bench.ledger, arrivals=arrivals, as_of=AS_OF)


def raw(bench: Bench) -> list[tuple[Any, ...]]:
    table = bench.engine.table("sources", "shop__customers").order_by(["source_file", "source_row"])
    return [(row["id"], row["email"], row["spent"]) for row in bench.engine.to_arrow(table).to_pylist()]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with servers.postgresql() as url:
        yield url


@pytest.fixture
def customers(server: str) -> Iterator[sa.Connection]:
    """A table of two customers in PostgreSQL; what is executed is committed at once."""
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text("DROP TABLE IF EXISTS customers"))
        connection.execute(sa.text(
            "CREATE TABLE customers (id bigint PRIMARY KEY, email text, spent numeric(12, 2), tags jsonb, "
            "\"Note\" text, updated_at timestamptz NOT NULL)"
        ))  # fmt: skip
        put(connection, 1, "ann@x.org", "10.50", 1)
        put(connection, 2, "bo@x.org", None, 2)
        yield connection
    engine.dispose()


def put(connection: sa.Connection, id: int, email: str | None, spent: str | None, day: int) -> None:
    values = {"id": id, "email": email, "spent": spent, "at": f"2026-01-0{day} 10:00:00+00"}
    connection.execute(
        sa.text(
            "INSERT INTO customers VALUES (:id, :email, cast(:spent AS numeric), '{\"a\": [1]}', 'x', "
            "cast(:at AS timestamptz)) ON CONFLICT (id) DO UPDATE SET email = excluded.email, spent = excluded.spent, "
            "updated_at = excluded.updated_at"
        ),
        values,
    )


def test_a_table_is_fetched_and_then_only_what_changed(bench: Bench, server: str, customers: sa.Connection) -> None:
    spec = source(database={"url": server, "table": "public.customers", "cursor": "updated_at"})
    first = look(bench, spec)
    assert (first.failed, len(first.fetched)) == ((), 1)
    assert first.fetched[0].startswith("shop/customers/customers_")
    assert raw(bench) == [("1", "ann@x.org", "10.50"), ("2", "bo@x.org", None)]
    assert look(bench, spec).fetched == ()
    put(customers, 1, "ann@new.org", "11.00", 3)
    put(customers, 3, "cy@x.org", "1", 4)
    second = look(bench, spec)
    # Of rows that have landed, dlt keeps no copy.
    assert not any(b"ann@" in file.read_bytes() for file in (bench.folder / "dlt").rglob("*") if file.is_file())
    assert not list((bench.folder / "dlt").rglob("*.gz"))
    assert [load.rows for load in second.loaded] == [2]
    assert raw(bench)[2:] == [("1", "ann@new.org", "11.00"), ("3", "cy@x.org", "1.00")]


def test_what_a_database_has_besides_is_kept_as_it_is(bench: Bench, server: str, customers: sa.Connection) -> None:
    look(bench, source(database={"url": server, "table": "customers"}, load="snapshot"))
    table = bench.engine.to_arrow(bench.engine.table("sources", "shop__customers").order_by("source_row")).to_pylist()
    assert table[0]["extra"] == '{"tags":"{\\"a\\": [1]}","Note":"x"}'
    assert table[0]["updated_at"].startswith("2026-01-01T10:00:00")


class Crash(BaseException):
    """The process dies here."""


def test_a_crash_after_the_cursor_moved_loses_nothing(
    bench: Bench, server: str, customers: sa.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = by_cursor(server)

    def dying(part: Path, *_: Any) -> Iterator[Path]:
        if part.exists():
            raise Crash
        return iter(())

    with monkeypatch.context() as patch:
        patch.setattr(fetching, "_named", dying)
        with pytest.raises(Crash):
            fetch(spec, spec.streams[0], bench.landing, bench.folder / "dlt")
    assert not list(bench.landing.rglob("*.parquet"))
    put(customers, 3, "cy@x.org", "1", 4)
    assert [load.rows for load in look(bench, spec).loaded] == [2, 1]
    assert [row[0] for row in raw(bench)] == ["1", "2", "3"]


def test_rows_that_could_not_be_written_come_with_the_next_run(
    bench: Bench, server: str, customers: sa.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = by_cursor(server)

    def full(_: Any) -> str:
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(fetching, "_written", full)
        (error,) = look(bench, spec).failed
        assert "OSError" in str(error)
    assert look(bench, spec).failed == ()
    assert [row[0] for row in raw(bench)] == ["1", "2"]


def test_a_change_in_the_moment_of_the_last_value_of_the_cursor_is_news(
    bench: Bench, server: str, customers: sa.Connection
) -> None:
    spec = by_cursor(server)
    look(bench, spec)
    put(customers, 2, "bo@new.org", None, 2)
    assert [load.rows for load in look(bench, spec).loaded] == [1]
    assert raw(bench)[-1] == ("2", "bo@new.org", None)
    assert look(bench, spec).fetched == ()


@pytest.mark.parametrize("how", [{}, {"cursor": "updated_at", "lag": 3600}], ids=["in whole", "within the lag"])
def test_a_row_that_is_again_as_it_was_is_news(
    bench: Bench, server: str, customers: sa.Connection, how: dict[str, Any]
) -> None:
    spec = source(database={"url": server, "table": "customers", **how})
    look(bench, spec)
    for email in ("bo@new.org", "bo@x.org", "bo@new.org", "bo@x.org"):
        put(customers, 2, email, None, 2)
        look(bench, spec)
        assert raw(bench)[-1] == ("2", email, None)
    assert look(bench, spec).is_nothing
    before, manifest = raw(bench), bench.manifest()
    bench.engine = DuckDBEngine.in_memory()
    look(bench, spec)
    assert (raw(bench), bench.manifest()) == (before, manifest)


def test_rows_without_a_key_come_once(bench: Bench, server: str, customers: sa.Connection) -> None:
    spec = by_cursor(server, key=[], load="append", updated_at=None)
    for number in (3, 4):
        look(bench, spec)
        assert look(bench, spec).fetched == ()
        put(customers, number, "cy@x.org", "1", 4)
    look(bench, spec)
    assert [row[0] for row in raw(bench)] == ["1", "2", "3", "4"]


def test_what_is_committed_late_comes_within_the_lag(bench: Bench, server: str, customers: sa.Connection) -> None:
    told = {"url": server, "table": "customers", "cursor": "updated_at", "lag": 86400 * 1.5}
    look(bench, source(database=told))
    put(customers, 3, "late@x.org", None, 1)
    put(customers, 4, "new@x.org", None, 3)
    look(bench, source(database=told))
    assert {row[0] for row in raw(bench)} == {"1", "2", "3", "4"}
    for stream in ({"key": [], "load": "append", "updated_at": None}, {"database": {**told, "cursor": None}}):
        with pytest.raises(ValueError, match="needs a cursor, and a `key`"):
            source(**{"database": told, **stream})


def test_values_stay_in_their_columns_whatever_the_first_ones_were(
    bench: Bench, server: str, customers: sa.Connection
) -> None:
    spec = by_cursor(server)
    look(bench, spec)
    customers.execute(sa.text("ALTER TABLE customers ALTER spent TYPE text USING spent::text"))
    customers.execute(sa.text("INSERT INTO customers VALUES (3, NULL, 'EUR 14.99', NULL, NULL, '2026-01-03 10:00+00')"))
    look(bench, spec)
    assert raw(bench)[-1] == ("3", None, "EUR 14.99")


def test_a_required_column_that_is_empty_in_all_new_rows_is_no_missing_column(
    bench: Bench, server: str, customers: sa.Connection
) -> None:
    columns = {**COLUMNS, "email": {"type": "string", "required": True}}
    spec = by_cursor(server, columns=columns)
    look(bench, spec)
    put(customers, 3, None, "1", 3)
    found = look(bench, spec)
    assert (found.failed, [load.rows for load in found.loaded]) == ((), [1])


def test_values_of_any_type_come_as_they_are_written(bench: Bench, server: str, customers: sa.Connection) -> None:
    query = (
        "SELECT id, '1 day 02:00'::interval AS email, 'NaN'::float8 AS spent, '10.0.0.1'::inet AS ip, "
        "'[1,5)'::int4range AS span, decode('00ff', 'hex') AS bits, timestamp '2026-06-01 10:00' AS updated_at "
        "FROM customers WHERE id = 1"
    )
    look(bench, source(database={"url": server, "query": query}, load="snapshot", zone="Europe/Berlin"))
    [row] = bench.engine.to_arrow(bench.engine.table("sources", "shop__customers")).to_pylist()
    assert (row["email"], row["spent"], row["updated_at"]) == ("1 day, 2:00:00", "NaN", "2026-06-01T10:00:00")
    assert json.loads(row["extra"]) == {"ip": "10.0.0.1", "span": "[1, 5)", "bits": "00ff"}


def test_times_beyond_all_others_come_as_the_database_writes_them_and_hold_up_no_cursor(
    bench: Bench, server: str, customers: sa.Connection
) -> None:
    customers.execute(sa.text("ALTER TABLE customers ADD until date, ADD since timestamp"))
    customers.execute(
        sa.text(
            "INSERT INTO customers (id, updated_at, until, since) VALUES "
            "(7, 'infinity', '12000-01-31', '-infinity'), (8, '2026-01-03 10:00+00', '2026-02-01', '2026-01-01')"
        )
    )
    spec = by_cursor(server)
    assert look(bench, spec).failed == ()
    found = bench.engine.to_arrow(bench.engine.table("sources", "shop__customers").order_by("id")).to_pylist()
    extra = {row["id"]: json.loads(row["extra"]) for row in found}
    assert (extra["7"]["until"], extra["7"]["since"]) == ("12000-01-31", "-infinity")
    assert (extra["8"]["until"], extra["8"]["since"]) == ("2026-02-01", "2026-01-01T00:00:00")
    assert found[2]["updated_at"] == "infinity"
    put(customers, 9, "new@x.org", "1", 4)
    look(bench, spec)
    assert ("9", "new@x.org", "1.00") in raw(bench)


def test_a_query_may_end_in_a_comment(bench: Bench, server: str, customers: sa.Connection) -> None:
    query = "SELECT * FROM customers -- all of them"
    assert [load.rows for load in look(bench, source(database={"url": server, "query": query})).loaded] == [2]


def test_a_colon_in_a_query_is_no_parameter(bench: Bench, server: str, customers: sa.Connection) -> None:
    query = "SELECT id, 'at :noon, 12:30' AS email, spent::text AS spent, updated_at FROM customers WHERE id = 1"
    assert look(bench, source(database={"url": server, "query": query}, load="snapshot")).failed == ()
    assert raw(bench) == [("1", "at :noon, 12:30", "10.50")]


def test_rows_without_a_value_of_the_cursor_come_the_first_time(
    bench: Bench, server: str, customers: sa.Connection
) -> None:
    customers.execute(sa.text("ALTER TABLE customers ALTER updated_at DROP NOT NULL"))
    customers.execute(sa.text("INSERT INTO customers (id, email) VALUES (9, 'none@x.org')"))
    spec = by_cursor(server)
    look(bench, spec)
    assert {row[0] for row in raw(bench)} == {"1", "2", "9"}
    assert look(bench, spec).fetched == ()


def test_a_span_of_time_is_fetched_once_more_and_the_cursor_stays_where_it_is(
    bench: Bench, server: str, customers: sa.Connection
) -> None:
    spec = by_cursor(server)
    look(bench, spec)
    # Mended behind the back of the cursor.
    customers.execute(sa.text("UPDATE customers SET spent = 99 WHERE id = 1"))
    put(customers, 3, "cy@x.org", "3", 3)
    assert [load.rows for load in look(bench, spec, Span.parse("2026-01-01/2026-01-01")).loaded] == [1]
    assert raw(bench)[-1] == ("1", "ann@x.org", "99.00")
    assert [load.rows for load in look(bench, spec).loaded] == [1]
    assert raw(bench)[-1] == ("3", "cy@x.org", "3.00")


def test_a_span_of_time_is_given_in_the_run_config_of_a_stream(
    server: str, customers: sa.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("CDP_DATA", str(tmp_path)), ("CDP_DEFS", str(tmp_path)), ("CDP_AS_OF", "2026-06-30")):
        monkeypatch.setenv(name, value)
    spec = by_cursor(server)

    def fetched(**config: str) -> list[tuple[Any, ...]]:
        assert run([spec], config={"sources__shop__customers": config}).success
        return rows(tmp_path, "SELECT id, spent FROM sources.shop__customers ORDER BY source_file, source_row")

    fetched()
    customers.execute(sa.text("UPDATE customers SET spent = 99 WHERE id = 1"))
    assert fetched() == [("1", "10.50"), ("2", None)]
    assert fetched(backfill="2026-01-01/2026-01-01") == [("1", "10.50"), ("2", None), ("1", "99.00")]


@pytest.mark.parametrize("text", ["2026-01-01", "yesterday/today", "2026-02-01/2026-01-01"])
def test_what_is_no_span_of_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write"):
        Span.parse(text)


def test_a_query_is_fetched_in_whole_each_time_without_a_cursor(
    bench: Bench, server: str, customers: sa.Connection
) -> None:
    query = "SELECT id, lower(email) AS email, spent, updated_at FROM customers WHERE spent IS NOT NULL;"
    spec = source(database={"url": server, "query": query}, load="snapshot")
    look(bench, spec)
    assert raw(bench) == [("1", "ann@x.org", "10.50")]
    # The same content again is no news.
    assert look(bench, spec).loaded == ()
    put(customers, 2, "bo@x.org", "7", 3)
    assert [load.rows for load in look(bench, spec).loaded] == [2]


def test_a_snapshot_of_an_emptied_table_is_told_and_closes_nothing(
    bench: Bench, server: str, customers: sa.Connection
) -> None:
    spec = source(database={"url": server, "table": "customers"}, load="snapshot")
    look(bench, spec)
    customers.execute(sa.text("DELETE FROM customers"))
    found = look(bench, spec)
    assert [str(error).partition(": ")[2] for error in found.failed] == [
        "shop.customers: there are no rows, and a snapshot without rows would close all there is. Look whether that is "
        "meant; if so, drop the stream."
    ]
    assert [row[0] for row in raw(bench)] == ["1", "2"]


def test_a_database_that_is_not_there_is_told_without_its_address(bench: Bench) -> None:
    url = f"postgresql+psycopg://someone:hunter2@127.0.0.1:{servers.free_port()}/shop"
    found = look(bench, source(database={"url": url, "table": "customers"}, load="snapshot"))
    (error,) = found.failed
    assert error.name == "fetch_failed"
    assert "shop.customers" in str(error)
    assert "nobody answers there (OperationalError)" in str(error)
    assert "hunter2" not in str(error)
    assert "hunter2" not in repr(source(database={"url": url, "table": "customers"}, load="snapshot"))


@pytest.mark.parametrize(
    ("database", "said"),
    [
        ({"table": "nowhere"}, "no such table.*Correct `table` or `query`"),
        ({"table": "customers", "cursor": "changed"}, "a column that `cursor` or `query` names is not there"),
        ({"query": "SELECT FROM WHERE"}, "does not understand the query"),
        ({"url": {"database": "elsewhere"}, "table": "customers"}, "no such database on the server"),
        ({"url": {"username": "stranger"}, "table": "customers"}, "the login was refused.*Correct user and password"),
        ({"url": {"drivername": "postgresql"}, "table": "customers"}, "psycopg2 is missing.*postgresql[+]psycopg://"),
    ],
)
def test_a_fault_of_a_database_is_told_with_what_to_do(
    bench: Bench, server: str, customers: sa.Connection, database: dict[str, Any], said: str
) -> None:
    url = sa.make_url(server).set(**database.get("url", {}))
    told = {**database, "url": url.render_as_string(hide_password=False)}
    (error,) = look(bench, source(database=told)).failed
    assert re.search(said, str(error))


@pytest.fixture
def api() -> Iterator[servers.Api]:
    with servers.api() as server:
        server.customers = [
            {"id": number, "email": f"p{number}@x.org", "spent": 1.5, "updated_at": f"2026-01-0{number}T00:00:00Z",
             "address": {"city": "Dresden"}, "tags": ["a"]}
            for number in range(1, 6)
        ]  # fmt: skip
        server.faults = []
        yield server


def rest(api: servers.Api, token: str = "secret-token", **more: Any) -> SourceSpec:
    columns = {**COLUMNS, "city": {"type": "string", "path": "address.city"}}
    fetched = {
        "url": api.url,
        "data": "data",
        "auth": {"type": "bearer", "token": token},
        "pages": {"type": "json_link", "next_url_path": "next"},
        "cursor": {"path": "updated_at", "param": "updated_since", "since": "2026-01-01T00:00:00Z"},
        **more,
    }
    return source(rest=fetched, columns=columns)


def test_all_pages_of_an_api_are_fetched_through_limits_and_failures(bench: Bench, api: servers.Api) -> None:
    api.faults = [429, 500]
    found = look(bench, rest(api))
    assert found.failed == ()
    assert [row[0] for row in raw(bench)] == ["1", "2", "3", "4", "5"]
    assert api.faults == []
    [first, *_] = bench.engine.to_arrow(bench.engine.table("sources", "shop__customers").order_by("id")).to_pylist()
    assert (first["city"], first["spent"], first["extra"]) == (
        "Dresden",
        "1.5",
        '{"tags":["a"]}',
    )


def test_an_api_is_then_asked_only_for_what_is_new(bench: Bench, api: servers.Api) -> None:
    look(bench, rest(api))
    assert look(bench, rest(api)).fetched == ()
    assert api.asked[-1]["updated_since"] == "2026-01-05T00:00:00Z"
    api.customers.append({"id": 6, "email": "p6@x.org", "spent": 2.5, "updated_at": "2026-01-06T00:00:00Z"})
    assert [load.rows for load in look(bench, rest(api)).loaded] == [1]
    assert raw(bench)[-1] == ("6", "p6@x.org", "2.5")


UP_TO_NOTHING = {"type": "page_number", "base_page": 1, "total_path": None}


@pytest.mark.parametrize("voice", [True, False])
def test_pages_are_counted_up_to_one_without_items(bench: Bench, api: servers.Api, voice: bool) -> None:
    api.voice = voice
    found = look(bench, rest(api, pages=UP_TO_NOTHING, cursor=None))
    assert ([load.rows for load in found.loaded], found.failed) == ([5], ())
    assert [query["page"] for query in api.asked] == ["1", "2", "3", "4"]
    api.customers = []
    assert look(bench, rest(api, pages=UP_TO_NOTHING, cursor=None)) == Ingested(rows=5), "nothing is no fault"


def test_an_api_that_says_nothing_at_first_is_no_fault(bench: Bench, api: servers.Api) -> None:
    api.customers, api.voice = [], False
    assert look(bench, rest(api, pages=UP_TO_NOTHING, cursor=None)).failed == ()


def test_an_api_that_gives_one_page_for_ever_is_not_asked_for_ever(bench: Bench, api: servers.Api) -> None:
    api.deaf = True
    (error,) = look(bench, rest(api, pages=UP_TO_NOTHING, cursor=None)).failed
    assert "the same page came twice in a row" in str(error)
    assert len(api.asked) == 2


def test_pages_are_the_same_by_their_items_whatever_stands_beside_them(bench: Bench, api: servers.Api) -> None:
    api.deaf, api.beside = True, lambda asked, _: {"request": asked}
    (error,) = look(bench, rest(api, pages=UP_TO_NOTHING, cursor=None)).failed
    assert "the same page came twice in a row" in str(error)
    assert len(api.asked) == 2


@pytest.mark.parametrize(
    ("beside", "pages", "said"),
    [
        ({"paging": {"next": {"after": "2"}}}, None, "paging.next"),
        ({"has_more": True}, None, "has_more"),
        ({"meta": {"totalCount": 5}}, None, "meta.totalCount"),
        ({"cursor": "abc"}, None, "cursor"),
        ({"paging": {"next": {"after": "2"}}}, {"type": "cursor", "cursor_path": "paging.after"}, "paging.next"),
        ({"links": {"next": "/v1"}}, {"type": "json_link", "next_url_path": "next"}, "links.next"),
    ],
)
def test_an_answer_that_says_that_there_is_more_and_not_where_is_told(
    bench: Bench, api: servers.Api, beside: dict[str, Any], pages: dict[str, str] | None, said: str
) -> None:
    api.beside = lambda *_: beside
    (error,) = look(bench, rest(api, pages=pages or {}, cursor=None)).failed
    assert f"the answer says by `{said}` that there is more" in str(error)
    assert look(bench, rest(api, pages={"type": "single_page"}, cursor=None)).failed == ()


def test_an_answer_that_holds_all_there_is_needs_no_pages(bench: Bench, api: servers.Api) -> None:
    api.customers = api.customers[:2]
    api.beside = lambda *_: {"has_more": False, "total": 2, "paging": {"next": None}, "cursor": ""}
    assert [load.rows for load in look(bench, rest(api, pages={}, cursor=None)).loaded] == [2]


def test_words_that_dlt_does_not_know_are_told(bench: Bench, api: servers.Api) -> None:
    (error,) = look(bench, rest(api, pages={"type": "leafing"})).failed
    assert "`pages` or `auth` say what dlt does not know" in str(error)


def test_numbers_of_an_api_stay_in_their_columns_and_times_as_they_are(bench: Bench, api: servers.Api) -> None:
    api.customers[0] |= {"spent": 10, "email": "2026-06-01 10:00"}
    look(bench, rest(api))
    api.customers.append({"id": 6, "email": "n/a", "spent": 99.95, "updated_at": "2026-01-06T00:00:00Z"})
    look(bench, rest(api))
    assert (raw(bench)[0], raw(bench)[-1]) == (("1", "2026-06-01 10:00", "10"), ("6", "n/a", "99.95"))


def test_an_api_is_asked_from_the_beginning_of_a_span(bench: Bench, api: servers.Api) -> None:
    look(bench, rest(api))
    api.customers[2]["email"] = "new@x.org"
    look(bench, rest(api), Span.parse("2026-01-03/2026-01-03"))
    assert api.asked[-1]["updated_since"] == "2026-01-03T00:00:00Z"
    assert ("3", "new@x.org", "1.5") in raw(bench)


def test_a_fault_of_an_api_is_told_by_its_status_and_the_next_run_tries_again(bench: Bench, api: servers.Api) -> None:
    (denied,) = look(bench, rest(api, token="wrong")).failed
    assert "status 401" in str(denied)
    api.broken = True
    (error,) = look(bench, rest(api)).failed
    assert "status 404" in str(error)
    assert "secret-token" not in str(error)
    api.broken = False
    assert len(look(bench, rest(api)).loaded) == 1


def test_an_api_that_has_nothing_where_its_items_are_said_to_be_is_told_at_first(
    bench: Bench, api: servers.Api
) -> None:
    api.faults = [429]
    (error,) = look(bench, rest(api, data="result.items")).failed
    assert "the answer has nothing at `result.items`" in str(error)
    assert "p1@x.org" not in str(error)
    assert len(look(bench, rest(api)).loaded) == 1
    # Later, an answer without any may be one without news.
    assert look(bench, rest(api, data="result.items")).failed == ()


@pytest.fixture(scope="module")
def bucket() -> Iterator[tuple[Any, dict[str, Any]]]:
    """A bucket of an S3 server: its file system, and the options that a stream needs."""
    import s3fs

    options = {"key": "test", "secret": "test"}
    with servers.s3() as endpoint:
        system = s3fs.S3FileSystem(**options, endpoint_url=endpoint)
        system.mkdir("exports")
        yield system, {**options, "endpoint_url": endpoint}


def test_files_in_an_s3_bucket_are_fetched_when_they_are_new_or_changed(
    bench: Bench, bucket: tuple[Any, dict[str, Any]]
) -> None:
    system, options = bucket
    header = "id,email,spent,updated_at\n"
    system.pipe("exports/shop/a.csv", f"{header}1,ann@x.org,1,2026-01-01\n".encode())
    system.pipe("exports/shop/other.txt", b"no matter")
    spec = source(files="s3://exports/shop/*.csv", format="csv", storage_options=options)
    assert spec.streams[0].files == "shop/customers/*.csv"
    assert look(bench, spec).fetched == ("shop/customers/a.csv",)
    assert look(bench, spec).fetched == ()
    system.pipe("exports/shop/b.csv", f"{header}2,bo@x.org,2,2026-01-02\n".encode())
    system.pipe("exports/shop/a.csv", f"{header}1,ann@new.org,1,2026-01-03\n".encode())
    assert look(bench, spec).fetched == ("shop/customers/a.csv", "shop/customers/b.csv")
    assert {row[1] for row in raw(bench)} == {"ann@x.org", "ann@new.org", "bo@x.org"}


def test_a_bucket_that_is_not_there_is_told_and_one_without_files_is_not(
    bench: Bench, bucket: tuple[Any, dict[str, Any]]
) -> None:
    _, options = bucket
    assert look(bench, source(files="s3://exports/later/*.csv", format="csv", storage_options=options)).failed == ()
    (error,) = look(bench, source(files="s3://export/shop/*.csv", format="csv", storage_options=options)).failed
    assert str(error).endswith("there is no such bucket, folder or file. Correct the URL in `files`.")


def test_a_remote_name_that_leads_out_of_its_folder_is_refused(
    bench: Bench, bucket: tuple[Any, dict[str, Any]]
) -> None:
    system, options = bucket
    system.pipe("exports/tricks/in/../../../out.csv", b"id,email,spent,updated_at\n1,ann@x.org,1,2026-01-01\n")
    (error,) = look(bench, source(files="s3://exports/tricks/**", format="csv", storage_options=options)).failed
    assert "ValueError" in str(error)
    assert not list(bench.landing.parent.rglob("out.csv"))


def test_files_in_a_gcs_bucket_are_fetched_when_they_are_new_or_changed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    # gcsfs asks another service about the kind of a bucket, which stores like this one do not have.
    monkeypatch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
    import gcsfs

    header = "id,email,spent,updated_at\n"
    with servers.gcs() as endpoint:
        options = {"token": "anon", "endpoint_url": endpoint, "project": "test"}
        system = gcsfs.GCSFileSystem(**options)
        system.mkdir("exports")
        system.pipe("exports/shop/de/a.csv", f"{header}1,ann@x.org,1,2026-01-01\n".encode())
        system.pipe("exports/shop/fr/a.csv", f"{header}2,bo@x.org,2,2026-01-02\n".encode())
        spec = source(files="gs://exports/shop/*/a.csv", format="csv", storage_options=options)
        assert look(bench, spec).fetched == ("shop/customers/de/a.csv", "shop/customers/fr/a.csv")
        assert look(bench, spec).fetched == ()
        system.pipe("exports/shop/fr/a.csv", f"{header}2,bo@new.org,2,2026-01-03\n".encode())
        assert look(bench, spec).fetched == ("shop/customers/fr/a.csv",)
    assert {row[1] for row in raw(bench)} == {"ann@x.org", "bo@x.org", "bo@new.org"}


def test_files_of_an_sftp_server_are_fetched_when_they_are_new_or_changed(bench: Bench, tmp_path: Path) -> None:
    header = "id,email,spent,updated_at\n"
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "a.csv").write_text(f"{header}1,ann@x.org,1,2026-01-01\n")
    (tmp_path / "exports" / "other.txt").write_text("no matter")
    with sftp.serving(tmp_path) as port:
        options = {"username": "cdp", "password": sftp.PASSWORD, "port": port}
        spec = source(files="sftp://127.0.0.1/exports/*.csv", format="csv", storage_options=options)
        assert look(bench, spec).fetched == ("shop/customers/a.csv",)
        assert look(bench, spec).fetched == ()
        (tmp_path / "exports" / "b.csv").write_text(f"{header}2,bo@x.org,2,2026-01-02\n")
        assert look(bench, spec).fetched == ("shop/customers/b.csv",)
        assert raw(bench) == [("1", "ann@x.org", "1"), ("2", "bo@x.org", "2")]
        wrong = source(
            files="sftp://127.0.0.1/exports/*.csv", format="csv", storage_options={**options, "password": "x"}
        )
        (error,) = look(bench, wrong).failed
        assert "AuthenticationException" in str(error)
        assert sftp.PASSWORD not in str(error)


@pytest.fixture(scope="module")
def mysql() -> Iterator[str]:
    with servers.mariadb() as url:
        yield url


def test_rows_of_a_mysql_table_are_fetched_from_the_last_value_of_the_cursor_on(bench: Bench, mysql: str) -> None:
    engine = sa.create_engine(mysql, isolation_level="AUTOCOMMIT")
    spec = source(database={"url": mysql, "table": "customers", "cursor": "updated_at"})
    with engine.connect() as connection:
        connection.execute(sa.text(
            "CREATE TABLE customers (id BIGINT PRIMARY KEY, email VARCHAR(200) CHARACTER SET utf8mb4, "
            "spent DECIMAL(12, 2), `Note` TEXT, active TINYINT(1), seen DATE, updated_at DATETIME(6) NOT NULL)"
        ))  # fmt: skip
        insert = "REPLACE INTO customers VALUES (:id, :email, :spent, 'x', 1, '2026-01-01', :at)"
        connection.execute(sa.text(insert), {"id": 1, "email": "änn@x.org", "spent": "10.50", "at": "2026-01-01 10:00"})
        connection.execute(sa.text(insert), {"id": 2, "email": "bo@x.org", "spent": None, "at": "2026-01-02 10:00"})
        assert [load.rows for load in look(bench, spec).loaded] == [2]
        assert look(bench, spec).fetched == ()
        connection.execute(sa.text(insert), {"id": 2, "email": "bo@new.org", "spent": "7", "at": "2026-01-03 10:00"})
        assert [load.rows for load in look(bench, spec).loaded] == [1]
    engine.dispose()
    assert raw(bench) == [("1", "änn@x.org", "10.50"), ("2", "bo@x.org", None), ("2", "bo@new.org", "7.00")]
    query = "SELECT id, email, spent, updated_at FROM customers WHERE spent > 8"
    found = look(bench, source(name="customers", database={"url": mysql, "query": query}, load="snapshot"))
    assert found.failed == ()


@pytest.mark.parametrize(
    ("database", "said"),
    [
        ({"table": "nowhere"}, "no such table.*Correct `table` or `query`"),
        ({"table": "told", "cursor": "changed"}, "a column that `cursor` or `query` names is not there"),
        # The server takes no notice of case, and answers with its own.
        ({"table": "told", "cursor": "UPDATED_AT"}, "a column that `cursor` or `query` names is not there"),
        ({"query": "SELECT FROM WHERE"}, "does not understand the query"),
        ({"url": {"database": "elsewhere"}, "table": "told"}, "no such database on the server"),
        ({"url": {"username": "stranger"}, "table": "told"}, "the login was refused.*Correct user and password"),
        ({"url": {"port": 1}, "table": "told"}, "nobody answers there"),
        ({"url": {"drivername": "mysql"}, "table": "told"}, "MySQLdb is missing.*mysql[+]pymysql://"),
    ],
)
def test_a_fault_of_mysql_is_told_with_what_to_do(
    bench: Bench, mysql: str, database: dict[str, Any], said: str
) -> None:
    engine = sa.create_engine(mysql, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text("CREATE TABLE IF NOT EXISTS told (id INT, updated_at DATETIME)"))
        connection.execute(sa.text("INSERT INTO told VALUES (1, '2026-01-01 10:00:00')"))
    engine.dispose()
    url = sa.make_url(mysql).set(**database.get("url", {}))
    (error,) = look(bench, source(database={**database, "url": url.render_as_string(hide_password=False)})).failed
    assert re.search(said, str(error))


def test_dates_of_mysql_that_are_none_hold_up_no_cursor(bench: Bench, mysql: str) -> None:
    engine = sa.create_engine(mysql, isolation_level="AUTOCOMMIT")
    spec = source(database={"url": mysql, "table": "legacy", "cursor": "updated_at"})
    with engine.connect() as connection:
        connection.execute(sa.text("SET SESSION sql_mode = ''"))
        connection.execute(sa.text("CREATE TABLE legacy (id INT, email TEXT, spent INT, updated_at DATETIME)"))
        insert = "INSERT INTO legacy VALUES (:id, 'a@x.org', 1, :at)"
        for id, at in ((1, "0000-00-00 00:00:00"), (2, "2026-01-01 10:00:00"), (3, "2026-00-00 00:00:00")):
            connection.execute(sa.text(insert), {"id": id, "at": at})
        assert [load.rows for load in look(bench, spec).loaded] == [3]
        connection.execute(sa.text(insert), {"id": 4, "at": "2026-01-02 10:00:00"})
        assert [load.rows for load in look(bench, spec).loaded] == [1]
    engine.dispose()
    assert sorted(id for id, _, _ in raw(bench)) == ["1", "2", "3", "4"]


def test_a_cursor_whose_values_have_no_order_is_told(bench: Bench, tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'shop.sqlite'}"
    with sa.create_engine(address).begin() as connection:
        connection.execute(sa.text("CREATE TABLE customers (id, email, spent, updated_at)"))
        connection.execute(sa.text("INSERT INTO customers VALUES (1, 'a', 1, 20260101), (2, 'b', 1, 'yesterday')"))
    (error,) = look(bench, by_cursor(address)).failed
    assert "values of the cursor are of several types, which have no order" in str(error)
    assert "yesterday" not in str(error)


def test_a_stream_whose_files_are_dropped_off_is_not_fetched(bench: Bench) -> None:
    spec = source(files="shop/*.csv", format="csv")
    assert fetch(spec, spec.streams[0], bench.landing, bench.folder / "dlt").files == ()
    assert not (bench.folder / "dlt").exists()


def test_a_rehearsal_fetches_nothing(bench: Bench, api: servers.Api) -> None:
    spec = rest(api)
    arrivals = Arrivals(bench.landing, bench.folder / "kept", bench.folder / "tmp", lambda: 2e9, bench.waited.append)
    ingest(spec, spec.streams[0], engine=bench.engine, ledger=bench.ledger, arrivals=arrivals, as_of=AS_OF)
    assert api.asked == []


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        ("{name: a, files: shop/*.csv}", False),
        ("{name: a, template: shopify_orders}", False),
        ("{name: a, files: 's3://bucket/*.csv'}", True),
        ("{name: a, database: {url: x, table: t}}", True),
        ("{name: a, template: stripe_customers, rest: {url: x}}", True),
    ],
)
def test_only_fetching_tells_whether_there_is_anything_new(tmp_path: Path, stream: str, expected: bool) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "defs.yaml").write_text(f"type: x\nattributes:\n  streams:\n    - {stream}\n")
    assert fetches(tmp_path) is expected


@pytest.mark.parametrize(
    ("stream", "said"),
    [
        ({"database": {"url": "x"}}, "needs a `table` or a `query`"),
        ({"database": {"url": "x", "table": "a", "query": "select 1"}}, "and not both"),
        ({"rest": {"url": "ftp://x"}}, "begins with http"),
        ({"database": {"url": "x", "table": "a", "cursor": "u"}, "load": "snapshot"}, "write `load: upsert`"),
    ],
)
def test_a_mistake_in_an_origin_is_told_at_load(stream: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        source(**stream)


@pytest.mark.parametrize(
    ("since", "read"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ('"2026-01-01T00:00:00Z"', "2026-01-01T00:00:00Z"),
        ("1767225600", 1767225600),
        ("0", 0),
    ],
)
def test_the_first_value_of_a_cursor_is_an_instant_or_a_number(tmp_path: Path, since: str, read: str | int) -> None:
    (tmp_path / "defs.yaml").write_text(f"""
type: cdp_assets.sources.component.Source
attributes:
  name: shop
  streams:
    - name: customers
      rest:
        url: http://127.0.0.1:9/v1/customers
        cursor: {{path: updated_at, param: updated_since, since: {since}}}
      columns: {{id: {{type: string}}}}
""")
    [found] = load_catalog(tmp_path).sources
    origin = found.streams[0].origin
    assert isinstance(origin, RestSpec)
    assert origin.since == read


def test_a_template_takes_the_items_of_an_api_as_they_are() -> None:
    streams: Any = [
        {"name": "customers", "template": "stripe_customers", "rest": {"url": "https://api.stripe.com/v1/customers"}}
    ]
    (stream,) = Source(name="pay", streams=streams).spec.streams
    assert (stream.files, stream.format, stream.person) == ("pay/customers/*.jsonl", "jsonl", True)


def test_the_work_of_fetching_leaves_no_half_files(bench: Bench, api: servers.Api) -> None:
    look(bench, rest(api))
    names = [name for _, _, files in os.walk(bench.landing) for name in files]
    assert all(name.endswith(".jsonl") and not name.startswith(".") for name in names)


@pytest.mark.parametrize("broken", [False, True])
def test_what_dlt_remembers_names_no_address_and_nothing_that_a_server_said(
    bench: Bench, api: servers.Api, broken: bool
) -> None:
    api.broken = broken
    assert bool(look(bench, rest(api)).failed) == broken
    kept = [file.read_bytes() for file in (bench.folder / "dlt").rglob("*") if file.is_file()]
    assert kept
    for secret in ("secret-token", "127.0.0.1"):
        assert not any(secret.encode() in content for content in kept)
