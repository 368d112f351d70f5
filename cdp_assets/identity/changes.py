"""What happened to profiles between the map as published and the map of this run.

Belongs here: the log `profile_changes`. Does not belong here: ids (`ids.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
from ibis import _

from cdp_assets.canonical.schema import INSTANT
from cdp_assets.identity.evidence import KINDS
from cdp_assets.identity.schemas import CHANGES
from cdp_assets.identity.spec import Kind
from cdp_assets.warehouse.engine import has_rows
from cdp_assets.warehouse.operations import stable_id
from cdp_assets.warehouse.stacking import restricted

if TYPE_CHECKING:
    from cdp_assets.identity.evidence import Types
    from cdp_assets.warehouse.engine import Engine


_TYPE = ["namespace", "identifier_type"]

OTHER_LINKS = ("likeness", "steward")
"""Types of links that are made of no identifier."""


def homes_of(profile_map: ir.Table) -> ir.Table:
    """record_id, profile_id: for records split in time, the first profile."""
    return profile_map.filter(profile_map.valid_from.isnull()).select("record_id", "profile_id")


@dataclass(frozen=True)
class Maps:
    """`profile_map` before and after.

    Args:
        before, after: As last published, and of this run.
        left, came: Their rows of the records that may be somewhere else now; these are looked at.
    """

    before: ir.Table
    after: ir.Table
    left: ir.Table
    came: ir.Table


def _links_at(links: ir.Table, records: ir.Table) -> ir.Table:
    """Of some links (`schemas.LINKS`), those with one of some records at either end."""
    left, right = (records.select(**{name: "record_id"}) for name in ("left_record_id", "right_record_id"))
    found = links.select("left_record_id", "right_record_id", *_TYPE)
    at_right = found.semi_join(right, "right_record_id").anti_join(left, "left_record_id")
    return found.semi_join(left, "left_record_id").union(at_right)


def changed_profiles(
    maps: Maps,
    redirects: ir.Table,
    links: ir.Table,
    types: Types,
    logged: int,
    as_of: datetime,
    engine: Engine,
    news: ir.Table,
    records: ir.Table,
) -> ir.Table:
    """What this run adds to the log (`schemas.PROFILE_CHANGES`).

    Args:
        maps: Where records were, and where they are.
        redirects: `schemas.REDIRECTS` of this run: where merged profiles went.
        links: The evidence (`schemas.LINKS`) that this run made. Records that hang together are looked at together, so
            that this is all the evidence of those who may be somewhere else now.
        types: The identifier types among the links.
        logged: How many rows the log has; tells two equal changes of one instant apart.
        as_of: The run.
        engine: Computes.
        news: `schemas.STEWARD_WORDS` spoken or revoked since the run before.
        records: `canonical.identity_records`, for the sources that news may be about.
    """
    old = homes_of(maps.left).rename(old_id="profile_id")
    new = homes_of(maps.came).rename(new_id="profile_id")
    kinds = sorted({*types.kinds, *OTHER_LINKS})
    if has_rows(old, engine):
        explained = _changes(old, new, maps, redirects, links, kinds, engine)
    else:
        explained = _creations(new, maps, links, types, kinds, engine)
    if has_rows(news, engine):
        explained = _caused(explained, news, records, maps)
    else:  # as in most runs; looking for the profiles concerned takes looking at all
        explained = explained.mutate(cause=ibis.null(news.word.type()))
    run = ibis.literal(as_of, INSTANT)
    of_kind = {change: stable_id(run, ibis.literal(change), ibis.literal(logged)) for change in CHANGES}
    # Ids are hashes: they need not be hashed again.
    return explained.mutate(
        as_of=run,
        change_id=ibis.cases(*((explained.change == change, number) for change, number in of_kind.items()))
        ^ explained.profile_id
        ^ (explained.other_profile_id.coalesce(0) >> 1),
    )


def _creations(
    new: ir.Table, maps: Maps, links: ir.Table, types: Types, kinds: Sequence[str], engine: Engine
) -> ir.Table:
    """What happened where no record was anywhere before: as `_changes` tells it, which would look at more."""
    counted = new.group_by("new_id").aggregate(records=_.count())
    created = counted.anti_join(homes_of(maps.before), counted.new_id == maps.before.profile_id).select(
        "records",
        change=ibis.literal("created"),
        profile_id="new_id",
        other_profile_id=ibis.null("int64"),
    )
    ties = _all_ties(new.mutate(old_id=ibis.null("int64")), links, types, engine)
    return _explained(created, ties, ("profile_id",), kinds, engine)


def _changes(
    old: ir.Table, new: ir.Table, maps: Maps, redirects: ir.Table, links: ir.Table, kinds: Sequence[str], engine: Engine
) -> ir.Table:
    """What happened, with its evidence.

    Args:
        old: record_id, old_id: where records were that may be somewhere else now.
        new: record_id, new_id: where they are.
        maps, redirects, links, engine: As in `changed_profiles`.
        kinds: The identifier types that evidence tells of.
    """
    joined = new.outer_join(old, "record_id")
    # Most records stay where they are: only the others are looked at further.
    differing = engine.scratch(
        joined.filter(~joined.old_id.identical_to(joined.new_id)).select(
            "old_id", "new_id", record_id=ibis.coalesce(joined.record_id, joined.record_id_right)
        )
    )
    flows = engine.scratch(differing.group_by("old_id", "new_id").aggregate(records=differing.count()))
    # One look-up among all records: where nothing may have changed, profiles are there before and after.
    asked = flows.select(profile_id="old_id").union(flows.select(profile_id="new_id"))
    near = engine.scratch(restricted(homes_of(maps.before), asked.filter(asked.profile_id.notnull()), "profile_id"))
    stayed = near.anti_join(maps.left, "record_id")
    existed = near.select("profile_id").distinct().mutate(existed=True)
    exists = stayed.select("profile_id").union(homes_of(maps.came).select("profile_id")).distinct().mutate(exists=True)
    marked = flows.left_join(existed, flows.new_id == existed.profile_id).drop("profile_id")
    marked = marked.left_join(exists, marked.old_id == exists.profile_id).drop("profile_id")
    marked = marked.mutate(existed=marked.existed.fill_null(False), exists=marked.exists.fill_null(False))
    merged = redirects.select(old_id="old_profile_id", new_id="profile_id", redirected=ibis.literal(True))
    marked = engine.scratch(marked.left_join(merged, ["old_id", "new_id"]).drop("old_id_right", "new_id_right"))

    moves = marked.filter(marked.old_id.notnull() & marked.new_id.notnull())
    moves = moves.select(
        "records",
        change=ibis.cases((moves.redirected.fill_null(False), "merged"), (moves.existed, "moved"), else_="split"),
        profile_id=moves.new_id,
        other_profile_id=moves.old_id,
    )
    newcomers = marked.filter(marked.old_id.isnull() & ~marked.existed)
    split_off = moves.filter(moves.change == "split")
    created = newcomers.anti_join(split_off, newcomers.new_id == split_off.profile_id)
    vanished = marked.filter(marked.new_id.isnull() & ~marked.exists)
    scattered = marked.filter(marked.old_id.notnull() & marked.new_id.notnull()).select("old_id").distinct()
    removed = vanished.anti_join(scattered, "old_id")
    nobody = ibis.null("int64")
    rows = moves.select("records", "change", "profile_id", "other_profile_id").union(
        created.select("records", change=ibis.literal("created"), profile_id="new_id", other_profile_id=nobody),
        removed.select("records", change=ibis.literal("removed"), profile_id="old_id", other_profile_id=nobody),
    )
    # Created profiles have records from nowhere, and null joins nothing: -1 stands for it on both sides.
    keyed = engine.scratch(rows.mutate(old_id=rows.other_profile_id.coalesce(-1)))
    tied = _ties_of(differing, engine.scratch(_links_at(links, differing)))
    tied = tied.mutate(old_id=tied.old_id.coalesce(-1))
    return _explained(keyed, tied, ("profile_id", "old_id"), kinds, engine).drop("old_id")


def _caused(rows: ir.Table, news: ir.Table, records: ir.Table, maps: Maps) -> ir.Table:
    """Add ``cause``: the first of the stewards' words, spoken or revoked since, that is about the profiles of a row.

    A retracted rule is about all of them, a source about those with a record of it, and whatever names a record about
    the profiles that it was and is in.
    """
    said = news.filter(news.left_record_id.notnull())
    named = said.select("word", record_id="left_record_id").union(
        said.filter(said.right_record_id.notnull()).select("word", record_id="right_record_id")
    )
    of_sources = news.filter(news.kind == "source").select("word", source="subject")
    named = named.union(records.join(of_sources, "source").select("word", "record_id"))
    there, here = (
        homes_of(placed).semi_join(named, "record_id").join(named, "record_id").select("word", "profile_id")
        for placed in (maps.before, maps.after)
    )
    about = there.union(here)
    first = about.group_by("profile_id").aggregate(word=about.word.min())
    rules = news.filter(news.kind == "rule")
    anywhere = rules.aggregate(rule=rules.word.min())
    own = rows.left_join(first, "profile_id").drop("profile_id_right")
    both = own.left_join(first.rename(other_profile_id="profile_id", other_word="word"), "other_profile_id")
    both = both.drop("other_profile_id_right").cross_join(anywhere)
    return both.select(*rows.columns, cause=ibis.coalesce(both.word, both.other_word, both.rule))


def _ties_of(differing: ir.Table, links: ir.Table) -> ir.Table:
    """identifier_type, old_id, new_id: the links of records that changed, once for each profile they came from.

    Args:
        differing: record_id, old_id, new_id.
        links: All links with one of these records at either end.
    """
    left = differing.select(left_record_id="record_id", old_left="old_id", new_left="new_id")
    right = differing.select(right_record_id="record_id", old_right="old_id", new_right="new_id")
    tied = links.select("left_record_id", "right_record_id", "identifier_type")
    both = tied.left_join(left, "left_record_id").drop("left_record_id_right")
    both = both.left_join(right, "right_record_id").drop("right_record_id_right")
    at_left = both.filter(both.new_left.notnull()).select("identifier_type", old_id="old_left", new_id="new_left")
    elsewhere = ~(both.old_left.identical_to(both.old_right) & both.new_left.identical_to(both.new_right))
    at_right = both.filter(both.new_right.notnull() & elsewhere).select(
        "identifier_type", old_id="old_right", new_id="new_right"
    )
    return at_left.union(at_right)


def _all_ties(differing: ir.Table, links: ir.Table, types: Types, engine: Engine) -> ir.Table:
    """What `_ties_of` gives where every record is new: of links between people both ends are then in one profile, and
    looking at one of them is enough.
    """
    of_devices = types.table.filter(types.table.kind == KINDS[Kind.DEVICE])
    devices = engine.scratch(links.semi_join(of_devices, _TYPE))
    ends = devices.select(record_id="left_record_id").union(devices.select(record_id="right_record_id"))
    involved = engine.scratch(differing.semi_join(engine.scratch(ends.distinct()), "record_id"))
    people = links.anti_join(of_devices, _TYPE).select("identifier_type", record_id="left_record_id")
    placed = people.join(differing, "record_id").select("identifier_type", "old_id", "new_id")
    # Look-ups among all records are made one after the other, since each takes its memory.
    return placed.union(engine.scratch(_ties_of(involved, devices)))


def _explained(
    rows: ir.Table, tied: ir.Table, key: tuple[str, ...], identifier_types: Sequence[str], engine: Engine
) -> ir.Table:
    """Add ``evidence``: how many links of each type hold the records that changed.

    Args:
        rows: Changes, with the columns in ``key``.
        tied: identifier_type, old_id, new_id (the profile): one row per link.
        key: What links belong to rows by.
        identifier_types: What there may be.
        engine: Computes.
    """
    tied = tied.rename(profile_id="new_id")
    # Step by step: as one query, joins and groups of millions would ask for their memory at the same time.
    counts = engine.scratch(
        tied.group_by(*key).aggregate(
            **{f"links_{name}": tied.count(where=tied.identifier_type == name) for name in identifier_types}
        )
    )
    known = counts.select(*key, evidence=_as_json(counts, identifier_types))
    joined = rows.left_join(known, list(key))
    return joined.select(*rows.columns, evidence=joined.evidence.coalesce("{}"))


def _as_json(counts: ir.Table, identifier_types: Sequence[str]) -> ir.StringValue:
    text = ibis.literal("")
    for name in identifier_types:
        number = counts[f"links_{name}"]
        text = text + ibis.ifelse(
            number.coalesce(0) > 0, ibis.literal(f', "{name}": ') + number.cast("string"), ibis.literal("")
        )
    return ibis.literal("{") + text.substr(2) + ibis.literal("}")
