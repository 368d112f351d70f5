"""Profile ids and redirects as state."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
from sqlalchemy import text

from cdp_assets.ledger import Ledger, profile_ids
from cdp_assets.ledger.models import to_micros

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def assigned(*pairs: tuple[int, int]) -> pa.Table:
    rows = [{"record_id": record, "profile_id": profile, "since": NOON} for record, profile in pairs]
    return pa.Table.from_pylist(rows, profile_ids.ASSIGNED)


def redirected(*pairs: tuple[int, int]) -> pa.Table:
    rows = [{"old_profile_id": old, "profile_id": new, "since": NOON} for old, new in pairs]
    return pa.Table.from_pylist(rows, profile_ids.REDIRECTED)


def test_assignments_are_added_changed_and_removed(ledger: Ledger) -> None:
    with ledger.transaction() as connection:
        profile_ids.assign(connection, assigned((2**62, 7), (1, 7)))
        assert profile_ids.assign(connection, assigned((1, 8), (2, 9))) == assigned((1, 7))
        assert profile_ids.assigned(connection) == assigned((1, 8), (2, 9), (2**62, 7))
        assert profile_ids.assign(connection, assigned((2, 10)), gone=[1, 3]) == assigned((1, 8), (2, 9))
        assert profile_ids.assigned(connection) == assigned((2, 10), (2**62, 7))
        profile_ids.assign(connection, assigned(), gone=[2**62])
        assert profile_ids.assigned(connection) == assigned((2, 10))


def test_few_changes_are_kept_beside_a_block_until_they_are_many(ledger: Ledger) -> None:
    expected = {n: n for n in range(400)}
    random = np.random.default_rng(7)
    written = set()
    with ledger.transaction() as connection:
        profile_ids.assign(connection, assigned(*expected.items()))
        for turn in range(1, 40):
            few = random.choice(450, random.integers(1, 30), replace=False).tolist()
            gone, changed = few[: len(few) // 3], few[len(few) // 3 :]
            before = profile_ids.assign(connection, assigned(*((n, -turn) for n in changed)), gone)
            assert before == assigned(*((n, expected[n]) for n in sorted(few) if n in expected))
            expected = {n: profile for n, profile in expected.items() if n not in gone} | dict.fromkeys(changed, -turn)
            assert profile_ids.assigned(connection) == assigned(*sorted(expected.items()))
            asked = random.choice(500, 40, replace=False).tolist()
            assert profile_ids.assigned(connection, asked) == assigned(
                *((n, expected[n]) for n in sorted(asked) if n in expected)
            )
            written.add(connection.execute(text("select assigned from profile_id_blocks")).scalar_one())
    assert 2 < len(written) < 20


def test_some_assignments_are_read_without_the_others(ledger: Ledger) -> None:
    with ledger.transaction() as connection:
        profile_ids.assign(connection, assigned(*((n, n + 1) for n in range(30_000))))
        assert profile_ids.assigned(connection, [29_999, 4, 99_999]) == assigned((4, 5), (29_999, 30_000))
        assert profile_ids.assigned(connection, []).num_rows == 0


def test_each_change_makes_a_new_revision_that_tells_of_all_before(ledger: Ledger) -> None:
    ids = profile_ids.LedgerProfileIds(ledger)
    nothing = redirected()
    assert ids.revision() == ""
    first = ids.save(assigned((1, 7), (2, 7)), [], nothing, [])
    assert ids.revision() == first
    second = ids.save(assigned((2, 8)), [1], nothing, [])
    assert len({"", first, second}) == 3
    assert ids.save(assigned((2, 8)), [1], nothing, []) != second


def test_those_who_save_at_a_time_lose_nothing_of_one_another(ledger: Ledger) -> None:
    ids, many = profile_ids.LedgerProfileIds(ledger), [(n, n) for n in range(400)]
    ids.save(assigned(*many), [], redirected(), [])
    more = [(1_000 + n, n) for n in range(16)]
    with ThreadPoolExecutor(8) as threads:
        revisions = set(threads.map(lambda pair: ids.save(assigned(pair), [], redirected(), []), more))
    assert ids.assigned() == assigned(*many, *more)
    assert len(revisions) == len(more)


def test_what_was_read_before_somebody_else_saved_is_read_again(ledger: Ledger) -> None:
    mine, theirs = profile_ids.LedgerProfileIds(ledger), profile_ids.LedgerProfileIds(ledger)
    mine.save(assigned((1, 7), (2, 7)), [], redirected(), [])
    assert mine.assigned([1, 2]) == assigned((1, 7), (2, 7))
    theirs.save(assigned((2, 8), (3, 8)), [], redirected(), [])
    assert mine.assigned([2]) == assigned((2, 8))
    theirs.save(assigned((2, 9)), [], redirected(), [])
    mine.save(assigned((1, 9)), [3], redirected(), [])
    assert mine.assigned([1, 2, 3]) == assigned((1, 9), (2, 9))
    assert mine.assigned() == assigned((1, 9), (2, 9))
    assert mine.former([1, 2, 3]) == {1: [7], 2: [8, 7], 3: [8]}


def test_redirects_are_added_changed_and_ended(ledger: Ledger) -> None:
    with ledger.transaction() as connection:
        profile_ids.redirect(connection, redirected((1, 5), (2, 5)))
        profile_ids.redirect(connection, redirected((1, 6)), removed=[2])
        assert profile_ids.redirects(connection) == redirected((1, 6))


def test_half_a_million_assignments_are_a_matter_of_seconds(ledger: Ledger) -> None:
    count = 500_000
    ids = np.random.default_rng(1).integers(1, 2**62, count)
    since = pa.array(np.full(count, 0), pa.timestamp("us", tz="UTC"))
    rows = pa.table({"record_id": ids, "profile_id": ids, "since": since})
    started = time.monotonic()
    with ledger.transaction() as connection:
        profile_ids.assign(connection, rows)
    assert time.monotonic() - started < 5
    with ledger.reading() as connection:
        assert profile_ids.assigned(connection).num_rows == count


def test_the_ids_that_records_had_before_are_kept(ledger: Ledger) -> None:
    store = profile_ids.LedgerProfileIds(ledger)
    none = redirected()
    store.save(assigned((1, 7), (2, 8)), [], none, [])
    store.save(assigned((1, 8)), [], none, [])
    store.save(assigned((1, 9)), [2], none, [])
    assert store.former([1, 2, 3]) == {1: [8, 7], 2: [8]}


def test_assignments_of_an_earlier_version_are_brought_along(tmp_path: Path) -> None:
    rows = [(2**62 + 5, 9), (1, 7), (3, 7), (2**60, 8)]
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    with Ledger.open(url) as ledger, ledger.transaction() as connection:
        for name in ("profile_id_blocks", "profile_id_news"):
            connection.execute(text(f"drop table {name}"))
        for name in ("encoding", "delimiter"):
            connection.execute(text(f"alter table loads drop column {name}"))
        connection.execute(text("create table profile_ids (record_id integer primary key, profile_id int, since int)"))
        for record, profile in rows:
            values = f"{record}, {profile}, {to_micros(NOON)}"
            connection.execute(text(f"insert into profile_ids values ({values})"))
        connection.execute(text("update alembic_version set version_num = '0005'"))
    with Ledger.open(url) as ledger, ledger.reading() as connection:
        assert profile_ids.assigned(connection) == assigned(*sorted(rows))
        assert profile_ids.assigned(connection, [3, 4]) == assigned((3, 7))
