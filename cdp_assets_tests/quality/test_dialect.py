"""How checks reach the tables of a run."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from cdp_assets.quality.dialect import sqlalchemy_engine
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine


@pytest.fixture
def inspector() -> sa.Inspector:
    engine = DuckDBEngine.in_memory()
    engine.backend.con.execute('CREATE SCHEMA shop; CREATE TABLE shop."or""ders" (id BIGINT, paid DECIMAL(9, 2))')
    engine.backend.con.execute('CREATE VIEW shop.paid AS SELECT paid FROM shop."or""ders"')
    return sa.inspect(sqlalchemy_engine(engine.cursor))


def test_columns_of_tables_and_views_are_listed_in_their_order(inspector: sa.Inspector) -> None:
    found = {name: inspector.get_columns(name, "shop") for name in ('or"ders', "paid")}
    assert {name: [column["name"] for column in columns] for name, columns in found.items()} == {
        'or"ders': ["id", "paid"],
        "paid": ["paid"],
    }
    assert isinstance(found['or"ders'][0]["type"], sa.BigInteger)


def test_a_table_that_is_not_there_has_none(inspector: sa.Inspector) -> None:
    assert inspector.has_table("paid", "shop")
    assert not inspector.has_table("gone", "shop")
    assert not inspector.has_table("paid", "till")


def test_engines_share_a_dialect_and_no_connection() -> None:
    one, other = DuckDBEngine.in_memory(), DuckDBEngine.in_memory()
    one.cursor().execute("CREATE TABLE only_here (id INTEGER)")
    of_one, of_other = sqlalchemy_engine(one.cursor), sqlalchemy_engine(other.cursor)
    assert of_one.dialect is of_other.dialect
    assert sa.inspect(of_one).has_table("only_here")
    assert not sa.inspect(of_other).has_table("only_here")
