"""Who is joined by likeness, who is not, and what is said about it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import pytest

from cdp_assets.identity.canonical import Canonical
from cdp_assets.identity.linkage import joining
from cdp_assets.identity.linkage.faces import faces
from cdp_assets.identity.linkage.frequencies import counted, kept
from cdp_assets.identity.linkage.labels import GENERATION_APART
from cdp_assets.identity.linkage.model import EQUAL, Model, _of_fewest_others, describe, train
from cdp_assets.identity.linkage.scoring import score
from cdp_assets.identity.linkage.tables import last_model
from cdp_assets.identity.resolve import resolve
from cdp_assets.identity.schemas import TABLES
from cdp_assets.identity.spec import IdentityRules, LinkageRules
from cdp_assets.identity.stewardship import DIFFERENT, PAIR, SAME, Stewardship, Word
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.identity.linkage.town import Person, load, tables, town
from cdp_assets_tests.identity.profile_ids import InMemoryProfileIds

AS_OF = datetime(2025, 1, 1, tzinfo=UTC)
TOWN = town()
BORN = date(1981, 4, 17)

Pair = tuple[Person, Person]


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBEngine]:
    return DuckDBEngine.in_memory()


@pytest.fixture(scope="module")
def model(engine: DuckDBEngine) -> Model:
    """Learned from the town once; the people a test adds are compared by it."""
    return learned_from_town(engine)


def learned_from_town(engine: DuckDBEngine) -> Model:
    learned = train(shown_of(engine), engine)
    engine.drop_scratch()
    assert learned is not None
    return learned


def shown_of(engine: DuckDBEngine) -> ir.Table:
    """The faces of the town."""
    everybody = tables(engine, TOWN)
    labels = engine.scratch(everybody.contacts.select("record_id", label=everybody.contacts.record_id))
    return faces(everybody.contacts, everybody.contact_points, None, labels, engine)


@dataclass(frozen=True)
class Resolved:
    """The town and some more people, resolved."""

    tables: dict[str, list[dict[str, object]]]

    def home(self, record_id: int) -> object:
        [profile] = [row["profile_id"] for row in self.tables["profile_map"] if row["record_id"] == record_id]
        return profile

    def joined(self, pair: Pair) -> bool:
        one, other = pair
        return self.home(one.record_id) == self.home(other.record_id)

    def said(self, table: str, pair: Pair, **values: str) -> dict[str, object]:
        """The row of a table that is about a pair and has these values."""
        ids = {person.record_id for person in pair}
        about = [row for row in self.tables[table] if {row["left_record_id"], row["right_record_id"]} == ids]
        [row] = [row for row in about if values.items() <= row.items()]
        return row


def together(
    engine: DuckDBEngine,
    model: Model,
    *pairs: Pair,
    words: Sequence[Word] = (),
    identifiers: Sequence[dict[str, object]] = (),
    rules: LinkageRules | None = None,
) -> Resolved:
    """Resolve the town and some more people."""
    everybody = tables(engine, [*TOWN, *itertools.chain(*pairs)], identifiers)
    previous = {schema.name: load(engine, schema, []) for schema in TABLES}
    previous["linkage_model"] = load(
        engine, next(schema for schema in TABLES if schema.name == "linkage_model"),
        [{"model_id": "learned", "trained_at": AS_OF, "faces": 300, "prior": 0.1, "model": model.to_json()}],
    )  # fmt: skip
    of_town = shown_of(engine)
    previous["linkage_frequencies"] = kept(counted(of_town, model, engine), engine)
    resolution = resolve(
        Canonical(everybody.identity_records, everybody.identifiers, everybody.contacts, everybody.contact_points,
                  everybody.identifier_aliases, {}),
        IdentityRules(linkage=rules or LinkageRules()), InMemoryProfileIds(), previous, AS_OF, engine, "key",
        Stewardship.of(words, engine),
    )  # fmt: skip
    found = {name: engine.to_arrow(table).to_pylist() for name, table in resolution.tables.items()}
    engine.drop_scratch()
    return Resolved(found)


def anna(number: int, family: str, street: str) -> Person:
    """Anna of one house; whom she is compared with has the next record."""
    email = f"anna.{family[0]}77@mail.example".lower()
    return Person(10 * number, "Anna", family, BORN + timedelta(days=number), email, None, street, "1230", "Ort 12")


def beside(person: Person, **different: Any) -> Pair:
    """A person, and who differs in some things."""
    return person, replace(person, record_id=person.record_id + 1, **different)


@pytest.fixture(scope="module")
def resolved(engine: DuckDBEngine, model: Model) -> Resolved:
    """The pairs of the tests below, among the people of the town, in one run."""
    alike = (MISTYPED, COUPLE, TWINS, MOTHER_AND_DAUGHTER, NAMESAKES, TWO_USERS, PUBLISHED, UNSURE, PARTED, MARRIED,
             DENIED, NAMED_AFTER, FAR_APART, TWO_SLIPS, ONE_SLIP, CONFIRMED, INITIAL, BORN_ALIKE,
             OTHER_INITIAL, OTHER_FAMILY, REFUSED)  # fmt: skip
    words = [
        Word(f"d{number}", kind, left_record_id=one.record_id, right_record_id=other.record_id, decided_at=AS_OF)
        for number, (kind, (one, other)) in enumerate(((DIFFERENT, PARTED), (SAME, MARRIED), (PAIR, DENIED)))
    ]
    carried: list[dict[str, object]] = [
        {"record_id": each.record_id, "namespace": "web", "identifier_type": "user_id",
         "identifier_value": f"u{each.record_id}77"}
        for each in TWO_USERS
    ] + [
        {"record_id": each.record_id, "namespace": f"shop {each.record_id}", "identifier_type": "customer_number",
         "identifier_value": "4711"}
        for each in (*TWO_SLIPS, *ONE_SLIP, *CONFIRMED)
    ] + [
        {"record_id": each.record_id, "namespace": "global", "identifier_type": "email",
         "identifier_value": each.email}
        for each in REFUSED
    ]  # fmt: skip
    return together(engine, model, *alike, words=words, identifiers=carried)


def test_the_same_people_teach_the_same_model_however_the_engine_adds(model: Model) -> None:
    one_thread = DuckDBEngine.in_memory({"threads": "1"})

    assert learned_from_town(one_thread).to_json() == model.to_json()


def test_birth_dates_are_learned_where_fewest_others_are_among_the_pairs() -> None:
    levels = [
        {"label_for_charts": words, "m_probability": 0.5, "u_probability": 0.5} for words in ("the same", "different")
    ]
    trained = {"comparisons": [{"output_column_name": "birth_date", "comparison_levels": levels}]}
    among_relatives, among_few = {"the same": 0.6, "different": 0.4}, {"the same": 0.98, "different": 0.02}
    births = {"birth_date": [among_relatives, among_few], "birth_year": []}
    [learned] = _of_fewest_others(trained, births)["comparisons"]
    assert [level["m_probability"] for level in learned["comparison_levels"]] == [0.98, 0.02]


MISTYPED = beside(anna(1, "Kirchmayr", "Lindenweg 7"), given="Anni", family="Kirchmyr", email=None)


def test_a_typing_error_and_a_nickname_do_not_part_a_person(resolved: Resolved) -> None:
    assert resolved.joined(MISTYPED)


COUPLE = beside(anna(2, "Obermüller", "Ringstraße 2"), given="Robert", born=date(1979, 9, 2))


def test_a_couple_who_share_everything_but_the_given_name_stay_two(resolved: Resolved) -> None:
    assert not resolved.joined(COUPLE)


TWINS = beside(anna(3, "Stadlbauer", "Bachstraße 31"), given="Julia", email="j.s@mail.example")


def test_twins_who_share_even_the_birth_date_stay_two(resolved: Resolved) -> None:
    assert not resolved.joined(TWINS)


MOTHER_AND_DAUGHTER = beside(replace(anna(4, "Hinterberger", "Am Anger 12"), email=None), born=date(2006, 12, 30))


def test_mother_and_daughter_of_one_name_at_one_address_stay_two(resolved: Resolved) -> None:
    assert not resolved.joined(MOTHER_AND_DAUGHTER)


NAMED_AFTER = beside(anna(12, "Rosenegger", "Mühlweg 9"), born=date(2009, 11, 2))


def test_mother_and_daughter_of_the_very_same_name_stay_two(resolved: Resolved) -> None:
    assert not resolved.joined(NAMED_AFTER)


FAR_APART = beside(
    replace(anna(13, "Zwettler", "Marktplatz 3"), given="Wunibald", email=None),
    born=date(1949, 12, 2), street="Gartenweg 44", postcode="1230",
)  # fmt: skip


def test_namesakes_of_a_rare_name_who_were_born_a_generation_apart_stay_two(resolved: Resolved) -> None:
    assert not resolved.joined(FAR_APART)


INITIAL = beside(replace(anna(18, "Sonnleitner", "Rosenweg 5"), born=None, email=None), given="A")
BORN_ALIKE = beside(replace(anna(19, "Weissenböck", "Rosenweg 15"), email=None), given="A")


def test_an_initial_is_anybodys_of_the_household_who_was_not_born_on_that_day(resolved: Resolved) -> None:
    assert not resolved.joined(INITIAL)
    assert resolved.joined(BORN_ALIKE)


OF_ONE_HOUSE = replace(anna(20, "Ebenbichler", "Heimweg 1"), given="Anna M", born=None, email=None)
OTHER_INITIAL = beside(OF_ONE_HOUSE, given="Anna L")
OTHER_FAMILY = beside(replace(OF_ONE_HOUSE, record_id=210, family="Kaltenegger"), family="Nussdorfer")


def test_namesakes_at_one_address_stay_two_where_middle_or_family_names_differ(resolved: Resolved) -> None:
    assert not resolved.joined(OTHER_INITIAL)
    assert not resolved.joined(OTHER_FAMILY)


def alone(number: int, given: str, surname: str, **different: Any) -> Pair:
    """Two of almost one rare name, who say of themselves nothing else but when they were born."""
    return beside(Person(number, given, surname, date(1949, 12, 17), None, None, None, None, None), **different)


TWO_SLIPS = alone(140, "Wunibald", "Zwettlinger", family="Zwetlinger", born=date(1949, 11, 17))
ONE_SLIP = alone(150, "Kunigunde", "Aschenbrenner", family="Aschenbrener")
CONFIRMED = beside(
    replace(TWO_SLIPS[0], record_id=160, given="Hadwig", family="Kronsteiner", street="Am Anger 4", postcode="3950"),
    family="Kronsteinr", born=date(1949, 11, 17),
)  # fmt: skip


def test_almost_one_name_and_almost_one_birth_date_are_two_people_unless_something_confirms_it(
    resolved: Resolved,
) -> None:
    assert not resolved.joined(TWO_SLIPS)
    assert resolved.joined(ONE_SLIP)
    assert resolved.joined(CONFIRMED)


NAMESAKES = (
    Person(50, "Anna", "Berger", None, "anna.berger@mail.example", None, "Feldweg 3", "1010", "Ort 10"),
    Person(51, "Anna", "Berger", None, "anna.berger@post.example", None, "Ringstraße 9", "3330", "Ort 33"),
)


def test_namesakes_whose_addresses_are_made_of_the_name_stay_two(resolved: Resolved) -> None:
    assert not resolved.joined(NAMESAKES)


TWO_USERS = beside(anna(6, "Dornhackl", "Schulgasse 5"))


def test_different_user_ids_keep_likenesses_apart_and_say_so(resolved: Resolved) -> None:
    assert not resolved.joined(TWO_USERS)
    assert resolved.said("rejected_links", TWO_USERS, identifier_type="likeness")["reason"] == "ids_differ"


PARTED = beside(anna(7, "Zehetner", "Kirchplatz 8"))
MARRIED = beside(anna(8, "Pfeffer", "Hauptgasse 61"), given="Robert")


DENIED = beside(anna(11, "Wurzer", "Sonnweg 4"), given="Anni")


def test_stewards_outrank_likeness(resolved: Resolved) -> None:
    assert not resolved.joined(PARTED)
    assert resolved.joined(MARRIED)
    assert not resolved.joined(DENIED)


def test_stewards_are_asked_of_pairs_that_a_limit_keeps_apart_but_not_of_what_they_said(resolved: Resolved) -> None:
    assert "personal identifiers" in str(resolved.said("review_queue", TWO_USERS)["reason"])
    asked = {row["left_record_id"] for row in resolved.tables["review_queue"]}
    asked |= {row["right_record_id"] for row in resolved.tables["review_queue"]}
    assert not asked & {person.record_id for person in (*PARTED, *DENIED, *MARRIED)}


def test_switched_off_likeness_joins_nobody(engine: DuckDBEngine, model: Model) -> None:
    same = beside(anna(1, "Kirchmayr", "Lindenweg 7"), street=None, postcode=None)
    found = together(engine, model, same, rules=LinkageRules(enabled=False))
    assert not found.joined(same)
    assert found.tables["likeness"] == []


PUBLISHED = beside(anna(9, "Neuhauser", "Feldweg 44"), family="Neuhuser")


def test_links_and_what_they_are_made_of_are_published(resolved: Resolved) -> None:
    link = resolved.said("links", PUBLISHED)
    assert (link["namespace"], link["identifier_type"]) == ("likeness", "likeness")
    assert float(str(link["strength"])) > 0.9
    parts = resolved.said("likeness", PUBLISHED)
    assert float(str(parts["name"])) > 0
    assert float(str(parts["birth_date"])) > 0
    assert parts["job_title"] is None


UNSURE = beside(
    replace(anna(10, "Grabner", "Lindenweg 23"), born=None, email=None),
    street="Neubau 4", postcode="5020", city="Salzburg",
)  # fmt: skip
"""The same name, and nothing else that agrees or differs but a moved address."""


REFUSED = beside(replace(anna(41, "Zirngibl", "Rosengasse 8"), given="Magdalena"), given="Magdalina",
                 born=BORN + timedelta(days=41 + 40))  # fmt: skip


def test_who_is_joined_by_likeness_alone_is_not_said_to_be_so_by_an_address_that_was_refused(
    resolved: Resolved,
) -> None:
    assert resolved.joined(REFUSED)
    resolved.said("links", REFUSED, identifier_type="likeness")
    with pytest.raises(ValueError, match="not enough values"):
        resolved.said("links", REFUSED, identifier_type="email")


def test_a_pair_that_is_not_sure_waits_for_a_steward_with_its_reasons(resolved: Resolved) -> None:
    assert not resolved.joined(UNSURE)
    asked = resolved.said("review_queue", UNSURE)
    evidence = json.loads(str(asked["evidence"]))
    assert {"comparison", "level", "weight"} == set(evidence[0])
    assert "name" in {part["comparison"] for part in evidence}


def test_the_records_of_a_pair_stand_on_the_side_of_their_own_group(engine: DuckDBEngine) -> None:
    # The second and third record look alike; the third has joined the first, and its group is called after that.
    columns = ["face_l", "face_r", "weight", "dates", "names", "numbers", "joined_l", "joined_r"]
    placed = ibis.memtable([(10, 20, -1.0, 0, 0, 0, 10, 1)], columns=columns)
    shown = ibis.memtable([(1, 1), (10, 10), (20, 20)], columns=["face", "label"])
    labels = ibis.memtable([(1, 1), (20, 1)], columns=["label", "joined"])

    [pair] = engine.to_arrow(joining._undecided(placed, shown, labels, -10.0, engine, None)).to_pylist()

    assert (pair["label_l"], pair["face_l"], pair["label_r"], pair["face_r"]) == (1, 20, 10, 10)


def test_the_towns_people_are_found_again(resolved: Resolved) -> None:
    pairs = list(zip(TOWN[::2], TOWN[1::2], strict=True))
    assert sum(resolved.joined(pair) for pair in pairs) >= 0.85 * len(pairs)
    assert len({resolved.home(person.record_id) for person in TOWN}) >= len(pairs)


def test_no_two_levels_weigh_the_same(model: Model) -> None:
    for weights in model.levels().values():
        in_order = sorted(weights.values())
        assert all(less + EQUAL < more for less, more in itertools.pairwise(in_order))


def test_a_model_survives_being_stored(engine: DuckDBEngine, model: Model) -> None:
    assert Model.from_json(model.to_json()) == model


def test_a_model_of_another_form_counts_for_none(engine: DuckDBEngine) -> None:
    schema = next(schema for schema in TABLES if schema.name == "linkage_model")
    strange = load(engine, schema, [{"model_id": "x", "trained_at": AS_OF, "faces": 1, "prior": 0.5, "model": "{}"}])
    assert last_model({"linkage_model": strange, "linkage_frequencies": strange}, engine) is None


def test_a_model_without_its_frequencies_counts_for_none(engine: DuckDBEngine, model: Model) -> None:
    schema = next(schema for schema in TABLES if schema.name == "linkage_model")
    row = {"model_id": "x", "trained_at": AS_OF, "faces": 300, "prior": 0.5, "model": model.to_json()}
    assert last_model({"linkage_model": load(engine, schema, [row])}, engine) is None


def test_a_model_is_used_again_until_a_new_one_is_asked_for(engine: DuckDBEngine, model: Model) -> None:
    shown = shown_of(engine)
    assert model.fits(*describe(shown, engine), 1)
    assert not model.fits(*describe(shown, engine), 2)
    assert not model.fits(*describe(shown.limit(100), engine), 1)


def test_a_model_without_a_level_that_scoring_asks_for_is_not_used_again(engine: DuckDBEngine, model: Model) -> None:
    older = Model.from_json(model.to_json().replace(GENERATION_APART, "of another code"))
    assert not older.fits(*describe(shown_of(engine), engine), 1)


def test_training_twice_gives_the_same_scores(engine: DuckDBEngine, model: Model) -> None:
    shown = shown_of(engine)
    again = train(shown, engine)
    assert again is not None
    weights = [
        {(row["face_l"], row["face_r"]): round(row["weight"], 4) for row in engine.to_arrow(table).to_pylist()}
        for learned in (model, again)
        for table in [score(shown, learned, counted(shown, learned, engine), engine).weights]
    ]
    assert weights[0] == weights[1]


def test_among_more_people_more_has_to_speak_for_a_join(model: Model) -> None:
    bits = [replace(model, faces=faces).surer for faces in (50, 100_000, 200_000, 400_000, 1_600_000)]
    assert bits == [0.0, 0.0, 0.5, 1.0, 2.0]
