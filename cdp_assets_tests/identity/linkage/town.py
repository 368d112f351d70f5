"""A small town of people for tests: enough of them that a model can be learned, and a few whom a test looks at.

Everything is drawn from one seed. Most people are there twice: once spelled well, once with what people do to their
data: a nickname, a typing error, another e-mail, an address given up.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import ibis.expr.types as ir
import pyarrow as pa

from cdp_assets.canonical import tables as canonical
from cdp_assets.canonical.schema import TableSchema
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine

_GIVEN = [
    "Anna",
    "Peter",
    "Maria",
    "Thomas",
    "Julia",
    "Stefan",
    "Laura",
    "Martin",
    "Sophie",
    "Daniel",
    "Lena",
    "Markus",
    "Katharina",
    "Andreas",
    "Eva",
    "Michael",
    "Nina",
    "Christian",
    "Sarah",
    "Alexander",
    "Helga",
    "Robert",
    "William",
    "Ingrid",
    "Oskar",
    "Frieda",
    "Emil",
    "Greta",
    "Ludwig",
    "Paula",
]
_FAMILY = [
    "Berger",
    "Huber",
    "Wagner",
    "Pichler",
    "Steiner",
    "Moser",
    "Mayer",
    "Hofer",
    "Leitner",
    "Fuchs",
    "Eder",
    "Fischer",
    "Schmid",
    "Winkler",
    "Weber",
    "Schwarz",
    "Maier",
    "Schneider",
    "Reiter",
    "Mayr",
    "Wolf",
    "Gruber",
    "Lang",
    "Baumgartner",
    "Auer",
    "Binder",
    "Lehner",
    "Wimmer",
    "Egger",
    "Haas",
    "Koller",
    "Lechner",
    "Brunner",
]
_STREETS = ("Hauptgasse", "Lindenweg", "Am Anger", "Bachstraße", "Schulgasse", "Kirchplatz", "Feldweg", "Ringstraße")


@dataclass(frozen=True)
class Person:
    """What a record says of somebody."""

    record_id: int
    given: str | None = None
    family: str | None = None
    born: date | None = None
    email: str | None = None
    phone: str | None = None
    street: str | None = None
    postcode: str | None = None
    city: str | None = None
    full: str | None = None
    year: int | None = None
    gender: str | None = None
    company: str | None = None


def town(people: int = 150, seed: int = 3, first: int = 1000) -> list[Person]:
    """Records of so many people, two of each; records of one person are ``2 n`` and ``2 n + 1``."""
    draw = random.Random(seed)
    found: list[Person] = []
    for number in range(people):
        given, family = draw.choice(_GIVEN), draw.choice(_FAMILY)
        postcode = f"{draw.randint(10, 39)}{draw.randint(0, 9)}0"
        well = Person(
            first + 2 * number, given, family, date(1950, 1, 1) + timedelta(days=draw.randint(0, 18_000)),
            f"{given}.{family}{draw.randint(1, 999)}@mail.example".lower(),
            f"+43660{draw.randint(1_000_000, 9_999_999)}",
            f"{draw.choice(_STREETS)} {draw.randint(1, 90)}", postcode, f"Ort {postcode[:2]}",
        )  # fmt: skip
        found += [well, _otherwise(well, draw)]
    return found


def _otherwise(person: Person, draw: random.Random) -> Person:
    """The same person in another system."""
    changed = replace(person, record_id=person.record_id + 1)
    what = draw.randint(0, 3)
    if what == 0:
        assert person.family is not None
        place = draw.randint(1, len(person.family) - 2)
        changed = replace(changed, family=person.family[:place] + person.family[place + 1 :])
    if what == 1:
        changed = replace(changed, email=f"{person.family}{draw.randint(1, 99)}@post.example".lower())
    if what == 2:
        changed = replace(changed, street="Neubau 1", postcode="5020", city="Salzburg")
    return replace(changed, phone=None if draw.random() < 0.5 else changed.phone)


@dataclass(frozen=True)
class Tables:
    """The canonical tables of some people."""

    identity_records: ir.Table
    identifiers: ir.Table
    contacts: ir.Table
    contact_points: ir.Table
    identifier_aliases: ir.Table


def tables(engine: DuckDBEngine, people: Iterable[Person], identifiers: Sequence[dict[str, object]] = ()) -> Tables:
    """The canonical tables of some people, without identifiers but those given."""
    listed = list(people)
    contacts = [
        {"record_id": each.record_id, "given_name": each.given, "family_name": each.family, "full_name": each.full,
         "birth_date": each.born, "birth_year": each.year, "gender": each.gender, "company": each.company}
        for each in listed
    ]  # fmt: skip
    points = [
        {"record_id": each.record_id, "kind": kind, "value": value}
        for each in listed
        for kind, value in (("email", each.email), ("phone", each.phone))
        if value
    ] + [
        {"record_id": each.record_id, "kind": "postal", "value": f"{each.street}, {each.postcode} {each.city}",
         "line_1": each.street, "postal_code": each.postcode, "city": each.city}
        for each in listed
        if each.street or each.postcode or each.city
    ]  # fmt: skip
    records = [
        {"record_id": each.record_id, "source": "town", "stream": "people", "kind": "person",
         "native_id": str(each.record_id), "rows": 1}
        for each in listed
    ]  # fmt: skip
    return Tables(
        load(engine, canonical.IDENTITY_RECORDS, records),
        load(engine, canonical.IDENTIFIERS, list(identifiers)),
        load(engine, canonical.CONTACTS, contacts),
        load(engine, canonical.CONTACT_POINTS, points),
        load(engine, canonical.IDENTIFIER_ALIASES, []),
    )


def load(engine: DuckDBEngine, schema: TableSchema, rows: list[dict[str, object]]) -> ir.Table:
    """Rows as a table of a schema; columns left out are null."""
    arrow = schema.ibis_schema.to_pyarrow()
    filled = [{name: row.get(name) for name in arrow.names} for row in rows]
    return engine.from_arrow(pa.Table.from_pylist(filled, arrow), schema.ibis_schema)
