"""A stream's typed rows follow its raw rows: only what news touches is typed and judged again.

Belongs here: which rows those are. Does not belong here: typing and judging (`stream_rows.py`).

Each row bears the revision that wrote it (`cdp_revision`), so that the tables made of it can tell what is new to them
(`Revisions`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import ibis
import ibis.expr.types as ir

from cdp_assets.normalised.dispositions import ROW
from cdp_assets.normalised.faults import IN_THE_FUTURE
from cdp_assets.normalised.stream_rows import key_of_raw
from cdp_assets.sources.spec import StreamSpec
from cdp_assets.warehouse.built import Built, Patch, Stands
from cdp_assets.warehouse.engine import Engine, row_count
from cdp_assets.warehouse.operations import quick_hash
from cdp_assets.warehouse.stacking import patched

REVISION = "cdp_revision"

_FEW = 0.3
"""Beyond this share of rows to be judged again, all of them are: that is simpler, and no slower."""

Typed = Callable[[ir.Table], ir.Table]
"""Types and judges raw rows, given all rows of the keys among them."""


@dataclass(frozen=True)
class Known:
    """What is remembered of a stream's typed rows.

    Args:
        built: The run that last wrote all of them.
        revision: How often they have been changed since.
        as_of: The instant that they were last judged at, ISO 8601.
        mixed: The last revision that wrote rows that had been there before; all others since wrote new ones only.
    """

    built: str
    revision: int
    as_of: str
    mixed: int = 0

    @classmethod
    def of(cls, memory: Mapping[str, Any]) -> Known | None:
        """What was remembered, if anything was."""
        return cls(**memory) if memory else None

    def to_memory(self) -> dict[str, Any]:
        """To be remembered."""
        return asdict(self)


def updated_rows(
    raw: ir.Table,
    previous: ir.Table,
    memory: Mapping[str, Any],
    stream: StreamSpec,
    typed: Typed,
    *,
    engine: Engine,
    as_of: datetime,
    run_id: str,
) -> Built | Stands:
    """A stream's typed rows, from those of the last run and what has come since.

    Args:
        raw: The stream's raw table.
        previous: Its typed rows as last published.
        memory: What was remembered with them; empty if they have to be made anew.
        stream: The stream.
        typed: Makes typed rows of raw ones, with all columns but the revision.
        engine: Counts, and holds intermediate results.
        as_of: The run's instant, UTC.
        run_id: The run.

    Returns:
        The same rows as ``typed(raw)``, each with its revision.
    """
    known = Known.of(memory)
    anew = Known(run_id, 0, as_of.isoformat())
    new = _new_deliveries(raw, previous, engine) if known and datetime.fromisoformat(known.as_of) <= as_of else None
    if known is None or new is None:
        return _anew(typed(raw), anew)
    news = _places(raw.filter(raw.load_id.isin(list(new))))
    waiting = previous.filter(previous.cdp_reason == IN_THE_FUTURE).select(*ROW)
    asked = engine.scratch(news.union(waiting))
    if row_count(asked, engine) == 0:
        return Stands()
    # In a snapshot stream the newest delivery has a say on every row.
    touched = raw if stream.load == "snapshot" else engine.scratch(_touched(raw, previous, asked, stream, engine))
    judging = row_count(touched, engine)
    if stream.load != "snapshot" and judging > _FEW * row_count(raw, engine):
        return _anew(typed(raw), anew)
    revision, mixed = known.revision + 1, known.mixed
    if judging == sum(new.values()):
        changed, gone = typed(touched), _places(touched)
    else:
        judged = engine.scratch(typed(touched))
        is_new = judged.cdp_load_id.isin(list(new))
        differing = engine.scratch(judged.filter(is_new).union(_differing(judged.filter(~is_new), previous)))
        if row_count(differing, engine) == 0:
            return Stands()
        changed = engine.scratch(_with_others_of_their_keys(differing, judged))
        gone = changed.select(*ROW)
        mixed = revision
    now = Known(known.built, revision, as_of.isoformat(), mixed)
    patch = Patch(tuple(ROW), gone, changed.mutate(**{REVISION: ibis.literal(revision, "int64")}))
    return Built(patched(previous, patch), patch=patch, memory=now.to_memory())


def _anew(rows: ir.Table, known: Known) -> Built:
    return Built(rows.mutate(**{REVISION: ibis.literal(known.revision, "int64")}), memory=known.to_memory())


def _new_deliveries(raw: ir.Table, previous: ir.Table, engine: Engine) -> dict[str, int] | None:
    """The deliveries that are not typed yet, and how many rows each has; None if a delivery is not what it was."""
    delivered = raw.group_by("load_id").aggregate(delivered=raw.count())
    typed = previous.group_by(typed_load_id="cdp_load_id").aggregate(typed=previous.count())
    compared = engine.to_arrow(delivered.outer_join(typed, delivered.load_id == typed.typed_load_id)).to_pylist()
    if any(row["typed"] is not None and row["typed"] != row["delivered"] for row in compared):
        return None
    return {row["load_id"]: row["delivered"] for row in compared if row["typed"] is None}


def _touched(raw: ir.Table, previous: ir.Table, asked: ir.Table, stream: StreamSpec, engine: Engine) -> ir.Table:
    """All raw rows of the keys that some rows have."""
    rows = _raw_of(raw, asked)
    if not stream.key:
        return rows
    keys = engine.scratch(rows.select(key=key_of_raw(rows, stream)).distinct())
    if stream.key_repeats:
        return raw.semi_join(keys, key_of_raw(raw, stream) == keys.key)
    # Typed rows say their key as it is, so that the engine can pass over all blocks that do not have it.
    typed = previous.semi_join(keys, previous.cdp_native_id == keys.key).select(*ROW)
    return _raw_of(raw, engine.scratch(typed.union(asked, distinct=True)))


def _places(raw: ir.Table) -> ir.Table:
    """The `ROW` of raw rows."""
    return raw.select(cdp_load_id="load_id", cdp_source_row="source_row")


def _raw_of(raw: ir.Table, rows: ir.Table) -> ir.Table:
    """The raw rows of some `ROW`."""
    return raw.semi_join(rows, [raw.load_id == rows.cdp_load_id, raw.source_row == rows.cdp_source_row])


def _differing(rows: ir.Table, previous: ir.Table) -> ir.Table:
    """The rows that were published otherwise, or not at all."""
    # Only of these is the content compared: to hash that of all rows is most of the work.
    published = previous.semi_join(rows, list(ROW))
    before = published.select(
        before_load_id="cdp_load_id",
        before_source_row="cdp_source_row",
        before_content=quick_hash(*(published[name] for name in rows.columns)),
    )
    return rows.anti_join(
        before,
        [
            rows.cdp_load_id == before.before_load_id,
            rows.cdp_source_row == before.before_source_row,
            quick_hash(*(rows[name] for name in rows.columns)) == before.before_content,
        ],
    )


def _with_others_of_their_keys(differing: ir.Table, judged: ir.Table) -> ir.Table:
    """Whoever takes in what is new takes a key's rows together: the one that stands may have stood before."""
    of_a_key = judged.semi_join(differing, judged.cdp_native_id == differing.cdp_native_id)
    return of_a_key.union(differing.filter(differing.cdp_native_id.isnull()))


@dataclass(frozen=True)
class Revisions:
    """Which typed rows a table has been made of.

    Args:
        seen: Table of typed rows → the run that wrote all of them, and the revision.
        mixed: Of tables as published, `Known.mixed`; not remembered.
    """

    seen: Mapping[str, tuple[str, int]]
    mixed: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def now(cls, known: Mapping[str, Known]) -> Revisions:
        """Those of tables as published."""
        return cls(
            {name: (each.built, each.revision) for name, each in known.items()},
            {name: each.mixed for name, each in known.items()},
        )

    @classmethod
    def of(cls, memory: Mapping[str, Any]) -> Revisions | None:
        """Those that were remembered, if any were."""
        seen = memory.get("rows")
        return cls({name: (built, revision) for name, (built, revision) in seen.items()}) if seen is not None else None

    def to_memory(self) -> dict[str, Any]:
        """To be remembered."""
        return {"rows": {name: list(each) for name, each in self.seen.items()}}

    def news(self, rows: Mapping[str, ir.Table], now: Revisions) -> dict[str, ir.Table] | None:
        """The typed rows written since, by table; None if one of the tables was written as a whole.

        Args:
            rows: Typed rows by table.
            now: Of the same tables.
        """
        if not set(self.seen) == set(now.seen) == set(rows):
            return None
        if any(self.seen[name][0] != now.seen[name][0] for name in rows):
            return None
        return {
            name: table.filter(table[REVISION] > self.seen[name][1])
            for name, table in rows.items()
            if now.seen[name][1] > self.seen[name][1]
        }

    def only_new(self, now: Revisions) -> bool:
        """Whether no `news` was there before."""
        return all(now.mixed[name] <= revision for name, (_, revision) in self.seen.items())
