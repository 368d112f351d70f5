"""Whose the addresses and numbers of a file are: told by what stands beside them, whatever they are called.

Belongs here: comparing columns of a sample. Does not belong here: what headings say (`headings.py`), what a single
column is (`roles.py`), and what goes both ways between a company and people (`ends.py`).

Who has the same number is the same person, so that one column of somebody else's (whoever served, recommended or was
given something) makes one person of many. A heading seldom says so, but the rows do: an adviser's address stands beside
many different people, a manager's number is another row's own, and a family's card beside several given names.
"""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from cdp_assets.sources.proposing import headings
from cdp_assets.sources.proposing.headings import NAMES, words_of
from cdp_assets.sources.proposing.roles import Column
from cdp_assets.sources.proposing.values import Texts

ADDRESSES = ("email", "phone")
_NUMBERS = ("person_id", "loyalty_number", "external_id")
_SOLD = ("order_id", "gross", "net", "amount", "unit_price", "line_total")

_ENOUGH_ROWS, _ENOUGH = 10, 20
"""Fewer rows tell nothing: of who stands beside whom, and of how many do."""

_MANY = 4
"""Whose address stands beside so many others on average, is not one of those."""

_CROWD = 5
"""So many people do not share an address, but for those of one employer."""

_SEVERAL = 2.5
"""… and so many do not where each has an address of their own."""

_SOME = 3
_MOSTLY, _HALF, _OFTEN, _CONTRADICTED, _ALIKE = 0.8, 0.5, 1 / 3, 0.3, 0.9
_SELDOM = 0.05
_LAST_DIGITS = 8
"""So many digits at the end of telephone numbers tell them apart, with the code of a country or without."""

_LETTERS_OF_A_NAME = 3
"""So many letters at least a word of a name has that is not in a mailbox by chance."""

_ONE_NAME = 0.7
"""From this ratio on two names may be one, misspelt."""


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
    return left, told


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
    name = _first_name(columns)
    if name is None or name.role == "family_name":
        return list(columns), []
    named = {whose: parts for whose in _whose_names(columns) if (parts := _parts_of_names(columns, whose))}
    mine = headings.whose(name.words)
    names = {whose: _joined(parts, texts) for whose, parts in named.items()}
    others = [
        whose for whose in names if whose != mine and mine in names and _differ_in(names[whose], names[mine], _HALF)
    ]
    reached = {headings.whose(each.words) for each in _of(columns, *ADDRESSES, *_NUMBERS)}
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
        if each.role in (*ADDRESSES, *_NUMBERS, *NAMES, "birth_date") and headings.whose(each.words) in others
    ]
    left = [replace(each, role=None, by_value=False) if each in lost else each for each in columns]
    return left, [(each.address, "is that of somebody with another name") for each in lost if each.role not in NAMES]


def _first_name(columns: Sequence[Column]) -> Column | None:
    """The column that names the person of the row."""
    return next((each for role in NAMES for each in _of(columns, role)), None)


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
    reached = [each.values.distinct for each in _of(columns, *ADDRESSES)]
    return named and headings.is_own(headings.whose(column.words)) and 2 * values.distinct >= max(reached, default=0)


def _is_in_addresses(names: Column, columns: Sequence[Column], texts: Texts) -> bool:
    """Whether so many mailboxes have a word of the name beside them in theirs."""
    for email in _of(columns, "email"):
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


def _parts_of_names(columns: Sequence[Column], whose: str) -> list[Column]:
    """The columns with the name of somebody, by the words that say of whom."""
    found = [each for each in columns if headings.whose(each.words) == whose and each.values.filled]
    parts = [each for each in found if _is_part_of_a_name(each, whose)]
    # A family's name alone is the other half of somebody's.
    return [] if all("family_name" in _roles_of(each, whose) for each in parts) else parts


def _roles_of(column: Column, whose: str) -> set[str | None]:
    return {column.role} if column.role in NAMES else set(headings.meanings(_without(column.words, whose)))


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


def _joined(parts: Sequence[Column], texts: Texts) -> list[set[str]]:
    """The words of each row's name, of which columns have parts."""
    rows = zip(*(texts[each.address] for each in parts), strict=True)
    return [set(words_of(" ".join(filter(None, row))).split()) for row in rows]


def _differ_in(names: Sequence[set[str]], mine: Sequence[set[str]], share: float) -> bool:
    """Whether two columns of names are of different people in so many of the rows that have both."""
    found = [_two_people(one, other) for one, other in zip(names, mine, strict=True) if one and other]
    return sum(found) >= _SOME and sum(found) >= share * len(found)


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
    names = list(_names(columns, texts))
    if people and not any(names):
        names = [set(words_of(text or "").split()) for text in _first(columns, texts, "name")]
    if not any(names):
        names = [{text} if text else set() for text in _first(columns, texts, "birth_date")]
    return [column for column in columns if column.role in roles and _differ(texts[column.address], names)]


def several_people(order: Sequence[str | None], columns: Sequence[Column], texts: Texts) -> bool:
    """Whether rows of one order are of different people: who takes part, rather than what was bought."""
    known = [each for each in columns if each.role in ("email", "person_id") and each.values.filled]
    return any(
        stands_beside_several(order, [_plain(text) or None for text in texts[each.address]]) for each in known
    ) or _differ(order, list(_names(columns, texts)))


def stands_beside_several(
    numbers: Sequence[str | None], beside: Sequence[str | None], share: float = _CONTRADICTED
) -> bool:
    """Whether so many of the numbers that come again stand beside several values of a column."""
    found: dict[str, set[str]] = {}
    rows: dict[str, int] = {}
    for number, text in zip(numbers, beside, strict=True):
        if number is not None and text is not None:
            found.setdefault(number, set()).add(text)
            rows[number] = rows.get(number, 0) + 1
    again = [found[number] for number, count in rows.items() if count > 1]
    contradicted = sum(len(texts) > 1 for texts in again)
    return contradicted >= _SOME and contradicted >= share * len(again)


def beside(numbers: Sequence[str | None], texts: Sequence[str | None]) -> list[str | None]:
    """Numbers together with what stands beside them."""
    return [None if number is None else f"{text}-{number}" for number, text in zip(numbers, texts, strict=True)]


def numbers_of_rows(columns: Sequence[Column]) -> list[Column]:
    """Numbers of people that are another one in every row, although the same people come again."""
    again = any(_comes_again(each) for each in _of(columns, *ADDRESSES))
    return [each for each in _of(columns, *_NUMBERS, "id") if each.values.unique and again]


def numbers_of_repeated(columns: Sequence[Column], texts: Texts) -> list[Column]:
    """The same where those count whose address or telephone nobody of another name has: families have one together,
    and a number each, and so have the guests whom an agency books for. Who has a name may come again by a birth date.
    """
    names = list(_names(columns, texts))
    known_by = _of(columns, *ADDRESSES, *(("birth_date",) if any(names) else ()))
    again = any(_comes_again_alone(texts[each.address], names) for each in known_by)
    return [each for each in _of(columns, *_NUMBERS, "id") if each.values.unique and again]


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
    reached = [texts[each.address] for each in _of(columns, *ADDRESSES)]
    told = [_whole_names(columns, texts), *reached]
    return [
        number
        for number in _of(columns, *_NUMBERS)
        if number is not key and number.values.repeated and _is_foreign(texts[number.address], told, key)
    ]


def _is_foreign(numbers: Sequence[str | None], told: Sequence[Sequence[str | None]], key: Column) -> bool:
    again = {number for number, count in Counter(filter(None, numbers)).items() if count > 1}
    found = []
    for texts in told:
        rows = [(number, _plain(text)) for number, text in both(numbers, texts) if number in again]
        if len(rows) > len({number for number, _ in rows}):
            found.append(len(set(rows)) >= _MOSTLY * len(rows))
    return all(found) if found else key.role in _NUMBERS


def _comes_again(address: Column) -> bool:
    values = address.values
    return values.filled >= _ENOUGH_ROWS and 3 * values.distinct <= 2 * values.filled


def _comes_again_alone(addresses: Sequence[str | None], names: Sequence[set[str]]) -> bool:
    """Whether addresses come again that are one person's by the names beside them."""
    found: dict[str, list[set[str]]] = {}
    for address, name in zip(addresses, names, strict=True):
        if address:
            found.setdefault(_plain(address), []).append(name)
    alone = [group for group in found.values() if not any(group) or not _strangers([*filter(None, group)])]
    rows = sum(map(len, alone))
    return rows >= _ENOUGH_ROWS and 3 * len(alone) <= 2 * rows


def _serving_many(columns: Sequence[Column], texts: Texts) -> _Found:
    """Those of agents, shops and whole companies."""
    known = _of(columns, *ADDRESSES, *_NUMBERS)
    for one in known:
        others = (other for other in known if other is not one and _tells_people(other, one))
        if any(_beside_many(texts[one.address], texts[other.address]) for other in others):
            yield one.address, "stands beside many different people"


def _of_crowds(columns: Sequence[Column], texts: Texts) -> _Found:
    """Addresses and telephones that stand beside many different people."""
    reached = _of(columns, *ADDRESSES)
    people, are_rows = _people(columns, texts)
    beside, many = {}, {}
    for column in reached:
        who, of = people, None
        if who is None:
            of = max((each for each in reached if each is not column), key=_distinct, default=None)
            who = None if of is None or _distinct(of) < _distinct(column) else list(texts[of.address])
        beside[column.address] = _beside(texts[column.address], who) if who is not None else 1.0
        many[column.address] = _beside(people, texts[column.address]) if people is not None else 1.0
    for column in reached:
        rivals = [each for each in reached if each.role == column.role and each is not column]
        sent = many[column.address] >= _SEVERAL and not headings.is_just(column.words, str(column.role))
        if sent and any(2 * many[each.address] <= many[column.address] for each in rivals):
            yield column.address, "is not the same for all rows of one person"  # whom they invite, or send something
            continue
        better = any(2 * beside[each.address] <= beside[column.address] for each in rivals)
        if are_rows and not better:
            continue  # what is numbered may be calls
        crowd = (
            _SEVERAL if better and column.role == "email" and not headings.is_just(column.words, "email") else _CROWD
        )
        if column.values.filled >= _ENOUGH and beside[column.address] >= crowd:
            yield column.address, "stands beside many different people"


def _numbers_of_nobody(columns: Sequence[Column], texts: Texts) -> _Found:
    """Numbers of households and companies, and those of rows."""
    emails, several = _of(columns, "email"), shared(columns, texts, _NUMBERS, people=False)
    of_rows = numbers_of_repeated(columns, texts)
    for number in _of(columns, *_NUMBERS):
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
    for number in _of(columns, *_NUMBERS):
        for email in _of(columns, "email"):
            if not _own(email) and stands_beside_several(texts[number.address], texts[email.address]):
                yield email.address, f"is not the same for all rows of {number.address}"


def _second_addresses(columns: Sequence[Column], texts: Texts) -> _Found:
    """Those beside another one that are not known to be the same person's.

    That which is called as the name is, is the person's: *Invitee E-mail* beside *Invitee Name*; and of whoever pays or
    comes along is none, unless there is hardly another one.
    """
    name = _first_name(columns)
    named = headings.whose(name.words) if name is not None else ""

    def known(column: Column) -> bool:
        return _own(column) or (bool(named) and headings.whose(column.words) == named)

    def strange(column: Column) -> bool:
        return headings.is_of_payers(column.words) or headings.is_of_another_guest(column.words, named)

    for role in ADDRESSES:
        found = sorted(_of(columns, role), key=lambda column: (strange(column), not known(column)))
        for second in found[1:]:
            first, there = texts[found[0].address], texts[second.address]
            hardly = 2 * found[0].values.filled < second.values.filled
            if strange(second) and not strange(found[0]) and not hardly:
                yield second.address, "is that of whoever pays, or comes along"
            elif _has_another_name(second, found[0], columns, texts):
                yield second.address, "is that of somebody with another name"
            elif same(first, there) and (role != "email" or known(second) or not _stands_alone(there, first)):
                continue
            elif _comes_as(there, first):
                yield second.address, "holds what is somebody else's own in other rows"
            elif role == "email" and not known(second):
                yield second.address, "is not known to be the same person's"
            elif _has_a_name_of_its_own(second, columns, texts):
                yield second.address, "is that of somebody with another name"


def _of_other_rows(columns: Sequence[Column], texts: Texts) -> _Found:
    """Columns that name other rows' people: a manager, a sponsor, whoever pays."""
    for role in (*ADDRESSES, "person_id", "loyalty_number"):
        alike = _of(columns, role)
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
        if told and people is not None and not are_rows and _beside(people, texts[column.address]) >= 2:
            yield column.address, "is not the same for all rows of one person"


def _companies_of_sellers(columns: Sequence[Column], texts: Texts) -> _Found:
    """The company of what was sold, where each stands beside several people: who sells or delivers it."""
    if not any(_of(columns, *_SOLD)):
        return
    names = _whole_names(columns, texts)
    for column in _of(columns, "company"):
        people: dict[str, set[str]] = {}
        for company, name in both(texts[column.address], names):
            people.setdefault(company, set()).add(name)
        if len(names) >= _ENOUGH_ROWS and sum(map(len, people.values())) >= _SEVERAL * max(len(people), 1):
            yield column.address, "stands beside several people each"


def _of_receivers(columns: Sequence[Column], texts: Texts) -> _Found:
    """Of several addresses or telephones beside what was sold those that change from one row of a customer to the next,
    where another one stays: whoever something was sent to.
    """
    if not any(_of(columns, *_SOLD)):
        return
    names = _whole_names(columns, texts)
    for role in ADDRESSES:
        alike = _of(columns, role)
        known_by = [texts[each.address] for each in _of(columns, "person_id", *ADDRESSES) if each not in alike]
        customers = [next(filter(None, row), None) for row in zip(*known_by, names, strict=True)]
        changing = {
            each.address: _changing(customers, [_reached(text) for text in texts[each.address]]) for each in alike
        }
        for address, (changed, again) in changing.items():
            stays = any(2 * other <= changed for other, _ in changing.values())
            if changed >= _SOME and changed >= _SELDOM * again and stays:
                yield address, "is not the same for all rows of one customer"


def _changing(customers: Sequence[str | None], reached: Sequence[str | None]) -> tuple[int, int]:
    """Beside how many customers who come again several values of a column stand, and how many customers these are."""
    found: dict[str, list[str]] = {}
    for customer, text in both(customers, reached):
        found.setdefault(customer, []).append(text)
    again = [texts for texts in found.values() if len(texts) > 1]
    return sum(len(set(texts)) > 1 for texts in again), len(again)


def _reached(text: str | None) -> str | None:
    """An address or a number as it can be compared: of numbers the last digits, however they are written."""
    plain = _plain(text)
    return (plain if "@" in plain else re.sub(r"\D", "", plain)[-_LAST_DIGITS:]) or None


_LOOKS = (
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


def _of(columns: Sequence[Column], *roles: str) -> list[Column]:
    return [each for each in columns if each.role in roles and each.values.filled]


def _tells_people(column: Column, other: Column) -> bool:
    """Whether a column can say that another one stands beside many people: not if it numbers rows."""
    if column.role == "email":
        return True
    if column.role == "phone":
        return other.role != "email"
    return column.values.distinct * 2 <= column.values.filled and other.role in (*ADDRESSES, *_NUMBERS)


def _beside_many(one: Sequence[str | None], other: Sequence[str | None]) -> bool:
    pairs = {(_plain(left), _plain(right)) for left, right in both(one, other)}
    lefts, rights = {left for left, _ in pairs}, {right for _, right in pairs}
    return len(pairs) >= max(_ENOUGH_ROWS, _MANY * len(lefts)) and len(rights) >= _SOME * len(lefts)


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
    name = _first_name(columns)
    if name is None:
        return False
    mine, whose = headings.whose(name.words), headings.whose(second.words)
    theirs, persons = (_parts_of_names(columns, each) for each in (whose, mine))
    if whose in (mine, headings.whose(first.words)) or not (theirs and persons):
        return False
    return _differ_in(_joined(theirs, texts), _joined(persons, texts), _SELDOM)


def _unnumbered(column: Column) -> list[str]:
    """The roles that a heading could give without the number in it."""
    return list(headings.meanings(" ".join(word for word in column.words.split() if not word.isdigit())))


def _digits(words: str) -> str:
    return "".join(word for word in words.split() if word.isdigit())


def _own(column: Column) -> bool:
    return headings.is_own_address(column.words)


def same(one: Sequence[str | None], other: Sequence[str | None]) -> bool:
    pairs = list(both(one, other))
    return bool(pairs) and sum(_plain(left) == _plain(right) for left, right in pairs) >= _ALIKE * len(pairs)


def _comes_as(second: Sequence[str | None], first: Sequence[str | None]) -> bool:
    """Whether what stands in the second column beside something else is in other rows the first."""
    firsts = {_plain(text) for text in first}
    apart = {_plain(right) for left, right in both(first, second) if _plain(left) != _plain(right)}
    shared = len(apart & firsts)
    return shared >= _SOME and shared * 10 >= len(apart)


def _stands_alone(second: Sequence[str | None], first: Sequence[str | None]) -> bool:
    """Whether what stands in the second column is in some rows all that there is."""
    return any(there is not None and here is None for there, here in zip(second, first, strict=True))


def _distinct(column: Column) -> int:
    return column.values.distinct


def _mine(column: Column) -> tuple[bool, bool, int]:
    """Of several columns with one role, the person's own is called nothing else, tells rows apart, and is filled."""
    return headings.is_just(column.words, str(column.role)), column.values.unique, column.values.filled


def _people(columns: Sequence[Column], texts: Texts) -> tuple[list[str | None] | None, bool]:
    """Who each row is about, as far as it can be told without addresses, and whether each row is somebody else."""
    names = list(_names(columns, texts))
    if 2 * sum(map(bool, names)) > len(names):
        return [" ".join(sorted(words)) or None for words in names], False
    for column in sorted(columns, key=lambda column: column.values.unique):
        if column.role in _NUMBERS and 2 * column.values.filled > column.values.rows:
            return list(texts[column.address]), column.values.unique
    return None, False


def _beside(values: Sequence[str | None], who: Sequence[str | None]) -> float:
    """Beside how many different people the value of a row stands, in the middle of all rows."""
    people: dict[str, set[str]] = {}
    rows = [(value.casefold(), each) for value, each in zip(values, who, strict=True) if value and each]
    for value, each in rows:
        people.setdefault(value, set()).add(each)
    return float(statistics.median([len(people[value]) for value, _ in rows])) if rows else 1.0


def _differ(values: Sequence[str | None], names: Sequence[set[str]]) -> bool:
    """Whether numbers that come again mostly do with names that cannot be one person's."""
    found: dict[str, list[set[str]]] = {}
    for value, name in zip(values, names, strict=True):
        if value and name:
            found.setdefault(value, []).append(name)
    several = [group for group in found.values() if len(group) > 1]
    different = [_strangers(group) for group in several]
    often = sum(different) >= _OFTEN * sum(map(len, several))
    return sum(map(bool, different)) >= _SOME and often


def _strangers(names: Sequence[set[str]]) -> int:
    """How many of some rows' names cannot be that of the person who is named most."""
    most, _ = Counter(map(frozenset, names)).most_common(1)[0]
    return sum(_two_people(set(most), name) for name in names)


def _two_people(one: set[str], other: set[str]) -> bool:
    fewer, more = sorted((sorted(one - other), sorted(other - one)), key=len)
    return not all(any(_one_word(mine, theirs) for theirs in more) for mine in fewer)


def _one_word(one: str, other: str) -> bool:
    """Whether two words of names may be one: an initial, or another way to write it."""
    begins = one.startswith(other) or other.startswith(one)
    return begins or SequenceMatcher(None, one, other).ratio() >= _ONE_NAME


def _names(columns: Sequence[Column], texts: Texts) -> Iterator[set[str]]:
    """The words of each row's name."""
    parts = [_first(columns, texts, role) for role in NAMES]
    for row in zip(*parts, strict=True):
        yield set(words_of(" ".join(filter(None, row))).split())


def _whole_names(columns: Sequence[Column], texts: Texts) -> list[str | None]:
    """The words of a person's name as one text, row by row; None where there are none."""
    return [" ".join(sorted(words)) or None for words in _names(columns, texts)]


def _first(columns: Sequence[Column], texts: Texts, role: str) -> Sequence[str | None]:
    found = next(iter(_of(columns, role)), None)
    rows = columns[0].values.rows if columns else 0
    return texts[found.address] if found is not None else [None] * rows


def both(one: Sequence[str | None], other: Sequence[str | None]) -> Iterator[tuple[str, str]]:
    """What stands in two columns of the rows that have both."""
    return ((left, right) for left, right in zip(one, other, strict=True) if left is not None and right is not None)


def _plain(text: str | None) -> str:
    return (text or "").strip().casefold()
