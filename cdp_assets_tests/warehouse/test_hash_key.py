"""An installation goes on with the hash key that it was begun with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cdp_assets.ledger import Ledger
from cdp_assets.settings import Settings, SettingsError
from cdp_assets.warehouse.hash_key import check_key, keep_to_key

AS_OF = datetime(2026, 6, 30, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    monkeypatch.delenv("CDP_HASH_KEY", raising=False)
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}") as opened:
        yield opened


def settings_of(folder: Path) -> Settings:
    return Settings(data=folder, defs=folder)


def test_the_key_of_the_first_run_is_the_key_of_all_wherever_it_comes_from(
    tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_key(ledger, settings_of(tmp_path))
    for run_id in ("first", "second"):
        keep_to_key(ledger, settings_of(tmp_path), run_id=run_id, as_of=AS_OF)
    key = (tmp_path / "hash.key").read_text()
    (tmp_path / "hash.key").unlink()
    monkeypatch.setenv("CDP_HASH_KEY", key)
    keep_to_key(ledger, settings_of(tmp_path), run_id="third", as_of=AS_OF)
    assert key not in (ledger.fingerprint("hash_key") or "")


def test_another_key_is_refused_before_anything_is_done(
    tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_to_key(ledger, settings_of(tmp_path), run_id="first", as_of=AS_OF)
    monkeypatch.setenv("CDP_HASH_KEY", "another")
    with pytest.raises(SettingsError, match="it is another one now"):
        keep_to_key(ledger, settings_of(tmp_path), run_id="second", as_of=AS_OF)
    monkeypatch.delenv("CDP_HASH_KEY")
    check_key(ledger, settings_of(tmp_path))


def test_a_key_that_is_gone_is_missed_and_none_is_made(tmp_path: Path, ledger: Ledger) -> None:
    keep_to_key(ledger, settings_of(tmp_path), run_id="first", as_of=AS_OF)
    (tmp_path / "hash.key").unlink()
    with pytest.raises(SettingsError, match=r"hash\.key is gone, and CDP_HASH_KEY is not set"):
        check_key(ledger, settings_of(tmp_path))
    assert not (tmp_path / "hash.key").exists()
