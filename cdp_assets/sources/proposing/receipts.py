"""What tells orders apart: their number, with the till, the shop or the day where numbers come again there.

Belongs here: by what an order is known. Does not belong here: what orders say (`commerce.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from cdp_assets.sources.proposing import headings
from cdp_assets.sources.proposing.beside import beside, both, stands_beside_several
from cdp_assets.sources.proposing.draft import Draft, telling_more, together, unguarded
from cdp_assets.sources.proposing.roles import Column
from cdp_assets.sources.proposing.whose import several_people
from cdp_assets.warehouse.sql_parsing import plain_name

_COUNTED = re.compile(r"#?\d{1,6}")
"""A number that is short enough for a till to have counted to it."""


def without_gaps(draft: Draft) -> None:
    """Take the role from numbers of orders that some rows lack, where another number tells every row apart."""
    order = draft.of("order_id")
    if order is None or not draft.key or order.values.repeated or order.values.filled == order.values.rows:
        return
    draft.doubts.append(f"{draft.names[order.address]} is blank in some rows: orders are not known by it")
    draft.columns = [replace(each, role=None) if each is order else each for each in draft.columns]


def made_up(draft: Draft, placed: str) -> str | None:
    """A number for orders that have none: when, and who, with what else tells rows apart, such as those of nobody."""
    who, at = draft.of("person_id", "email"), draft.of("created_at", "started_at", "happened_at")
    if who is None or at is None:
        return None
    more = list(telling_more(draft, (at, who)))
    also = ", ".join(draft.names[column.address] for column in more)
    known_by = f"who, when and {also} stand" if more else "who and when stand"
    draft.doubts.append(f"orders have no number here: {known_by} for it, and each row is one (`order_number`)")
    parts = map(draft.expression, (who, *more))
    return draft.derived("order_number", together([f"cast({placed} as varchar)"], parts))


def receipt(draft: Draft, order: Column) -> tuple[str, list[str]]:
    """What tells orders apart, and the columns of it: each till begins with number 1, and some do each day."""
    number, name = unguarded(draft, order), draft.names[order.address]
    texts, parts, known_by = list(draft.sample.columns[order.address]), [number], ["number"]
    day, places = beside_number(draft, order)
    for place in places:
        parts.insert(0, f"cast({plain_name(draft.names[place.address])} as varchar)")
        known_by.append(draft.names[place.address])
        texts = beside(texts, draft.sample.columns[place.address])
    if day is not None:
        at = plain_name(draft.names[day.address])
        parts.insert(0, f"cast({at if day.values.type == 'date' else f'cast({at} as date)'} as varchar)")
        known_by.append("day")
        texts = beside(texts, _days(draft.sample.columns[day.address]))
    draft.numbers = texts
    draft.crowded = several_people(texts, draft.columns, draft.sample.columns)
    if draft.crowded:
        draft.doubts.append(f"rows of one {name} are of different people: nobody is known by it")
    if len(parts) == 1:
        return number, [name]
    why = "comes again on other days" if not places else "comes again in other rows"
    if _till(places) is not None:
        why = "is counted at each till"
    draft.doubts.append(f"{name} {why}, so that an order is known by {' and '.join(known_by)} (`receipt`)")
    draft.receipt = draft.derived("receipt", " || '-' || ".join(parts))
    return draft.receipt, [draft.receipt]


def beside_number(draft: Draft, order: Column) -> tuple[Column | None, list[Column]]:
    """What tells apart orders of one number: the day, if it does, and shops or tills."""
    texts, places = list(draft.sample.columns[order.address]), _places_of(draft, order)
    for place in places:
        texts = beside(texts, draft.sample.columns[place.address])
    day = draft.of("created_at", "happened_at")
    if day is None or day.values.type not in ("date", "timestamp"):
        return None, places
    again = _comes_on_other_days(texts, draft.sample.columns[day.address], day.values.type)
    return day if again or _till(places) is not None else None, places


def _places_of(draft: Draft, order: Column) -> list[Column]:
    """The shops or tills that give out the same numbers: columns of which many a number has several values, and all of
    them where one is a till and numbers are short, whatever a sample shows: each till counts for itself.
    """
    found, numbers = [], list(draft.sample.columns[order.address])
    places = [column for column in draft.columns if _is_place(column)]
    if _till(places) is not None and all(_COUNTED.fullmatch(number) for number in numbers if number):
        return places
    for column in places if order.values.repeated else ():
        texts = draft.sample.columns[column.address]
        if stands_beside_several(numbers, texts):
            found.append(column)
            numbers = beside(numbers, texts)
    return found


def _is_place(column: Column) -> bool:
    """Whether a column says of each row in which of a few shops, or at which till, something was sold."""
    values = column.values
    whole = values.filled == values.rows and 1 < values.distinct * 3 <= values.rows
    return whole and headings.is_of_place(column.words)


def _till(places: Sequence[Column]) -> Column | None:
    return next((column for column in places if headings.is_of_till(column.words)), None)


def _comes_on_other_days(numbers: Sequence[str | None], times: Sequence[str | None], type_: str) -> bool:
    """Whether numbers begin anew each day, and not only a few come again for a return."""
    days: dict[str, set[str]] = {}
    for each, at in both(numbers, _days(times) if type_ == "timestamp" else times):
        days.setdefault(each, set()).add(at)
    again = sum(len(found) > 1 for found in days.values())
    return again * (10 if type_ == "date" else 2) >= len(days)


def _days(times: Sequence[str | None]) -> list[str | None]:
    return [re.split("[ T,]", text)[0] if text else None for text in times]
