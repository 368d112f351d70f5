from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cdp_assets_tests.activation.shop import Shop
from cdp_assets_tests.ledger.databases import KINDS, empty_database


@pytest.fixture(params=KINDS)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    with empty_database(request.param, tmp_path) as url:
        made = Shop(url)
        yield made
        made.ledger.close()
