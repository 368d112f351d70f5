"""A plan in words and tables of text, for whatever shows it.

Belongs here: what each section of a plan says. Does not belong here: layout (`plan_text.py`, `plan_markdown.py`) and
how anything was found (`plan/`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from cdp_assets.plan.findings import DefinitionChange, Example, People, Plan
from cdp_assets.presentation import wording

MARKS = {"added": "+", "removed": "−", "changed": "~"}
"""Change → its sign."""

_DETAILS = 8
_ARROW = " → "


@dataclass(frozen=True)
class Section:
    """One part of a plan.

    Args:
        title: Its heading.
        headings: Of its table.
        rows: Of its table, as text; cells of the first column are names.
        lead: A sentence before the table.
        examples: Shown under it: what, and why.
        alarm: Something that needs a decision; empty if nothing does.
    """

    title: str
    headings: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    lead: str = ""
    examples: tuple[tuple[str, tuple[str, ...]], ...] = ()
    alarm: str = ""


def headline(plan: Plan) -> str:
    """The plan in a sentence."""
    if not plan.changes:
        return "Nothing would change."
    parts = []
    if plan.definitions:
        parts.append(f"{wording.plural(len(plan.definitions), 'definition')} differ{_s(len(plan.definitions))}")
    if plan.people is not None:
        people = plan.people
        done = [
            f"{wording.count(number)} {word}"
            for number, word in (
                (people.merged, "merged"),
                (people.split, "split"),
                (people.moved, "with records moved"),
                (people.created, "created"),
                (people.removed, "removed"),
            )
            if number
        ]
        parts.append(f"profiles: {', '.join(done)}" if done else "no profile changes hands")
        messages = sum(each.total for each in plan.sends)
        parts.append(f"{wording.plural(messages, 'message')} would follow" if messages else "no message would follow")
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."


def sections(plan: Plan) -> list[Section]:
    """The parts that have something to say, in the order of the flow."""
    found = [_definitions(plan.definitions)] if plan.definitions else []
    if plan.streams:
        found.append(_streams(plan))
    if plan.people is not None and plan.people.touched:
        found.append(_people(plan.people))
    if plan.values:
        found.append(_values(plan))
    if plan.value is not None and (plan.value.profiles or plan.value.spend_before != plan.value.spend_after):
        found.append(_lifetime_value(plan))
    if plan.segments:
        found.append(_segments(plan))
    if plan.sends:
        found.append(_sends(plan))
    if plan.warnings:
        found.append(Section("Checks that would warn", ("Check",), tuple((name,) for name in plan.warnings)))
    return found


def footer(plan: Plan) -> str:
    """What was done to find this out."""
    if not plan.stages:
        return f"As of {wording.instant(plan.as_of)} UTC. Nothing had to be rehearsed."
    rehearsed = plan.stages[0] if len(plan.stages) == 1 else f"{plan.stages[0]} to {plan.stages[-1]}"
    return (
        f"As of {wording.instant(plan.as_of)} UTC. Rehearsed on a copy ({rehearsed}, "
        f"{wording.duration(plan.seconds)}); nothing was published or sent."
    )


def _definitions(changes: Sequence[DefinitionChange]) -> Section:
    rows = []
    for each in changes:
        said = [
            f"{detail.path}: {detail.before if detail.before is not None else wording.NOTHING}{_ARROW}"
            f"{detail.after if detail.after is not None else wording.NOTHING}"
            for detail in each.details[:_DETAILS]
        ]
        if len(each.details) > _DETAILS:
            said.append(f"and {len(each.details) - _DETAILS} more")
        named = f"{MARKS[each.change]} {each.kind} {each.name}".rstrip()
        rows.append((named, "\n".join(said) or each.change, each.file.removesuffix("/defs.yaml")))
    return Section("Definitions", ("Definition", "What differs", "Where"), tuple(rows))


def _streams(plan: Plan) -> Section:
    kinds = ("accepted", "duplicate", "superseded", "quarantined")
    rows = tuple(
        (
            f"{MARKS[each.change]} {each.source}.{each.stream}",
            *(_from_to(each.before.get(kind, 0), each.after.get(kind, 0)) for kind in kinds),
        )
        for each in plan.streams
    )
    return Section("Rows of sources", ("Stream", *(kind.capitalize() for kind in kinds)), rows)


def _people(people: People) -> Section:
    def row(what: str, number: int, more: str = "") -> tuple[str, ...]:
        return what, wording.count(number), wording.share(number / people.before if people.before else None, 1), more

    rows = [
        row("Merged into another", people.merged),
        row("Split", people.split, f"{wording.count(people.split_off)} come off"),
        row("Records moved elsewhere", people.moved, wording.plural(people.moved_records, "record")),
        row("Created", people.created, "from records that are new"),
        row("Removed", people.removed, "with their last record"),
    ]
    alarm = ""
    if people.needs_confirmation:
        alarm = (
            f"{people.known_touched:,} of {people.known:,} known profiles would be merged or split; "
            f"{people.allowed:,} pass unasked. `cdp run` stops here unless it is given "
            f"`--confirm-changes {people.known_touched}`; `cdp plan --apply` asks."
        )
    return Section(
        "Profiles",
        ("", "Profiles", "Share", ""),
        tuple(each for each in rows if each[1] != "0"),
        f"{wording.count(people.before)}{_ARROW}{wording.plural(people.after, 'profile')}.",
        tuple((_example(each), each.evidence) for each in people.examples),
        alarm,
    )


def _example(example: Example) -> str:
    if example.change == "merged":
        return f"{example.other} becomes part of {example.profile}."
    if example.change == "split":
        return f"{example.profile} comes off {example.other}."
    return f"{wording.plural(example.records, 'record')} of {example.other} would be those of {example.profile}."


def _values(plan: Plan) -> Section:
    rows = tuple(
        (
            wording.label(each.attribute),
            wording.count(each.replaced),
            wording.count(each.gained),
            wording.count(each.lost),
            ", ".join(
                f"{flow.source_before}{_ARROW}{flow.source_after} {wording.count(flow.profiles)}" for flow in each.flows
            ),
        )
        for each in plan.values
    )
    return Section("Golden values", ("Attribute", "Replaced", "Gained", "Lost", "Mostly from"), rows)


def _lifetime_value(plan: Plan) -> Section:
    value = plan.value
    assert value is not None
    rows = (
        _amounts("Expected in a year, all", value.expected_before, value.expected_after),
        _amounts("of profiles that change hands", value.touched_before, value.touched_after),
        _amounts("Net spend so far", value.spend_before, value.spend_after),
        (
            "Customers",
            wording.count(value.customers_before),
            wording.count(value.customers_after),
            _signed(value.customers_after - value.customers_before),
        ),
    )
    lead = f"Amounts in {value.currency}; {wording.plural(value.profiles, 'profile')} would have another expectation."
    return Section("Lifetime value", ("", "Before", "After", "Difference"), rows, lead)


def _segments(plan: Plan) -> Section:
    rows = tuple(
        (
            f"{MARKS[each.change]} {each.segment}",
            _from_to(each.before, each.after),
            f"+{each.entered:,}" if each.entered else "",
            f"−{each.left:,}" if each.left else "",
            ", ".join(f"{cause.replace('_', ' ')} {number:,}" for cause, number in each.causes.items()),
        )
        for each in plan.segments
    )
    return Section("Segments", ("Segment", "Members", "Entered", "Left", "Why"), rows)


def _sends(plan: Plan) -> Section:
    rows = tuple(
        (
            f"{MARKS[each.change]} {each.destination}",
            each.segment or wording.NOTHING,
            ", ".join(f"{number:,} {change}" for change, number in each.sends.items()) or "nothing",
            wording.count(each.held) if each.held else "",
            ", ".join(f"{number:,} {reason.replace('_', ' ')}" for reason, number in each.withheld.items()),
        )
        for each in plan.sends
    )
    return Section("Messages", ("Destination", "Segment", "Would send", "Held", "Not sent"), rows)


def _amounts(what: str, before: Decimal, after: Decimal) -> tuple[str, ...]:
    difference = after - before
    sign = "+" if difference > 0 else "−" if difference < 0 else ""
    return what, wording.money(before), wording.money(after), f"{sign}{wording.money(abs(difference))}"


def _from_to(before: int, after: int) -> str:
    if before == after:
        return wording.count(after) if after else ""
    return f"{wording.count(before)}{_ARROW}{wording.count(after)}"


def _signed(number: int) -> str:
    return f"+{number:,}" if number > 0 else f"−{-number:,}" if number < 0 else "0"


def _s(number: int) -> str:
    return "s" if number == 1 else ""
