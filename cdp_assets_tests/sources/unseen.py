"""Files as people export them, in eight languages and many layouts, that no template knows.

Belongs here: their texts. Does not belong here: what becomes of them (`test_unseen_files.py`).
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable

_GIVEN = ("Ann", "Bernd", "Chloé", "Dieter", "Eva")
_FAMILY = ("Müller", "Schmidt", "O'Neil", "Groß", "Dubois", "García", "Rossi")
_ROWS = range(25)


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
