"""Opening the warehouse file: one reference-counted connection a process, and patience when another process has it.

Belongs here: acquiring, waiting and releasing. Does not belong here: what is done with a connection.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from cdp_assets.damage import damage_told

_log = logging.getLogger(__name__)
_guard = threading.RLock()
_open: dict[Path, tuple[duckdb.DuckDBPyConnection, int]] = {}

WAIT_SECONDS = 900.0
"""How long to wait for another process that writes the warehouse."""


_REMEDY = "put a copy in its place, or move it away: the next run makes it anew (docs/operations.md, What to keep)"


class WarehouseBusy(RuntimeError):
    """Another process kept the warehouse file for longer than we were told to wait."""


def _holder(error: duckdb.IOException) -> str:
    found = re.search(r"PID (\d+)", str(error))
    return f"process {found.group(1)}" if found else "another process"


def _connect(
    file: Path, wait_seconds: float, config: dict[str, Any], waiting: Callable[[str], None]
) -> duckdb.DuckDBPyConnection:
    deadline = time.monotonic() + wait_seconds
    told = False
    while True:
        try:
            with damage_told(file, _REMEDY):
                return duckdb.connect(str(file), config=config)
        except duckdb.IOException as error:
            if "lock" not in str(error).lower():
                raise
            holder = _holder(error)
            if time.monotonic() >= deadline:
                raise WarehouseBusy(
                    f"{file.name} was in use by {holder} for {wait_seconds:.0f} s; "
                    "wait for that run to end and try again"
                ) from None
            if not told:
                waiting(f"waiting for {holder}, which is writing {file.name}")
                told = True
        time.sleep(0.3)


@contextmanager
def warehouse_connection(
    file: Path,
    *,
    wait_seconds: float = WAIT_SECONDS,
    config: dict[str, Any] | None = None,
    waiting: Callable[[str], None] = _log.info,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse file, or share the connection this process already has; closed when the last user leaves.

    Args:
        file: The DuckDB file; its folder is made if missing.
        wait_seconds: How long to wait for another process.
        config: DuckDB settings for a new connection.
        waiting: Told once when there is a wait.

    Raises:
        WarehouseBusy: if the wait was in vain.
        DamagedFile: if the file is no warehouse.
    """
    file = file.resolve()
    with _guard:
        if file in _open:
            connection, users = _open[file]
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            connection, users = _connect(file, wait_seconds, config or {}, waiting), 0
        _open[file] = (connection, users + 1)
    try:
        yield connection
    finally:
        with _guard:
            connection, users = _open[file]
            if users == 1:
                del _open[file]
                connection.close()
            else:
                _open[file] = (connection, users - 1)
