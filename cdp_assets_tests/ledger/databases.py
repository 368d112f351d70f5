"""Empty databases for tests: SQLite, and PostgreSQL on a server of the tests' own or the one whose URL is in
``CDP_TEST_POSTGRESQL``."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from cdp_assets_tests.sources import servers

SERVER = os.environ.get("CDP_TEST_POSTGRESQL")

KINDS = ("sqlite", "postgresql")


@contextmanager
def postgresql() -> Iterator[str]:
    """The URL of a PostgreSQL server."""
    with nullcontext(SERVER) if SERVER else servers.postgresql() as url:
        yield url


@contextmanager
def empty_database(kind: str, folder: Path, server: Callable[[], str]) -> Iterator[str]:
    """The URL of a database that is dropped afterwards.

    Args:
        kind: One of `KINDS`.
        folder: Where a file may be.
        server: Gives the URL of a PostgreSQL server.
    """
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'ledger.sqlite'}"
        return
    place = server()
    name = f"cdp_test_{uuid.uuid4().hex[:12]}"
    engine = create_engine(place, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"create database {name}"))
    try:
        yield make_url(place).set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"drop database {name} with (force)"))
        engine.dispose()
