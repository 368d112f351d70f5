"""What is proposed for files as they are written in one country or another."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from cdp_assets.sources.proposing.countries import writes_day_first
from cdp_assets.sources.proposing.propose import Proposal, propose
from cdp_assets.sources.proposing.values import judge
from cdp_assets_tests.normalised.bench import canonical, load
from cdp_assets_tests.sources.shop import Bench
from cdp_assets_tests.sources.test_proposing import loaded, written

A_YEAR = [date(2026, 1, 1) + timedelta(days=number) for number in range(360)]


def proposed(folder: Path, name: str, head: str, *rows: str, country: str | None = None) -> Proposal:
    text = "\n".join([head, *rows, ""])
    return propose(written(folder, name, text), "shop", country=country)


@pytest.mark.parametrize("written_as", ["%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y"])
def test_days_are_told_from_months_by_all_rows_and_not_by_the_first_ones(written_as: str) -> None:
    sorted_by_day = [day.strftime(written_as) for day in A_YEAR for _ in range(30)]
    judged = judge(sorted_by_day)
    assert (judged.type, judged.format, judged.ambiguous) == ("date", written_as, False)
    early = [f"{day:02d}/{month:02d}/2026" for month in range(1, 3) for day in range(1, 13) for _ in range(100)]
    judged = judge([*early, "13/02/2026"])
    assert (judged.format, judged.ambiguous) == ("%d/%m/%Y", False)


EITHER_WAY = [f"{day:02d}/01/2026" for day in range(1, 13)]


@pytest.mark.parametrize(
    ("country", "format_"),
    [("GB", "%d/%m/%Y"), ("US", "%m/%d/%Y"), ("PH", "%m/%d/%Y"), ("CA", "%m/%d/%Y"), (None, "%m/%d/%Y")],
)
def test_where_nothing_tells_days_from_months_the_country_does(
    tmp_path: Path, country: str | None, format_: str
) -> None:
    rows = [f"B{n},{day},9.50" for n, day in enumerate(EITHER_WAY)]
    proposal = proposed(tmp_path, "orders.csv", "Order No,Order Date,Total", *rows, country=country)
    assert proposal.stream["columns"]["Order Date"]["format"] == format_
    assert "day and month could be the other way round in Order Date" in proposal.doubts


def test_what_one_column_shows_counts_more_than_the_country(tmp_path: Path) -> None:
    rows = [f"B{n},{day},0{n % 9 + 1}/{n + 13}/2026" for n, day in enumerate(EITHER_WAY)]
    proposal = proposed(tmp_path, "orders.csv", "Order No,Order Date,Due Date", *rows, country="GB")
    assert proposal.stream["columns"]["Order Date"]["format"] == "%m/%d/%Y"


def test_a_zone_tells_the_country_where_it_is_not_known() -> None:
    assert writes_day_first(None, "Europe/London") is True
    assert writes_day_first(None, "America/Chicago") is False
    assert writes_day_first("AT", "America/Chicago") is True
    assert [writes_day_first(None, zone) for zone in ("America/Toronto", "UTC", None)] == [None] * 3


ORDERS = "Nº pedido;Fecha;Cliente;Email;{};Importe total;Estado"


def order_of(number: int, *more: str, status: str) -> str:
    fields = (f"PED-{number}", f"{number + 1:02d}/05/2026", f"Ana {'ABCDE'[number % 5]}lves", f"p{number}@example.org")
    return ";".join([*fields, *more, f"{number + 20},50", status])


@pytest.mark.parametrize(
    "statuses", [("Entregado", "Enviado", "Cancelado"), ("Livrée", "En cours", "Annulée", "Perdue")]
)
def test_what_became_of_an_order_is_no_region_of_any_language(tmp_path: Path, statuses: tuple[str, ...]) -> None:
    rows = [order_of(n, f"Calle {n}", f"28{n:03d}", "Madrid", status=statuses[n % len(statuses)]) for n in range(25)]
    proposal = proposed(tmp_path, "pedidos.csv", ORDERS.format("Dirección;CP;Localidad"), *rows)
    orders, *others = proposal.stream["maps"]
    assert statuses[2].lower() in orders["where"]
    assert not any("region" in map_["set"] for map_ in others)


@pytest.mark.parametrize(
    ("heading", "kept"), [("Situación", "Situación"), ("Estado de envío", None), ("Situación/Estado", None)]
)
def test_the_only_column_that_says_what_was_given_up_is_the_status(
    tmp_path: Path, heading: str, kept: str | None
) -> None:
    more = heading.count("/")
    rows = [order_of(n, status=";".join([("Entregado", "Cancelado")[n % 2]] * (more + 1))) for n in range(25)]
    head = ORDERS.format("x").replace("x;", "").replace("Estado", heading.replace("/Estado", ";Resultado"))
    where = proposed(tmp_path, "pedidos.csv", head, *rows).stream["maps"][0].get("where")
    assert (where is not None and f"lower(trim({kept}" in where) == (kept is not None)


@pytest.mark.parametrize(
    "head", ["Destinatario;Dirección de envío;CP;Localidad", "Destinatario;Dirección;CP;Localidad"]
)
def test_where_a_gift_is_sent_is_no_address_of_who_ordered_it(tmp_path: Path, head: str) -> None:
    rows = [order_of(n, f"Eva {n}", f"Calle {n}", f"28{n:03d}", "Madrid", status="Enviado") for n in range(25)]
    rows = [row.replace(f"Eva {n}", f"Eva {'VWXYZ'[n % 5]}ega") for n, row in enumerate(rows)]
    proposal = proposed(tmp_path, "pedidos.csv", ORDERS.format(head), *rows)
    assert not any(map_["set"].get("kind") == "'postal'" for map_ in proposal.stream["maps"])
    assert any("maybe to somebody else: no address is taken" in doubt for doubt in proposal.doubts)


def test_the_own_address_stays_beside_that_of_a_delivery(tmp_path: Path) -> None:
    rows = [order_of(n, f"Calle {n}", f"28{n:03d}", "Madrid", f"Rua {n}", status="Enviado") for n in range(25)]
    proposal = proposed(tmp_path, "pedidos.csv", ORDERS.format("Dirección;CP;Localidad;Dirección de envío"), *rows)
    [postal] = [map_["set"] for map_ in proposal.stream["maps"] if map_["set"].get("kind") == "'postal'"]
    assert (postal["line_1"], postal["postal_code"]) == ("Dirección", "CP")


@pytest.mark.parametrize(
    ("hour", "format_"), [("{:02d}.3{}", "%H.%M"), ("{:02d}h3{}", "%Hh%M"), ("{:02d}:3{}", "%H:%M")]
)
def test_receipts_with_the_clock_of_the_place_are_orders(bench: Bench, tmp_path: Path, hour: str, format_: str) -> None:
    rows = [
        f"{n // 20 + 1:02d}/06/2026;{hour.format(9 + n % 20 // 2, n % 10)};{('Roma 1', 'Milano 2')[n % 2]};"
        f"{n % 20 // 2 + 1};{f'29000{n % 5}' if n % 3 else ''};{n},50"
        for n in range(40)
    ]
    proposal = proposed(tmp_path / "in", "scontrini.csv", "Data;Ora;Negozio;Scontrino n.;Tessera;Totale €", *rows)
    assert proposal.kind == "orders"
    assert f"'%Y-%m-%d {format_}'" in proposal.stream["derive"]["Data_time"]
    source = loaded(tmp_path, [proposal])
    bench.drop("shop/scontrini.csv", (tmp_path / "in" / "scontrini.csv").read_bytes())
    load(bench, source)
    times = [str(order["ordered_at"])[:16] for order in canonical(bench, source, "orders")]
    assert (len(times), min(times), max(times)) == (40, "2026-06-01 09:30", "2026-06-02 18:39")


CARDS = [f"26001001{n:05d}" for n in range(25)]


@pytest.mark.parametrize(
    "heading",
    ["Bonuskarte", "Treuekarte", "Bonuskartennummer", "Klubkort", "Karte", "Carte", "Karta", "Tarjeta socio"],
)
def test_cards_of_members_are_theirs_on_receipts(tmp_path: Path, heading: str) -> None:
    assert cards_of(tmp_path, heading, CARDS) == [("loyalty_number", f'"{heading}"' if " " in heading else heading)]


@pytest.mark.parametrize(
    ("heading", "texts"),
    [
        ("Karte", ["VISA", "Girocard"] * 10),
        ("Karte", [f"{n + 4000}" for n in range(20)]),
        ("Karte", [f"******{n + 4000}" for n in range(20)]),
        ("Carte", [f"49927398716{n:05d}" for n in range(20)]),
        ("Kartenzahlung", CARDS),
        ("Card Type", ["Visa", "Amex"] * 10),
    ],
)
def test_cards_that_somebody_pays_with_are_no_cards_of_members(tmp_path: Path, heading: str, texts: list[str]) -> None:
    assert cards_of(tmp_path, heading, texts) == []


def cards_of(folder: Path, heading: str, texts: list[str]) -> list[tuple[str, str]]:
    """By which other identifiers than a number of an order receipts are known that have a column."""
    rows = [f"{n};{n + 1:02d}.06.2026;{text};{n},50" for n, text in enumerate(texts)]
    proposal = proposed(folder, "bons.csv", f"Bonnr;Datum;{heading};Betrag", *rows)
    identifiers = [(each["type"], each["value"]) for each in proposal.stream["identifiers"]]
    return [each for each in identifiers if each[0] != "order_number"]


@pytest.mark.parametrize("heading", ["Handynr", "Rückrufnummer", "Rückruf"])
def test_numbers_to_call_somebody_back_are_telephones(tmp_path: Path, heading: str) -> None:
    rows = [f"{1000 + n};Ann;Müller;0171 23456{n:02d}" for n in range(25)]
    proposal = proposed(tmp_path, "kunden.csv", f"Kundennr;Vorname;Nachname;{heading}", *rows, country="DE")
    assert ("phone", heading) in [(each["type"], each["value"]) for each in proposal.stream["identifiers"]]


def test_who_called_and_was_called_is_told_by_the_direction_in_german_too(tmp_path: Path) -> None:
    rows = [
        f"{n};{n + 1:02d}.06.2026 10:00:00;ausgehend;+49309000100;+4917123456{n:02d};60"
        if n % 2
        else f"{n};{n + 1:02d}.06.2026 10:00:00;eingehend;+4917123456{n:02d};+49309000100;90"
        for n in range(25)
    ]
    proposal = proposed(tmp_path, "anrufe.csv", "Nr;Zeit;Richtung;Von;An;Dauer (s)", *rows)
    assert proposal.kind == "interactions"
    assert [(each["type"], each["value"]) for each in proposal.stream["identifiers"]] == [("phone", "other_party")]


@pytest.mark.parametrize("space", ["\u00a0", "\u202f"])
def test_amounts_with_no_break_spaces_in_thousands_are_amounts(space: str) -> None:
    judged = judge([f"{n}{space}015,{n}9{space}zł" for n in range(1, 9)] + ["15,09 zł"])
    assert (judged.type, judged.decimal_mark, judged.symbol) == ("decimal", ",", "zł")
    assert judge([f"{n}{space}015" for n in range(1, 9)]).type == "integer"
    assert judge([f"601{space}234{space}56{n}" for n in range(1, 9)], code=True).type == "string"


FRENCH, GERMAN = "06 12 34 56 78", "0171 2345678"


def test_signs_of_countries_say_where_a_telephone_is(bench: Bench, tmp_path: Path) -> None:
    lands = ["D", "F", "Frankreich", "NL", "A", "PL", "D", "I", "E", "S"]
    rows = [f"{1000 + n};Ann;Müller;{lands[n % 10]};{FRENCH if lands[n % 10][0] == 'F' else GERMAN}" for n in range(30)]
    head = "Kundennr;Vorname;Nachname;Land;Telefon"
    proposal = proposed(tmp_path / "in", "kunden.csv", head, *rows, country="DE")
    code = proposal.stream["derive"]["Land_code"]
    assert all(case in code for case in ("when 'f' then 'FR'", "when 'nl' then 'NL'", "when 'fin' then 'FI'"))
    source = loaded(tmp_path, [proposal])
    bench.drop("shop/kunden.csv", (tmp_path / "in" / "kunden.csv").read_bytes())
    load(bench, source)
    numbers = {point["value"] for point in canonical(bench, source, "contact_points") if point["country"] == "FR"}
    assert numbers == {"+33612345678"}


@pytest.mark.parametrize(
    ("texts", "named"),
    [
        (["DE", "FR", "PL"], False),
        (["A", "B", "C"], False),
        (["D", "Österreich", "FR"], True),
        (["DE", "Deutschland"], True),
    ],
)
def test_codes_of_countries_are_left_alone_and_grades_are_none(texts: list[str], named: bool) -> None:
    assert ("country_name" in judge(texts).looks) == named


@pytest.mark.parametrize(
    "head",
    [
        pytest.param("ma_kh,ho_ten,so_dien_thoai,ngay_sinh,dia_chi,cccd", id="Vietnamese"),
        pytest.param("Mã khách hàng,Họ và tên,SĐT,Ngày sinh,Địa chỉ,CMND", id="Vietnamese, with marks"),
        pytest.param("no_pelanggan,nama_lengkap,no_hp,tanggal_lahir,alamat,nik", id="Indonesian"),
        pytest.param("cod_cliente,nome_completo,telefone_fixo,dt_nasc,logradouro,cpf", id="Brazilian"),
    ],
)
def test_lists_of_people_are_read_in_further_languages(tmp_path: Path, head: str) -> None:
    rows = [
        f"K00{n},{name} Berger,+84 91 234 56{n:02d},{n + 13}/03/1980,Mill Lane {n},07908000123{n}"
        for n, name in enumerate(("Ada", "Ben", "Cleo"))
    ]
    proposal = proposed(tmp_path, "list.csv", head, *rows)
    number, name, phone, born, _, secret = (f'"{each}"' if " " in each else each for each in head.split(","))
    stream = proposal.stream
    assert stream["identifiers"] == [
        {"type": "customer_number", "value": number}, {"type": "phone", "value": phone},
    ]  # fmt: skip
    assert stream["maps"][0] == {"to": "contacts", "set": {"full_name": name, "birth_date": born}}
    assert any(doubt.startswith(f"{secret} may hold secrets") for doubt in proposal.doubts)
