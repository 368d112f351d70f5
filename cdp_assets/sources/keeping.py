"""Deliveries whose file's name is used again are kept, so that a warehouse that was lost can be built anew.

Landing files are what everything is made of. Once a sender writes to a name again, what was in the file before is only
in the raw table. Then its rows are written to a Parquet file, once; a raw table that lacks them takes them from there.

Belongs here: what is kept, and how it comes back. Does not belong here: which deliveries there are (`manifest.py`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from cdp_assets.ledger.loads import Load
from cdp_assets.sources.errors import DeliveryError, LostDeliveryError
from cdp_assets.sources.landing import LandedFile
from cdp_assets.sources.raw_table import fitted
from cdp_assets.sources.spec import SourceSpec, StreamSpec
from cdp_assets.warehouse.engine import Engine


def to_keep(standing: Sequence[Load], files: Sequence[tuple[LandedFile, str]], folder: Path) -> list[Load]:
    """The deliveries whose file has another content now, and that are not kept yet.

    Args:
        standing: The stream's loads that stand.
        files: Whole files with their content hashes.
        folder: Where the stream's deliveries are kept.
    """
    now = {file.name: content for file, content in files}
    replaced = [load for load in standing if load.rows and now.get(load.file, load.content_hash) != load.content_hash]
    return [load for load in replaced if not _file(folder, load).exists()]


def keep(load: Load, raw: ir.Table, folder: Path, engine: Engine) -> None:
    """Write the rows of a delivery to its file.

    Args:
        load: The delivery.
        raw: The raw table, which has it.
        folder: Where the stream's deliveries are kept.
        engine: Reads.
    """
    target = _file(folder, load)
    folder.mkdir(parents=True, exist_ok=True)
    rows = raw.filter(raw.load_id == load.load_id)
    partial = target.with_suffix(f".{os.getpid()}")
    try:
        with partial.open("wb") as file:
            with pq.ParquetWriter(file, rows.schema().to_pyarrow(), compression="zstd") as writer:
                for batch in engine.batches(rows):
                    writer.write_batch(batch.cast(writer.schema))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def restored(load: Load, folder: Path, source: SourceSpec, stream: StreamSpec, engine: Engine) -> ir.Table | None:
    """The rows of a delivery that is kept, with the columns of the stream's contract.

    Returns:
        None if it is not kept, or what is kept is damaged (`lost` says so).
    """
    try:
        kept = pq.ParquetFile(_file(folder, load))
        whole = sum(batch.num_rows for batch in kept.iter_batches()) == load.rows
    except (pa.ArrowException, OSError):
        return None
    if not whole:
        return None
    rows = engine.from_arrow(pa.RecordBatchReader.from_batches(kept.schema_arrow, kept.iter_batches()))
    return fitted(rows, source, stream)


def lost(load: Load, folder: Path) -> LostDeliveryError:
    """What to say of a delivery that can be taken from nowhere."""
    kept = _file(folder, load)
    copy = f"what was kept of it, {kept.name}, is damaged" if kept.exists() else "nothing was kept of it"
    return LostDeliveryError(
        load.file,
        f"{_missing(load)}, the file has gone or has another content, and {copy}",
        f"Put the file back under any name that the stream takes, or {_give_up(load)}",
    )


def refused(load: Load, error: DeliveryError) -> LostDeliveryError:
    """What to say of a delivery that was loaded once, and whose file is refused now.

    Args:
        load: As it was loaded.
        error: Why the file is refused.
    """
    return LostDeliveryError(
        load.file,
        f"{_missing(load)}, and the file, which could be loaded then, is refused now: {error.problem} ({error.name})",
        f"Define the stream as it was then until a run has loaded the file, or {_give_up(load)}",
        line=error.line,
        column=error.column,
    )


def _missing(load: Load) -> str:
    return f"the {load.rows:,} rows that it brought on {load.loaded_at:%Y-%m-%d} are not in the warehouse"


def _give_up(load: Load) -> str:
    return f"give the rows up: `cdp sources forget {load.load_id}`"


def _file(folder: Path, load: Load) -> Path:
    return folder / f"{load.load_id}.parquet"
