"""Who is called Guest may be Christopher Guest, or nobody."""

from __future__ import annotations

import ibis
import pytest

from cdp_assets.normalised.names_of_people import known_names
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine

ENGINE = DuckDBEngine.in_memory()
NAMES = ibis.schema(dict.fromkeys(("given_name", "family_name", "full_name", "company"), "string"))


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
    row = dict(zip(NAMES.names, told, strict=False))
    [found] = ENGINE.to_arrow(known_names(ibis.memtable([row], schema=NAMES))).to_pylist()
    assert tuple(found[name] for name in NAMES.names[:3]) == expected


@pytest.mark.parametrize(
    ("name", "company", "known"),
    [
        ("Example Ltd", "EXAMPLE  LTD.", False),
        ("Example Ltd", "Other Ltd", True),
        ("Ann Lee", "Ann Lee", True),
        ("Example Ltd", None, True),
    ],
)
def test_the_name_of_the_rows_own_company_is_no_persons(name: str, company: str | None, known: bool) -> None:
    row = {"given_name": None, "family_name": None, "full_name": name, "company": company}
    [found] = ENGINE.to_arrow(known_names(ibis.memtable([row], schema=NAMES))).to_pylist()
    assert found["full_name"] == (name if known else None)
