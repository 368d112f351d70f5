from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cdp_assets.ledger import Ledger
from cdp_assets_tests.ledger.databases import KINDS, empty_database, postgresql


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with postgresql() as url:
        yield url


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with empty_database(request.param, tmp_path, lambda: str(request.getfixturevalue("server"))) as made:
        yield made


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    with Ledger.open(url) as opened:
        yield opened
