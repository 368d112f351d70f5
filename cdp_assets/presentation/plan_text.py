"""A plan in the terminal.

Belongs here: layout in rich. Does not belong here: what a plan says (`plan_words.py`).
"""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from cdp_assets.plan.findings import Plan
from cdp_assets.presentation import wording
from cdp_assets.presentation.plan_words import MARKS, Section, footer, headline, sections
from cdp_assets.presentation.terminal import heading, indented, table

_STYLES = {MARKS["added"]: "green", MARKS["removed"]: "red", MARKS["changed"]: "yellow"}
_NUMBERS = ("Accepted", "Duplicate", "Superseded", "Quarantined", "Profiles", "Share", "Replaced", "Gained", "Lost",
            "Before", "After", "Difference", "Members", "Entered", "Left", "Held")  # fmt: skip
_ROWS = 40


def plan_text(plan: Plan) -> RenderableType:
    """The whole plan."""
    title = Text.assemble(("\nPlan", "bold cyan"), (f"  {plan.defs}", "dim"))
    parts: list[RenderableType] = [title, Text(headline(plan), "bold")]
    parts += [Text(note, "yellow") for note in plan.notes]
    for section in sections(plan):
        parts += _section(section)
    return Group(*parts, Text(f"\n{footer(plan)}", "dim"), Text())


def _section(section: Section) -> list[RenderableType]:
    parts: list[RenderableType] = [heading(section.title)]
    if section.lead:
        parts.append(indented(Text(section.lead)))
    numbers = [name for name in section.headings if name in _NUMBERS]
    made = table(*section.headings, numbers=numbers, whole=section.headings[:1])
    for first, *cells in section.rows[:_ROWS]:
        made.add_row(_name(first), *(Text(cell) for cell in cells))
    parts.append(indented(made))
    if len(section.rows) > _ROWS:
        parts.append(indented(Text(f"and {len(section.rows) - _ROWS:,} more (`--json` has them all)", "dim")))
    if section.alarm:
        parts.append(indented(Text(f"! {section.alarm}", "bold yellow")))
    for told, reasons in section.examples:
        parts.append(indented(Text.assemble(("\n• ", "cyan"), told)))
        parts += [indented(Text(f"  {wording.line(reason)}", "dim")) for reason in reasons]
    return parts


def _name(text: str) -> Text:
    mark = text[:1]
    return Text(text, _STYLES[mark]) if text[1:2] == " " and mark in _STYLES else Text(text)
