"""What is new is noticed, and nothing that came during a run is forgotten."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cdp_assets.automation.landing import changed_since, landing_listing


def _drop(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def test_the_listing_changes_when_a_file_comes_grows_or_goes(tmp_path: Path) -> None:
    seen = [landing_listing(tmp_path)]
    file = _drop(tmp_path, "shop/orders.csv", "a")
    seen.append(landing_listing(tmp_path))
    file.write_text("ab")
    seen.append(landing_listing(tmp_path))
    file.unlink()
    assert len(set(seen)) == 3
    assert landing_listing(tmp_path) == seen[0]


def test_hidden_files_do_not_count(tmp_path: Path) -> None:
    before = landing_listing(tmp_path)
    _drop(tmp_path, ".orders.csv.swp", "half")
    assert landing_listing(tmp_path) == before


def test_a_file_moved_in_during_a_run_counts_though_it_was_written_before(tmp_path: Path) -> None:
    file = _drop(tmp_path, "orders.csv", "a")
    os.utime(file, (1_000_000_000, 1_000_000_000))
    now = datetime.now(UTC)
    assert changed_since(tmp_path, now - timedelta(minutes=1))
    assert not changed_since(tmp_path, now + timedelta(minutes=1))
