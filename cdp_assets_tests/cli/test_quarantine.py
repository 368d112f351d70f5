"""The rows in quarantine from the command line, on a snapshot made by hand."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from cdp_assets.cli_quarantine import quarantine

DEFINITION = """\
type: cdp_assets.sources.component.Source
attributes:
  name: shop
  streams:
    - name: orders
      files: shop/orders*.csv
      format: csv
      key: [order]
      columns: {order: {type: string, required: true}, total: {type: decimal%s}}
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "defs" / "shop").mkdir(parents=True)
    (tmp_path / "defs" / "shop" / "defs.yaml").write_text(DEFINITION % "")
    for name, value in (("DATA", tmp_path), ("DEFS", tmp_path / "defs"), ("AS_OF", "2026-06-30"), ("HASH_KEY", "k")):
        monkeypatch.setenv(f"CDP_{name}", str(value))
    with duckdb.connect(str(tmp_path / "serving.duckdb")) as connection:
        connection.execute("""
            CREATE SCHEMA sources; CREATE SCHEMA normalised;
            CREATE TABLE sources.load_manifest AS SELECT 'l1' AS load_id,
              TIMESTAMPTZ '2026-06-01 00:00:00Z' AS loaded_at;
            CREATE TABLE sources.shop__orders AS
              SELECT * FROM (VALUES ('1', '5.00', 1), ('2', '5,00', 2), ('3', 'free', 3)) AS t("order", total, n),
                (SELECT NULL::VARCHAR AS extra, NULL::VARCHAR AS raw_line, NULL::VARCHAR AS parse_error,
                  'l1' AS load_id,
                  'shop/orders1.csv' AS source_file);
            ALTER TABLE sources.shop__orders ADD COLUMN source_row BIGINT;
            UPDATE sources.shop__orders SET source_row = n;
            ALTER TABLE sources.shop__orders DROP COLUMN n;
            CREATE TABLE normalised.dispositions AS SELECT 'shop' AS source, 'orders' AS stream, *
              FROM (VALUES ('accepted', 2), ('quarantined', 1)) AS t(disposition, rows);
            CREATE TABLE normalised.quarantine AS
              SELECT 'shop' AS source, 'orders' AS stream, load_id, source_file, source_row,
                'the value is not a decimal' AS reason, 'total' AS column_name,
                '{"order":"' || "order" || '","total":"' || total || '"}' AS raw
              FROM sources.shop__orders WHERE source_row > 1;
        """)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(quarantine, list(arguments))


def test_reasons_are_counted_by_stream_and_column(home: Path) -> None:
    told = run("list", "--json")
    assert json.loads(told.stdout) == [
        {"source": "shop", "stream": "orders", "column_name": "total", "reason": "the value is not a decimal",
         "rows": 2, "files": 1, "latest": "2026-06-01T00:00:00+00:00"}
    ]  # fmt: skip
    assert "1 of 3 rows were refused, and of 1 that were accepted a map makes nothing" in run("list", "shop").output


def test_rows_are_shown_as_they_came_with_file_and_row(home: Path) -> None:
    told = run("show", "shop.orders", "--limit", "1").output
    assert "shop/orders1.csv, row 2, column total: the value is not a decimal\n    order: 2\n    total: 5,00\n" in told
    assert "no row of it" in run("show", "shop.orders", "--reason", "formula").output


@pytest.mark.parametrize("command", ["list", "show", "retry"])
def test_a_name_that_no_definition_has_is_no_empty_quarantine(home: Path, command: str) -> None:
    for name, says in (
        ("shp", "there is no source 'shp'; did you mean `shop`?"),
        ("shop.order", "there is no stream 'shop.order'; did you mean `shop.orders`?"),
    ):
        told = run(command, name)
        assert told.exit_code == 1
        assert says in told.output


def test_a_retry_says_what_a_mended_contract_would_accept(home: Path) -> None:
    assert "0 of 2 would be accepted" in run("retry", "--dry-run").output
    (home / "defs" / "shop" / "defs.yaml").write_text(DEFINITION % ", decimal_mark: ','")
    told = run("retry", "shop.orders", "--dry-run").output
    assert "shop.orders: 1 of 2 would be accepted" in told
    assert "still 1: the value is not a decimal (total)" in told
