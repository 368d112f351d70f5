"""Whose the addresses and numbers of a file are: told by what stands beside them, whatever they are called.

Belongs here: addresses, numbers and birth dates. Does not belong here: who is named (`naming.py`), what headings say
(`headings.py`), what a single column is (`roles.py`), and what goes both ways between a company and people (`ends.py`).

Who has the same number is the same person, so that one column of somebody else's (whoever served, recommended or was
given something) makes one person of many. A heading seldom says so, but the rows do: an adviser's address stands beside
many different people, a manager's number is another row's own, and a family's card beside several given names.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from cdp_assets.sources.proposing import headings, phrases
from cdp_assets.sources.proposing.beside import (
    are_of_several,
    beside_many,
    both,
    changing,
    comes_as,
    median_beside,
    plain,
    same,
    stands_alone,
    stands_beside_several,
    strangers,
)
from cdp_assets.sources.proposing.naming import (
    ADDRESSES,
    NUMBERS,
    differ_in,
    first_name,
    first_of,
    joined,
    names_of_rows,
    of_roles,
    parts_of_names,
    whole_names,
)
from cdp_assets.sources.proposing.phrases import NAMES, words_of
from cdp_assets.sources.proposing.roles import Column
from cdp_assets.sources.proposing.values import Texts

_SOLD = ("order_id", "gross", "net", "amount", "unit_price", "line_total")

_ENOUGH_ROWS, _ENOUGH = 10, 20
"""Fewer rows tell nothing: of who stands beside whom, and of how many do."""

_CROWD = 5
"""So many people do not share an address, but for those of one employer."""

_SEVERAL = 2.5
"""… and so many do not where each has an address of their own."""

_FEW_SELLERS, _MANY_SLIPS = 12, 20
"""So many people serve in a shop at most, and so many orders each come from them, but not from customers."""

_SOME = 3
_MOSTLY, _HALF, _SELDOM = 0.8, 0.5, 0.05
_LAST_DIGITS = 8
"""So many digits at the end of telephone numbers tell them apart, with the code of a country or without."""


def own(columns: Sequence[Column], texts: Texts) -> tuple[list[Column], list[tuple[str, str]]]:
    """Take the role from addresses, numbers and birth dates that are somebody else's than the person's of the row.

    Args:
        columns: The columns with their roles.
        texts: The sample, by address.

    Returns:
        The columns, and the addresses of those that lost their role, each with the reason.
    """
    left, told = list(columns), []
    for look in _LOOKS:
        found = dict(look(left, texts))
        told += list(found.items())
        left = [replace(each, role=None, by_value=False) if each.address in found else each for each in left]
    set_aside = {address for address, _ in told}
    names = _named_otherwise([each for each in columns if each.address in set_aside], left)
    return [replace(each, role=None) if each in names else each for each in left], told


def _named_otherwise(lost: Sequence[Column], left: Sequence[Column]) -> list[Column]:
    """The names that go with addresses which are set aside, where people are known by others: they are not theirs."""
    reached = of_roles(left, *ADDRESSES, *NUMBERS)
    known_by = {headings.whose(each.words) for each in reached}
    others = {headings.whose(each.words) for each in of_roles(lost, *ADDRESSES)} - known_by - {""}
    return [each for each in of_roles(left, *NAMES) if reached and headings.whose(each.words) in others]


_Found = Iterator[tuple[str, str]]
"""The address of a column, and why nobody is known by it."""


def shared(columns: Sequence[Column], texts: Texts, roles: Collection[str], *, people: bool) -> list[Column]:
    """The columns of some roles whose numbers several people have: families, the holders of an account, a staff.

    Args:
        columns: The columns with their roles.
        texts: The sample, by address.
        roles: Which columns to look at.
        people: Whether rows are people, so that whatever is called a name is theirs.
    """
    names = list(names_of_rows(columns, texts))
    if people and not any(names):
        names = [set(words_of(text or "").split()) for text in first_of(columns, texts, "name")]
    if not any(names):
        names = [{text} if text else set() for text in first_of(columns, texts, "birth_date")]
    return [column for column in columns if column.role in roles and are_of_several(texts[column.address], names)]


def several_people(order: Sequence[str | None], columns: Sequence[Column], texts: Texts) -> bool:
    """Whether rows of one order are of different people: who takes part, rather than what was bought."""
    known = [each for each in columns if each.role in ("email", "person_id") and each.values.filled]
    return any(
        stands_beside_several(order, [plain(text) or None for text in texts[each.address]]) for each in known
    ) or are_of_several(order, list(names_of_rows(columns, texts)))


def numbers_of_rows(columns: Sequence[Column]) -> list[Column]:
    """Numbers of people that are another one in every row, although the same people come again."""
    again = any(_comes_again(each) for each in of_roles(columns, *ADDRESSES))
    return [each for each in of_roles(columns, *NUMBERS, "id") if each.values.unique and again]


def numbers_of_repeated(columns: Sequence[Column], texts: Texts) -> list[Column]:
    """The same where those count whose address or telephone nobody of another name has: families have one together,
    and a number each, and so have the guests whom an agency books for. Who has a name may come again by a birth date.
    """
    names = list(names_of_rows(columns, texts))
    known_by = of_roles(columns, *ADDRESSES, *(("birth_date",) if any(names) else ()))
    again = any(_comes_again_alone(texts[each.address], names) for each in known_by)
    return [each for each in of_roles(columns, *NUMBERS, "id") if each.values.unique and again]


def foreign_numbers(key: Column, columns: Sequence[Column], texts: Texts) -> list[Column]:
    """Numbers of others than those whom a list of people has by their numbers, such as of who entered them: they come
    again beside other names, addresses or telephones, or beside people's own numbers where rows tell nothing else.

    Args:
        key: What numbers the rows.
        columns: The columns with their roles.
        texts: The sample, by address.
    """
    if key.role in (*ADDRESSES, *NAMES) or not key.values.unique:
        return []
    reached = [texts[each.address] for each in of_roles(columns, *ADDRESSES)]
    told = [whole_names(columns, texts), *reached]
    return [
        number
        for number in of_roles(columns, *NUMBERS)
        if number is not key and number.values.repeated and _is_foreign(texts[number.address], told, key)
    ]


def _is_foreign(numbers: Sequence[str | None], told: Sequence[Sequence[str | None]], key: Column) -> bool:
    again = {number for number, count in Counter(filter(None, numbers)).items() if count > 1}
    found = []
    for texts in told:
        rows = [(number, plain(text)) for number, text in both(numbers, texts) if number in again]
        if len(rows) > len({number for number, _ in rows}):
            found.append(len(set(rows)) >= _MOSTLY * len(rows))
    return all(found) if found else key.role in NUMBERS


def _comes_again(address: Column) -> bool:
    values = address.values
    return values.filled >= _ENOUGH_ROWS and 3 * values.distinct <= 2 * values.filled


def _comes_again_alone(addresses: Sequence[str | None], names: Sequence[set[str]]) -> bool:
    """Whether addresses come again that are one person's by the names beside them."""
    found: dict[str, list[set[str]]] = {}
    for address, name in zip(addresses, names, strict=True):
        if address:
            found.setdefault(plain(address), []).append(name)
    alone = [group for group in found.values() if not any(group) or not strangers([*filter(None, group)])]
    rows = sum(map(len, alone))
    return rows >= _ENOUGH_ROWS and 3 * len(alone) <= 2 * rows


def _serving_many(columns: Sequence[Column], texts: Texts) -> _Found:
    """Those of agents, shops and whole companies."""
    known = of_roles(columns, *ADDRESSES, *NUMBERS)
    for one in known:
        others = (other for other in known if other is not one and _tells_people(other, one))
        if any(beside_many(texts[one.address], texts[other.address]) for other in others):
            yield one.address, "stands beside many different people"


def _of_crowds(columns: Sequence[Column], texts: Texts) -> _Found:
    """Addresses and telephones that stand beside many different people."""
    reached = of_roles(columns, *ADDRESSES)
    people, are_rows = _people(columns, texts)
    beside, many = {}, {}
    for column in reached:
        who, of = people, None
        if who is None:
            of = max((each for each in reached if each is not column), key=_distinct, default=None)
            who = None if of is None or _distinct(of) < _distinct(column) else list(texts[of.address])
        beside[column.address] = median_beside(texts[column.address], who) if who is not None else 1.0
        many[column.address] = median_beside(people, texts[column.address]) if people is not None else 1.0
    for column in reached:
        rivals = [each for each in reached if each.role == column.role and each is not column]
        sent = many[column.address] >= _SEVERAL and not phrases.is_just(column.words, str(column.role))
        if sent and any(2 * many[each.address] <= many[column.address] for each in rivals):
            yield column.address, "is not the same for all rows of one person"  # whom they invite, or send something
            continue
        better = any(2 * beside[each.address] <= beside[column.address] for each in rivals)
        if are_rows and not better:
            continue  # what is numbered may be calls
        crowd = _SEVERAL if better and column.role == "email" and not phrases.is_just(column.words, "email") else _CROWD
        if column.values.filled >= _ENOUGH and beside[column.address] >= crowd:
            yield column.address, "stands beside many different people"


def _numbers_of_nobody(columns: Sequence[Column], texts: Texts) -> _Found:
    """Numbers of households and companies, and those of rows."""
    emails, several = of_roles(columns, "email"), shared(columns, texts, NUMBERS, people=False)
    of_rows = numbers_of_repeated(columns, texts)
    for number in of_roles(columns, *NUMBERS):
        if number in several:
            yield number.address, "stands beside different names"
        elif number in of_rows:
            yield number.address, "is another one in each row, though people come again"
        else:
            for email in emails:
                numbers, addresses = texts[number.address], texts[email.address]
                if _own(email) and email.values.repeated and stands_beside_several(numbers, addresses, _HALF):
                    yield number.address, f"stands beside different people in {email.address}"


def _addresses_of_nobody(columns: Sequence[Column], texts: Texts) -> _Found:
    """Addresses to which people gave or sent something: others each time."""
    for number in of_roles(columns, *NUMBERS):
        for email in of_roles(columns, "email"):
            if not _own(email) and stands_beside_several(texts[number.address], texts[email.address]):
                yield email.address, f"is not the same for all rows of {number.address}"


def _second_addresses(columns: Sequence[Column], texts: Texts) -> _Found:
    """Those beside another one that are not known to be the same person's.

    That which is called as the name is, is the person's: *Invitee E-mail* beside *Invitee Name*; and of whoever pays or
    comes along is none, unless there is hardly another one.
    """
    name = first_name(columns)
    named = headings.whose(name.words) if name is not None else ""

    def known(column: Column) -> bool:
        return _own(column) or (bool(named) and headings.whose(column.words) == named)

    def strange(column: Column) -> bool:
        return headings.is_of_payers(column.words) or headings.is_of_another_guest(column.words, named)

    for role in ADDRESSES:
        found = sorted(of_roles(columns, role), key=lambda column: (strange(column), not known(column)))
        for second in found[1:]:
            first, there = texts[found[0].address], texts[second.address]
            hardly = 2 * found[0].values.filled < second.values.filled
            if strange(second) and not strange(found[0]) and not hardly:
                yield second.address, "is that of whoever pays, or comes along"
            elif _has_another_name(second, found[0], columns, texts):
                yield second.address, "is that of somebody with another name"
            elif same(first, there) and (role != "email" or known(second) or not stands_alone(there, first)):
                continue
            elif comes_as(there, first):
                yield second.address, "holds what is somebody else's own in other rows"
            elif role == "email" and not known(second):
                yield second.address, "is not known to be the same person's"
            elif _has_a_name_of_its_own(second, columns, texts):
                yield second.address, "is that of somebody with another name"


def _of_other_rows(columns: Sequence[Column], texts: Texts) -> _Found:
    """Columns that name other rows' people: a manager, a sponsor, whoever pays."""
    for role in (*ADDRESSES, "person_id", "loyalty_number"):
        alike = of_roles(columns, role)
        best = max(alike, key=_mine, default=None)
        if best is None or best.values.rows < _ENOUGH or not (role in ADDRESSES or best.values.unique):
            continue
        there = set(filter(None, texts[best.address]))
        for column in alike:
            found = [
                (text, mine) for text, mine in zip(texts[column.address], texts[best.address], strict=True) if text
            ]
            different = {text for text, _ in found}
            known = sum(text in there for text in different)
            elsewhere = sum(text != mine for text, mine in found)
            several = column is not best and len(different) >= _SOME
            if several and known >= _MOSTLY * len(different) and elsewhere >= _HALF * len(found):
                yield column.address, "holds what is somebody else's own in other rows"


def _born_again(columns: Sequence[Column], texts: Texts) -> _Found:
    """Birth dates of which one person has several: those of their animals, or children."""
    people, are_rows = _people(columns, texts)
    for column in columns:
        told = column.role == "birth_date" and column.values.filled >= _ENOUGH
        if told and people is not None and not are_rows and median_beside(people, texts[column.address]) >= 2:
            yield column.address, "is not the same for all rows of one person"


def _companies_of_sellers(columns: Sequence[Column], texts: Texts) -> _Found:
    """The company of what was sold, where each stands beside several people: who sells or delivers it."""
    if not any(of_roles(columns, *_SOLD)):
        return
    names = whole_names(columns, texts)
    for column in of_roles(columns, "company"):
        people: dict[str, set[str]] = {}
        for company, name in both(texts[column.address], names):
            people.setdefault(company, set()).add(name)
        if len(names) >= _ENOUGH_ROWS and sum(map(len, people.values())) >= _SEVERAL * max(len(people), 1):
            yield column.address, "stands beside several people each"


def _of_tills(columns: Sequence[Column], texts: Texts) -> _Found:
    """A few addresses or telephones that each stand on very many orders, where nothing names or numbers who bought:
    those of whoever sold.
    """
    orders = first_of(columns, texts, "order_id")
    if not any(orders) or of_roles(columns, *NUMBERS) or any(names_of_rows(columns, texts)):
        return
    for column in of_roles(columns, *ADDRESSES):
        slips = len({order for order, _ in both(orders, texts[column.address])})
        if column.values.distinct <= _FEW_SELLERS and slips >= _MANY_SLIPS * column.values.distinct:
            yield column.address, "stands on very many orders each, and nobody is named"


def _of_receivers(columns: Sequence[Column], texts: Texts) -> _Found:
    """Of several addresses or telephones beside what was sold those that change from one row of a customer to the next,
    where another one stays: whoever something was sent to.
    """
    if not any(of_roles(columns, *_SOLD)):
        return
    names = whole_names(columns, texts)
    for role in ADDRESSES:
        alike = of_roles(columns, role)
        known_by = [texts[each.address] for each in of_roles(columns, "person_id", *ADDRESSES) if each not in alike]
        customers = [next(filter(None, row), None) for row in zip(*known_by, names, strict=True)]
        counted = {
            each.address: changing(customers, [_reached(text) for text in texts[each.address]]) for each in alike
        }
        for address, (changed, again) in counted.items():
            stays = any(2 * other <= changed for other, _ in counted.values())
            if changed >= _SOME and changed >= _SELDOM * again and stays:
                yield address, "is not the same for all rows of one customer"


def _reached(text: str | None) -> str | None:
    """An address or a number as it can be compared: of numbers the last digits, however they are written."""
    known = plain(text)
    return (known if "@" in known else re.sub(r"\D", "", known)[-_LAST_DIGITS:]) or None


_LOOKS = (
    _of_tills,
    _companies_of_sellers,
    _of_receivers,
    _of_crowds,
    _of_other_rows,
    _born_again,
    _serving_many,
    _numbers_of_nobody,
    _addresses_of_nobody,
    _second_addresses,
)


def _tells_people(column: Column, other: Column) -> bool:
    """Whether a column can say that another one stands beside many people: not if it numbers rows."""
    if column.role == "email":
        return True
    if column.role == "phone":
        return other.role != "email"
    return column.values.distinct * 2 <= column.values.filled and other.role in (*ADDRESSES, *NUMBERS)


def _has_a_name_of_its_own(address: Column, columns: Sequence[Column], texts: Texts) -> bool:
    """Whether an address bears a number, and so does a name: it is the second of two people's."""
    number = _digits(address.words)
    names = [column for column in columns if set(_unnumbered(column)) & {"full_name", "name", "given_name"}]
    return bool(number) and any(
        set(_unnumbered(one)) & set(_unnumbered(other)) and not same(texts[one.address], texts[other.address])
        for one in names
        for other in names
        if _digits(one.words) == number and _digits(other.words) != number
    )


def _has_another_name(second: Column, first: Column, columns: Sequence[Column], texts: Texts) -> bool:
    """Whether what an address is called has a name too, which is somebody else's than the person's of the row in more
    than a few rows: whoever pays for children, though most pay for themselves.
    """
    name = first_name(columns)
    if name is None:
        return False
    mine, whose = headings.whose(name.words), headings.whose(second.words)
    theirs, persons = (parts_of_names(columns, each) for each in (whose, mine))
    if whose in (mine, headings.whose(first.words)) or not (theirs and persons):
        return False
    return differ_in(joined(theirs, texts), joined(persons, texts), _SELDOM)


def _unnumbered(column: Column) -> list[str]:
    """The roles that a heading could give without the number in it."""
    return list(phrases.meanings(" ".join(word for word in column.words.split() if not word.isdigit())))


def _digits(words: str) -> str:
    return "".join(word for word in words.split() if word.isdigit())


def _own(column: Column) -> bool:
    return headings.is_own_address(column.words)


def _distinct(column: Column) -> int:
    return column.values.distinct


def _mine(column: Column) -> tuple[bool, bool, int]:
    """Of several columns with one role, the person's own is called nothing else, tells rows apart, and is filled."""
    return phrases.is_just(column.words, str(column.role)), column.values.unique, column.values.filled


def _people(columns: Sequence[Column], texts: Texts) -> tuple[list[str | None] | None, bool]:
    """Who each row is about, as far as it can be told without addresses, and whether each row is somebody else."""
    names = list(names_of_rows(columns, texts))
    if 2 * sum(map(bool, names)) > len(names):
        return [" ".join(sorted(words)) or None for words in names], False
    for column in sorted(columns, key=lambda column: column.values.unique):
        if column.role in NUMBERS and 2 * column.values.filled > column.values.rows:
            return list(texts[column.address]), column.values.unique
    return None, False
