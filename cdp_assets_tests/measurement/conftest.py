"""An engine for the tests of measurement."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cdp_assets.warehouse.duckdb_engine import DuckDBEngine


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBEngine]:
    shared = DuckDBEngine.in_memory()
    yield shared
    shared.drop_scratch()
