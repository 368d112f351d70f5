"""A plan as Markdown, fit for a comment on a pull request.

Belongs here: layout in Markdown, and keeping it within what such a comment may hold. Does not belong here: what a plan
says (`plan_words.py`).
"""

from __future__ import annotations

import re

from cdp_assets.plan.findings import Plan
from cdp_assets.presentation import wording
from cdp_assets.presentation.plan_words import Section, footer, headline, sections

LONGEST = 60_000
"""Characters; GitHub takes 65,536."""

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~])")


def plan_markdown(plan: Plan) -> str:
    """The whole plan; where it is too long, each table with fewer rows."""
    for rows in (50, 20, 8, 3):
        text = _rendered(plan, rows)
        if len(text) <= LONGEST:
            return text
    return text[: LONGEST - 200].rpartition("\n")[0] + "\n\n… cut short; `cdp plan` shows it whole.\n"


def _rendered(plan: Plan, rows: int) -> str:
    parts = ["## What these definitions would do", f"**{_escaped(headline(plan))}**"]
    parts += [f"> [!NOTE]\n> {_escaped(note)}" for note in plan.notes]
    for section in sections(plan):
        parts += _section(section, rows)
    parts.append(f"<sub>{_escaped(footer(plan))} Values of people are masked.</sub>")
    return "\n\n".join(parts) + "\n"


def _section(section: Section, rows: int) -> list[str]:
    parts = [f"### {section.title}"]
    if section.alarm:
        parts.append(f"> [!WARNING]\n> {_alarm(section.alarm)}")
    if section.lead:
        parts.append(_escaped(section.lead))
    lines = [_row(section.headings), "|" + "---|" * len(section.headings)]
    lines += [_row(cells) for cells in section.rows[:rows]]
    if len(section.rows) > rows:
        lines.append(_row([f"… and {len(section.rows) - rows:,} more", *[""] * (len(section.headings) - 1)]))
    parts.append("\n".join(lines))
    if section.examples:
        told = [
            "\n".join([f"- {_escaped(what)}", *(f"  - {_escaped(wording.line(reason))}" for reason in reasons)])
            for what, reasons in section.examples
        ]
        parts.append("<details><summary>Examples</summary>\n\n" + "\n".join(told) + "\n\n</details>")
    return parts


def _row(cells: tuple[str, ...] | list[str]) -> str:
    return "| " + " | ".join("<br>".join(_escaped(line) for line in cell.split("\n")) for cell in cells) + " |"


def _alarm(text: str) -> str:
    """Escaped but for its code, which is ours."""
    return "`".join(part if number % 2 else _escaped(part) for number, part in enumerate(text.split("`")))


def _escaped(text: str) -> str:
    flat = re.sub(r"\s+", " ", text)
    # A name after an at sign would call somebody.
    return _SPECIAL.sub(r"\\\1", flat).replace("@", "@\u200b")
