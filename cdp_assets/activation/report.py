"""What the UI says about an activation and about a run of deliveries.

Belongs here: numbers as text for people. Does not belong here: profiles, contact points or anything else personal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cdp_assets.activation.decisions import Activated
from cdp_assets.activation.delivery import Delivered

_BAR = 24


def activations(found: Sequence[Activated]) -> str:
    """A Markdown table: what each destination's comparison came to."""
    lines = ["| destination | differences | to send | withheld | held | recorded |", "|---|--:|--:|--:|--:|--:|"]
    lines += [
        f"| {each.destination} | {each.differences:,} | {_parts(each.sent)} | {_parts(each.withheld)} | {each.held:,} "
        f"| {each.recorded:,} |"
        for each in found
    ]
    return "\n".join(lines)


def outcomes(found: Iterable[tuple[str, str, str | None, int]]) -> str:
    """A Markdown bar chart of a destination's outbox by status and reason.

    Args:
        found: destination, status, reason and count, as `ledger.outbox.outcomes` has them.
    """
    rows = [(f"{status} ({reason})" if reason else status, count) for _, status, reason, count in found]
    if not rows:
        return "Nothing in the outbox yet."
    most = max(count for _, count in rows)
    lines = ["| outcome | messages | |", "|---|--:|:--|"]
    for name, count in sorted(rows, key=lambda row: (-row[1], row[0])):
        lines.append(f"| {name} | {count:,} | {'█' * max(1, round(_BAR * count / most))} |")
    return "\n".join(lines)


def delivered(run: Delivered) -> dict[str, int | float | str]:
    """One run of deliveries in numbers, which the UI plots over runs."""
    return {
        "delivered": run.delivered,
        "failed, to be tried again": run.failed,
        "given up": run.dead,
        "withheld": run.withheld.total(),
        "deferred": run.deferred,
        "seconds": round(run.seconds, 3),
        "messages per second": round(run.delivered / run.seconds, 1) if run.seconds else 0.0,
        **({"stopped because": run.waiting} if run.waiting else {}),
    }


def _parts(counts: Mapping[str, int]) -> str:
    if not counts:
        return "0"
    total = sum(counts.values())
    return f"{total:,} ({', '.join(f'{name} {count:,}' for name, count in sorted(counts.items()))})"
