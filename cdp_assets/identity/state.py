"""What a run leaves behind for the next one, so that it need not compute everything again.

Belongs here: reading the stage's own tables as last published, and whether they can be built upon. Does not belong
here: what changed since (`delta.py`), and profile ids (`ids.py`), which are state of another kind: the ledger's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from cdp_assets.identity import schemas
from cdp_assets.identity.evidence import Types
from cdp_assets.identity.spec import IdentityRules
from cdp_assets.warehouse.operations import quick_hash

if TYPE_CHECKING:
    from cdp_assets.identity.stewardship import Stewardship
    from cdp_assets.warehouse.engine import Engine

_EDITION = 23
"""Goes up when the same evidence gives other results: what earlier runs left behind then counts for nothing."""


_PROBE = ibis.memtable({"text": ["what hashes are kept of"]})
"""Hashed, it tells whether an engine still hashes as it did."""


@dataclass(frozen=True)
class Standing:
    """In one row, what the stage's tables were made with.

    Args:
        version: `version_of` the rules and types.
        revision: Of the profile ids when they were published.
        components, rebuilt: How many components of records of people there are, and how many took the slow path.
    """

    version: str
    revision: str
    components: int
    rebuilt: int

    def table(self, engine: Engine) -> ir.Table:
        """As `schemas.RESOLUTION_STATE`."""
        import pyarrow as pa

        schema = schemas.RESOLUTION_STATE.ibis_schema
        row = {name: getattr(self, name) for name in schema.names}
        return engine.from_arrow(pa.Table.from_pylist([row], schema.to_pyarrow()), schema)


@dataclass(frozen=True)
class State:
    """The stage's tables as last published; see `schemas`."""

    observations: ir.Table
    components: ir.Table
    faces: ir.Table
    undecided: ir.Table
    digests: ir.Table
    renamed: ir.Table
    links: ir.Table
    rejected_links: ir.Table
    profile_map: ir.Table
    standing: Standing


def version_of(
    rules: IdentityRules, types: Types, said: Stewardship, key: str, engine: Engine, *, compared: bool
) -> str:
    """A text that is another one when equal evidence may give other results.

    Stewards' words about identifier types and sources are in it; those about records need not be: whom they name is
    looked at again in every run.

    Args:
        rules, types, said, key, engine: What the tables are made with.
        compared: Whether likeness compares anybody (`linkage.link.compares`).
    """
    told = [
        _EDITION, engine.name, sorted(rules.identifiers.items()), sorted(rules.placeholders), rules.largest_rebuild,
        hashlib.sha256(key.encode()).hexdigest(), types.rows.to_pylist(), sorted(said.types), sorted(said.sources),
        rules.linkage if compared else None, engine.to_arrow(_PROBE.select(hash=quick_hash(_PROBE.text))).to_pylist(),
    ]  # fmt: skip
    return hashlib.sha256(repr(told).encode()).hexdigest()[:32]


def last_state(previous: Mapping[str, ir.Table], version: str, engine: Engine) -> State | None:
    """What the last run left; None if there was none, or rules, types or code are not what they were.

    Args:
        previous: The stage's tables as last published; where some are missing, there is no state.
        version: Of this run.
        engine: Computes.
    """
    if any(schema.name not in previous for schema in schemas.TABLES):
        return None
    rows = engine.to_arrow(previous[schemas.RESOLUTION_STATE.name]).to_pylist()
    if len(rows) != 1 or rows[0]["version"] != version:
        return None
    return State(
        observations=previous[schemas.OBSERVATIONS.name],
        components=previous[schemas.COMPONENTS.name],
        faces=previous[schemas.FACES.name],
        undecided=previous[schemas.UNDECIDED.name],
        digests=previous[schemas.DIGESTS.name],
        renamed=previous[schemas.RENAMED_IDENTIFIERS.name],
        links=previous[schemas.LINKS.name],
        rejected_links=previous[schemas.REJECTED_LINKS.name],
        profile_map=previous[schemas.PROFILE_MAP.name],
        standing=Standing(**rows[0]),
    )
