"""The floor under an ingest: plain DuckDB reads the same files and writes them as tables, with nothing checked.

Run as ``python -m cdp_assets_tests.bench.floor LANDING DATABASE``; prints the rows written.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb


def read_everything(landing: Path, database: Path) -> int:
    """Write each file below ``landing`` as one table of ``database``.

    Returns:
        How many rows there are.
    """
    rows = 0
    with duckdb.connect(str(database), config={"memory_limit": "5GB"}) as connection:
        for number, file in enumerate(sorted(path for path in landing.rglob("*") if path.is_file())):
            name = file.name.removesuffix(".gz")
            if name.endswith(".csv"):
                encoding = "" if _is_utf8(file) else ", encoding = 'latin-1'"
                reader = f"read_csv('{file}', all_varchar = true, ignore_errors = true, null_padding = true{encoding})"
            elif name.endswith((".jsonl", ".json")):
                reader = f"read_json('{file}', ignore_errors = true, maximum_object_size = 268435456)"
                if name.endswith(".jsonl"):
                    reader = f"read_json('{file}', format = 'newline_delimited', ignore_errors = true)"
            elif name.endswith(".parquet"):
                reader = f"read_parquet('{file}')"
            else:
                continue
            connection.execute(f"CREATE TABLE file_{number} AS SELECT * FROM {reader}")
            counted = connection.execute(f"SELECT count(*) FROM file_{number}").fetchone()
            rows += counted[0] if counted else 0
    return rows


def _is_utf8(file: Path) -> bool:
    if file.suffix == ".gz":
        return True
    try:
        file.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


if __name__ == "__main__":
    print(read_everything(Path(sys.argv[1]), Path(sys.argv[2])))
