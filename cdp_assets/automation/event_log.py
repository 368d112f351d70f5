"""Dagster's event log in SQLite, with connections that are kept.

Dagster's own class makes an engine and a connection for each event, syncs the disk for each of its two to five
transactions, and empties the write-ahead log whenever a connection closes: some 20 ms an event. A run tells of every
asset and every check, so with a thousand segments most of its time goes into telling. Here connections stay open, and
the disk is synced when the write-ahead log is emptied: after a power failure the last events of a run may be missing,
the files are whole. Everything else is Dagster's, and so are the files: either class reads what the other wrote.

Belongs here: how events are kept. Does not belong here: any of our own tables (the ledger syncs every transaction).
"""

from __future__ import annotations

import os
import tempfile
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.pool import StaticPool

from cdp_assets.automation.instance_home import AtHome

_ITS_REVISION = text("SELECT version_num FROM alembic_version")
_OPEN_AT_MOST = 8
"""Shards: one for each run that is looked at, and the index over all of them."""


class EventLog(AtHome, SqliteEventLogStorage):
    """`SqliteEventLogStorage` in ``history/runs`` below a folder (Dagster's own place), at a twentieth of the cost."""

    place = "history/runs"

    _empty: ClassVar[bytes | None] = None
    """A shard without events, if `prepare` has made one."""
    _revision: ClassVar[str | None] = None
    """The version of its tables."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        self._found_tables: set[str] = set()
        super().__init__(base_dir, inst_data)

    @classmethod
    def prepare(cls) -> None:
        """Make the shard with which the next runs of this process begin; without it, each makes its own, slowly."""
        with tempfile.TemporaryDirectory() as folder:
            log = cls(folder)
            with log.run_connection("empty") as connection:
                cls._revision = connection.scalar(_ITS_REVISION)
            log.dispose()
            cls._empty = Path(log.path_for_shard("empty")).read_bytes()

    def _initdb(self, engine: Engine, for_index_shard: bool = False) -> None:
        """Make the tables of a shard, or know that they are there: Dagster's own way to ask takes 20 ms."""
        if self._revision is not None and for_index_shard and inspect(engine).has_table("alembic_version"):
            with engine.connect() as connection:
                if connection.scalar(_ITS_REVISION) == self._revision:
                    return
        super()._initdb(engine, for_index_shard)

    def _begun(self, shard: str) -> bool:
        """Make the shard of a run that has none yet out of what was prepared; whether that was possible."""
        file = Path(self.path_for_shard(shard))
        if self._empty is None or shard == INDEX_SHARD_NAME or file.exists():
            return False
        whole = file.with_suffix(f".{os.getpid()}")
        whole.write_bytes(self._empty)
        try:
            os.link(whole, file)
        except OSError:
            return False  # another process has begun it, or the folder knows no links: then as Dagster does it
        finally:
            whole.unlink()
        return True

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                if not self._begun(shard):
                    self._initdb(engine, for_index_shard=shard == INDEX_SHARD_NAME)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                yield connection

    def _engine(self, shard: str) -> Engine:
        if shard not in self._engines:
            for other in [name for name in self._engines if name != INDEX_SHARD_NAME][: -(_OPEN_AT_MOST - 2) or None]:
                self._engines.pop(other).dispose()
            self._engines[shard] = _engine_of(self.conn_string_for_shard(shard))
        self._engines.move_to_end(shard)
        return self._engines[shard]

    def has_table(self, table_name: str) -> bool:
        """Whether the index has a table; asked for each event, and tables do not go."""
        if table_name not in self._found_tables and super().has_table(table_name):
            self._found_tables.add(table_name)
        return table_name in self._found_tables

    def wipe(self) -> None:
        self._close()
        super().wipe()

    def dispose(self) -> None:
        super().dispose()
        self._close()

    def _close(self) -> None:
        with self._db_lock:
            while self._engines:
                self._engines.popitem()[1].dispose()


def _engine_of(address: str) -> Engine:
    engine = create_engine(
        address,
        poolclass=StaticPool,
        # The lock sees to it that only one thread at a time has the connection.
        connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _sync_with_the_log(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA synchronous = NORMAL")

    return engine
