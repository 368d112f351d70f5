"""The stage's assets: one raw table per configured stream, the load manifest, and the audit."""

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import dagster as dg
import ibis
import ibis.expr.types as ir
import pyarrow as pa

from cdp_assets.ledger import Ledger, loads
from cdp_assets.ledger.loads import Load
from cdp_assets.settings import Settings
from cdp_assets.sources import audit, audit_pages
from cdp_assets.sources.audit_counts import Arrived, Counts, counts_of
from cdp_assets.sources.checks import (
    ARRIVED,
    CONTRACT_KEPT,
    DRIFT,
    FAILED_FILES,
    FILES_ARE_SOUND,
    LISTS_ARE_WHOLE,
    NO_STRAYS,
    SHRUNK,
    audit_checks,
    manifest_checks,
    raw_checks,
)
from cdp_assets.sources.drift import Drift, drift
from cdp_assets.sources.ingest import STAGE, Arrivals, Ingested, ingest
from cdp_assets.sources.landing import strays
from cdp_assets.sources.origins import Span
from cdp_assets.sources.schemas import LOAD_MANIFEST, SOURCE_AUDIT, SOURCE_OVERLAPS, raw_schema
from cdp_assets.sources.spec import EVOLVE, FREEZE, DatabaseSpec, RestSpec, SourceSpec, StreamSpec, stream_table
from cdp_assets.warehouse.assets import table_asset, tables_asset
from cdp_assets.warehouse.built import Built, InPlace, Stands, markdown
from cdp_assets.warehouse.changes import little_is_new
from cdp_assets.warehouse.engine import Engine
from cdp_assets.warehouse.standing import memory_of, note_of, version_of

_BACKFILL = {
    "backfill": dg.Field(
        str,
        is_required=False,
        description="A span of time to fetch once more, such as 2026-01-01/2026-01-31: two days, both of them "
        "included, or two instants. How far the stream has been fetched is left as it is.",
    )
}
"""Run config of streams with a cursor."""

_ROWS = "rows"
"""Remembered with a raw table, unless something was wrong with what came last: how many rows it holds. As long as it
does, and nothing comes, its checks would say what they said."""

_NAMES = "names"
"""Remembered with a raw table: the columns outside the contract that deliveries had (`Drift.known`)."""

_REPEATED = "repeated"
"""Remembered with a raw table: the files that are passed over, since their content came under another name."""

_LAST = "last"
"""Remembered with a raw table: what was appended last, and to which version of it, for the audit."""

_MANY_NEW = 0.01
"""Share of new rows in a stream from which on it is looked at within the day whom sources share."""


def assets(sources: Sequence[SourceSpec]) -> list[dg.AssetsDefinition]:
    """All assets of the stage for the configured sources."""
    return [
        *(_raw(source, stream) for source in sources for stream in source.streams),
        _load_manifest(sources),
        _source_audit(sources),
    ]


def _raw(source: SourceSpec, stream: StreamSpec) -> dg.AssetsDefinition:
    @table_asset(
        schema=raw_schema(source, stream),
        stage=STAGE,
        checks=raw_checks(stream.load),
        kinds={stream.format},
        owners=[source.owner] if source.owner else None,
        definition=replace(source, streams=(stream,)),
        config=_BACKFILL if isinstance(stream.origin, DatabaseSpec | RestSpec) and stream.origin.cursor else None,
    )
    def raw(
        engine: Engine,
        as_of: datetime,
        ledger: Ledger,
        settings: Settings,
        config: dict[str, str],
        memory: Mapping[str, Any],
    ) -> InPlace | Stands:
        """New files are appended; a file that cannot be loaded is named below and keeps no other one out."""
        fetched = settings.data / "dlt" if settings.fetching else None
        span = Span.parse(config["backfill"]) if config.get("backfill") else None
        folders = (settings.landing, settings.data / "kept", settings.data / "tmp")
        arrivals = Arrivals(*folders, time.time, time.sleep, fetched, span)
        ref = (STAGE, stream_table(source, stream))
        before = note_of(engine, ref)
        found = ingest(source, stream, engine=engine, ledger=ledger, arrivals=arrivals, as_of=as_of)
        repeated = [name for name, _ in found.repeated]
        if found.is_nothing and memory.get(_ROWS) == found.rows and memory.get(_REPEATED, []) == repeated:
            return Stands()
        loads = [load.load_id for load in found.arrived]
        table = engine.table(*ref)
        difference = drift(
            table, stream, loads, found.absent_somewhere, engine, memory.get(_NAMES), found.absent_everywhere
        )
        # A table without storage, since checks look from a connection of their own.
        evidence = {
            FAILED_FILES: _numbered(len(found.failed)),
            DRIFT: _numbered(len(difference.lines) if difference else 0),
            SHRUNK: _numbered(len(found.shrunk)),
        }
        appended = None if found.reshaped else table.filter(table.load_id.isin(loads))
        passed = before is not None and all(outcome.passed for outcome in before.checks)
        as_it_was = memory.get(_ROWS) == found.rows - sum(load.rows for load in found.arrived)
        if appended is not None and passed and as_it_was:
            evidence[ARRIVED] = appended
        version = before.fingerprint.version if before is not None and appended is not None else ""
        sound = {} if found.failed or difference else {_ROWS: found.rows}
        remembered = {
            **sound,
            _NAMES: difference.known,
            _REPEATED: repeated,
            _LAST: asdict(Arrived(version, tuple(loads), tuple(sorted(found.absent_everywhere)))),
        }
        verdicts = {
            FILES_ARE_SOUND: " ".join(map(str, found.failed)),
            CONTRACT_KEPT: "; ".join(difference.lines),
            LISTS_ARE_WHOLE: _fewer(*found.shrunk),
        }
        return InPlace(
            metadata=_told(found, difference),
            evidence=evidence,
            appended=appended,
            memory=remembered,
            verdicts=verdicts,
        )

    return raw


def _numbered(rows: int) -> ir.Table:
    return ibis.range(rows).unnest().name("number").as_table()


def _fewer(latest: Load | None = None, before: Load | None = None) -> str:
    """What to say of a list that has shrunk."""
    if latest is None or before is None:
        return ""
    return (
        f"{latest.file} has {latest.rows:,} rows, and the delivery before had {before.rows:,}. What is missing counts "
        "as gone: if it was cut short, deliver the whole list"
    )


def _told(found: Ingested, difference: Drift) -> dict[str, Any]:
    told: dict[str, Any] = {
        "files_loaded": len(found.loaded),
        "rows_loaded": sum(load.rows for load in found.loaded),
        "rows_broken": found.broken,
        "files_failed": len(found.failed),
    }
    if found.loaded:
        lines = [f"| {load.file} | {load.rows:,} | {load.bytes:,} | {load.load_id} |" for load in found.loaded]
        told["loaded"] = markdown("\n".join(["| file | rows | bytes | load |", "|---|--:|--:|---|", *lines]))
    if found.failed:
        told["failed"] = markdown("\n".join(f"- {error}" for error in found.failed))
    if found.restored:
        told["restored"] = markdown("\n".join(f"- {load.file}: {load.rows:,} rows" for load in found.restored))
    if found.repeated:
        lines = [f"- {name}: as {earlier}, which was loaded" for name, earlier in found.repeated]
        told["content_known"] = markdown("\n".join(lines))
    if found.fetched:
        told["fetched"] = list(found.fetched)
    if found.growing:
        told["still_growing"] = list(found.growing)
    if difference:
        told["drift"] = markdown("\n".join(f"- {line}" for line in difference.lines))
    if found.absent:
        told["columns_absent"] = {Path(file).name: list(columns) for file, columns in found.absent}
    return told


def _refs(sources: Sequence[SourceSpec]) -> list[tuple[str, str]]:
    return [(STAGE, stream_table(source, stream)) for source in sources for stream in source.streams]


def _load_manifest(sources: Sequence[SourceSpec]) -> dg.AssetsDefinition:
    refs = _refs(sources)

    @table_asset(
        schema=LOAD_MANIFEST,
        stage=STAGE,
        inputs={"raw": refs},
        checks=manifest_checks([name for _, name in refs]),
        judged=[NO_STRAYS],
    )
    def load_manifest(
        raw: dict[str, ir.Table], engine: Engine, ledger: Ledger, settings: Settings, memory: Mapping[str, Any]
    ) -> Built | Stands:
        """As the ledger notes it, which outlives the warehouse."""
        with ledger.reading() as connection:
            noted = [
                load
                for load in loads.everything(connection)
                if f"{load.source}__{load.stream}" in raw and load.status in (loads.LOADED, loads.FAILED)
            ]
        rows = [{name: getattr(load, name) for name in LOAD_MANIFEST.column_names} for load in noted]
        told, refused = _strays(sources, settings)
        seen = json.dumps([rows, told, refused, [version_of(engine, ref) for ref in refs]], default=str)
        digest = hashlib.sha256(seen.encode()).hexdigest()
        if memory.get("seen") == digest:
            return Stands()
        table = pa.Table.from_pylist(rows, LOAD_MANIFEST.ibis_schema.to_pyarrow())
        failed = [load.error for load in noted if load.status == loads.FAILED]
        words = (
            f"{len(refused)} files are taken by no stream"
            if refused
            else "no frozen source has files that it does not take"
        )
        return Built(
            engine.from_arrow(table, LOAD_MANIFEST.ibis_schema),
            metadata={
                "loads": len(noted),
                "failed": markdown("\n".join(f"- {error}" for error in failed) or "none"),
                "taken_by_no_stream": markdown("\n".join(f"- {name}" for name in told) or "none"),
            },
            judged=[NO_STRAYS.outcome(not refused, words, files=len(refused))],
            memory={"seen": digest},
        )

    return load_manifest


def _strays(sources: Sequence[SourceSpec], settings: Settings) -> tuple[list[str], list[str]]:
    """Files that no stream takes: the ones to tell of, and the ones that a frozen contract minds."""
    found = strays(settings.landing, sources)
    minded = {source.name: source.contract.tables for source in sources}
    told = dict.fromkeys(file for name, files in found.items() if minded[name] in (EVOLVE, FREEZE) for file in files)
    refused = dict.fromkeys(file for name, files in found.items() if minded[name] == FREEZE for file in files)
    return list(told), list(refused)


def _source_audit(sources: Sequence[SourceSpec]) -> dg.AssetsDefinition:
    @tables_asset(
        stage=STAGE,
        schemas=[SOURCE_AUDIT, SOURCE_OVERLAPS],
        inputs={"raw": _refs(sources)},
        checks={SOURCE_AUDIT.name: audit_checks()},
        definition=list(sources),
        later=True,
    )
    def source_audit(
        raw: dict[str, ir.Table], memory: Mapping[str, Any], engine: Engine, as_of: datetime
    ) -> dict[str, Built | Stands]:
        """Measured on the raw tables, so that it shows what sources deliver, not what was made of it."""
        versions = {name: version_of(engine, (STAGE, name)) for name in raw}
        known = {name: Counts.of(counted) for name, counted in memory.get("counts", {}).items()}
        as_before = bool(known) and all(
            version and name in known and known[name].version == version for name, version in versions.items()
        )
        if as_before and all(counted.as_of == as_of for counted in known.values()):
            return {SOURCE_AUDIT.name: Stands(), SOURCE_OVERLAPS.name: Stands()}
        counts = {
            name: counts_of(stream, raw[name], engine, as_of, versions[name], known.get(name), _arrived(engine, name))
            for source in sources
            for stream in source.streams
            for name in [stream_table(source, stream)]
        }
        table = audit.fill_rates(sources, counts, engine)
        rows = engine.to_arrow(table.order_by("source", "stream")).to_pylist()
        sizes = {name: counted.rows for name, counted in counts.items()}
        occasion = memory.get("occasion")
        waits = occasion is not None and _can_wait(occasion, sizes, as_of)
        if waits:
            shared = [audit.Overlap(**overlap) for overlap in memory["overlaps"]]
        else:
            shared = audit.overlaps(sources, raw, engine)
            occasion = {"day": as_of.date().isoformat(), "rows": sizes}
        remembered = {
            "counts": {name: counted.to_memory() for name, counted in counts.items()},
            "overlaps": [asdict(overlap) for overlap in shared],
            "occasion": occasion,
        }
        said = {
            "streams": markdown(audit_pages.streams_page(rows, as_of)),
            "columns": markdown(audit_pages.columns_page(rows)),
            "rows per stream": audit_pages.rows_picture(rows),
            "shared identifiers": audit_pages.overlaps_picture(shared),
        }
        identifiers = markdown(audit_pages.overlaps_page(shared))
        return {
            SOURCE_AUDIT.name: Built(
                table,
                metadata={**said, "identifiers": identifiers},
                column_lineage=audit.fill_lineage(sources),
                memory=remembered,
            ),
            SOURCE_OVERLAPS.name: Stands(memory=remembered)
            if waits
            else Built(
                audit.overlaps_table(shared, engine),
                metadata={"identifiers": identifiers},
                column_lineage=audit.overlap_lineage(sources),
                memory=remembered,
            ),
        }

    return source_audit


def _arrived(engine: Engine, name: str) -> Arrived | None:
    """What came last to a raw table."""
    told = memory_of(engine, (STAGE, name)).get(_LAST)
    return Arrived(told["before"], tuple(told["loads"]), tuple(told.get("empty", ()))) if told else None


def _can_wait(occasion: Mapping[str, Any], sizes: Mapping[str, int], as_of: datetime) -> bool:
    """Whether whom sources share, which takes a look at everybody, can stay as it was found.

    Args:
        occasion: When that was: the day, and the rows there were by table.
        sizes: The rows there are, by table.
        as_of: The run's instant, UTC.
    """
    if sizes == occasion["rows"]:
        return True
    return occasion["day"] == as_of.date().isoformat() and little_is_new(occasion["rows"], sizes, _MANY_NEW)
