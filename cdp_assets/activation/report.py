"""What the UI says about an activation and about a run of deliveries.

Belongs here: numbers as text for people. Does not belong here: profiles, contact points or anything else personal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cdp_assets.activation.bounces import TakenIn
from cdp_assets.activation.decisions import Activated
from cdp_assets.activation.delivery import Delivered
from cdp_assets.warehouse.built import Markdown, Plot, markdown
from cdp_assets.warehouse.drawing import Bar, bars

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


def came_back(found: TakenIn | None) -> dict[str, int | str]:
    """What mails that came back were about, as metadata; nothing if there is no mailbox for them."""
    if found is None:
        return {}
    told: dict[str, int | str] = {"came back, bounced": found.bounced, "came back, complained": found.complained}
    return told if found.failed is None else {**told, "mailbox not read": found.failed}


def outcomes(found: Iterable[tuple[str, str, str | None, int]]) -> str:
    """A Markdown bar chart of a destination's outbox by status and reason.

    Args:
        found: destination, status, reason and count, as `ledger.history.outcomes` has them.
    """
    rows = [(f"{status} ({reason})" if reason else status, count) for _, status, reason, count in found]
    if not rows:
        return "Nothing in the outbox yet."
    most = max(count for _, count in rows)
    lines = ["| outcome | messages | |", "|---|--:|:--|"]
    for name, count in sorted(rows, key=lambda row: (-row[1], row[0])):
        lines.append(f"| {name} | {count:,} | {'█' * max(1, round(_BAR * count / most))} |")
    return "\n".join(lines)


_COLOURS = {"delivered": "#2e9d64", "pending": "#4f43dd", "failed": "#e08a1e", "dead": "#c8372d", "held": "#8a63d2"}


def picture(destination: str, found: Iterable[tuple[str, str, str | None, int]]) -> Plot | Markdown:
    """The same as a picture.

    Args:
        destination: Its name.
        found: As for `outcomes`.
    """
    rows = sorted(((count, status, reason) for _, status, reason, count in found), reverse=True)
    if not rows:
        return markdown("Nothing in the outbox yet.")
    chart = [
        Bar(f"{status}: {reason}" if reason else status, count, f"{count:,}", _COLOURS.get(status, "#9a9a9a"))
        for count, status, reason in rows
    ]
    return bars(f"{destination}: messages by outcome", chart)


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
