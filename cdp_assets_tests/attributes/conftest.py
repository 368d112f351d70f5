"""Engines and data sets for the tests of attributes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.attributes import datasets


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBEngine]:
    shared = DuckDBEngine.in_memory()
    yield shared
    shared.drop_scratch()


@pytest.fixture(scope="session")
def online_retail_file() -> Path:
    file = datasets.online_retail_file()
    if not file.exists():
        pytest.skip(f"{file.name} is not there: put it beside the project in shared/data, or set CDP_DATASETS")
    return file
