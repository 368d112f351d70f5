"""Opening the warehouse file."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdp_assets.damage import DamagedFile
from cdp_assets.warehouse.connection import warehouse_connection


@pytest.mark.parametrize("kept", [9000, 40_000], ids=["in its head", "in its blocks"])
def test_a_warehouse_that_is_cut_off_is_told_with_what_to_do(kept: int, tmp_path: Path) -> None:
    file = tmp_path / "warehouse.duckdb"
    with warehouse_connection(file) as connection:
        connection.execute("CREATE TABLE numbers AS SELECT range AS number FROM range(500000)")
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(DamagedFile, match="move it away: the next run makes it anew"), warehouse_connection(file):
        pass


def test_other_errors_stay_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="not_there"), warehouse_connection(tmp_path / "w.duckdb") as connection:
        connection.execute("SELECT * FROM not_there")
