"""Killing the process at any point loses nothing and tells nobody twice."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cdp_assets_tests.activation.faults import delivered_in_spite_of_everything
from cdp_assets_tests.activation.process import PEOPLE, SPEC, stocked
from cdp_assets_tests.activation.shop import MONDAY, Shop
from cdp_assets_tests.examples import SOAKING

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


@pytest.mark.soak
def test_to_a_receiver_in_trouble_killed_workers_deliver_exactly_once_and_in_order(tmp_path: Path) -> None:
    arrived = delivered_in_spite_of_everything(
        f"sqlite:///{tmp_path / 'ledger.sqlite'}",
        people=10 * PEOPLE if SOAKING else PEOPLE,
        kills=20 if SOAKING else 4,
        seed=random.SystemRandom().randrange(10**6) if SOAKING else 11,
    )
    assert arrived.faultless, arrived
    assert arrived.kills >= 4
    assert arrived.troubles["500"] > 0


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
