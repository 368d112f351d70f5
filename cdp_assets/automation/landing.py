"""What lies in the landing folder, boiled down to a hash, and whether it is whole.

Belongs here: noticing that something is new, cheaply, and waiting for those who write it. Does not belong here: reading
files (`sources/`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cdp_assets.trees import files_below

WHOLE = timedelta(seconds=4)
"""How long files have to stay the same that end where a line ends."""

PERHAPS_WHOLE = timedelta(seconds=17)
"""How long all others have to: who writes a line bit by bit stops in the middle of one, as compressed files seem to,
and half of a snapshot says that the other half has gone."""

AGAIN = timedelta(minutes=5)
"""How long after a refresh that failed another is wanted of the same files; twice as long after each that fails too."""
_MOST_DOUBLED = 6

_CLOCKS_DIFFER = timedelta(minutes=1)


@dataclass(frozen=True)
class Look:
    """What a look at the landing folder leads to.

    Args:
        wanted: Whether there is something new, and whole.
        waits: Why not, in words.
        memory: What the next look has to know.
    """

    wanted: bool
    waits: str
    memory: Mapping[str, str]


def look(
    landing: Path,
    memory: Mapping[str, str],
    now: datetime,
    *,
    busy: bool,
    snapshots: Collection[str] = (),
    failed_at: datetime | None = None,
) -> Look:
    """Look whether files have come or changed since a refresh was last wanted, and whether they are whole.

    Files whose refresh failed are wanted again after a while, since what was wrong may be mended without touching them.
    While some are still written, those that are whole do not wait for them: a refresh leaves what grows.

    Args:
        landing: The folder.
        memory: Of the last look: the listing that was ``requested`` and the one ``seen``, each with its instant; empty
            at first.
        now: The present instant.
        busy: Whether a refresh waits or runs, which another follows.
        snapshots: Globs below the folder of files whose rows are all there are.
        failed_at: When the last refresh failed; None if it did not.
    """
    listing = landing_listing(landing)
    if listing == memory.get("requested"):
        if busy:
            return Look(False, "nothing new in the landing folders", memory)
        if failed_at is None:
            succeeded = {name: value for name, value in memory.items() if name != "tries"}
            return Look(False, "nothing new in the landing folders", succeeded)
        tries = int(memory.get("tries", "0"))
        again_at = failed_at + AGAIN * 2 ** min(tries, _MOST_DOUBLED)
        if now < again_at:
            return Look(False, f"the refresh has failed; another follows at {again_at:%H:%M} UTC", memory)
        return Look(True, "", {**memory, "tries": str(tries + 1)})
    requested_at = datetime.fromisoformat(memory["requested_at"]) if "requested_at" in memory else None
    changed = listing != memory.get("seen")
    # A cursor of an older version does not say when.
    seen_at = now if changed else datetime.fromisoformat(memory.get("seen_at", now.isoformat()))
    kept = {**memory, "seen": listing, "seen_at": seen_at.isoformat()}
    if busy and not changed:
        return Look(False, "files have changed; a refresh is under way, another follows it", memory)
    held_up = not busy and _held_up(landing, requested_at, now)
    if changed and not held_up:
        return Look(False, "files have changed; waiting for them to stay the same", kept)
    since = requested_at - _CLOCKS_DIFFER if requested_at else None
    if not held_up and now - seen_at < _patience(landing, since, snapshots):
        return Look(False, "files have stayed the same, not for long enough yet", kept)
    done = {"seen": listing, "seen_at": seen_at.isoformat(), "requested": listing, "requested_at": now.isoformat()}
    return Look(True, "", done)


def _held_up(landing: Path, since: datetime | None, now: datetime) -> bool:
    """Whether a file that was written or moved since an instant has stayed the same for long enough, whatever others
    do: one that never rests holds up none but itself."""
    came = (_changed_at(path) for path in files_below(landing))
    quiet = (now - PERHAPS_WHOLE).timestamp()
    return any(changed_at <= quiet and (since is None or changed_at >= since.timestamp()) for changed_at in came)


def _patience(landing: Path, since: datetime | None, snapshots: Collection[str]) -> timedelta:
    """How long the files that were written or moved since an instant have to stay the same; all files if it is null."""
    careful = {path for pattern in snapshots for path in landing.glob(pattern)}
    news = (path for path in files_below(landing) if since is None or _changed_at(path) >= since.timestamp())
    return WHOLE if all(path not in careful and _ends_a_line(path) for path in news) else PERHAPS_WHOLE


def _ends_a_line(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            file.seek(max(path.stat().st_size - 1, 0))
            return file.read(1) == b"\n"
    except OSError:
        return False  # nobody knows; the run will say what is wrong with it


def landing_listing(landing: Path) -> str:
    """Hash of every file's path, size and time of change below a folder; changes when a file comes, grows or goes."""
    digest = hashlib.sha256()
    for path in files_below(landing):
        status = path.stat()
        digest.update(f"{path.relative_to(landing)}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def changed_since(landing: Path, instant: datetime) -> bool:
    """Whether a file below a folder was written, or moved there, at or after an instant."""
    return any(_changed_at(path) >= instant.timestamp() for path in files_below(landing))


def _changed_at(path: Path) -> float:
    status = path.stat()
    return max(status.st_mtime, status.st_ctime)
