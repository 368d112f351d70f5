"""A copy of the ledger to rehearse on: complete, consistent, and without a trace in the original.

Belongs here: copying from whatever database to a SQLite file. Does not belong here: what is done with the copy
(`plan/`).
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import BigInteger, Connection, create_engine, select, type_coerce
from sqlalchemy.engine import URL, make_url

from cdp_assets.ledger import migrations
from cdp_assets.ledger.ledger import Ledger
from cdp_assets.ledger.models import Base, Instant

_CHUNK = 20_000


class LedgerOutdatedError(RuntimeError):
    """The ledger's tables are those of another version."""


def copy_ledger(url: str | URL, target: Path) -> Ledger:
    """Copy the ledger behind ``url`` into the SQLite file ``target``, and open the copy, brought up to date.

    Writers may go on meanwhile: the copy is of one instant. A SQLite ledger that does not exist gives an empty copy.

    Raises:
        LedgerOutdatedError: if a ledger on a server has not been migrated yet.
    """
    url = make_url(url)
    if url.get_backend_name() == "sqlite":
        source = Path(url.database or "")
        if source.exists():
            _back_up(source, target)
        return Ledger.open(f"sqlite:///{target}")
    copy = Ledger.open(f"sqlite:///{target}")
    server = create_engine(url).execution_options(isolation_level="REPEATABLE READ")
    try:
        with server.connect() as reading, copy.transaction() as writing:
            if not migrations.is_current(reading):
                raise LedgerOutdatedError(
                    "the ledger's tables are of another version; `cdp run` brings them up to date"
                )
            copy_rows(reading, writing)
    finally:
        server.dispose()
    return copy


def copy_rows(source: Connection, target: Connection) -> None:
    """Copy all rows of all tables, a portion at a time, into tables that are empty.

    Args:
        source: Of a reading transaction.
        target: Of a writing transaction, on a SQLite ledger of the same version.
    """
    for table in Base.metadata.sorted_tables:
        # As they are stored: neither side needs instants as Python's objects.
        columns = [
            type_coerce(column, BigInteger).label(column.name) if isinstance(column.type, Instant) else column
            for column in table.columns
        ]
        compiled = table.insert().compile(dialect=target.dialect, column_keys=list(table.columns.keys()))
        with source.execution_options(stream_results=True).execute(select(*columns)) as found:
            for rows in found.partitions(_CHUNK):
                target.exec_driver_sql(str(compiled), [tuple(row) for row in rows])


def _back_up(source: Path, target: Path) -> None:
    # Not mode=ro: a reader that may not write leaves the files of the write-ahead log lying about.
    with (
        closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=rw", uri=True, timeout=60)) as reading,
        closing(sqlite3.connect(target)) as writing,
    ):
        reading.backup(writing)
