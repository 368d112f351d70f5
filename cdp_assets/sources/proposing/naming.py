"""Who is named in a row: the columns with the names of people, and those that belong to somebody of another name.

Belongs here: names and what headings say of whose they are. Does not belong here: which addresses and numbers are whose
(`whose.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from cdp_assets.sources.proposing import headings, phrases
from cdp_assets.sources.proposing.beside import beside_many, both, two_people
from cdp_assets.sources.proposing.phrases import NAMES, words_of
from cdp_assets.sources.proposing.roles import Column
from cdp_assets.sources.proposing.values import Texts

ADDRESSES = ("email", "phone")
NUMBERS = ("person_id", "loyalty_number", "external_id")
"""Roles of what people are reached and known by."""

_SOME = 3
_HALF, _OFTEN = 0.5, 1 / 3

_LETTERS_OF_A_NAME = 3
"""So many letters at least a word of a name has that is not in a mailbox by chance."""


def of_roles(columns: Sequence[Column], *roles: str) -> list[Column]:
    return [each for each in columns if each.role in roles and each.values.filled]


def first_of(columns: Sequence[Column], texts: Texts, role: str) -> Sequence[str | None]:
    found = next(iter(of_roles(columns, role)), None)
    rows = columns[0].values.rows if columns else 0
    return texts[found.address] if found is not None else [None] * rows


def names_of_rows(columns: Sequence[Column], texts: Texts) -> Iterator[set[str]]:
    """The words of each row's name."""
    parts = [first_of(columns, texts, role) for role in NAMES]
    for row in zip(*parts, strict=True):
        yield set(words_of(" ".join(filter(None, row))).split())


def whole_names(columns: Sequence[Column], texts: Texts) -> list[str | None]:
    """The words of a person's name as one text, row by row; None where there are none."""
    return [" ".join(sorted(words)) or None for words in names_of_rows(columns, texts)]


def first_name(columns: Sequence[Column]) -> Column | None:
    """The column that names the person of the row."""
    return next((each for role in NAMES for each in of_roles(columns, role)), None)


def named_alike(columns: Sequence[Column], texts: Texts) -> tuple[list[Column], list[tuple[str, str]]]:
    """Take the role from what belongs to another name than that of the person of the row.

    Whoever holds a policy and who is insured by it, pupils and their parents, hosts and those whom they invite have
    names in one row, and some have addresses: which are whose is told by the words that headings have in common. The
    person of the row is who can be reached or is numbered; of two of these, the one who is named first.

    Args:
        columns: The columns with their roles.
        texts: The sample, by address.

    Returns:
        The columns, and the addresses of those that lost their role, each with the reason.
    """
    name = first_name(columns)
    if name is None or name.role == "family_name":
        return list(columns), []
    named = {whose: parts for whose in _whose_names(columns) if (parts := parts_of_names(columns, whose))}
    mine = headings.whose(name.words)
    names = {whose: joined(parts, texts) for whose, parts in named.items()}
    others = [
        whose for whose in names if whose != mine and mine in names and differ_in(names[whose], names[mine], _HALF)
    ]
    reached = {headings.whose(each.words) for each in of_roles(columns, *ADDRESSES, *NUMBERS)}
    known = [whose for whose in others if whose in reached]
    # An address of nobody in particular is that of the person of the row.
    if known and mine and mine not in reached and reached <= names.keys():
        mine, others = known[0], [mine, *(whose for whose in others if whose != known[0])]
        columns = [
            replace(each, role=each.role if each.role in NAMES else "full_name") if each in named[mine] else each
            for each in columns
        ]
    lost = [
        each
        for each in columns
        if each.role in (*ADDRESSES, *NUMBERS, *NAMES, "birth_date") and headings.whose(each.words) in others
    ]
    left = [replace(each, role=None, by_value=False) if each in lost else each for each in columns]
    return left, [(each.address, "is that of somebody with another name") for each in lost if each.role not in NAMES]


def names_of_whoever_serves(columns: Sequence[Column], texts: Texts) -> list[Column]:
    """The columns with mere names in several words, or each of an address that nobody is known by, of which each stands
    beside many different addresses, telephones or numbers of people: those of whoever answered or sold, unless their
    heading says otherwise.
    """
    reached = of_roles(columns, *ADDRESSES, *NUMBERS)
    refused = [each for each in columns if each.role is None and "email" in each.values.looks]
    return [
        each
        for each in of_roles(columns, "full_name", "name")
        if not headings.whose(each.words)
        and (
            "some_words" in each.values.looks
            or any(_is_one_for_each(texts[each.address], texts[address.address]) for address in refused)
        )
        and any(beside_many(texts[each.address], texts[other.address]) for other in reached)
    ]


def _is_one_for_each(one: Sequence[str | None], other: Sequence[str | None]) -> bool:
    """Whether each text of a column stands beside one of the other only, and the other way round."""
    pairs = {*both(one, other)}
    return bool(pairs) and len(pairs) == len({left for left, _ in pairs}) == len({right for _, right in pairs})


def _whose_names(columns: Sequence[Column]) -> list[str]:
    """What headings say of whose they are, each once."""
    return list(dict.fromkeys(headings.whose(each.words) for each in columns))


def named_in_addresses(columns: Sequence[Column], texts: Texts) -> Column | None:
    """The column with mere names, or of what is called just *attendee*, whose words mailboxes beside them are made of:
    names of products and campaigns are in none. None if there is none, or another column has names of people.
    """
    if any(each.role in NAMES for each in columns):
        return None
    named = (each for each in columns if may_name_people(each, columns))
    return next((each for each in named if _is_in_addresses(each, columns, texts)), None)


def may_name_people(column: Column, columns: Sequence[Column]) -> bool:
    """Whether a column, half of it in words, is called a name, or what a person is, and says about as many as can be
    reached."""
    values = column.values
    if column.role not in (None, "name") or "some_words" not in values.looks or headings.is_of_others(column.words):
        return False
    named = column.role == "name" or headings.whose(column.words) == column.words
    reached = [each.values.distinct for each in of_roles(columns, *ADDRESSES)]
    return named and headings.is_own(headings.whose(column.words)) and 2 * values.distinct >= max(reached, default=0)


def _is_in_addresses(names: Column, columns: Sequence[Column], texts: Texts) -> bool:
    """Whether so many mailboxes have a word of the name beside them in theirs."""
    for email in of_roles(columns, "email"):
        pairs = {
            (words_of(name), words_of(address.partition("@")[0]).replace(" ", ""))
            for name, address in both(texts[names.address], texts[email.address])
        }
        said = [
            any(word in mailbox for word in name.split() if len(word) >= _LETTERS_OF_A_NAME) for name, mailbox in pairs
        ]
        if sum(said) >= _SOME and sum(said) >= _OFTEN * len(said):
            return True
    return False


def parts_of_names(columns: Sequence[Column], whose: str) -> list[Column]:
    """The columns with the name of somebody, by the words that say of whom."""
    found = [each for each in columns if headings.whose(each.words) == whose and each.values.filled]
    parts = [each for each in found if _is_part_of_a_name(each, whose)]
    # A family's name alone is the other half of somebody's.
    return [] if all("family_name" in _roles_of(each, whose) for each in parts) else parts


def _roles_of(column: Column, whose: str) -> set[str | None]:
    return {column.role} if column.role in NAMES else set(phrases.meanings(_without(column.words, whose)))


def _is_part_of_a_name(column: Column, whose: str) -> bool:
    if column.role not in (None, "name", *NAMES):
        return False
    roles = _roles_of(column, whose)
    says_name = column.words == whose or "name" in roles  # and nothing else
    return not roles.isdisjoint(NAMES) or (says_name and "words" in column.values.looks)


def _without(words: str, whose: str) -> str:
    """A heading without the words that say of whom it is."""
    said = whose.split()
    return " ".join(word for word in words.split() if word not in said)


def joined(parts: Sequence[Column], texts: Texts) -> list[set[str]]:
    """The words of each row's name, of which columns have parts."""
    rows = zip(*(texts[each.address] for each in parts), strict=True)
    return [set(words_of(" ".join(filter(None, row))).split()) for row in rows]


def differ_in(names: Sequence[set[str]], mine: Sequence[set[str]], share: float) -> bool:
    """Whether two columns of names are of different people in so many of the rows that have both."""
    found = [two_people(one, other) for one, other in zip(names, mine, strict=True) if one and other]
    return sum(found) >= _SOME and sum(found) >= share * len(found)
