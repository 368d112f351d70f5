"""Modules that are imported for what is hardly ever used are loaded when it is used."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from cdp_assets.quality.loaded_later import loaded_when_used


def test_a_module_is_loaded_when_somebody_uses_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "heavy_thing.py").write_text(
        "from pathlib import Path\nPath(__file__).with_name('loaded').touch()\nsix = 6\n"
    )
    (tmp_path / "user_of_it.py").write_text("import heavy_thing as thing\n\ndef six():\n    return thing.six\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    loaded = tmp_path / "loaded"
    try:
        with loaded_when_used("heavy_thing"):
            user = importlib.import_module("user_of_it")
        assert not loaded.exists()
        assert "heavy_thing" not in sys.modules
        assert user.six() == 6
        assert loaded.exists()
        real = sys.modules["heavy_thing"]
        with loaded_when_used("heavy_thing"):
            assert importlib.import_module("heavy_thing") is real
    finally:
        for name in ("heavy_thing", "user_of_it"):
            sys.modules.pop(name, None)


def test_checks_are_evaluated_without_what_one_expectation_needs() -> None:
    code = (
        "import sys\n"
        "from cdp_assets.quality import runner\n"
        "runner.load()\n"
        "print('altair' in sys.modules, 'scipy.stats' in sys.modules)\n"
        "from great_expectations.expectations.core import expect_column_kl_divergence_to_be_less_than as module\n"
        "import scipy.stats\n"
        "print(module.stats.entropy is scipy.stats.entropy, module.alt.Chart.__name__)\n"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["False False", "True Chart"]
