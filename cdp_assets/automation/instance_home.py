"""Where an instance of Dagster keeps its files, which it does not tell classes of ours that its settings name.

Belongs here: that folder. Does not belong here: what lies in it (`event_log.py`, `run_storage.py`, `compute_logs.py`).
"""

from __future__ import annotations

import atexit
import os
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg

BASE_DIR = {"base_dir": dg.Field(dg.StringSource, is_required=False)}
"""What may be configured of each of these classes: the instance's folder, if it is not ``DAGSTER_HOME``."""


def home_of(config: Mapping[str, Any]) -> Path:
    """The instance's folder; without one, a folder that goes with the process, since nothing is to be kept."""
    return Path(config.get("base_dir") or os.environ.get("DAGSTER_HOME") or _passing())


@cache
def _passing() -> str:
    folder = tempfile.TemporaryDirectory(prefix="dagster-")
    atexit.register(folder.cleanup)
    return folder.name
