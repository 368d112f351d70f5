"""Profile ids as state: who keeps an id when people turn out to be one, or two.

Belongs here: giving ids to groups of records, and the interface to what keeps them (`ProfileIdStore`). Does not belong
here: which records are a group (`partition.py`, `devices.py`), and SQL (`ledger/profile_ids.py`).

A group takes the id with which it shares most records: records of people count first, then all, then the older id, then
the smaller. Records that come together again take the id that all of them had before. Of the parts of a profile that
splits, those that had an id of their own before take it back (`former_ids.py`). Ids that no group takes become
redirects. A new id is derived from the group's earliest record, with a generation where that id is taken; an id given
up in a merge is taken up again when its records split off.

The store and the warehouse share no transaction. Ids are saved when the tables have passed their checks and just before
these are published, so that a run which is stopped leaves the ids as they were. If a run dies in between, the next one
finds the ids saved, gives them again, and finds the same differences to the map as published: the outcome is that of an
undisturbed run. Saving twice changes nothing.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc

from cdp_assets.canonical.schema import INSTANT
from cdp_assets.identity.former_ids import GivenBack, Member, give_back
from cdp_assets.warehouse.engine import empty
from cdp_assets.warehouse.operations import of_earliest, stable_id
from cdp_assets.warehouse.stacking import restricted

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine

ASSIGNED = ibis.schema({"record_id": "int64", "profile_id": "int64", "since": INSTANT})
"""Which profile a record belongs to, and since which run."""

REDIRECTED = ibis.schema({"old_profile_id": "int64", "profile_id": "int64", "since": INSTANT})
"""Ids given up, where they lead, and since which run."""

_PROFILE = ibis.schema({"profile_id": "int64"})
_LABEL = ibis.schema({"label": "int64"})
_GIVEN = ibis.schema({"label": "int64", "profile_id": "int64"})


class ProfileIdStore(Protocol):
    """What keeps profile ids between runs."""

    def revision(self) -> str:
        """What was saved last; another text after each `save` that changed something, empty before the first."""

    def assigned(self, records: Sequence[int] | None = None) -> pa.Table:
        """The assignments of some records, or of all (`ASSIGNED`)."""

    def redirects(self) -> pa.Table:
        """All redirects (`REDIRECTED`)."""

    def former(self, record_ids: Sequence[int]) -> dict[int, list[int]]:
        """The profiles that records belonged to before, the latest first."""

    def revision_after(
        self, assigned: pa.Table, unassigned: Sequence[int], redirected: pa.Table, revived: Sequence[int]
    ) -> str:
        """The revision that `save` will return."""

    def save(self, assigned: pa.Table, unassigned: Sequence[int], redirected: pa.Table, revived: Sequence[int]) -> str:
        """Write what changed, in one transaction, keep what changed assignments were before, and return the new
        revision.

        Args:
            assigned: New and changed assignments (`ASSIGNED`).
            unassigned: record_ids that are gone.
            redirected: New and changed redirects (`REDIRECTED`).
            revived: Old profile ids that are in use again.
        """


class ForwardingProfileIds:
    """A `ProfileIdStore` in front of another one, which answers unless a subclass does."""

    def __init__(self, store: ProfileIdStore) -> None:
        self._store = store

    def revision(self) -> str:
        return self._store.revision()

    def assigned(self, records: Sequence[int] | None = None) -> pa.Table:
        return self._store.assigned(records)

    def redirects(self) -> pa.Table:
        return self._store.redirects()

    def former(self, record_ids: Sequence[int]) -> dict[int, list[int]]:
        return self._store.former(record_ids)

    def revision_after(
        self, assigned: pa.Table, unassigned: Sequence[int], redirected: pa.Table, revived: Sequence[int]
    ) -> str:
        return self._store.revision_after(assigned, unassigned, redirected, revived)

    def save(self, assigned: pa.Table, unassigned: Sequence[int], redirected: pa.Table, revived: Sequence[int]) -> str:
        return self._store.save(assigned, unassigned, redirected, revived)


class HeldBackProfileIds(ForwardingProfileIds):
    """Writes to another store only on `release`: a run that is stopped must leave ids alone."""

    def __init__(self, store: ProfileIdStore) -> None:
        super().__init__(store)
        self._held: tuple[pa.Table, Sequence[int], pa.Table, Sequence[int]] | None = None

    def save(self, assigned: pa.Table, unassigned: Sequence[int], redirected: pa.Table, revived: Sequence[int]) -> str:
        self._held = (assigned, unassigned, redirected, revived)
        return self._store.revision_after(*self._held)

    def release(self) -> None:
        """Write what was held back, if there is anything."""
        if self._held is not None:
            self._store.save(*self._held)
            self._held = None


@dataclass(frozen=True)
class Assignment:
    """Ids given in this run, and what is new about them.

    Args:
        given: record_id, label, profile_id of all records concerned.
        profiles: label, profile_id.
        redirects: `REDIRECTED`, complete; targets are in use, or were when their records vanished.
        assigned, unassigned, redirected, revived: The difference to the store, for `ProfileIdStore.save`.
    """

    given: ir.Table
    profiles: ir.Table
    redirects: ir.Table
    assigned: pa.Table
    unassigned: list[int]
    redirected: pa.Table
    revived: list[int]

    def save(self, store: ProfileIdStore) -> str:
        """Write the difference, if there is one; return the store's revision."""
        if self.assigned.num_rows or self.unassigned or self.redirected.num_rows or self.revived:
            return store.save(self.assigned, self.unassigned, self.redirected, self.revived)
        return store.revision()


@dataclass(frozen=True)
class Saved:
    """What the store holds, as far as it concerns the groups that need an id.

    Args:
        assigned: record_id, profile_id of all their records, and of those that are gone.
        homes: record_id, profile_id of all records.
        concerned: record_id of those in these groups, and of those that are gone.
    """

    assigned: ir.Table
    homes: ir.Table
    concerned: ir.Table

    def elsewhere(self, ids: ir.Table) -> ir.Table:
        """Of some ids, profile_id of the groups that are left as they are."""
        # Few records have one of the ids: only these are looked up among those concerned.
        holders = restricted(self.homes, ids, "profile_id")
        return holders.anti_join(self.concerned, "record_id").select("profile_id")


def profile_id_of(record_id: int, generation: int = 0) -> int:
    """The id derived from a record; the same that the engine computes."""
    text = f"profile\x1f{record_id}\x1f{generation}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") & 0x7FFF_FFFF_FFFF_FFFF


def assign_ids(
    homes: ir.Table, store: ProfileIdStore, as_of: datetime, engine: Engine, saved: Saved | None = None
) -> Assignment:
    """Give every group of records its profile id.

    Args:
        homes: record_id, label (its group), is_person (whether it is a record of a person rather than of a device),
            is_guest (a fact without identifiers, alone for ever: its id needs no state), first_seen_at: one row a
            record. Groups are given whole.
        store: What keeps ids.
        as_of: The run.
        engine: Computes.
        saved: What is known of the store without reading it all, where ``homes`` are not all groups.
    """
    state = (
        engine.from_arrow(store.assigned(), ASSIGNED).select("record_id", "profile_id")
        if saved is None
        else saved.assigned
    )
    redirects = {row["old_profile_id"]: row for row in store.redirects().to_pylist()}
    voted = homes.join(state, "record_id")
    votes = engine.scratch(
        voted.group_by("label", "profile_id").aggregate(
            person_records=voted.is_person.cast("int64").sum(), records=voted.count()
        )
    )
    sure, disputed = _undisputed(votes)
    claims = _ranked(_weighed(disputed, voted, store, engine))
    returned = _given_back(claims, homes, state, store, redirects, engine)
    kept = {**_settle_disputes(claims, returned.ids), **returned.ids}
    kept_table = engine.from_arrow(_table(list(kept.items()), _GIVEN), _GIVEN)
    taken = engine.scratch(sure.select("label", "profile_id").union(kept_table))
    fresh = engine.scratch(_fresh(homes.anti_join(taken, "label")))
    # What votes and anchors ask for elsewhere is looked up in one go.
    asked = votes.select("profile_id").union(fresh.select("profile_id"))
    near = engine.scratch(saved.elsewhere(asked)) if saved is not None else empty(_PROFILE, engine)
    renewed = _renew(fresh, taken, near, saved, homes, votes, redirects, engine)
    profiles = engine.scratch(taken.union(renewed))
    engine.forget(fresh)
    given = engine.scratch(homes.join(profiles, "label").select("record_id", "label", "profile_id", "is_guest"))
    changed, gone = _difference(given, state, as_of, engine)
    redirected, revived, complete = _redirects(votes, profiles, near, redirects, returned, as_of, engine)
    return Assignment(
        given.drop("is_guest"), profiles, engine.from_arrow(_table(complete, REDIRECTED), REDIRECTED), changed, gone,
        _table(redirected, REDIRECTED), revived,
    )  # fmt: skip


def _undisputed(votes: ir.Table) -> tuple[ir.Table, ir.Table]:
    """Votes of groups with one id that no other group claims, and all others."""
    by_label = votes.group_by("label").aggregate(ids=votes.count())
    by_id = votes.group_by("profile_id").aggregate(labels=votes.count())
    counted = votes.join(by_label, "label").join(by_id, "profile_id")
    sure = (counted.ids == 1) & (counted.labels == 1)
    return counted.filter(sure).select(votes.columns), counted.filter(~sure).select(votes.columns)


def _weighed(disputed: ir.Table, voted: ir.Table, store: ProfileIdStore, engine: Engine) -> list[dict[str, Any]]:
    """Add to votes since when a record of the group has the id, and whether all of them had it at some time and no
    other group claims it; the store is asked for these records only."""
    votes: list[dict[str, Any]] = engine.to_arrow(disputed).to_pylist()
    if not votes:
        return []
    voters = engine.to_arrow(voted.semi_join(disputed, ["label", "profile_id"]).select("record_id", "label"))
    kept = voters.join(store.assigned(voters["record_id"].to_pylist()), "record_id", join_type="inner")
    # Numbers, which are compared as the instants are, and are made in a tenth of the time.
    since = kept.set_column(kept.column_names.index("since"), "since", kept["since"].cast(pa.int64()))
    oldest = since.group_by(["label", "profile_id"]).aggregate([("since", "min")]).to_pydict()
    ages = dict(zip(zip(oldest["label"], oldest["profile_id"], strict=True), oldest["since_min"], strict=True))
    ids, labels = (Counter(vote[name] for vote in votes) for name in ("profile_id", "label"))
    common = _in_common(kept, [label for label, several in labels.items() if several > 1], store)
    return [
        {
            **vote,
            "since": ages[vote["label"], vote["profile_id"]],
            "reunites": ids[vote["profile_id"]] == 1 and vote["profile_id"] in common.get(vote["label"], ()),
        }
        for vote in votes
    ]


def _in_common(kept: pa.Table, merging: Sequence[int], store: ProfileIdStore) -> dict[int, set[int]]:
    """Label → the profiles that all its records belong or belonged to.

    Args:
        kept: record_id, label, profile_id.
        merging: Labels whose records belong to several profiles now: only what they belonged to can be common to them.
        store: Knows it.
    """
    placed = kept.filter(pc.is_in(kept["label"], pa.array(merging, kept["label"].type)))
    former = store.former(placed["record_id"].to_pylist())
    having = placed.filter(pc.is_in(placed["record_id"], pa.array(list(former), pa.int64())))["label"].unique()
    placed = placed.filter(pc.is_in(placed["label"], having))
    had: dict[int, list[set[int]]] = defaultdict(list)
    for row in placed.to_pylist():
        had[row["label"]].append({row["profile_id"], *former.get(row["record_id"], ())})
    return {label: set.intersection(*profiles) for label, profiles in had.items()}


def _ranked(votes: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Claims to ids: what all its records had before, by the most records of people, the most records, the older id,
    the smaller id."""

    def rank(vote: dict[str, Any]) -> tuple[Any, ...]:
        most = -vote["person_records"], -vote["records"]
        return not vote["reunites"], *most, vote["since"], vote["profile_id"], vote["label"]

    return sorted(votes, key=rank)


def _given_back(
    claims: Sequence[dict[str, Any]], homes: ir.Table, state: ir.Table, store: ProfileIdStore,
    redirects: dict[int, dict[str, object]], engine: Engine,
) -> GivenBack:  # fmt: skip
    """The ids that parts of splitting profiles take back."""
    claimed = Counter(int(claim["profile_id"]) for claim in claims)
    splitting = sorted(profile for profile, labels in claimed.items() if labels > 1)
    if not splitting or not redirects:
        return GivenBack()
    ids = engine.from_arrow(pa.table({"profile_id": pa.array(splitting, pa.int64())}), _PROFILE)
    those = homes.join(state.semi_join(ids, "profile_id"), "record_id")
    rows = engine.to_arrow(those.select("label", "record_id", "profile_id", "is_person")).to_pylist()
    members = [Member(**row) for row in rows]
    return give_back(
        members,
        store.former([member.record_id for member in members]),
        {old: int(row["profile_id"]) for old, row in redirects.items()},  # type: ignore[call-overload]
        profile_id_of,
        list(dict.fromkeys(int(claim["label"]) for claim in claims)),
    )


def _settle_disputes(claims: Sequence[dict[str, Any]], returned: Mapping[int, int]) -> dict[int, int]:
    """label → id, each id once, the best claim first; labels in ``returned`` have theirs."""
    given: dict[int, int] = {}
    used = set(returned.values())
    for vote in claims:
        label, profile = int(vote["label"]), int(vote["profile_id"])
        if label not in given and label not in returned and profile not in used:
            given[label] = profile
            used.add(profile)
    return given


def _fresh(homes: ir.Table) -> ir.Table:
    """label, anchor (its earliest record) and the id derived from it, of groups that bring no id along."""
    far = ibis.literal("9999-12-31 00:00:00").cast(INSTANT)
    anchors = homes.group_by("label").aggregate(anchor=of_earliest(homes.record_id, homes.first_seen_at.coalesce(far)))
    return anchors.mutate(profile_id=stable_id(ibis.literal("profile"), anchors.anchor, ibis.literal("0")))


def _renew(
    fresh: ir.Table, taken: ir.Table, near: ir.Table, saved: Saved | None, homes: ir.Table, votes: ir.Table,
    redirects: dict[int, dict[str, object]], engine: Engine,
) -> ir.Table:  # fmt: skip
    """label, profile_id of the groups in ``fresh``: the derived id where it is free.

    ``near`` is what the groups elsewhere have of the derived ids, ``saved`` knows all that they have.
    """
    ids = taken.select("profile_id")
    clashing = fresh.semi_join(ids.union(near), "profile_id").select("label")
    # What splits off may have had an id of its own before a merge.
    back = fresh.semi_join(votes, "label").select("label") if redirects else clashing
    special = engine.scratch(clashing.union(back).distinct())
    plain = fresh.anti_join(special, "label").select("label", "profile_id")
    rows = engine.to_arrow(fresh.semi_join(special, "label").order_by("label")).to_pylist()
    if not rows:
        return plain
    members: dict[int, list[int]] = defaultdict(list)
    for row in engine.to_arrow(homes.semi_join(special, "label").select("label", "record_id")).to_pylist():
        members[row["label"]].append(row["record_id"])
    former = {
        row["label"]: sorted(
            (old["since"], derived)
            for derived in map(profile_id_of, members[row["label"]])
            if (old := redirects.get(derived)) is not None
        )
        for row in rows
    }
    candidates = {derived for found in former.values() for _since, derived in found}
    candidates |= {profile_id_of(row["anchor"], generation) for row in rows for generation in range(_GENERATIONS)}
    used = _in_use(candidates, ids.union(plain.select("profile_id")), saved, engine)
    given: list[tuple[int, int]] = []
    for row in rows:
        chosen = next((derived for _since, derived in former[row["label"]] if derived not in used), None)
        generation = 0
        while chosen is None or chosen in used:
            chosen = profile_id_of(row["anchor"], generation)
            generation += 1
            if generation > _GENERATIONS:
                used |= _in_use({chosen}, ids.union(plain.select("profile_id")), saved, engine)
        used.add(chosen)
        given.append((row["label"], chosen))
    return plain.union(engine.from_arrow(_table(given, _GIVEN), _GIVEN))


_GENERATIONS = 4
"""So many ids are derived from a record before the engine has to be asked again whether one is in use."""


def _in_use(candidates: set[int], ids: ir.Table, saved: Saved | None, engine: Engine) -> set[int]:
    """The candidates that are among some ids, or those of groups elsewhere."""
    asked = engine.from_arrow(pa.table({"profile_id": pa.array(sorted(candidates), pa.int64())}), _PROFILE)
    used = ids if saved is None else ids.union(saved.elsewhere(asked))
    return set(engine.to_arrow(asked.semi_join(used, "profile_id"))["profile_id"].to_pylist())


def _difference(given: ir.Table, state: ir.Table, as_of: datetime, engine: Engine) -> tuple[pa.Table, list[int]]:
    """New and changed assignments, and records that are gone."""
    wanted = given.filter(~given.is_guest).select("record_id", "profile_id")
    joined = wanted.left_join(state.select("record_id", before="profile_id"), "record_id")
    changed = joined.filter(joined.before.isnull() | (joined.before != joined.profile_id)).select(
        "record_id", "profile_id", since=ibis.literal(as_of, INSTANT)
    )
    gone = state.anti_join(wanted, "record_id").select("record_id")
    return engine.to_arrow(changed).cast(ASSIGNED.to_pyarrow()), engine.to_arrow(gone)["record_id"].to_pylist()


def _redirects(
    votes: ir.Table,
    profiles: ir.Table,
    near: ir.Table,
    before: dict[int, dict[str, object]],
    returned: GivenBack,
    as_of: datetime,
    engine: Engine,
) -> tuple[list[tuple[object, ...]], list[int], list[tuple[object, ...]]]:
    """New and changed redirects, ids in use again, and all redirects as they are now."""
    given_up = votes.anti_join(profiles, "profile_id").anti_join(near, "profile_id")
    retired = given_up.join(profiles.select("label", target="profile_id"), "label")
    heirs: dict[int, int] = {}
    ranked = sorted(
        engine.to_arrow(retired).to_pylist(),
        key=lambda row: (-row["person_records"], -row["records"], row["target"]),
    )
    for row in ranked:
        heirs.setdefault(row["profile_id"], row["target"])
    known = pa.table({"profile_id": pa.array(list(before), pa.int64())})
    in_use = engine.from_arrow(known, ibis.schema({"profile_id": "int64"})).semi_join(profiles, "profile_id")
    revived = sorted(engine.to_arrow(in_use)["profile_id"].to_pylist())
    rows: dict[int, tuple[object, ...]] = {
        old: (old, row["profile_id"], row["since"]) for old, row in before.items() if old not in set(revived)
    }
    changed: dict[int, tuple[object, ...]] = {}
    for old, target in heirs.items():
        changed[old] = (old, target, as_of)
    for old, row in rows.items():
        heir = heirs.get(row[1])  # type: ignore[call-overload]
        if heir is not None and old not in changed:
            changed[old] = (old, heir, row[2])
    for old, target in _targets(returned.followers, profiles, engine).items():
        row = rows.get(old)
        if row is not None and old not in changed and row[1] != target:
            changed[old] = (old, target, row[2])
    rows.update(changed)
    return [changed[old] for old in sorted(changed)], revived, [rows[old] for old in sorted(rows)]


def _targets(followers: Mapping[int, int], profiles: ir.Table, engine: Engine) -> dict[int, int]:
    """Id given up → the id of the group that most of its records are in."""
    if not followers:
        return {}
    labels = engine.from_arrow(pa.table({"label": pa.array(sorted(set(followers.values())), pa.int64())}), _LABEL)
    found = engine.to_arrow(profiles.semi_join(labels, "label")).to_pylist()
    ids = {row["label"]: row["profile_id"] for row in found}
    return {old: ids[label] for old, label in followers.items()}


def _table(rows: Sequence[tuple[object, ...]], schema: ibis.Schema) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    arrow = schema.to_pyarrow()
    return pa.table([pa.array(values, field.type) for values, field in zip(columns, arrow, strict=True)], schema=arrow)
