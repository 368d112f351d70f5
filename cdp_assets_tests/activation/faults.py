"""A receiver in every kind of trouble, and a worker that is killed at random moments: what arrives all the same.

Belongs here: making trouble and counting. Does not belong here: judging (`test_crash.py`, `bench/faults.py`).
"""

from __future__ import annotations

import random
import socket
import struct
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from cdp_assets.activation.receiver import Receiver
from cdp_assets_tests.activation.process import SECRET, SPEC, TIMEOUT_SECONDS, stocked
from cdp_assets_tests.activation.shop import MONDAY, TUESDAY, WEDNESDAY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cdp_assets_tests.activation.shop import Shop

TROUBLES = {
    "answers": 0.62,
    "500": 0.12,
    "slow": 0.1,
    "reset": 0.06,
    "accepts, then loses the connection": 0.06,
    "times out": 0.03,
    "429 with Retry-After": 0.01,
}
"""What happens to a request, and how often."""


@dataclass(frozen=True)
class Arrived:
    """What came of it.

    Args:
        expected: Messages that waited.
        missing: Those that never arrived, by key.
        surplus: Messages kept twice, or that nobody sent.
        out_of_order: Profiles whose messages were kept in another order.
        unsettled: Messages that the ledger does not hold for delivered.
        repeats: Messages that came again under their key, and were dropped by it.
        kills: How often the worker was killed while it worked.
        troubles: What the receiver did, and how often.
    """

    expected: int
    missing: int
    surplus: int
    out_of_order: int
    unsettled: int
    repeats: int
    kills: int
    troubles: Counter[str]

    @property
    def faultless(self) -> bool:
        return not (self.missing or self.surplus or self.out_of_order or self.unsettled)


def delivered_in_spite_of_everything(ledger_url: str, *, people: int, kills: int, seed: int) -> Arrived:
    """Deliver three refreshes' changes to a receiver in trouble, by workers that are killed; then let it heal.

    Args:
        ledger_url: A new ledger.
        people: Members of the segment; a third of them may not be told.
        kills: Workers to kill while they work.
        seed: Of all that is random.
    """
    shop = _waiting(ledger_url, people)
    expected = {row[0] for row in shop.rows("idempotency_key", "status") if row[1] == "pending"}
    moments, healed, troubles = random.Random(seed), threading.Event(), Counter[str]()
    killed = 0
    with Receiver(SECRET) as keeper, _in_trouble(keeper, random.Random(seed), healed, troubles) as url:
        while killed < kills:
            before, worker = troubles.total(), _start(ledger_url, url)
            while worker.poll() is None and troubles.total() == before:
                time.sleep(0.005)
            time.sleep(moments.uniform(0.0, 0.6))
            if worker.poll() is not None:
                break  # all is delivered already
            worker.kill()
            worker.wait()
            killed += 1
        healed.set()
        for _ in range(20):
            if _start(ledger_url, url).wait(timeout=300):
                raise RuntimeError("the worker failed")
            if all(row[0] in ("delivered", "withheld") for row in shop.rows("status")):
                break
            time.sleep(1)
    rows = shop.rows("idempotency_key", "status")
    shop.ledger.close()
    return _counted(keeper, expected, rows, killed, troubles)


def _waiting(ledger_url: str, people: int) -> Shop:
    """An outbox after three days: all entered, some left, some of them came back."""
    shop = stocked(ledger_url, people)
    shop.refresh(SPEC, MONDAY)
    shop.members = {number for number in shop.members if number % 2}
    shop.refresh(SPEC, TUESDAY)
    shop.members = {number for number in range(1, people + 1) if number % 4}
    shop.refresh(SPEC, WEDNESDAY)
    return shop


def _counted(
    keeper: Receiver, expected: set[str], rows: list[tuple[Any, ...]], kills: int, troubles: Counter[str]
) -> Arrived:
    kept = [message["idempotency_key"] for message in keeper.messages]
    orders: dict[str, list[int]] = {}
    for message in keeper.messages:
        orders.setdefault(message["profile_id"], []).append(message["sequence"])
    return Arrived(
        expected=len(expected),
        missing=len(expected - set(kept)),
        surplus=len(kept) - len(expected & set(kept)),
        out_of_order=sum(sequences != sorted(sequences) for sequences in orders.values()),
        unsettled=sum(key in expected and status != "delivered" for key, status in rows),
        repeats=keeper.repeats,
        kills=kills,
        troubles=troubles,
    )


def _start(ledger_url: str, url: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "cdp_assets_tests.activation.process", "deliver", ledger_url, url],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@contextmanager
def _in_trouble(
    keeper: Receiver, chance: random.Random, healed: threading.Event, troubles: Counter[str]
) -> Iterator[str]:
    """A server that keeps messages with ``keeper`` and is in trouble until it has healed; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            mood = "answers" if healed.is_set() else chance.choices([*TROUBLES], [*TROUBLES.values()])[0]
            troubles[mood] += 1
            if mood == "times out":
                time.sleep(2 * TIMEOUT_SECONDS)
            if mood in ("reset", "times out"):
                self.lose()
            elif mood == "500":
                self.say(500)
            elif mood == "429 with Retry-After":
                self.say(429, ("retry-after", "1"))
            else:
                if mood == "slow":
                    time.sleep(TIMEOUT_SECONDS / 2)
                status, _ = keeper.receive(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                if mood.startswith("accepts"):
                    self.lose()
                else:
                    self.say(status)

        def say(self, status: int, *headers: tuple[str, str]) -> None:
            self.send_response_only(status)
            for name, value in (("content-length", "0"), *headers):
                self.send_header(name, value)
            self.end_headers()

        def lose(self) -> None:
            """Reset the connection."""
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True

        def log_message(self, *_: Any) -> None: ...

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Killed workers and reset connections are what this is about."""

    server = Quiet(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/hook"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
