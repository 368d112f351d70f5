"""Why two records are one person, or why they are not, in words.

Belongs here: finding the chain of evidence, or what contradicts, in the published tables. Does not belong here: layout
(`presentation/`), and any decision: what was decided is read, never computed again.

Values are masked: an explanation may be shown to whoever may see that the two records exist.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import ibis.expr.types as ir
from ibis import _

from cdp_assets.canonical.schema import Pii
from cdp_assets.identity.evidence import identifier_id_of
from cdp_assets.warehouse.preview import mask

Tables = Callable[[str, str], ir.Table]
"""Gives a published table by stage and name."""

_MOST_CHOICES = 10


class RecordNotFound(LookupError):
    """No record is called so, or several are; the message says which."""


@dataclass(frozen=True)
class RecordShown:
    """One record as an explanation names it.

    Args:
        record_id: Its id.
        source, stream, kind: Where it is from.
        native_id: Its id at the source, masked; empty for facts.
        name: Its name, masked; empty if it has none.
        profiles: The profiles it belongs to: several for devices that several people use.
    """

    record_id: int
    source: str
    stream: str
    kind: str
    native_id: str
    name: str
    profiles: tuple[int, ...]

    @property
    def words(self) -> str:
        """For the middle of a sentence."""
        called = " ".join(part for part in (self.native_id, f"({self.name})" if self.name else "") if part)
        what = "record" if self.kind == "person" else "activity"
        return f"{self.source} {self.stream} {what} {called or self.record_id}"


@dataclass(frozen=True)
class Step:
    """One link of a chain: both records carry the identifier."""

    left: RecordShown
    right: RecordShown
    namespace: str
    identifier_type: str
    value: str
    strength: float

    @property
    def words(self) -> str:
        return (
            f"{self.left.words} and {self.right.words} carry the same "
            f"{_identifier(self.namespace, self.identifier_type)} {self.value}"
        )


@dataclass(frozen=True)
class Refusal:
    """One reason why two records were kept apart."""

    namespace: str
    identifier_type: str
    value: str
    reason: str
    detail: str

    @property
    def words(self) -> str:
        shared = f"both carry the {_identifier(self.namespace, self.identifier_type)} {self.value}"
        return f"{shared}, but {self.detail}"


@dataclass(frozen=True)
class Explanation:
    """Why two records are together or apart.

    Args:
        left, right: The records.
        together: Whether they share a profile.
        chain: From left to right by the fewest and then strongest links; empty if they are apart.
        refusals: What keeps them apart; empty if they are together, or share nothing.
    """

    left: RecordShown
    right: RecordShown
    together: bool
    chain: tuple[Step, ...]
    refusals: tuple[Refusal, ...]

    @property
    def weakest(self) -> Step | None:
        """The link of the chain that weighs least."""
        return min(self.chain, key=lambda step: step.strength, default=None)

    @property
    def words(self) -> tuple[str, ...]:
        """The whole explanation, sentence by sentence."""
        if self.left.record_id == self.right.record_id:
            return (f"{_capital(self.left.words)} is one record.",)
        if self.together:
            told = [f"{_capital(self.left.words)} and {self.right.words} belong to one profile."]
            told += [f"{_capital(step.words)} (weight {step.strength:.2f})." for step in self.chain]
            return tuple(told)
        told = [f"{_capital(self.left.words)} and {self.right.words} belong to different profiles."]
        told += [f"{_capital(refusal.words)}." for refusal in self.refusals]
        return tuple(told) if self.refusals else (*told, "Nothing ties them: they share no identifier.")

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values; ids are text, since they exceed what JSON's readers keep exactly."""
        weakest = self.weakest
        return {
            "left": _plain(self.left),
            "right": _plain(self.right),
            "together": self.together,
            "chain": [_step(step) for step in self.chain],
            "weakest": None if weakest is None else _step(weakest),
            "refusals": [{**asdict(refusal), "words": refusal.words} for refusal in self.refusals],
            "words": list(self.words),
        }


def explain(tables: Tables, left: str, right: str, key: str) -> Explanation:
    """Explain two records.

    Args:
        tables: Published tables.
        left, right: What a person calls a record: its record_id, its id at the source (``crm:0031``, or ``0031`` if no
            other source has it), or an identifier it carries.
        key: Secret of the keyed hashes of identifiers (`Settings.hash_key`).

    Raises:
        RecordNotFound: if there is no such record, or several in different profiles.
    """
    reading = _Reading(tables, key)
    one, two = reading.find(left), reading.find(right)
    shown = reading.shown([one, two])
    common = set(shown[one].profiles) & set(shown[two].profiles)
    if one == two:
        return Explanation(shown[one], shown[two], True, (), ())
    if common:
        return Explanation(shown[one], shown[two], True, reading.chain(one, two, min(common)), ())
    return Explanation(shown[one], shown[two], False, (), reading.refusals(shown[one], shown[two]))


class _Reading:
    """Reads what an explanation needs."""

    def __init__(self, tables: Tables, key: str) -> None:
        self._tables = tables
        self._key = key

    def find(self, called: str) -> int:
        """The record_id of what a person calls a record."""
        records = self._tables("normalised", "identity_records")
        number = int(called) if called.isdecimal() and int(called) < 1 << 63 else None
        if number is not None and _rows(records.filter(_.record_id == number).select("record_id")):
            return number
        source, _colon, rest = called.partition(":")
        found = {row["record_id"] for row in _rows(records.filter(_.native_id == called).select("record_id"))}
        if rest:
            by_source = records.filter((_.source == source) & (_.native_id == rest)).select("record_id")
            found |= {row["record_id"] for row in _rows(by_source)}
        if not found:
            identifiers = self._tables("normalised", "identifiers")
            match = _.identifier_value == called
            if rest:
                match = match | ((_.namespace == source) & (_.identifier_value == rest))
            found = {row["record_id"] for row in _rows(identifiers.filter(match).select("record_id"))}
        if not found:
            raise RecordNotFound(f"no record is called {called!r}: give a record id, `source:id`, or an identifier")
        profiles = {shown.profiles for shown in self.shown(sorted(found)).values()}
        if len(profiles) > 1:
            choices = list(self.shown(sorted(found)).values())[:_MOST_CHOICES]
            listed = "; ".join(f"{choice.record_id}: {choice.words}" for choice in choices)
            raise RecordNotFound(f"{called!r} is found on {len(found)} records of different profiles: {listed}")
        return int(min(found))

    def shown(self, records: Collection[int]) -> dict[int, RecordShown]:
        """Records as explanations name them."""
        wanted = sorted(records)
        identity = self._tables("normalised", "identity_records").filter(_.record_id.isin(wanted))
        contacts = self._tables("normalised", "contacts").filter(_.record_id.isin(wanted))
        names = {row["record_id"]: row for row in _rows(contacts)}
        profiles: dict[int, set[int]] = defaultdict(set)
        for row in _rows(self._tables("identity", "profile_map").filter(_.record_id.isin(wanted))):
            profiles[row["record_id"]].add(row["profile_id"])
        return {
            row["record_id"]: RecordShown(
                row["record_id"],
                row["source"],
                row["stream"],
                row["kind"],
                mask(row["native_id"], Pii.PSEUDONYM),
                _name(names.get(row["record_id"])),
                tuple(sorted(profiles[row["record_id"]])),
            )
            for row in _rows(identity)
        }

    def chain(self, left: int, right: int, profile: int) -> tuple[Step, ...]:
        """The fewest, and among these the strongest, links between two records of a profile."""
        members = self._tables("identity", "profile_map").filter(_.profile_id == profile).select("record_id")
        links = self._tables("identity", "links")
        inside = links.semi_join(members, links.left_record_id == members.record_id)
        carried: dict[int, set[int]] = defaultdict(set)  # identifier → records
        carries: dict[int, set[int]] = defaultdict(set)  # record → identifiers
        described: dict[int, dict[str, Any]] = {}
        for row in _rows(inside):
            for record in (row["left_record_id"], row["right_record_id"]):
                carried[row["identifier_id"]].add(record)
                carries[record].add(row["identifier_id"])
            described[row["identifier_id"]] = row
        path = _best_path(left, right, carries, carried, {i: row["strength"] for i, row in described.items()})
        shown = self.shown({record for step in path for record in (step[0], step[2])})
        return tuple(
            Step(
                shown[one],
                shown[two],
                described[identifier]["namespace"],
                described[identifier]["identifier_type"],
                self._value(one, described[identifier]) or self._value(two, described[identifier]),
                described[identifier]["strength"],
            )
            for one, identifier, two in path
        )

    def refusals(self, left: RecordShown, right: RecordShown) -> tuple[Refusal, ...]:
        """What was refused between the profiles of two records, and identifiers of both that are nobody's own."""
        profile_map = self._tables("identity", "profile_map")
        mine, theirs = (
            {row["record_id"] for row in _rows(profile_map.filter(_.profile_id.isin(list(shown.profiles))))}
            for shown in (left, right)
        )
        rejected = self._tables("identity", "rejected_links")
        ends = sorted(mine | theirs)
        between = [
            row
            for row in _rows(rejected.filter(_.left_record_id.isin(ends) & _.right_record_id.isin(ends)))
            if (row["left_record_id"] in mine) != (row["right_record_id"] in mine)
        ]
        identifiers = self._tables("normalised", "identifiers")
        common = identifiers.filter(_.record_id.isin([left.record_id, right.record_id]))
        counted = common.group_by("namespace", "identifier_type", "identifier_value").aggregate(n=_.count())
        shared = {
            identifier_id_of(self._key, row["namespace"], row["identifier_type"], row["identifier_value"])
            for row in _rows(counted.filter(_.n == 2))
        }
        blocked = rejected.filter(_.right_record_id.isnull() & _.identifier_id.isin(sorted(shared)))
        found = [
            Refusal(
                row["namespace"],
                row["identifier_type"],
                self._value(row["left_record_id"], row),
                row["reason"],
                row["detail"] or row["reason"].replace("_", " "),
            )
            for row in [*between, *_rows(blocked)]
        ]
        return tuple(dict.fromkeys(sorted(found, key=lambda refusal: (refusal.identifier_type, refusal.reason))))

    def _value(self, record: int, identifier: dict[str, Any]) -> str:
        """The masked value of an identifier on a record; empty if the record knows it by another name."""
        kind = identifier["identifier_type"]
        if kind == "address":
            return "(name and address)"
        rows = _rows(
            self._tables("normalised", "identifiers").filter(
                (_.record_id == record)
                & (_.namespace == identifier["namespace"])
                & _.identifier_type.isin([kind, "email"] if kind == "email_base" else [kind])
            )
        )
        for row in rows:
            hashed = identifier_id_of(self._key, row["namespace"], kind, row["identifier_value"])
            if hashed == identifier["identifier_id"] or len(rows) == 1:
                return mask(row["identifier_value"])
        return ""


def _best_path(
    start: int,
    end: int,
    carries: dict[int, set[int]],
    carried: dict[int, set[int]],
    strength: dict[int, float],
) -> list[tuple[int, int, int]]:
    """Dijkstra over records by (number of links, sum of −log strength): steps (record, identifier, record)."""
    queue: list[tuple[int, float, int]] = [(0, 0.0, start)]
    before: dict[int, tuple[int, int]] = {}
    best = {start: (0, 0.0)}
    done: set[int] = set()
    while queue:
        hops, weight, record = heapq.heappop(queue)
        if record == end:
            break
        if record in done:
            continue
        done.add(record)
        for identifier in sorted(carries[record]):
            cost = (hops + 1, weight - math.log(strength[identifier]))
            for neighbour in carried[identifier]:
                if neighbour != record and (neighbour not in best or cost < best[neighbour]):
                    best[neighbour] = cost
                    before[neighbour] = (record, identifier)
                    heapq.heappush(queue, (*cost, neighbour))
    path: list[tuple[int, int, int]] = []
    while end in before:
        record, identifier = before[end]
        path.append((record, identifier, end))
        end = record
    return path[::-1]


def _rows(table: ir.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.to_pyarrow().to_pylist()
    return rows


def _name(contact: dict[str, Any] | None) -> str:
    if contact is None:
        return ""
    parts: Sequence[str | None] = (contact["given_name"], contact["family_name"])
    return mask(" ".join(part for part in parts if part) or contact["full_name"] or "")


def _identifier(namespace: str, identifier_type: str) -> str:
    spoken = {"email": "e-mail", "email_base": "e-mail mailbox"}.get(identifier_type, identifier_type.replace("_", " "))
    return spoken if namespace == "global" else f"{namespace} {spoken}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _plain(record: RecordShown) -> dict[str, Any]:
    return {
        **asdict(record),
        "record_id": str(record.record_id),
        "profiles": [str(profile) for profile in record.profiles],
    }


def _step(step: Step) -> dict[str, Any]:
    return {**asdict(step), "left": _plain(step.left), "right": _plain(step.right), "words": step.words}
