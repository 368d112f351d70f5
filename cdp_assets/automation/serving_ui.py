"""Dagster's UI on this machine: on a port that is free, and once for an instance.

Belongs here: what has to hold before it starts. Does not belong here: starting it (`cli.py`).
"""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

HOST = "127.0.0.1"

_LOCK = "ui.lock"


class UiRefused(RuntimeError):
    """The UI cannot start; the message says what to do."""


def check_port(port: int) -> None:
    """See that nobody listens on a port of this machine.

    Raises:
        UiRefused: if somebody does, or it may not be listened on.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            reason = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
            raise UiRefused(f"port {port} {reason}; choose another with --port N") from None


def claim(home: Path) -> int | None:
    """Be the one UI of an instance, whose daemon starts what is due: two would start it twice.

    The claim goes over to the program that this process becomes, and ends with it, however that dies.

    Args:
        home: The instance's folder.

    Returns:
        What holds the claim, until it is closed; None on systems without such locks.

    Raises:
        UiRefused: if another process has it.
    """
    try:
        import fcntl
    except ImportError:
        return None
    held = os.open(home / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        raise UiRefused(f"`cdp ui` runs for {home} already, on another port; end that one first") from None
    os.set_inheritable(held, True)
    return held
