"""Streams that do not deliver files are fetched into the landing folder: from databases, REST APIs, and behind URLs.

Belongs here: fetching what is new, through dlt (databases and APIs) and fsspec (files). Does not belong here: what
servers are asked for (`origins.py`), and reading what has landed (`ingest.py`). A crash between the two loses nothing:
what comes twice is told by its key.

What has been fetched, dlt remembers in its folder (``data/dlt``): the highest value of the cursor column. If it is
lost, everything is fetched once more.
"""

from __future__ import annotations

import filecmp
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from cdp_assets.definition_files import unset
from cdp_assets.sources.errors import FetchError
from cdp_assets.sources.faults import cause, fault
from cdp_assets.sources.origins import ROW, ROWS_AT_ONCE, Span, items_of_api, rows_of_database
from cdp_assets.sources.spec import DatabaseSpec, RemoteSpec, RestSpec, SourceSpec, StreamSpec, fixed_folder

if TYPE_CHECKING:
    import dlt

_TRACE = "trace.pickle"


@dataclass(frozen=True)
class Fetched:
    """What one look at a stream's origin came to.

    Args:
        files: Names of the files that were added to the landing folder.
        failed: Why it could not be fetched, if so.
    """

    files: tuple[str, ...] = ()
    failed: tuple[FetchError, ...] = ()


def fetch(source: SourceSpec, stream: StreamSpec, landing: Path, memory: Path, span: Span | None = None) -> Fetched:
    """Bring what is new of a stream into the landing folder; a fault is told, and stops nothing else.

    Args:
        source: The source.
        stream: One of its streams; one whose files are dropped off needs nothing.
        landing: The landing folder.
        memory: Where dlt keeps what it has fetched.
        span: Of streams with a cursor, fetch this span once more instead of what is new; how far they have come is left
            as it is.
    """
    origin = stream.origin
    name = f"{source.name}.{stream.name}"
    if missing := unset(astuple(origin) if origin is not None else ()):
        advice = "Set it where runs begin (`cdp run`, `cdp ui`), and begin anew"
        return Fetched(failed=(FetchError(name, f"the environment variable {missing[0]} is not set", advice),))
    try:
        if isinstance(origin, RemoteSpec):
            return Fetched(tuple(_mirrored(origin, stream, landing)))
        if isinstance(origin, DatabaseSpec | RestSpec):
            again = span if origin.cursor is not None else None
            if again is not None and not stream.key:
                problem = "it has no key, so that rows fetched once more would count twice"
                return Fetched(failed=(FetchError(name, problem, "Give the stream a `key`"),))
            if isinstance(origin, DatabaseSpec):
                resource = rows_of_database(origin, stream, again)
            else:
                earlier = _fetched_before(stream, _folder(stream, landing))
                resource = items_of_api(name, origin, stream, again, nothing_yet=not earlier)
            return Fetched(tuple(_landed(resource, source, stream, landing, memory, again is not None)))
    except Exception as error:  # whatever a driver, a server or a network may come up with
        inner = cause(error)
        return Fetched(failed=(inner if isinstance(inner, FetchError) else FetchError(name, *fault(inner)),))
    return Fetched()


def _landed(
    resource: dlt.sources.DltResource, source: SourceSpec, stream: StreamSpec, landing: Path, memory: Path, again: bool
) -> Iterator[str]:
    """Run a resource to its end; its rows become one file.

    dlt moves its cursor before the rows are where they belong. So what an earlier run left behind comes first: packages
    that dlt had not handed over, then rows that it had, and that did not get their name.

    Yields:
        Names of files, as they are complete.
    """
    # Nothing leaves the machine but the requests that somebody configured.
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    # Rows that have landed are kept there, and nowhere else.
    os.environ["LOAD__DELETE_COMPLETED_JOBS"] = "true"
    # What dlt warns of, as answers that name no next page, is judged in `origins.py`.
    os.environ.setdefault("RUNTIME__LOG_LEVEL", "ERROR")
    import dlt

    folder = _folder(stream, landing)
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{stream.name}.part"

    def sink(items: Any, table: Any) -> None:
        with part.open("a", encoding="utf-8") as out:
            out.writelines(map(_written, items))

    pipeline = dlt.pipeline(
        # What is fetched once more has a memory of its own, so that the other one stays.
        f"{source.name}__{stream.name}{'__again' if again else ''}",
        pipelines_dir=str(memory),
        destination=dlt.destination(sink, loader_file_format="typed-jsonl", batch_size=ROWS_AT_ONCE, name="landing"),
    )
    try:
        if pipeline.has_pending_data:
            pipeline.load(raise_on_failed_jobs=True)
        left = list(_named(part, stream, folder))
        pipeline.run(resource, table_name=stream.name).raise_on_failed_jobs()
    finally:
        # dlt's account of the run has addresses with their parameters, and messages of servers.
        (Path(pipeline.working_dir) / _TRACE).unlink(missing_ok=True)
    if stream.load == "snapshot" and not part.exists() and not left:
        raise FetchError(
            f"{source.name}.{stream.name}",
            "there are no rows, and a snapshot without rows would close all there is",
            "Look whether that is meant; if so, drop the stream",
        )
    for file in (*left, *_named(part, stream, folder)):
        yield file.relative_to(landing).as_posix()


def _folder(stream: StreamSpec, landing: Path) -> Path:
    """Where rows of a stream land."""
    return landing / PurePosixPath(stream.files).parent


def _fetched_before(stream: StreamSpec, folder: Path) -> list[Path]:
    """The files that were fetched of a stream, oldest first."""
    return sorted(folder.glob(f"{stream.name}_*.{stream.format}"))


def _named(part: Path, stream: StreamSpec, folder: Path) -> Iterator[Path]:
    """Give fetched rows their place among the stream's files, if there are any and they are not what came last."""
    if not part.exists():
        return
    whole = part
    if stream.format == "parquet":
        whole = part.with_suffix(".columns")
        _as_parquet(part, whole)
    earlier = _fetched_before(stream, folder)
    if not earlier or not filecmp.cmp(earlier[-1], whole, shallow=False):
        number = int(earlier[-1].stem.rpartition("_")[2]) + 1 if earlier else 1
        target = folder / f"{stream.name}_{number:09d}.{stream.format}"
        os.replace(whole, target)
        yield target
    part.unlink(missing_ok=True)
    whole.unlink(missing_ok=True)


def _as_parquet(lines: Path, target: Path) -> None:
    """JSON lines as a Parquet file of texts; what is nested stays JSON."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names: dict[str, None] = {}
    with lines.open(encoding="utf-8") as opened:
        for line in opened:
            names.update(dict.fromkeys(json.loads(line)))
    schema = pa.schema([(name, pa.string()) for name in names])
    with lines.open(encoding="utf-8") as opened, pq.ParquetWriter(target, schema) as writer:
        while batch := [json.loads(line) for _, line in zip(range(ROWS_AT_ONCE), opened, strict=False)]:
            texts = [{name: _text(row.get(name)) for name in names} for row in batch]
            writer.write_table(pa.Table.from_pylist(texts, schema))


def _written(item: Mapping[str, Any]) -> str:
    return f"{item[ROW]}\n"


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _mirrored(origin: RemoteSpec, stream: StreamSpec, landing: Path) -> Sequence[str]:
    """Copy files that are new or changed behind a URL; which they are is told by size and time of change."""
    import fsspec

    system, _, _ = fsspec.get_fs_token_paths(origin.url, storage_options=dict(origin.options))
    pattern = system._strip_protocol(origin.url)
    above = fixed_folder(pattern)
    folder = landing / fixed_folder(stream.files)
    copied = []
    found = sorted(system.glob(pattern))
    # Stores have no folders, only a bucket that has to be there.
    if not found and not system.exists(str(above) if above.is_absolute() else "".join(above.parts[:1])):
        raise FileNotFoundError
    for path in found:
        about = system.info(path)
        if about["type"] != "file":
            continue
        target = folder / PurePosixPath(path).relative_to(above)
        if ".." in target.parts:
            raise ValueError("a remote file's name leads out of its folder")
        changed = _changed_at(about)
        if target.exists() and target.stat().st_size == about["size"] and int(target.stat().st_mtime) == changed:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.part")
        with system.open(path, "rb") as remote, part.open("wb") as local:
            shutil.copyfileobj(remote, local)
        if changed is not None:
            os.utime(part, (changed, changed))
        os.replace(part, target)
        copied.append(target.relative_to(landing).as_posix())
    return copied


def _changed_at(about: dict[str, Any]) -> int | None:
    """When a remote file last changed, in seconds since 1970; systems call it by several names."""
    for name in ("LastModified", "mtime", "updated", "last_modified", "modified"):
        value = about.get(name)
        if value is not None:
            return int(value.timestamp()) if hasattr(value, "timestamp") else int(float(value))
    return None
