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
from typing import Any, ClassVar

import dagster as dg
from dagster._serdes import ConfigurableClassData


class AtHome:
    """A class that an instance's settings name, which keeps what it keeps where Dagster's own class would."""

    place: ClassVar[str]
    """That folder, below the instance's."""

    @classmethod
    def config_type(cls) -> Any:
        """What may be configured: the instance's folder, if it is not ``DAGSTER_HOME``."""
        return {"base_dir": dg.Field(dg.StringSource, is_required=False)}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Any:
        """Made as the instance asks for it."""
        home = config_value.get("base_dir") or os.environ.get("DAGSTER_HOME") or _passing()
        return cls.at(str(Path(home) / cls.place), inst_data)

    @classmethod
    def at(cls, folder: str, inst_data: ConfigurableClassData | None) -> Any:
        """Made for a folder."""
        return cls(folder, inst_data=inst_data)  # type: ignore[call-arg]


@cache
def _passing() -> str:
    """Without an instance's folder, one that goes with the process: nothing is to be kept."""
    folder = tempfile.TemporaryDirectory(prefix="dagster-")
    atexit.register(folder.cleanup)
    return folder.name
