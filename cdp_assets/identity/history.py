"""What earlier runs said of who was who, also where the warehouse was lost.

Belongs here: which tables are the history. Does not belong here: where it is taken from (`warehouse/recalling.py`), and
what is made of it (`changes.py`, `health.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import ibis.expr.types as ir

from cdp_assets.identity.schemas import HEALTH, PROFILE_CHANGES, PROFILE_MAP, STAGE, STEWARD_WORDS
from cdp_assets.warehouse import recalling
from cdp_assets.warehouse.engine import Engine, has_rows

_LOG = PROFILE_CHANGES.name


def recalled(previous: Mapping[str, ir.Table], served: Path, as_of: datetime, engine: Engine) -> dict[str, ir.Table]:
    """The stage's tables as last published; where the warehouse has no log, it and what it goes on from are those of
    the readers' copy.

    Args:
        previous: The tables as the warehouse has them.
        served: The readers' copy, which need not be there.
        as_of: The run's instant: what was said as of a later one does not count.
        engine: Holds what is recalled.
    """
    if has_rows(previous[_LOG], engine):
        return dict(previous)
    tables = {name: previous[name] for name in (PROFILE_MAP.name, _LOG, STEWARD_WORDS.name)}
    return {**previous, **(recalling.recalled(STAGE, tables, _LOG, served, as_of, engine) or {})}


def recalled_figures(previous: ir.Table, served: Path, as_of: datetime, engine: Engine) -> ir.Table:
    """`schemas.HEALTH` likewise."""
    if has_rows(previous, engine):
        return previous
    found = recalling.recalled(STAGE, {HEALTH.name: previous}, HEALTH.name, served, as_of, engine)
    return previous if found is None else found[HEALTH.name]
