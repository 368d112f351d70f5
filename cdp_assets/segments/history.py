"""What earlier runs said of who was in which segment, also where the warehouse was lost.

Everything else in the warehouse is made anew of landing files and ledger. When a membership began and ended is neither
here nor there: the readers' copy remembers it.

Belongs here: where the history is taken from. Does not belong here: what is made of it (`membership.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import ibis
import ibis.expr.types as ir

from cdp_assets.segments.schemas import MEMBERSHIP_CHANGES, MEMBERSHIPS, SEGMENT_SIZES
from cdp_assets.warehouse.changes import in_schema
from cdp_assets.warehouse.engine import Engine, has_rows
from cdp_assets.warehouse.serving import Reader

_STAGE = "segments"
_HISTORY = (MEMBERSHIPS.name, MEMBERSHIP_CHANGES.name, SEGMENT_SIZES.name)


def is_known(previous: Mapping[str, ir.Table], engine: Engine) -> bool:
    """Whether some run has said something: there is something to compare with, and not everybody enters."""
    return any(has_rows(previous[name], engine) for name in _HISTORY)


def recalled(previous: Mapping[str, ir.Table], served: Path, as_of: datetime, engine: Engine) -> Mapping[str, ir.Table]:
    """The tables as last published; where the warehouse has no history, that of the readers' copy.

    Args:
        previous: The tables as the warehouse has them.
        served: The readers' copy, which need not be there.
        as_of: The run's instant: what was said as of a later one does not count.
        engine: Holds what is recalled.
    """
    if is_known(previous, engine) or not served.exists():
        return previous
    with Reader(served) as reader:
        if not {(_STAGE, name) for name in previous} <= reader.tables():
            return previous
        said = reader.one(f"SELECT max(as_of) AS last FROM {_STAGE}.{SEGMENT_SIZES.name}")
        if said is None or said["last"] is None or said["last"] > as_of:
            return previous
        return {name: _copied(reader, name, table.schema(), engine) for name, table in previous.items()}


def _copied(reader: Reader, name: str, schema: ibis.Schema, engine: Engine) -> ir.Table:
    rows = reader.batches(f'SELECT * FROM {_STAGE}."{name}"')
    there = ibis.schema({column: dtype for column, dtype in schema.items() if column in rows.schema.names})
    return in_schema(engine.from_arrow(rows, there), schema)
