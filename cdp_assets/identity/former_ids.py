"""What a profile that splits gives back: the ids that its parts had before they became one.

Belongs here: which part takes back which former id, and where ids given up lead then. Does not belong here: all other
giving of ids (`ids.py`), and keeping what was before (`ids.ProfileIdStore.former`).

Merging and parting again is thereby the identity, for ids too: a part most of whose records came from one profile,
given up for the one that splits, takes that profile's id again. One part always keeps the id that they had together.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


class Member(NamedTuple):
    """A record of a profile that splits, and the group (label) that it is in now."""

    label: int
    record_id: int
    profile_id: int
    is_person: bool


@dataclass(frozen=True)
class GivenBack:
    """The outcome.

    Args:
        ids: label → the id it takes back.
        followers: Id given up earlier → the label in which most of its records are now.
    """

    ids: dict[int, int] = field(default_factory=dict)
    followers: dict[int, int] = field(default_factory=dict)


def give_back(
    members: Iterable[Member],
    former: Mapping[int, Sequence[int]],
    redirects: Mapping[int, int],
    derived: Callable[[int], int],
    order: Sequence[int],
) -> GivenBack:
    """Find the parts of splitting profiles that take an earlier id back.

    Args:
        members: Records of profiles that split, all of them.
        former: record_id → the profiles it belonged to before, the latest first.
        redirects: Id given up → where it leads.
        derived: The id that a record alone would have: what it had before, if nothing else is known.
        order: Labels, the one with the best claim to the common id first.
    """
    by_profile: dict[int, list[Member]] = defaultdict(list)
    for member in members:
        by_profile[member.profile_id].append(member)
    found = GivenBack()
    for profile, those in sorted(by_profile.items()):
        came_from = {
            member.record_id: [
                old
                for old in former.get(member.record_id) or [derived(member.record_id)]
                if redirects.get(old) == profile
            ]
            for member in those
        }
        wishes = _wishes(those, came_from)
        labels = {member.label for member in those}
        if set(wishes) == labels:
            wishes.pop(min(labels, key=order.index))
        best: dict[int, tuple[int, int]] = {}
        for label, (old, votes) in sorted(wishes.items()):
            if old not in best or votes > best[old][0]:
                best[old] = votes, label
        found.ids.update({label: old for old, (_votes, label) in best.items()})
        whereabouts: dict[int, Counter[int]] = defaultdict(Counter)
        for member in those:
            for old in set(came_from[member.record_id]) - set(best):
                whereabouts[old][member.label] += 1
        for old, counted in whereabouts.items():
            found.followers[old] = max(sorted(counted), key=lambda label: counted[label])
    return found


def _wishes(members: Iterable[Member], came_from: Mapping[int, Sequence[int]]) -> dict[int, tuple[int, int]]:
    """label → the former id of most of its records and their number, where these are no fewer than the others.

    Records of people decide; those of devices only where there are no others.
    """
    votes: dict[int, dict[bool, Counter[int | None]]] = defaultdict(lambda: {True: Counter(), False: Counter()})
    for member in members:
        trail = came_from[member.record_id]
        votes[member.label][member.is_person][trail[0] if trail else None] += 1
    found: dict[int, tuple[int, int]] = {}
    for label, by_kind in votes.items():
        counted = by_kind[True] or by_kind[False]
        natives = counted.pop(None, 0)
        if counted:
            old = max(sorted(key for key in counted if key is not None), key=lambda key: counted[key])
            if counted[old] >= natives:
                found[label] = old, counted[old]
    return found
