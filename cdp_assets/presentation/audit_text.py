"""The audit of sources in the terminal.

Belongs here: layout. Does not belong here: reading (`read_audit.py`).
"""

from __future__ import annotations

from datetime import datetime

from rich.console import Group, RenderableType
from rich.text import Text

from cdp_assets.presentation import wording
from cdp_assets.presentation.read_audit import Audit, Shared
from cdp_assets.presentation.terminal import heading, indented, table
from cdp_assets.sources.audit_pages import age

_MOST_ACROSS = 8
"""So many sources fit beside one another on a terminal."""


def audit_text(audit: Audit, as_of: datetime) -> RenderableType:
    """What the sources deliver, whom they share, and what each alone contributes.

    Args:
        audit: The audit.
        as_of: The instant to which ages relate.
    """
    streams = table("stream", "rows", "refused", "filled", "from", "to", "age",
                    numbers=("rows", "refused", "filled", "age"), whole=("from", "to"))  # fmt: skip
    for one in audit.streams:
        streams.add_row(
            f"{one.source}.{one.stream}",
            f"{one.rows:,}",
            f"{one.quarantined:,}",
            f"{one.filled:.0%}",
            _day(one.earliest),
            _day(one.latest),
            "" if one.latest is None else age(one.latest, as_of),
        )
    names = [each.source for each in audit.contributions]
    found = {(each.source, each.other): each for each in audit.shared}
    others = [f"in {name}" for name in names]
    matrix = table("of", "profiles", *others, numbers=("profiles", *others), whole=("of",))
    for column in matrix.columns[2:]:  # their headings are longer than any share, and may stand in several lines
        column.no_wrap, column.min_width = False, len("100%")
    for each in audit.contributions:
        cells = ["" if name == each.source else _share(found.get((each.source, name)), each.profiles) for name in names]
        matrix.add_row(each.source, f"{each.profiles:,}", *cells)
    ties = table("of", "in", "profiles", "both know them by", numbers=("profiles",))
    for shared in audit.shared:
        if shared.source < shared.other and shared.profiles:
            by = ", ".join(f"{kind} {number:,}" for kind, number in shared.by.items()) or "others between them"
            ties.add_row(shared.source, shared.other, f"{shared.profiles:,}", by)
    alone = table(
        "source",
        "profiles",
        "known to it alone",
        "golden values",
        numbers=("profiles", "known to it alone", "golden values"),
    )
    for each in audit.contributions:
        alone.add_row(each.source, f"{each.profiles:,}", f"{each.alone:,}", f"{each.golden_values:,}")
    parts = [("What the sources deliver", streams)]
    left = [indented(Text(f"\n! {wording.untaken(audit.untaken)}", "yellow"))] if audit.untaken else []
    if 1 < len(names) <= _MOST_ACROSS:  # wider, it could not be read; the list that follows says the same
        parts.append(("Who of one source is in another", matrix))
    if len(names) > 1:
        parts.append(("By what both know them", ties))
    parts.append(("What each contributes", alone))
    return Group(*(part for title, body in parts for part in (heading(title), indented(body))), *left)


def _share(shared: Shared | None, of: int) -> str:
    return f"{shared.profiles / of:.0%}" if shared is not None and of else ""


def _day(instant: datetime | None) -> str:
    return "" if instant is None else f"{instant:%Y-%m-%d}"
