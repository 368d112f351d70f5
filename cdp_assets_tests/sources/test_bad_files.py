"""Each kind of bad file ends in a named error or in kept rows, for each format, and a corrected file loads cleanly."""

from __future__ import annotations

import pytest

from cdp_assets.sources.errors import (
    EmptyFileError,
    MissingColumnError,
    TruncatedFileError,
    WrongDelimiterError,
    WrongEncodingError,
    WrongFormatError,
)
from cdp_assets.sources.spec import ColumnSpec
from cdp_assets_tests.sources.shop import Bench, content, narrow, orders, row, squeezed

EVERY = pytest.mark.parametrize("format", ["csv", "jsonl", "json", "parquet"])
TEXT = pytest.mark.parametrize("format", ["csv", "jsonl", "json"])


def only_error(bench: Bench, format: str) -> Exception:
    """The one error of loading, after showing that the corrected file loads and nothing of the bad one stayed."""
    bad = bench.ingest(orders(format))
    assert not bad.loaded
    assert bench.raw() == []
    assert [load.status for load in bench.manifest()] == ["failed"]
    (error,) = bad.failed
    assert "shop/orders" in str(error)
    bench.drop("shop/orders.2", content(format, [row("1"), row("2")]))
    for path in bench.landing.glob("shop/*"):
        if path.name != "orders.2":
            path.unlink()
    good = bench.ingest(orders(format))
    assert not good.failed
    assert [each["order"] for each in bench.raw()] == ["1", "2"]
    return error


@EVERY
def test_a_file_without_a_required_column_is_refused_and_the_nearest_name_given(bench: Bench, format: str) -> None:
    rows = [{"at": "2026-01-05", "order_nr": "1", "total": "1"}]
    bench.drop("shop/orders.1", content(format, rows, ("order_nr", "at", "total")))
    error = only_error(bench, format)
    assert isinstance(error, MissingColumnError)
    assert error.column == "order_no"
    assert "missing_column: shop/orders.1, line 1, column order_no" in str(error)
    if format in ("csv", "parquet"):
        assert "did you mean `order_nr`?" in str(error)


def test_a_file_with_another_delimiter_is_refused_and_the_right_one_named(bench: Bench) -> None:
    bench.drop("shop/orders.1", content("csv", [row("1")]).replace(b",", b";"))
    error = only_error(bench, "csv")
    assert isinstance(error, WrongDelimiterError)
    assert "does at a semicolon" in str(error)
    assert "delimiter: ';'" in str(error)


@pytest.mark.parametrize(
    ("format", "other"), [("jsonl", "csv"), ("json", "csv"), ("parquet", "csv"), ("json", "jsonl"), ("csv", "parquet")]
)
def test_a_file_of_another_format_is_refused(bench: Bench, format: str, other: str) -> None:
    bench.drop("shop/orders.1", content(other, [row("1"), row("2")]))
    assert isinstance(only_error(bench, format), WrongFormatError | WrongEncodingError | MissingColumnError)


@TEXT
def test_a_truncated_gzip_is_refused_whole(bench: Bench, format: str) -> None:
    packed = squeezed(content(format, [row(str(number)) for number in range(5000)]))
    bench.drop("shop/orders.1.gz", packed[: len(packed) // 2])
    error = only_error(bench, format)
    assert isinstance(error, TruncatedFileError)
    assert "ends too early" in str(error)
    assert error.line is not None


@TEXT
def test_a_gzip_cut_at_a_line_end_is_still_noticed(bench: Bench, format: str) -> None:
    bench.drop("shop/orders.1.gz", squeezed(content(format, [row("1")]))[:-4])
    assert isinstance(only_error(bench, format), TruncatedFileError)


def test_a_truncated_parquet_file_is_refused(bench: Bench) -> None:
    whole = content("parquet", [row("1")])
    bench.drop("shop/orders.1", whole[: len(whole) - 10])
    assert isinstance(only_error(bench, "parquet"), WrongFormatError)


@TEXT
def test_latin_1_in_a_file_declared_utf_8_is_refused_with_advice(bench: Bench, format: str) -> None:
    text = content(format, [row("1", email="müller@example.org")]).decode()
    bench.drop("shop/orders.1", text.encode("latin-1"))
    error = only_error(bench, format)
    assert isinstance(error, WrongEncodingError)
    assert "encoding: latin-1" in str(error)
    assert "müller" not in str(error)
    assert error.line == (2 if format == "csv" else 1)


@TEXT
def test_utf_8_in_a_file_declared_latin_1_is_refused_rather_than_garbled(bench: Bench, format: str) -> None:
    bench.drop("shop/orders.1", content(format, [row("1", email="müller@example.org")]))
    (error,) = bench.ingest(orders(format, encoding="latin-1")).failed
    assert isinstance(error, WrongEncodingError)


@TEXT
def test_a_file_declared_latin_1_is_read_as_such(bench: Bench, format: str) -> None:
    text = content(format, [row("1", email="müller@example.org"), row("2", email="10 €")]).decode()
    bench.drop("shop/orders.1", text.encode("cp1252"))
    assert not bench.ingest(orders(format, encoding="latin-1")).failed
    assert [each["email"] for each in bench.raw()] == ["müller@example.org", "10 €"]


@EVERY
def test_an_empty_file_is_refused(bench: Bench, format: str) -> None:
    bench.drop("shop/orders.1", b"")
    assert isinstance(only_error(bench, format), EmptyFileError)


@EVERY
def test_a_snapshot_without_rows_is_refused_since_it_would_close_everything(bench: Bench, format: str) -> None:
    if format == "jsonl":
        pytest.skip("JSON lines without a line are an empty file")
    bench.drop("shop/orders.1", content(format, []))
    (error,) = bench.ingest(orders(format, load="snapshot")).failed
    assert isinstance(error, EmptyFileError)


@pytest.mark.parametrize("load", ["append", "snapshot"])
@pytest.mark.parametrize(
    ("format", "end", "whole"),
    [
        ("csv", "2,2026-01-05,b@example.org,", False),
        ("csv", "2,2026-01-05,b@example.org", False),
        ("csv", "2,2026-01-05,b@example.org,2026-0", False),
        ("csv", '2,2026-01-05,"b@exa', False),
        ("csv", "2,2026-01-05,b@example.org,2026-01-06", True),
        ("csv", "2,soon,b@example.org,2026-01-06", True),
        ("jsonl", '{"order_no": "2", "at": "2026-0', False),
        ("jsonl", '{"order_no": "2", "at": "soon", "until": "2026-01-06"}', True),
    ],
)
def test_a_list_that_was_cut_off_in_its_last_line_is_refused_where_what_is_missing_counts_as_gone(
    bench: Bench, load: str, format: str, end: str, whole: bool
) -> None:
    columns = (*orders().columns[:2], ColumnSpec("email", "string"), ColumnSpec("until", "date", required=True))
    stream = narrow(format, *columns, load=load)
    header = ("order_no", "at", "email", "until")
    rows = content(format, [{"order_no": "1", "at": "2026-01-05", "until": "2026-01-06"}], header)
    bench.drop("shop/orders.1", rows + end.encode())
    found = bench.ingest(stream)
    assert [error.name for error in found.failed] == ["truncated_file"] * (load == "snapshot" and not whole)
    if found.failed:
        bench.drop("shop/orders.1", rows + end.encode() + b"\n")
        assert not bench.ingest(stream).failed
    assert len(bench.raw()) == 2


@EVERY
def test_a_header_without_rows_is_a_delivery_of_nothing_to_a_stream_that_appends(bench: Bench, format: str) -> None:
    if format == "jsonl":
        pytest.skip("JSON lines without a line are an empty file")
    bench.drop("shop/orders.1", content(format, []))
    assert [load.rows for load in bench.ingest(orders(format)).loaded] == [0]
    assert bench.ingest(orders(format)).loaded == ()


@EVERY
def test_one_bad_file_does_not_keep_the_others_out(bench: Bench, format: str) -> None:
    bench.drop("shop/orders.1", b"")
    bench.drop("shop/orders.2", content(format, [row("7")]))
    found = bench.ingest(orders(format))
    assert (len(found.failed), len(found.loaded)) == (1, 1)
    assert [each["order"] for each in bench.raw()] == ["7"]


def test_a_link_that_leads_out_of_the_landing_folder_is_refused(bench: Bench) -> None:
    outside = bench.folder / "secret.csv"
    outside.write_bytes(content("csv", [row("1")]))
    (bench.landing / "shop").mkdir()
    (bench.landing / "shop" / "orders.1").symlink_to(outside)
    (error,) = bench.ingest(orders()).failed
    assert error.name == "unsafe_path"
    assert bench.raw() == []


def test_a_name_that_looks_like_a_pattern_is_taken_literally(bench: Bench) -> None:
    bench.drop("shop/orders[1]*.csv", content("csv", [row("1")]))
    bench.drop("shop/orders1x.csv", content("csv", [row("2")]))
    assert not bench.ingest(orders()).failed
    assert sorted((each["order"], each["source_file"]) for each in bench.raw()) == [
        ("1", "shop/orders[1]*.csv"),
        ("2", "shop/orders1x.csv"),
    ]
