"""A table that somebody has in one file, whatever its encoding, delimiter and format."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets.warehouse.files import UnreadableFileError
from cdp_assets.warehouse.table_files import read_table

TEXT = "name;city\nMüller;Köln\nŠmíd;Plzeň\n"


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBEngine]:
    return DuckDBEngine.in_memory()


def read(engine: DuckDBEngine, file: Path, content: bytes) -> tuple[list[str], list[tuple[str, ...]]]:
    file.write_bytes(content)
    header, rows = read_table(file, engine)
    told = engine.to_arrow(rows.table.order_by("cdp_position").select(*(f"c{at}" for at in range(len(header)))))
    return header, [tuple(row.values()) for row in told.to_pylist()]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("zipped", [False, True])
def test_any_usual_encoding_is_read(engine: DuckDBEngine, tmp_path: Path, encoding: str, zipped: bool) -> None:
    content = TEXT.encode(encoding)
    found = read(engine, tmp_path / "people.csv", gzip.compress(content, mtime=0) if zipped else content)
    assert found == (["name", "city"], [("Müller", "Köln"), ("Šmíd", "Plzeň")])


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_windows_1252_is_read_however_far_down_it_shows(engine: DuckDBEngine, tmp_path: Path, delimiter: str) -> None:
    lines = ["name", *["Anna"] * 300_000, "Müller €"]
    content = "".join(f"{line}{delimiter}x\n" for line in lines).encode("cp1252")
    header, rows = read(engine, tmp_path / "people.csv", content)
    assert (header, rows[0], rows[-1]) == (["name", "x"], ("Anna", "x"), ("Müller €", "x"))


def test_one_broken_byte_makes_no_other_encoding(engine: DuckDBEngine, tmp_path: Path) -> None:
    content = TEXT.encode() + b"M\xfcller;Bonn\n"
    _, rows = read(engine, tmp_path / "people.csv", content)
    assert rows == [("Müller", "Köln"), ("Šmíd", "Plzeň"), ("M\N{REPLACEMENT CHARACTER}ller", "Bonn")]


def test_parquet_is_told_by_what_it_is(engine: DuckDBEngine, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    pq.write_table(pa.table({"n": [1, 2], "extra": ["a", None]}), file)
    assert read(engine, file, file.read_bytes()) == (["n", "extra"], [("1", "a"), ("2", None)])


def test_columns_without_a_name_are_called_by_their_place(engine: DuckDBEngine, tmp_path: Path) -> None:
    assert read(engine, tmp_path / "people.csv", b" name ,,extra\nAda,7,x\n") == (
        ["name", "column_2", "extra"],
        [("Ada", "7", "x")],
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "people.csv is empty"),
        (b"\nAda,x\n", "the first line of people.csv is blank; it should name the columns"),
        (b"a,b,b\n1,2,3\n", "people.csv has several columns called 'b'; give each a name of its own"),
        (b"PAR1 and no more", "people.csv: it is no Parquet file, or not all there; write it again"),
        (gzip.compress(TEXT.encode(), mtime=0)[:20], "people.csv is damaged or not all there"),
        (b"a,b\n1,2\r3,4\n\r", "people.csv: its lines cannot be told apart"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(
    engine: DuckDBEngine, tmp_path: Path, content: bytes, message: str
) -> None:
    with pytest.raises(UnreadableFileError) as raised:
        read(engine, tmp_path / "people.csv", content)
    assert str(raised.value).startswith(message)


def test_a_file_that_is_not_there_is_named(engine: DuckDBEngine, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"people\.csv cannot be opened \(No such file"):
        read_table(tmp_path / "people.csv", engine)
