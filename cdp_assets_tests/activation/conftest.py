from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cdp_assets_tests.activation.shop import Shop
from cdp_assets_tests.ledger.databases import KINDS, SERVER, empty_database


# Many tests: the other kind is for those who name a server.
@pytest.fixture(params=KINDS if SERVER else KINDS[:1])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    with empty_database(request.param, tmp_path, lambda: str(SERVER)) as url:
        made = Shop(url)
        yield made
        made.ledger.close()
