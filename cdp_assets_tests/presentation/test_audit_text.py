from __future__ import annotations

import io
from datetime import UTC, datetime

from rich.console import Console

from cdp_assets.presentation.audit_text import audit_text
from cdp_assets.presentation.read_audit import Audit, Contribution, Shared


def test_in_a_narrow_terminal_sources_keep_their_names_and_shares() -> None:
    names = ["activities", "bookings", "calendars", "deliveries", "newsletter"]
    shared = tuple(Shared(one, other, 50, {"email": 50}) for one in names for other in names if one != other)
    audit = Audit((), shared, tuple(Contribution(name, 100, 10, 5) for name in names), ("a/x.csv",))
    shown = io.StringIO()
    Console(width=80, file=shown).print(audit_text(audit, datetime(2026, 6, 30, tzinfo=UTC)))
    assert "1 file in the landing folder is taken by no stream: x.csv" in shown.getvalue()
    matrix = shown.getvalue().split("Who of one source")[1].split("By what both")[0]
    for name in names:
        (line,) = [line for line in matrix.splitlines() if line.split()[:2] == [name, "100"]]
        assert line.count("50%") == len(names) - 1
