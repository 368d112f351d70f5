"""A run after another one looks again at what changed only, and comes to what a run from nothing would."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.identity.delta import told_since
from cdp_assets.identity.spec import IdentityRules
from cdp_assets.identity.stewardship import Word
from cdp_assets.warehouse.changes import Since
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.examples import examples
from cdp_assets_tests.identity.test_properties import NAMES, RECORD, TOWN, Town, made
from cdp_assets_tests.identity.world import AS_OF, Record, World, groups

TOWNS = st.lists(TOWN, min_size=8, max_size=8)


@dataclass
class Twins:
    """The same deliveries and words resolved step by step, at every other step told of whom there is news, and each
    time from nothing, with ledgers of their own. Digests may be missing where the first was told."""

    patient: World = field(default_factory=lambda: World(tells=True))
    forgetful: World = field(default_factory=World)
    steps: int = 0

    def run(self, records: list[Record], **more: Any) -> set[frozenset[int]]:
        """Resolve both ways; all tables, and both ledgers, must be equal. Returns the partition."""
        self.steps += 1
        as_of = AS_OF + timedelta(days=self.steps)
        told = self.steps % 2 == 0
        mine = self.patient.run(records, as_of=as_of, told=told, **more)
        theirs = self.forgetful.run(records, as_of=as_of, whole=True, **more)
        for name in sorted(theirs.keys() - ({"digests"} if told else set())):
            assert rows_of(mine[name]) == rows_of(theirs[name]), name
        known = {digest for digest in rows_of(mine["digests"]) if "'digest': 0" not in digest}
        assert known <= set(rows_of(theirs["digests"]))
        assert self.patient.store.assigned() == self.forgetful.store.assigned()
        assert self.patient.store.redirects() == self.forgetful.store.redirects()
        return groups(mine)

    def are_given(self, rules: IdentityRules) -> None:
        """Have both of them resolve by other rules from now on."""
        self.patient.rules = self.forgetful.rules = rules

    @property
    def looked_at(self) -> Any:
        """How many records the last step looked at again."""
        return self.patient.figures["records looked at again"]

    @property
    def reason(self) -> str | None:
        """Why the last step computed everything; None if it did not."""
        reason: str | None = self.patient.figures.get("everything was computed because")
        return reason


def rows_of(table: Any) -> list[str]:
    """Rows as sorted text, without the revision of the ledger, which counts its changes."""
    kept = sorted(set(table.column_names) - {"revision"})
    return sorted(map(str, table.select(kept).to_pylist()))


def chain(start: int, length: int) -> list[Record]:
    """Records each of which shares an order with the one before."""
    return [
        Record(start + n, (f"shop/order_number o{start}-{n}", f"shop/order_number o{start}-{n + 1}"), seen=n)
        for n in range(length)
    ]


@examples(2)
@given(TOWNS, st.randoms(use_true_random=False), st.data())
def test_any_history_step_by_step_gives_what_a_run_from_nothing_gives(
    towns: list[Town], chance: random.Random, data: st.DataObject
) -> None:
    records = {record.id: record for record in made(towns)}
    aliases: list[tuple[str, str]] = []
    twins = Twins()
    for step in range(2):
        twins.run(list(records.values()), aliases=aliases)
        for number in chance.sample(sorted(records), min(5, len(records))):
            fate = chance.choice(("gone", "other identifiers", "another name", "joined"))
            if fate == "gone":
                del records[number]
            elif fate == "another name":
                records[number] = replace(records[number], name=chance.choice(NAMES))
            else:
                [other] = made([[data.draw(RECORD)]])
                carries = tuple(text.replace("10", f"{number // 1000 + 9}") for text in other.carries)
                new = number if fate == "other identifiers" else number // 1000 * 1000 + 100 * step + 50
                records[new] = replace(other, id=new, carries=carries)
        town = chance.randrange(10, 18)
        aliases = [(f"u0-{town}", f"u1-{town}")] if chance.random() < 0.7 else []
    twins.run(list(records.values()), aliases=aliases)


@pytest.mark.long
def test_a_chain_of_250_is_cut_and_tied_again() -> None:
    links, others = chain(1_000, 250), chain(5_000, 30)
    twins = Twins()
    assert {len(group) for group in twins.run([*links, *others])} == {250, 30}
    cut = [record for record in links if record.id != 1_100]
    assert {len(group) for group in twins.run([*cut, *others])} == {100, 149, 30}
    assert twins.looked_at == 249
    assert {len(group) for group in twins.run([*links, *others])} == {250, 30}
    bridge = Record(9_000, ("shop/order_number o1000-17", "shop/order_number o5000-3"))
    assert {len(group) for group in twins.run([*links, *others, bridge])} == {281}


def test_what_depends_on_others_changes_with_them() -> None:
    """A hub, a mailbox, an alias, a crowded address, namesakes, and the times of a shared device come and go."""
    staff = [
        Record(n, (f"crm/contact_id k{n}", "email office@example.com"), f"{chr(65 + n)}{chr(97 + n)}o Q")
        for n in range(21)
    ]
    guest = Record(50, ("email office@example.com",))
    plain = Record(60, ("email ida@example.com",), "Ida Wolf")
    tagged = Record(61, ("email ida+shop@example.com", "email_base ida@example.com"), "Ida Wolf")
    renamed = [Record(70, ("user_id old",)), Record(71, ("user_id new",))]
    tenants = [
        Record(100 + n, (), f"{chr(65 + n % 26)}{chr(97 + n // 26)}na Kurz", address="Hof 1, 10115") for n in range(40)
    ]
    twin = Record(200, (), "Aana Kurz", address="Hof 1, 10115")
    newcomer = Record(201, (), "Zoe Lang", address="Hof 1, 10115")
    couple = [
        Record(300, ("user_id ann", "anonymous_id pad"), "Ann Fox", seen=1, events=((1, "a"),)),
        Record(301, ("user_id bob", "anonymous_id pad"), "Bob Fox", seen=5, events=((5, "b"),)),
    ]
    pad = Record(302, ("anonymous_id pad",), seen=1, until=9, events=((1, None), (9, None)))
    fixed = [*staff, guest, plain, *renamed, *tenants, twin, *couple, pad]
    twins = Twins()
    alone = twins.run(fixed)
    assert frozenset({50}) in alone
    assert frozenset({100, 200}) in alone
    later = replace(couple[1], events=((7, "b"),))
    changed = [record for record in fixed if record.id not in (20, 301)]
    together = twins.run([*changed, later, tagged, newcomer], aliases=[("old", "new")])
    assert {frozenset({60, 61}), frozenset({70, 71}), frozenset({100}), frozenset({200})} <= together
    assert "hub" not in [
        row["reason"] for row in twins.patient.tables["rejected_links"].to_pylist() if row["identifier_type"] == "email"
    ]
    assert twins.run(fixed) == alone


def test_where_nothing_changed_nothing_is_looked_at() -> None:
    records = [*chain(10, 5), Record(90, ("email a@example.com",)), Record(91, ("email b@example.com",))]
    twins = Twins()
    twins.run(records)
    twins.run(list(reversed(records)))
    assert twins.looked_at == 0
    twins.run([*records, Record(92, ("email a@example.com",))])
    assert twins.looked_at == 2


def test_a_run_is_told_of_whom_there_is_news_only_where_that_is_known_of_all_tables() -> None:
    engine = DuckDBEngine.in_memory()
    news = {
        name: engine.from_arrow(pa.table({"record_id": pa.array(records, pa.int64())}))
        for name, records in (("identity_records", [1]), ("identifiers", [1, 2]), ("contacts", []))
    }
    since = Since({}, {}, None, lambda _stage, name: news.get(name))
    assert told_since(None, engine) is None
    assert told_since(since, engine) is None
    news["contact_points"] = news["contacts"]
    told = told_since(since, engine)
    assert told is not None
    assert sorted(engine.to_arrow(told.records)["record_id"].to_pylist()) == [1, 2]


def test_of_whom_there_was_news_once_is_looked_at_again_where_nobody_tells_of_news() -> None:
    first, news = [*chain(10, 5), Record(90, ("email a@example.com",))], Record(91, ("email b@example.com",))
    world = World(tells=True)
    world.run(first)
    world.run([*first[:-1], replace(first[-1], seen=2), news], told=True)
    assert world.figures["records looked at again"] == 2
    world.run([*first[:-1], replace(first[-1], seen=2), news])
    assert world.figures["records looked at again"] == 0
    world.run([*first[:-1], replace(first[-1], seen=3), news])
    assert world.figures["records looked at again"] == 1


def test_whoever_is_gone_after_there_was_news_of_them_is_missed_where_nobody_tells_of_it() -> None:
    left, right = Record(1, ("email a@example.com",)), Record(2, ("email b@example.com",))
    twins = Twins()
    twins.run([left, right])
    twins.run([left, replace(right, seen=2)])
    assert twins.run([left]) == {frozenset({1})}


@pytest.mark.long
def test_records_named_by_stewards_are_put_together_anew() -> None:
    records = [*chain(10, 5), *chain(40, 3)]
    twins = Twins()
    twins.run(records)
    twins.run(records, words=[Word("d1", "different", None, 41, 99, None, AS_OF)])
    assert twins.looked_at == 3


def test_other_rules_count_for_everybody() -> None:
    world = World()
    world.run(chain(10, 5))
    world.rules = IdentityRules(largest_rebuild=3)
    world.run(chain(10, 5))
    assert world.figures["records looked at again"] == "all"


@pytest.mark.long
def test_ids_saved_by_a_run_that_died_are_those_of_the_next() -> None:
    left, right = Record(1, ("user_id a",)), Record(2, ("shop/customer_number 7",), seen=1)
    bridge = Record(3, ("user_id a", "shop/customer_number 7"), seen=2)
    twins = Twins()
    twins.run([left, right])
    twins.run([left, right, bridge], publish=False)
    assert twins.run([left, right]) == {frozenset({1}), frozenset({2})}
    twins.run([left, right, bridge], publish=False)
    assert twins.run([left, right, bridge]) == {frozenset({1, 2, 3})}
