"""Why two records are one person, or why they are not, in words.

Belongs here: the chain of evidence, what would happen without its weakest link, and what contradicts, as sentences.
Does not belong here: reading (`published.py`), the graph (`ties.py`), layout (`presentation/`), and any decision: what
was decided is read, never computed again.

Values are masked: an explanation may be shown to whoever may see that the two records exist.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from ibis import _

from cdp_assets.identity.evidence import identifier_id_of
from cdp_assets.identity.published import Published, RecordNotFound, RecordShown, Row, Tables, rows_of
from cdp_assets.identity.spec import spoken
from cdp_assets.identity.ties import PAIRWISE, Hop, Ties

__all__ = ["Explanation", "RecordNotFound", "RecordShown", "Refusal", "Step", "Tables", "Without", "explain"]


@dataclass(frozen=True)
class Step:
    """One link of a chain: both records carry the identifier, or were joined as a pair.

    Args:
        left, right: The records.
        namespace, identifier_type, value: The identifier, its value masked; of pairs `ties.PAIRWISE` and no value.
        strength: How much it weighs alone, 0 to 1; of likeness the probability.
        detail: The number of a steward's decision; or what agrees, for likeness.
    """

    left: RecordShown
    right: RecordShown
    namespace: str
    identifier_type: str
    value: str
    strength: float
    detail: str = ""

    @property
    def words(self) -> str:
        both = f"{self.left.words} and {self.right.words}"
        if self.identifier_type == "steward":
            return f"a steward said that {both} are one person (decision {self.detail})"
        if self.identifier_type == "likeness":
            agrees = f": {self.detail}" if self.detail else ""
            return f"{both} look like one person, probability {self.strength:.3f}{agrees}"
        return f"{both} carry the same {spoken(self.namespace, self.identifier_type)} {self.value}".rstrip()

    @property
    def named(self) -> str:
        """The link itself, for the middle of a sentence."""
        if self.identifier_type == "steward":
            return f"the steward's decision {self.detail}"
        if self.identifier_type == "likeness":
            return "this likeness"
        return f"the {spoken(self.namespace, self.identifier_type)} {self.value}".rstrip()

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values."""
        return {**asdict(self), "left": self.left.to_dict(), "right": self.right.to_dict(), "words": self.words}


@dataclass(frozen=True)
class Part:
    """Records that would hang together without a link: how many from each source, and which of the two is there."""

    sources: Mapping[str, int]
    holds: str

    @property
    def words(self) -> str:
        number = sum(self.sources.values())
        listed = ", ".join(f"{count} {source}" for source, count in self.sources.items())
        counted = f"{number} record{'' if number == 1 else 's'} ({listed})"
        return f"{counted} with the {self.holds}" if self.holds else counted


@dataclass(frozen=True)
class Without:
    """What would happen if a link did not count, the rest of the evidence being as it is.

    Args:
        link: The link.
        chain: The next best chain between the two; empty if they would be apart.
        parts: What the profile would fall into; one part if it would stay whole.
    """

    link: Step
    chain: tuple[Step, ...]
    parts: tuple[Part, ...]

    @property
    def words(self) -> tuple[str, ...]:
        if self.chain:
            by = "; ".join(step.words for step in self.chain)
            told = [f"Without {self.link.named} the two would still be together: {by}."]
            lost = "; ".join(part.words for part in self.parts if not part.holds)
            return (*told, f"The profile would lose {lost}.") if lost else tuple(told)
        listed = "; ".join(part.words for part in self.parts)
        return (f"Without {self.link.named} the profile would fall into {len(self.parts)} parts: {listed}.",)

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            "link": self.link.to_dict(),
            "still_together": bool(self.chain),
            "chain": [step.to_dict() for step in self.chain],
            "parts": [{"sources": dict(part.sources), "holds": part.holds} for part in self.parts],
            "words": list(self.words),
        }


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
        if self.identifier_type in PAIRWISE:
            return self.detail if self.identifier_type == "steward" else f"they look alike, but {self.detail}"
        shared = f"both carry the {spoken(self.namespace, self.identifier_type)} {self.value}".rstrip()
        return f"{shared}, but {self.detail}"


@dataclass(frozen=True)
class Explanation:
    """Why two records are together or apart.

    Args:
        left, right: The records.
        together: Whether they share a profile.
        chain: From left to right by the fewest and then strongest links; empty if they are apart.
        refusals: What keeps them apart; if they are together, what both carry and what does not join them.
        without: What would happen without the weakest link of the chain; null if there is no chain.
        waiting: How likely they are one person, where that waits for a steward; null otherwise.
        parted: The latest run in which the profile of the one came off that of the other; null if none did.
    """

    left: RecordShown
    right: RecordShown
    together: bool
    chain: tuple[Step, ...]
    refusals: tuple[Refusal, ...]
    without: Without | None = None
    waiting: float | None = None
    parted: datetime | None = None

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
            told += [f"{_capital(refusal.words)}." for refusal in self.refusals]
            return (*told, *(self.without.words if self.without else ()))
        told = [f"{_capital(self.left.words)} and {self.right.words} belong to different profiles."]
        told += [f"{_capital(refusal.words)}." for refusal in self.refusals]
        if self.waiting is not None:
            told.append(
                f"They may be one person, probability {self.waiting:.3f}: this waits for a steward "
                "(`cdp identity review`)."
            )
        elif not self.refusals:
            still = "" if self.parted is None else " any more"
            told.append(f"Nothing ties them{still}: they share no identifier.")
        if self.parted is not None:
            told.append(f"The profiles were one until the run as of {self.parted:%Y-%m-%d}.")
        return tuple(told)

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values; ids are text, since they exceed what JSON's readers keep exactly."""
        weakest = self.weakest
        return {
            "left": self.left.to_dict(),
            "right": self.right.to_dict(),
            "together": self.together,
            "chain": [step.to_dict() for step in self.chain],
            "weakest": None if weakest is None else weakest.to_dict(),
            "without_weakest": None if self.without is None else self.without.to_dict(),
            "refusals": [{**asdict(refusal), "words": refusal.words} for refusal in self.refusals],
            "waiting_for_steward": self.waiting,
            "parted_at": None if self.parted is None else self.parted.isoformat(),
            "words": list(self.words),
        }


def explain(tables: Tables, left: str, right: str, key: str) -> Explanation:
    """Explain two records.

    Args:
        tables: Published tables.
        left, right: What a person calls a record; see `Published.find`.
        key: Secret of the keyed hashes of identifiers (`Settings.hash_key`).

    Raises:
        RecordNotFound: if there is no such record, or several in different profiles.
    """
    reading = Published(tables, key)
    one, two = reading.find(left), reading.find(right)
    shown = reading.shown([one, two])
    mine, theirs = shown[one], shown[two]
    if one == two:
        return Explanation(mine, theirs, True, (), ())
    common = set(mine.profiles) & set(theirs.profiles)
    if not common:
        refused = _refusals(reading, mine, theirs)
        waiting, parted = _waiting(reading, mine, theirs), _parted(reading, mine, theirs)
        return Explanation(mine, theirs, False, (), refused, waiting=waiting, parted=parted)
    members = reading.members([min(common)])
    ties = profile_ties(reading, min(common))
    hops = ties.chain(one, two)
    chain = _steps(reading, ties, hops)
    aside = _aside(reading, ties, mine, theirs)
    return Explanation(mine, theirs, True, chain, aside, _without(reading, ties, hops, chain, members, one, two))


def profile_ties(reading: Published, profile: int) -> Ties:
    """The evidence that holds a profile together, as a graph."""
    members = reading.tables("identity", "profile_map").filter(_.profile_id == profile).select("record_id").distinct()
    links = reading.tables("identity", "links")
    inside = links.semi_join(members, links.left_record_id == members.record_id)
    return Ties.of(rows_of(inside.order_by("left_record_id", "right_record_id", "identifier_id")))


def _steps(reading: Published, ties: Ties, hops: list[Hop]) -> tuple[Step, ...]:
    shown = reading.shown({record for hop in hops for record in (hop[0], hop[2])})
    steps = []
    for one, tie, two in hops:
        row = ties.described[tie]
        kind, value, detail = row["identifier_type"], "", ""
        if kind == "steward":
            detail = f"d{row['identifier_id']}"
        elif kind in PAIRWISE:
            detail = in_words(row.get("evidence"))
        else:
            value = reading.value(one, row) or reading.value(two, row)
        steps.append(Step(shown[one], shown[two], row["namespace"], kind, value, row["strength"], detail))
    return tuple(steps)


def _without(
    reading: Published, ties: Ties, hops: list[Hop], chain: tuple[Step, ...], members: set[int], one: int, two: int
) -> Without | None:
    if not chain:
        return None
    at = min(range(len(chain)), key=lambda position: chain[position].strength)
    dropped = hops[at][1]
    other = _steps(reading, ties, ties.chain(one, two, without=dropped))
    sources = {record: shown.source for record, shown in reading.shown(members).items()}
    parts = []
    for part in ties.parts(members, without=dropped):
        counted = Counter(sources[record] for record in part if record in sources)
        holds = " and the ".join(word for word, record in (("first", one), ("second", two)) if record in part)
        parts.append(Part(dict(sorted(counted.items(), key=lambda item: (-item[1], item[0]))), holds))
    return Without(chain[at], other, tuple(parts))


def _refusals(reading: Published, left: RecordShown, right: RecordShown) -> tuple[Refusal, ...]:
    """What was refused between the profiles of two records, and identifiers of both that do not count."""
    mine, theirs = reading.members(left.profiles), reading.members(right.profiles)
    rejected = reading.tables("identity", "rejected_links")
    ends = sorted(mine | theirs)

    def between_them(row: Row) -> bool:
        return (row["left_record_id"] in mine) != (row["right_record_id"] in mine)

    between = [
        row
        for row in rows_of(rejected.filter(_.left_record_id.isin(ends) & _.right_record_id.isin(ends)))
        if between_them(row)
    ]
    shared = _shared(reading, left, right)
    found = [_refused(reading, row) for row in between] + _not_counted(reading, left, right, shared)
    found += [
        Refusal("likeness", "likeness", "", "retracted", f"a steward retracted their likeness ({word['word']})")
        for word in reading.stewards_words
        if word["kind"] == "pair"
        and {word["left_record_id"], word["right_record_id"]} <= {*ends}
        and between_them(word)
    ]
    return tuple(dict.fromkeys(sorted(found, key=lambda refusal: (refusal.identifier_type, refusal.reason))))


def _aside(reading: Published, ties: Ties, left: RecordShown, right: RecordShown) -> tuple[Refusal, ...]:
    """Identifiers that two records of one profile carry, and that do not join them."""
    common = ties.carries.get(left.record_id, set()) & ties.carries.get(right.record_id, set())
    joining = {(ties.described[tie]["namespace"], ties.described[tie]["identifier_type"]) for tie in common}
    shared = {
        identifier: row
        for identifier, row in _shared(reading, left, right).items()
        if (row["namespace"], row["identifier_type"]) not in joining
    }
    found = _not_counted(reading, left, right, shared)
    told = {(refusal.namespace, refusal.identifier_type) for refusal in found}
    found += [
        Refusal(
            row["namespace"],
            row["identifier_type"],
            reading.value(left.record_id, {**row, "identifier_id": identifier}),
            "not_joining",
            "that does not join them: something else that is known of the two speaks against it",
        )
        for identifier, row in sorted(shared.items())
        if (row["namespace"], row["identifier_type"]) not in told
    ]
    return tuple(dict.fromkeys(found))


def _shared(reading: Published, left: RecordShown, right: RecordShown) -> dict[int, Row]:
    """Identifiers that both records carry: identifier_id → a row of `normalised.identifiers`."""
    identifiers = reading.tables("normalised", "identifiers")
    both = [left.record_id, right.record_id]
    return {
        identifier_id_of(reading.key, row["namespace"], row["identifier_type"], row["identifier_value"]): row
        for row in _carried_by_both(rows_of(identifiers.filter(_.record_id.isin(both))))
    }


def _not_counted(reading: Published, left: RecordShown, right: RecordShown, shared: Mapping[int, Row]) -> list[Refusal]:
    """Shared identifiers that are nobody's own, or that a steward took back."""
    rejected = reading.tables("identity", "rejected_links")
    blocked = rows_of(rejected.filter(_.right_record_id.isnull() & _.identifier_id.isin(sorted(shared))))
    return [_refused(reading, row) for row in blocked] + _retracted(reading, left, right, shared)


def _refused(reading: Published, row: Row) -> Refusal:
    """A row of `schemas.REJECTED_LINKS`."""
    return Refusal(
        row["namespace"],
        row["identifier_type"],
        "" if row["identifier_type"] in PAIRWISE else reading.value(row["left_record_id"], row),
        row["reason"],
        f"{row['detail'] or row['reason'].replace('_', ' ')}{_decision(row)}",
    )


def _retracted(reading: Published, left: RecordShown, right: RecordShown, shared: Mapping[int, Row]) -> list[Refusal]:
    """Identifiers that both carry, but that a steward took back."""
    found = []
    records = {left.record_id, right.record_id}
    for identifier, row in sorted(shared.items()):
        kind = row["identifier_type"]
        for word in reading.stewards_words:
            taken = (
                (word["kind"] == "observation" and word["identifier_id"] == identifier)
                and word["left_record_id"] in records
            ) or (word["kind"], word["subject"]) in {
                ("rule", kind),
                ("source", left.source),
                ("source", right.source),
            }
            if taken:
                shown = {**row, "identifier_id": identifier}
                value = reading.value(left.record_id, shown)
                said = f"a steward retracted it ({word['word']})"
                found.append(Refusal(row["namespace"], kind, value, "retracted", said))
    return found


def _waiting(reading: Published, left: RecordShown, right: RecordShown) -> float | None:
    queue = reading.tables("identity", "review_queue")
    ends = [*left.profiles, *right.profiles]
    rows = rows_of(queue.filter(_.left_profile_id.isin(ends) & _.right_profile_id.isin(ends)))
    return max((row["probability"] for row in rows), default=None)


def _parted(reading: Published, left: RecordShown, right: RecordShown) -> datetime | None:
    log = reading.tables("identity", "profile_changes")
    ends = [*left.profiles, *right.profiles]
    split = log.filter(log.change == "split", log.profile_id.isin(ends), log.other_profile_id.isin(ends))
    return max(
        (
            row["as_of"]
            for row in rows_of(split)
            if (row["profile_id"] in left.profiles) != (row["other_profile_id"] in left.profiles)
        ),
        default=None,
    )


def in_words(evidence: str | None) -> str:
    """A waterfall (`schemas.REVIEW_QUEUE.evidence`) as one clause, the heaviest first: ``name the same (+6.2)``."""
    parts = sorted(json.loads(evidence or "[]"), key=lambda part: -abs(part["weight"]))
    return ", ".join(f"{part['comparison']} {part['level']} ({part['weight']:+.1f})" for part in parts)


def _carried_by_both(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    seen: dict[tuple[str, str, str], dict[int, dict[str, Any]]] = {}
    for row in rows:
        key = row["namespace"], row["identifier_type"], row["identifier_value"]
        seen.setdefault(key, {})[row["record_id"]] = row
    return [next(iter(by_record.values())) for by_record in seen.values() if len(by_record) == 2]


def _decision(row: Row) -> str:
    return f" (decision d{row['identifier_id']})" if row["identifier_type"] == "steward" else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
