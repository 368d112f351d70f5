"""A small receiver of webhooks on this machine, for the demo and for tests: what a well-behaved receiver does.

It verifies signatures, drops repeated idempotency keys, and keeps what it got as JSON lines (`received.jsonl`).
Run it with ``python -m cdp_assets.activation.receiver --port 8400 --out received --secret-env CDP_WEBHOOK_SECRET``.
"""

from __future__ import annotations

import argparse
import json
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cdp_assets.activation import signature
from cdp_assets.activation.clock import Clock, wall_clock

Answer = tuple[int, dict[str, str]]
"""Status and headers."""


@dataclass
class Receiver:
    """Receives webhooks on a loopback port until it is closed. A context manager.

    Args:
        secret: The signing secret; an unsigned or wrongly signed request gets 401.
        out: Folder that keeps messages as JSON lines; null keeps them in memory alone. Keys in it are known again.
        port: Port to listen on; 0 takes a free one.
        answer: Called with each request's key and number of times seen, before anything is kept; what it returns is
            answered instead of accepting. Lets a test play a receiver in trouble.
        clock: Tells how old a request is.
    """

    secret: str
    out: Path | None = None
    port: int = 0
    answer: Callable[[str, int], Answer | None] | None = None
    clock: Clock = wall_clock
    messages: list[dict[str, Any]] = field(default_factory=list)
    repeats: int = 0
    refused: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[str, int] = {}
        self._accepted: set[str] = set()
        self._remember()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Answer at once instead of waiting for more to fill a packet.
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                given = {name.lower(): value for name, value in self.headers.items()}
                status, headers = receiver.receive(self.path, given, body)
                self.send_response_only(status)
                for name, value in {"content-length": "0", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Addresses of people may be in a path: nothing is logged."""

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Receiver:
        """Receive in a thread of its own."""
        self._thread = threading.Thread(target=self.serve, name="receiver", daemon=True)
        self._thread.start()
        return self

    def serve(self) -> None:
        """Receive until closed."""
        self._server.serve_forever(poll_interval=0.1)

    def close(self) -> None:
        """Stop receiving."""
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Receiver:
        return self.start()

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def receive(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Take one request, and say what to answer."""
        try:
            key = signature.verify(self.secret, headers, body, self.clock())
        except signature.SignatureError:
            with self._lock:
                self.refused += 1
            return 401, {}
        with self._lock:
            self._seen[key] = self._seen.get(key, 0) + 1
            times = self._seen[key]
        instead = self.answer(key, times) if self.answer else None
        if instead is not None:
            return instead
        with self._lock:
            if key in self._accepted:
                self.repeats += 1
                return 200, {}
            self._accepted.add(key)
            message = {"idempotency_key": key, "path": path, **json.loads(body)}
            self.messages.append(message)
            if self.out is not None:
                with (self.out / "received.jsonl").open("a", encoding="utf-8") as file:
                    file.write(json.dumps(message, ensure_ascii=False) + "\n")
        return 200, {}

    def _remember(self) -> None:
        """Know the messages of an earlier start again."""
        if self.out is None:
            return
        self.out.mkdir(parents=True, exist_ok=True)
        kept = self.out / "received.jsonl"
        if kept.exists():
            self.messages = [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines() if line]
            self._accepted = {message["idempotency_key"] for message in self.messages}


def main() -> None:
    """Receive until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m cdp_assets.activation.receiver", description=__doc__)
    parser.add_argument("--port", type=int, default=8400)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--secret-env", default="CDP_WEBHOOK_SECRET", help="environment variable with the secret")
    arguments = parser.parse_args()
    secret = os.environ.get(arguments.secret_env)
    if not secret:
        parser.error(f"set the environment variable {arguments.secret_env}")
    receiver = Receiver(secret, arguments.out, arguments.port)
    print(f"receiving on {receiver.url}", flush=True)
    try:
        receiver.serve()
    except KeyboardInterrupt:
        receiver.close()


if __name__ == "__main__":
    main()
