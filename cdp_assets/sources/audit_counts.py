"""What the audit counts of a stream, brought forward by the deliveries that have come since it was last counted.

Belongs here: how well columns are filled, and what time a stream spans. Does not belong here: what sources have in
common (`audit.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import ibis
import ibis.expr.types as ir

from cdp_assets.canonical.schema import INSTANT
from cdp_assets.sources.contract import typed
from cdp_assets.sources.spec import StreamSpec
from cdp_assets.warehouse.engine import Engine, Fingerprint


@dataclass(frozen=True)
class Counts:
    """What was counted of a raw table.

    Args:
        version: Of the table; empty if nobody knows.
        as_of: The run's instant, UTC.
        loads: The deliveries in it.
        rows: Its rows.
        broken: How many could not be split into columns.
        filled: Rows where a column is not empty, by column of the contract.
        earliest: Earliest event time.
        latest: Latest event time up to ``as_of``; later ones are mistakes and not fresh.
        beyond: Whether there are later ones.
    """

    version: str
    as_of: datetime
    loads: tuple[str, ...]
    rows: int
    broken: int
    filled: tuple[int, ...]
    earliest: datetime | None = None
    latest: datetime | None = None
    beyond: bool = False

    def to_memory(self) -> dict[str, Any]:
        """In plain values."""
        times = {name: getattr(self, name) for name in ("as_of", "earliest", "latest")}
        told = {name: time.isoformat() if time is not None else None for name, time in times.items()}
        return {**self.__dict__, **told, "loads": list(self.loads), "filled": list(self.filled)}

    @classmethod
    def of(cls, memory: Mapping[str, Any]) -> Counts:
        """Read what `to_memory` wrote."""
        times = {name: memory[name] for name in ("as_of", "earliest", "latest")}
        told: dict[str, Any] = {name: datetime.fromisoformat(time) if time else None for name, time in times.items()}
        return cls(**{**memory, **told, "loads": tuple(memory["loads"]), "filled": tuple(memory["filled"])})

    def with_more(self, more: Counts) -> Counts:
        """Of the table that the rows of other deliveries were appended to."""
        return replace(
            more,
            loads=(*self.loads, *more.loads),
            rows=self.rows + more.rows,
            broken=self.broken + more.broken,
            filled=tuple(mine + other for mine, other in zip(self.filled, more.filled, strict=True)),
            earliest=min((time for time in (self.earliest, more.earliest) if time), default=None),
            latest=max((time for time in (self.latest, more.latest) if time), default=None),
        )


@dataclass(frozen=True)
class Arrived:
    """What came to a raw table last.

    Args:
        before: The table's version before it; empty if nobody knows.
        loads: Its deliveries.
        empty: Columns of the contract, as deliveries call them, of which nothing came.
    """

    before: str
    loads: tuple[str, ...]
    empty: tuple[str, ...] = ()


def counts_of(
    stream: StreamSpec,
    raw: ir.Table,
    engine: Engine,
    as_of: datetime,
    version: str = "",
    known: Counts | None = None,
    arrived: Arrived | None = None,
) -> Counts:
    """Count a stream's raw table.

    Args:
        stream: The stream.
        raw: Its raw table.
        engine: Counts.
        as_of: The run's instant, UTC.
        version: Of the table; empty if nobody knows.
        known: What was counted before. Only newer deliveries are counted if all else in the table is what it was, and
            no event time has to be looked at again since the run's instant has passed it.
        arrived: What came last. If that is all there is to be counted, nothing has to be read to know it.
    """
    if known is None or not version or not known.version or known.beyond or as_of < known.as_of:
        return _counted(stream, raw, engine, as_of, version)
    if version == known.version:
        return replace(known, as_of=as_of)
    if arrived is not None and arrived.before == known.version:
        return known.with_more(_counted(stream, raw, engine, as_of, version, arrived))
    new = raw.filter(~raw.load_id.isin(list(known.loads))) if known.loads else raw
    if Fingerprint(known.rows, known.version, 0).with_more(engine.fingerprint(new)).version != version:
        return _counted(stream, raw, engine, as_of, version)
    return known.with_more(_counted(stream, new, engine, as_of, version))


def _counted(
    stream: StreamSpec,
    raw: ir.Table,
    engine: Engine,
    as_of: datetime,
    version: str,
    arrived: Arrived | None = None,
) -> Counts:
    """Count rows: of what arrived, or all of them, whose loads then are told by them."""
    if arrived is None:
        loads = tuple(sorted(engine.to_arrow(raw.select("load_id").distinct())["load_id"].to_pylist()))
    else:
        loads, raw = arrived.loads, raw.filter(raw.load_id.isin(arrived.loads))
    filled = {
        f"filled_{place}": raw[column.name].nullif("").count()
        for place, column in enumerate(stream.columns)
        if arrived is None or column.address not in arrived.empty
    }
    # Together with the span of time it would be one statement, which takes longer to write than to run.
    [told] = engine.to_arrow(raw.aggregate(rows=raw.count(), broken=raw.parse_error.count(), **filled)).to_pylist()
    [span] = engine.to_arrow(_span(stream, raw, as_of)).to_pylist() if stream.event_time else [{}]
    return Counts(
        version=version,
        as_of=as_of,
        loads=loads,
        rows=told["rows"],
        broken=told["broken"],
        filled=tuple(told.get(f"filled_{place}", 0) for place in range(len(stream.columns))),
        earliest=span.get("earliest"),
        latest=span.get("latest"),
        beyond=bool(span.get("last") and span["last"] > as_of),
    )


def _span(stream: StreamSpec, raw: ir.Table, as_of: datetime) -> ir.Table:
    name = str(stream.event_time)
    time = typed(raw, stream, [name])[name].cast(INSTANT).name("time").as_table()
    known = ibis.ifelse(time.time <= ibis.literal(as_of, INSTANT), time.time, ibis.null(INSTANT))
    return time.aggregate(earliest=time.time.min(), latest=known.max(), last=time.time.max())
