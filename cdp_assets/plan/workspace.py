"""Where a plan is rehearsed: copies of all that a run would write, in a folder that does not outlive it.

Belongs here: making the copies without a trace in the originals, and clearing up. Does not belong here: running
anything (`automation/rehearsal.py`).

The copy starts from the serving snapshot: a complete warehouse file that is never written again once it is published.
So no run has to be waited for, and the plan compares with what people see. Landing files are read where they lie.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from cdp_assets.ledger import Ledger
from cdp_assets.ledger.copying import copy_ledger
from cdp_assets.settings import Settings
from cdp_assets.warehouse.serving import NothingServed, clone, hold

_PREFIX = "plan-"


class NoRoom(RuntimeError):
    """The disk has not the room that a rehearsal needs."""


@dataclass(frozen=True)
class Workspace:
    """The copies.

    Args:
        folder: Holds everything; gone afterwards.
        settings: Of an installation made of the copies: its warehouse is to be written.
        before: The state to compare with; never written.
        ledger: The copied ledger.
        hash_key: The installation's own: ids of records depend on it.
        copied_bytes: What was really copied.
    """

    folder: Path
    settings: Settings
    before: Path
    ledger: Ledger
    hash_key: str
    copied_bytes: int

    def keep_as_before(self) -> Path:
        """Make the rehearsed warehouse, as it is now, the state to compare with; return its file."""
        kept = self.folder / "caught_up.duckdb"
        clone(self.settings.warehouse_file, kept)
        return kept

    def environment(self, defs: Path, as_of: datetime) -> dict[str, str]:
        """The environment variables of a run on the copies, complete: nothing of the original is named in it."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DAGSTER_")}
        kept.pop("CDP_ALERT_WEBHOOK", None)
        return {
            **kept,
            "CDP_DATA": str(self.settings.data),
            "CDP_DEFS": str(defs),
            "CDP_FETCH": "0",
            "CDP_LEDGER": self.settings.ledger_url,
            "CDP_HASH_KEY": self.hash_key,
            "CDP_ENV": "development",
            "CDP_AS_OF": as_of.isoformat(),
            "DAGSTER_HOME": str(self.folder),
        }


@contextmanager
def workspace(settings: Settings) -> Iterator[Workspace]:
    """Copy an installation's state, and remove the copies whatever happens.

    Raises:
        NothingServed: if no run has published anything yet.
        NoRoom: if the disk is too full.
    """
    served = settings.serving_file
    if not served.exists():
        raise NothingServed(
            f"{served} does not exist yet: no refresh has succeeded, so nothing can be compared. Run `cdp run`."
        )
    parent = settings.data / "tmp"
    is_new = not parent.exists()
    parent.mkdir(exist_ok=True)
    _sweep(parent)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=parent))
    try:
        _check_room(folder, served)
        with _copies(settings, folder) as copies:
            yield copies
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if is_new:
            with suppress(OSError):
                parent.rmdir()


@contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    """Let the process have exactly these environment variables for a while."""
    before = dict(os.environ)
    try:
        _become(values)
        yield
    finally:
        _become(before)


@contextmanager
def _copies(settings: Settings, folder: Path) -> Iterator[Workspace]:
    data, before = folder / "data", folder / "published.duckdb"
    data.mkdir()
    hold(settings.serving_file, before)
    copied = replace(settings, data=data, production=False, ledger_override=f"sqlite:///{data / 'ledger.sqlite'}")
    copied_bytes = clone(before, copied.warehouse_file)
    (data / "landing").symlink_to(settings.landing, target_is_directory=True)
    with copy_ledger(settings.ledger_url, data / "ledger.sqlite") as ledger:
        copied_bytes += (data / "ledger.sqlite").stat().st_size
        yield Workspace(folder, copied, before, ledger, settings.hash_key, copied_bytes)


def _check_room(folder: Path, served: Path) -> None:
    needed, free = 2 * served.stat().st_size, shutil.disk_usage(folder).free
    if free < needed:
        raise NoRoom(
            f"a plan is rehearsed on a copy in {folder.parent}: it needs about {needed / 1e9:.1f} GB for a while, and "
            f"{free / 1e9:.1f} GB are free"
        )


def _sweep(parent: Path) -> None:
    """Remove what plans left whose process was killed."""
    for left in parent.glob(f"{_PREFIX}*-*"):
        pid = left.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdecimal() and not _lives(int(pid)):
            shutil.rmtree(left, ignore_errors=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _become(values: dict[str, str]) -> None:
    for name in set(os.environ) - set(values):
        del os.environ[name]
    os.environ.update(values)
