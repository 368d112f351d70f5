"""What is proposed for files that nobody has described loads as it is, and is mostly right."""

from __future__ import annotations

import fnmatch
import gzip
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cdp_assets.catalog import load_catalog
from cdp_assets.sources import template
from cdp_assets.sources.proposing.propose import Proposal, propose
from cdp_assets.sources.proposing.sample import UnreadableSampleError
from cdp_assets.sources.proposing.systems import together
from cdp_assets.sources.proposing.values import judge
from cdp_assets.sources.proposing.writing import definitions, pattern_for
from cdp_assets.sources.spec import SourceSpec
from cdp_assets_tests.bench import proposing
from cdp_assets_tests.normalised.bench import canonical, load, outcome, typed
from cdp_assets_tests.sources.shop import Bench
from cdp_assets_tests.sources.template_samples import sample

PEOPLE = """\
Kundennr;Vorname;Nachname;E-Mail;Telefon;Straße;PLZ;Ort;Land;Registriert
""" + "".join(
    f"{10001 + n};Ann;Müller{n};ann{n}@example.org;0351 1234{n:02d};"
    f"Hauptstraße {n};0{1067 + n};Dresden;DE;{n + 1:02d}.02.2025\n"
    for n in range(25)
)
ORDERS = """\
order_id,customer_id,order_date,email,total,shipping,currency
B1,10001,2026-01-05 10:00:00,ann0@example.org,24.90,4.90,EUR
B2,10002,2026-01-06 11:30:00,ann1@example.org,10.00,0.00,EUR
"""


def written(folder: Path, name: str, text: str | bytes, encoding: str = "utf-8") -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode(encoding) if isinstance(text, str) else text)
    return file


def loaded(folder: Path, proposals: list[Proposal]) -> SourceSpec:
    """The source, after its definition was written and read as a person's would be."""
    target = folder / "defs" / "shop" / "defs.yaml"
    target.parent.mkdir(parents=True)
    streams = [(one, [Path("shop") / path.name for path in paths]) for one, paths in together(proposals)]
    target.write_text(definitions({"shop": streams}, "DE"), encoding="utf-8")
    (source,) = load_catalog(folder / "defs").sources
    return source


@pytest.mark.parametrize("templates", [True, False], ids=["with templates", "without"])
def test_what_is_proposed_for_every_templates_sample_loads_without_edits(tmp_path: Path, templates: bool) -> None:
    source = loaded(tmp_path, [propose(sample(name), "shop", templates=templates) for name in template.names()])
    assert len(source.streams) == len(template.names())
    assert all(stream.maps for stream in source.streams)


def test_a_known_export_is_told_by_its_columns() -> None:
    told = {name: propose(sample(name), "shop").template for name in template.names()}
    assert {name: found for name, found in told.items() if found != name} == {}


def test_what_a_template_says_of_its_files_stands_unless_the_sample_shows_something_else(tmp_path: Path) -> None:
    assert "unpack" not in propose(sample("segment_events"), "web").stream
    text = sample("shopify_customers").read_text().replace(",", ";")
    assert propose(written(tmp_path, "customers.csv", text), "shop").stream["delimiter"] == ";"


@pytest.mark.parametrize(
    ("heading", "words", "told"),
    [
        ("Do Not Fax", ("1", "0"), "Do Not Fax is taken for refusing advertising"),
        ("Remarks", ("Do not call", ""), "Remarks may say who wants advertising: it is left out"),
        ("Row deleted", ("true", "false"), "Row deleted may say that a row is deleted, and the template does not take"),
        ("Shoe size", ("38", "42"), None),
    ],
)
def test_what_a_template_does_not_take_is_told_where_it_may_refuse_or_delete(
    tmp_path: Path, heading: str, words: tuple[str, str], told: str | None
) -> None:
    head, *lines = sample("salesforce_leads").read_text().splitlines()
    text = "\n".join([f"{head},{heading}", *(f"{line},{words[n % 2]}" for n, line in enumerate(lines))])
    proposal = propose(written(tmp_path, "leads.csv", f"{text}\n"), "crm")
    assert proposal.template == "salesforce_leads"
    assert [(told or "") in each for each in proposal.doubts if heading in each] == ([True] if told else [])


def test_an_export_of_before_it_numbered_batches_is_known_too(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in sample("ga4_events").read_text().splitlines()]
    older = [{name: value for name, value in row.items() if not name.startswith("batch_")} for row in rows]
    file = written(tmp_path, "events.jsonl", "".join(json.dumps(row) + "\n" for row in older))
    assert propose(file, "ga").template == "ga4_events"


def test_events_that_tell_little_of_where_they_were_sent_from_are_known_too(tmp_path: Path) -> None:
    times = dict.fromkeys(("timestamp", "originalTimestamp", "sentAt"), "2026-03-02T10:00:00Z")
    track = {
        "type": "track",
        "anonymousId": "a1",
        "event": "Signed In",
        "properties": {},
        "context": {"ip": "192.0.2.1"},
    }
    alias = {"type": "alias", "previousId": "a1"}
    rows = [{**(alias if n % 9 == 8 else track), "messageId": f"m{n}", "userId": f"u{n}", **times} for n in range(20)]
    file = written(tmp_path, "events.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    (stream,) = loaded(tmp_path, [propose(file, "web")]).streams
    assert "identifier_aliases" in [map_.to for map_ in stream.maps]


def test_nine_of_ten_columns_that_it_maps_are_right_against_the_templates() -> None:
    right, found = proposing.figures()
    assert right.value >= 0.95
    assert found.value >= 0.9


def test_people_and_orders_of_an_unknown_shop_become_people_and_orders(bench: Bench, tmp_path: Path) -> None:
    files = {"kunden.csv": (PEOPLE, "cp1252"), "orders.csv": (ORDERS, "utf-8")}
    paths = [written(tmp_path / "in", name, text, encoding) for name, (text, encoding) in files.items()]
    source = loaded(tmp_path, [propose(path, "shop") for path in paths])
    people, orders = source.streams
    assert (people.delimiter, people.encoding, people.key, people.person) == (";", "latin-1", ("Kundennr",), True)
    assert people.load == "upsert"  # nobody is closed because a file is a part of the whole
    assert (orders.key, orders.event_time) == (("order_id",), "order_date")
    for path in paths:
        bench.drop(f"shop/{path.name}", path.read_bytes())
    load(bench, source)
    assert outcome(bench, "shop__kunden") == [("accepted", None)] * 25
    assert outcome(bench, "shop__orders") == [("accepted", None)] * 2
    first = canonical(bench, source, "contacts")[0]
    assert (first["given_name"], first["family_name"], str(first["created_at"])[:10]) == (
        "Ann",
        "Müller0",
        "2025-02-01",
    )
    points = {(point["kind"], point["value"]) for point in canonical(bench, source, "contact_points")}
    assert {("email", "ann0@example.org"), ("phone", "+49351123400")} <= points
    assert [(order["order_id"], str(order["gross"])) for order in canonical(bench, source, "orders")] == [
        ("B1", "20.00"), ("B2", "10.00")  # what is paid, without what its delivery costs
    ]  # fmt: skip


def test_people_are_told_apart_by_their_address_and_never_by_a_name(tmp_path: Path) -> None:
    text = "First name,Email,Company\nAnn,ann@x.org,Acme\nBo,bo@x.org,Umbrella\n"
    assert propose(written(tmp_path, "signups.csv", text), "shop").stream["key"] == ["Email"]
    for name, head in (("visits.csv", "page_name,visitor,at"), ("cities.csv", "City Name,Visitor,At")):
        text = f"{head}\nhome,v1,2026-01-01 10:00:00\ncart,v2,2026-01-01 10:01:00\n"
        assert "key" not in propose(written(tmp_path, name, text), "shop").stream


def test_lines_of_invoices_become_orders_lines_and_refunds(tmp_path: Path) -> None:
    """In the layout of UCI Online Retail, whose customer numbers passed through a data frame with gaps."""
    rows = pa.table({
        "InvoiceNo": ["536365", "536365", "C536379", "536370"],
        "StockCode": ["85123A", "71053", "D", "22728"],
        "Description": ["HOLDER", "LANTERN", "Discount", "CLOCK"],
        "Quantity": [6, 8, -1, 24],
        "InvoiceDate": ["2010-12-01 08:26:00"] * 2 + ["2010-12-01 09:41:00", "2010-12-01 09:45:00"],
        "UnitPrice": [2.55, 3.39, 27.5, 3.75],
        "CustomerID": [17850.0, 17850.0, 14527.0, None],
        "Country": ["United Kingdom", "United Kingdom", "United Kingdom", "France"],
    })  # fmt: skip
    pq.write_table(rows, tmp_path / "online_retail.parquet")
    proposal = propose(tmp_path / "online_retail.parquet", "shop", currency="GBP")
    maps: dict[str, Any] = {map_["to"]: map_ for map_ in proposal.stream["maps"]}
    assert set(maps) == {"orders", "order_lines", "refunds"}
    assert (maps["orders"]["grain"], maps["orders"]["where"]) == (["InvoiceNo"], "Quantity > 0")
    assert maps["refunds"]["where"] == "Quantity < 0"
    assert "order_id" not in maps["refunds"]["set"]
    assert {"type": "customer_number", "value": "cast(CustomerID as varchar)"} in proposal.stream["identifiers"]
    codes = "case lower(trim(Country)) when 'france' then 'FR' when 'united kingdom' then 'GB' end"
    assert proposal.stream["derive"] == {"currency_assumed": "'GBP'", "Country_code": codes}
    assert any("GBP is assumed" in doubt for doubt in proposal.doubts)
    assert any("Country holds names of countries" in doubt for doubt in proposal.doubts)


def test_files_of_one_layout_are_one_stream_that_takes_the_next_ones_too(tmp_path: Path) -> None:
    paths = [written(tmp_path, f"orders_2026-0{month}.csv", ORDERS) for month in (1, 2)]
    ((proposal, files),) = together([propose(path, "shop") for path in paths])
    assert proposal.stream["name"] == "orders"
    assert files == paths
    assert pattern_for([Path("shop/orders_2026-01.csv.gz")]) == "shop/orders*.csv*"
    assert pattern_for([Path("shop/orders_1.csv")], [Path("shop/orders_2.csv")]) == "shop/orders_1.csv*"
    assert pattern_for([Path("shop/orders_2.csv")], [Path("shop/orders_1.csv")]) == "shop/orders_[2-9]*"
    lines = [Path("shop/orders_lines_2026-01.csv")]
    assert pattern_for([Path("shop/orders_2026-01.csv")], lines) == "shop/orders_[0-9]*-[0-9]*.csv*"


@pytest.mark.parametrize(
    ("names", "pattern"),
    [
        (["2026-01_customers_export.csv", "2026-02_customers_export.csv"], "shop/[0-9]*customers_export*.csv*"),
        (["08_items-2026-09.csv", "10_items-2026-10.csv.gz"], "shop/[0-9]*items*.csv*"),
        (["report_2026-01_eu.csv", "report_2026-02_eu.csv"], "shop/report_[0-9]*-[0-9]*_eu.csv*"),
        (["Orders 1.csv", "Orders-2.csv"], "shop/Orders*"),
        (["orders_6f1d1ea1b2.csv", "orders_99aa88bb77.csv"], "shop/orders*.csv*"),
        (["orders-january.csv", "orders-february.csv"], "shop/orders*.csv*"),
    ],
)
def test_every_file_that_is_put_together_is_found_wherever_its_name_has_numbers(
    tmp_path: Path, names: list[str], pattern: str
) -> None:
    paths = [
        written(tmp_path / "shop", name, ORDERS if name.endswith("csv") else gzip.compress(ORDERS.encode()))
        for name in names
    ]
    ((_, files),) = together([propose(path, "shop") for path in paths])
    assert pattern_for([file.relative_to(tmp_path) for file in files]) == pattern
    assert all(fnmatch.fnmatchcase(f"shop/{name}", pattern) for name in names)


@pytest.mark.parametrize(("further", "streams"), [("Voucher", 1), ("Shipping address", 1), ("Status", 2)])
def test_files_that_lack_columns_are_of_one_stream_if_they_are_read_alike_without_these(
    tmp_path: Path, further: str, streams: int
) -> None:
    head = "Order number;Order date;Email;Total;Currency"
    rows = [f"{n};2026-0{1 + n // 20}-{1 + n % 20:02d} 10:00:00;p{n}@example.org;{n},50;EUR" for n in range(40)]
    january, february = "\n".join([head, *rows[:20]]), "\n".join(f"{row};Void {row[:2]}" for row in rows[20:])
    files = {"orders_2026-01.csv": january, "orders_2026-02.csv": f"{head};{further}\n{february}"}
    found = together([propose(written(tmp_path, name, text + "\n"), "shop") for name, text in files.items()])
    assert len(found) == streams
    if streams == 1:
        assert further in found[0][0].stream["columns"]
        assert {path.name for path in found[0][1]} == files.keys()


@pytest.mark.parametrize(
    ("name", "next_one"),
    [
        ("orders_6f1d1ea1b2.csv", "orders_99aa88bb77.csv"),
        ("orders_0a1b2c3d-1a2b-3c4d-5e6f-0123456789ab.csv", "orders_9a1b2c3d-1a2b-3c4d-5e6f-0123456789ab.csv"),
        ("orders_Ab3dE9xZ12.csv", "orders_Zz9aB8cD7e.csv"),
        ("orders_2026-01 (1).csv", "orders_2026-02.csv"),
        ("orders.2026-01.csv", "orders.2027-11.csv"),
        ("orders_20260103T091500Z.csv", "orders_20270210T120000Z.csv"),
        ("orders-january-2026.csv", "orders-february-2026.csv"),
        ("orders_2026_Q1.csv", "orders_2027_Q3.csv"),
        ("2026-01_orders_eu.csv", "2026-12_orders_eu.csv"),
        ("orders_2026-01_eu.csv", "orders_2026-12_eu.csv"),
    ],
)
def test_the_next_file_is_taken_whatever_changes_in_its_name(name: str, next_one: str) -> None:
    pattern = pattern_for([Path("shop", name)])
    assert fnmatch.fnmatchcase(f"shop/{next_one}", pattern)
    assert not fnmatch.fnmatchcase("shop/customers_2026-01.csv", pattern)
    beside = pattern_for([Path("shop", name)], [Path("shop", name.replace("orders", "orders_lines"))])
    assert not fnmatch.fnmatchcase(f"shop/{next_one.replace('orders', 'orders_lines')}", beside)


def test_what_nothing_is_known_of_is_kept_and_feeds_no_table(tmp_path: Path) -> None:
    proposal = propose(written(tmp_path, "stuff.csv", "alpha,beta\nx,y\nz,w\n"), "shop")
    assert (proposal.kind, proposal.stream.get("maps")) == (None, None)
    assert set(proposal.stream["columns"]) == {"alpha", "beta"}
    assert loaded(tmp_path, [proposal]).streams[0].maps == ()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"", "is empty"),
        ("a.csv", "a,b\n1,2\n".encode("utf-16-le"), "is UTF-16"),
        ("a.json", b'[{"a": 1}', "is not valid JSON"),
        ("a.jsonl", b"{broken\n", "no JSON object"),
        ("a.xlsx", b"PK\x03\x04[Content_Types].xml", "save each sheet as CSV"),
        ("a.csv.gz", b"\x1f\x8b\x08\x00broken", "compressed and damaged"),
        ("a.csv", b"Club;;\n;;\nMember No;Name;Email\n1;Ann;a@x.org\n", "header seems to be on line 3"),
        ("a.csv", b"Report of members\nMember No;Name;Email\n1;Ann;a@x.org\n", "header seems to be on line 2"),
        ("a.csv", b"7,ann@x.org,Ann,2026-01-02\n8,bo@x.org,Bo,2026-01-03\n", "begins with a row"),
        ("a.csv", b"Person,,Contact\nMember No,First Name,Email\n1,Ann,a@x.org\n", "header seems to be on line 2"),
    ],
)
def test_a_file_of_which_nothing_can_be_said_says_why(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    with pytest.raises(UnreadableSampleError, match=said):
        propose(written(tmp_path, name, content), "shop")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(PEOPLE.encode("utf-16"), id="utf-16"),
        pytest.param(b"sep=;\r\n" + PEOPLE.replace("\n", "\r\n").encode(), id="with a line for spreadsheets"),
    ],
)
def test_what_spreadsheets_write_is_read_as_it_is(bench: Bench, tmp_path: Path, content: bytes) -> None:
    source = loaded(tmp_path, [propose(written(tmp_path / "in", "kunden.csv", content), "shop")])
    bench.drop("shop/kunden.csv", content)
    load(bench, source)
    found = canonical(bench, source, "contacts")
    assert {row["family_name"] for row in found} == {f"Müller{n}" for n in range(25)}


def test_rows_below_a_header_with_gaps_are_rows_and_sums_are_none(bench: Bench, tmp_path: Path) -> None:
    text = ",Customer No,Email,Invoice No,Date,Amount\n" + "".join(
        f"{n},{n},p{n}@x.org,B{n},2026-01-02,1.00\n" for n in range(25)
    )
    proposal = propose(written(tmp_path / "in", "invoices.csv", f"{text},Grand Total,,,,25.00\n"), "shop")
    assert proposal.stream["key"] == ["Invoice No"]
    source = loaded(tmp_path, [proposal])
    bench.drop("shop/invoices.csv", f"{text},Grand Total,,,,25.00\n".encode())
    load(bench, source)
    refused = ("quarantined", "a required value is missing")
    assert outcome(bench, "shop__invoices") == [("accepted", None)] * 25 + [refused]


@pytest.mark.parametrize(
    ("texts", "type_", "format_"),
    [
        (["1", "20", "-3"], "integer", None),
        (["1.50", "20.00"], "decimal", None),
        (["1.234,50", "7,00"], "decimal", None),
        (["0.123456"], "float", None),
        (["€ 1.234,50", "7,00 €"], "decimal", None),
        (["$5", "-$12.50"], "decimal", None),
        (["yes", "no"], "boolean", None),
        (["2026-01-05", "2026-02-06"], "date", None),
        (["2026-01-05T10:00:00Z", "2026-01-05T10:00:00.123+02:00"], "timestamp", None),
        (["05.01.2026", "31.12.2025"], "date", "%d.%m.%Y"),
        (["12/31/2025 10:00"], "timestamp", "%m/%d/%Y %H:%M"),
        (["Jan 05, 2026 10:00:00 AM"], "timestamp", "%b %d, %Y %I:%M:%S %p"),
        (['{"a": 1}', "[1]"], "json", None),
        (["00123", "04567"], "string", None),
        (["hello"], "string", None),
        ([None, None], "string", None),
        (["€", "€"], "string", None),
        (["EUR 1,234.50", "EUR 7.00"], "decimal", None),
        (["2026-01-05 10:00 AM", "2026-01-05 01:30 PM"], "timestamp", "%Y-%m-%d %I:%M %p"),
        (["05/Jan/26 10:00 AM", "31/Dec/25 01:30 PM"], "timestamp", "%d/%b/%y %I:%M %p"),
        (["units sold", *map(str, range(1, 30))], "integer", None),
    ],
)
def test_types_are_told_by_values(texts: list[str | None], type_: str, format_: str | None) -> None:
    judged = judge(texts)
    assert (judged.type, judged.format) == (type_, format_)


AT_TEN = [f"2026-01-{day:02d}T10:00:00" for day in range(5, 25)]


@pytest.mark.parametrize(
    ("ways", "type_", "formats"),
    [
        (["%Y-%m-%d", "%d.%m.%Y"], "date", ("iso", "%d.%m.%Y")),
        (["%m/%d/%Y", "%m/%d/%Y", "%Y-%m-%d"], "date", ("%m/%d/%Y", "iso")),
        (["%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%d %b %Y"], "timestamp", ("iso", "%d %b %Y")),
        (["%Y-%m-%d", "%Y-%m-%d %H:%M:%S"], "timestamp", ()),
        (["%a, %d %b %Y %H:%M:%S +0000"], "timestamp", ("%a, %d %b %Y %H:%M:%S %z",)),
        (["%a, %d %b %Y %H:%M:%S GMT"], "timestamp", ("%a, %d %b %Y %H:%M:%S %Z",)),
        (["%Y-%m-%dT%H:%M:%S -10:00"], "timestamp", ("%Y-%m-%dT%H:%M:%S %z",)),
        (["%Y-%m-%d %H:%M:%S.%f +0000"], "timestamp", ("%Y-%m-%d %H:%M:%S.%f %z",)),
        (["%a %b %d %H:%M:%S +0000 %Y"], "timestamp", ("%a %b %d %H:%M:%S %z %Y",)),
        (["%Y.%m.%d."], "date", ("%Y.%m.%d.",)),
        (["%Y.%m.%d. %H:%M"], "timestamp", ("%Y.%m.%d. %H:%M",)),
        (["%d. %m. %Y %H:%M"], "timestamp", ("%d. %m. %Y %H:%M",)),
        (["%d.%m.%Y klo %H.%M"], "timestamp", ("%d.%m.%Y klo %H.%M",)),
        (["%d.%m.%Y, %H:%M Uhr"], "timestamp", ("%d.%m.%Y, %H:%M Uhr",)),
        (["%d/%m/%Y à %H:%M", "%d/%m/%Y %Hh%M"], "timestamp", ("%d/%m/%Y à %H:%M", "%d/%m/%Y %Hh%M")),
        (["%Y%m%d%H%M%S"], "timestamp", ("%Y%m%d%H%M%S",)),
        (["%m/%d/%Y, %I:%M:%S\u202f%p"], "timestamp", ("%m/%d/%Y, %I:%M:%S\u202f%p",)),
        (["%d.%m.%Y %H:%M:%S.%f +0000"], "timestamp", ("%d.%m.%Y %H:%M:%S.%f %z",)),
        (["%Y. %m. %d. 오전 %I:%M:%S"], "timestamp", ("%Y. %m. %d. %p %I:%M:%S",)),
        (["%b %d, %Y %I:%M:%S %p PDT"], "timestamp", ("%b %d, %Y %I:%M:%S %p %z",)),
        (["%Y/%m/%d %I:%M:%S a. m. GMT+2"], "timestamp", ("%Y/%m/%d %I:%M:%S %p GMT%z",)),
        (["%a %b %d %Y %H:%M:%S GMT+0100 (Our Time)"], "timestamp", ("%a %b %d %Y %H:%M:%S GMT%z",)),
    ],
)
def test_dates_of_one_column_may_be_written_in_several_ways(
    bench: Bench, tmp_path: Path, ways: list[str], type_: str, formats: tuple[str, ...]
) -> None:
    told = [datetime.fromisoformat(at).strftime(ways[place % len(ways)]) for place, at in enumerate(AT_TEN)]
    judged = judge(told)
    assert (judged.type, judged.formats) == (type_, formats)
    text = "order_no;order_date;total\n" + "".join(f"B{place};{at};1.00\n" for place, at in enumerate(told))
    proposal = propose(written(tmp_path / "in", "orders.csv", text), "shop", zone="UTC")
    assert any("several ways" in doubt for doubt in proposal.doubts) == (len(formats) > 1)
    source = loaded(tmp_path, [proposal])
    bench.drop("shop/orders.csv", text)
    load(bench, source)
    assert {str(row["ordered_at"])[:10] for row in canonical(bench, source, "orders")} == {at[:10] for at in AT_TEN}


@pytest.mark.parametrize(
    "texts",
    [
        [f"{day:02d}/01/2026" for day in range(1, 28)] + [f"01/{day:02d}/2026" for day in range(13, 28)],
        [f"2026-01-{day:02d}" for day in range(1, 15)] + ["soon", "never"],
        [f"Hauptstraße 1{day}" for day in range(1, 28)],
        [f"+43 660 {day}2 11 {day}" for day in range(10, 28)],
        ["[https://shop.example/form", "{'python': True}"],
    ],
)
def test_what_may_be_no_date_or_another_or_no_json_stays_text(texts: list[str]) -> None:
    assert judge(texts).type == "string"


def test_two_digits_of_years_are_told_from_days_where_hardly_any_come_first() -> None:
    days = [f"{month:02d}-{day:02d}" for month in (1, 2) for day in range(1, 21)]
    assert judge([f"25-{day}" for day in days]).formats == ("%y-%m-%d",)
    assert judge([f"{day[3:]}-{day[:2]}-25" for day in days]).formats == ("%d-%m-%y",)


@pytest.mark.parametrize("at", ["/Date({})/", "2026 W{} 1", "07/2026 ({})"])
def test_orders_at_times_that_nobody_can_read_are_no_people(tmp_path: Path, at: str) -> None:
    text = "Order No,Order date,Name,Email,Order total\n" + "".join(
        f"{n},{at.format(1767348000000 + n)},Ann {chr(65 + n)}ick,p{n}@example.org,9.50\n" for n in range(12)
    )
    proposal = propose(written(tmp_path, "orders.csv", text), "shop")
    assert proposal.kind is None
    assert any(doubt.startswith("Order date may hold times") for doubt in proposal.doubts)


def test_what_many_orders_have_in_common_is_no_key_even_of_one(tmp_path: Path) -> None:
    head = "base_currency_code,store_id,billing_address_id,portal_id,created_at,grand_total"
    row = "EUR,1,294,77,2026-01-05 10:00:00,9.90"
    found = propose(written(tmp_path, "orders.csv", f"{head},increment_id\n{row},000144\n"), "shop").stream
    assert (found["key"], found["maps"][0]["set"]["order_id"]) == (["increment_id"], "increment_id")
    assert "key" not in propose(written(tmp_path, "orders.csv", f"{head}\n{row}\n"), "shop").stream


ORDERS_OF_A_SHEET = "Rechnungsnr;Rechnungsdatum;Kundennr;Rechnungsbetrag\n" + "".join(
    f"RE{n};{46082 + n};{1000 + n};{12000 + 9 * n}\n" for n in range(25)
)


def test_amounts_of_the_size_of_dates_are_amounts(tmp_path: Path) -> None:
    orders = propose(written(tmp_path, "Rechnungen.csv", ORDERS_OF_A_SHEET), "shop").stream["maps"][0]["set"]
    assert (orders["ordered_at"], orders["gross"]) == ("Rechnungsdatum_instant", "Rechnungsbetrag")


def test_instants_are_numbers_with_fractions_too_and_halves_of_days_are_read(bench: Bench, tmp_path: Path) -> None:
    mails = "".join(
        f'{{"id": "m{n}", "timestamp": {1770000000 + n}.25, "event": "seen", "to": "p{n % 9}@x.org"}}\n'
        for n in range(25)
    )
    visits = "Visit Date,Time,Client ID,Client,Email\n" + "".join(
        f'05/{1 + n:02d}/2026,01:15 PM,{100 + n % 9},"Lee, Ann",p{n % 9}@example.org\n' for n in range(25)
    )
    files = {"mails.jsonl": mails, "attendance.csv": visits}
    source = loaded(tmp_path, [propose(written(tmp_path / "in", name, text), "shop") for name, text in files.items()])
    for name, text in files.items():
        bench.drop(f"shop/{name}", text.encode())
    load(bench, source)
    times = {str(event["occurred_at"])[:16] for event in canonical(bench, source, "events")}
    assert {"2026-02-02 02:40", "2026-05-01 13:15", "2026-05-25 13:15"} <= times
    assert ("customer_number", '"Client ID"') in {(each.type, each.value) for each in source.streams[1].identifiers}


def test_a_blank_line_above_the_header_is_none(bench: Bench, tmp_path: Path) -> None:
    content = ("\n" + ORDERS).encode()
    source = loaded(tmp_path, [propose(written(tmp_path / "in", "orders.csv", content), "shop")])
    bench.drop("shop/orders.csv", content)
    load(bench, source)
    assert [order["order_id"] for order in canonical(bench, source, "orders")] == ["B1", "B2"]


def test_lists_within_rows_of_parquet_are_lines_too(tmp_path: Path) -> None:
    rows = pa.table({
        "order_id": ["A1", "A2"],
        "order_date": ["2026-01-05 10:00:00"] * 2,
        "total": [12.5, 12.5],
        "buyer": [{"email": "ann@example.org"}] * 2,
        "items": [[{"sku": "S1", "quantity": 2, "price": 6.25}]] * 2,
    })  # fmt: skip
    pq.write_table(rows, tmp_path / "orders.parquet")
    proposal = propose(tmp_path / "orders.parquet", "shop")
    assert [map_["to"] for map_ in proposal.stream["maps"]] == ["orders", "order_lines"]
    assert "of what is within buyer nothing is taken (`derive`)" in proposal.doubts


def test_who_is_on_a_list_of_the_blocked_refuses(tmp_path: Path) -> None:
    text = "EMAIL,OPT_IN,BLOCKLISTED_EMAIL,ADDED_TIME\n" + "".join(
        f"p{n}@example.org,Yes,{'No' if n % 5 else 'Yes'},2026-01-{1 + n:02d} 10:00:00\n" for n in range(25)
    )
    maps = propose(written(tmp_path, "contacts.csv", text), "shop").stream["maps"]
    said = [(map_["set"]["status"], map_["set"]["explicit"]) for map_ in maps if map_["to"] == "consents"]
    assert said[-1] == ("'withdrawn'", "true")


def test_days_and_months_that_could_be_either_are_a_doubt(tmp_path: Path) -> None:
    text = "customer_id,email,signup date\n1,a@example.org,05/06/2025\n2,b@example.org,07/08/2025\n"
    assert any("other way round" in doubt for doubt in propose(written(tmp_path, "people.csv", text), "shop").doubts)


def test_a_file_with_what_anybody_has_is_not_one_systems_export(tmp_path: Path) -> None:
    people = "".join(
        f'{{"id": "ctm_{n}", "name": "Ann Lee", "email": "p{n}@example.org", "marketing_consent": false, "locale":"en",'
        f' "created_at": "2026-01-02T10:00:00Z", "updated_at": "2026-01-02T10:00:00Z"}}\n'
        for n in range(25)
    )
    proposal = propose(written(tmp_path, "customers.jsonl", people), "shop")
    assert (proposal.template, proposal.stream["load"]) == (None, "upsert")


@pytest.mark.parametrize(
    "extra",
    [
        pytest.param(
            {"order_number": "{}", "total_price": "9.00", "line_items": [], "tags": "", "note": ""}, id="orders"
        ),
        pytest.param(
            {"amount": 5, "currency": "eur", "status": "succeeded", "paid": True, "captured": True}, id="charges"
        ),
    ],
)
def test_what_many_things_have_makes_no_known_export(tmp_path: Path, extra: dict[str, Any]) -> None:
    shared = {"name": "#1", "email": "p1@example.org", "phone": None, "created_at": "2026-01-02T10:00:00Z",
              "updated_at": "2026-01-02T10:00:00Z", "created": 1767348000, "token": "t", "test": False}  # fmt: skip
    text = "".join(json.dumps({"id": n, **shared, **extra}) + "\n" for n in range(5))
    assert propose(written(tmp_path, "webhooks.jsonl", text), "shop").template is None


def test_a_file_without_an_ending_has_a_pattern_that_finds_it() -> None:
    assert pattern_for([Path("shop/orders_000")]) == "shop/orders*"
    assert pattern_for([Path("shop/orders_000")], [Path("shop/orders_lines_000")]) == "shop/orders_[0-9]*"


@pytest.mark.parametrize("word", [r"\N", "NULL", "-"])
def test_what_databases_write_for_nothing_is_no_address(bench: Bench, tmp_path: Path, word: str) -> None:
    text = "order_id,user_id,email,total,ordered_at\n" + "".join(
        f"{n},{word if n % 3 else 1000 + n},{f'p{n}@example.org' if n % 3 == 1 else word},9.50,2026-01-02 10:00:00\n"
        for n in range(60)
    )
    proposal = propose(written(tmp_path, "orders.csv", text), "shop")
    assert [each["type"] for each in proposal.stream["identifiers"]] == ["order_number", "user_id", "email"]
    bench.drop("shop/orders.csv", text)
    load(bench, loaded(tmp_path, [proposal]))
    source = loaded(tmp_path / "again", [proposal])
    assert outcome(bench, "shop__orders") == [("accepted", None)] * 60
    assert {row["value"] for row in canonical(bench, source, "contact_points")} == {
        f"p{n}@example.org" for n in range(60) if n % 3 == 1
    }


@pytest.mark.parametrize(
    ("heading", "there", "gone", "condition"),
    [
        ("_fivetran_deleted", "false", "true", "_fivetran_deleted"),
        ("is_deleted", "0", "1", "is_deleted = 1"),
        ("deleted_at", "", "2026-01-05T10:00:00Z", "deleted_at is not null"),
        ("__op", "u", "d", "lower(__op) in ('d', 'delete', 'remove')"),
    ],
)
def test_rows_that_are_marked_as_deleted_are_closed(
    bench: Bench, tmp_path: Path, heading: str, there: str, gone: str, condition: str
) -> None:
    rows = [f"c{number},ann{number}@example.org,Lee{number},{gone if number == 7 else there}" for number in range(25)]
    text = "\n".join([f"customer_id,email,last_name,{heading}", *rows, ""])
    proposal = propose(written(tmp_path / "in", "customers.csv", text), "shop")
    assert (proposal.stream["load"], proposal.stream["deleted"]) == ("upsert", condition)
    assert any(condition in doubt for doubt in proposal.doubts)
    source = loaded(tmp_path, [proposal])
    bench.drop("shop/customers.csv", text)
    load(bench, source)
    assert {row["family_name"] for row in canonical(bench, source, "contacts")} == {
        f"Lee{number}" for number in range(25) if number != 7
    }


def test_a_word_for_no_time_marks_nothing_as_deleted(bench: Bench, tmp_path: Path) -> None:
    rows = "".join(f"c{number},ann{number}@example.org,\\N\n" for number in range(25))
    text = f"customer_id,email,deleted_at\n{rows}"
    proposal = propose(written(tmp_path / "in", "customers.csv", text), "shop")
    source = loaded(tmp_path, [proposal])
    bench.drop("shop/customers.csv", text)
    load(bench, source)
    assert len(canonical(bench, source, "contact_points")) == 25


@pytest.mark.parametrize("word", ["NULL", "\\N", "nan", "#N/A"])
def test_amounts_and_times_are_read_beside_a_word_for_none(bench: Bench, tmp_path: Path, word: str) -> None:
    text = "order_no,ordered_at,email,total,discount,paid,surname\n" + "".join(
        f"B{number},2026-01-05 10:00:00,{word if number % 2 else f'p{number}@example.org'},9.50,"
        f"{word if number % 3 else '1.50'},{word if number % 4 else '2026-01-06 10:00:00'},Null\n"
        for number in range(40)
    )
    proposal = propose(written(tmp_path / "in", "orders.csv", text), "shop", zone="UTC")
    assert proposal.stream["nulls"] == [word]
    assert f"taken for no value (`nulls`): `{word}`" in proposal.doubts
    types = {name: column["type"] for name, column in proposal.stream["columns"].items()}
    assert (types["discount"], types["paid"]) == ("decimal", "timestamp")
    source = loaded(tmp_path, [proposal])
    bench.drop("shop/orders.csv", text)
    load(bench, source)
    assert outcome(bench, "shop__orders") == [("accepted", None)] * 40
    rows = typed(bench, "shop__orders")
    assert sum(row["discount"] is not None for row in rows) == 14
    assert sum(row["paid"] is not None for row in rows) == 10
    assert {row["surname"] for row in rows} == {"Null"}
    assert len(canonical(bench, source, "contact_points")) == 20


@pytest.mark.parametrize("heading", ["total_price_cents", "totalCents", "total in cents", "total_minor"])
def test_amounts_that_say_that_they_are_in_cents_are_divided(bench: Bench, tmp_path: Path, heading: str) -> None:
    text = f"order_id,email,created_at,{heading},currency\n" + "".join(
        f"B{number},p{number}@example.org,2026-01-05T10:00:00Z,{1000 + number},EUR\n" for number in range(25)
    )
    proposal = propose(written(tmp_path / "in", "orders.csv", text), "shop")
    assert any("divided by 100" in doubt for doubt in proposal.doubts)
    source = loaded(tmp_path, [proposal])
    bench.drop("shop/orders.csv", text)
    load(bench, source)
    assert {float(row["gross"]) for row in canonical(bench, source, "orders")} == {10 + n / 100 for n in range(25)}


def billed(tmp_path: Path, currency: str, **more: float) -> Proposal:
    line = {"description": "Plan", "quantity": 1, "unit_amount": 5950}
    rows = [
        {"invoice": {"id": f"B{number}", "date": 1767600000 + number, "customer_id": f"c{number}",
                     "total": 5950, "sub_total": 5950, "tax": 950, "deleted": False, "currency_code": currency,
                     "line_items": [line]} | more}
        for number in range(25)
    ]  # fmt: skip
    return propose(written(tmp_path / "in", "invoices.json", json.dumps({"list": rows})), "shop")


def test_amounts_of_billing_are_in_cents_where_all_are_whole(bench: Bench, tmp_path: Path) -> None:
    proposal = billed(tmp_path, "EUR", amount_due=5950)
    source = loaded(tmp_path, [proposal])
    bench.drop("shop/invoices.json", (tmp_path / "in" / "invoices.json").read_text())
    load(bench, source)
    assert {(float(row["gross"]), float(row["tax"])) for row in canonical(bench, source, "orders")} == {(50, 9.5)}
    assert {float(row["unit_price"]) for row in canonical(bench, source, "order_lines")} == {59.5}
    assert proposal.stream["deleted"] == "deleted"


@pytest.mark.parametrize(
    ("currency", "amounts", "told"),
    [("EUR", {}, True), ("JPY", {"amount_due": 5950}, False), ("EUR", {"amount_due": 59.5}, False)],
)
def test_amounts_that_may_be_in_cents_are_told(
    tmp_path: Path, currency: str, amounts: dict[str, float], told: bool
) -> None:
    doubts = billed(tmp_path, currency, **amounts).doubts
    assert not any("divided by 100" in doubt for doubt in doubts)
    assert any("look whether they are in hundredths" in doubt for doubt in doubts) is told


def test_lines_within_orders_may_be_in_cents_too_and_a_percentage_is_none(bench: Bench, tmp_path: Path) -> None:
    line = {"sku": "A1", "title": "Lamp", "quantity": 2, "price_cents": 1050}
    rows = [
        {"order_id": f"B{number}", "created_at": "2026-01-05T10:00:00Z", "email": f"p{number}@example.org",
         "total": 21.0, "currency": "EUR", "percent": 20, "lines": [line]}
        for number in range(25)
    ]  # fmt: skip
    text = "".join(json.dumps(row) + "\n" for row in rows)
    proposal = propose(written(tmp_path / "in", "orders.jsonl", text), "shop")
    assert not any("divided" in doubt for doubt in proposal.doubts)
    source = loaded(tmp_path, [proposal])
    bench.drop("shop/orders.jsonl", text)
    load(bench, source)
    assert {float(row["unit_price"]) for row in canonical(bench, source, "order_lines")} == {10.5}


def test_numbers_of_which_some_begin_with_zero_keep_it(tmp_path: Path) -> None:
    rows = "".join(f"{n},p{n}@example.org,{f'{n:011d}' if n == 9 else f'{10**10 + n}'},{n}\n" for n in range(30))
    columns = propose(written(tmp_path, "clientes.csv", f"id,email,cpf,visits\n{rows}"), "shop").stream["columns"]
    assert (columns["cpf"]["type"], columns["visits"]["type"]) == ("string", "integer")


def test_what_is_taken_for_the_number_of_a_person_is_a_text(tmp_path: Path) -> None:
    rows = "".join(f"{70001 + n},Ann,Lee{n},p{n}@example.org\n" for n in range(30))
    text = f"rejestr,first name,last name,email\n{rows}"
    found = propose(written(tmp_path, "klienci.csv", text), "shop").stream
    assert (found["key"], found["columns"]["rejestr"]["type"]) == (["rejestr"], "string")


@pytest.mark.parametrize(("broken", "taken"), [(2, True), (6, False)])
def test_of_a_column_of_addresses_those_that_are_some_are_taken(
    bench: Bench, tmp_path: Path, broken: int, taken: bool
) -> None:
    rows = "".join(f"K{n},Ann,Lee{n},p{n}{'' if n < broken else '@'}example.org\n" for n in range(10))
    text = f"customer_no,first name,last name,email\n{rows}"
    proposal = propose(written(tmp_path / "in", "customers.csv", text), "shop")
    assert taken == any("email are no e-mail addresses" in doubt for doubt in proposal.doubts)
    source = loaded(tmp_path, [proposal])
    bench.drop("shop/customers.csv", text)
    load(bench, source)
    points = canonical(bench, source, "contact_points") if taken else []
    assert {row["value"] for row in points} == ({f"p{n}@example.org" for n in range(broken, 10)} if taken else set())


@pytest.mark.parametrize(
    ("head", "name", "role"),
    [
        ("nome,email", "Ann Lee", "full_name"),
        ("client_nom,email", "Ann Lee", "full_name"),
        ("nome,email", "Ann", "given_name"),
        ("apellidos,email", "Lee Costa", "family_name"),
    ],
)
def test_a_word_for_half_a_name_stands_for_the_whole_where_there_is_no_other_half(
    tmp_path: Path, head: str, name: str, role: str
) -> None:
    text = f"{head}\n" + "".join(f"{name},p{n}@example.org\n" for n in range(25))
    (contacts, *_) = propose(written(tmp_path, "clientes.csv", text), "shop").stream["maps"]
    assert contacts["set"] == {role: head.split(",")[0]}


@pytest.mark.parametrize(
    ("head", "number", "country", "doubted"),
    [
        ("email,phone", "0171-98765{n:02d}", None, True),
        ("email,phone", "0171-98765{n:02d}", "DE", False),
        ("email,phone", "+4917198765{n:02d}", None, False),
        ("email,phone", "004917198765{n:02d}", None, False),
        ("email,country,phone", "DE,0171-98765{n:02d}", None, False),
    ],
)
def test_telephones_of_no_known_country_are_told(
    tmp_path: Path, head: str, number: str, country: str | None, doubted: bool
) -> None:
    text = f"{head}\n" + "".join(f"p{n}@example.org,{number.format(n=n)}\n" for n in range(25))
    proposal = propose(written(tmp_path, "customers.csv", text), "shop", country=country)
    assert doubted == any("--country" in doubt for doubt in proposal.doubts)


@pytest.mark.parametrize(
    ("head", "odd", "even", "company"),
    [
        ("customer_no,name,email", "Lee {n} GmbH", "Rossi{n} S.p.A.", "name"),
        ("customer_no,name,email", "Nowak {n} Sp. z o.o.", "Lee{n} GmbH & Co. KG", "name"),
        (
            "customer_no,is_company,name,email",
            "true,Lee {n} Club",
            "false,Ann Lee{n}",
            "case when is_company then name end",
        ),
        (
            "customer_no,donor_type,name,email",
            "Foundation,Lee {n} Family",
            "Individual,Ann Lee{n}",
            "case when lower(trim(donor_type, '. ')) in ('foundation') then name end",
        ),
        ("customer_no,name,email", "Ann Lee{n}", "Ann Lee{n}", None),
    ],
    ids=["by their names", "by names with dots", "by a flag", "by a category", "people"],
)
def test_names_of_companies_are_no_names_of_people(
    tmp_path: Path, head: str, odd: str, even: str, company: str | None
) -> None:
    rows = "".join(f"K{n},{(odd if n % 2 else even).format(n=n)},p{n}@example.org\n" for n in range(25))
    (contacts, *_) = propose(written(tmp_path, "customers.csv", f"{head}\n{rows}"), "shop").stream["maps"]
    assert contacts["set"].get("company") == company
    full = {None: "name", "name": None}.get(
        company, f"case when not coalesce({str(company)[10:-14]}, false) then name end"
    )
    assert contacts["set"].get("full_name") == full


def test_that_some_names_are_those_of_companies_is_told(tmp_path: Path) -> None:
    rows = "".join(f"K{n},{f'Ann Lee{n}' if n else 'Lee Ltd'},p{n}@example.org\n" for n in range(25))
    proposal = propose(written(tmp_path, "customers.csv", f"customer_no,name,email\n{rows}"), "shop")
    assert any("of the names in name 1 are those of companies" in doubt for doubt in proposal.doubts)


@pytest.mark.parametrize("asked", ["InquiryDate", "Enquiry date", "Requested at", "Anfrage vom"])
def test_who_asks_is_known_since_then_and_not_since_what_they_ask_for(tmp_path: Path, asked: str) -> None:
    rows = "".join(f"Ann Lee{n},p{n}@example.org,2026-09-{1 + n:02d},2026-02-{1 + n:02d}\n" for n in range(25))
    text = f"Name,Email,EventDate,{asked}\n{rows}"
    found = propose(written(tmp_path, "leads.csv", text), "shop").stream
    assert found["event_time"] == asked


@pytest.mark.parametrize(
    ("heading", "value", "expected"),
    [
        ("phone1", "+4930100{n:04d}", ("contact_points", "value")),
        ("Position", "Head of Sales", ("contacts", "job_title")),
        ("Title", "Dr.", None),
        ("Title", "Engineer", ("contacts", "job_title")),
        ("name_ko", "김수민", ("contacts", "full_name")),
        ("kun_anspr_person", "Ann Lee", ("contacts", "full_name")),
        ("marketing_consent_email", "true", ("consents", "where")),
        ("subscriber_sk_id", "{n}", ("identifiers", "customer_number")),
    ],
)
def test_headings_of_people(tmp_path: Path, heading: str, value: str, expected: tuple[str, str] | None) -> None:
    named = "" if expected == ("contacts", "full_name") else "first name,last name,"
    rows = "".join(f"p{n}@example.org,2026-01-02,{'Ann,Lee,' if named else ''}{value.format(n=n)}\n" for n in range(25))
    found = propose(written(tmp_path, "customers.csv", f"email,updated_at,{named}{heading}\n{rows}"), "shop").stream
    used = [(map_["to"], name) for map_ in found["maps"] for name, sql in map_["set"].items() if heading in sql]
    used += [(map_["to"], "where") for map_ in found["maps"] if heading in map_.get("where", "")]
    used += [("identifiers", each["type"]) for each in found["identifiers"] if heading in each["value"]]
    assert expected in used if expected else not used


def test_streets_in_two_lines_and_towns_are_told_in_many_words(tmp_path: Path) -> None:
    rows = "".join(f"p{n}@example.org,Road {n},Flat {n},Roma,0018{n % 10}\n" for n in range(25))
    text = f"email,Street one,Street two,Residenza,CAP\n{rows}"
    *_, point = propose(written(tmp_path, "clienti.csv", text), "shop").stream["maps"]
    parts = [point["set"].get(part) for part in ("line_1", "line_2", "city")]
    assert parts == ['"Street one"', '"Street two"', "Residenza"]


@pytest.mark.parametrize(
    ("heading", "told"),
    [
        ("password", True),
        ("user_pwd", True),
        ("PIN", True),
        ("pin code", False),
        ("card_number", True),
        ("cvv", True),
        ("IBAN", True),
        ("ssn", True),
        ("Steuernummer", True),
        ("nickname", False),
        ("tax amount", False),
    ],
)
def test_secrets_are_told(tmp_path: Path, heading: str, told: bool) -> None:
    rows = "".join(f"K{n},Ann Lee,p{n}@example.org,{4000 + n}\n" for n in range(25))
    text = f"customer_no,name,email,{heading}\n{rows}"
    doubts = propose(written(tmp_path, "customers.csv", text), "shop").doubts
    assert told == any(f"{heading} may hold secrets" in doubt for doubt in doubts)


def test_the_cards_of_members_are_no_secrets(tmp_path: Path) -> None:
    rows = "".join(f"C{4000 + n},p{n}@example.org,2026-01-{n + 1:02},{n * 10 - 50},earned\n" for n in range(25))
    text = f"card_number,email,date,points,reason\n{rows}"
    proposal = propose(written(tmp_path, "loyalty_points.csv", text), "shop")
    assert proposal.kind == "loyalty"
    assert not any("secrets" in doubt for doubt in proposal.doubts)
