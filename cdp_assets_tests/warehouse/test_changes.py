"""What is kept of changes tells whoever was made of an older version whom it concerns, and never too few."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest

from cdp_assets.canonical.schema import Column, TableSchema
from cdp_assets.warehouse import changes
from cdp_assets.warehouse.built import Patch
from cdp_assets.warehouse.changes import Since, as_patch, keep, since_last_made
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets.warehouse.standing import Note, note_of

VISITS = TableSchema(
    "visits",
    "Visits.",
    (
        Column("record_id", "int64", "Record.", required=True),
        Column("day", "int64", "Day.", required=True),
        Column("page", "string", "Page."),
    ),
    key=("record_id", "day"),
)
PEOPLE = TableSchema("people", "People.", (Column("profile_id", "int64", "Profile."),), key=("profile_id",))
REF = ("shop", "visits")

Row = tuple[int, int, str | None]


class Shop:
    """A table of visits, and one that is made of it."""

    def __init__(self) -> None:
        self.engine = DuckDBEngine.in_memory()
        self.whole([(number, 1, "home") for number in range(1, 11)])

    def rows(self, rows: Sequence[Row]) -> ir.Table:
        columns = zip(*rows, strict=True) if rows else ((), (), ())
        types = (pa.int64(), pa.int64(), pa.string())
        arrays = [pa.array(column, kind) for column, kind in zip(columns, types, strict=True)]
        return self.engine.from_arrow(pa.table(arrays, names=list(VISITS.column_names)), VISITS.ibis_schema)

    def whole(self, rows: Sequence[Row]) -> None:
        self.engine.stage_table("shop", VISITS, self.rows(rows))
        self._publish()

    def change(self, gone: Sequence[int], came: Sequence[Row]) -> None:
        ids = pa.table({"record_id": pa.array(gone, pa.int64())})
        patch = Patch("record_id", self.engine.from_arrow(ids), self.rows(came))
        self.engine.stage_patch("shop", VISITS, patch)
        self._publish()

    def change_rows(self, came: Sequence[Row]) -> None:
        rows = self.rows(came)
        self.engine.stage_patch("shop", VISITS, Patch(VISITS.key, rows.select(*VISITS.key), rows))
        self._publish()

    def _publish(self) -> None:
        before = note_of(self.engine, REF) if self.engine.has_table(*REF) else None
        kept, trail = keep(REF, before, self.engine)
        staged = self.engine.table("shop", "visits__staged")
        note = Note({"code": "1", "definitions": "1"}, self.engine.fingerprint(staged), trail=trail)
        self.engine.publish([REF, *kept], {REF: note.to_text()})

    def made_of_it(self) -> Note:
        """What is noted with a table that is made of the visits as they are now."""
        note = note_of(self.engine, REF)
        assert note is not None
        made_of = {"code": "1", "definitions": "1", "shop.visits": note.fingerprint.version}
        self.engine.stage_table("shop", PEOPLE, ibis.memtable([(1,)], schema=PEOPLE.ibis_schema))
        self.engine.publish([("shop", "people")])
        return Note(made_of, self.engine.fingerprint(self.engine.table("shop", "people")))

    def since(self, made: Note) -> Since | None:
        return since_last_made("shop", [PEOPLE], [REF], [made], {"code": "1", "definitions": "1"}, self.engine)

    def concerned(self, made: Note) -> set[int] | None:
        since = self.since(made)
        assert since is not None
        changed = since.changed(*REF)
        return None if changed is None else set(self.engine.to_arrow(changed)["record_id"].to_pylist())

    def latest(self, made: Note) -> set[Row] | None:
        since = self.since(made)
        assert since is not None
        rows = since.latest(*REF)
        return None if rows is None else {tuple(row.values()) for row in self.engine.to_arrow(rows).to_pylist()}


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setattr(changes, "WORTH_KEEPING", 0)
    monkeypatch.setattr(changes, "FEW", 0.5)
    return Shop()


def test_nobody_is_concerned_where_nothing_changed(shop: Shop) -> None:
    assert shop.concerned(shop.made_of_it()) == set()


def test_all_changes_since_are_found_whoever_asks(shop: Shop) -> None:
    first = shop.made_of_it()
    shop.change([1], [(1, 2, "cart")])
    second = shop.made_of_it()
    shop.change([2, 99], [(99, 1, "home")])
    assert (shop.concerned(first), shop.concerned(second)) == ({1, 2, 99}, {2, 99})


def test_rows_that_come_back_as_they_were_concern_nobody(shop: Shop) -> None:
    made = shop.made_of_it()
    shop.change([1, 2], [(1, 1, "home"), (2, 1, None)])
    assert shop.concerned(made) == {2}


def test_whoever_saw_a_version_that_came_back_later_is_told_what_followed_it(shop: Shop) -> None:
    made = shop.made_of_it()
    shop.change([1], [])
    shop.change([1], [(1, 1, "home")])
    assert shop.concerned(made) == set()
    shop.change([2], [])
    assert {2} <= (shop.concerned(made) or set())


def test_rows_of_whom_a_change_concerns_are_among_the_last(shop: Shop) -> None:
    first = shop.made_of_it()
    shop.change([1, 3], [(1, 1, "home"), (1, 2, "cart"), (3, 1, "home")])
    second = shop.made_of_it()
    shop.change([1, 2, 99], [(1, 3, "cart"), (99, 1, "home")])
    assert shop.latest(second) == {(1, 3, "cart"), (99, 1, "home")}
    assert {(1, 3, "cart"), (3, 1, "home"), (99, 1, "home")} <= (shop.latest(first) or set())
    shop.engine.backend.con.execute("CHECKPOINT")
    assert {(1, 3, "cart"), (3, 1, "home"), (99, 1, "home")} <= (shop.latest(first) or set())
    shop.change([99], [])
    assert {(1, 3, "cart"), (3, 1, "home")} <= (shop.latest(first) or set())
    assert shop.latest(shop.made_of_it()) == set()


def test_where_rows_change_by_another_key_the_last_are_not_all(shop: Shop) -> None:
    made = shop.made_of_it()
    shop.change_rows([(1, 2, "cart")])
    assert shop.concerned(made) == {1}
    assert shop.latest(made) is None


def test_after_a_change_of_all_it_is_not_known_who_is_concerned(shop: Shop) -> None:
    made = shop.made_of_it()
    shop.whole([(number, 1, "home") for number in range(2, 11)])
    assert shop.concerned(made) is None
    made = shop.made_of_it()
    shop.change(range(1, 10), [])
    assert shop.concerned(made) is None


def test_changes_that_are_too_old_are_forgotten(shop: Shop) -> None:
    made = [shop.made_of_it()]
    for day in range(2, changes.KEPT + 3):
        shop.change([1], [(1, day, "home")])
        made.append(shop.made_of_it())
    assert [shop.concerned(note) for note in made] == [None, None, *[{1}] * changes.KEPT, set()][-len(made) :]
    kept = shop.engine.table(changes.STAGE, "shop__visits")
    assert shop.engine.to_arrow(kept.version.nunique().name("n").as_table())["n"].to_pylist() == [changes.KEPT]


def test_what_was_made_by_other_code_has_to_be_made_as_a_whole(shop: Shop) -> None:
    made = shop.made_of_it()
    assert shop.since(Note({**made.made_of, "code": "0"}, made.fingerprint)) is None


def test_what_is_made_as_a_whole_is_written_where_it_differs(shop: Shop) -> None:
    rows = [(number, 1, "home") for number in range(1, 11)]
    rows[4] = (5, 1, None)
    made = shop.rows([*rows, (11, 1, "home")])
    patch = as_patch("shop", VISITS, made, "record_id", note_of(shop.engine, REF), shop.engine)
    assert patch is not None
    assert patch.key == "record_id"
    assert sorted(shop.engine.to_arrow(patch.gone)["record_id"].to_pylist()) == [5, 11]
    assert sorted(shop.engine.to_arrow(patch.rows)["record_id"].to_pylist()) == [5, 11]
    others = shop.rows([(number, 2, "home") for number in range(1, 11)])
    assert as_patch("shop", VISITS, others, "record_id", note_of(shop.engine, REF), shop.engine) is None
