"""Who may load what: the part of the import contracts that only running them shows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "cdp_assets"
FACES = frozenset(
    {"assets", "model_assets", "wide_assets", "checks", "component", "definitions", "catalog", "resources",
     "sql_fields", "telling", "env"}
)  # fmt: skip
"""Modules that are, or open onto, Dagster's side (and Alembic's environment, which only Alembic can load)."""


LOAD_ALL = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
    assert "dagster" not in sys.modules, name
"""


def test_pure_modules_load_without_dagster() -> None:
    modules = sorted(
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
        for path in PACKAGE.rglob("*.py")
        if path.stem not in FACES and "automation" not in path.parts and "versions" not in path.parts
    )
    assert len(modules) > 100
    told = subprocess.run(
        [sys.executable, "-c", LOAD_ALL, *modules], capture_output=True, text=True, timeout=300, check=False
    )
    assert told.returncode == 0, told.stderr
