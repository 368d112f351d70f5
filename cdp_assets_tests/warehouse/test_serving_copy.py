"""Copies for readers: equal to the warehouse, cheap where little changed, and never changed under a reader."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets.warehouse.serving import Reader, hold
from cdp_assets.warehouse.serving_copy import publish_copy

BLOCK = 262_144


class Company:
    """A warehouse of some megabytes, and the copy of it."""

    def __init__(self, folder: Path) -> None:
        self.file, self.served = folder / "warehouse.duckdb", folder / "serving.duckdb"
        self.change("CREATE TABLE facts AS SELECT range AS id, hash(range)::VARCHAR AS said FROM range(400000)")

    def change(self, sql: str) -> None:
        with duckdb.connect(str(self.file)) as connection:
            connection.execute(f"{sql}; CHECKPOINT")

    def serve(self) -> int:
        written = publish_copy(self.file, self.served, BLOCK)
        assert self.served.read_bytes() == self.file.read_bytes()
        return written

    @property
    def size(self) -> int:
        return self.file.stat().st_size


@pytest.fixture
def company(tmp_path: Path) -> Company:
    company = Company(tmp_path)
    for _ in range(2):
        assert company.serve() == company.size, "there is no older copy yet"
    return company


def test_only_what_changed_is_written_and_the_copy_is_equal(company: Company) -> None:
    for number in range(4):
        company.change(f"DELETE FROM facts WHERE id = {number}; CREATE TABLE more_{number} AS SELECT 1 AS one")
        assert company.serve() < company.size / 3


def test_a_copy_grows_and_shrinks_with_the_warehouse(company: Company) -> None:
    for sql in ("CREATE TABLE twice AS SELECT * FROM facts", "DROP TABLE twice", "CHECKPOINT"):
        company.change(sql)
        company.serve()


@pytest.mark.parametrize("how", ["read", "held"])
def test_who_still_looks_at_an_older_copy_goes_on_seeing_it(company: Company, how: str) -> None:
    company.change("CREATE TABLE first AS SELECT 1 AS one")
    company.serve()
    kept = company.served.with_name("kept.duckdb")
    if how == "held":
        hold(company.served, kept)
    with Reader(company.served if how == "read" else kept) as reader:
        for number in range(3):
            company.change(f"DELETE FROM facts WHERE id % 3 = {number}")
            company.serve()
        assert reader.rows("SELECT count(*) AS facts FROM facts") == [{"facts": 400_000}]


def test_a_copy_that_was_never_finished_is_not_relied_on(company: Company) -> None:
    spare, partial = company.served.with_suffix(".spare"), company.served.with_suffix(".partial")
    spare.replace(partial)
    partial.write_bytes(partial.read_bytes()[: BLOCK * 2])
    company.change("DELETE FROM facts WHERE id < 10")
    assert company.serve() == company.size


def test_the_engine_serves_its_file(tmp_path: Path) -> None:
    company = Company(tmp_path)
    with duckdb.connect(str(company.file)) as connection:
        engine = DuckDBEngine(connection, company.file)
        sizes = [engine.snapshot(company.served) for _ in range(3)]
    assert sizes == [company.size] * 3
