"""What a run loads is loaded before it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from cdp_assets.settings import PROJECT

_LATE = """
import sys
from cdp_assets.automation.warm_up import warm_up
assert warm_up()
before = set(sys.modules)
from cdp_assets.automation.refresh import dagster_instance
from cdp_assets.settings import Settings
with dagster_instance(Settings.from_env()):
    print(*sorted(set(sys.modules) - before))
"""


def test_the_first_run_of_a_process_finds_loaded_what_dagster_needs(tmp_path: Path) -> None:
    (tmp_path / "defs").mkdir()
    kept = {name: value for name, value in os.environ.items() if name != "DAGSTER_HOME"}
    environment = {**kept, "CDP_DATA": str(tmp_path), "CDP_DEFS": str(tmp_path / "defs")}
    command = [sys.executable, "-c", _LATE]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, env=environment, check=True)
    assert done.stdout.split() == []
