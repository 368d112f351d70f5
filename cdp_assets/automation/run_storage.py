"""Dagster's record of runs in SQLite, with connections that are kept.

Dagster's own class makes an engine and a connection each time it is asked, and each step asks whether its run is to go
on. Everything else is Dagster's, and so is the file.

Belongs here: how runs are kept. Does not belong here: their events (`event_log.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dagster._core.storage.runs import SqliteRunStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, create_engine

from cdp_assets.automation.instance_home import AtHome


class RunStorage(AtHome, SqliteRunStorage):
    """`SqliteRunStorage` in ``history`` below the instance's folder, which is Dagster's own place."""

    place = "history"

    def __init__(self, conn_string: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engine = create_engine(
            conn_string, connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False}
        )
        super().__init__(conn_string, inst_data)

    @classmethod
    def at(cls, folder: str, inst_data: ConfigurableClassData | None) -> RunStorage:
        return cls.from_local(folder, inst_data)

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        with self._engine.begin() as connection:
            yield connection

    def dispose(self) -> None:
        super().dispose()
        self._engine.dispose()
