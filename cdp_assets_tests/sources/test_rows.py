"""Every row that was dropped off is in the raw table once, as text, with its place."""

from __future__ import annotations

import gzip
import io
import json
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cdp_assets.sources.records import RecordScanner
from cdp_assets.sources.spec import ColumnSpec
from cdp_assets_tests.examples import examples
from cdp_assets_tests.sources.shop import Bench, content, narrow, orders, row, squeezed

EVERY = pytest.mark.parametrize("format", ["csv", "jsonl", "json", "parquet"])


@EVERY
def test_rows_keep_their_text_their_file_and_their_number(bench: Bench, format: str) -> None:
    bench.drop("shop/orders.1", content(format, [row("1", total="not a number"), row("2", total=None)]))
    assert [load.rows for load in bench.ingest(orders(format)).loaded] == [2]
    first, second = bench.raw()
    assert first | {"load_id": "…"} == {
        "order": "1", "at": "2026-01-05 10:00:00", "total": "not a number", "email": None, "extra": None,
        "raw_line": None, "parse_error": None, "load_id": "…", "source_file": "shop/orders.1", "source_row": 1,
    }  # fmt: skip
    assert (second["order"], second["total"], second["source_row"]) == ("2", None, 2)


@EVERY
@pytest.mark.parametrize("name", ["Position", "position", "rowid", "line"])
def test_columns_may_be_called_like_what_numbers_rows(bench: Bench, format: str, name: str) -> None:
    rows = [{name: text, "at": "x"} for text in ("Buyer", "Clerk")]
    bench.drop("shop/orders.1", content(format, rows, (name, "at")))
    columns = (ColumnSpec(name, "string"), ColumnSpec("at", "string"))
    bench.ingest(orders(format, columns=columns, key=(), event_time=None, identifiers=(), maps=()))
    assert [(row[name], row["source_row"]) for row in bench.raw()] == [("Buyer", 1), ("Clerk", 2)]


@pytest.mark.parametrize("format", ["csv", "jsonl", "json"])
def test_compressed_files_are_read(bench: Bench, format: str) -> None:
    bench.drop("shop/orders.1.gz", squeezed(content(format, [row("1")])))
    assert bench.ingest(orders(format)).loaded
    assert [each["order"] for each in bench.raw()] == ["1"]


def test_broken_csv_lines_stay_as_they_came_and_number_the_others_right(bench: Bench) -> None:
    lines = [
        "order_no,at,total,email",
        "1,t,1,a",
        "2,t,1",
        "3,t,1,a,b,c",
        '4,t,1,"never closed',
        "5,t,1,a",
        "",
        '6,t,1,"two\nlines, and\n\na ""quote"""',
        '7,t,1,"x"y',
        '8,t,1,12" vinyl',
        "9,t,1,a",
    ]
    bench.drop("shop/orders.1", "\n".join(lines))
    found = bench.ingest(orders())
    assert (found.loaded[0].rows, found.broken) == (9, 4)
    rows = {each["source_row"]: each for each in bench.raw()}
    assert sorted(rows) == list(range(1, 10))
    assert {number: each["order"] for number, each in rows.items() if each["parse_error"] is None} == {
        1: "1", 5: "5", 6: "6", 8: "8", 9: "9"
    }  # fmt: skip
    assert rows[6]["email"] == 'two\nlines, and\n\na "quote"'
    assert rows[8]["email"] == '12" vinyl'
    assert {
        number: (each["raw_line"], each["parse_error"]) for number, each in rows.items() if each["parse_error"]
    } == {
        2: ("2,t,1", "it has too few columns"),
        3: ("3,t,1,a,b,c", "it has too many columns"),
        4: ('4,t,1,"never closed', "a quote is not closed"),
        7: ('7,t,1,"x"y', "a quote is not closed, or text follows a closing quote"),
    }


def test_a_quote_that_is_never_closed_does_not_swallow_the_rest_of_a_large_file(bench: Bench) -> None:
    lines = [f"{number},t,1,a" for number in range(1, 60_001)]
    lines[9] = '10,t,1,"never closed'
    lines[50_000] = '50001,t,1,"never closed either'
    lines[50_001] = "50002,t"
    bench.drop("shop/orders.1", "order_no,at,total,email\n" + "\n".join(lines) + "\n")
    found = bench.ingest(orders())
    assert (found.loaded[0].rows, found.broken) == (60_000, 3)
    raw = bench.engine.table("sources", "shop__orders")
    wrong = raw.filter(raw.parse_error.isnull(), raw["order"] != raw.source_row.cast("string"))
    assert bench.engine.to_arrow(wrong).num_rows == 0
    broken = bench.engine.to_arrow(raw.filter(raw.parse_error.notnull()).order_by("source_row"))
    assert broken["source_row"].to_pylist() == [10, 50_001, 50_002]


def test_broken_json_lines_stay_as_they_came(bench: Bench) -> None:
    lines = ['{"order_no": "1"}', "", "{broken", "[1]", '"text"', '{"order_no": "6"}', '{"order_no": "\x01"}']
    bench.drop("shop/orders.1", "\n".join(lines))
    assert bench.ingest(narrow("jsonl", ColumnSpec("order", "string", path="order_no"))).loaded
    assert [(each["source_row"], each["order"], each["raw_line"]) for each in bench.raw()] == [
        (1, "1", None),
        (2, None, "{broken"),
        (3, None, "[1]"),
        (4, None, '"text"'),
        (5, "6", None),
        (6, None, '{"order_no": "\x01"}'),
    ]


def test_a_few_damaged_lines_among_sound_ones_are_broken_rows_and_no_reason_to_refuse_the_file(bench: Bench) -> None:
    text = content("csv", [row(str(number), email="zoë@example.org") for number in range(1, 5)])
    bench.drop("shop/orders.1", text.replace("zoë".encode(), "zoë".encode("latin-1"), 1))
    assert bench.ingest(orders()).broken == 1
    first, second, *_ = bench.raw()
    assert first["raw_line"] == r"1,2026-01-05 10:00:00,12.50,zo\xeb@example.org"
    assert second["email"] == "zoë@example.org"


@pytest.mark.parametrize("ends", ["\n", "\r\n", "mixed"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("format", ["csv", "jsonl", "json"])
def test_line_ends_and_byte_order_marks_are_no_part_of_the_values(
    bench: Bench, ends: str, mark: bytes, format: str
) -> None:
    text = content(format, [row("1"), row("2"), row("3")]).decode()
    text = text.replace("\n", "\r\n", 2) if ends == "mixed" else text.replace("\n", ends)
    bench.drop("shop/orders.1", mark + text.encode())
    assert bench.ingest(orders(format)).failed == ()
    assert [(each["order"], each["email"], each["source_row"]) for each in bench.raw()] == [
        ("1", None, 1), ("2", None, 2), ("3", None, 3)
    ]  # fmt: skip


def test_what_the_contract_does_not_name_is_kept_as_json(bench: Bench) -> None:
    columns = (ColumnSpec("order", "string", path="order_no"), ColumnSpec("email", "string", path="traits.email"))
    stream = narrow("jsonl", *columns, key=())
    bench.drop(
        "shop/orders.1",
        b'{"order_no":"1","traits":{"email":"a","plan":"gold"},"colour":"red"}\n'
        b'{"order_no":"2","traits":{"email":"b"}}\n{"order_no":"3"}\n',
    )
    bench.ingest(stream)
    assert [(each["order"], each["email"], each["extra"]) for each in bench.raw()] == [
        ("1", "a", '{"colour":"red","traits":{"email":"a","plan":"gold"}}'),
        ("2", "b", None),
        ("3", None, None),
    ]


@pytest.mark.parametrize("format", ["jsonl", "json"])
def test_a_value_is_taken_from_the_first_of_its_places_that_has_one(bench: Bench, format: str) -> None:
    rows = [{"after": {"no": 7}, "before": {"no": 6}}, {"after": None, "before": {"no": 8}}, {"before": {"yes": 1}}]
    bench.drop("shop/orders.1", content(format, rows))
    order = ColumnSpec("order", "string", path="after.no", others=("before.no",))
    bench.ingest(narrow(format, order, load="append", key=()))
    assert [each["order"] for each in bench.raw()] == ["7", "8", None]
    assert json.loads(bench.raw()[2]["extra"]) == {"before": {"yes": 1}}


def test_a_column_with_several_places_is_found_among_what_was_kept(bench: Bench) -> None:
    bench.drop("shop/orders.1", content("jsonl", [{"no": 1, "b": 2}, {"no": 2, "a": {"c": 3}}]))
    no = ColumnSpec("no", "string")
    bench.ingest(narrow("jsonl", no, key=("no",)))
    bench.ingest(narrow("jsonl", no, ColumnSpec("it", "string", path="a.c", others=("b",)), key=("no",)))
    assert [each["it"] for each in bench.raw()] == ["2", "3"]


def test_columns_of_a_csv_file_that_the_contract_does_not_name_are_kept_as_json(bench: Bench) -> None:
    bench.drop("shop/orders.1", 'order_no,note,at,order_no,x\n1,"a ""b""",t,again,\n2,,t,,\n')
    bench.ingest(narrow("csv", ColumnSpec("order", "string", path="order_no")))
    assert [(each["order"], each["extra"]) for each in bench.raw()] == [
        ("1", '{"note":"a \\"b\\"","at":"t","order_no":"again"}'),
        ("2", '{"at":"t"}'),
    ]


def test_parquet_values_become_the_text_that_the_contract_reads(bench: Bench) -> None:
    import datetime as dt

    table = pa.table(
        {
            "order_no": pa.array([7, None], pa.int64()),
            "at": pa.array([dt.datetime(2026, 1, 5, 10, tzinfo=dt.UTC)] * 2, pa.timestamp("us", "Europe/Berlin")),
            "total": pa.array([1.5, 2.0], pa.float64()),
            "email": pa.array(["a", "b"]),
            "tags": pa.array([["x", "y"], None], pa.list_(pa.string())),
        }
    )
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    bench.drop("shop/orders.1", buffer.getvalue())
    bench.ingest(orders("parquet"))
    assert [(each["order"], each["at"], each["total"], each["extra"]) for each in bench.raw()] == [
        ("7", "2026-01-05 10:00:00+00", "1.5", '{"tags":"[\\"x\\",\\"y\\"]"}'),
        (None, "2026-01-05 10:00:00+00", "2.0", None),
    ]


def test_an_optional_column_that_a_file_lacks_is_named_and_empty(bench: Bench) -> None:
    bench.drop("shop/orders.1", "order_no,at\n1,t\n")
    assert bench.ingest(orders()).absent == (("shop/orders.1", ("total", "email")),)
    assert bench.raw()[0]["total"] is None


_TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=12)


@examples(150)
@given(st.lists(st.tuples(_TEXTS, _TEXTS), min_size=1, max_size=12), st.integers(1, 40))
def test_whatever_python_writes_as_csv_has_as_many_records_as_rows(rows: list[tuple[str, str]], size: int) -> None:
    import csv

    out = io.StringIO()
    csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    data = out.getvalue().encode()
    scanner = RecordScanner(quotes=True, columns=2)
    begin = 0
    while begin < len(data):
        cut = data.find(b"\n", begin + size) + 1 or len(data)
        scanner.block(data[begin:cut], begin)
        begin = cut
    found = scanner.finish()
    assert (found.good, found.broken) == (len(rows), [])


_LINES = st.sampled_from(
    [b"a,b", b"a,b\r", b"", b"\r", b'"a","b"', b'"a', b'b"', b'a,"', b"K\xc3\xb6ln,b", b"K\xf6ln,b", b"a\x01,b"]
)


@examples(150)
@given(st.lists(_LINES, min_size=1, max_size=150), st.booleans(), st.booleans())
def test_a_block_of_lines_is_looked_at_as_each_of_them_is(lines: list[bytes], quotes: bool, whole: bool) -> None:
    block = b"\n".join(lines) + (b"\n" if whole else b"")
    assume(block)
    together = RecordScanner(quotes=quotes, columns=2)
    together.block(block, 0)
    apart = RecordScanner(quotes=quotes, columns=2)
    begin = 0
    for line in _cut(block):
        apart.block(line, begin)
        begin += len(line)
    assert replace(together.finish(), beyond_ascii=0) == replace(apart.finish(), beyond_ascii=0)


def _cut(block: bytes) -> list[bytes]:
    """A block after each line feed."""
    parts = block.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + [part for part in parts[-1:] if part]


def test_gzip_is_known_by_its_bytes_and_a_wrong_ending_is_said(bench: Bench) -> None:
    bench.drop("shop/orders.csv.gz", content("csv", [row("1")]))
    bench.drop("shop/orders.csv", gzip.compress(content("csv", [row("2")])))
    found = bench.ingest(orders())
    assert [error.name for error in found.failed] == ["wrong_format"]
    assert [each["order"] for each in bench.raw()] == ["2"]
