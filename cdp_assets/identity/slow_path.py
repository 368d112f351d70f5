"""Rebuilding one component link by link, where what its records share cannot all be true.

Belongs here: the order in which links are tried. Does not belong here: what speaks against one (`groups.py`), and
tables (`rebuild.py`).

Records that share a personal identifier come as one *atom*. Then, strongest and earliest evidence first:

1. personal links between atoms that had to be taken apart because together they broke a limit;
2. links by shareable identifiers between *known people* (atoms with a name or a personal identifier that is no
   document's). One is refused if names contradict, a limit breaks, the value lay unused so long that it may have
   changed hands, or it is ambiguous: if one end might as well be a third known person, with the same identifier or one
   that says no less, who cannot be the other end;
3. atoms without name and personal identifier, which go to the one person they can belong to, or to nobody where several
   can;
4. what is left is put together by identifiers that no known person carries.

Before all that comes what stewards said: whom they joined is one profile from the start, and whom they parted is joined
by nothing, directly or through others. Where their own words cannot all be true, those that part people win.

Everything is decided by evidence and sorted before use: neither the order of arrival nor that of ids has a say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from cdp_assets.identity.agreement import Agreement
from cdp_assets.identity.groups import NEVER, Atom, Group, Groups, TypeRule, group_agreement

_WEIGHTS = {
    Agreement.EQUAL: 1.0,
    Agreement.SIMILAR: 0.97,
    Agreement.CHANGED_SURNAME: 0.93,
    Agreement.PARTIAL: 0.85,
    Agreement.UNKNOWN: 0.8,
}
_NEIGHBOURS = 30
"""An atom is compared with so many earlier ones that share an identifier; hubs have no more names than this."""

_MOST_REPORTED = 12
"""Up to so many known people under one identifier all pairs kept apart are reported; beyond, each with the first."""


class Refusal(NamedTuple):
    """Two groups kept apart although they share an identifier, named by their earliest record with it."""

    left: int
    right: int
    identifier_id: int
    type_id: int
    reason: str
    detail: str
    since: int | None


class Words(NamedTuple):
    """What stewards said of the atoms of one component, as pairs of keys.

    Args:
        together: Who is one person.
        apart: Who is not; never two of one atom.
    """

    together: Sequence[tuple[int, int]] = ()
    apart: Sequence[tuple[int, int]] = ()


SILENCE = Words()


class Settlement(NamedTuple):
    """What became of one component.

    Args:
        labels: Key of each atom → the smallest key of those it is together with.
        unsettled: Keys of atoms that might belong to several people and went to none.
        refusals: Who was kept apart.
    """

    labels: dict[int, int]
    unsettled: set[int]
    refusals: list[Refusal]


class _Link(NamedTuple):
    """A possible link; sorts from the strongest and earliest on."""

    rank: int  # 0 by personal identifiers, 1 by names that agree, 2 by the identifier alone
    weakness: float
    since: int
    identifier: int
    left: int
    right: int


def settle(atoms: Sequence[Atom], rules: Mapping[int, TypeRule], words: Words = SILENCE) -> Settlement:
    """Rebuild one component.

    Args:
        atoms: Its atoms, in any order.
        rules: type_id → what is to know of it.
        words: What stewards said of them.
    """
    groups, heard = _as_said(atoms, rules, words)
    if _join_by_personal(groups):
        # From here on, what came as one atom and what came as several must be told by nothing.
        whole, of = groups.as_atoms()
        settled = settle(whole, rules, Words(_renamed(heard, of), _renamed(words.apart, of)))
        labels = {atom.key: settled.labels[of[atom.key]] for atom in groups.atoms}
        return settled._replace(labels=labels, unsettled={key for key in labels if of[key] in settled.unsettled})
    _link_known(groups)
    undecided = _attribute_unknown(groups)
    _join_unattributed(groups)
    keys = [atom.key for atom in groups.atoms]
    unsettled = {keys[index] for index in range(len(keys)) if not undecided.isdisjoint(groups.group(index).atoms)}
    return Settlement(_labels(groups), unsettled, sorted(_refusals(groups)))


def said(atoms: Sequence[Atom], rules: Mapping[int, TypeRule], words: Words) -> dict[int, int]:
    """The labels of a component of which nothing counts but what stewards said; see `Settlement`."""
    return _labels(_as_said(atoms, rules, words)[0])


def _as_said(
    atoms: Sequence[Atom], rules: Mapping[int, TypeRule], words: Words
) -> tuple[Groups, list[tuple[int, int]]]:
    """The groups with what stewards said of them, and the pairs of keys whom they joined, as far as that can be."""
    groups = Groups(atoms, rules, words.apart)
    pairs = [(groups.index_of[left], groups.index_of[right]) for left, right in words.together]
    heard = []
    for later, earlier in sorted((max(pair), min(pair)) for pair in pairs):
        if not groups.forbidden(groups.group(earlier), groups.group(later)):
            groups.join_by_word(earlier, later)
            heard.append((groups.atoms[earlier].key, groups.atoms[later].key))
    return groups, heard


def _renamed(pairs: Iterable[tuple[int, int]], of: Mapping[int, int]) -> list[tuple[int, int]]:
    return [(of[left], of[right]) for left, right in pairs if of[left] != of[right]]


def _labels(groups: Groups) -> dict[int, int]:
    smallest: dict[int, int] = {}
    for index, atom in enumerate(groups.atoms):
        number = groups.profile(index)
        smallest[number] = min(atom.key, smallest.get(number, atom.key))
    return {atom.key: smallest[groups.profile(index)] for index, atom in enumerate(groups.atoms)}


def _join_by_personal(groups: Groups) -> bool:
    """Join what shares personal identifiers, as far as no limit breaks; whether there was any."""
    links = sorted(_links(groups, personal=True))
    for link in links:
        _apply(groups, link)
    return any(groups.number(link.left) == groups.number(link.right) for link in links)


def _link_known(groups: Groups) -> None:
    pending = sorted(_links(groups, personal=False))
    while pending:
        ambiguous = [link for link in pending if _apply(groups, link)]
        # A link stops being ambiguous when the people between whom it could not choose turn out to be one.
        pending = ambiguous if len(ambiguous) < len(pending) else []


def _apply(groups: Groups, link: _Link) -> bool:
    """Join the ends of a link unless something speaks against it; True if it is only ambiguous."""
    if groups.number(link.left) == groups.number(link.right):
        return False
    left, right = groups.group(link.left), groups.group(link.right)
    if groups.objection(left, right, link.identifier) is not None:
        return False
    if not groups.rule(link.identifier).personal and _is_ambiguous(groups, link, left, right):
        return True
    groups.join(link.left, link.right)
    return False


def _links(groups: Groups, personal: bool) -> Iterator[_Link]:
    """Links between atoms that share a personal identifier, or links between known people that share another."""
    for identifier, under in groups.under.items():
        rule = groups.rule(identifier)
        if rule.personal is not personal:
            continue
        known = under if personal else groups.known_under[identifier]
        for position, right in enumerate(known):
            for left in known[max(0, position - _NEIGHBOURS) : position]:
                ends = groups.atoms[left].uses[identifier].first, groups.atoms[right].uses[identifier].first
                since = max(NEVER if first is None else first for first in ends)
                if personal:
                    yield _Link(0, -rule.strength, since, identifier, left, right)
                    continue
                grade = group_agreement(groups.group(left), groups.group(right))
                if not grade.contradicts:
                    rank = 1 if grade > Agreement.UNKNOWN else 2
                    yield _Link(rank, -rule.strength * _WEIGHTS[grade], since, identifier, left, right)


def _is_ambiguous(groups: Groups, link: _Link, left: Group, right: Group) -> bool:
    """Whether an end might as well be a third person's, who cannot be the other end's: who shares the identifier of the
    link with it, or one that says no less.
    """
    grade, strength = group_agreement(left, right), groups.rule(link.identifier).strength
    ends = {groups.profile(link.left), groups.profile(link.right)}
    for one, other in ((left, right), (right, left)):
        for number in _as_near(groups, other, strength):
            third = groups.by_number(number)
            if groups.profile(third.atoms[0]) in ends:
                continue
            # A slip of the pen contradicts `one` alone, but not beside the name that it is a slip of.
            rival = groups.contradict(third, one) and not groups.contradict(third, other)
            if rival and group_agreement(third, other) >= grade and groups.contradict_together(third, other, one):
                return True
    return False


def _as_near(groups: Groups, group: Group, strength: float) -> set[int]:
    """Numbers of the groups of known people who share with a group what says no less than an identifier of some
    strength."""
    used = {identifier for index in group.atoms for identifier in groups.atoms[index].uses}
    # What nobody else carries is most of it.
    shared = (each for each in used if len(groups.under[each]) > 1 and groups.rule(each).strength >= strength)
    return {groups.number(index) for each in shared for index in groups.known_under[each]}


def _attribute_unknown(groups: Groups) -> set[int]:
    """Give nameless atoms to known people; return those that several could have."""
    waiting = [index for index in range(len(groups.atoms)) if not groups.is_known(index)]
    while waiting:
        # All decide on the same state, so that none profits from being looked at first.
        people: dict[int, list[int]] = {}
        choices = {index: _choice(groups, index, people) for index in waiting}
        decided = sorted(
            (-strength, index, target) for index, (target, strength) in choices.items() if target is not None
        )
        for _, index, target in decided:
            own, person = groups.group(index), groups.group(target)
            # A steward may have joined two nameless ones, of which the first has found its person already.
            if (
                not groups.is_known(index)
                and not groups.excluded(own, person)
                and groups.limit_broken(own, person) is None
            ):
                groups.join(target, index)
        left = [index for index in waiting if not groups.is_known(index)]
        if len(left) == len(waiting):
            return {index for index in waiting if choices[index][0] is None and choices[index][1] > 0}
        waiting = left
    return set()


def _choice(groups: Groups, index: int, people: dict[int, list[int]]) -> tuple[int | None, float]:
    """An atom of the one person that a nameless atom can belong to, and how strongly; (None, 0) if nobody can have it,
    (None, strength) if several can.

    Args:
        groups: The component.
        index: The atom.
        people: identifier → an atom of each group of known people that carries it; filled as needed, for one state of
            the groups.
    """
    by_strength: dict[float, list[set[int]]] = defaultdict(list)
    own = groups.group(index)
    with_it: dict[int, int] = {}  # profile → its earliest atom with one of the identifiers
    for identifier in groups.atoms[index].uses:
        if identifier not in people:
            people[identifier] = [atom for atom in groups.sharing(identifier).values() if groups.is_known(atom)]
        candidates: set[int] = set()
        for atom in people[identifier]:
            other = groups.group(atom)
            if not groups.changed_hands(own, other, identifier) and not groups.excluded(own, other):
                profile = groups.profile(atom)
                candidates.add(profile)
                with_it[profile] = min(atom, with_it.get(profile, atom))
        if candidates:
            by_strength[groups.rule(identifier).strength].append(candidates)
    possible: set[int] = set()
    strongest = 0.0
    for strength in sorted(by_strength, reverse=True):
        common = set.intersection(*by_strength[strength]) or set.union(*by_strength[strength])
        if not possible:
            possible, strongest = common, strength
        # Weaker evidence may choose between candidates, but not bring in another one.
        possible = possible & common or possible
    if len(possible) == 1:
        return with_it[next(iter(possible))], strongest
    return None, strongest


def _join_unattributed(groups: Groups) -> None:
    links = []
    for identifier, under in groups.under.items():
        if any(groups.is_known(index) for index in under):
            continue
        for position, right in enumerate(under):
            for left in under[max(0, position - _NEIGHBOURS) : position]:
                links.append((-groups.rule(identifier).strength, right, identifier, left))
    for _, right, identifier, left in sorted(links):
        one, two = groups.group(left), groups.group(right)
        if one is not two and groups.objection(one, two, identifier) is None:
            groups.join(left, right)


def _refusals(groups: Groups) -> Iterator[Refusal]:
    for identifier in groups.under:
        earliest: dict[int, int] = {}  # profile → its earliest atom with the identifier
        for index in groups.under[identifier]:
            earliest.setdefault(groups.profile(index), index)
        sharing = list(earliest)
        known = [profile for profile in sharing if groups.is_known(profile)]
        pairs = [(a, b) for position, a in enumerate(known) for b in known[position + 1 :]]
        if len(known) > _MOST_REPORTED:
            pairs = [(known[0], b) for b in known[1:]]
        first = (known or sharing)[0]
        pairs += [(first, other) for other in sharing if not groups.is_known(other) and other != first]
        for a, b in pairs:
            reason, detail = groups.objection(groups.group(earliest[a]), groups.group(earliest[b]), identifier) or (
                "ambiguous",
                "it may belong to either of several people who carry the identifier",
            )
            one, two = (groups.atoms[earliest[number]].uses[identifier] for number in (a, b))
            since = max((use.first for use in (one, two) if use.first is not None), default=None)
            left, right = sorted((one.carrier, two.carrier))
            yield Refusal(left, right, identifier, one.type_id, reason, detail, since)
