"""The stage in Dagster: what a run shows of good and bad files."""

from pathlib import Path

import dagster as dg
import duckdb
import ibis.expr.types as ir
import pytest

from cdp_assets.automation.refresh import failed_check
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.sources.dagster_run import rows, run
from cdp_assets_tests.sources.shop import content, orders, row, shop


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "defs").mkdir()
    (tmp_path / "landing" / "shop").mkdir(parents=True)
    monkeypatch.setenv("CDP_DATA", str(tmp_path))
    monkeypatch.setenv("CDP_DEFS", str(tmp_path / "defs"))
    monkeypatch.setenv("CDP_AS_OF", "2026-06-30")
    return tmp_path


def checks(result: dg.ExecuteInProcessResult) -> dict[tuple[str, str], bool]:
    return {
        (evaluation.asset_key.path[-1], evaluation.check_name): evaluation.passed
        for evaluation in result.get_asset_check_evaluations()
    }


def test_a_bad_file_fails_a_check_of_its_stream_while_everything_else_loads(home: Path) -> None:
    specs = [shop(orders(), orders(name="returns", files="shop/returns*"))]
    (home / "landing/shop/orders.1").write_bytes(b"")
    (home / "landing/shop/orders.2").write_bytes(content("csv", [row("1", email="a@x.org")]))
    (home / "landing/shop/returns.1").write_bytes(content("csv", [row("9", email="b@x.org")]))
    result = run(specs)
    assert result.success
    assert rows(home, 'SELECT "order" FROM sources.shop__orders') == [("1",)]
    assert rows(home, 'SELECT "order" FROM sources.shop__returns') == [("9",)]
    assert rows(home, "SELECT file, status, rows, error[:10] FROM sources.load_manifest ORDER BY file") == [
        ("shop/orders.1", "failed", 0, "empty_file"),
        ("shop/orders.2", "loaded", 1, None),
        ("shop/returns.1", "loaded", 1, None),
    ]
    outcome = checks(result)
    assert outcome["shop__orders", "files_are_sound"] is False
    [failed] = [each for each in result.get_asset_check_evaluations() if not each.passed]
    assert failed_check(failed).startswith("sources.shop__orders: files_are_sound: empty_file: shop/orders.1: ")
    [materialization] = result.asset_materializations_for_node("sources__shop__orders")
    assert "empty_file: shop/orders.1" in materialization.metadata["failed"].value

    (home / "landing/shop/orders.1").write_bytes(content("csv", [row("2")]))
    assert all(checks(run(specs)).values())
    assert rows(home, 'SELECT "order" FROM sources.shop__orders ORDER BY 1') == [("1",), ("2",)]


def test_a_list_that_has_lost_many_of_its_rows_fails_a_check_until_the_next_one(home: Path) -> None:
    specs = [shop(orders(load="snapshot"), orders(name="returns", files="shop/orders*"))]
    landed = home / "landing/shop/orders.1"
    for many, passed in ((60, True), (51, True), (40, False), (40, False), (39, True), (60, True)):
        landed.write_bytes(content("csv", [row(str(number), email=f"{number}@x.org") for number in range(many)]))
        result = run(specs)
        assert result.success
        found = [each for each in result.get_asset_check_evaluations() if each.check_name == "lists_are_whole"]
        assert [(each.asset_key.path[-1], each.passed) for each in found] == [("shop__orders", passed)], many
        if not passed:
            assert "shop/orders.1 has 40 rows, and the delivery before had 51." in str(
                found[0].metadata["verdict"].value
            )


def test_a_file_that_is_passed_over_is_named_with_the_one_that_had_its_content(home: Path) -> None:
    specs = [shop(orders())]
    delivered = content("csv", [row("1", email="a@x.org")])
    (home / "landing/shop/orders.1").write_bytes(delivered)
    run(specs)
    (home / "landing/shop/orders.2").write_bytes(delivered)
    [told] = run(specs).asset_materializations_for_node("sources__shop__orders")
    assert told.metadata["content_known"].value == "- shop/orders.2: as shop/orders.1, which was loaded"
    assert told.metadata["rows_loaded"].value == 0
    assert rows(home, 'SELECT "order" FROM sources.shop__orders') == [("1",)]
    [told] = run(specs).asset_materializations_for_node("sources__shop__orders")
    assert "content_known" not in told.metadata, "told once: nothing has changed since"


def test_a_stream_without_files_is_a_real_empty_table(home: Path) -> None:
    assert run([shop(orders())]).success
    assert rows(home, "SELECT count(*) FROM sources.shop__orders") == [(0,)]
    assert rows(home, "SELECT rows, fill_rate FROM sources.source_audit WHERE column_name = 'email'") == [(0, None)]


def test_only_columns_that_a_definition_names_itself_have_to_be_filled(home: Path) -> None:
    (home / "landing/shop/orders.1").write_bytes(content("csv", [row("1", email=None)]))
    outcome = checks(run([shop(orders())]))
    assert outcome["source_audit", "every_stream_delivers"] is False
    # A template names what an export may hold.
    assert checks(run([shop(orders(from_template=frozenset({"email"})))]))["source_audit", "every_stream_delivers"]


def test_whom_sources_share_is_looked_at_again_when_much_is_new_or_the_next_day(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    specs = [shop(orders())]

    def holders(number: int, *people: str) -> int:
        """Who is known by e-mail, when these have come too."""
        lines = [row(f"{number}.{place}", email=f"{name}@x.org") for place, name in enumerate(people)]
        (home / f"landing/shop/orders.{number}").write_bytes(content("csv", lines))
        assert run(specs).success
        [(known,)] = rows(home, "SELECT shared FROM sources.source_overlaps WHERE source = other")
        return int(known)

    assert holders(1, *(f"p{number}" for number in range(200))) == 200
    assert holders(2, "one") == 200
    assert rows(home, "SELECT DISTINCT rows FROM sources.source_audit") == [(201,)]
    assert holders(3, "two", "three") == 203
    assert holders(4, "four") == 203
    monkeypatch.setenv("CDP_AS_OF", "2026-07-01")
    assert holders(5, "five") == 205


def test_without_news_nothing_is_made_or_asked_again_and_the_checks_say_what_they_said(home: Path) -> None:
    made = ["sources__shop__orders", "sources__load_manifest"]

    def made_for(result: dg.ExecuteInProcessResult) -> list[bool]:
        """Whether each was made again."""
        told = [result.asset_materializations_for_node(name)[0].metadata["made_anew_for"].value for name in made]
        return [not str(why).startswith("nothing") for why in told]

    (home / "landing/shop/orders.1").write_bytes(content("csv", [row("1")]))
    first = run([shop(orders())])
    again = run([shop(orders())])
    assert made_for(again) == [False, False]
    assert checks(again) == checks(first)
    (home / "landing/shop/orders.2").write_bytes(content("csv", [row("2")]))
    assert made_for(run([shop(orders())])) == [True, True]
    (home / "landing/shop/orders.3").write_bytes(b"")
    assert checks(run([shop(orders())]))["shop__orders", "files_are_sound"] is False
    assert checks(run([shop(orders())]))["shop__orders", "files_are_sound"] is False
    (home / "landing/shop/orders.3").unlink()
    assert checks(run([shop(orders())]))["shop__orders", "files_are_sound"] is True


def test_a_delivery_of_broken_rows_is_told_of_for_as_long_as_it_is_there(home: Path) -> None:
    orders_csv = home / "landing/shop/orders.1"
    orders_csv.write_bytes(content("csv", [row(str(number)) for number in range(20)]) + b"too,short\n" * 3)
    for number in (2, 3):
        assert checks(run([shop(orders())]))["shop__orders", "files_are_sound"] is False
        (home / f"landing/shop/orders.{number}").write_bytes(content("csv", [row(f"new {number}")]))
    assert checks(run([shop(orders())]))["shop__orders", "files_are_sound"] is False


def test_where_a_delivery_comes_what_was_there_is_not_counted_again(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        (home / f"landing/shop/orders.{number}").write_bytes(
            content("csv", [row(str(number), email=f"{number}@x.org")])
        )
    run([shop(orders())])
    counted: list[str] = []
    compiled = DuckDBEngine._compiled

    def noted(self: DuckDBEngine, expression: ir.Table) -> str:
        sql = compiled(self, expression)
        if '"shop__orders"' in sql and "GROUP BY" in sql and " IN (" not in sql:
            counted.append(sql)
        return sql

    monkeypatch.setattr(DuckDBEngine, "_compiled", noted)
    (home / "landing/shop/orders.3").write_bytes(content("csv", [row("3", email="3@x.org")]))
    assert all(checks(run([shop(orders())])).values())
    assert counted == []
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        connection.execute("DELETE FROM sources.shop__orders WHERE source_file LIKE '%.2'")
    assert all(checks(run([shop(orders())])).values())
    assert counted
    assert rows(home, 'SELECT "order" FROM sources.shop__orders ORDER BY 1') == [("1",), ("2",), ("3",)]


def test_a_table_whose_rows_were_tampered_with_fails_its_check(home: Path) -> None:
    (home / "landing/shop/orders.1").write_bytes(content("csv", [row("1"), row("2"), row("3")]))
    run([shop(orders())])
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        connection.execute("DELETE FROM sources.shop__orders WHERE source_row = 2")
    for _ in range(2):  # it is not forgotten
        assert checks(run([shop(orders())], raising=False))["shop__orders", "rows_are_whole"] is False
