"""What is compared: the faces that the records of a profile show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import ibis
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.canonical import tables as canonical
from cdp_assets.identity.folding import fold
from cdp_assets.identity.linkage.faces import _fold_ascii, faces
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.examples import examples
from cdp_assets_tests.identity.linkage.town import Person, load, tables

BORN = date(1981, 4, 17)


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBEngine]:
    return DuckDBEngine.in_memory()


def shown(engine: DuckDBEngine, *people: Person, labels: Mapping[int, int] | None = None) -> list[dict[str, Any]]:
    """The faces of some people, each a group of its own unless labels say otherwise, by their first record."""
    told = tables(engine, people)
    home = labels or {each.record_id: each.record_id for each in people}
    placed = pa.table({"record_id": list(home), "label": list(home.values())})
    table = engine.from_arrow(placed, ibis.schema({"record_id": "int64", "label": "int64"}))
    rows = engine.to_arrow(faces(told.contacts, told.contact_points, None, table, engine).order_by("face")).to_pylist()
    return list(rows)


def folded_inside(engine: DuckDBEngine, texts: list[str]) -> list[str]:
    table = engine.from_arrow(pa.table({"text": texts}), ibis.schema({"text": "string"}))
    return list(engine.to_arrow(table.select(folded=_fold_ascii(table.text)))["folded"].to_pylist())


NAMES = (
    "Anna", "O'Neill", "D`Arcy", "Hans-Peter", "J. R. R. Tolkien", "SMITH,  John", "St. John-Smythe", "x_y", "A1B",
    "Robert (Bob) Brown", "John 3rd", "Sir John, 2nd Baronet", "1Strange", "21street", "Bob1st Smith", "123", " ",
)  # fmt: skip


def test_the_engine_folds_ascii_names_as_folding_does(engine: DuckDBEngine) -> None:
    assert folded_inside(engine, list(NAMES)) == [fold(name) for name in NAMES]


@given(
    st.lists(
        st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="?"), max_size=30), min_size=1
    )
)
@examples(40)
def test_the_engine_folds_any_ascii_text_as_folding_does(texts: list[str]) -> None:
    assert folded_inside(_FOLDING, texts) == [fold(text) for text in texts]


_FOLDING = DuckDBEngine.in_memory()


@pytest.mark.parametrize(
    ("person", "company"),
    [
        (Person(1, "Jana", "Krüger", BORN, company="Krüger Bau GmbH"), "bau gmbh"),
        (Person(1, full="Krüger, Jana", born=BORN, company="Krüger & Lange"), "lange"),
        (Person(1, "Lena", "Lange", BORN, company="Krüger Bau GmbH"), "krüger bau gmbh"),
        (Person(1, "Jana", "Krüger", BORN, company="Jana KRÜGER"), None),
        (Person(1, "Jana", "Krüger", BORN), None),
        (Person(1, born=BORN, email="j@krueger.example", company="Krüger Bau GmbH"), "krüger bau gmbh"),
    ],
)
def test_what_a_company_has_from_the_name_of_the_person_says_nothing_more(
    engine: DuckDBEngine, person: Person, company: str | None
) -> None:
    [face] = shown(engine, person)
    assert face["company"] == company


def test_numbers_after_a_name_are_no_part_of_it_but_names_keep_their_letters() -> None:
    assert fold("John 2nd") == "john"
    assert fold("1Strange") == "strange"


@pytest.mark.parametrize(
    ("person", "given_name", "family", "words"),
    [
        (Person(1, full="Dr. Anna Berger", born=BORN), "anna", "berger", ["anna", "berger"]),
        (Person(1, full="Sir John Smith", born=BORN), "john", "smith", ["john", "smith"]),
        (Person(1, full="General John Smith", born=BORN), "john", "smith", ["general", "john", "smith"]),
        (Person(1, "J.R.R.", "Tolkien", BORN), "j", "tolkien", ["tolkien"]),
        (Person(1, full="J.R.R. Tolkien", born=BORN), "j", "tolkien", ["tolkien"]),
        (Person(1, "Lord Robert", "Brown", BORN), "robert", "brown", ["brown", "lord", "robert"]),
        (Person(1, "King L", "Vanover", BORN), "king", "vanover", ["king", "vanover"]),
        (Person(1, "Prince", "Obeirne", BORN), "prince", "obeirne", ["obeirne", "prince"]),
        (Person(1, "Prince Harry", "Wales", BORN), "harry", "wales", ["harry", "prince", "wales"]),
        (Person(1, "Anna", "von der Leyen", BORN), "anna", "leyen", ["anna", "leyen"]),
        (Person(1, "ANNA", "Müller", BORN), "anna", "mueller", ["anna", "mueller"]),
        (Person(1, "Анна", "Berger", BORN), "anna", "berger", ["anna", "berger"]),
        (Person(1, "Mª Pilar", "Gil", BORN), "maria", "gil", ["gil", "maria", "pilar"]),
        (Person(1, full="MA CARMEN GIL", born=BORN), "maria", "gil", ["carmen", "gil", "maria"]),
        (Person(1, full="Ma Li", born=BORN), "ma", "li", ["li", "ma"]),
    ],
)
def test_titles_and_ranks_are_nobodys_given_name(
    engine: DuckDBEngine, person: Person, given_name: str, family: str, words: list[str]
) -> None:
    [face] = shown(engine, person)
    assert (face["given"], face["family"], face["name_words"]) == (given_name, family, words)


def test_a_family_name_alone_is_no_given_name(engine: DuckDBEngine) -> None:
    [face] = shown(engine, Person(1, family="Berger", born=BORN, postcode="1010"))
    assert (face["given"], face["family"], face["whole_name"]) == (None, "berger", None)


def test_trusts_are_compared_with_nobody(engine: DuckDBEngine) -> None:
    trust = Person(1, full="The Anna Berger Trust", email="anna@example.org", postcode="1010")
    assert shown(engine, trust) == []


@pytest.mark.parametrize(
    ("person", "middle"),
    [
        (Person(1, "Anna", "Berger", BORN), None),
        (Person(1, "Anna E", "Berger", BORN), ["e"]),
        (Person(1, "Anna Maria Elisabeth", "Berger", BORN), ["e", "m"]),
        (Person(1, "Anna", "Lopez Garcia", BORN), None),
        (Person(1, full="Anna Maria Berger", born=BORN), ["m"]),
        (Person(1, family="Berger", born=BORN, postcode="1010"), None),
    ],
)
def test_middle_names_are_known_by_their_first_letters(
    engine: DuckDBEngine, person: Person, middle: list[str] | None
) -> None:
    [face] = shown(engine, person)
    assert (sorted(face["middle"]) if face["middle"] else None) == middle
    assert "e" not in face["name_words"], "an initial is no word that names have in common"


def test_a_suffix_in_the_place_of_a_given_name_is_none(engine: DuckDBEngine) -> None:
    [face] = shown(engine, Person(1, "Jr", "Berger", BORN, postcode="1010"))
    assert (face["given"], face["family"]) == (None, "berger")


@pytest.mark.parametrize(
    ("person", "given_name", "family"),
    [
        (Person(1, full="Meyer, Anna", born=BORN), "anna", "meyer"),
        (Person(1, full="von der Leyen, Anna Maria", born=BORN), "anna", "leyen"),
        (Person(1, full="Anna Meyer, Jr.", born=BORN), "anna", "meyer"),
        (Person(1, full="山田 太郎", born=BORN), "太郎", "山田"),
        (Person(1, "Don", "Marlowe", BORN), "don", "marlowe"),
        (Person(1, full="Nat Marlowe", born=BORN), "nat", "marlowe"),
        (Person(1, full="Al Osgood", born=BORN), "al", "osgood"),
        (Person(1, "Della", "Le", BORN), "della", "le"),
        (Person(1, "Al", "Smith Jones", BORN), "al", "smithjones"),
        (Person(1, "Dr.", "Marlowe", BORN), None, "marlowe"),
        (Person(1, "Don Jose", "Garcia", BORN), "jose", "garcia"),
    ],
)
def test_which_names_are_given_and_which_the_familys(
    engine: DuckDBEngine, person: Person, given_name: str | None, family: str
) -> None:
    [face] = shown(engine, replace(person, postcode="1010"))
    assert (face["given"], face["family"]) == (given_name, family)


@pytest.mark.parametrize("phone", ["+49000000000", "+491234567", "+431"])
def test_a_made_up_telephone_is_none(engine: DuckDBEngine, phone: str) -> None:
    [face] = shown(engine, Person(1, "Anna", "Meyer", BORN, phone=phone))
    assert face["phone"] is None


@pytest.mark.parametrize(
    "given_name", ["Petra & Hans", "Petra und Hans", "Petra + Hans", "Sr. y Sra. P.", "Eheleute P"]
)
def test_nobody_is_compared_by_the_name_of_a_couple(engine: DuckDBEngine, given_name: str) -> None:
    [face] = shown(engine, Person(1, given_name, "Berger", postcode="1010", born=BORN))
    assert (face["given"], face["whole_name"]) == (None, None)
    assert not shown(engine, Person(1, full=f"{given_name} Berger", postcode="1010"))


def test_nicknames_share_a_group_and_strangers_do_not(engine: DuckDBEngine) -> None:
    robert, bob, anna = shown(
        engine, *(Person(number, name, "Brown", BORN) for number, name in enumerate(("Robert", "Bob", "Anna"), 1))
    )
    assert set(robert["nicknames"]) & set(bob["nicknames"])
    assert not set(robert["nicknames"]) & set(anna["nicknames"])


def test_names_that_sound_alike_are_spelled_alike(engine: DuckDBEngine) -> None:
    one, other = shown(engine, Person(1, "Sergey", "Brown", BORN), Person(2, "Sergei", "Brown", BORN))
    assert one["given_sound"] == other["given_sound"]


def test_of_several_addresses_of_a_record_the_same_is_taken_in_any_order(engine: DuckDBEngine) -> None:
    mails = ["a@mail.example", "z@mail.example", "m@mail.example"]
    found = []
    for order in (mails, mails[::-1]):
        told = tables(engine, [Person(1, "Anna", "Berger", BORN)])
        points = [{"record_id": 1, "kind": "email", "value": mail} for mail in order]
        labels = engine.scratch(told.contacts.select("record_id", label=told.contacts.record_id))
        table = faces(told.contacts, load(engine, canonical.CONTACT_POINTS, points), None, labels, engine)
        [face] = engine.to_arrow(table).to_pylist()
        found.append((face["email"], face["mailbox"]))
    assert found == [("z@mail.example", "z")] * 2


def test_a_profile_has_a_face_for_each_different_appearance(engine: DuckDBEngine) -> None:
    said = Person(1, "Anna", "Berger", BORN, "anna@mail.example")
    again = Person(2, "ANNA", "Berger.", BORN, "anna@mail.example")
    married = Person(3, "Anna", "Moser", BORN, "anna@mail.example")
    other = Person(4, "Anna", "Berger", BORN, "anna@mail.example")
    rows = shown(engine, said, again, married, other, labels={1: 1, 2: 1, 3: 1, 4: 4})
    assert [(row["face"], row["label"], row["family"]) for row in rows] == [
        (1, 1, "berger"),
        (3, 1, "moser"),
        (4, 4, "berger"),
    ]


def test_who_shows_less_than_two_things_is_not_compared(engine: DuckDBEngine) -> None:
    assert shown(engine, Person(1, "Anna", "Berger"), Person(2, born=BORN), Person(3, full="Anna", born=BORN)) == []


def test_parts_that_block_are_taken_from_the_whole(engine: DuckDBEngine) -> None:
    [face] = shown(
        engine,
        Person(
            1, "Katharina", "Pichler", BORN, "k.p@Mail.example", "+436601734562", "Lange Straße 7", "SW1A 2AA", "Wien"
        ),
    )
    assert {name: face[name] for name in ("given_start", "family_start", "birth_year", "birth_day", "mailbox")} == {
        "given_start": "kat", "family_start": "pic", "birth_year": "1981", "birth_day": "04-17", "mailbox": "k.p",
    }  # fmt: skip
    assert (face["phone"], face["street"], face["postcode"], face["post_area"], face["city"]) == (
        "01734562", "langestr7", "sw1a2aa", "sw1a", "wien",
    )  # fmt: skip
