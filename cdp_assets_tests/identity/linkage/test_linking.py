"""Who is joined by likeness, who is not, and what is said about it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import ibis
import ibis.expr.types as ir
import pytest

from cdp_assets.identity.canonical import Canonical
from cdp_assets.identity.ids import InMemoryProfileIds
from cdp_assets.identity.linkage import joining
from cdp_assets.identity.linkage.faces import faces
from cdp_assets.identity.linkage.frequencies import counted, kept
from cdp_assets.identity.linkage.model import Model, describe, train
from cdp_assets.identity.linkage.scoring import score
from cdp_assets.identity.linkage.tables import last_model
from cdp_assets.identity.resolve import resolve
from cdp_assets.identity.schemas import TABLES
from cdp_assets.identity.spec import IdentityRules, LinkageRules
from cdp_assets.identity.stewardship import DIFFERENT, SAME, Stewardship, Word
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.identity.linkage.town import Person, load, tables, town

AS_OF = datetime(2025, 1, 1, tzinfo=UTC)
TOWN = town()
HOME = {"street": "Lindenweg 7", "postcode": "1230", "city": "Ort 12"}
BORN = date(1981, 4, 17)


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
    return faces(everybody.contacts, everybody.contact_points, labels, engine)


def together(
    engine: DuckDBEngine,
    model: Model,
    *people: Person,
    words: Sequence[Word] = (),
    identifiers: Sequence[dict[str, object]] = (),
    rules: LinkageRules | None = None,
) -> tuple[set[frozenset[int]], dict[str, list[dict[str, object]]]]:
    """Resolve the town and some more people; the groups of those, and all tables."""
    everybody = tables(engine, [*TOWN, *people], identifiers)
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
    home = {row["record_id"]: row["profile_id"] for row in found["profile_map"]}
    asked = {person.record_id for person in people}
    return {frozenset(r for r in asked if home[r] == home[one]) for one in asked}, found


ANNA = Person(1, "Anna", "Kirchmayr", BORN, "anna.k77@mail.example", None, **HOME)


def test_the_same_people_teach_the_same_model_however_the_engine_adds(model: Model) -> None:
    one_thread = DuckDBEngine.in_memory({"threads": "1"})

    assert learned_from_town(one_thread).to_json() == model.to_json()


def test_a_typing_error_and_a_nickname_do_not_part_a_person(engine: DuckDBEngine, model: Model) -> None:
    other = replace(ANNA, record_id=2, given="Anni", family="Kirchmyr", email=None)
    found, _ = together(engine, model, ANNA, other)
    assert found == {frozenset({1, 2})}


def test_a_couple_who_share_everything_but_the_given_name_stay_two(engine: DuckDBEngine, model: Model) -> None:
    husband = replace(ANNA, record_id=2, given="Robert", born=date(1979, 9, 2))
    found, _ = together(engine, model, ANNA, husband)
    assert found == {frozenset({1}), frozenset({2})}


def test_twins_who_share_even_the_birth_date_stay_two(engine: DuckDBEngine, model: Model) -> None:
    found, _ = together(engine, model, ANNA, replace(ANNA, record_id=2, given="Julia", email="j.k@mail.example"))
    assert found == {frozenset({1}), frozenset({2})}


def test_mother_and_daughter_of_one_name_at_one_address_stay_two(engine: DuckDBEngine, model: Model) -> None:
    daughter = replace(ANNA, record_id=2, born=date(2006, 12, 30), email=None)
    found, _ = together(engine, model, replace(ANNA, email=None), daughter)
    assert found == {frozenset({1}), frozenset({2})}


def test_namesakes_whose_addresses_are_made_of_the_name_stay_two(engine: DuckDBEngine, model: Model) -> None:
    one = Person(1, "Anna", "Berger", None, "anna.berger@mail.example", None, "Feldweg 3", "1010", "Ort 10")
    two = Person(2, "Anna", "Berger", None, "anna.berger@post.example", None, "Ringstraße 9", "3330", "Ort 33")
    found, _ = together(engine, model, one, two)
    assert found == {frozenset({1}), frozenset({2})}


def test_different_user_ids_keep_likenesses_apart_and_say_so(engine: DuckDBEngine, model: Model) -> None:
    carried = [
        {"record_id": record, "namespace": "web", "identifier_type": "user_id", "identifier_value": f"u{record}77"}
        for record in (1, 2)
    ]
    found, all_tables = together(engine, model, ANNA, replace(ANNA, record_id=2), identifiers=carried)
    assert found == {frozenset({1}), frozenset({2})}
    [refused] = [row for row in all_tables["rejected_links"] if row["identifier_type"] == "likeness"]
    assert refused["reason"] == "ids_differ"


def test_stewards_outrank_likeness(engine: DuckDBEngine, model: Model) -> None:
    same = replace(ANNA, record_id=2)
    parted = Word("d1", DIFFERENT, left_record_id=1, right_record_id=2, decided_at=AS_OF)
    assert together(engine, model, ANNA, same, words=[parted])[0] == {frozenset({1}), frozenset({2})}
    husband = replace(ANNA, record_id=2, given="Robert")
    joined = Word("d1", SAME, left_record_id=1, right_record_id=2, decided_at=AS_OF)
    assert together(engine, model, ANNA, husband, words=[joined])[0] == {frozenset({1, 2})}


def test_switched_off_likeness_joins_nobody(engine: DuckDBEngine, model: Model) -> None:
    same = replace(ANNA, record_id=2, street=None, postcode=None)
    found, all_tables = together(engine, model, ANNA, same, rules=LinkageRules(enabled=False))
    assert found == {frozenset({1}), frozenset({2})}
    assert all_tables["likeness"] == []


def test_links_and_what_they_are_made_of_are_published(engine: DuckDBEngine, model: Model) -> None:
    _, all_tables = together(engine, model, ANNA, replace(ANNA, record_id=2, family="Kirchmyr"))
    [link] = [row for row in all_tables["links"] if {row["left_record_id"], row["right_record_id"]} == {1, 2}]
    assert (link["namespace"], link["identifier_type"]) == ("likeness", "likeness")
    assert link["strength"] > 0.9
    [parts] = [row for row in all_tables["likeness"] if {row["left_record_id"], row["right_record_id"]} == {1, 2}]
    assert parts["name"] > 0
    assert parts["birth_date"] > 0
    assert parts["job_title"] is None


def test_a_pair_that_is_not_sure_waits_for_a_steward_with_its_reasons(engine: DuckDBEngine, model: Model) -> None:
    # The same name, and nothing else that agrees or differs but a moved address.
    unsure = Person(2, "Anna", "Kirchmayr", None, None, None, "Neubau 4", "5020", "Salzburg")
    found, all_tables = together(engine, model, replace(ANNA, born=None, email=None), unsure)
    assert found == {frozenset({1}), frozenset({2})}
    [asked] = [row for row in all_tables["review_queue"] if {row["left_record_id"], row["right_record_id"]} == {1, 2}]
    evidence = json.loads(str(asked["evidence"]))
    assert {"comparison", "level", "weight"} == set(evidence[0])
    assert "name" in {part["comparison"] for part in evidence}


def test_the_records_of_a_pair_stand_on_the_side_of_their_own_group(engine: DuckDBEngine) -> None:
    # The second and third record look alike; the third has joined the first, and its group is called after that.
    placed = ibis.memtable([(10, 20, -1.0, 10, 1)], columns=["face_l", "face_r", "weight", "joined_l", "joined_r"])
    shown = ibis.memtable([(1, 1), (10, 10), (20, 20)], columns=["face", "label"])
    labels = ibis.memtable([(1, 1), (20, 1)], columns=["label", "joined"])

    [pair] = engine.to_arrow(joining._undecided(placed, shown, labels, -10.0, engine, None)).to_pylist()

    assert (pair["label_l"], pair["face_l"], pair["label_r"], pair["face_r"]) == (1, 20, 10, 10)


def test_the_towns_people_are_found_again(engine: DuckDBEngine, model: Model) -> None:
    _, all_tables = together(engine, model)
    home = {row["record_id"]: row["profile_id"] for row in all_tables["profile_map"]}
    pairs = [(record, record + 1) for record in range(1000, 1000 + len(TOWN), 2)]
    assert sum(home[one] == home[two] for one, two in pairs) >= 0.85 * len(pairs)
    assert len(set(home.values())) >= len(pairs)


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
