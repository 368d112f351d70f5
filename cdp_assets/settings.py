"""Where things lie and how this installation runs, read from the environment in one place.

Belongs here: environment variables and the paths made from them. Does not belong here: definitions of sources,
segments or destinations (YAML under `CDP_DEFS`), and secrets of destinations (read where they are used).
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

PROJECT_FILE = "cdp.env"
"""File in the folder that a command is run in, or the nearest above it that has one, with settings that hold unless the
environment says otherwise."""

PROJECT = Path(__file__).resolve().parent.parent
"""The project's root folder."""


DEFINITION_SUFFIXES = frozenset({".yaml", ".yml", ".csv", ".j2"})
"""Endings of the files that belong to definitions."""


_MEMORY = re.compile(r"\d+(\.\d+)? ?([KMGT]i?)?B", re.IGNORECASE)
"""Amounts of memory as DuckDB reads them."""


class SettingsError(ValueError):
    """An environment variable has a value that cannot be used."""


def parse_instant(text: str, name: str = "CDP_AS_OF") -> datetime:
    """Read an ISO 8601 date or instant as UTC; one without a zone is taken as UTC.

    Raises:
        SettingsError: if ``text`` is no ISO 8601 date or time.
    """
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(
            f"{name}={text!r} is not an ISO 8601 date or time; write for example 2026-06-30T00:00:00Z"
        ) from error
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def project_settings(folder: Path) -> dict[str, str]:
    """The settings in the `PROJECT_FILE` of a folder, or of the nearest above it that has one, a line for each
    (``NAME=value``); paths are relative to where the file is.

    Raises:
        SettingsError: if a line is no setting.
    """
    file = next((each / PROJECT_FILE for each in (folder, *folder.parents) if (each / PROJECT_FILE).is_file()), None)
    if file is None:
        return {}
    found: dict[str, str] = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        name, separator, value = (part.strip() for part in line.partition("="))
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not separator or not name.startswith("CDP_"):
            raise SettingsError(f"{file}:{number}: write a setting as CDP_NAME=value")
        found[name] = str(file.parent / value) if name in ("CDP_DATA", "CDP_DEFS") else value
    return found


@dataclass(frozen=True)
class Settings:
    """One installation's settings.

    Args:
        data: Folder of landing files, warehouse, ledger and inbox (``CDP_DATA``).
        defs: Folder of YAML definitions (``CDP_DEFS``).
        engine: Name of the engine that computes (``CDP_ENGINE``): ``duckdb``.
        as_of: The instant that runs are pinned to (``CDP_AS_OF``), or None for the launch time of each run.
        production: Whether destinations really send (``CDP_ENV=production``); otherwise the inbox receives.
        fetching: Whether runs fetch from databases, APIs and remote stores (``CDP_FETCH=0``: they do not).
        memory_limit: How much memory the embedded engine may use before it spills to disk (``CDP_MEMORY_LIMIT``).
        ledger_override: SQLAlchemy URL of the ledger (``CDP_LEDGER``), or None for a SQLite file in the data folder.
    """

    data: Path
    defs: Path
    engine: str = "duckdb"
    as_of: datetime | None = None
    production: bool = False
    ledger_override: str | None = None
    memory_limit: str = "5GB"
    fetching: bool = True

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Settings:
        """Read the settings from ``env`` (default: the process's environment).

        Raises:
            SettingsError: if a value cannot be used.
        """
        env = os.environ if env is None else env
        engine = env.get("CDP_ENGINE", "duckdb")
        if engine != "duckdb":
            raise SettingsError(f"CDP_ENGINE={engine!r} is not available; the engines are: duckdb")
        mode = env.get("CDP_ENV", "development")
        if mode not in ("development", "production"):
            raise SettingsError(f"CDP_ENV={mode!r} is neither development nor production")
        as_of = env.get("CDP_AS_OF")
        defs = Path(env.get("CDP_DEFS") or PROJECT / "cdp_assets" / "defs").expanduser().resolve()
        if not defs.is_dir():
            raise SettingsError(f"CDP_DEFS names {defs}, which is not a folder")
        data = Path(env.get("CDP_DATA") or PROJECT / "data").expanduser().resolve()
        there = next(folder for folder in (data, *data.parents) if folder.exists())
        if not there.is_dir():
            raise SettingsError(f"CDP_DATA names {data}, but {there} is not a folder")
        if (ledger := env.get("CDP_LEDGER")) and "://" not in ledger:
            raise SettingsError(
                "CDP_LEDGER is not a SQLAlchemy URL; write for example sqlite:////srv/cdp/ledger.sqlite or "
                "postgresql+psycopg://user:password@host/database"
            )
        if (alerts := env.get("CDP_ALERT_WEBHOOK")) and not re.match(r"https?://[^\s/]", alerts):
            # It is not repeated: it may have a token in it.
            raise SettingsError("CDP_ALERT_WEBHOOK is no address of a web server; write https://host/path")
        if (fetch := env.get("CDP_FETCH") or "1") not in ("0", "1"):
            raise SettingsError(f"CDP_FETCH={fetch!r} is neither 1 nor 0")
        memory = env.get("CDP_MEMORY_LIMIT") or cls.memory_limit
        if not _MEMORY.fullmatch(memory):
            raise SettingsError(f"CDP_MEMORY_LIMIT={memory!r} is no amount of memory; write for example 5GB or 512MiB")
        return cls(
            data=data,
            defs=defs,
            engine=engine,
            as_of=parse_instant(as_of) if as_of else None,
            production=mode == "production",
            ledger_override=env.get("CDP_LEDGER") or None,
            fetching=fetch == "1",
            memory_limit=memory,
        )

    @property
    def landing(self) -> Path:
        """Where sources drop their files."""
        return self.data / "landing"

    @property
    def warehouse_file(self) -> Path:
        """The DuckDB file that runs write."""
        return self.data / "warehouse.duckdb"

    @property
    def serving_file(self) -> Path:
        """The read-only snapshot that readers attach."""
        return self.data / "serving.duckdb"

    @property
    def ledger_url(self) -> str:
        return self.ledger_override or f"sqlite:///{self.data / 'ledger.sqlite'}"

    @property
    def duckdb_config(self) -> dict[str, str]:
        """Settings of the embedded engine's connection."""
        return {
            "memory_limit": self.memory_limit,
            "temp_directory": str(self.data / "tmp"),
            # A checkpoint after every small delivery would write the ends of tables again and again.
            "checkpoint_threshold": "512MiB",
            # Files are read by nothing older than what writes them, and the newer ways to keep texts read faster.
            "storage_compatibility_version": "latest",
            # The ends of tables are put together once a run, where the serving copy is made, not at every step of it.
            "max_vacuum_tasks": "0",
        }

    @property
    def inbox(self) -> Path:
        """Where destinations deliver in development."""
        return self.data / "inbox"

    @property
    def docs(self) -> Path:
        """Great Expectations' Data Docs."""
        return self.data / "data_docs"

    @cached_property
    def hash_key(self) -> str:
        """The key of keyed hashes: ``CDP_HASH_KEY``, or a random one kept in the data folder.

        Ids of records depend on it, so it has to stay the same for the life of an installation: `warehouse/hash_key.py`
        sees to that.
        """
        if key := self.given_hash_key:
            return key
        self.data.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(self.hash_key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return self.hash_key_file.read_text().strip()
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32))
        return self.hash_key_file.read_text().strip()

    @property
    def given_hash_key(self) -> str | None:
        """The same, if there is one already."""
        if key := os.environ.get("CDP_HASH_KEY"):
            return key
        return self.hash_key_file.read_text().strip() if self.hash_key_file.exists() else None

    @property
    def hash_key_file(self) -> Path:
        """Where the key is kept, unless the environment gives it."""
        return self.data / "hash.key"
