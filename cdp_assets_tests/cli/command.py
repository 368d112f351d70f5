"""The `cdp` command as a person types it: what it says, and how it ends."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

from cdp_assets.cli import main


def cdp(data: Path, *arguments: str, answers: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    """Run the console script's entry point within this process, which is spared another start of Python.

    Args:
        data: The data folder.
        arguments: What is typed after `cdp`.
        answers: What is typed when it asks.
        env: Further variables of its environment.
    """
    typed = ["cdp", *arguments]
    code = 0
    with (
        patch.dict(os.environ, {"CDP_DATA": str(data), **env}),
        patch.object(sys, "argv", typed),
        patch.object(sys, "stdin", io.StringIO(answers)),
        redirect_stdout(io.StringIO()) as said,
        redirect_stderr(io.StringIO()) as complained,
    ):
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    return subprocess.CompletedProcess(typed, code, said.getvalue(), complained.getvalue())


def cdp_process(data: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run it as its own process, for what depends on all that a process has loaded."""
    return python(data, "from cdp_assets.cli import main; main()", *arguments, **env)


def python(data: Path, code: str, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run some lines of Python as their own process."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "CDP_DATA": str(data), **env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
