"""The UI starts on a free port, and once for an instance."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from cdp_assets.automation.serving_ui import HOST, UiRefused, check_port, claim
from cdp_assets_tests.cli.command import cdp


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
        told = cdp(tmp_path, "ui", "--port", str(port))
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr == f"Error: port {port} is taken; choose another with --port N\n"
    assert not list(tmp_path.iterdir())
    check_port(port)


def test_an_instance_has_one_ui_which_holds_its_claim_as_another_program(tmp_path: Path) -> None:
    held = claim(tmp_path)
    with pytest.raises(UiRefused, match="already, on another port"):
        claim(tmp_path)
    assert held is not None
    os.close(held)
    becoming = (
        "import os, pathlib, sys; from cdp_assets.automation.serving_ui import claim; "
        "claim(pathlib.Path(sys.argv[1])); os.execvp('sh', ['sh', '-c', 'echo claimed; read line'])"
    )
    with subprocess.Popen(
        [sys.executable, "-c", becoming, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"claimed\n"
        with pytest.raises(UiRefused):
            claim(tmp_path)
        other.communicate(b"\n")
    again = claim(tmp_path)
    assert again is not None
    os.close(again)
