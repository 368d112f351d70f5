"""The serving snapshot as Ibis tables, for what is computed by the stages' own functions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cdp_assets.damage import damage_told
from cdp_assets.warehouse.serving import REMEDY, NothingServed

if TYPE_CHECKING:
    from collections.abc import Callable

    import ibis.expr.types as ir


@contextmanager
def snapshot_tables(file: Path) -> Iterator[Callable[[str, str], ir.Table]]:
    """Attach a snapshot read-only; gives a table by stage and name.

    Raises:
        NothingServed: if there is no snapshot yet, or one without the table that is asked for.
        DamagedFile: if it is none.
    """
    import ibis

    if not file.exists():
        raise NothingServed(f"{file} does not exist yet: no refresh has succeeded. Run `cdp run`.")
    connection = ibis.duckdb.connect()
    with damage_told(file, REMEDY):
        connection.attach(file, name="serving", read_only=True)

    def table(stage: str, name: str) -> ir.Table:
        try:
            found: ir.Table = connection.table(name, database=("serving", stage))
        except ibis.common.exceptions.TableNotFound as error:
            raise NothingServed(
                f"the last run did not publish {stage}.{name}: it was an older version's. Run `cdp run`."
            ) from error
        return found

    try:
        yield table
    finally:
        connection.disconnect()
