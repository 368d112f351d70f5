"""A dry run in the terminal: who would get what, and why the others would not."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from cdp_assets.activation.dry_run import DryRun
from cdp_assets.presentation import wording
from cdp_assets.presentation.terminal import heading, indented, table


def dry_run_text(found: DryRun) -> RenderableType:
    """Everything that `activation.dry_run` found out."""
    messages = sum(found.told.values())
    parts: list[RenderableType] = [
        Text.assemble(
            (found.destination, "bold"),
            f" · {wording.plural(messages, 'message')} would go out; {found.segment} has "
            f"{wording.plural(found.members, 'member')}. Nothing was sent or written.",
        )
    ]
    if found.initial:
        parts.append(Text("It was never activated: this would be the first time.", "dim"))
    if found.paused:
        parts.append(Text("It is paused: what would go out waits until it is resumed.", "yellow"))
    if found.told:
        told = table("Would be told", "People", numbers=("People",))
        for change, people in sorted(found.told.items()):
            told.add_row(change, wording.count(people))
        parts += [heading("Told"), indented(told)]
    if found.examples:
        names = list(found.examples[0].payload)
        shown = table("Profile", "Change", "To", *names, whole=("Profile", "To"))
        for example in found.examples:
            values = (example.payload.get(name, "") for name in names)
            shown.add_row(example.profile_id, example.change, example.contact_point, *values)
        parts += [heading("For example"), indented(shown)]
    if found.not_told:
        reasons = table("Reason", "People", "For example", numbers=("People",))
        for each in found.not_told:
            reasons.add_row(each.reason.replace("_", " "), wording.count(each.people), ", ".join(each.profile_ids[:2]))
        parts += [heading("Not told"), indented(reasons)]
    return Group(*parts, Text())
