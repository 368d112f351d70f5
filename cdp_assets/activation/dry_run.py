"""What activating a destination would do: who would get what, and why the others would not. Writes and sends nothing.

Belongs here: asking the stage's own functions and counting. Does not belong here: deciding (`decisions.py`, `gates.py`,
`last_look.py`) and layout (`presentation/`).

Two things can be told next: what already waits in the outbox, and what the next comparison would put there. Every
other member of the segment is in `not_told`, so the numbers add up to the segment.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from cdp_assets.activation import audience, decisions, ledger_rows, outlived, quiet_hours
from cdp_assets.activation.audience import FIELD
from cdp_assets.activation.last_look import last_look
from cdp_assets.activation.outbox import Comparison, Tables, compare
from cdp_assets.activation.payload import plain
from cdp_assets.canonical.schema import Pii
from cdp_assets.ledger import Ledger, destinations, guard, outbox
from cdp_assets.warehouse.expressions import check
from cdp_assets.warehouse.preview import mask

if TYPE_CHECKING:
    import pyarrow as pa

    from cdp_assets.activation.spec import DestinationSpec
    from cdp_assets.canonical.schema import TableSchema
    from cdp_assets.warehouse.engine import Engine

TOLD_BEFORE = "told before"
"""The reason of members whom there is nothing new to tell."""

NOT_LEFT = "has not left"
"""The same, of a destination that tells of leaving."""

_AT_ONCE = 500
_CLASSES = [Pii.NONE, Pii.PSEUDONYM, Pii.DIRECT, Pii.SENSITIVE]


@dataclass(frozen=True)
class Telling:
    """One message that would go out, with every value masked that points at a person."""

    profile_id: str
    change: str
    contact_point: str
    payload: dict[str, str]


@dataclass
class Reason:
    """Why people are told nothing."""

    reason: str
    people: int = 0
    profile_ids: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class DryRun:
    """What activating would do.

    Args:
        destination: Its name.
        segment: Its segment.
        members: People in the segment now.
        initial: Whether it would be the first activation.
        paused: Whether the destination is paused, so that nothing goes out until it is resumed.
        told: Messages that would go out, by change.
        examples: Some of them.
        not_told: Why the other members, and those withheld of the leavers, would get nothing; the most people first.
    """

    destination: str
    segment: str
    members: int
    initial: bool
    paused: bool
    told: dict[str, int]
    examples: tuple[Telling, ...]
    not_told: tuple[Reason, ...]


def dry_run(
    spec: DestinationSpec,
    tables: Tables,
    engine: Engine,
    ledger: Ledger,
    customer: TableSchema,
    *,
    as_of: datetime,
    now: datetime,
    examples: int = 5,
) -> DryRun:
    """Find out what activating a destination would do.

    Args:
        spec: The destination.
        tables: As published.
        engine: Computes over them.
        ledger: Knows what was told before and what waits.
        customer: Schema of `customer_360`, with the class of each column.
        as_of: The instant that the comparison is about.
        now: The instant of sending, for consent, caps and quiet hours.
        examples: How many examples to give, of messages and of each reason.
    """
    compared = compare(spec, tables, engine, ledger, as_of)
    members = set(engine.to_arrow(audience.members(spec, tables.memberships))["profile_id"].to_pylist())
    redirects = engine.to_arrow(tables.redirects.select("old_profile_id", "profile_id"))
    leads = dict(zip(*ledger_rows.lists(redirects, "old_profile_id", "profile_id"), strict=True))
    counted = _Counted(spec, customer, examples)
    for person_id, outlook in _new(spec, compared, now):
        counted.note(person_id, outlook)
    for profile_id, outlook in _waiting(spec, compared, ledger, now):
        counted.note(leads.get(profile_id, profile_id), outlook)
    with ledger.reading() as connection:
        paused = destinations.status(connection, spec.name).paused
        standing = destinations.standing(connection, spec.name)
    nothing_new = NOT_LEFT if spec.mode == "leave" else TOLD_BEFORE
    for profile_id, reason in standing:
        person_id = leads.get(profile_id, profile_id)
        if person_id in members:
            counted.note(person_id, _Outlook("", reason or nothing_new))
    reasons = sorted(counted.reasons.values(), key=lambda found: (-found.people, found.reason))
    return DryRun(
        destination=spec.name,
        segment=spec.segment,
        members=len(members),
        initial=compared.initial,
        paused=paused,
        told=dict(counted.told),
        examples=tuple(counted.examples),
        not_told=tuple(reasons),
    )


@dataclass(frozen=True)
class _Outlook:
    """What lies ahead of one person: a change to be told, or the reason why it is not; ``values`` are made if shown."""

    change: str
    reason: str | None
    contact_point: str | None = None
    values: Callable[[], dict[str, Any]] = dict


class _Counted:
    """Counts each person once, and keeps a few as examples."""

    def __init__(self, spec: DestinationSpec, customer: TableSchema, examples: int) -> None:
        self._classes = {name: _class_of(expression, customer) for name, expression in spec.payload.items()}
        self._limit = examples
        self._seen: set[int] = set()
        self.told: Counter[str] = Counter()
        self.examples: list[Telling] = []
        self.reasons: dict[str, Reason] = {}

    def note(self, person_id: int, outlook: _Outlook) -> None:
        if person_id in self._seen:
            return
        self._seen.add(person_id)
        if outlook.reason is None:
            self.told[outlook.change] += 1
            if len(self.examples) < self._limit:
                self.examples.append(self._telling(person_id, outlook))
            return
        found = self.reasons.setdefault(outlook.reason, Reason(outlook.reason))
        found.people += 1
        if len(found.profile_ids) < self._limit:
            found.profile_ids.append(str(person_id))

    def _telling(self, person_id: int, outlook: _Outlook) -> Telling:
        # A field that the definition no longer has was mapped from who knows what.
        shown = {name: mask(value, self._classes.get(name, Pii.SENSITIVE)) for name, value in outlook.values().items()}
        return Telling(str(person_id), outlook.change, mask(outlook.contact_point), shown)


def _new(spec: DestinationSpec, compared: Comparison, now: datetime) -> Iterator[tuple[int, _Outlook]]:
    """What the next comparison would put into the outbox."""
    found = compared.found
    told_ids = pc.if_else(found["stays"], found["told_id"], found["person_id"]).to_pylist()
    columns = ledger_rows.lists(found, "change", "contact_point", "timezone")
    rows = zip(compared.decided, told_ids, *columns, strict=True)
    for place, (made, person_id, change, point, timezone) in enumerate(rows):
        if made.action == decisions.RECORD:
            continue
        reason = made.gate
        if made.action == decisions.SEND and compared.unusual and made.can_wait:
            reason = guard.REASON
        elif made.action == decisions.SEND and made.gated and spec.quiet_hours:
            quiet = quiet_hours.quiet_until(now, spec.quiet_hours, timezone)
            reason = quiet_hours.REASON if quiet else None
        yield person_id, _Outlook(change, reason, point, partial(_fields, spec, found, place))


def _waiting(
    spec: DestinationSpec, compared: Comparison, ledger: Ledger, now: datetime
) -> Iterator[tuple[int, _Outlook]]:
    """What the outbox holds, as it would fare now."""
    gone = dict.fromkeys(compared.outlived.gone, outlived.gone_reason(spec)) if compared.outlived.gone else {}
    after = 0
    while True:
        with ledger.reading() as connection:
            rows = outbox.open_rows(connection, spec.name, after=after, limit=_AT_ONCE)
        if not rows:
            return
        held = [row for row in rows if row.reason == guard.REASON]
        _, stopped = last_look(spec, ledger, [row for row in rows if row.reason != guard.REASON], now)
        reasons = {each.id: each.reason for each in stopped} | {row.id: guard.REASON for row in held} | gone
        for row in rows:
            outlook = _Outlook(row.change, reasons.get(row.id), row.contact_point, partial(json.loads, row.payload))
            yield row.profile_id, outlook
        after = rows[-1].id


def _fields(spec: DestinationSpec, found: pa.Table, place: int) -> dict[str, Any]:
    return {name: plain(found[f"{FIELD}{number}"][place].as_py()) for number, name in enumerate(spec.payload)}


def _class_of(expression: str, customer: TableSchema) -> Pii:
    """The class of what an expression gives: that of the most telling column it reads."""
    columns = check(expression, customer.ibis_schema, where="payload", as_of=True).columns
    return max((customer.column(name).pii for name in columns), key=_CLASSES.index, default=Pii.NONE)
