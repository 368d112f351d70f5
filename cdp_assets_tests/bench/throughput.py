"""Delivering 100,000 webhooks that wait, beside the bare HTTP client posting the same requests.

Belongs here: filling an outbox, delivering it with the stage's own functions, and counting. The receiver is a process
of its own that answers and keeps nothing but counts, so that both sides are measured against the same.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx

from cdp_assets_tests.bench.harness import Figure, measure

PENDING = 100_000
BARE = 10_000
CONCURRENCY = 8
SECRET = "whsec_" + "ab" * 24


def figures() -> list[Figure]:
    """Fill, deliver, and post the same without the platform; the better of the two bars counts."""
    pending = int(os.environ.get("CDP_BENCH_DELIVERIES", PENDING))
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'ledger.sqlite'}"
        _fill(url, pending)
        with _Receiver() as receiver:
            bare = _bare(receiver.url, min(BARE, pending))
            told = measure(
                [sys.executable, "-m", "cdp_assets_tests.bench.throughput", url, receiver.url], dict(os.environ)
            )
            delivered = json.loads(told.output)
            received = receiver.received()
    rate = delivered["delivered"] / delivered["seconds"]
    growth = (delivered["peak_mib"] - delivered["early_mib"]) / delivered["early_mib"]
    enough = rate >= 1000 or rate >= 0.8 * bare
    whole = delivered["delivered"] == pending == received - min(BARE, pending)
    return [
        Figure(
            "webhooks delivered",
            round(rate, 1),
            "a second",
            "≥ 1,000 or 80% of the bare client",
            enough,
            f"httpx alone, {CONCURRENCY} threads: {bare:,.0f} a second",
            round(rate / bare, 3),
        ),
        Figure("webhooks waiting, all delivered once", delivered["delivered"], "messages", f"= {pending:,}", whole),
        Figure("memory grown over the deliveries", round(growth, 3), "share", "≤ 0.1", growth <= 0.1),
    ]


def _fill(url: str, pending: int) -> None:
    """An outbox with as many messages waiting as there are people, all of whom have consented."""
    from cdp_assets.ledger import Ledger
    from cdp_assets_tests.activation.shop import MONDAY, Shop

    shop = Shop(url).with_people(*range(1, pending + 1))
    shop.members = set(range(1, pending + 1))
    shop.refresh(_spec(), MONDAY)
    shop.ledger.close()
    Ledger.open(url).close()


def _spec() -> object:
    from cdp_assets.activation.spec import WebhookConnector
    from cdp_assets_tests.activation.shop import WELCOME

    return replace(WELCOME, connector=WebhookConnector("URL", "SECRET", concurrency=CONCURRENCY))


def _bare(url: str, requests: int) -> float:
    """Requests a second of the HTTP client alone: the same size, threads and connections, nothing else."""
    body = json.dumps({"type": "segment.entered", "data": {"email": "p12345@example.org", "name": "Person 12345"}})
    headers = {f"x-{number}": "0123456789abcdef0123456789abcdef" for number in range(4)}
    limits = httpx.Limits(max_connections=CONCURRENCY, max_keepalive_connections=CONCURRENCY)
    with httpx.Client(limits=limits) as client, ThreadPoolExecutor(CONCURRENCY) as pool:
        started = time.perf_counter()
        found = pool.map(lambda _: client.post(url, content=body, headers=headers).status_code, range(requests))
        assert set(found) == {200}
        return requests / (time.perf_counter() - started)


class _Receiver:
    """A receiver in a process of its own."""

    def __enter__(self) -> _Receiver:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cdp_assets_tests.bench.throughput", "receive"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        return self

    def received(self) -> int:
        """Ends it; how many requests it answered."""
        output, _ = self._process.communicate("done\n", timeout=30)
        return int(output)

    def __exit__(self, *_exception: object) -> None:
        if self._process.poll() is None:
            self._process.kill()


def _receive() -> None:
    """Answer every request with 200; print the address, and on a line of input the number of requests."""
    import asyncio

    count = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next(
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length:")
                )
                await reader.readexactly(length)
                count += 1
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def main() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        print(count, flush=True)
        server.close()

    asyncio.run(main())


def _deliver(ledger_url: str, url: str) -> None:
    """Deliver everything; print how many, in how long, and the memory early and at its peak."""
    import resource
    import threading

    from cdp_assets.activation.clock import wall_clock
    from cdp_assets.activation.connectors.webhook import Webhook
    from cdp_assets.activation.delivery import deliver
    from cdp_assets.ledger import Ledger

    early: list[float] = []
    timer = threading.Timer(10, lambda: early.append(_peak()))
    timer.daemon = True

    def _peak() -> float:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    timer.start()
    connector = Webhook(url, SECRET, concurrency=CONCURRENCY)
    with Ledger.open(ledger_url) as ledger:
        run = deliver(_spec(), connector, ledger, clock=wall_clock)
    connector.close()
    timer.cancel()
    peak = _peak()
    print(
        json.dumps(
            {
                "delivered": run.delivered,
                "seconds": run.seconds,
                "early_mib": early[0] if early else peak,
                "peak_mib": peak,
            }
        )
    )


def main(arguments: Sequence[str]) -> None:
    """``receive``, or ``LEDGER URL`` to deliver."""
    if list(arguments) == ["receive"]:
        _receive()
    else:
        _deliver(*arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
