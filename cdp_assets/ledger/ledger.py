"""Opening the ledger, its transactions, and locks that end with their process.

Belongs here: connections and what makes them safe on each database. Does not belong here: any table
(`models.py`) or query (the module of each concern).
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from cdp_assets.damage import UnusableLedger, damage_told
from cdp_assets.ledger import fingerprints, migrations

_BUSY_SECONDS = 120
"""How long a writer waits for another one: the longest transaction is a first activation of a large segment."""

_MIGRATION_LOCK = "migrations"


class LedgerBusyError(RuntimeError):
    """Another process holds the lock that was asked for."""


_REMEDY = "put the last copy of it in its place; without it profile ids and what each destination was told are lost"


class Ledger:
    """The operational store behind one SQLAlchemy URL. Threads may share it.

    Use `Ledger.open`, which also brings its tables up to date.
    """

    def __init__(self, url: str | URL, *, existing: bool = False) -> None:
        self.url = make_url(url)
        self._sqlite = self.url.get_backend_name() == "sqlite"
        if self._sqlite:
            if not self.url.database or self.url.database == ":memory:":
                raise UnusableLedger(
                    "the ledger outlives its process: give SQLite a file, e.g. sqlite:////tmp/ledger.sqlite"
                )
            if existing and not Path(self.url.database).exists():
                raise UnusableLedger(f"{self.url.database} does not exist yet: nothing has run. Run `cdp run`.")
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        self.engine = _sqlite_engine(self.url) if self._sqlite else create_engine(self.url, pool_pre_ping=True)
        self._held: set[str] = set()
        self._guard = threading.Lock()

    @classmethod
    def open(cls, url: str | URL, *, existing: bool = False) -> Ledger:
        """Connect to ``url`` and apply the migrations it lacks; safe if several processes start at once.

        Args:
            url: Of the database.
            existing: Whether it has to be there: whoever only asks makes no file.

        Raises:
            DamagedFile: if the file is no ledger.
            UnusableLedger: if there is no such database, or none that answers.
        """
        try:
            ledger = cls(url, existing=existing)
        except UnusableLedger:
            raise
        except (ArgumentError, ImportError, ValueError) as error:
            # What stands where a port is to be may be half a password.
            reason = "its port is no number" if isinstance(error, ValueError) else error
            raise UnusableLedger(
                f"CDP_LEDGER is the URL of no database that can be used ({reason}); write sqlite:////… or "
                "postgresql+psycopg://…"
            ) from None
        with (
            _answering(ledger.url),
            damage_told(ledger.url.database or "", _REMEDY),
            ledger.engine.connect() as connection,
        ):
            current = migrations.is_current(connection)
        if not current:
            with ledger.exclusive(_MIGRATION_LOCK, wait=_BUSY_SECONDS), ledger.transaction() as connection:
                migrations.upgrade(connection)
        return ledger

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction that writes: commits at the end, rolls back on an exception.

        On SQLite it takes the write lock at its start, so that it never fails halfway for want of it. Keep it short:
        prepare outside, write inside. PostgreSQL lets several write at once; who needs to be alone takes `exclusive`.
        """
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent view that writes nothing and waits for nobody."""
        with self.engine.connect().execution_options(ledger_read_only=True) as connection:
            yield connection

    @contextmanager
    def exclusive(self, name: str, wait: float = 0.0) -> Iterator[None]:
        """Hold the lock called ``name``; it ends with the block or the process, however that dies.

        Args:
            name: What is locked, across threads and processes (on PostgreSQL across machines).
            wait: Seconds to wait for another holder.

        Raises:
            LedgerBusyError: if it is still held after that.
        """
        deadline = time.monotonic() + wait
        with ExitStack() as stack:
            while not self._claim(name):
                if time.monotonic() >= deadline:
                    raise LedgerBusyError(f"{name} is held by another thread")
                time.sleep(0.05)
            stack.callback(self._release, name)
            remaining = max(0.0, deadline - time.monotonic())
            stack.enter_context(
                self._file_lock(name, remaining) if self._sqlite else self._advisory_lock(name, remaining)
            )
            yield

    def is_held(self, name: str) -> bool:
        """Whether anyone holds the lock called ``name`` at this moment."""
        try:
            with self.exclusive(name):
                return False
        except LedgerBusyError:
            return True

    def fingerprint(self, name: str) -> str | None:
        """What the last successful run of ``name`` ran on; null if there was none."""
        with self.reading() as connection:
            found = fingerprints.last(connection, name)
        return None if found is None else found.value

    def save_fingerprint(self, name: str, value: str, *, run_id: str, as_of: datetime) -> None:
        """Remember what a run of ``name`` ran on."""
        with self.transaction() as connection:
            fingerprints.remember(connection, fingerprints.Fingerprint(name, value, run_id, as_of))

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def _claim(self, name: str) -> bool:
        with self._guard:
            if name in self._held:
                return False
            self._held.add(name)
            return True

    def _release(self, name: str) -> None:
        with self._guard:
            self._held.discard(name)

    @contextmanager
    def _file_lock(self, name: str, wait: float) -> Iterator[None]:
        folder = Path(f"{self.url.database}.locks")
        folder.mkdir(exist_ok=True)
        try:
            with FileLock(folder / f"{_digest(name):x}.lock", timeout=wait):
                yield
        except Timeout as error:
            raise LedgerBusyError(f"{name} is held by another process") from error

    @contextmanager
    def _advisory_lock(self, name: str, wait: float) -> Iterator[None]:
        deadline = time.monotonic() + wait
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            key = {"key": _digest(name)}
            while not connection.execute(text("select pg_try_advisory_lock(:key)"), key).scalar_one():
                if time.monotonic() >= deadline:
                    raise LedgerBusyError(f"{name} is held by another process")
                time.sleep(0.05)
            try:
                yield
            finally:
                connection.execute(text("select pg_advisory_unlock(:key)"), key)


@contextmanager
def _answering(url: URL) -> Iterator[None]:
    """Have a database that does not let us in say where it is, and why, without any password.

    Raises:
        UnusableLedger: if it does not.
    """
    try:
        yield
    except OperationalError as error:
        reason = str(error.orig).strip().partition("\n")[0]
        if url.get_backend_name() == "sqlite":
            raise UnusableLedger(f"CDP_LEDGER: {url.database} cannot be opened ({reason}); look whose it is") from None
        host, port = url.host or url.query.get("host") or "localhost", f":{url.port}" if url.port else ""
        if url.password:
            reason = reason.replace(str(url.password), "***")
        raise UnusableLedger(
            f"CDP_LEDGER: nobody answers at {host}{port} ({reason}); look whether the database runs there, and lets "
            f"{url.username or 'whoever runs this'} in"
        ) from None


def _digest(name: str) -> int:
    """A positive 63-bit number for a lock's name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> 1


def _sqlite_engine(url: URL) -> Engine:
    """An engine whose transactions begin where SQLAlchemy says, as writers unless they only read."""
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver's own BEGIN is deferred, and fails under contention
        connection.execute("pragma foreign_keys = on")
        connection.execute("pragma synchronous = full")
        if connection.execute("pragma journal_mode").fetchone()[0] != "wal":
            _switch_to_wal(connection)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        read_only = connection.get_execution_options().get("ledger_read_only", False)
        connection.exec_driver_sql("begin" if read_only else "begin immediate")

    return engine


def _switch_to_wal(connection: Any) -> None:
    """Set write-ahead logging, which the busy timeout does not cover when two processes try at once."""
    import sqlite3

    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("pragma journal_mode = wal")
            return
        except sqlite3.OperationalError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.02)
