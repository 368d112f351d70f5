"""Refused rows under the definitions as they are now: which a changed mapping or contract would accept.

Belongs here: looking at the refused rows alone. Does not belong here: taking them in, which the next run does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cdp_assets.canonical.schema import Column, TableSchema
from cdp_assets.normalised.accounting import refused_of
from cdp_assets.normalised.stream_rows import stream_rows
from cdp_assets.sources.raw_table import bring_up_to_date
from cdp_assets.sources.schemas import LOAD_MANIFEST, SOURCE_ROW
from cdp_assets.sources.spec import SourceSpec, StreamSpec, stream_table
from cdp_assets.warehouse.engine import empty

if TYPE_CHECKING:
    import pyarrow as pa

    from cdp_assets.warehouse.engine import Engine


@dataclass(frozen=True)
class Retried:
    """What became of a stream's refused rows.

    Args:
        source: The source.
        stream: The stream.
        rows: How many were refused.
        mended: How many would be accepted now.
        reasons: Why the others would not: reason and column → how many.
    """

    source: str
    stream: str
    rows: int
    mended: int
    reasons: dict[tuple[str, str | None], int]


def retried(
    source: SourceSpec, stream: StreamSpec, refused: pa.Table, *, engine: Engine, as_of: datetime, hash_key: str
) -> Retried:
    """Type refused rows again.

    Args:
        source: The source, as defined now.
        stream: Its stream, as defined now.
        refused: Their rows of the raw table, under the contract that it had then.
        engine: An engine of its own, in memory: nothing of the warehouse is touched.
        as_of: The run's instant, UTC.
        hash_key: Key of the record ids.
    """
    name = stream_table(source, stream)
    then = TableSchema(name, "", tuple(_column(field) for field in refused.schema.names))
    engine.stage_table("sources", then, engine.from_arrow(refused, then.ibis_schema))
    engine.publish([("sources", name)])
    bring_up_to_date(engine, "sources", source, stream)
    manifest = empty(LOAD_MANIFEST.ibis_schema, engine)
    raw = engine.table("sources", name)
    typed = engine.scratch(stream_rows(raw, manifest, source, stream, engine=engine, as_of=as_of, hash_key=hash_key))
    still = refused_of(source, stream, typed, engine)
    counted = still.group_by(reason=still.cdp_reason, column=still.cdp_column).aggregate(rows=still.count())
    reasons = {(row["reason"], row["column"]): row["rows"] for row in engine.to_arrow(counted).to_pylist()}
    return Retried(source.name, stream.name, refused.num_rows, refused.num_rows - sum(reasons.values()), reasons)


def _column(name: str) -> Column:
    return SOURCE_ROW if name == SOURCE_ROW.name else Column(name, "string", "")
