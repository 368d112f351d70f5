"""Which records are to be looked at again: those whose evidence is not what it was in the last run.

Belongs here: comparing the canonical tables with what the last run left, and whose evidence depends on that of others
(mailboxes, aliases, addresses). Does not belong here: what follows for those they are tied to (`scope.py`).

Where the warehouse tells whom changes since then touched (`warehouse/changes.py`), these are looked into: their rows
are the last that were written. Otherwise all rows are hashed, and hashes combined in buckets of very few records; only
buckets that differ are looked into. That is one scan of the canonical tables without a join; hashing identifiers
properly, the dearest part, is left to those few.

A run that is told of changes does not look at the others in their buckets. It adds what is new to the digests, and
forgets those of which something was known: the next run that is not told looks into them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
from ibis import _

from cdp_assets.canonical.schema import INSTANT
from cdp_assets.identity import schemas
from cdp_assets.identity.blocked_values import without_hubs
from cdp_assets.identity.collecting import Collector
from cdp_assets.identity.evidence import MAILBOX, PLACEHOLDER, SAID_OF_CONTACTS, SAID_OF_POINTS
from cdp_assets.identity.evidence import described as describe
from cdp_assets.identity.state import State
from cdp_assets.warehouse.changes import Since, changed_of_all
from cdp_assets.warehouse.engine import has_rows
from cdp_assets.warehouse.operations import quick_hash
from cdp_assets.warehouse.stacking import restricted, stack

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from cdp_assets.identity.canonical import Canonical
    from cdp_assets.warehouse.engine import Engine

_BUCKETS = 2**23
"""One for each record of a large installation: more would take longer to compare than records to look at in vain."""

_DIGESTED = {
    "identity_records": ("kind", "first_seen_at"),
    "identifiers": ("namespace", "identifier_type", "identifier_value", "first_seen_at", "last_seen_at"),
    "contacts": SAID_OF_CONTACTS,
    "contact_points": (*SAID_OF_POINTS, "country", "changed_at"),
}
"""The canonical tables that say something of records, and what is read of it, ``record_id`` aside."""

_DESCRIBED = ("first_seen_at", "guest", "said")
"""What is kept of records besides their observations (`evidence.described`)."""


@dataclass(frozen=True)
class Told:
    """Of whom the canonical tables say something else than in the last run.

    Args:
        records: record_id, distinct.
        changed: Canonical table → record_id, distinct, of those of whom it does.
        latest: Canonical table → the part of it that has all rows of these; without those of which none is known.
    """

    records: ir.Table
    changed: Mapping[str, ir.Table]
    latest: Mapping[str, ir.Table]


@dataclass(frozen=True)
class Delta:
    """What differs from the last run.

    Args:
        records: record_id, distinct: whose evidence or name differs, new ones and those that are gone.
        gone: record_id of those that exist no more.
        described: What is known of all records that were looked at and exist (`evidence.described`).
        rows: `Evidence.observations` of ``records``, before hubs are looked for.
        before: The observations that they had in the last run.
        buckets: bucket of the digests that may differ, distinct.
        digests: These digests as they are now (`schemas.DIGESTS`).
    """

    records: ir.Table
    gone: ir.Table
    described: ir.Table
    rows: ir.Table
    before: ir.Table
    buckets: ir.Table
    digests: ir.Table


def digests_of(canonical: Canonical, engine: Engine) -> pa.Table:
    """Everything identity reads about people, as `schemas.DIGESTS`, by bucket."""
    return engine.bucket_sums(_hashed_parts(canonical), _BUCKETS)


def told_since(since: Since | None, engine: Engine) -> Told | None:
    """Of whom the canonical tables say something else; None if that is not known.

    Args:
        since: What has changed since the stage's tables were last made; None if nothing is to be relied on.
        engine: Computes.
    """
    refs = [("normalised", name) for name in _DIGESTED]
    known = changed_of_all(since, refs)
    if since is None or known is None:
        return None
    changed = [ids.select("record_id") for ids in known]
    latest = [since.latest(*ref) for ref in refs]
    return Told(
        engine.scratch(stack(*changed).distinct()),
        dict(zip(_DIGESTED, changed, strict=True)),
        {name: part for name, part in zip(_DIGESTED, latest, strict=True) if part is not None},
    )


def changed_since(
    state: State,
    canonical: Canonical,
    collector: Collector,
    engine: Engine,
    touched: ir.Table | None = None,
    told: Told | None = None,
) -> Delta:
    """Find what differs from the last run.

    Args:
        state: What the last run left.
        canonical: What there is to know now.
        collector: Makes evidence of it.
        engine: Computes.
        touched: record_id of records of which evidence may have been taken back, which no digest tells; None for none.
        told: `told_since`.
    """
    look = (
        _by_digests(state, canonical, touched, engine) if told is None else _as_told(told, canonical, touched, engine)
    )
    near, suspects = look.near, look.suspects
    now = collector.rows(suspects, canonical=near)
    known = engine.scratch(restricted(state.components, suspects).select("record_id", *_DESCRIBED))
    before = engine.scratch(restricted(state.observations, known))
    those = restricted(near.identity_records, suspects)
    described = engine.scratch(describe(those, near.contacts, near.contact_points))
    otherwise = engine.scratch(_otherwise_described(known, described))
    changed = engine.scratch(_differing(now, before).union(otherwise.select("record_id")).distinct())
    others = engine.scratch(_dependent(changed, now, before, state, collector).anti_join(changed, "record_id"))
    placed = restricted(now, changed).filter(_.place_id.notnull())
    if has_rows(others, engine) or has_rows(placed, engine):
        concerned = engine.scratch(stack(changed, others))
        kept = engine.scratch(restricted(state.observations, concerned))
        places = stack(placed.select("place_id"), kept.filter(kept.place_id.notnull()).select("place_id")).distinct()
        neighbours = engine.scratch(_at(places, state).anti_join(concerned, "record_id"))
        rows = collector.rows(concerned, neighbours)
        # Most of those who depend on others are what they were: an address is crowded by the 41st name only.
        changed = engine.scratch(_differing(rows, kept, exactly=True).union(changed).distinct())
        rows, before = restricted(rows, changed), kept
    else:
        rows = restricted(now, changed)
    gone = otherwise.filter(otherwise.gone).select("record_id")
    digests = _digests(look, known, state, engine)
    return Delta(
        changed,
        engine.scratch(gone),
        described,
        engine.scratch(rows),
        restricted(before, changed),
        look.buckets,
        digests,
    )


@dataclass(frozen=True)
class _Look:
    """Who is looked at.

    Args:
        suspects: record_id, distinct, of records of whom something may differ.
        near: All that is read of them now.
        buckets: bucket, distinct: theirs.
        whole: Whether ``near`` has everybody in these buckets.
    """

    suspects: ir.Table
    near: Canonical
    buckets: ir.Table
    whole: bool


def _by_digests(state: State, canonical: Canonical, touched: ir.Table | None, engine: Engine) -> _Look:
    buckets = _differing_buckets(canonical, state, engine)
    if touched is not None:
        buckets = buckets.union(touched.select(bucket=_bucket(touched)))
    buckets = engine.scratch(buckets.distinct())
    near = _near(canonical, buckets, engine)
    suspects = _within(near.identity_records, state, buckets)
    return _Look(engine.scratch(_with(suspects, touched)), near, buckets, whole=True)


def _as_told(told: Told, canonical: Canonical, touched: ir.Table | None, engine: Engine) -> _Look:
    suspects = told.records if touched is None else engine.scratch(_with(told.records, touched))
    near = {name: _rows_of(suspects, name, told, canonical, engine) for name in _DIGESTED}
    buckets = engine.scratch(suspects.select(bucket=_bucket(suspects)).distinct())
    return _Look(suspects, replace(canonical, **near), buckets, whole=False)


def _rows_of(suspects: ir.Table, name: str, told: Told, canonical: Canonical, engine: Engine) -> ir.Table:
    """What a canonical table says of some records: of those of whom it says something else, it was said last."""
    every = getattr(canonical, name).select("record_id", *_DIGESTED[name])
    if name not in told.latest:
        return engine.scratch(restricted(every, suspects))
    latest = restricted(told.latest[name].select(*every.columns), told.changed[name])
    others = engine.scratch(suspects.anti_join(told.changed[name], "record_id"))
    return engine.scratch(stack(latest, restricted(every, others)) if has_rows(others, engine) else latest)


def _with(records: ir.Table, more: ir.Table | None) -> ir.Table:
    return records.distinct() if more is None else records.union(more).distinct()


def _digests(look: _Look, known: ir.Table, state: State, engine: Engine) -> ir.Table:
    """The digests as they are now of the buckets that were looked at; 0 where that is not known.

    Args:
        look: Who was looked at.
        known: record_id of those whom the last run knew.
        state: What the last run left.
        engine: Computes.
    """
    if look.whole:
        return engine.from_arrow(digests_of(look.near, engine), schemas.DIGESTS.ibis_schema)
    before = engine.scratch(state.digests.semi_join(look.buckets, "bucket"))
    forgotten = before.filter(before.digest == 0).select("bucket")
    unknown = engine.scratch(known.select(bucket=_bucket(known)).union(forgotten).distinct())
    parts = [part.anti_join(unknown, "bucket") for part in (before, *_hashed_parts(look.near))]
    sums = engine.from_arrow(engine.bucket_sums(parts, _BUCKETS), schemas.DIGESTS.ibis_schema)
    return stack(sums, unknown.mutate(digest=ibis.literal(0, "int64")))


def _differing_buckets(canonical: Canonical, state: State, engine: Engine) -> ir.Table:
    """Column bucket: those whose digests are not what they were, or were not known."""
    import numpy as np
    import pyarrow as pa

    known = engine.to_arrow(state.digests)
    now, before = np.zeros(_BUCKETS, dtype=np.int64), np.zeros(_BUCKETS, dtype=np.int64)
    for digests, found in ((now, digests_of(canonical, engine)), (before, known)):
        digests[found["bucket"].to_numpy()] = found["digest"].to_numpy()
    differing = now != before
    # Of whom nothing is left there is a digest of 0 as well.
    differing[known["bucket"].to_numpy()[known["digest"].to_numpy() == 0]] = True
    return engine.from_arrow(pa.table({"bucket": np.flatnonzero(differing)}), ibis.schema({"bucket": "int64"}))


def _near(canonical: Canonical, buckets: ir.Table, engine: Engine) -> Canonical:
    """All that is read of the records in some buckets: every record is in `canonical.identity_records`."""
    every = canonical.identity_records
    there = engine.scratch(every.semi_join(buckets, _bucket(every) == buckets.bucket).select("record_id"))
    return replace(
        canonical,
        **{
            name: engine.scratch(restricted(getattr(canonical, name), there).select("record_id", *columns))
            for name, columns in _DIGESTED.items()
        },
    )


def _bucket(table: ir.Table) -> ir.IntegerValue:
    return table.record_id & (_BUCKETS - 1)


def _hashed_parts(canonical: Canonical) -> list[ir.Table]:
    return [_hashed(getattr(canonical, name), *columns) for name, columns in _DIGESTED.items()]


def _hashed(table: ir.Table, *columns: str) -> ir.Table:
    values = (table[name].cast(INSTANT) if table[name].type().is_timestamp() else table[name] for name in columns)
    return table.select(bucket=_bucket(table), digest=quick_hash(table.record_id, *values))


def _within(records: ir.Table, state: State, buckets: ir.Table) -> ir.Table:
    """record_id of all records in some buckets, now and in the last run.

    Args:
        records: The rows of `canonical.identity_records` in these buckets.
        state: What the last run left.
        buckets: The buckets.
    """
    known = state.components.select("record_id", bucket=_bucket(state.components))
    return records.select("record_id").union(known.semi_join(buckets, "bucket").select("record_id"))


def _differing(now: ir.Table, before: ir.Table, *, exactly: bool = False) -> ir.Table:
    """record_id of records with other observations than before.

    What is wrong with an address depends on others, and is compared only where these were there to be asked.
    """
    new, old = _comparable(now, exactly), _comparable(without_hubs(before), exactly)
    both = ["record_id", "content"]
    return new.anti_join(old, both).select("record_id").union(old.anti_join(new, both).select("record_id"))


def _comparable(rows: ir.Table, exactly: bool) -> ir.Table:
    flaw = rows.flaw.cast("int8") if exactly else (rows.flaw == PLACEHOLDER).cast("int8")
    return rows.select(
        "record_id",
        content=quick_hash(
            rows.identifier_id,
            rows.type_id.cast("int16"),
            rows.first_seen_at.cast(INSTANT),
            rows.last_seen_at.cast(INSTANT),
            rows.place_id.cast("int64"),
            flaw,
        ),
    )


def _otherwise_described(known: ir.Table, described: ir.Table) -> ir.Table:
    """record_id, gone of records that are new or gone, or say something else of themselves.

    Args:
        known: record_id and `_DESCRIBED` of those looked at that there were in the last run.
        described: The same of those that there are.
    """
    joined = described.outer_join(known, "record_id", rname="was_{name}")
    same = (joined[name].identical_to(joined[f"was_{name}"]) for name in _DESCRIBED)
    return joined.filter(~reduce(and_, same)).select(
        record_id=ibis.coalesce(joined.record_id, joined.was_record_id), gone=joined.record_id.isnull()
    )


def _dependent(changed: ir.Table, now: ir.Table, before: ir.Table, state: State, collector: Collector) -> ir.Table:
    """record_id of records whose evidence may be another one because that of others is."""
    found = [_renamed_otherwise(state, collector)]
    if collector.has_mailboxes:
        identifiers = collector.canonical.identifiers
        values = restricted(collector.mailboxes(), changed).select("identifier_value").distinct()
        emails = identifiers.filter(identifiers.identifier_type == "email")
        found.append(emails.semi_join(values, "identifier_value").select("record_id"))
        types = collector.types.table.filter(_.identifier_type == MAILBOX).select("type_id")
        given = restricted(before, changed).semi_join(types, "type_id").select("identifier_id").distinct()
        found.append(restricted(state.observations, given, "identifier_id").select("record_id"))
    places = stack(restricted(now, changed).select("place_id"), restricted(before, changed).select("place_id"))
    found.append(_at(places.filter(places.place_id.notnull()).distinct(), state))
    return stack(*found).distinct()


def _at(places: ir.Table, state: State) -> ir.Table:
    """record_id of records at some places."""
    placed = state.observations.filter(_.place_id.notnull())
    return restricted(placed, places, "place_id").select("record_id").distinct()


def _renamed_otherwise(state: State, collector: Collector) -> ir.Table:
    """record_id of records with identifiers that aliases treat otherwise than before."""
    before = state.renamed.select("identifier_id", "stands_for")
    if collector.renamed is None:
        touched = before
    else:
        now = collector.renamed.select(identifier_id="node", stands_for="component")
        both = ["identifier_id", "stands_for"]
        touched = now.anti_join(before, both).union(before.anti_join(now, both))
    ids = touched.select("identifier_id").union(touched.select(identifier_id="stands_for")).distinct()
    return restricted(state.observations, ids, "identifier_id").select("record_id")
