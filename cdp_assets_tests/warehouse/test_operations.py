"""Ids and instants are the same whatever computes them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import ibis
import pyarrow as pa

from cdp_assets.canonical.schema import Column, TableSchema
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets.warehouse.operations import of_earliest, quick_hash, stable_id, trimmed, try_timestamp, without_members


def _texts(engine: DuckDBEngine, *texts: str | None) -> ibis.Table:
    return engine.from_arrow(pa.table({"text": pa.array(texts, pa.string())}), ibis.schema({"text": "string"}))


def _values(engine: DuckDBEngine, column: ibis.Value) -> list[object]:
    return engine.to_arrow(column.name("value").as_table())["value"].to_pylist()


def test_a_stable_id_is_the_low_63_bits_of_a_sha_256() -> None:
    engine = DuckDBEngine.in_memory()
    expected = int(hashlib.sha256(b"key\x1fshop\x1f42").hexdigest()[:16], 16) & (2**63 - 1)
    table = _texts(engine, "42")
    assert _values(engine, stable_id(ibis.literal("shop"), table.text, key="key")) == [expected]


def test_null_is_a_value_of_its_own_and_parts_do_not_run_together() -> None:
    engine = DuckDBEngine.in_memory()
    table = _texts(engine, None)
    ids = [
        _values(engine, stable_id(table.text, table.text.coalesce("b")))[0],
        _values(engine, stable_id(table.text.coalesce(""), table.text.coalesce("b")))[0],
        _values(engine, stable_id(table.text.coalesce("b"), table.text.coalesce("")))[0],
    ]
    assert len(set(ids)) == 3


def test_a_quick_hash_tells_null_from_nothing_and_one_order_from_another() -> None:
    engine = DuckDBEngine.in_memory()
    table = _texts(engine, None)
    a, b, null = ibis.literal("a"), ibis.literal("b"), table.text
    hashes = [_values(engine, quick_hash(*parts))[0] for parts in ((a, b), (b, a), (a, null), (null, a), (a, null))]
    assert len(set(hashes)) == 4
    assert hashes[2] == hashes[4]
    assert all(isinstance(found, int) and 0 <= found < 2**63 for found in hashes)
    assert "XXHASH64" in ibis.to_sql(quick_hash(a, null).name("value"), dialect="pyspark").upper()


def test_a_quick_hash_of_a_text_is_the_same_however_it_is_kept() -> None:
    engine = DuckDBEngine.in_memory()
    schema = TableSchema("signs", "Signs.", (Column("sign", "string", "A sign.", one_of=("a", "b")),))
    engine.stage_table("shop", schema, _texts(engine, "b", None).rename(sign="text"))
    engine.publish([("shop", "signs")])
    kept = engine.table("shop", "signs")
    again = engine.scratch(kept)
    assert _values(engine, quick_hash(kept.sign)) == _values(engine, quick_hash(again.sign))


def test_of_the_rows_with_the_earliest_instant_the_smallest_number_is_taken() -> None:
    engine = DuckDBEngine.in_memory()
    far, near = 2**63 - 1, 3
    rows = [
        ("a", datetime(1960, 1, 1, tzinfo=UTC), far), ("a", datetime(1970, 1, 1, tzinfo=UTC), near),
        ("b", datetime(2024, 1, 1, tzinfo=UTC), far), ("b", datetime(2024, 1, 1, tzinfo=UTC), near),
        ("c", datetime(9999, 12, 31, tzinfo=UTC), far), ("c", datetime(2024, 1, 1, 0, 0, 0, 1, UTC), 0),
        ("d", datetime(9999, 12, 31, tzinfo=UTC), far),
    ]  # fmt: skip
    schema = ibis.schema({"group": "string", "seen": "timestamp('UTC')", "number": "int64"})
    table = engine.from_arrow(pa.Table.from_pylist([dict(zip(schema, row, strict=True)) for row in rows]), schema)
    grouped = table.group_by("group").aggregate(first=of_earliest(table.number, table.seen))
    assert engine.to_arrow(grouped.order_by("group"))["first"].to_pylist() == [far, near, 0, far]
    assert "MIN(" in str(ibis.to_sql(grouped, dialect="pyspark"))


def test_times_are_read_with_offset_zone_or_format() -> None:
    engine = DuckDBEngine.in_memory()
    table = _texts(engine, "2024-07-01 10:00:00", "2024-07-01T10:00:00+02:00", "2024-07-01T08:00:00Z", "no time")
    eight = datetime(2024, 7, 1, 8, tzinfo=UTC)
    assert _values(engine, try_timestamp(table.text, zone="Europe/Berlin")) == [eight, eight, eight, None]
    german = _texts(engine, "01.07.2024 10:00", "2024-07-01")
    assert _values(engine, try_timestamp(german.text, "%d.%m.%Y %H:%M", "Europe/Berlin")) == [eight, None]
    offset = _texts(engine, "2024-07-01 10:00:00 +0200")
    assert _values(engine, try_timestamp(offset.text, "%Y-%m-%d %H:%M:%S %z", "Europe/Berlin")) == [eight]


def test_both_operations_compile_for_spark() -> None:
    table = ibis.table({"text": "string"}, name="t")
    sql = ibis.to_sql(
        table.select(
            id=stable_id(table.text, key="k"),
            at=try_timestamp(table.text, "%Y-%m-%d", "Europe/Berlin"),
            iso=try_timestamp(table.text),
        ),
        dialect="pyspark",
    )
    assert "CONV(" in sql
    assert "TO_UTC_TIMESTAMP(" in sql


def test_members_that_have_a_place_of_their_own_go_and_the_others_stay() -> None:
    engine = DuckDBEngine.in_memory()
    texts = (
        '{"x":"a, \\"x\\":1"}',
        '{"y":1,"x":[2]}',
        '{"o":{"a":1,"b":{"c":2}}}',
        '{"o":{"a":1,"d":3},"x":null}',
        "{}",
        None,
    )
    found = without_members(_texts(engine, *texts).text, [["x"], ["o", "a"], ["o", "b", "c"]])
    assert _values(engine, found) == [None, '{"y":1}', None, '{"o":{"a":1,"d":3}}', None, None]


def test_members_compile_for_spark() -> None:
    table = ibis.table({"text": "string"}, name="t")
    sql = ibis.to_sql(table.select(left=without_members(table.text, [["x"], ["o", "a"]])), dialect="pyspark")
    assert str(sql).count("REGEXP_REPLACE(") == 1


def test_trimming_takes_off_what_stripping_does_and_nothing_else() -> None:
    engine = DuckDBEngine.in_memory()
    texts = ("Anna", " Anna", "Anna\t", "\r\n Anna Maria \x0b\x0c", "", "  ", "!", "\x01", "Zoë ", "\u00a0a", None)
    table = _texts(engine, *texts)
    assert _values(engine, trimmed(table.text)) == _values(engine, table.text.strip())
    assert _values(engine, trimmed(table.text))[:4] == ["Anna", "Anna", "Anna", "Anna Maria"]
