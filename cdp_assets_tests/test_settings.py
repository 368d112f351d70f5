"""Settings come from the environment, and a bad one is told in words."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from cdp_assets.settings import PROJECT, Settings, SettingsError


def test_the_defaults_are_the_projects_own_folders_and_development() -> None:
    settings = Settings.from_env({})
    assert settings.data == PROJECT / "data"
    assert settings.defs == PROJECT / "cdp_assets" / "defs"
    assert not settings.production
    assert settings.as_of is None


def test_any_folder_works_as_definitions_and_an_instant_without_zone_is_utc(tmp_path: Path) -> None:
    settings = Settings.from_env({"CDP_DEFS": str(tmp_path), "CDP_AS_OF": "2026-06-30T12:00:00"})
    assert settings.defs == tmp_path
    assert settings.as_of == datetime(2026, 6, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("CDP_AS_OF", "yesterday", "not an ISO 8601"),
        ("CDP_ENV", "staging", "neither development nor production"),
        ("CDP_ENGINE", "sqlite", "the engines are: duckdb"),
        ("CDP_FETCH", "false", "CDP_FETCH='false' is neither 1 nor 0"),
        ("CDP_DEFS", "/nowhere/at/all", "not a folder"),
        ("CDP_DATA", "/dev/null/data", "but /dev/null is not a folder"),
        ("CDP_MEMORY_LIMIT", "lots", "write for example 5GB"),
        ("CDP_MEMORY_LIMIT", "80%", "write for example 5GB"),
        ("CDP_ALERT_WEBHOOK", "alerts.example.com", "CDP_ALERT_WEBHOOK is no address of a web server"),
        ("CDP_LEDGER", "ledger.sqlite", "CDP_LEDGER is not a SQLAlchemy URL"),
    ],
)
def test_a_bad_setting_is_named(name: str, value: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Settings.from_env({name: value})


@pytest.mark.parametrize("amount", ["5GB", "512MiB", "1.5 gb", "100000B"])
def test_an_amount_of_memory_is_taken_as_the_engine_reads_it(amount: str) -> None:
    limit = Settings.from_env({"CDP_MEMORY_LIMIT": amount}).memory_limit
    assert duckdb.connect(config={"memory_limit": limit}).execute("SELECT 1").fetchall() == [(1,)]


def test_the_hash_key_is_made_once_and_kept_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CDP_HASH_KEY", raising=False)
    first = Settings(data=tmp_path, defs=tmp_path).hash_key
    assert first == Settings(data=tmp_path, defs=tmp_path).hash_key
    assert (tmp_path / "hash.key").stat().st_mode & 0o777 == 0o600
