"""What a run loads is loaded before it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from cdp_assets.settings import PROJECT

_LATE = """
import os
import sys
from pathlib import Path
from cdp_assets.automation.warm_up import warm_up
assert warm_up()
assert not list(Path(os.environ["DAGSTER_HOME"]).iterdir())
from cdp_assets.automation.refresh import dagster_instance, give_settings
from cdp_assets.settings import Settings
give_settings(Path(os.environ["DAGSTER_HOME"]))
before = set(sys.modules)
with dagster_instance(Settings.from_env()):
    print(*sorted(set(sys.modules) - before))
"""


def test_the_first_run_of_a_process_finds_loaded_what_dagster_needs_and_no_trace_of_it(tmp_path: Path) -> None:
    folders = {"DAGSTER_HOME": tmp_path / "home", "CDP_DATA": tmp_path / "data", "CDP_DEFS": tmp_path / "defs"}
    for folder in folders.values():
        folder.mkdir()
    environment = {**os.environ, **{name: str(folder) for name, folder in folders.items()}}
    command = [sys.executable, "-c", _LATE]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, env=environment, check=True)
    assert done.stdout.split() == []
