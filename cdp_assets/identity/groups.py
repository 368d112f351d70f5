"""Records being put together, and what speaks against joining two groups of them.

There are two levels. A *group* is what evidence holds together; limits and names are judged of groups. A *profile* is
one or several groups: more than one where a steward joined them. A steward thereby joins what is known of either side,
and lets nobody in whom the evidence kept out of both.

Belongs here: the state of one component while it is rebuilt, and the objections to a link. Does not belong here: the
order in which links are tried (`slow_path.py`), and the grading of names (`agreement.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cdp_assets.identity.agreement import IN_WORDS, Agreement, Signature, agreement, is_slip
from cdp_assets.identity.names import Match, compare_names
from cdp_assets.identity.numbers import SameNumber, compare_numbers

NEVER = 2**62
"""Sorts after every instant."""

_DAY = 86_400
_NOTHING: frozenset[int] = frozenset()


class Use(NamedTuple):
    """One identifier on one atom; times in seconds since 1970-01-01 UTC, or None."""

    type_id: int
    first: int | None
    last: int | None
    carrier: int  # the smallest record_id of the atom that carries it

    def with_other(self, other: Use | None) -> Use:
        """The use of both atoms, taken as one."""
        if other is None:
            return self
        starts = [use.first for use in (self, other) if use.first is not None]
        ends = [use.last for use in (self, other) if use.last is not None]
        return Use(
            self.type_id,
            min(starts, default=None),
            max(ends, default=None),
            min(self.carrier, other.carrier),
        )


@dataclass(slots=True)
class Atom:
    """Records that nothing can take apart.

    Args:
        key: The smallest record_id.
        since: When the earliest was first seen, in seconds since 1970-01-01 UTC.
        uses: identifier_id → its use.
        signatures: Names and birth dates that the records bear.
    """

    key: int
    since: int | None = None
    uses: dict[int, Use] = field(default_factory=dict)
    signatures: dict[Signature, None] = field(default_factory=dict)

    @property
    def age(self) -> tuple[int, int]:
        """Sorts atoms from the earliest on."""
        return (NEVER if self.since is None else self.since, self.key)


@dataclass(frozen=True, slots=True)
class TypeRule:
    """What is to know of an identifier type while rebuilding; ``called`` is its name in words."""

    called: str
    personal: bool
    limit: int | None
    strength: float
    recycled_after_days: int | None

    @property
    def names_a_person(self) -> bool:
        """Whether it says who somebody is; a document's number does not."""
        return self.personal and self.limit is not None


@dataclass(slots=True)
class Group:
    """Atoms joined so far.

    Args:
        atoms: Their indices.
        values: type_id → identifier_ids, of types with a limit.
        spans: identifier_id → first and last use, of identifiers that are handed on.
        signatures: Names and birth dates.
        known: Whether it is a known person: named, or with a personal identifier that is no document's.
    """

    atoms: list[int]
    values: dict[int, set[int]]
    spans: dict[int, tuple[int, int]]
    signatures: dict[Signature, None]
    known: bool

    def take_in(self, other: Group) -> None:
        """Add another group's atoms and all that is known of them."""
        self.atoms += other.atoms
        for type_id, values in other.values.items():
            self.values.setdefault(type_id, set()).update(values)
        for identifier, (first, last) in other.spans.items():
            own = self.spans.get(identifier, (first, last))
            self.spans[identifier] = min(first, own[0]), max(last, own[1])
        self.signatures.update(other.signatures)
        self.known = self.known or other.known


class Groups:
    """All groups of one component. Atoms are counted from the earliest on, so that no order of arrival matters."""

    def __init__(
        self, atoms: Sequence[Atom], rules: Mapping[int, TypeRule], apart: Iterable[tuple[int, int]] = ()
    ) -> None:
        """Every atom is a group and a profile of its own.

        Args:
            atoms: In any order.
            rules: type_id → what is to know of it.
            apart: Pairs of keys of which a steward said that they are different people.
        """
        self.atoms = sorted(atoms, key=lambda atom: atom.age)
        self.under: dict[int, list[int]] = defaultdict(list)
        self._rules = rules
        self._type_of: dict[int, int] = {}
        self._number = list(range(len(atoms)))
        self._groups: dict[int, Group] = {}
        for index, atom in enumerate(self.atoms):
            named = any(signature.name.words for signature in atom.signatures)
            group = Group([index], {}, {}, dict(atom.signatures), named)
            for identifier, use in atom.uses.items():
                rule = rules[use.type_id]
                self.under[identifier].append(index)
                self._type_of[identifier] = use.type_id
                group.known = group.known or rule.names_a_person
                if rule.limit is not None:
                    group.values.setdefault(use.type_id, set()).add(identifier)
                if rule.recycled_after_days is not None and use.first is not None and use.last is not None:
                    group.spans[identifier] = use.first, use.last
            self._groups[index] = group
        self.index_of = {atom.key: index for index, atom in enumerate(self.atoms)}
        self._profile = list(range(len(atoms)))
        self._known = [self._groups[index].known for index in range(len(atoms))]
        self._foes: list[set[int]] = [set() for _ in atoms]
        for left, right in apart:
            one, two = self.index_of[left], self.index_of[right]
            self._foes[one].add(two)
            self._foes[two].add(one)
        self.known_under = {
            identifier: [index for index in under if self._groups[index].known]
            for identifier, under in self.under.items()
        }

    def number(self, index: int) -> int:
        """The number of an atom's group: equal for atoms that are together."""
        return self._number[index]

    def group(self, index: int) -> Group:
        """An atom's group."""
        return self._groups[self._number[index]]

    def as_atoms(self) -> tuple[list[Atom], dict[int, int]]:
        """Each group as one atom, and the key of each atom → that of the one it is part of."""
        whole: list[Atom] = []
        of: dict[int, int] = {}
        for group in self._groups.values():
            members = [self.atoms[index] for index in group.atoms]
            atom = Atom(min(member.key for member in members))
            atom.since = min((member.since for member in members if member.since is not None), default=None)
            for member in members:
                of[member.key] = atom.key
                atom.signatures.update(member.signatures)
                for identifier, use in member.uses.items():
                    atom.uses[identifier] = use.with_other(atom.uses.get(identifier))
            whole.append(atom)
        return whole, of

    def by_number(self, number: int) -> Group:
        """The group of a number."""
        return self._groups[number]

    def profile(self, index: int) -> int:
        """The number of an atom's profile: equal for atoms of one person."""
        while self._profile[index] != index:
            self._profile[index] = self._profile[self._profile[index]]
            index = self._profile[index]
        return index

    def is_known(self, index: int) -> bool:
        """Whether an atom's profile is a known person's."""
        return self._known[self.profile(index)]

    def rule(self, identifier: int) -> TypeRule:
        """What is to know of an identifier's type."""
        return self._rules[self._type_of[identifier]]

    def sharing(self, identifier: int) -> dict[int, int]:
        """Numbers of the groups that carry an identifier, each with its earliest atom that does; the earliest first."""
        found: dict[int, int] = {}
        for index in self.under[identifier]:
            found.setdefault(self._number[index], index)
        return found

    def join(self, left: int, right: int) -> None:
        """Put the groups of two atoms together."""
        self.join_by_word(left, right)
        keep, give = self._number[left], self._number[right]
        if len(self._groups[keep].atoms) < len(self._groups[give].atoms):
            keep, give = give, keep
        given = self._groups.pop(give)
        for member in given.atoms:
            self._number[member] = keep
        self._groups[keep].take_in(given)

    def join_by_word(self, left: int, right: int) -> None:
        """Make the profiles of two atoms one, since a steward said so; their groups stay what the evidence says."""
        keep, give = self.profile(left), self.profile(right)
        if keep != give:
            keep, give = min(keep, give), max(keep, give)
            self._profile[give] = keep
            self._known[keep] = self._known[keep] or self._known[give]
            self._foes[keep] |= self._foes[give]

    def forbidden(self, left: Group, right: Group) -> bool:
        """Whether a steward said that somebody of one's profile is not somebody of the other's."""
        one, two = self.profile(left.atoms[0]), self.profile(right.atoms[0])
        if len(self._foes[one]) > len(self._foes[two]):
            one, two = two, one
        return any(self.profile(foe) == two for foe in self._foes[one])

    def excluded(self, nameless: Group, person: Group) -> bool:
        """Whether a group without a name is certainly not a known person's: by a steward's word, or its birth date."""
        return self.forbidden(nameless, person) or group_agreement(nameless, person).contradicts

    def objection(self, left: Group, right: Group, identifier: int) -> tuple[str, str] | None:
        """Why two groups cannot be joined by an identifier, as reason and in words; None if they can."""
        if self.forbidden(left, right):
            return "steward", "a steward said that they are different people"
        broken = self.limit_broken(left, right)
        if self.rule(identifier).personal:
            return None if broken is None else self._limit_words(broken)
        grade = group_agreement(left, right)
        if grade.contradicts:
            return "names_differ", IN_WORDS[grade]
        if grade is Agreement.UNKNOWN and _is_one_lost(left, right):
            return "names_differ", "the letters of a name were lost, and nothing says that it is the other one"
        if broken is not None:
            return self._limit_words(broken)
        if grade is Agreement.UNKNOWN and self.changed_hands(left, right, identifier):
            return "recycled", "the identifier lay unused so long that it may have passed to somebody else"
        return None

    def limit_broken(self, left: Group, right: Group) -> int | None:
        """The type whose limit two groups would break together."""
        for type_id, values in left.values.items():
            limit = self._rules[type_id].limit
            others = right.values.get(type_id)
            if limit is not None and others and len(values) + len(others) > limit and len(values | others) > limit:
                return type_id
        return None

    def contradict(self, left: Group, right: Group) -> bool:
        """Whether two groups are certainly two people: by name, or by personal identifiers."""
        return self._ids_differ(left, right) or group_agreement(left, right).contradicts

    def contradict_together(self, left: Group, beside: Group, right: Group) -> bool:
        """Whether two groups are certainly two people even if ``beside`` is one person with the first."""
        both = Group([], {}, {}, {}, known=True)
        both.signatures.update(left.signatures)
        both.signatures.update(beside.signatures)
        return self._ids_differ(left, right) or group_agreement(both, right).contradicts

    def changed_hands(self, left: Group, right: Group, identifier: int) -> bool:
        """Whether an identifier lay unused too long between two groups to be still the same person's."""
        days = self.rule(identifier).recycled_after_days
        one, two = left.spans.get(identifier), right.spans.get(identifier)
        if days is None or one is None or two is None:
            return False
        return max(one[0], two[0]) - min(one[1], two[1]) > days * _DAY

    def _ids_differ(self, left: Group, right: Group) -> bool:
        return any(
            rule.personal and len(values | right.values.get(type_id, _NOTHING)) > (rule.limit or 0)
            for type_id, values in left.values.items()
            if type_id in right.values and (rule := self._rules[type_id]).limit is not None
        )

    def _limit_words(self, type_id: int) -> tuple[str, str]:
        rule = self._rules[type_id]
        if rule.personal and rule.limit == 1:
            return "ids_differ", f"each has another {rule.called}"
        most = f"one {rule.called}" if rule.limit == 1 else f"{rule.limit} {rule.called}s"
        return "limit", f"together they would have more than {most}"


def group_agreement(left: Group, right: Group) -> Agreement:
    """The best agreement of the names of two groups.

    Given names and birth dates may not contradict between any two names, but for slips of the pen beside the name they
    are slips of: "Vioka" does not keep "Violla" from "Viola". No slip is a trust, or a generation older. Family names
    may contradict if those of another pair agree, since the family name is what a person changes; a given name alone is
    that of any namesake, and what relatives have in common is no more. Names in scripts that cannot be compared say
    nothing only beside others that do. Numbers may if those of another pair agree, or
    its name and birth date do.
    """
    best = Agreement.UNKNOWN
    other_family = one_family = other_number = one_number = unreadable = relative = False
    for one in left.signatures:
        for two in right.signatures:
            grade = agreement(one, two)
            if grade is Agreement.DIFFERENT_NUMBER:
                other_number = True
                continue
            if grade <= Agreement.DIFFERENT_BIRTH:
                if grade <= Agreement.DIFFERENT_GENERATION or not (
                    _is_excused(one, left, two, right) or _is_excused(two, right, one, left)
                ):
                    return grade
                continue
            unreadable = unreadable or grade is Agreement.UNREADABLE
            relative = relative or grade is Agreement.RELATIVE
            other_family = other_family or grade is Agreement.DIFFERENT_FAMILY
            one_family = one_family or compare_names(one.name, two.name)[1] > Match.MISSING
            one_number = one_number or _is_confirmed(one, two, grade)
            best = max(best, grade)
    if other_number and not one_number:
        return Agreement.DIFFERENT_NUMBER
    if other_family and not one_family:
        return Agreement.DIFFERENT_FAMILY
    if unreadable and best < Agreement.PARTIAL:
        return Agreement.UNREADABLE
    return Agreement.RELATIVE if relative and best is Agreement.UNKNOWN else best


def _is_confirmed(one: Signature, two: Signature, grade: Agreement) -> bool:
    """Whether a number, or name and birth date, say that two are one person."""
    if compare_numbers(one.numbers, two.numbers) > SameNumber.UNKNOWN:
        return True
    return grade is Agreement.EQUAL and one.birth_date is not None and one.birth_date == two.birth_date


def _is_one_lost(left: Group, right: Group) -> bool:
    """Whether nothing but lost letters is known of the name of one of two groups that both have names."""
    names = [{signature.name for signature in group.signatures if signature.name.words} for group in (left, right)]
    return all(names) and names[0] != names[1] and any(all(name.is_lost for name in each) for each in names)


def _is_excused(name: Signature, group: Group, other: Signature, others: Group) -> bool:
    """Whether a name is but a slip of a name of the other group, or of one of its own that agrees with ``other``."""
    return any(is_slip(name, beside) for beside in others.signatures) or any(
        beside is not name and is_slip(name, beside) and agreement(beside, other) >= Agreement.SIMILAR
        for beside in group.signatures
    )
