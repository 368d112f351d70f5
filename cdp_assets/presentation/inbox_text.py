"""The inbox in the terminal: what there is for whom, or the latest messages of one destination."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from cdp_assets.activation.connectors import inbox_entries
from cdp_assets.presentation import wording
from cdp_assets.presentation.read_inbox import Tray
from cdp_assets.presentation.terminal import heading, indented, table

_KINDS = {"http": "request", "file": "row of a file", "row": "row of a table", "email": "e-mail"}


def overview(trays: Sequence[Tray]) -> RenderableType:
    """One line a destination, and the latest message of each."""
    if not trays:
        return Text("The inbox is empty. `cdp run` delivers what is due.", "dim")
    made = table("Destination", "Messages", "Kind", "Latest", "Also sent to", numbers=("Messages",))
    for tray in trays:
        first = tray.messages[0]
        made.add_row(
            tray.destination,
            wording.count(tray.total),
            _KINDS.get(tray.kind, tray.kind),
            wording.instant(datetime.fromisoformat(first.written_at)),
            str(first.received.get("url", "")) if first.sent else "",
        )
    parts: list[RenderableType] = [heading("Inbox"), indented(made)]
    for tray in trays:
        parts += [heading(f"Latest to {tray.destination}"), indented(message(tray.messages[0]))]
    return Group(*parts, Text())


def messages(tray: Tray) -> RenderableType:
    """The latest messages of one destination, newest first."""
    note = "" if tray.total == len(tray.messages) else f", the latest {len(tray.messages)} of {tray.total:,}"
    return Group(
        heading(f"{wording.plural(len(tray.messages), 'message')} to {tray.destination}{note}"),
        *(indented(message(entry)) for entry in tray.messages),
        Text(),
    )


def message(entry: inbox_entries.InboxEntry) -> RenderableType:
    """One message as its receiver sees it."""
    about = f"{entry.change} {entry.segment} · profile {entry.profile_id}"
    return Panel(Text(inbox_entries.render(entry)), title=Text(about, "cyan"), title_align="left", border_style="dim")
