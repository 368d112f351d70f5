"""Filling the outbox: a destination's differences are decided on and written, with its state, in one transaction.

Belongs here: from tables to the ledger. Does not belong here: the rules (`decisions.py`, `gates.py`), the shape of the
rows (`ledger_rows.py`), and sending (`delivery.py`).

Everything is prepared outside the transaction, which then only writes: a deliverer waits for it no longer than that.
What the deliverer changes meanwhile concerns rows that no difference touches, or that a later sequence outranks; what
waits is corrected only where it still does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import compress
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from cdp_assets.activation import decisions, holdout, ledger_rows, outlived
from cdp_assets.activation.caps import Allowance
from cdp_assets.activation.differences import LEFT, UPDATED, differences
from cdp_assets.activation.outlived import Outlived
from cdp_assets.activation.spec import GLOBAL_CONTROL, DestinationSpec
from cdp_assets.ledger import Ledger, destinations, guard, history, holdouts, outbox, permissions, waiting

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from cdp_assets.warehouse.engine import Engine


@dataclass(frozen=True)
class Tables:
    """What activation reads from the warehouse.

    Args:
        memberships, customer_360, consent_state, suppressions, redirects: The tables.
        told_before: Destinations that have been told of people. Where the ledger knows nothing of such a one, it is
            another ledger, or a lost one: all would be told again, and is held.
    """

    memberships: ir.Table
    customer_360: ir.Table
    consent_state: ir.Table
    suppressions: ir.Table
    redirects: ir.Table
    told_before: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Comparison:
    """One destination against its segment: decided, and not yet written.

    Args:
        found: The differences, as `differences` describes them.
        decided: What becomes of each.
        initial: Whether the destination was never compared before.
        members: Those that it takes for members so far.
        usual: How large a change usually is.
        unusual: Whether the volume guard holds what can wait.
        mixed: Campaign and id of those whose person turned out to have been in several arms.
        outlived: What is to be corrected of the messages that wait.
    """

    found: pa.Table
    decided: list[decisions.Decision]
    initial: bool
    members: int
    usual: int
    unusual: bool
    mixed: list[tuple[str, int]]
    outlived: Outlived

    @property
    def waiting(self) -> int:
        """Messages that the volume guard may hold."""
        return sum(made.can_wait for made in self.decided)


def compare(spec: DestinationSpec, tables: Tables, engine: Engine, ledger: Ledger, as_of: datetime) -> Comparison:
    """Compare one destination with its segment, and decide; writes nothing."""
    with ledger.reading() as connection:
        initial = destinations.is_first(connection, spec.name)
        state = destinations.state(connection, spec.name)
        assigned = holdouts.assignments(connection, spec.holdout_campaign, GLOBAL_CONTROL)
        history = destinations.usual_change(connection, spec.name)
    redirects = engine.to_arrow(tables.redirects.select("old_profile_id", "profile_id"))
    assignments = engine.from_arrow(assigned)
    found = engine.to_arrow(
        differences(
            spec,
            memberships=tables.memberships,
            customer_360=tables.customer_360,
            consent_state=tables.consent_state,
            suppressions=tables.suppressions,
            redirects=tables.redirects,
            state=engine.from_arrow(_with_unsettled(spec, ledger, state, redirects["old_profile_id"])),
            assignments=assignments,
            as_of=as_of,
        )
    ).sort_by([("person_id", "ascending"), ("told_id", "ascending")])
    mixed = engine.to_arrow(holdout.contaminated(assignments, tables.redirects))
    decided = _decide(spec, found, Allowance.of(spec, ledger, redirects, as_of), initial)
    members = sum(state["member"].to_pylist())
    usual = decisions.usual_size(history, members)
    waiting = sum(made.can_wait for made in decided)
    if initial:
        unusual = spec.name in tables.told_before and waiting > 0
    else:
        unusual = decisions.is_unusual(spec.volume_guard, waiting, usual)
    return Comparison(
        found, decided, initial, members, usual, unusual, _pairs(mixed), _outlived(spec, tables, engine, ledger, as_of)
    )


def activate(
    spec: DestinationSpec, tables: Tables, engine: Engine, ledger: Ledger, as_of: datetime
) -> decisions.Activated:
    """Compare one destination with its segment and write what follows to the ledger; sends nothing.

    Call it for the destinations in the order of `by_priority`, since one takes from the allowance of the next.
    Repeating it without news writes nothing.
    """
    compared = compare(spec, tables, engine, ledger, as_of)
    found, decided = _news(compared)
    again = _told_again(spec, ledger, found)
    told_before = _payloads_told(spec, ledger, found)
    removals, before, found = ledger_rows.removals_before_updates(spec, found, decided, told_before)
    written = [*before, *decided]
    rows = ledger_rows.outbox_rows(spec, pa.concat_tables([removals, found]), written, told_before, again, as_of)
    states = ledger_rows.state_rows(spec, found, decided, again, as_of)
    arms = ledger_rows.arms(spec, found, decided, as_of)
    addressed = [*rows["contact_point"].to_pylist(), *compared.outlived.reworded["contact_point"].to_pylist()]
    points = sorted({point for point in addressed if point is not None})
    consents, suppressions = _permissions(engine, tables, points)
    activated = _activated(spec, found, decided, compared.unusual)

    with ledger.transaction() as connection:
        if compared.unusual:
            hold_id = guard.hold(connection, spec.name, as_of, compared.waiting, compared.usual)
            rows = ledger_rows.held(rows, hold_id, written)
        permissions.project(connection, points, consents, suppressions)
        if compared.outlived.gone:
            waiting.withdraw(connection, compared.outlived.gone, outlived.gone_reason(spec))
        waiting.reword(connection, compared.outlived.reworded)
        waiting.release(connection, compared.outlived.urgent)
        known = pc.is_in(rows["profile_id"], pa.array(again, pa.int64()))
        waiting.reopen(connection, spec.name, rows.filter(known))
        outbox.append(connection, rows.filter(pc.invert(known)))
        outbox.overtake(connection, spec.name, rows.slice(removals.num_rows))
        destinations.write_state(connection, states)
        holdouts.assign(connection, arms)
        holdouts.expose(connection, ledger_rows.exposures(arms))
        holdouts.contaminate(connection, compared.mixed)
        if compared.initial or activated.rows:
            numbers = ledger_rows.numbers(activated, compared.initial, compared.members, as_of)
            destinations.record_activation(connection, numbers)
    return activated


def by_priority(specs: Sequence[DestinationSpec]) -> list[DestinationSpec]:
    """Destinations in the order in which they are filled: the higher priority first, then by name."""
    return sorted(specs, key=lambda spec: (-spec.priority, spec.name))


def refresh_permissions(tables: Tables, engine: Engine, ledger: Ledger) -> int:
    """Project privacy's word on every contact point that open rows are addressed to; return how many there are."""
    with ledger.reading() as connection:
        points = history.open_contact_points(connection)
    consents, suppressions = _permissions(engine, tables, points)
    if points:
        with ledger.transaction() as connection:
            permissions.project(connection, points, consents, suppressions)
    return len(points)


def _decide(spec: DestinationSpec, found: pa.Table, allowance: Allowance, initial: bool) -> list[decisions.Decision]:
    columns = ledger_rows.lists(found, "person_id", "change", "gate", "twin", "withdrawn", "stays")
    return [
        decisions.decide(
            spec,
            decisions.Difference(*difference),
            initial=initial,
            allowance=allowance,
        )
        for difference in zip(*columns, strict=True)
    ]


def _news(compared: Comparison) -> tuple[pa.Table, list[decisions.Decision]]:
    """What is not yet noted: a cap, which is no column, withholds the same again in run after run."""
    told = zip(*ledger_rows.lists(compared.found, "change", "told_change", "told_reason"), strict=True)
    news = [
        made.action != decisions.WITHHOLD or (made.gate, change) != (told_reason, told_change)
        for made, (change, told_change, told_reason) in zip(compared.decided, told, strict=True)
    ]
    return compared.found.filter(pa.array(news, pa.bool_())), list(compress(compared.decided, news))


def _payloads_told(spec: DestinationSpec, ledger: Ledger, found: pa.Table) -> dict[int, str]:
    """What a kept list was last told of those to be taken off it, or told anew: the receiver knows them by that."""
    if spec.mode != "mirror":
        return {}
    told, change = ledger_rows.lists(found, "told_id", "change")
    known = [told_id for told_id, its_change in zip(told, change, strict=True) if its_change in (LEFT, UPDATED)]
    with ledger.reading() as connection:
        return history.last_payloads(connection, spec.name, known)


def _with_unsettled(spec: DestinationSpec, ledger: Ledger, state: pa.Table, given_up: pa.ChunkedArray) -> pa.Table:
    """The state with ``unsettled``, of ids given up: whether their last message may still go out, or have arrived. A
    list kept equal takes a repeat without harm."""
    unsettled: set[int] = set()
    if outlived.told_change(spec) is not None:
        told = state.filter(pc.and_(pc.greater(state["sequence"], 0), pc.is_in(state["profile_id"], given_up)))
        profile_ids = told["profile_id"].to_pylist()
        with ledger.reading() as connection:
            unsettled = waiting.unsettled(connection, spec.name, outlived.gone_reason(spec), profile_ids)
    return state.append_column("unsettled", pc.is_in(state["profile_id"], pa.array(sorted(unsettled), pa.int64())))


def _outlived(spec: DestinationSpec, tables: Tables, engine: Engine, ledger: Ledger, as_of: datetime) -> Outlived:
    """What is to be corrected of the messages that wait."""
    change = outlived.told_change(spec)
    if change is None:
        with ledger.reading() as connection:
            removals = waiting.held_removals(connection, spec.name)
        return outlived.urgent(
            spec,
            engine,
            customer_360=tables.customer_360,
            consent_state=tables.consent_state,
            suppressions=tables.suppressions,
            redirects=tables.redirects,
            removals=removals,
            as_of=as_of,
        )
    with ledger.reading() as connection:
        messages = waiting.messages(connection, spec.name, change)
    return outlived.outlived(
        spec,
        engine,
        memberships=tables.memberships,
        customer_360=tables.customer_360,
        redirects=tables.redirects,
        messages=messages,
        as_of=as_of,
    )


def _told_again(spec: DestinationSpec, ledger: Ledger, found: pa.Table) -> set[int]:
    """Those who are to be told of the same change again, and have a message of it already that can go out after all."""
    change = outlived.told_change(spec)
    if change is None:
        return set()
    returned = found.filter(pc.and_(pc.equal(found["change"], change), pc.greater(found["sequence"], 0)))
    with ledger.reading() as connection:
        reason, profile_ids = outlived.gone_reason(spec), returned["told_id"].to_pylist()
        return waiting.reopenable(connection, spec.name, change, reason, profile_ids)


def _activated(
    spec: DestinationSpec, found: pa.Table, decided: list[decisions.Decision], unusual: bool
) -> decisions.Activated:
    sent: Counter[str] = Counter()
    withheld: Counter[str] = Counter()
    held = recorded = 0
    for made, change in zip(decided, found["change"].to_pylist(), strict=True):
        if made.action == decisions.RECORD:
            recorded += 1
        elif made.action == decisions.WITHHOLD:
            withheld[made.gate or ""] += 1
        elif unusual and made.can_wait:
            held += 1
        else:
            sent[change] += 1
    return decisions.Activated(spec.name, found.num_rows, sent, withheld, held, recorded)


def _permissions(engine: Engine, tables: Tables, points: list[str]) -> tuple[pa.Table, pa.Table]:
    """Privacy's word on contact points, for all purposes and channels."""
    wanted = engine.from_arrow(pa.table({"contact_point": pa.array(points, pa.string())}))
    consents = tables.consent_state.semi_join(wanted, "contact_point").select(permissions.CONSENTS.names)
    suppressions = tables.suppressions.semi_join(wanted, "contact_point").select(permissions.SUPPRESSIONS.names)
    return engine.to_arrow(consents), engine.to_arrow(suppressions)


def _pairs(assigned: pa.Table) -> list[tuple[str, int]]:
    return list(zip(*ledger_rows.lists(assigned, "campaign", "profile_id"), strict=True))
