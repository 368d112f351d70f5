"""The files in the landing folder: which belong to a stream, and which are whole.

Belongs here: finding, path safety, and noticing files that are still being written. Does not belong here: what is in
them (`preparing.py`, `reading.py`), and whether they were loaded before (`manifest.py`).
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cdp_assets.sources.errors import UnsafePathError
from cdp_assets.sources.spec import SourceSpec, fixed_folder
from cdp_assets.trees import files_below

_CHUNK = 1 << 22
_UNFINISHED = (".part", ".partial", ".tmp", ".crdownload", ".filepart")
"""Endings that tools give to files they have not finished."""


@dataclass(frozen=True)
class LandedFile:
    """A file as it was when looked at.

    Args:
        path: Where it lies.
        name: Its path relative to the landing folder, with forward slashes.
        size: Bytes.
        modified_ns: Time of last change, nanoseconds since 1970.
    """

    path: Path
    name: str
    size: int
    modified_ns: int


@dataclass(frozen=True)
class Landed:
    """What a look at the landing folder found.

    Args:
        files: Whole files in the natural order of their names.
        growing: Names of files that are still being written; they are left for the next run.
        refused: Files that may not be read.
    """

    files: tuple[LandedFile, ...]
    growing: tuple[str, ...] = ()
    refused: tuple[UnsafePathError, ...] = ()


def look(
    landing: Path,
    patterns: Iterable[str],
    settle_seconds: float,
    clock: Callable[[], float],
    wait: Callable[[float], None],
) -> Landed:
    """Find the files of one or more globs below ``landing``.

    A file that changed less than ``settle_seconds`` ago is looked at again after that time; if it has changed since, it
    is still growing.

    Args:
        landing: The landing folder.
        patterns: Globs below it.
        settle_seconds: How long a whole file has been left alone.
        clock: Seconds since 1970, as file times are; compared with nothing else.
        wait: Sleeps so many seconds.
    """
    root = landing.resolve()
    found: dict[str, LandedFile] = {}
    refused: dict[str, UnsafePathError] = {}
    for pattern in patterns:
        for path in landing.glob(pattern) if landing.is_dir() else ():
            name = path.relative_to(landing).as_posix()
            if not _is_finished(path):
                continue
            if not path.resolve().is_relative_to(root):
                refused[name] = UnsafePathError(
                    name, "it is a link to a file outside the landing folder", "Copy the file itself into the folder"
                )
                continue
            found[name] = _as_it_is(path, name)
    settled: list[LandedFile] = []
    young: list[LandedFile] = []
    for file in found.values():
        age = clock() - file.modified_ns / 1e9
        (settled if age >= settle_seconds or age < -settle_seconds else young).append(file)
    growing: list[str] = []
    if young:
        wait(settle_seconds)
        for file in young:
            if not file.path.exists() or _as_it_is(file.path, file.name) != file:
                growing.append(file.name)
            else:
                settled.append(file)
    files = tuple(sorted(settled, key=lambda file: natural(file.name)))
    return Landed(files, tuple(sorted(growing)), tuple(refused[name] for name in sorted(refused)))


def strays(landing: Path, sources: Iterable[SourceSpec]) -> dict[str, list[str]]:
    """Files in the own folders of each source, by its name, that no stream of any takes, by name, in natural order.

    Its own folders are those with which the patterns of its streams begin; a pattern without one has none.
    """
    patterns = {source.name: [stream.files for stream in source.streams] for source in sources}
    left = not_taken(landing, itertools.chain(*patterns.values()))
    folders = {name: {top for each in own for top in fixed_folder(each).parts[:1]} for name, own in patterns.items()}
    return {name: [file for file in left if PurePosixPath(file).parts[0] in own] for name, own in folders.items()}


def not_taken(landing: Path, patterns: Iterable[str], passed_over: Collection[str] = ()) -> list[str]:
    """Files below ``landing`` that no glob takes, by name, in natural order.

    Args:
        landing: The landing folder.
        patterns: Globs below it.
        passed_over: Folders in it whose files do not count.
    """
    taken = {path for pattern in patterns for path in landing.glob(pattern)}
    names = (path.relative_to(landing) for path in files_below(landing) if path not in taken and _is_finished(path))
    return sorted((name.as_posix() for name in names if name.parts[0] not in passed_over), key=natural)


def unchanged(file: LandedFile) -> bool:
    """Whether the file is still as it was when it was looked at."""
    return file.path.exists() and _as_it_is(file.path, file.name) == file


def content_hash(file: LandedFile) -> str:
    """SHA-256 of the file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with file.path.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """A sort key that puts ``part_9`` before ``part_10``."""
    return tuple(
        (0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", name) if part != ""
    )


def _is_finished(path: Path) -> bool:
    """Whether a path is a file, and not one that is hidden or still under the name that a tool gives it before."""
    return not path.name.startswith(".") and not path.name.lower().endswith(_UNFINISHED) and path.is_file()


def _as_it_is(path: Path, name: str) -> LandedFile:
    status = path.stat()
    return LandedFile(path, name, status.st_size, status.st_mtime_ns)
