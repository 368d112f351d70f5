"""What is new is noticed, and nothing that came during a run is forgotten."""

from __future__ import annotations

import os
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cdp_assets.automation.landing import Look, changed_since, landing_listing, look


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


NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


def _looks(
    landing: Path,
    *seconds: float,
    before: dict[str, str] | None = None,
    busy: bool = False,
    snapshots: Collection[str] = (),
) -> list[Look]:
    """Looks at so many seconds after noon, each with the memory of the one before."""
    looks: list[Look] = []
    memory: dict[str, str] = before or {}
    for second in seconds:
        looks.append(look(landing, memory, NOON + timedelta(seconds=second), busy=busy, snapshots=snapshots))
        memory = dict(looks[-1].memory)
    return looks


def _wanted(looks: list[Look]) -> list[bool]:
    return [each.wanted for each in looks]


def test_a_file_is_whole_when_the_next_look_finds_it_as_it_was_and_is_wanted_once(tmp_path: Path) -> None:
    _drop(tmp_path, "shop/orders.csv", "id\n1\n")
    assert _wanted(_looks(tmp_path, 0, 5, 10)) == [False, True, False]


def test_a_file_that_stops_within_a_line_or_seems_to_is_left_for_longer(tmp_path: Path) -> None:
    _drop(tmp_path, "shop/orders.csv", "id\n1")
    assert _wanted(_looks(tmp_path, 0, 5, 10, 15, 20)) == [False, False, False, False, True]


def test_a_file_of_which_half_would_say_that_the_rest_has_gone_is_left_for_longer(tmp_path: Path) -> None:
    _drop(tmp_path, "crm/contacts_1.csv", "id\n1\n")
    assert _wanted(_looks(tmp_path, 0, 5, 10, 15, 20, snapshots=["crm/contacts_*.csv"]))[-2:] == [False, True]
    assert _wanted(_looks(tmp_path, 0, 5, snapshots=["crm/accounts_*.csv"])) == [False, True]


def test_only_files_that_are_new_have_to_be_whole(tmp_path: Path) -> None:
    _drop(tmp_path, "shop/orders.csv.gz", "compressed")
    listing, later = landing_listing(tmp_path), datetime.now(UTC) + timedelta(hours=1)
    requested = {"seen": listing, "requested": listing, "requested_at": later.isoformat()}
    (tmp_path / "shop/nothing_new.csv").touch()
    assert _wanted(_looks(tmp_path, 0, 5, before=requested)) == [False, True]


def test_a_file_that_grows_begins_to_wait_anew(tmp_path: Path) -> None:
    file = _drop(tmp_path, "shop/orders.csv", "id\n1\n")
    [first] = _looks(tmp_path, 0)
    file.write_text("id\n1\n2\n")
    assert _wanted(_looks(tmp_path, 5, 10, before=dict(first.memory))) == [False, True]


def test_a_file_that_never_rests_holds_up_no_other(tmp_path: Path) -> None:
    _drop(tmp_path, "shop/orders.csv", "id\n1\n")
    now, memory, wanted = datetime.now(UTC), dict[str, str](), []
    for second in range(0, 45, 5):
        _drop(tmp_path, "web/events.jsonl", "{}\n" * (second + 1))
        found = look(tmp_path, memory, now + timedelta(seconds=second), busy=second < 20)
        memory = dict(found.memory)
        wanted.append(found.wanted)
    assert wanted == [False] * 4 + [True] + [False] * 4


def test_nothing_is_wanted_while_a_refresh_is_under_way_and_forgotten_afterwards(tmp_path: Path) -> None:
    _drop(tmp_path, "shop/orders.csv", "id\n1\n")
    waiting = _looks(tmp_path, 0, 5, 10, busy=True)
    assert _wanted(waiting) == [False, False, False]
    assert _wanted(_looks(tmp_path, 15, before=dict(waiting[-1].memory))) == [True]


def test_files_whose_refresh_failed_are_wanted_again_less_and_less_often(tmp_path: Path) -> None:
    _drop(tmp_path, "shop/orders.csv", "id\n1\n")
    memory = dict(_looks(tmp_path, 0, 5)[-1].memory)
    assert not look(tmp_path, memory, NOON + timedelta(days=1), busy=False).wanted
    failed, minutes = NOON, []
    for _ in range(3):
        found = look(tmp_path, memory, failed + timedelta(seconds=290), busy=False, failed_at=failed)
        assert (found.wanted, found.waits[:22]) == (False, "the refresh has failed")
        assert not look(tmp_path, memory, failed + timedelta(days=1), busy=True, failed_at=failed).wanted
        while not (found := look(tmp_path, memory, NOON, busy=False, failed_at=failed)).wanted:
            failed -= timedelta(minutes=5)
        minutes.append(int((NOON - failed).total_seconds() // 60))
        memory, failed = dict(found.memory), NOON
    assert minutes == [5, 10, 20]
    assert "tries" in look(tmp_path, memory, NOON, busy=True).memory
    assert "tries" not in look(tmp_path, memory, NOON, busy=False).memory
    _drop(tmp_path, "shop/orders_2.csv", "id\n2\n")
    assert "tries" not in _looks(tmp_path, 3600, 3605, before=memory)[-1].memory


def test_a_cursor_that_an_older_version_left_is_understood(tmp_path: Path) -> None:
    _drop(tmp_path, "shop/orders.csv", "id\n1\n")
    listing = landing_listing(tmp_path)
    assert _wanted(_looks(tmp_path, 0, 5, before={"seen": listing})) == [False, True]
    assert _wanted(_looks(tmp_path, 0, 5, before={"seen": listing, "requested": listing})) == [False, False]
