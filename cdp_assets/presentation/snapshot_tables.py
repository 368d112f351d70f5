"""The serving snapshot as Ibis tables, for what is computed by the stages' own functions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cdp_assets.warehouse.serving import NothingServed

if TYPE_CHECKING:
    from collections.abc import Callable

    import ibis.expr.types as ir


@contextmanager
def snapshot_tables(file: Path) -> Iterator[Callable[[str, str], ir.Table]]:
    """Attach a snapshot read-only; gives a table by stage and name.

    Raises:
        NothingServed: if there is no snapshot yet.
    """
    import ibis

    if not file.exists():
        raise NothingServed(f"{file} does not exist yet: no refresh has succeeded. Run `cdp run` (or `make demo`).")
    connection = ibis.duckdb.connect()
    connection.attach(file, name="serving", read_only=True)
    try:
        yield lambda stage, name: connection.table(name, database=("serving", stage))
    finally:
        connection.disconnect()
