"""Decided differences as rows of the ledger.

Belongs here: building the rows of outbox, state, arms and numbers. Does not belong here: deciding (`decisions.py`) and
writing (`outbox.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence, Set
from datetime import datetime
from itertools import compress
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cdp_assets.activation import decisions, gates
from cdp_assets.activation.audience import FIELD
from cdp_assets.activation.differences import ENTERED, LEFT, UPDATED
from cdp_assets.activation.payload import as_json, encoded
from cdp_assets.activation.spec import GLOBAL_CONTROL, DestinationSpec
from cdp_assets.activation.ways import AUDIENCES
from cdp_assets.ledger import destinations, guard, holdouts, outbox


def idempotency_key(destination: str, profile_id: int, sequence: int) -> str:
    """The key by which a receiver knows a repeated delivery."""
    text = "\x1f".join((destination, str(profile_id), str(sequence)))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def outbox_rows(
    spec: DestinationSpec,
    found: pa.Table,
    decided: list[decisions.Decision],
    told_before: dict[int, str],
    again: Set[int],
    as_of: datetime,
) -> pa.Table:
    """The rows of decided differences; those of profiles in ``again`` have the number of their last message."""
    written = [number for number, made in enumerate(decided) if made.action != decisions.RECORD]
    made = [decided[number] for number in written]
    rows = found.take(pa.array(written, pa.int64()))
    told, change, sequence, stays = lists(rows, "told_id", "change", "sequence", "stays")
    current = as_json(list(spec.payload), [rows[f"{FIELD}{number}"] for number in range(len(spec.payload))])
    keeps_list = spec.mode == "mirror"
    payloads = [
        (_payload(text, told_before.get(profile_id), person_stays) if is_change == LEFT else text)
        if it.action == decisions.SEND or (keeps_list and it.gate == outbox.SEED_ONLY)
        else None
        for profile_id, is_change, person_stays, text, it in zip(told, change, stays, current, made, strict=True)
    ]
    number_of = [last + (profile_id not in again) for profile_id, last in zip(told, sequence, strict=True)]
    sent = [it.action == decisions.SEND for it in made]
    return _table(
        outbox.ROWS,
        len(made),
        destination=spec.name,
        profile_id=told,
        sequence=number_of,
        idempotency_key=[idempotency_key(spec.name, *row) for row in zip(told, number_of, strict=True)],
        segment=spec.segment,
        change=change,
        payload=payloads,
        payload_hash=rows["payload_hash"],
        contact_point=[
            point if sends and it.gated else None
            for point, sends, it in zip(rows["contact_point"].to_pylist(), sent, made, strict=True)
        ],
        purpose=spec.purpose,
        channel=spec.channel,
        timezone=rows["timezone"],
        gated=[it.gated for it in made],
        arm=rows["arm"],
        variant=rows["variant"],
        gate=[it.gate for it in made],
        hold_id=None,
        status=[outbox.PENDING if sends else outbox.WITHHELD for sends in sent],
        reason=[it.gate for it in made],
        attempts=0,
        response_code=None,
        due_at=None,
        created_at=as_of,
        sent_at=None,
        first_tried_at=None,
    )


def _payload(current: str, told_before: str | None, person_stays: bool) -> str:
    """What a row tells of a person: who leaves is known by what was told before.

    Of an id that leaves while its person stays under another, only what that one is not told by: a receiver that knows
    people by their address is not to take off the person who stays.
    """
    text = told_before or current
    if not person_stays:
        return text
    now = json.loads(current)
    apart = {name: None if now.get(name) == value else value for name, value in json.loads(text).items()}
    return encoded(apart)


def removals_before_updates(
    spec: DestinationSpec, found: pa.Table, decided: list[decisions.Decision], told_before: dict[int, str]
) -> tuple[pa.Table, list[decisions.Decision], pa.Table]:
    """What an audience was told of people and is told no more: it knows them by that alone, and an update only adds.

    Returns:
        Differences that take it off, what becomes of them, and the differences found with these ones numbered before.
    """
    if not isinstance(spec.connector, AUDIENCES) or not pc.any(pc.equal(found["change"], UPDATED)).as_py():
        return found.slice(0, 0), [], found
    columns = lists(found, "told_id", "change")
    current = as_json(list(spec.payload), [found[f"{FIELD}{number}"] for number in range(len(spec.payload))])
    outdated = [
        made.action == decisions.SEND
        and change == UPDATED
        and any(value is not None for value in json.loads(_payload(text, told_before.get(told_id), True)).values())
        for made, told_id, change, text in zip(decided, *columns, current, strict=True)
    ]
    chosen = pa.array(outdated, pa.bool_())
    removals = _with(found.filter(chosen), change=LEFT, stays=True)
    before = [
        decisions.Decision(decisions.SEND, gated=False, can_wait=made.can_wait) for made in compress(decided, outdated)
    ]
    numbered = pc.add(found["sequence"], chosen.cast(pa.int64()))
    return removals, before, _with(found, sequence=numbered)


def _with(rows: pa.Table, **columns: Any) -> pa.Table:
    """The rows with other values in some columns: one for all, or one for each."""
    for name, value in columns.items():
        place, kind = rows.schema.get_field_index(name), rows.schema.field(name)
        whole = value if isinstance(value, pa.ChunkedArray) else pa.repeat(pa.scalar(value, kind.type), rows.num_rows)
        rows = rows.set_column(place, kind, whole.cast(kind.type))
    return rows


def held(rows: pa.Table, hold_id: int, decided: list[decisions.Decision]) -> pa.Table:
    """The outbox rows with those that can wait held."""
    holds = [made.can_wait for made in decided if made.action != decisions.RECORD]
    changed: dict[str, Sequence[Any]] = {
        "status": [outbox.HELD if held else old for held, old in zip(holds, rows["status"].to_pylist(), strict=True)],
        "reason": [guard.REASON if held else old for held, old in zip(holds, rows["reason"].to_pylist(), strict=True)],
        "gate": [guard.REASON if held else old for held, old in zip(holds, rows["gate"].to_pylist(), strict=True)],
        "hold_id": [hold_id if held else None for held in holds],
    }
    for name, values in changed.items():
        position = rows.schema.get_field_index(name)
        rows = rows.set_column(position, rows.schema.field(name), pa.array(values, rows.schema.field(name).type))
    return rows


def state_rows(
    spec: DestinationSpec, found: pa.Table, decided: list[decisions.Decision], again: Set[int], as_of: datetime
) -> pa.Table:
    """What the destination has been told once these rows are out; ``again`` as in `outbox_rows`."""
    member, hashes, last, withheld_change, withheld_reason = [], [], [], [], []
    columns = lists(found, "told_id", "change", "sequence", "payload_hash", "told_hash", "gate", "withdrawn")
    for made, told_id, change, sequence, new_hash, told_hash, gate, withdrawn in zip(decided, *columns, strict=True):
        told = made.action != decisions.WITHHOLD or made.gate == outbox.SEED_ONLY
        member.append(change == UPDATED or (change == ENTERED and told))
        hashes.append((new_hash if told else told_hash) if change in (ENTERED, UPDATED) else None)
        last.append(sequence if made.action == decisions.RECORD or told_id in again else sequence + 1)
        outstanding = change in (ENTERED, UPDATED) and not told
        # Who was taken off a list for want of permission waits like one who never had it.
        withheld_change.append(ENTERED if withdrawn else change if outstanding else None)
        withheld_reason.append(gate if withdrawn else made.gate if outstanding else None)
    return _table(
        destinations.STATE,
        found.num_rows,
        destination=spec.name,
        profile_id=found["told_id"],
        member=member,
        payload_hash=hashes,
        sequence=last,
        withheld_change=withheld_change,
        withheld_reason=withheld_reason,
        changed_at=as_of,
    )


def arms(spec: DestinationSpec, found: pa.Table, decided: list[decisions.Decision], as_of: datetime) -> pa.Table:
    """The arms of those who came as far as the holdout, whatever stopped them after it: in the campaign, and in the
    global control group."""
    came = [
        made.action != decisions.RECORD and made.gate != outbox.SEED_ONLY and gate in (None, *gates.CONTROLS)
        for gate, made in zip(found["gate"].to_pylist(), decided, strict=True)
    ]
    rows = found.filter(pa.array(came, pa.bool_()))
    return pa.concat_tables(
        [
            _assigned(spec.holdout_campaign, rows, "arm", as_of),
            _assigned(GLOBAL_CONTROL, rows, "global_arm", as_of),
        ]
    )


def _assigned(campaign: str, rows: pa.Table, arm: str, as_of: datetime) -> pa.Table:
    rows = rows.filter(rows[arm].is_valid())
    return _table(
        holdouts.ASSIGNMENTS,
        rows.num_rows,
        campaign=campaign,
        profile_id=rows["person_id"],
        arm=rows[arm],
        variant=None if campaign == GLOBAL_CONTROL else rows["variant"],
        contaminated=False,
        assigned_at=as_of,
    )


def exposures(arms: pa.Table) -> pa.Table:
    return arms.rename_columns({"assigned_at": "exposed_at"}).select(holdouts.EXPOSURES.names)


def numbers(activation: decisions.Activated, initial: bool, members: int, as_of: datetime) -> pa.Table:
    return _table(
        destinations.ACTIVATION,
        1,
        destination=activation.destination,
        as_of=as_of,
        initial=initial,
        members=members,
        entered=activation.sent[ENTERED],
        updated=activation.sent[UPDATED],
        left=activation.sent[LEFT],
        withheld=activation.withheld.total(),
        held=activation.held,
    )


def lists(table: pa.Table, *names: str) -> list[list[Any]]:
    return [table[name].to_pylist() for name in names]


def _table(schema: pa.Schema, rows: int, **columns: Any) -> pa.Table:
    """A table of this schema from lists, Arrow columns and single values that hold for every row."""
    arrays = []
    for field_ in schema:
        value = columns[field_.name]
        if isinstance(value, pa.ChunkedArray):
            arrays.append(value.cast(field_.type))
        elif isinstance(value, list):
            arrays.append(pa.array(value, field_.type))
        else:
            arrays.append(pa.repeat(pa.scalar(value, field_.type), rows))
    return pa.table(arrays, schema=schema)
