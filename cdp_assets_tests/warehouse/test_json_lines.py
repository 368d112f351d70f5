"""Lines of JSON become columns of text, numbered as they stand in their file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cdp_assets.warehouse import duckdb_files, files
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine


def read(path: Path, content: bytes, **columns: str) -> list[dict[str, Any]]:
    """The rows of a file without what is null in them."""
    file = path / "lines"
    file.write_bytes(content)
    engine = DuckDBEngine.in_memory()
    found = engine.read_json_lines(file, columns=columns)
    rows = engine.to_arrow(found.order_by(files.POSITION)).to_pylist()
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def test_values_are_texts_and_the_rest_is_kept(tmp_path: Path) -> None:
    line = b'{"id": 7, "at": {"city": "K\\u00f6ln", "zip": null}, "tags": [1, 2.50], "sure": true, "more": "x"}\n'
    assert read(tmp_path, line, id="id", city="at.city", zip="at.zip", tags="tags", sure="sure") == [
        {"id": "7", "city": "K\u00f6ln", "tags": "[1,2.5]", "sure": "true", "cdp_position": 1,
         "extra": '{"more":"x"}'}
    ]  # fmt: skip


@pytest.mark.parametrize("sampled", [0, 2000], ids=["unseen", "seen"])
def test_what_columns_take_apart_is_kept_unless_they_take_all_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sampled: int
) -> None:
    monkeypatch.setattr(duckdb_files, "_SAMPLE", sampled)
    lines = (
        b'{"id": 1, "at": {"till": 5, "shop": {"city": "Ulm"}}}',
        b'{"id": 2, "at": {"till": 5, "shop": {"city": "Ulm", "zip": "89073"}}}',
        b'{"id": 3, "at": {"till": 5, "shop": "Ulm"}}',
        b'{"id": 4, "at": {"floor": 2}}',
        b'{"id": 5, "at": {}}',
        b'{"id": 6, "at": null}',
        b'{"id": 7}',
        b'{"id": 8, "more": "x", "at": {"till": 5}}',
        b'{"id": 9, "more": "x", "at": {"till": 5, "floor": 2}}',
        b'{"id": 10, "at": {"till": 5, "till": 6}}',
    )
    rows = read(tmp_path, b"\n".join(lines), id="id", till="at.till", city="at.shop.city")
    assert [row.get("city") for row in rows] == ["Ulm", "Ulm", *8 * [None]]
    assert [row.get("till") for row in rows] == ["5", "5", "5", *4 * [None], "5", "5", "5"]
    assert rows.pop()["extra"] == '{"at":{"till":5,"till":6}}'
    assert [json.loads(row["extra"]) if "extra" in row else None for row in rows] == [
        None,
        {"at": {"till": 5, "shop": {"city": "Ulm", "zip": "89073"}}},
        {"at": {"till": 5, "shop": "Ulm"}},
        {"at": {"floor": 2}},
        {"at": {}},
        {"at": None},
        None,
        {"more": "x"},
        {"more": "x", "at": {"till": 5, "floor": 2}},
    ]


@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
@pytest.mark.parametrize("last", [True, False], ids=["whole", "cut"])
def test_lines_are_numbered_and_no_part_of_their_ends_is_kept(tmp_path: Path, ends: bytes, last: bool) -> None:
    content = ends.join([b'{"a": "1"}', b"[1]", b"{no", b'{"a": "2"}']) + (ends if last else b"")
    assert read(tmp_path, content, a="a") == [
        {"a": "1", "cdp_position": 1},
        {"cdp_position": 2, "raw_line": "[1]", "parse_error": "it is not a JSON object with properties"},
        {"cdp_position": 3, "raw_line": "{no", "parse_error": "it is not valid JSON"},
        {"a": "2", "cdp_position": 4},
    ]


def test_a_file_of_several_blocks_keeps_its_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "BLOCK", 50)
    content = b"".join(b'{"n": %d, "padding": "%s"}\n' % (n, b"x" * (n % 90)) for n in range(1, 400))
    assert all(row["n"] == str(row["cdp_position"]) for row in read(tmp_path, content, n="n", padding="padding"))


def test_a_line_may_be_longer_than_a_block(tmp_path: Path) -> None:
    (row,) = read(tmp_path, b'{"a": "' + b"x" * (files.BLOCK + 10) + b'"}', a="a")
    assert len(row["a"]) == files.BLOCK + 10


def test_a_column_may_be_a_part_of_another_and_names_may_differ_in_case_alone(tmp_path: Path) -> None:
    line = b'{"who": {"name": "Ann", "Name": "ANN"}, "where": 5}\n'
    row = read(tmp_path, line, who="who", name="who.name", other="who.Name", street="where.street")
    assert row == [{"who": '{"name":"Ann","Name":"ANN"}', "name": "Ann", "other": "ANN", "cdp_position": 1,
                    "extra": '{"where":5}'}]  # fmt: skip
    assert read(tmp_path, line, name="who.name", other="who.Name")[0]["other"] == "ANN"


def test_names_may_hold_quotes_and_blanks(tmp_path: Path) -> None:
    assert read(tmp_path, b'{"it\'s": {"a \\"b\\"": 1}}\n', it='it\'s.a "b"')[0]["it"] == "1"


def test_nothing_is_left_of_what_was_read(tmp_path: Path) -> None:
    file = tmp_path / "lines"
    file.write_bytes(b'{"id": 1}\n')
    engine = DuckDBEngine.in_memory()
    left = "SELECT view_name FROM duckdb_views() WHERE NOT internal"
    engine.read_json_lines(file, columns={"id": "id"})
    assert engine.backend.con.execute(left).fetchall()
    engine.drop_scratch()
    assert not engine.backend.con.execute(left).fetchall()
