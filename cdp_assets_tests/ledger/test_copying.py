"""A copy of the ledger: complete, and without a trace in the original."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from cdp_assets.ledger import Ledger, bulk, fingerprints, history, outbox, profile_ids
from cdp_assets.ledger.copying import copy_ledger, copy_rows
from cdp_assets.ledger.models import Base, DestinationStatus, OutboxRow

AT = datetime(2026, 6, 30, 12, 30, 0, 123456, tzinfo=UTC)


def filled(ledger: Ledger) -> None:
    ids = pa.table({"record_id": [1, 2], "profile_id": [7, 7], "since": [AT, AT]}, schema=profile_ids.ASSIGNED)
    row = dict.fromkeys(outbox.ROWS.names) | {
        "destination": "mailing", "profile_id": 7, "sequence": 1, "idempotency_key": "k", "segment": "s",
        "change": "entered", "payload": '{"name": "Zoë"}', "purpose": "service", "channel": "email", "gated": True,
        "status": "pending", "attempts": 0, "created_at": AT,
    }  # fmt: skip
    with ledger.transaction() as connection:
        profile_ids.assign(connection, ids)
        outbox.append(connection, pa.Table.from_pylist([row], outbox.ROWS))
        fingerprints.remember(connection, fingerprints.Fingerprint("refresh", "a/b", "run", AT))
        status = {"destination": ["mailing"], "runs": [3], "paused": [True], "not_before": [None], "failures": [0]}
        bulk.insert(
            connection,
            DestinationStatus,
            pa.table(status, schema=bulk.arrow_schema(bulk.table_of(DestinationStatus).c)),
        )


def content(ledger: Ledger) -> dict[str, list[tuple[object, ...]]]:
    with ledger.reading() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(table.select())), key=str)
            for table in Base.metadata.sorted_tables
        }


def test_a_copy_holds_everything_and_goes_its_own_way(ledger: Ledger, tmp_path: Path) -> None:
    filled(ledger)
    with copy_ledger(ledger.url, tmp_path / "copy.sqlite") as copy:
        assert content(copy) == content(ledger)
        with copy.transaction() as connection:
            fingerprints.forget(connection, "refresh")
        assert copy.fingerprint("refresh") is None
    assert ledger.fingerprint("refresh") == "a/b"


def test_copying_leaves_no_trace_in_the_original(tmp_path: Path) -> None:
    folder = tmp_path / "original"
    with Ledger.open(f"sqlite:///{folder / 'ledger.sqlite'}") as ledger:
        filled(ledger)

    def state() -> dict[str, str]:
        return {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()
        }

    before = state()
    with copy_ledger(f"sqlite:///{folder / 'ledger.sqlite'}", tmp_path / "copy.sqlite") as copy:
        assert copy.fingerprint("refresh") == "a/b"
        assert state() == before
    assert state() == before


def test_writers_may_go_on_while_a_copy_is_made(ledger: Ledger, tmp_path: Path) -> None:
    filled(ledger)
    with ledger.transaction() as connection:
        fingerprints.forget(connection, "refresh")
        with copy_ledger(ledger.url, tmp_path / "copy.sqlite") as copy:
            assert copy.fingerprint("refresh") == "a/b"


def test_rows_of_another_database_arrive_as_they_are(ledger: Ledger, tmp_path: Path) -> None:
    filled(ledger)
    with Ledger.open(f"sqlite:///{tmp_path / 'rows.sqlite'}") as copy:
        with ledger.reading() as source, copy.transaction() as target:
            copy_rows(source, target)
        assert content(copy) == content(ledger)
        # Ids go on where they were.
        with copy.transaction() as connection:
            assert history.highest_id(connection) == 1
            again = {**bulk.read(connection, bulk.table_of(OutboxRow).select()).to_pylist()[0], "idempotency_key": "l"}
            outbox.append(connection, pa.Table.from_pylist([{**again, "sequence": 2}], outbox.ROWS))
            assert history.highest_id(connection) == 2
            assert [(row.destination, row.rows) for row in history.written_after(connection, 1)] == [("mailing", 1)]


def test_a_ledger_that_does_not_exist_yet_is_empty(tmp_path: Path) -> None:
    with copy_ledger(f"sqlite:///{tmp_path / 'none.sqlite'}", tmp_path / "copy.sqlite") as copy:
        assert not any(content(copy).values())
    assert not (tmp_path / "none.sqlite").exists()
