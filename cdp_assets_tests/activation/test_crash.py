"""Killing the process at any point loses nothing and tells nobody twice."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

from cdp_assets.activation.receiver import Answer, Receiver
from cdp_assets_tests.activation.process import SECRET, SPEC, stocked
from cdp_assets_tests.activation.shop import MONDAY, TUESDAY, Shop

COLUMNS = (
    "destination",
    "profile_id",
    "sequence",
    "idempotency_key",
    "change",
    "payload",
    "payload_hash",
    "contact_point",
    "gated",
    "status",
    "reason",
    "gate",
    "created_at",
)


def start(*arguments: str) -> subprocess.Popen[str]:
    module = "cdp_assets_tests.activation.process"
    process = subprocess.Popen([sys.executable, "-m", module, *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def finish(process: subprocess.Popen[str]) -> None:
    assert process.wait(timeout=120) == 0


def test_deliveries_killed_at_random_moments_arrive_exactly_once_and_in_order(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    shop = stocked(url)
    shop.refresh(SPEC, MONDAY)
    shop.members = {number for number in shop.members if number % 2}
    shop.refresh(SPEC, TUESDAY)
    expected = {row[0] for row in shop.rows("idempotency_key", "status") if row[1] == "pending"}
    moments = random.Random(11)

    def slow_and_moody(key: str, times: int) -> Answer | None:
        time.sleep(0.004)
        return (503, {}) if moments.random() < 0.1 else None

    with Receiver(SECRET, answer=slow_and_moody) as receiver:
        for _ in range(6):
            process = start("deliver", url, receiver.url)
            time.sleep(moments.uniform(0.05, 0.7))
            process.kill()
            process.wait()
        finish(start("deliver", url, receiver.url))
    assert {message["idempotency_key"] for message in receiver.messages} == expected
    assert len(receiver.messages) == len(expected)
    assert {row[0] for row in shop.rows("status")} == {"delivered", "withheld"}
    by_profile: dict[str, list[int]] = {}
    for message in receiver.messages:
        by_profile.setdefault(message["profile_id"], []).append(message["sequence"])
    assert all(sequences == sorted(sequences) for sequences in by_profile.values())
    shop.ledger.close()


def test_a_refresh_killed_at_random_moments_leaves_the_outbox_of_an_undisturbed_one(tmp_path: Path) -> None:
    undisturbed = stocked(f"sqlite:///{tmp_path / 'undisturbed.sqlite'}")
    undisturbed.refresh(SPEC, MONDAY)
    url = f"sqlite:///{tmp_path / 'killed.sqlite'}"
    moments = random.Random(5)
    for _ in range(4):
        process = start("refresh", url)
        time.sleep(moments.uniform(0.1, 1.2))
        process.kill()
        process.wait()
    finish(start("refresh", url))
    killed = Shop(url)
    assert killed.rows(*COLUMNS) == undisturbed.rows(*COLUMNS)
    killed.ledger.close()
    undisturbed.ledger.close()
