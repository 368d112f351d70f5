"""The report that ends a run, in the terminal: what arrived, who it is, what was done, what to do next.

Belongs here: layout in rich. Does not belong here: queries (`read_report.py`), HTML.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, groupby
from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text

from cdp_assets.presentation import views, wording
from cdp_assets.presentation.profile_text import profile_card
from cdp_assets.presentation.terminal import facts, heading, indented, table

_BAR = 10
_COUNTS = ("Rows", "Accepted", "Duplicate", "Superseded", "Quarantined")
_OUTCOME_STYLE = {"delivered": "green", "pending": "yellow", "held": "yellow", "failed": "red", "dead": "red"}
"""Style of an outcome; reasons why something was not sent are quiet."""


def report(shown: views.Report, next_steps: Iterable[tuple[str, str]] = ()) -> RenderableType:
    """The whole report.

    Args:
        shown: What to say.
        next_steps: Commands to type next, each with what it does.
    """
    parts: list[RenderableType] = [_title(shown), heading("What arrived"), sources(shown.sources)]
    parts += [heading("Who it is"), _identity(shown)]
    if shown.couple:
        parts += [heading("Kept apart"), kept_apart(shown.couple)]
    if shown.segments:
        parts += [heading("Segments"), segments(shown.segments)]
    if shown.deliveries:
        parts += [heading("Deliveries"), deliveries(shown.deliveries)]
    if shown.run:
        parts += [heading("Checks"), _checks(shown.run, shown.unpriced)]
    if shown.sample:
        parts += [heading("One profile"), indented(profile_card(shown.sample))]
    steps = list(next_steps)
    if steps:
        parts += [heading("What next"), _next(steps)]
    return Group(*parts, *_untaken(shown), Text())


def status(shown: views.Report, tables: Iterable[tuple[str, str, int]], file: Path) -> RenderableType:
    """What the last good run published: people, segments, refusals, tables by stage."""
    parts: list[RenderableType] = [_title(shown), Text(str(file), "dim")]
    parts += [heading("Sources"), sources(shown.sources), *_untaken(shown)]
    parts += [heading("Profiles"), _identity(shown)]
    if shown.segments:
        parts += [heading("Segments"), segments(shown.segments)]
    if shown.deliveries:
        parts += [heading("Deliveries"), deliveries(shown.deliveries)]
    if shown.reasons:
        rows = ((Text(wording.count(number), justify="right"), Text(reason)) for reason, number in shown.reasons)
        parts += [heading("Quarantine"), indented(facts(rows))]
    lines = [(stage, Text(_tables(found))) for stage, found in groupby(tables, key=lambda table: table[0])]
    parts += [heading("Tables"), indented(facts(lines))]
    return Group(*parts, Text())


def _tables(found: Iterable[tuple[str, str, int]]) -> str:
    """A stage's tables with their rows; the tables of single streams (``source__stream``) in one sum."""
    found = list(found)
    told = [f"{name} {rows:,}" for _, name, rows in found if "__" not in name]
    streams = [rows for _, name, rows in found if "__" in name]
    if streams:
        told.append(f"{wording.plural(len(streams), 'stream')} {sum(streams):,}")
    return ", ".join(told)


def sources(rows: Iterable[views.SourceRows]) -> RenderableType:
    """Rows per source by disposition, with their sum."""
    rows = list(rows)
    if not rows:
        return indented(Text("nothing; `cdp sources propose FILES…` describes what your systems exported", "yellow"))
    made = table("Source", *_COUNTS, numbers=_COUNTS)
    for row in rows:
        made.add_row(row.source, *_dispositions(row))
    if len(rows) > 1:
        total = views.SourceRows(
            "all",
            accepted=sum(row.accepted for row in rows),
            duplicate=sum(row.duplicate for row in rows),
            superseded=sum(row.superseded for row in rows),
            quarantined=sum(row.quarantined for row in rows),
        )
        made.add_section()
        made.add_row("all", *_dispositions(total), style="bold")
    return indented(made)


def segments(sizes: Iterable[views.SegmentSize]) -> RenderableType:
    """Segments with their sizes; bars are their shares."""
    counts = ("Members", "Share", "Entered", "Left")
    made = table("Segment", "Members", "Share", "", "Entered", "Left", numbers=counts, whole=("Segment",))
    for item in sizes:
        made.add_row(
            wording.label(item.segment),
            wording.count(item.members),
            wording.share(item.share, 1),
            Text("━" * max(round(item.share * _BAR), 1 if item.members else 0), style="cyan"),
            _change(item.entered, "+", "green"),
            _change(item.left, "−", "red"),
        )
    made.columns[3].width = _BAR
    return indented(made)


def deliveries(found: Iterable[views.Deliveries]) -> RenderableType:
    """Per destination: how its messages ended, and whether it is paused."""
    rows: list[tuple[str | Text, RenderableType]] = []
    for item in found:
        words = Text()
        for outcome, number in item.outcomes.items():
            words.append(" · " if words else "", "dim").append(wording.count(number), "bold")
            words.append(f" {outcome.replace('_', ' ')}", _OUTCOME_STYLE.get(outcome, "dim"))
        if not words:
            words.append("nothing yet", "dim")
        if item.paused:
            words.append(" · ", "dim").append("paused", "yellow")
        rows.append((Text(wording.label(item.destination)), words))
    return indented(facts(rows))


def kept_apart(story: views.Refused) -> RenderableType:
    """Two people who share something, and why they stayed two."""
    words = Text()
    words.append(story.first, "bold")
    words.append(" and ")
    words.append(story.second, "bold")
    words.append(f" share {story.shared}. They stayed two people:\n")
    for reason in story.reasons:
        words.append("  • ", "cyan")
        words.append(f"{reason}\n")
    words.rstrip()
    return indented(words)


def _title(shown: views.Report) -> RenderableType:
    words = Text("\n")
    words.append("Customer data platform", "bold cyan")
    words.append(f"  as of {wording.instant(shown.as_of)} UTC", "dim")
    if shown.run:
        took = f"  run in {wording.duration(shown.run.seconds)}" if shown.run.launched else "  nothing new, nothing run"
        words.append(took, "dim")
    return words


def _identity(shown: views.Report) -> RenderableType:
    words = Text()
    words.append(wording.count(shown.records), "bold")
    words.append(" records → ")
    words.append(wording.count(shown.profiles), "bold")
    words.append(" profiles, of which ")
    words.append(wording.count(shown.anonymous), "bold")
    words.append(" anonymous")
    if shown.identity:
        pairs, records, anonymous = shown.identity.pairwise, shown.identity.bcubed, shown.identity.anonymous
        right, wrong = wording.share(anonymous.right, 1), wording.share(anonymous.wrong, 2)
        rows = [
            ("against the truth, by pair", _agreement(pairs)),
            ("by record (B-cubed)", _agreement(records)),
            ("anonymous events", Text(f"{right} with the right person, {wrong} with another")),
        ]
        return indented(Group(words, facts(rows)))
    return indented(words)


def _agreement(found: views.Agreement) -> Text:
    return Text(f"precision {found.precision:.4f}, recall {found.recall:.4f}, F1 {found.f1:.4f}")


def _checks(run: views.Run, unpriced: Iterable[views.Unpriced]) -> RenderableType:
    words = Text()
    words.append(wording.count(run.checks_passed), "bold")
    words.append(" passed", "green")
    if run.checks_failed:
        words.append(", ")
        words.append(str(len(run.checks_failed)), "bold")
        words.append(" warned", "yellow")
        for name in run.checks_failed:
            words.append(f"\n  ! {name}", "yellow")
    for each in unpriced:
        have = (
            "has no exchange rate and is not counted" if each.rows == 1 else "have no exchange rate and are not counted"
        )
        words.append(f"\n  ! {wording.plural(each.rows, each.kind)} in {each.currency} {have}", "yellow")
    return indented(words)


def _untaken(shown: views.Report) -> list[RenderableType]:
    return [Text(f"\n  ! {wording.untaken(shown.untaken)}", "yellow")] if shown.untaken else []


def _next(steps: list[tuple[str, str]]) -> RenderableType:
    # Below each other: a command is copied whole, and leaves no room beside it.
    lines = [(Text(command, "bold cyan"), indented(Text(purpose, "dim"))) for command, purpose in steps]
    return indented(Group(*chain.from_iterable(lines)))


def _dispositions(row: views.SourceRows) -> list[RenderableType]:
    refused = Text(wording.count(row.quarantined), "yellow" if row.quarantined else "dim")
    numbers = [row.rows, row.accepted, row.duplicate, row.superseded]
    return [*(Text(wording.count(number), "" if number else "dim") for number in numbers), refused]


def _change(number: int, sign: str, style: str) -> Text:
    return Text(f"{sign}{number:,}", style) if number else Text("")
