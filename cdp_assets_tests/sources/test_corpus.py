"""Each bad file ends as it should: refused by a named error, or each of its rows accounted for; none stops another."""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.sources import ingest
from cdp_assets_tests.examples import examples
from cdp_assets_tests.normalised.bench import load, typed
from cdp_assets_tests.sources.corpus import CASES, OK, Case
from cdp_assets_tests.sources.shop import HEADER, Bench, orders, shop

FORMATS = ("csv", "jsonl", "json", "parquet")


def file_of(case: Case) -> str:
    return f"{case.format}/{case.file or case.name + case.ending}"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str | list[str]]:
    """What became of every file: all of them lie in the folders of one source, and are loaded in one run.

    Each is looked through as large ones are, beside its hashing; files of other tests are looked through by themselves.
    """
    bench = Bench(tmp_path_factory.mktemp("corpus"))
    source = shop(*(orders(format, name=format, files=f"{format}/*", key=()) for format in FORMATS))
    for case in CASES:
        bench.drop(file_of(case), case.content)
    outside = bench.folder / "secret.csv"
    outside.write_text("order_no,at\n1,2026-01-05\n")
    (bench.landing / "csv" / "a link outside").symlink_to(outside)
    (bench.landing / "csv" / "a link to a folder").symlink_to(bench.folder)
    (bench.landing / "csv" / "a link to nothing").symlink_to(bench.folder / "nothing")
    os.mkfifo(bench.landing / "csv" / "a pipe")
    (bench.landing / "csv" / "a folder").mkdir()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ingest, "_LARGE", 0)
        errors = {error.file: error.name for stream in source.streams for error in bench.ingest(stream, source).failed}
    load(bench, source)
    outcomes: dict[str, str | list[str]] = defaultdict(list, errors)
    for stream in source.streams:
        loads = {one.load_id: one.file for one in bench.manifest(stream.name)}
        for one in bench.manifest(stream.name):
            if one.status == "loaded":
                outcomes[one.file] = []
        for row in typed(bench, f"shop__{stream.name}"):
            outcome = outcomes[loads[row["cdp_load_id"]]]
            assert isinstance(outcome, list)
            outcome.append(OK if row["cdp_disposition"] == "accepted" else row["cdp_reason"])
    return dict(outcomes)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.format}: {case.name}")
def test_a_bad_file_has_its_defined_outcome(found: dict[str, str | list[str]], case: Case) -> None:
    outcome = found[file_of(case)]
    if isinstance(case.outcome, str) or isinstance(outcome, str):
        assert outcome == case.outcome
        return
    assert len(outcome) == len(case.outcome)
    assert all(told.startswith(expected) for told, expected in zip(outcome, case.outcome, strict=True)), outcome


def test_links_pipes_and_folders_are_not_read(found: dict[str, str | list[str]]) -> None:
    assert found["csv/a link outside"] == "unsafe_path"
    assert not {f"csv/{name}" for name in ("a link to a folder", "a link to nothing", "a pipe", "a folder")} & set(
        found
    )


def test_the_corpus_is_large() -> None:
    assert len(CASES) + 5 >= 60
    assert len({file_of(case) for case in CASES}) == len(CASES)


CELLS = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=10),
    st.sampled_from(["", "1", "2026-01-05", 'a"b', "a,b", "=1+1", "\n", " ", "NULL", "-", "{}", "\ufeff", "1e5"]),
)
ROWS = st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), min_size=1, max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | CELLS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(CELLS, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.lists(st.fixed_dictionaries({"order_no": VALUES, "at": VALUES, "more": VALUES}), min_size=1, max_size=12)


@examples(4)
@given(st.lists(ROWS, min_size=4, max_size=8), st.lists(OBJECTS, min_size=4, max_size=8))
def test_every_row_that_is_written_has_exactly_one_disposition(
    tables: list[list[tuple[str, ...]]], objects: list[list[dict[str, Any]]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        source = shop(*(orders(format, name=format, files=f"{format}/*") for format in ("csv", "jsonl")))
        written: dict[str, int] = {}
        for number, table in enumerate(tables):
            out = io.StringIO()
            csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([HEADER, *table])
            bench.drop(f"csv/{number}", out.getvalue())
            written[f"csv/{number}"] = len(table)
        for number, values in enumerate(objects):
            bench.drop(f"jsonl/{number}", "".join(f"{json.dumps(value)}\n" for value in values))
            written[f"jsonl/{number}"] = len(values)
        load(bench, source)
        for stream in source.streams:
            files = {one.load_id: one.file for one in bench.manifest(stream.name)}
            refused = {one.file for one in bench.manifest(stream.name) if one.status == "failed"}
            found = [(files[row["cdp_load_id"]], row["cdp_source_row"]) for row in typed(bench, f"shop__{stream.name}")]
            wanted = [
                (file, place + 1)
                for file in dict.fromkeys(files.values())
                if file not in refused
                for place in range(written[file])
            ]
            assert sorted(found) == sorted(wanted)
