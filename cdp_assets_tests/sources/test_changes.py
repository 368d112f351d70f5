"""Logs of the changes of a table are read as that table: each record as it was last, and none that was taken away."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cdp_assets.sources.proposing.propose import propose
from cdp_assets_tests.normalised.bench import canonical, load, outcome
from cdp_assets_tests.sources.shop import Bench
from cdp_assets_tests.sources.test_proposing import loaded, written

Row = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """What happened to a record: ``made``, ``changed`` or ``removed``."""

    what: str
    before: Row | None
    after: Row | None
    second: int


def changes(people: int = 24) -> list[Change]:
    """Some people are made, every third is written to at another address, and then every twelfth is gone."""
    rows = [
        {"id": 1001 + n, "first_name": "Ann", "last_name": f"Lee{chr(ord('a') + n)}", "email": f"p{n}@x.org"}
        for n in range(people)
    ]
    moved = {n: {**rows[n], "email": f"new{n}@x.org"} for n in range(0, people, 3)}
    told = [("made", None, row) for row in rows]
    told += [("changed", rows[n], row) for n, row in moved.items()]
    told += [("removed", moved.get(n, rows[n]), None) for n in range(0, people, 12)]
    return [Change(what, before, after, second) for second, (what, before, after) in enumerate(told)]


def said(change: Change, *words: str) -> str:
    return dict(zip(("made", "changed", "removed"), words, strict=True))[change.what]


def debezium(change: Change) -> Row:
    source = {"ts_ms": 1_700_000_000_000 + 1000 * change.second, "name": "shop", "table": "customers", "lsn": 5}
    return {
        "before": change.before,
        "after": change.after,
        "source": source,
        "op": said(change, "c", "u", "d"),
        "ts_ms": 1_700_000_100_000 + 1000 * change.second,
    }


def debezium_with_schema(change: Change) -> Row:
    return {"schema": {"type": "struct", "fields": [{"field": "id"}]}, "payload": debezium(change)}


def debezium_without_what_was_before(change: Change) -> Row:
    """Of tables without a full replica identity only the key is told of what was before."""
    before = change.before and {"id": change.before["id"], "first_name": None, "last_name": None, "email": None}
    return {**debezium(change), "before": before if change.after is None else None}


def unwrapped(change: Change) -> Row:
    whole = debezium(change)
    row: Row = change.after or change.before or {}
    return {**row, "__deleted": str(change.after is None).lower(), "__op": whole["op"], "__ts_ms": whole["ts_ms"]}


def dynamodb(change: Change) -> Row:
    def typed(row: Row) -> Row:
        return {name: {"N": str(value)} if isinstance(value, int) else {"S": value} for name, value in row.items()}

    row: Row = change.after or change.before or {}
    told: Row = {
        "ApproximateCreationDateTime": 1_700_000_000 + change.second,
        "Keys": typed({"id": row["id"]}),
        "SequenceNumber": str(111_000 + change.second),
    }
    told |= {"OldImage": typed(change.before)} if change.before else {}
    told |= {"NewImage": typed(change.after)} if change.after else {}
    return {"eventID": f"e{change.second}", "eventName": said(change, "INSERT", "MODIFY", "REMOVE"), "dynamodb": told}


def maxwell(change: Change) -> Row:
    told: Row = {"database": "shop", "table": "customers", "type": said(change, "insert", "update", "delete")}
    told |= {"ts": 1_700_000_000 + change.second, "xid": change.second, "data": change.after or change.before}
    return told | ({"old": {"email": (change.before or {}).get("email")}} if change.what == "changed" else {})


def dms(change: Change) -> Row:
    """As AWS DMS writes to Kinesis."""
    metadata = {
        "timestamp": f"2026-01-05T10:00:{change.second:02d}.000000Z",
        "record-type": "data",
        "operation": said(change, "insert", "update", "delete"),
        "table-name": "customers",
    }
    return {"data": change.after or change.before, "metadata": metadata}


def dms_csv(change: Change) -> Row:
    row: Row = change.after or change.before or {}
    return {"Op": said(change, "I", "U", "D"), "ts": f"2026-01-05T10:00:{change.second:02d}Z", **row}


LAYOUTS: dict[str, tuple[Callable[[Change], Row], list[str] | str | None]] = {
    "debezium": (debezium, ["after.id", "before.id"]),
    "debezium_with_schema": (debezium_with_schema, ["payload.after.id", "payload.before.id"]),
    "debezium_without_before": (debezium_without_what_was_before, ["after.id", "before.id"]),
    "unwrapped": (unwrapped, None),
    "dynamodb": (dynamodb, ["dynamodb.NewImage.id.N", "dynamodb.Keys.id.N"]),
    "maxwell": (maxwell, "data.id"),
    "dms": (dms, "data.id"),
    "dms_csv": (dms_csv, None),
}


def log_of(layout: Callable[[Change], Row], told: list[Change]) -> str:
    rows = [layout(change) for change in told]
    if layout is not dms_csv:
        return "".join(json.dumps(row) + "\n" for row in rows)
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_log_of_changes_becomes_upserts_with_removals(tmp_path: Path, name: str) -> None:
    layout, path = LAYOUTS[name]
    ending = "csv" if layout is dms_csv else "jsonl"
    found = propose(written(tmp_path, f"customers_{name}.{ending}", log_of(layout, changes())), "crm")
    stream = found.stream
    assert (found.kind, stream["load"], stream["key"], stream["person"]) == ("contacts", "upsert", ["id"], True)
    assert stream["columns"]["id"].get("path") == path
    assert stream["columns"]["id"]["required"]
    assert "'d', 'delete', 'remove'" in stream["deleted"]
    assert stream["updated_at"] in {*stream["columns"], *stream.get("derive", ())}
    assert {each["type"] for each in stream["identifiers"]} == {"customer_number", "email"}
    assert sum("log of changes" in doubt for doubt in found.doubts) == 1


@pytest.mark.parametrize("name", LAYOUTS)
def test_its_records_are_as_they_were_last(bench: Bench, tmp_path: Path, name: str) -> None:
    layout, _ = LAYOUTS[name]
    ending = "csv" if layout is dms_csv else "jsonl"
    told = changes()
    path = written(tmp_path / "in", f"customers.{ending}", log_of(layout, told))
    source = loaded(tmp_path, [propose(path, "shop")])
    # What came late was before what is known, and what is told again is no news.
    for number, part in enumerate((told[20:], told[:22])):
        bench.drop(f"shop/customers{number}.{ending}", log_of(layout, part))
        load(bench, source)
    people = {each["native_id"]: each["family_name"] for each in canonical(bench, source, "contacts")}
    assert people == {str(1001 + n): f"Lee{chr(ord('a') + n)}" for n in range(24) if n % 12}
    known = {point["value"] for point in canonical(bench, source, "contact_points")}
    assert known == {f"{'p' if n % 3 else 'new'}{n}@x.org" for n in range(24) if n % 12}
    assert {found for found, _ in outcome(bench, "shop__customers")} == {"accepted", "superseded", "duplicate"}


@pytest.mark.parametrize(
    "texts",
    [
        [{**(change.after or {}), "op": "c"} for change in changes() if change.what == "made"],
        [{"id": n, "operation": word, "email": "p@x.org"} for n, word in enumerate(("insert", "other", "update"))],
        [{"order_id": n // 2, "line": n % 2, "op": "c" if n < 40 else "u", "sku": f"A{n}"} for n in range(48)],
        [{"order_id": n % 4, "line": n % 4, "op": "c" if n < 4 else "u", "sku": f"A{n}"} for n in range(48)],
    ],
    ids=["made only", "other words", "nothing tells records apart", "too few to tell"],
)
def test_what_does_not_show_its_records_is_taken_as_it_is(tmp_path: Path, texts: list[Row]) -> None:
    text = "".join(json.dumps(row) + "\n" for row in texts)
    found = propose(written(tmp_path, "rows.jsonl", text), "shop")
    assert not any("log of changes" in doubt for doubt in found.doubts)


def test_a_log_of_several_tables_is_told_and_not_read_as_one(tmp_path: Path) -> None:
    rows = [debezium(change) for change in changes()]
    for row in rows[::2]:
        row["source"] = {**row["source"], "table": "orders"}
    found = propose(written(tmp_path, "all.jsonl", "".join(json.dumps(row) + "\n" for row in rows)), "shop")
    assert any("rows are versions of records" in doubt for doubt in found.doubts)
    assert found.stream["key"] != ["id"]
