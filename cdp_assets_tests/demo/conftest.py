from __future__ import annotations

from pathlib import Path

import pytest

from cdp_assets.demo.generator import GeneratedSummary, generate

PEOPLE = 3_000
SEED = 7


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> GeneratedSummary:
    """A small demo company, made once for all tests that only read it."""
    out: Path = tmp_path_factory.mktemp("demo")
    return generate(PEOPLE, SEED, out)
