"""What earlier runs said of who was in which segment, also where the warehouse was lost.

Belongs here: which tables are the history. Does not belong here: where it is taken from (`warehouse/recalling.py`), and
what is made of it (`membership.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import ibis.expr.types as ir

from cdp_assets.segments.schemas import MEMBERSHIP_CHANGES, MEMBERSHIPS, SEGMENT_SIZES
from cdp_assets.warehouse import recalling
from cdp_assets.warehouse.engine import Engine, has_rows

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
    if is_known(previous, engine):
        return previous
    return recalling.recalled(_STAGE, previous, SEGMENT_SIZES.name, served, as_of, engine) or previous
