"""Orders that were given up do not count, in whatever words a status says so; statuses nobody understands are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdp_assets.sources.proposing.headings import is_status_of_an_order
from cdp_assets.sources.proposing.propose import Proposal, propose
from cdp_assets.sources.proposing.states import says_given_up, says_what_became
from cdp_assets_tests.sources.test_proposing import written
from cdp_assets_tests.sources.test_relational_exports import table


@pytest.mark.parametrize(
    "text",
    [
        "Cancelled", "Cancelled by customer", "Order canceled", "Payment failed", "Payment error", "Card declined",
        "Vom Verkäufer storniert", "Zahlungsfehler", "Zahlung fehlgeschlagen", "Erreur de paiement",
        "Commande annulée", "Error en pago", "Pago rechazado", "Errore di pagamento", "Błąd płatności", "注文取消し",
        "キャンセル確定", "Quotation", "Quotation Sent", "No-Show", "charged_back",
    ],
)  # fmt: skip
def test_what_was_given_up_is_told_by_a_word_of_it(text: str) -> None:
    assert says_given_up(text)


@pytest.mark.parametrize(
    "text",
    ["Refund failed", "Return rejected", "Partially cancelled", "Cancellation requested", "Zustellung fehlgeschlagen",
     "Not cancelled", "Teilweise storniert", "Payment accepted", "Printer error", "Livré", "Angebot angenommen"],
)  # fmt: skip
def test_what_is_about_a_part_or_came_later_gives_no_order_up(text: str) -> None:
    assert not says_given_up(text)


@pytest.mark.parametrize(
    ("text", "known"), [("Payment accepted", True), ("Paiement accepté", True), ("発送済み", True), ("Parked", False)]
)
def test_what_became_of_an_order_is_told_by_a_word_of_it(text: str, known: bool) -> None:
    assert says_what_became(text) is known


def orders(tmp_path: Path, heading: str, *states: str) -> Proposal:
    head = f"Order No,Date,Email,Order total,{heading}"
    rows = (
        f"{1000 + n},2025-03-{1 + n:02d} 09:00,p{n}@example.org,2{n}.00,{states[n % len(states)]}" for n in range(24)
    )
    return propose(written(tmp_path, "orders.csv", table(head, *rows)), "shop")


@pytest.mark.parametrize(
    ("heading", "states", "given_up"),
    [
        ("Status", ("Completed", "Cancelled by the shop", "Payment failed"), "cancelled by the shop"),
        ("État", ("Paiement accepté", "Mis de côté", "En rayon", "Annulé"), "annulé"),
        ("Estado", ("Pago aceptado", "Apartado", "En tienda", "Cancelado"), "cancelado"),
        ("Situation", ("Parked", "On the way", "Cancelled"), "cancelled"),
        ("対応状況(名称)", ("新規受付", "発送済み", "注文取消し"), "注文取消し"),
    ],
)
def test_orders_count_unless_a_state_says_they_were_given_up(
    tmp_path: Path, heading: str, states: tuple[str, ...], given_up: str
) -> None:
    (order,) = (map_ for map_ in orders(tmp_path, heading, *states).stream["maps"] if map_["to"] == "orders")
    assert order["where"].startswith("not coalesce(")
    assert f"'{given_up}'" in order["where"]


def test_an_estado_of_orders_stays_a_region_if_it_names_some(tmp_path: Path) -> None:
    proposal = orders(tmp_path, "Estado", "Jalisco", "Sonora")
    assert {column.role for column in proposal.columns if column.address == "Estado"} == {"region"}


def test_states_that_nobody_understands_are_told_where_they_are_few(tmp_path: Path) -> None:
    doubts = orders(tmp_path, "Status", "Completed", "Cancelled", "Parked", "On the way").doubts
    assert "orders count whose Status is not understood: on the way, parked" in doubts
    waiting = orders(tmp_path, "Status", "Completed", "Cancelled", "Pending").doubts
    assert "orders count whose Status is pending: look whether they stand yet" in waiting
    many = orders(tmp_path, "Status", "Cancelled", *(f"Lane {chr(65 + n)}" for n in range(23))).doubts
    assert not any("is not understood" in doubt for doubt in many)


@pytest.mark.parametrize(
    ("headings", "cancelled", "open_", "back", "paid"),
    [
        (("Status do Pedido", "Status do Pagamento"), "Cancelado", "Aberto", "Estornado", "Confirmado"),
        (("Statut de la commande", "Statut du paiement"), "Annulée", "Terminée", "Remboursé", "Payé"),
        (("Stato ordine", "Stato pagamento"), "Annullato", "Completato", "Rimborsato", "Pagato"),
        (("Estado de la orden", "Estado del pago"), "Cancelada", "Abierta", "Reembolsado", "Pagado"),
        (("Estado del pedido", "Pagos"), "Cancelado", "Completado", "Reembolsado", "Pagado"),
        (("How it went", "Money"), "Cancelled", "Completed", "Refunded", "Paid"),
    ],
)
def test_the_state_of_an_order_is_heard_beside_that_of_its_payment(
    tmp_path: Path, headings: tuple[str, str], cancelled: str, open_: str, back: str, paid: str
) -> None:
    states = (f"{cancelled},{paid}", f"{open_},{paid}", f"{open_},{back}", f"{open_},{paid}")
    maps = orders(tmp_path, ",".join(headings), *states).stream["maps"]
    (order,), (refund,) = ([map_ for map_ in maps if map_["to"] == to] for to in ("orders", "refunds"))
    assert all(word in order["where"] for word in (headings[0], f"'{cancelled.casefold()}'"))
    assert all(word in refund["where"] for word in (headings[1], f"'{back.casefold()}'"))


@pytest.mark.parametrize(("words", "region"), [("payer state", True), ("etat commande", False), ("estado", True)])
def test_a_state_of_an_order_is_called_so(words: str, region: bool) -> None:
    assert is_status_of_an_order(words) is not region


def test_words_of_an_end_that_are_not_heard_are_told(tmp_path: Path) -> None:
    lanes = ("Cancelled", *(f"Lane {letter}" for letter in "ABCD"))
    states = (f"Done,{lane}" if lane != "Cancelled" else "Cancelled,Cancelled" for lane in lanes)
    doubts = orders(tmp_path, "Status,Where to", *states).doubts
    assert "Where to says cancelled of some rows, which is not heard: look whether those count" in doubts
    assert not any("Card says" in doubt for doubt in orders(tmp_path, "Card", "Credit", "Debit").doubts)
