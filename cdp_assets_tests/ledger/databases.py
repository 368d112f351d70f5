"""Empty databases for tests: SQLite always; PostgreSQL too where ``CDP_TEST_POSTGRESQL`` names a server by its URL."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

_SERVER = os.environ.get("CDP_TEST_POSTGRESQL")

KINDS = ("sqlite", "postgresql") if _SERVER else ("sqlite",)


@contextmanager
def empty_database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of a database that is dropped afterwards."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'ledger.sqlite'}"
        return
    assert _SERVER is not None
    name = f"cdp_test_{uuid.uuid4().hex[:12]}"
    server = create_engine(_SERVER, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"create database {name}"))
    try:
        yield make_url(_SERVER).set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(text(f"drop database {name} with (force)"))
        server.dispose()
