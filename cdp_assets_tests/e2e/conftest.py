"""One installation for all browser tests: a small demo, Dagster's webserver and daemon, a receiver, a browser."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pytest

from cdp_assets.activation.receiver import Receiver
from cdp_assets.demo.generator import DEMO_AS_OF, generate
from cdp_assets.settings import PROJECT
from cdp_assets.warehouse.serving import NothingServed, Reader
from cdp_assets_tests.e2e.dagster_ui import DagsterUI, chromium
from cdp_assets_tests.e2e.services import Process, free_port, wait_until

PEOPLE = 300
SEED = 11
SECRET = "whsec_c2VjcmV0IG9mIHRoZSBicm93c2VyIHRlc3Q="


@dataclass
class Installation:
    """Where everything of the tests lies, and what runs on it."""

    data: Path
    address: str
    receiver: Receiver
    processes: list[Process] = field(default_factory=list)

    @property
    def serving_file(self) -> Path:
        return self.data / "serving.duckdb"

    def must_live(self) -> None:
        """Raise if a process has ended."""
        for process in self.processes:
            process.must_live()


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    data = tmp_path_factory.mktemp("installation") / "data"
    generate(PEOPLE, SEED, data, DEMO_AS_OF)
    home = data / "dagster"
    home.mkdir()
    (home / "dagster.yaml").write_bytes((PROJECT / "dagster.yaml").read_bytes())
    port = free_port()
    with Receiver(SECRET) as receiver:
        env = {
            **os.environ,
            "CDP_DATA": str(data),
            "CDP_AS_OF": DEMO_AS_OF.isoformat(),
            "CDP_WEBHOOK_SECRET": SECRET,
            "CDP_MAIL_WEBHOOK_URL": f"{receiver.url}/mail",
            "CDP_CRM_WEBHOOK_URL": f"{receiver.url}/crm",
            "DAGSTER_HOME": str(home),
            "GX_ANALYTICS_ENABLED": "false",
        }
        installed = Installation(data, f"http://127.0.0.1:{port}", receiver)
        tools, workspace = Path(sys.executable).parent, ["-w", str(PROJECT / "workspace.yaml")]
        logs = _kept()
        commands = {
            "webserver": [str(tools / "dagster-webserver"), *workspace, "-h", "127.0.0.1", "-p", str(port)],
            "daemon": [str(tools / "dagster-daemon"), "run", *workspace],
        }
        # Webserver and daemon would each make the instance's tables, and one find the other's half made.
        subprocess.run([str(tools / "dagster"), "instance", "migrate"], env=env, check=True, capture_output=True)
        try:
            for name, command in commands.items():
                installed.processes.append(Process(name, command, env, logs / f"{name}.log"))
            wait_until(lambda: _ready(installed), "the webserver to load the definitions", seconds=240)
            yield installed
        finally:
            for process in installed.processes:
                process.stop()


@pytest.fixture(scope="session")
def ui(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DagsterUI]:
    with chromium(tmp_path_factory.mktemp("browser")) as driver:
        yield DagsterUI(driver, installation.address, _kept())


class Onlooker:
    """Reads the serving snapshot all the time, as a page or notebook would, and remembers what went wrong."""

    def __init__(self, serving_file: Path) -> None:
        self._file = serving_file
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, name="onlooker", daemon=True)
        self.reads = 0
        self.errors: list[str] = []

    def __enter__(self) -> Onlooker:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(0.2):
            try:
                with Reader(self._file) as reader:
                    reader.rows("SELECT count(*) FROM profiles.golden_records")
                    reader.rows("SELECT segment, count(*) FROM segments.memberships GROUP BY segment")
                self.reads += 1
            except NothingServed:
                continue
            except duckdb.Error as error:
                self.errors.append(str(error))


@pytest.fixture(scope="session")
def onlooker(installation: Installation) -> Iterator[Onlooker]:
    with Onlooker(installation.serving_file) as looking:
        yield looking


_LOCATIONS = """{ workspaceOrError { ... on Workspace { locationEntries { loadStatus locationOrLoadError {
    __typename ... on PythonError { message } } } } } }"""


def _ready(installed: Installation) -> bool:
    """Whether the webserver answers and has loaded the definitions.

    Raises:
        RuntimeError: if they cannot be loaded, with the reason.
    """
    installed.must_live()
    body = json.dumps({"query": _LOCATIONS}).encode()
    request = urllib.request.Request(
        f"{installed.address}/graphql", data=body, headers={"content-type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            entries = json.load(answer)["data"]["workspaceOrError"]["locationEntries"]
    except (urllib.error.URLError, OSError):
        return False
    for entry in entries:
        if "message" in (entry["locationOrLoadError"] or {}):
            raise RuntimeError(entry["locationOrLoadError"]["message"])
    return bool(entries) and all(entry["loadStatus"] == "LOADED" for entry in entries)


def _kept() -> Path:
    """Where logs and screenshots stay, to be looked at after the tests."""
    folder = PROJECT / "data" / "e2e"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
