"""What the readers' copy still says of earlier runs, where the warehouse was lost.

Nearly everything in the warehouse is made anew of landing files and ledger. What runs found when, as their logs tell
it, is neither here nor there: the readers' copy remembers it.

Belongs here: taking tables from the copy. Does not belong here: which tables are a history (the stages say).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import ibis
import ibis.expr.types as ir

from cdp_assets.warehouse.changes import in_schema
from cdp_assets.warehouse.engine import Engine
from cdp_assets.warehouse.serving import Reader


def recalled(
    stage: str, tables: Mapping[str, ir.Table], log: str, served: Path, as_of: datetime, engine: Engine
) -> Mapping[str, ir.Table] | None:
    """Tables of a stage as they were served last.

    Args:
        stage: The stage.
        tables: As they should look, by name.
        log: One of them, which tells in ``as_of`` of what runs it speaks.
        served: The readers' copy, which need not be there.
        as_of: The run's instant: what was said as of a later one does not count.
        engine: Holds what is recalled.

    Returns:
        None where the copy has not all of them, or has nothing to say.
    """
    if not served.exists():
        return None
    with Reader(served) as reader:
        if not {(stage, name) for name in tables} <= reader.tables():
            return None
        said = reader.one(f"SELECT max(as_of) AS last FROM {stage}.{log}")
        if said is None or said["last"] is None or said["last"] > as_of:
            return None
        return {name: _copied(reader, f'{stage}."{name}"', table.schema(), engine) for name, table in tables.items()}


def _copied(reader: Reader, table: str, schema: ibis.Schema, engine: Engine) -> ir.Table:
    rows = reader.batches(f"SELECT * FROM {table}")
    there = ibis.schema({column: dtype for column, dtype in schema.items() if column in rows.schema.names})
    return in_schema(engine.from_arrow(rows, there), schema)
