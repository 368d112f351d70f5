"""The peer of the benchmark keeps up with the comparisons."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdp_assets_tests.bench import people, plain_splink


@pytest.mark.long
def test_plain_splink_compares_by_the_projects_own_comparisons(tmp_path: Path) -> None:
    people.write(tmp_path / "people.parquet", 600, seed=11)
    found = plain_splink.resolve(tmp_path / "people.parquet")["pairwise"]
    assert found["precision"] > 0.9
    assert found["recall"] > 0.8
