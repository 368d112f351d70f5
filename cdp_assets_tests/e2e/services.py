"""Processes of a test: started with their output in a file, watched, and ended by their own id."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


def free_port() -> int:
    """A port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(happened: Callable[[], object], what: str, seconds: float, every: float = 0.5) -> None:
    """Wait until ``happened()`` is true.

    Raises:
        TimeoutError: if it is not within ``seconds``; the message says ``what`` was waited for.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if happened():
            return
        time.sleep(every)
    raise TimeoutError(f"waited {seconds:.0f} s for {what}")


class Process:
    """A process with a group of its own, so that what it starts ends with it."""

    def __init__(self, name: str, command: Sequence[str], env: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                list(command), env=dict(env), stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )

    def must_live(self) -> None:
        """Raise if it has ended, with the end of its output."""
        if self._process.poll() is not None:
            tail = self.log.read_text(errors="replace")[-3000:]
            raise RuntimeError(f"{self.name} ended with code {self._process.returncode}:\n{tail}")

    def stop(self) -> None:
        """End it and what it started: asked first, then forced."""
        for wanted in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self._process.pid, wanted)
            except ProcessLookupError:
                break
            try:
                self._process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                continue
        self._process.wait(timeout=15)
