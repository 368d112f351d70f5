"""Stewards' work in the terminal: a pair side by side, and what was decided and retracted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from cdp_assets.presentation.read_review import COMPARABLE, Candidate, Weight
from cdp_assets.presentation.terminal import heading, indented, table
from cdp_assets.presentation.wording import day

if TYPE_CHECKING:
    from cdp_assets.ledger.stewardship import Decision, Retraction, Spoken

_MOST_VALUES = 6


def candidate_text(candidate: Candidate, position: int, total: int) -> RenderableType:
    """One pair: both sides, what agrees green and what differs yellow, and the weights in words."""
    title = f"\nPair {position} of {total}: one person with probability {candidate.probability:.3f}"
    sides = table("", f"profile {candidate.profiles[0]}", f"profile {candidate.profiles[1]}")
    for name in candidate.left:
        one, two = candidate.left[name], candidate.right.get(name, ())
        if one or two:
            compared = name in COMPARABLE and bool(one) and bool(two)
            sides.add_row(Text(name, "dim"), _values(one, two, compared), _values(two, one, compared))
    parts: list[RenderableType] = [Text(title, "bold"), Text(candidate.reason, "dim"), indented(sides)]
    if candidate.waterfall:
        parts.append(heading("What speaks for and against it"))
        ranked = sorted(candidate.waterfall, key=lambda part: -abs(part.weight))
        parts += [indented(_weight(part)) for part in ranked]
    return Group(*parts, Text())


def _values(own: Sequence[str], other: Sequence[str], compared: bool) -> Text:
    text = Text()
    if not own:
        return Text("–", "dim")
    for number, value in enumerate(own[:_MOST_VALUES]):
        shared = value.casefold() in {each.casefold() for each in other}
        text.append(("\n" if number else "") + value, ("green" if shared else "bold yellow") if compared else "")
    if len(own) > _MOST_VALUES:
        text.append(f"\nand {len(own) - _MOST_VALUES} more", "dim")
    return text


def _weight(part: Weight) -> Text:
    """One comparison as a sentence: how many times likelier it is among records of one person than among others'."""
    times = 2 ** min(abs(part.weight), 40)
    odds = f"{times:,.0f}" if times >= 10 else f"{times:.1f}"
    likelier = "likelier" if part.weight >= 0 else "less likely"
    bar = ("█" * min(20, round(abs(part.weight))) or "▏").ljust(1)
    tone = "green" if part.weight >= 0 else "red"
    said = f"{part.comparison}: {part.level}"
    why = f"  {odds} times {likelier} if they are one person ({part.weight:+.1f})"
    return Text.assemble((f"{said:<32} ", ""), (bar, tone), (why, "dim"))


def decisions_text(decisions: Sequence[Decision]) -> RenderableType:
    """Stewards' decisions as a table."""
    if not decisions:
        return Text("No decisions.", "dim")
    made = table("", "said", "record", "record", "by", "on", "why", whole=("", "said", "record"))
    for each in decisions:
        said = Text("one person", "green") if each.same else Text("two people", "yellow")
        made.add_row(each.name, said, str(each.left_record_id), str(each.right_record_id), *_spoken(each))
    return made


def retractions_text(retractions: Sequence[Retraction]) -> RenderableType:
    """Retracted evidence as a table."""
    if not retractions:
        return Text("No retractions.", "dim")
    made = table("", "kind", "what", "by", "on", "why", whole=("",))
    for each in retractions:
        what = each.subject or " and ".join(str(part) for part in (each.record_id, each.other_record_id) if part)
        made.add_row(each.name, each.kind, what, *_spoken(each))
    return made


def _spoken(word: Spoken) -> tuple[str, str, Text]:
    why = Text(word.why)
    if word.revoked_at is not None:
        why.stylize("strike dim")
        why = Text.assemble(why, (f"  revoked by {word.revoked_by}, {day(word.revoked_at)}: {word.revoked_why}", "dim"))
    return word.decided_by, day(word.decided_at), why
