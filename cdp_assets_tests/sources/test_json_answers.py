"""JSON files that are one object with a list of rows in it, as APIs answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cdp_assets.sources.proposing import sample
from cdp_assets.sources.proposing.json_rows import MOST_ROWS, of_array, of_object
from cdp_assets.sources.proposing.propose import of_one_object_each, propose
from cdp_assets.sources.spec import ColumnSpec, StreamSpec
from cdp_assets.sources.validation import problems
from cdp_assets_tests.normalised.bench import canonical, load
from cdp_assets_tests.sources.shop import Bench, content, narrow, row, shop
from cdp_assets_tests.sources.test_proposing import loaded, written

PEOPLE = [
    {"id": f"c{number}", "first_name": "Ann", "last_name": f"Lee{number}", "email": f"ann{number}@example.org",
     "created_at": "2026-01-05T10:00:00Z"}
    for number in range(25)
]  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "within"),
    [
        ({"customers": PEOPLE, "next_page": None, "total": 25, "request_id": "r-1"}, "customers"),
        ({"@odata.context": "https://crm.example/$metadata", "value": PEOPLE}, "value"),
        ({"data": {"customers": {"edges": PEOPLE}}, "tags": ["a"]}, "data.customers.edges"),
        ({"object": "list", "data": PEOPLE[:1], "has_more": False, "url": "/v1/customers"}, "data"),
        ({"results": 3, "page": 1, "resultsPerPage": 10, "items": PEOPLE[:1]}, "items"),
        ({"answer": {"Customer": PEOPLE[:1], "startPosition": 1, "maxResults": 9}, "time": "2026-01-05"},
         "answer.Customer"),
        ({"summary": {"status": 200, "message": "OK", "start_date": "2026-01-05"}, "users": PEOPLE[:1]}, "users"),
        ({"contacts": PEOPLE[:1], "has-more": True, "vid-offset": 371, "time-offset": 148}, "contacts"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("indent", [None, 2], ids=["on a line", "printed"])
def test_the_list_within_an_answer_is_proposed_and_loaded(
    bench: Bench, tmp_path: Path, answer: dict[str, Any], within: str, indent: int | None
) -> None:
    text = json.dumps(answer, indent=indent)
    proposal = propose(written(tmp_path / "in", "customers.json", text), "shop", templates=False)
    assert (proposal.stream["format"], proposal.stream["rows"]) == ("json", within)
    assert any(f"`{within}`" in doubt for doubt in proposal.doubts)
    source = loaded(tmp_path, [proposal])
    bench.drop("shop/customers.json", text)
    load(bench, source)
    named = {found["family_name"] for found in canonical(bench, source, "contacts")}
    expected = PEOPLE if str(PEOPLE[-1]["id"]) in text else PEOPLE[:1]
    assert named == {each["last_name"] for each in expected}


def test_of_several_lists_that_of_people_is_taken_and_the_others_are_told(tmp_path: Path) -> None:
    courses = [{"id": each["id"], "title": "Algebra"} for each in PEOPLE]
    text = json.dumps({"courses": courses, "users": PEOPLE, "rooms": courses[:1]})
    proposal = propose(written(tmp_path, "export.json", text), "school")
    assert proposal.stream["rows"] == "users"
    assert any("`courses`, `rooms`" in doubt for doubt in proposal.doubts)


@pytest.mark.parametrize(
    "order",
    [
        {"id": "A1", "email": "a@x.org", "total": 9, "lines": [{"sku": str(number)} for number in range(9)]},
        {"orderNumber": "A1", "lines": [{"sku": "1"}, {"sku": "2"}, {"sku": "3"}]},
        {"day": "2026-01-05", "shop": "Graz", "lines": [{"sku": "1"}]},
    ],
)
def test_an_order_with_lines_is_a_row_itself(order: dict[str, Any]) -> None:
    assert of_object(json.dumps(order)) is None


def test_a_row_with_lines_in_it_is_an_order_whatever_it_says_of_their_number(tmp_path: Path) -> None:
    line = {"product_id": 7, "name": "Cup", "quantity": 2, "price": "9.90"}
    orders = [
        {"id": 1, "order_number": 1, "created_at": "2026-01-05T10:00:00Z", "total": "19.80", "subtotal": "19.80",
         "currency": "EUR", "total_line_items_quantity": 2, "line_items": [line]}
    ]  # fmt: skip
    proposal = propose(written(tmp_path, "orders.json", json.dumps(orders)), "shop", templates=False)
    assert proposal.kind == "orders"
    assert [(found["to"], found.get("each")) for found in proposal.stream["maps"]] == [
        ("orders", None), ("order_lines", "line_items")
    ]  # fmt: skip


def test_lists_of_addresses_are_told(tmp_path: Path) -> None:
    reached = {
        "emails": [["a@x.org"]],
        "phones": [{"type": "home", "value": "1"}],
        "addresses": [{"city": "Graz"}],
    }
    people = [{"id": 7, "first_name": "Ann", "last_name": "Lee", "tags": ["a"], "shipping_addresses": ["b"]} | reached]
    proposal = propose(written(tmp_path, "customers.json", json.dumps(people)), "shop", templates=False)
    assert any("emails, phones, addresses (" in doubt for doubt in proposal.doubts)


def test_objects_one_below_the_other_are_lines() -> None:
    assert of_object('{"data": [{"a": 1}]}\n{"data": [{"a": 2}]}') is None


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (json.dumps({"id": "A1", "email": "a@x.org", "lines": [{"sku": "1"}]}, indent=1), 1),
        ('{"order": {"id": 7, "lines": [\n{"a": 1},\n{"a": 2},\n{"a": 3}\n]}}', 1),
        ('{"a": 1}\n{"a":\n2}\n', 2),
    ],
)
def test_an_object_on_several_lines_is_no_json_lines(tmp_path: Path, text: str, rows: int) -> None:
    found = sample.read(written(tmp_path, "order.json", text))
    assert (found.format, found.within, found.rows) == ("json", "$", rows)


def test_an_object_with_a_row_below_each_key_is_refused(tmp_path: Path) -> None:
    text = json.dumps({"users": {each["id"]: each for each in PEOPLE}}, indent=1)
    with pytest.raises(sample.UnreadableSampleError, match=r"\(c0, c1, c2 …\)"):
        sample.read(written(tmp_path, "order.json", text))


def test_rows_below_their_numbers_are_refused_and_objects_of_one_row_are_not(tmp_path: Path) -> None:
    people: dict[str, dict[str, Any]] = {
        "P1": {"name": "Ann", "city": "Graz"},
        "P2": {"name": "Bo", "city": "Linz", "age": 7},
    }
    with pytest.raises(sample.UnreadableSampleError, match="list of objects"):
        sample.read(written(tmp_path, "people.json", json.dumps(people)))
    rows: list[dict[str, Any]] = [
        {"Id": {"S": "1"}, "Name": {"S": "Ann"}, "City": {"S": "Graz"}},
        {"billing": people["P1"], "shipping": people["P1"]},
        {"id": 1, "home": people["P1"], "work": people["P1"], "other": people["P1"]},
    ]
    for each in rows:
        assert sample.read(written(tmp_path, "row.json", json.dumps(each))).rows == 1


def test_lines_that_are_no_json_are_told(tmp_path: Path) -> None:
    found = sample.read(written(tmp_path, "orders.jsonl", '{"a": 1}\n{"a": 2}\n{"a":\n'))
    assert (found.rows, found.doubts) == (2, ("1 of 3 lines are no JSON objects: they are refused",))


def test_batches_in_lines_are_unpacked(bench: Bench, tmp_path: Path) -> None:
    half = len(PEOPLE) // 2
    text = "".join(json.dumps({"batch": part}) + "\n" for part in (PEOPLE[:half], PEOPLE[half:]))
    proposal = propose(written(tmp_path / "in", "customers.jsonl", text), "shop")
    assert (proposal.stream["format"], proposal.stream["unpack"]) == ("jsonl", "batch")
    source = loaded(tmp_path, [proposal])
    bench.drop("shop/customers.jsonl", text)
    load(bench, source)
    assert len(canonical(bench, source, "contacts")) == len(PEOPLE)


@pytest.mark.parametrize("begin", ["", '{"meta": {"pages": 3}, "customers": '])
def test_of_a_text_that_was_cut_the_first_rows_are_known(begin: str) -> None:
    text = begin + json.dumps(PEOPLE, indent=1)
    for end in (len(text) - 3, len(text) // 2):
        found = of_object(text[:end]) if begin else of_array(text[:end])
        assert found is not None
        assert not found.whole
        assert 10 < len(found.rows) < len(PEOPLE)
        assert found.rows == PEOPLE[: len(found.rows)]


@pytest.mark.parametrize("answer", [PEOPLE, {"customers": PEOPLE}], ids=["array", "object"])
def test_a_long_line_is_looked_into_as_far_as_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    monkeypatch.setattr(sample, "_MOST_BYTES", 2_000)
    text = json.dumps(answer, ensure_ascii=False).replace("Lee1", "Müller1").encode()
    for more in range(3):  # a letter of two bytes is cut, or not
        found = sample.read(written(tmp_path, "customers.json", b" " * more + text))
        assert (found.format, found.encoding) == ("json", "utf-8")
        assert 10 < found.rows < len(PEOPLE)


def test_no_more_rows_are_kept_than_are_looked_at() -> None:
    assert len(of_array(json.dumps([{"a": number} for number in range(MOST_ROWS + 5)])).rows) == MOST_ROWS


def listed(**changes: Any) -> StreamSpec:
    return narrow(
        "json", ColumnSpec("order", "string", required=True, path="order_no"), rows="answer.orders", **changes
    )


def test_rows_are_the_items_of_the_list_that_the_contract_names(bench: Bench) -> None:
    orders = json.loads(content("json", [row("1"), row("2")]))
    bench.drop("shop/orders.json", json.dumps({"answer": {"orders": orders, "page": 1}, "orders": []}))
    assert not bench.ingest(listed()).failed
    assert [found["order"] for found in bench.raw()] == ["1", "2"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[{"order_no": "1"}]', "`answer.orders`"),
        ('{"answer": {"orders": {"order_no": "1"}}}', "`answer.orders`"),
        ('{"orders": [{"order_no": "1"}]}', "`answer.orders`"),
        ('{"answer": {"orders": [{"order_no": "1"}', "not valid JSON"),
        ('{"answer": {"orders": [1, 2]}}', "not one of its rows"),
    ],
)
def test_a_file_without_that_list_is_refused(bench: Bench, text: str, said: str) -> None:
    bench.drop("shop/orders.json", text)
    (error,) = bench.ingest(listed()).failed
    assert said in str(error)
    assert bench.raw() == []


def test_only_json_has_a_list_of_rows() -> None:
    assert any("`format: json`" in problem.message for problem in problems(shop(narrow("csv", rows="orders"))))


def test_objects_one_after_another_are_rows(bench: Bench, tmp_path: Path) -> None:
    text = "\n".join(json.dumps(each, indent=2) for each in PEOPLE)
    proposal = propose(written(tmp_path / "in", "customers.json", text), "shop")
    assert (proposal.stream["format"], proposal.stream["rows"]) == ("json", "$")
    source = loaded(tmp_path, [proposal])
    bench.drop("shop/customers.json", text)
    load(bench, source)
    assert {each["family_name"] for each in canonical(bench, source, "contacts")} == {f"Lee{n}" for n in range(25)}


def test_files_of_an_object_each_are_proposed_as_one_stream(bench: Bench, tmp_path: Path) -> None:
    files = []
    for number, each in enumerate(PEOPLE):
        told = each | ({"note": "late"} if number % 3 else {})
        files.append(written(tmp_path / "in", f"customer_{number}.json", json.dumps(told, indent=number % 2 or None)))
    list_of_all = written(tmp_path / "in", "customers.json", json.dumps(PEOPLE))
    broken = written(tmp_path / "in", "customer_99.json", "{")
    assert of_one_object_each([*files, list_of_all, broken]) == [files, [list_of_all], [broken]]
    first, *more = files
    proposal = propose(first, "shop", more=more)
    assert (proposal.stream["key"], proposal.stream["rows"], proposal.sample.rows) == (["id"], "$", 25)
    source = loaded(tmp_path, [proposal])
    for file in files:
        bench.drop(f"shop/{file.name}", file.read_bytes())
    load(bench, source)
    assert len(canonical(bench, source, "contacts")) == 25


@pytest.mark.parametrize(
    "text",
    ["[1]", f"{json.dumps(PEOPLE[0])} x", json.dumps(PEOPLE[0])[:-1], "7"],
    ids=["list", "rest", "cut", "number"],
)
def test_what_is_no_row_of_objects_is_refused(bench: Bench, text: str) -> None:
    bench.drop("shop/orders.1", text)
    (error,) = bench.ingest(narrow("json", ColumnSpec("id", "string"), key=(), rows="$")).failed
    assert "JSON" in str(error)
