"""Who is called Guest may be Christopher Guest, or nobody."""

from __future__ import annotations

import ibis
import pytest

from cdp_assets.normalised.placeholder_names import known_names
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine

ENGINE = DuckDBEngine.in_memory()
NAMES = ibis.schema(dict.fromkeys(("given_name", "family_name", "full_name"), "string"))


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (("Anonymous", None, None), (None, None, None)),
        (("Guest", "Customer", None), (None, None, None)),
        (("Unknown", "Meyer", None), (None, "Meyer", None)),
        (("Maria", "N/A", None), ("Maria", None, None)),
        (("Christopher", "Guest", None), ("Christopher", "Guest", None)),
        ((None, None, "Walk-in Customer 12"), (None, None, None)),
        ((None, None, "Unbekannt"), (None, None, None)),
        ((None, None, "Anna Unbekannt"), (None, None, "Anna Unbekannt")),
        ((None, None, "Noname Okafor"), (None, None, "Noname Okafor")),
        ((None, None, None), (None, None, None)),
    ],
)
def test_names_of_nobody_are_none(told: tuple[str | None, ...], expected: tuple[str | None, ...]) -> None:
    row = dict(zip(NAMES.names, told, strict=True))
    [found] = ENGINE.to_arrow(known_names(ibis.memtable([row], schema=NAMES))).to_pylist()
    assert tuple(found[name] for name in NAMES.names) == expected
