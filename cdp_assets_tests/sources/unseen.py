"""Files as people export them, in eight languages and many layouts, that no template knows.

Belongs here: their texts. Does not belong here: what becomes of them (`test_unseen_files.py`).
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Sequence

_GIVEN = ("Ann", "Bernd", "Chloé", "Dieter", "Eva")
_FAMILY = ("Müller", "Schmidt", "O'Neil", "Groß", "Dubois", "García", "Rossi")
_ROWS = range(25)
_Person = tuple[int, str, str, str]
"""A number, names, and an e-mail address."""


def _table(header: str, rows: Iterable[str], end: str = "\n", encoding: str = "utf-8") -> bytes:
    return (end.join([header, *rows]) + end).encode(encoding)


def _who(number: int) -> tuple[str, str, str]:
    return _GIVEN[number % 5], _FAMILY[number % 7], f"p{number}@example.org"


def _day(number: int) -> str:
    """Two digits, of which half could be a month."""
    return f"{1 + number:02d}"


def files() -> dict[str, bytes]:
    """Name of each file → its bytes."""
    people = [(number, *_who(number)) for number in _ROWS]
    return _of_shops_and_offices(people) | _of_what_people_do(people)


def _of_shops_and_offices(people: Sequence[_Person]) -> dict[str, bytes]:
    return {
        "Kundenstamm.csv": _table(
            "KdNr;Anrede;Vorname;Nachname;Geburtsdatum;E-Mail-Adresse;Telefon;Straße;Hausnr;PLZ;Ort;Land;Kunde seit;"
            "Newsletter",
            (f"{10000 + n};{'Frau' if n % 2 else 'Herr'};{given};{family};{_day(n)}.02.1980;{mail};0351 {100000 + n};"
             f"Hauptstraße;{n};0{1067 + n};Dresden;Deutschland;{_day(n)}.03.24;{'ja' if n % 3 else 'nein'}"
             for n, given, family, mail in people),
            "\r\n", "cp1252",
        ),
        "Bestellungen_2025.csv": _table(
            "Bestellnummer;Bestelldatum;KdNr;Artikelnr;Artikelbezeichnung;Menge;Einzelpreis;Währung;Status",
            (f"B-{n // 2};{_day(n // 2)}.12.2025 10:00;{10000 + n // 2};00{n % 9};Lampe;{1 + n % 3};1.0{n:02d},50;EUR;"
             f"{'storniert' if n < 2 else 'versendet'}" for n in _ROWS),
        ),
        "kassenbons.csv": _table(
            "Bon-Nr;Datum;Uhrzeit;Filiale;Kassierer;Artikel;EAN;Menge;Einzelpreis;Kundenkarte",
            (f"{n % 5};0{1 + n // 10}.02.2026;9:{n:02d};Dresden;K1;Tasse;4012345678901;{-1 if n == 24 else 2};3,99;"
             f"{f'L{n % 5}' if n % 2 else ''}" for n in _ROWS),
        ),
        "clients.csv": _table(
            "N° client;Civilité;Prénom;Nom;Date de naissance;Adresse e-mail;Téléphone portable;Adresse;Code postal;"
            "Ville;Pays;Date d'inscription",
            (f"C{n};{'Mme' if n % 2 else 'M.'};{given};{family};{_day(n)}/02/1980;{mail};06 12 34 56 {10 + n};"
             f"{n} rue de la Paix;75{n:03d};Paris;France;{_day(n)}/03/2024" for n, given, family, mail in people),
        ),
        "commandes.csv": _table(
            "Numéro de commande;Date de commande;Email client;Montant TTC;Frais de port;Statut",
            (f"CMD{n};{_day(n)}/04/2025 14:00;p{n}@example.org;{20 + n},90 €;4,90 €;"
             f"{'Annulée' if n == 3 else 'Expédiée'}"
             for n in _ROWS),
        ),
        "pedidos.csv": _table(
            "Nº pedido,Fecha,Cliente,Correo electrónico,Importe total,Gastos de envío,Moneda",
            (f"{7000 + n},{_day(n)}/05/2025,{given} {family},{mail},{30 + n}.50,3.50,EUR"
             for n, given, family, mail in people),
        ),
        "clienti.json": json.dumps([
            {"codiceCliente": f"IT{n}", "nome": given, "cognome": family, "dataNascita": f"1980-02-{_day(n)}",
             "posta elettronica": mail, "cellulare": f"+39 333 12345{n:02d}",
             "indirizzo": {"via": "Via Roma", "civico": str(n), "cap": f"00{100 + n}", "citta": "Roma",
                           "nazione": "Italia"},
             "dataCreazione": f"2024-02-{_day(n)}T10:00:00Z"}
            for n, given, family, mail in people
        ]).encode(),
        "bestellingen.jsonl.gz": gzip.compress("".join(
            json.dumps({"ordernummer": f"NL{n}", "besteldatum": f"2025-06-{_day(n)}T09:00:00+02:00",
                        "klantnummer": f"K{n}", "e-mailadres": mail, "totaalbedrag": 25.5 + n,
                        "verzendkosten": 3.5, "valuta": "EUR"}) + "\n"
            for n, _, _, mail in people
        ).encode()),
        "clientes_pt.csv": _table(
            "Código do cliente\tNome completo\tE-mail\tTelemóvel\tMorada\tCódigo postal\tCidade\tData de cadastro",
            (f"PT{n}\t{given} {family}\t{mail}\t+351 912 345 {n:03d}\tRua Augusta {n}\t1100-{n:03d}\t"
             f"Lisboa\t2024-03-{_day(n)}"
             for n, given, family, mail in people),
        ),
        "sprzedaz.csv": _table(
            "Numer zamówienia;Data zamówienia;Imię i nazwisko;Adres e-mail;Kod produktu;"
            "Nazwa produktu;Ilość;Cena;Waluta",
            (f"ZAM/{n};2025-07-{_day(n)};{given} {family};{mail};P-{n % 5};Kubek;2;19,99;PLN"
             for n, given, family, mail in people),
        ),
        "SalesExport.csv": _table(
            "Order #,Order Date,Customer Name,Customer Email,Item Name,Item SKU,Qty,Unit Price,Ship To City",
            (f"1{n:05d},12/{_day(n)}/2025 2:05 PM,{given} {family},{mail},Mug,MUG1,2,\"$1,000.00\",Boston"
             for n, given, family, mail in people),
        ),
        "members.csv": _table(
            "Member No,First Name,Last Name,Email,Mobile,Join Date",
            (f"M{n},{given},{family},{mail},07700 9000{n:02d},{45292 + n}" for n, given, family, mail in people),
        ),
        "nps_umfrage.csv": _table(
            "E-Mail,Bewertung,Kommentar,Datum",
            (f'{mail},{n % 11},"gut, danke",2026-01-{_day(n)}' for n, _, _, mail in people),
        ),
        "web_events.jsonl": "".join(
            json.dumps({"event": ("page_view", "purchase")[n % 2], "ts": 1767600000 + n, "visitor_id": f"v{n % 7}",
                        "url": "https://shop.example/p", "utm_source": "google", "properties": {"sku": "A1"}}) + "\n"
            for n in _ROWS
        ).encode(),
        "tickets.csv": _table(
            "Ticket-ID;Erstellt am;Kunde E-Mail;Betreff;Priorität;Status;Gelöst am",
            (f"T{n};{_day(n)}.01.2026 08:00;p{n}@example.org;Lieferung;hoch;"
             f"{'offen;' if n % 2 else f'gelöst;{_day(n)}.01.2026 09:00'}" for n in _ROWS),
        ),
    }  # fmt: skip


def _of_what_people_do(people: Sequence[_Person]) -> dict[str, bytes]:
    """Each of nine people several times, but for those who unsubscribe, answer and book."""
    again = [(n, *people[n % 9]) for n in _ROWS]
    return {
        "bookings.csv": _table(
            "booking_ref,guest_name,guest_email,check_in,total_price,currency,booked_on",
            (f"BK{n:04d},{given} {family},{mail},2026-06-{_day(n)},{100 + n}.50,EUR,2026-05-{_day(n)}"
             for n, _, given, family, mail in again),
        ),
        "donations.csv": _table(
            "donor_id,donor_first_name,donor_last_name,donor_email,gift_date,gift_amount,fund",
            (f"D{who},{given},{family},{mail},05/{_day(n)}/2026,{20 + n}.00,general"
             for n, who, given, family, mail in again),
        ),
        "abos.csv": _table(
            "Abo-Nr;Kundennummer;Tarif;Beginn;Ende;Monatspreis;Status",
            (f"A{n};K{who};Basis;{_day(n)}.01.2025;{'' if n % 3 else f'{_day(n)}.02.2026'};9,99;aktiv"
             for n, who, *_ in again),
        ),
        "marketplace_orders.csv": _table(
            "Order ID,Customer ID,Customer Email,Order Date,Order Time,Order Status,Subtotal (inc tax),Tax Total,"
            "Shipping Cost (inc tax),Order Total (inc tax),Refund Amount,Order Currency Code,Seller Email",
            (f"{100 + n},{who},{mail},2026-05-{_day(n)},10:{n:02d}:00,Completed,20.00,3.00,4.00,24.00,"
             f"{'5.00' if n == 3 else '0.00'},EUR,shop@example.org" for n, who, _, _, mail in again),
        ),
        "returns.csv": _table(
            "rma,order_no,customer_no,returned_on,item_sku,qty,refund_amount,reason",
            (f"R{n},O{n},C{who},2026-05-{_day(n)},s1,1,12.50,too small" for n, who, *_ in again),
        ),
        "loyalty_export.csv": _table(
            "card_number,customer_email,tier,points_change,balance,transaction_date,reason",
            (f"9900{who:04d},{mail},Gold,{-50 if n % 4 == 0 else 20},{100 + n},2026-05-{_day(n)},purchase"
             for n, who, _, _, mail in again),
        ),
        "page_views.csv": _table(
            "visitor_id,user_id,url,viewed_at,referrer",
            (f"v{who},u{who},https://shop.example/p/1,2026-05-{_day(n)}T10:00:00Z," for n, who, *_ in again),
        ),
        "track.jsonl": "".join(
            json.dumps({"event": "Played", "properties": {"time": 1780000000 + n, "distinct_id": f"u-{n % 9}",
                        "$insert_id": f"x{n}", "$current_url": "https://shop.example/x"}}) + "\n"
            for n in _ROWS
        ).encode(),
        "gym_checkins.csv": _table(
            "member_id,location,checkin_at",
            (f"M{who},North,2026-05-{_day(n)}T10:00:00Z" for n, who, *_ in again),
        ),
        "email_events.csv": _table(
            "EmailAddress,EventType,EventDate,CampaignName",
            (f"{mail},{('Open', 'Click', 'Sent', 'Bounce')[n % 4]},2026-05-{_day(n)} 10:00:00,Spring"
             for n, _, _, _, mail in again),
        ),
        "reviews.csv": _table(
            "review_id,product_id,reviewer_email,rating,title,body,submitted_at",
            (f"{n},p{n % 4},{mail},{1 + n % 5},Good,I like it,2026-05-{_day(n)}T10:00:00Z"
             for n, _, _, _, mail in again),
        ),
        "form_answers.csv": _table(
            "#,How likely are you to recommend us?,Your email,What can we improve?,Submit Date (UTC)",
            (f"t{n:04d}k,{n % 11},{mail},Nothing,2026-05-{_day(n)} 10:00:00" for n, _, _, mail in people),
        ),
        "support_chats.csv": _table(
            "chat_id,started,ended,visitor_email,agent,rating",
            (f"ch{n},2026-05-{_day(n)} 10:00:00,2026-05-{_day(n)} 11:00:00,{mail},Bob,{1 + n % 5}"
             for n, _, _, _, mail in again),
        ),
        "unsubscribes.csv": _table(
            "email,unsubscribed_at,list",
            (f"{mail},2026-05-{_day(n)}T10:00:00Z,news" for n, _, _, mail in people),
        ),
        "call_log.csv": _table(
            "call_id,caller_number,agent_name,call_start,duration_sec,direction",
            (f"c{n},+49151123456{who:02d},Bob,2026-05-{_day(n)} 10:00:00,{n * 10},inbound" for n, who, *_ in again),
        ),
        "facture_lignes.csv": _table(
            "N° facture;Date facture;Code client;Désignation;Qté;PU HT;Total TTC",
            (f"F{n // 2};{_day(n // 2)}/05/2026;C{n // 2};Lampe;{1 + n % 3};10,00;12,00" for n in _ROWS),
        ),
        "patients.csv": _table(
            "mrn,given_name,surname,dob,sex,address_1,suburb,postcode,phone_mobile,next_of_kin_phone",
            (f"{100000 + n},{given},{family},198002{_day(n)},F,1 main st,richmond,3121,+61 412 345 6{n:02d},"
             f"+61 412 999 9{n:02d}" for n, given, family, _ in people),
        ),
        "gdpr_requests.csv": _table(
            "request_id,email,type,requested_at",
            (f"{n},{mail},erasure,2026-05-{_day(n)}T10:00:00Z" for n, _, _, mail in people),
        ),
        "consents_export.csv": _table(
            "email,consent_type,consent_status,consent_date",
            (f"{mail},newsletter,{'opt-in' if n % 3 else 'opt-out'},2026-05-{_day(n)} 10:00:00"
             for n, _, _, _, mail in again),
        ),
    }  # fmt: skip
