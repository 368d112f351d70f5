"""The inbox as a page of its own: every message as its receiver would see it, an HTTP request or a row of a file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from cdp_assets.presentation.pages import render
from cdp_assets.presentation.read_inbox import Tray, row


def inbox_page(trays: Sequence[Tray], folder: Path) -> str:
    """The page as HTML text."""
    return render("inbox.html.j2", trays=trays, folder=folder, row_of=row, instant_of=datetime.fromisoformat)
