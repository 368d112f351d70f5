"""Opening the ledger, its transactions and its locks."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import event, inspect, select, text
from sqlalchemy.exc import IntegrityError

from cdp_assets.ledger import Ledger, LedgerBusyError, bulk, history, migrations, outbox
from cdp_assets.ledger.models import Base, FileHash, RunFingerprint, to_micros

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_the_migrations_make_exactly_the_tables_of_the_models(ledger: Ledger) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with ledger.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_the_latest_migration_is_the_head_of_the_scripts() -> None:
    from alembic.script import ScriptDirectory

    assert ScriptDirectory(str(Path(migrations.__file__).parent)).get_heads() == [migrations.latest()]


def test_opening_a_ledger_twice_changes_nothing(url: str) -> None:
    with Ledger.open(url) as first, first.transaction() as connection:
        connection.execute(text("insert into file_hashes values ('a', 1, 1, 'h')"))
    with Ledger.open(url) as again, again.reading() as connection:
        assert connection.execute(text("select count(*) from file_hashes")).scalar() == 1


def test_processes_that_start_at_once_open_one_ledger(url: str) -> None:
    code = f"from cdp_assets.ledger import Ledger; Ledger.open({url!r}).close()"
    started = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True) for _ in range(4)]
    assert [process.communicate()[1] for process in started] == [""] * 4
    with Ledger.open(url) as ledger:
        assert "outbox" in inspect(ledger.engine).get_table_names()


def test_a_ledger_needs_a_file() -> None:
    with pytest.raises(ValueError, match="give SQLite a file"):
        Ledger.open("sqlite://")


def test_an_exception_takes_everything_back(ledger: Ledger) -> None:
    def write_and_fail() -> None:
        with ledger.transaction() as connection:
            connection.execute(text("insert into file_hashes values ('a', 1, 1, 'h')"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    with ledger.reading() as connection:
        assert connection.execute(select(bulk.table_of(FileHash))).all() == []


def test_writers_wait_for_each_other_instead_of_failing(ledger: Ledger) -> None:
    errors: list[Exception] = []

    def write(name: str) -> None:
        try:
            for number in range(20):
                with ledger.transaction() as connection:
                    connection.execute(text("select count(*) from file_hashes")).scalar()
                    row = {"file": f"{name}{number}"}
                    connection.execute(text("insert into file_hashes values (:file, 1, 1, 'h')"), row)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with ledger.reading() as connection:
        assert connection.execute(text("select count(*) from file_hashes")).scalar() == 80


def test_a_reader_sees_the_state_from_before_a_transaction_until_it_ends(ledger: Ledger) -> None:
    with ledger.transaction() as writing:
        writing.execute(text("insert into file_hashes values ('a', 1, 1, 'h')"))
        with ledger.reading() as connection:
            assert connection.execute(text("select count(*) from file_hashes")).scalar() == 0


def test_instants_come_back_in_utc_to_the_microsecond(ledger: Ledger) -> None:
    there = datetime(2026, 6, 1, 14, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    ledger.save_fingerprint("refresh", "abc", run_id="r1", as_of=there)
    with ledger.reading() as connection:
        row = connection.execute(select(bulk.table_of(RunFingerprint))).one()
    assert row.as_of == datetime(2026, 6, 1, 12, 0, 0, 123456, tzinfo=UTC)
    assert ledger.fingerprint("refresh") == "abc"
    assert ledger.fingerprint("other") is None


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        to_micros(datetime(2026, 6, 1))  # noqa: DTZ001


def test_a_lock_is_held_once_across_threads_and_given_back(ledger: Ledger) -> None:
    with ledger.exclusive("deliver x"):
        assert ledger.is_held("deliver x")
        assert not ledger.is_held("deliver y")
        with pytest.raises(LedgerBusyError), ledger.exclusive("deliver x"):
            pass
    assert not ledger.is_held("deliver x")


def test_a_lock_ends_with_the_process_that_held_it(url: str) -> None:
    code = (
        "import sys, time; from cdp_assets.ledger import Ledger\n"
        f"ledger = Ledger.open({url!r})\n"
        "with ledger.exclusive('deliver x'):\n    print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    with Ledger.open(url) as ledger:
        assert ledger.is_held("deliver x")
        process.kill()
        process.wait()
        started = time.monotonic()
        with ledger.exclusive("deliver x", wait=5):
            assert time.monotonic() - started < 5


def test_many_rows_travel_as_arrow_with_their_types(ledger: Ledger) -> None:
    rows = pa.table(
        {
            "name": ["a", "b"],
            "value": ["1", "2"],
            "run_id": ["r", "r"],
            "as_of": pa.array([NOON, NOON], pa.timestamp("us", tz="UTC")),
        }
    )
    with ledger.transaction() as connection:
        bulk.insert(connection, RunFingerprint, rows)
        bulk.upsert(connection, RunFingerprint, rows.set_column(1, "value", [["3", "4"]]), keep=["as_of"])
        bulk.insert_new(connection, RunFingerprint, rows)
    with ledger.reading() as connection:
        back = bulk.read(connection, select(bulk.table_of(RunFingerprint)))
    assert back.to_pylist() == [
        {"name": "a", "value": "3", "run_id": "r", "as_of": NOON},
        {"name": "b", "value": "4", "run_id": "r", "as_of": NOON},
    ]
    assert back.schema == rows.schema
    with pytest.raises(IntegrityError), ledger.transaction() as connection:
        bulk.insert(connection, RunFingerprint, rows)


def test_an_empty_result_is_typed(ledger: Ledger) -> None:
    with ledger.reading() as connection:
        empty = bulk.read(connection, select(bulk.table_of(RunFingerprint)))
    assert empty.num_rows == 0
    assert empty.schema.field("as_of").type == pa.timestamp("us", tz="UTC")


def test_the_deliverer_looks_at_open_rows_only(ledger: Ledger) -> None:
    """However many rows are settled: without the index on open ones, every look would pass over all of them."""
    if ledger.url.get_backend_name() != "sqlite":
        pytest.skip("query plans are the database's own")
    plans = []

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "FROM outbox" in statement:
            cursor.execute(f"explain query plan {statement}", parameters)
            plans.append(" ".join(row[3] for row in cursor.fetchall()))

    with ledger.reading() as connection:
        event.listen(ledger.engine, "before_cursor_execute", explain)
        outbox.next_rows(connection, "welcome", NOON)
        outbox.due(connection, NOON)
        outbox.next_due_at(connection, "welcome", NOON)
        history.open_contact_points(connection)
    assert len(plans) == 4
    assert all("INDEX outbox_open" in plan for plan in plans)
