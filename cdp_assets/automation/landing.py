"""What lies in the landing folder, boiled down to a hash.

Belongs here: noticing that something is new, cheaply. Does not belong here: reading files (`sources/`).
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

from cdp_assets.trees import files_below


def landing_listing(landing: Path) -> str:
    """Hash of every file's path, size and time of change below a folder; changes when a file comes, grows or goes."""
    digest = hashlib.sha256()
    for path in files_below(landing):
        status = path.stat()
        digest.update(f"{path.relative_to(landing)}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def changed_since(landing: Path, instant: datetime) -> bool:
    """Whether a file below a folder was written, or moved there, at or after an instant."""
    return any(
        max(status.st_mtime, status.st_ctime) >= instant.timestamp()
        for status in (path.stat() for path in files_below(landing))
    )
