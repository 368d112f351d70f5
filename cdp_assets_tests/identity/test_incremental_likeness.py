"""Likeness compares those who changed, and comes to what comparing everybody comes to."""

from __future__ import annotations

import copy
import random
from dataclasses import replace

import ibis
import ibis.expr.types as ir
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.identity.evidence import identifier_id_of
from cdp_assets.identity.linkage import blocking
from cdp_assets.identity.linkage.model import Model
from cdp_assets.identity.spec import IdentityRules, LinkageRules
from cdp_assets.identity.stewardship import Word
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.examples import SOAKING, examples
from cdp_assets_tests.identity.linkage.town import town
from cdp_assets_tests.identity.test_incremental import Twins, rows_of
from cdp_assets_tests.identity.test_incremental_words import different, same, taken_back
from cdp_assets_tests.identity.world import AS_OF, KEY, Record, World


def residents(people: int) -> list[Record]:
    """Records of people known to two systems, which share nothing but what people say."""
    return [
        Record(
            person.record_id,
            (f"{('shop', 'till')[person.record_id % 2]}/customer_number c{person.record_id}",),
            f"{person.given} {person.family}",
            person.born,
            seen=person.record_id % 300,
            address=f"{person.street}, {person.postcode}",
        )
        for person in town(people)
    ]


def acquainted(records: list[Record]) -> Twins:
    """Both after a run over some records, by one model."""
    twins = Twins()
    twins.patient.run(records)
    twins.forgetful.tables = dict(twins.patient.tables)
    twins.forgetful.store = copy.deepcopy(twins.patient.store)
    return twins


def joined(twins: Twins) -> list[set[int]]:
    return [{row["left_record_id"], row["right_record_id"]} for row in twins.patient.tables["likeness"].to_pylist()]


NOBODY = Record(90_000, ("anonymous_id z", "user_id new"), seen=1)
EVERYBODY = [NOBODY, *residents(120)]
THERE = [record for record in EVERYBODY if record.id != 1000]


class _Shuffling(DuckDBEngine):
    """Intermediate results come in another order each time."""

    def scratch(self, expression: ir.Table) -> ir.Table:
        return super().scratch(expression.order_by(ibis.random()))


def test_nothing_depends_on_the_order_of_rows() -> None:
    tables = World().run(EVERYBODY)
    assert tables["likeness"].num_rows
    shuffled = World(engine=_Shuffling.in_memory()).run(EVERYBODY)
    for name in tables:
        assert rows_of(shuffled[name]) == rows_of(tables[name]), name


def test_only_those_who_changed_are_compared() -> None:
    twins = acquainted(THERE)
    assert joined(twins)
    twins.run(THERE)
    assert (twins.reason, twins.looked_at) == (None, 0)
    device = Record(90_001, ("anonymous_id a",), seen=1)
    twins.run([*THERE, device])
    assert twins.looked_at == 1
    assert {1000, 1001} not in joined(twins)
    twins.run([*EVERYBODY, device])
    assert twins.reason is None
    assert {1000, 1001} in joined(twins)
    assert twins.looked_at <= 10
    order = Record(90_002, ("shop/customer_number c1000",), seen=2)
    twins.run([*EVERYBODY, device, order])
    assert {1000, 1001} in joined(twins)
    assert twins.looked_at <= 10


@pytest.mark.long
def test_people_who_carry_nothing_that_ties_are_compared_as_all_others() -> None:
    """The town's second records tell no more than names and birth dates."""
    bare = [replace(each, carries=(), address=None, kind="person") if each.id % 2 else each for each in EVERYBODY]
    twins = acquainted(bare)
    one, other = sorted(joined(twins)[0])
    assert other % 2
    there = [each for each in bare if each.id != other]
    twins.run(there)
    assert {one, other} not in joined(twins)
    twins.run(bare)
    assert twins.reason is None
    assert {one, other} in joined(twins)
    guests = [replace(each, kind="guest") if each.kind == "person" else each for each in bare]
    assert not World().run(guests)["likeness"].num_rows


def test_who_is_in_a_crowd_was_settled_with_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocking, "_ALWAYS", 100)
    monkeypatch.setattr(blocking, "MOST_PAIRS_A_FACE", 0.0)
    nowhere = tuple(blocking.blocking_columns())
    monkeypatch.setattr(blocking, "COMBINATIONS", ((("postcode",), ()), (nowhere, ())))
    moved = [replace(person, address=f"Neubau {person.id}, 5020") for person in EVERYBODY if person.id % 7 == 0]
    there = [*moved, *(person for person in THERE if person.id % 7 != 0)]
    twins = acquainted(there)
    [model] = twins.patient.tables["linkage_model"]["model"].to_pylist()
    [block] = Model.from_json(model).blocks
    assert block.used
    assert len(block.crowds) == 1
    # Whose other record has moved, so that a third may have the other shop's number.
    other = next(person for person in there if (person.id ^ 1) in {each.id for each in moved})
    again = [
        replace(
            person,
            id=number,
            carries=(f"{('till', 'shop')[person.id % 2]}/customer_number c{number}",),
            address=f"Zubau 7, {str(person.address)[-4:]}",
        )
        for number, person in ((90_003, moved[0]), (90_004, other))
    ]
    twins.run([*there, *again])
    assert twins.reason is None
    assert any(pair & {90_004} for pair in joined(twins))
    assert not any(pair & {90_003} for pair in joined(twins))


@pytest.mark.long
def test_what_stewards_say_of_those_who_look_alike_is_undone_with_their_word() -> None:
    twins = acquainted(EVERYBODY)
    alike = joined(twins)[0]
    word = different(1, *sorted(alike))
    assert not any(alike <= group for group in twins.run(EVERYBODY, words=[word]))
    assert twins.reason is None
    assert any(alike <= group for group in twins.run(EVERYBODY))
    twins.run(EVERYBODY, words=[Word("r1", "rule", "likeness")])
    assert not twins.patient.tables["likeness"].num_rows
    assert any(alike <= group for group in twins.run(EVERYBODY))
    twins.are_given(IdentityRules(linkage=LinkageRules(enabled=False)))
    twins.run(EVERYBODY)
    twins.run(THERE)
    assert twins.reason is None
    twins.are_given(IdentityRules())
    assert any(alike <= group for group in twins.run(EVERYBODY))


@pytest.mark.long
def test_what_is_taken_back_of_a_source_or_a_type_is_compared_with_nobody() -> None:
    places = [replace(person, source=("shop", "till")[person.id % 2]) for person in EVERYBODY]
    twins = acquainted(places)
    before = twins.run(places)
    of_till = {record.id for record in places if record.source == "till"}
    assert any(pair & of_till for pair in joined(twins))
    for words in ([Word("r1", "source", "till")], [Word("r1", "source", "till"), Word("r2", "rule", "user_id")]):
        apart = twins.run(places, words=words)
        assert {frozenset({record}) for record in of_till} <= apart
        assert not any(pair & of_till for pair in joined(twins))
    assert twins.run(places) == before


DESK = "desk@example.org"
MAILED = [replace(person, mail=(f"box{person.id // 2}@example.org",)) for person in EVERYBODY]


def at_the_desk(number: int, name: str, system: str = "desk") -> Record:
    """Somebody who is reached where others are."""
    return Record(number, (f"{system}/customer_number d{number}", f"email {DESK}"), name, mail=(DESK,))


STAFF = [at_the_desk(80_000 + place, f"{chr(65 + place)}{chr(97 + place)}x Quint") for place in range(20)]
NAMESAKES = [at_the_desk(81_000, "Olga Brandt"), at_the_desk(81_001, "Olga Brandt", "shop")]
OLGAS = {81_000, 81_001}


@pytest.mark.long
def test_what_becomes_everybodys_makes_nobody_alike_and_what_ceases_to_does_again() -> None:
    few = [*MAILED, *STAFF[1:], *NAMESAKES]
    twins = acquainted(few)
    assert OLGAS in twins.run(few)
    for listed, alike in (([*few, STAFF[0]], False), (few, True)):
        assert (OLGAS in twins.run(listed)) is alike
        assert twins.reason is None
        assert twins.looked_at < 30
    assert OLGAS not in World().groups([*few, STAFF[0]])


@pytest.mark.long
def test_what_is_nobodys_of_others_is_compared_with_no_newcomer() -> None:
    twins = acquainted([*MAILED, *STAFF, NAMESAKES[0]])
    assert OLGAS not in twins.run([*MAILED, *STAFF, *NAMESAKES])
    assert twins.reason is None


@pytest.mark.long
def test_addresses_and_numbers_taken_back_make_nobody_alike() -> None:
    few = [*MAILED, *STAFF[:5], *NAMESAKES]
    twins = acquainted(few)
    assert OLGAS in twins.run(few)
    assert OLGAS not in twins.run(few, words=[taken_back(1, NAMESAKES[0], f"email {DESK}")])
    assert twins.reason is None
    assert OLGAS in twins.run(few)
    assert twins.reason is None
    assert OLGAS not in twins.run(few, words=[Word("r1", "rule", "email")])


@pytest.mark.long
def test_an_address_taken_back_makes_nobody_alike() -> None:
    housed = [replace(each, carries=each.carries[:1], mail=(), address="Neugasse 3, 1010") for each in NAMESAKES]
    value = "olga brandt\x1fneugasse3\x1f1010\x1fde"
    word = Word("r1", "observation", None, 81_000, None, identifier_id_of(KEY, "global", "address", value), AS_OF)
    twins = acquainted([*EVERYBODY, *housed])
    assert OLGAS in twins.run([*EVERYBODY, *housed])
    assert OLGAS not in twins.run([*EVERYBODY, *housed], words=[word])
    assert OLGAS not in twins.run([*EVERYBODY, *housed], words=[Word("r1", "rule", "address")])
    assert OLGAS in twins.run([*EVERYBODY, *housed])


@pytest.mark.long
def test_a_weight_that_depends_on_all_joins_has_everybody_compared() -> None:
    twins = acquainted(EVERYBODY)
    twins.are_given(IdentityRules(linkage=LinkageRules(most_wrong=0.01)))
    twins.run(EVERYBODY)
    twins.run(THERE)
    assert twins.reason == "`most_wrong` sets the weight to join from by the joins of everybody"


@pytest.mark.long
def test_twice_as_many_people_teach_a_new_model() -> None:
    few = [record for record in THERE if record.id < 1100 or record == NOBODY]
    twins = acquainted(few)
    twins.patient.run(EVERYBODY)
    assert twins.reason == "likeness has to learn a new model"
    before = twins.patient.tables["linkage_model"]["model_id"]
    twins.patient.run(THERE)
    assert twins.reason is None
    assert twins.patient.tables["linkage_model"]["model_id"] == before


@examples(2)
@given(st.randoms(use_true_random=False))
def test_any_history_step_by_step_gives_what_comparing_everybody_gives(chance: random.Random) -> None:
    typed = Record(70_000, ("desk/customer_number d0", "email d0@example.com"))
    fixed = {typed.id, NOBODY.id}
    records = {record.id: record for record in [*MAILED, *STAFF[:12], *NAMESAKES, typed]}
    twins = acquainted(list(records.values()))
    words: dict[str, Word] = {}
    for step in range(4 if SOAKING else 2):
        for number in chance.sample([number for number in sorted(records) if number not in fixed], 12):
            record, other = records[number], records[chance.choice(sorted(records))]
            cases = (
                "gone",
                "back",
                "name",
                "born",
                "address",
                "shared",
                "order",
                "word",
                "alike",
                "desk",
                "desk",
                "taken",
            )
            match chance.choice(cases):
                case "gone":
                    del records[number]
                case "back":
                    back = chance.choice([*MAILED, *STAFF])
                    records[back.id] = back
                case "name":
                    records[number] = replace(record, name=other.name)
                case "born":
                    records[number] = replace(record, born=other.born)
                case "address":
                    records[number] = replace(record, address=other.address)
                case "shared" if number != other.id:
                    email = f"email both{number}@example.com"
                    records[number] = replace(record, carries=(*record.carries, email))
                    records[other.id] = replace(other, carries=(*other.carries, email))
                case "order":
                    new = 50_000 + 1000 * step + number % 1000
                    records[new] = Record(new, record.carries[:1], seen=step)
                case "word" if number != other.id:
                    words[f"d{number}"] = chance.choice((same, different))(number, number, other.id)
                case "desk":
                    there = f"email {DESK}" in record.carries
                    carries = record.carries[:1] if there else (*record.carries[:1], f"email {DESK}")
                    records[number] = replace(record, carries=carries, mail=() if there else (DESK,))
                case "taken":
                    words[f"r{number}"] = taken_back(number, record, record.carries[-1])
                case "alike":
                    new = 60_000 + 1000 * step + number % 1000
                    records[new] = replace(record, id=new, carries=(f"desk/customer_number d{new}",), seen=step)
        for word in chance.sample(sorted(words), len(words) // 3):
            del words[word]
        twins.run(list(records.values()), words=list(words.values()))
        assert twins.reason is None
