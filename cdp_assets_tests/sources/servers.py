"""Real servers on loopback for tests of fetching: PostgreSQL, MariaDB, a JSON API, an S3 and a GCS store.

Belongs here: starting and stopping them. Does not belong here: the tests.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import parse_qs, urlsplit

import pytest


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def postgresql() -> Iterator[str]:
    """A PostgreSQL server of its own, by the URL of its one database; everything is removed afterwards.

    It refuses to run as root, so there it runs as the user that the package makes.
    """
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="cdp-postgresql-"))
    someone: dict[str, Any] = {}
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        someone = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    port = free_port()
    data = folder / "data"
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder} -c fsync=off"

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd=folder, timeout=120, **someone)

    try:
        run("initdb", "-D", str(data), "-U", "cdp", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
        run("pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield f"postgresql+psycopg://cdp@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-D", str(data), "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    """Where PostgreSQL's programs are; Debian keeps them off the path."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not installed:
        _absent("PostgreSQL", "postgresql")
    return installed[-1].parent


def _absent(server: str, packages: str) -> NoReturn:
    """End a test that needs a server which is not installed: it fails where every test has to run, and is skipped
    elsewhere."""
    said = f"install {server} (Debian: apt-get install {packages}): this test starts a server of its own"
    if os.environ.get("CDP_EVERY_TEST"):
        pytest.fail(said)
    pytest.skip(said)


@contextmanager
def mariadb() -> Iterator[str]:
    """A MariaDB server of its own, by the URL of its one database; everything is removed afterwards."""
    program = shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/libexec:/usr/local/sbin")
    if program is None:
        _absent("MariaDB", "mariadb-server-core mariadb-client-core")
    folder = Path(tempfile.mkdtemp(prefix="cdp-mariadb-"))
    port = free_port()
    data = [f"--datadir={folder / 'data'}", "--no-defaults"][::-1]
    as_root = ["--user=root"] if os.geteuid() == 0 else []
    try:
        installing = [
            "mariadb-install-db",
            *data,
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            *as_root,
        ]
        subprocess.run(installing, check=True, capture_output=True, cwd=folder, timeout=120)
        grant = "GRANT ALL ON shop.* TO 'cdp'@'127.0.0.1' IDENTIFIED BY 'cdp';"
        (folder / "start.sql").write_text(f"CREATE DATABASE shop;\n{grant}\n")  # a statement a line
        serving = [
            program, *data, f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder / 'socket'}",
            f"--pid-file={folder / 'pid'}", f"--init-file={folder / 'start.sql'}", "--innodb-flush-method=nosync",
            "--skip-name-resolve", *as_root,
        ]  # fmt: skip
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(serving, stdout=log, stderr=log, cwd=folder)
        try:
            _answers(port, process)
            yield f"mysql+pymysql://cdp:cdp@127.0.0.1:{port}/shop"
        finally:
            process.terminate()
            process.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _answers(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until something listens."""
    for _ in range(600):
        assert process.poll() is None, "the server did not start"
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the server does not listen")


class Api(ThreadingHTTPServer):
    """A JSON API of customers: pages of two, a token, an answer that says "slow down", and one that fails.

    ``customers`` may be changed by the test; ``asked`` are the queries that were answered. A ``deaf`` one takes no
    notice of the page that it is asked for; one without a ``voice`` has no content in its answers where there are no
    customers. ``beside`` makes what stands beside the customers, of how often it was asked and whether more follow; by
    default, that is the address of the next page.
    """

    def __init__(self) -> None:
        self.beside: Callable[[int, bool], dict[str, Any]] | None = None
        self.customers: list[dict[str, Any]] = []
        self.asked: list[dict[str, str]] = []
        self.faults = [429, 500]
        self.broken = self.deaf = False
        self.voice = True
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1/customers"


class _Handler(BaseHTTPRequestHandler):
    server: Api

    def do_GET(self) -> None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        if self.headers.get("Authorization") != "Bearer secret-token":
            self._answer(401, {"error": "who are you"})
        elif self.server.broken:
            self._answer(404, {"error": "secret-token was here"})
        elif "page" in query and self.server.faults:
            self._answer(self.server.faults.pop(0), {"error": "not now"}, {"Retry-After": "0"})
        else:
            self.server.asked.append(query)
            found = [one for one in self.server.customers if one["updated_at"] >= query.get("updated_since", "")]
            page = 1 if self.server.deaf else int(query.get("page", 1))
            following = f"{self.server.url}?page={page + 1}&updated_since={query.get('updated_since', '')}"
            shown = found[2 * page - 2 : 2 * page]
            if not shown and not self.server.voice:
                self.send_response(204)
                self.end_headers()
                return
            more = 2 * page < len(found)
            given = self.server.beside(len(self.server.asked), more) if self.server.beside else None
            self._answer(200, {"data": shown, **(given or {"next": following if more else None})})

    def _answer(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(data)),
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def api() -> Iterator[Api]:
    """A running `Api`."""
    with Api() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@contextmanager
def s3() -> Iterator[str]:
    """An S3 server's end point."""
    from moto.server import ThreadedMotoServer

    port = free_port()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()


@contextmanager
def gcs() -> Iterator[str]:
    """A Google Cloud Storage server's end point."""
    from gcp_storage_emulator.server import create_server

    port = free_port()
    server = create_server("127.0.0.1", port, in_memory=True)
    server.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()
