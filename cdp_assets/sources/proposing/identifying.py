"""By what people are known: the identifiers of a proposed stream.

Belongs here: which columns say who a row is about, and how. Does not belong here: which addresses and numbers are
somebody else's (`whose.py`), and which tables a file feeds (`mapping.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial

from cdp_assets.sources.proposing import phrases
from cdp_assets.sources.proposing.draft import Draft, quoted, unguarded
from cdp_assets.sources.proposing.roles import Column
from cdp_assets.sources.proposing.whose import foreign_numbers, numbers_of_repeated, numbers_of_rows, shared
from cdp_assets.warehouse.sql_parsing import plain_name

PEOPLE = "contacts"
"""The kind whose rows are people."""

NUMBERS_OF_PEOPLE = ("person_id", "id", "lead_id", "external_id", "loyalty_number", "email")
"""Roles of what tells people apart."""

_WITH_NUMBERS = frozenset({
    "orders", "lines", "refunds", "tickets", "interactions", "subscriptions", "opportunities",
})  # fmt: skip
"""Kinds whose rows have a number in another system, beside those of people."""


def identifiers(draft: Draft, kind: str | None) -> Iterator[dict[str, str]]:
    """The `identifiers` of a stream whose rows are of some kind, as in YAML."""
    if kind in (None, "products", "accounts"):
        return
    country = draft.sql("country")
    anything = draft.of("anything")
    if anything is not None:
        name = plain_name(draft.names[anything.address])
        yield {"type": "email", "value": f"case when contains({name}, '@') then {name} end"}
        yield {"type": "phone", "value": f"case when not contains({name}, '@') then {name} end"}
    party = other_party(draft) if kind == "interactions" else None
    if party is not None:
        yield {"type": "phone", "value": party} | ({"country": country} if country is not None else {})
    seen: set[str] = set()
    nobodys = _nobodys(draft, kind)
    for column in sorted(draft.columns, key=partial(_second_to_others, draft.joined)):
        type_ = draft.joined.get(column.address) or _identifier_type(column, kind, draft.sample.named)
        if column.address in nobodys:
            continue
        if not column.values.filled and type_ not in ("email", "phone"):
            continue
        if type_ is None or (type_ in seen and type_ not in ("email", "phone")):
            continue
        if type_ == "order_number" and draft.crowded:
            continue
        seen.add(type_)
        value = draft.receipt if column.role == "order_id" and draft.receipt else unguarded(draft, column)
        found = {"type": type_, "value": value}
        if type_ == "phone" and country is not None:
            found["country"] = country
        if column.role in ("person_id", "loyalty_number", "external_id") and _some_are_words(draft, column):
            found["value"] = f"case when regexp_matches({value}, '[0-9]') then {value} end"
        yield found


def _second_to_others(joined: Mapping[str, str], column: Column) -> tuple[bool, ...]:
    """Of two numbers of people, that is the row's which other files have too, or whose heading says nothing else;
    others submit what people ask.
    """
    said = column.role != "person_id" or phrases.is_just(column.words, "person_id")
    return column.address not in joined, not column.values.filled, not said, "submitter" in column.words


def _nobodys(draft: Draft, kind: str | None) -> set[str]:
    """Addresses of columns with numbers that are no single person's, and say so by what stands beside them."""
    numbered = {*NUMBERS_OF_PEOPLE, "order_id", "number"} - {"email"}
    several = shared(draft.columns, draft.sample.columns, numbered, people=kind == PEOPLE)
    key = next((column for column in draft.columns if [draft.names[column.address]] == draft.key), None)
    foreign = (
        [column for column in foreign_numbers(key, draft.columns, draft.sample.columns) if column not in several]
        if kind == PEOPLE and key is not None
        else []
    )
    nobodys = [*several, *foreign]
    again = any(column.values.repeated and column not in nobodys for column in draft.all_of("person_id"))
    if kind != PEOPLE:
        each = numbers_of_rows(draft.columns)
    elif again:
        each = draft.all_of("id")
    elif draft.of("full_name", "given_name") is not None:
        each = [column for column in numbers_of_repeated(draft.columns, draft.sample.columns) if column.role == "id"]
    else:
        each = []  # who of one address has which number, only their names would tell
    own = [column for column in draft.all_of("external_id") if _numbers_rows(column, kind)]
    for columns, why in (
        (several, "people of different names share"),
        (foreign, f"people with numbers of their own in {', '.join(draft.key)} share"),
        (each, "one person has several numbers of"),
        (own, "rows may have a number of their own in"),
    ):
        told = [draft.names[column.address] for column in columns if _identifier_type(column, kind, "") is not None]
        if told:
            draft.doubts.append(f"{why} {', '.join(told)}: it does not say who a row is about")
    return {column.address for column in (*nobodys, *each, *own)}


def _numbers_rows(column: Column, kind: str | None) -> bool:
    """Whether a number in another system, of which nothing says whose it is, is that of the row."""
    bare = len(column.words.split()) == 2  # external id, and no more
    return bare and column.values.filled > 0 and (kind in _WITH_NUMBERS or (kind == "events" and column.values.unique))


def _some_are_words(draft: Draft, column: Column) -> bool:
    """Whether words stand among numbers again and again, such as *cash* where nobody is known."""
    texts = [text for text in draft.sample.columns[column.address] if text]
    without = [text for text in texts if not any(map(str.isdigit, text))]
    return len(without) > len(set(without)) and 10 * len(set(without)) <= len(set(texts))


def _identifier_type(column: Column, kind: str | None, named: str) -> str | None:
    role = column.role
    if role == "device_id" and kind != "events":
        return None  # a till
    if role in ("email", "phone", "anonymous_id", "device_id", "click_id", "lead_id", "loyalty_number", "external_id"):
        return role
    if role == "person_id" and kind == "interactions" and re.search(r"\buser id$", column.words):
        return None  # who answered the telephone
    if role == "person_id":
        return "user_id" if re.search(r"\b(user|requester|submitter) ?id$", column.words) else "customer_number"
    if role == "id" and kind == PEOPLE:
        return "user_id" if re.search(r"\busers?$", named) else "customer_number"
    if role == "number" and kind == "orders":
        return "order_number"
    if role == "order_id" and kind in ("orders", "lines", "refunds", "survey_responses"):
        return "order_number"
    return None


def other_party(draft: Draft) -> str | None:
    """Of two telephone numbers that are both the house's at times, the other one: by the direction of the call."""
    direction = draft.of("direction")
    both = [each for each in draft.columns if "phone" in (*each.values.looks, *phrases.meanings(each.words))]
    if direction is None or draft.of("phone") is not None or len(both) != 2:
        return None
    cases = []
    for way in sorted(draft.texts(direction)):
        numbers: list[set[str | None]] = [set(), set()]
        texts = [draft.sample.columns[each.address] for each in (direction, *both)]
        for said, *row in zip(*texts, strict=True):
            for place, number in enumerate(row if (said or "").strip().casefold() == way else ()):
                numbers[place].add(number)
        fewer, more = sorted(numbers, key=len)
        if len(more) < 2 * len(fewer):
            return None
        cases.append(f"when {quoted(way)} then {unguarded(draft, both[numbers.index(more)])}")
    told = "which of two telephone numbers is the person's is told by the direction of the call (`other_party`)"
    draft.doubt(told)
    return draft.derived("other_party", f"case lower(trim({draft.expression(direction)})) {' '.join(cases)} end")
