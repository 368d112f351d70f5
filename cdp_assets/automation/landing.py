"""What lies in the landing folder and in the definitions, boiled down to a hash.

Belongs here: noticing that something is new, cheaply. Does not belong here: reading files (`sources/`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path


def landing_listing(landing: Path) -> str:
    """Hash of every file's path, size and time of change below a folder; changes when a file comes, grows or goes."""
    digest = hashlib.sha256()
    for path in _files(landing):
        status = path.stat()
        digest.update(f"{path.relative_to(landing)}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def changed_since(landing: Path, instant: datetime) -> bool:
    """Whether a file below a folder was written, or moved there, at or after an instant."""
    return any(
        max(status.st_mtime, status.st_ctime) >= instant.timestamp()
        for status in (path.stat() for path in _files(landing))
    )


def tree_hash(folder: Path, suffixes: frozenset[str]) -> str:
    """Hash of the contents of all files below a folder that end in one of ``suffixes``."""
    digest = hashlib.sha256()
    for path in _files(folder):
        if path.suffix in suffixes:
            digest.update(f"{path.relative_to(folder)}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _files(folder: Path) -> Iterable[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
