"""The audit as people read it: Markdown tables and two pictures.

Belongs here: words and drawing. Does not belong here: measuring (`audit.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cdp_assets.sources.audit import Overlap
from cdp_assets.warehouse.built import Plot
from cdp_assets.warehouse.drawing import Bar, bars

Row = Mapping[str, Any]

_MOST_PAIRS = 25


def streams_page(rows: Sequence[Row], as_of: datetime) -> str:
    """One line a stream: rows, broken rows, columns, mean fill rate, the time it spans, and how old its end is."""
    lines = [
        "| stream | rows | broken | columns | filled | earliest event | latest event | age |",
        "|---|--:|--:|--:|--:|---|---|--:|",
    ]
    for name, columns in _by_stream(rows).items():
        first = columns[0]
        rates = [row["fill_rate"] for row in columns if row["fill_rate"] is not None]
        earliest, latest = first["earliest_event_at"], first["latest_event_at"]
        seen = f"{_day(earliest)} | " + (
            "— | —" if latest is None else f"{latest:%Y-%m-%d %H:%M} | {age(latest, as_of)}"
        )
        lines.append(
            f"| {name} | {first['rows']:,} | {first['broken']:,} | {len(columns)} | "
            f"{sum(rates) / len(rates) if rates else 0:.0%} | {seen} |"
        )
    return "\n".join(lines)


def columns_page(rows: Sequence[Row]) -> str:
    """One line a column: its type and how well it is filled."""
    lines = ["| stream | column | type | filled | share |", "|---|---|---|--:|--:|"]
    lines += [
        f"| {row['source']}.{row['stream']} | {row['column_name']} | {row['type']} | {row['filled']:,} | "
        f"{'—' if row['fill_rate'] is None else format(row['fill_rate'], '.0%')} |"
        for row in rows
    ]
    return "\n".join(lines)


def overlaps_page(overlaps: Sequence[Overlap]) -> str:
    """For each kind of identifier, the sources that bear it, and the share of each one's values that others know."""
    pages = []
    alone = {(each.identifier, each.source): each.alone for each in overlaps if each.source == each.other}
    for identifier, shared in _by_identifier(overlaps).items():
        names = sorted({source for source, _ in shared})
        lines = [
            f"| {identifier} | distinct values | only here | {' | '.join(f'in {name}' for name in names)} |",
            f"|---|--:|--:|{'--:|' * len(names)}",
        ]
        for source in names:
            total = shared[source, source]
            cells = ["" if other == source else f"{shared.get((source, other), 0) / total:.0%}" for other in names]
            only = alone.get((identifier, source), 0) or 0
            lines.append(f"| {source} | {total:,} | {only:,} | {' | '.join(cells)} |")
        pages.append("\n".join(lines))
    return "\n\n".join(pages)


def _by_identifier(overlaps: Sequence[Overlap]) -> dict[str, dict[tuple[str, str], int]]:
    found: dict[str, dict[tuple[str, str], int]] = {}
    for each in overlaps:
        found.setdefault(each.identifier, {})[each.source, each.other] = each.shared
    return found


def rows_picture(rows: Sequence[Row]) -> Plot:
    """How many rows each stream has."""
    counted = {name: columns[0]["rows"] for name, columns in _by_stream(rows).items()}
    return bars("Rows per stream", [Bar(name, count, f"{count:,}") for name, count in counted.items()])


def overlaps_picture(overlaps: Sequence[Overlap]) -> Plot:
    """The share of a source's identifiers that another source knows, of the pairs that have the most in common."""
    shares = [
        (count / shared[source, source], f"{identifier}: {source} in {other}")
        for identifier, shared in _by_identifier(overlaps).items()
        for (source, other), count in shared.items()
        if source != other
    ]
    # The strongest ties are the ones worth seeing; the table has them all.
    strongest = sorted(shares, key=lambda share: (-share[0], share[1]))[:_MOST_PAIRS]
    chart = [Bar(pair, share, f"{share:.0%}", "#55a868") for share, pair in strongest]
    return bars("Share of a source's identifiers that another source knows", chart, full=1.0)


def _by_stream(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(f"{row['source']}.{row['stream']}", []).append(row)
    return found


def _day(instant: datetime | None) -> str:
    return "—" if instant is None else f"{instant:%Y-%m-%d}"


def age(latest: datetime, as_of: datetime) -> str:
    """How long ago an instant was, in hours or days."""
    hours = (as_of - latest).total_seconds() / 3600
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} days"
