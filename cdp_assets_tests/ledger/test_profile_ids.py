"""Profile ids and redirects as state."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from cdp_assets.ledger import Ledger, profile_ids

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
        profile_ids.assign(connection, assigned((1, 8)))
        assert profile_ids.assigned(connection) == assigned((1, 8), (2**62, 7))
        profile_ids.unassign(connection, [1])
        assert profile_ids.assigned(connection) == assigned((2**62, 7))


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
    assert time.monotonic() - started < 20
    with ledger.reading() as connection:
        assert profile_ids.assigned(connection).num_rows == count


def test_the_ids_that_records_had_before_are_kept(ledger: Ledger) -> None:
    store = profile_ids.LedgerProfileIds(ledger)
    none = redirected()
    store.save(assigned((1, 7), (2, 8)), [], none, [])
    store.save(assigned((1, 8)), [], none, [])
    store.save(assigned((1, 9)), [2], none, [])
    assert store.former([1, 2, 3]) == {1: [8, 7], 2: [8]}
