"""The few shapes that everything in the terminal is built of: headings, tables, aligned facts."""

from __future__ import annotations

from collections.abc import Iterable

from rich import box
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text


def heading(text: str) -> RenderableType:
    """A section's heading, with a line of air above it."""
    return Text(f"\n{text}", "bold")


def indented(part: RenderableType) -> RenderableType:
    """The body of a section."""
    return Padding(part, (0, 0, 0, 2))


def table(*headings: str, numbers: Iterable[str] = (), whole: Iterable[str] = ()) -> Table:
    """A table with quiet headings; columns in ``numbers`` are right-aligned, those in ``whole`` (ids) never cut.

    No column is narrower than the words of its heading: it would be gone where room is scarce.
    """
    right, kept = set(numbers), {*numbers, *whole}
    made = Table(box=box.SIMPLE_HEAD, padding=(0, 1), header_style="dim", show_edge=False, pad_edge=False)
    for text in headings:
        made.add_column(
            text,
            justify="right" if text in right else "left",
            no_wrap=text in kept,
            overflow="fold",
            min_width=len(text) if text in right else max(map(len, text.split()), default=None),
        )
    return made


def facts(rows: Iterable[tuple[str | Text, RenderableType]]) -> Table:
    """Names and what they stand for, aligned."""
    made = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    made.add_column(no_wrap=True)
    for name, meaning in rows:
        made.add_row(Text(name, "dim") if isinstance(name, str) else name, meaning)
    return made
