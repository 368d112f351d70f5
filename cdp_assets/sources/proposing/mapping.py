"""From roles to a stream's definition: key, times, and the canonical tables that it feeds.

Belongs here: what rows of each kind become. Does not belong here: telling the kind (`kinds.py`), by what people are
known (`identifying.py`), and whether the result is sound (`propose.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, cast

from cdp_assets.sources.proposing import commerce, consent, consent_headings, consent_log, deals, headings, phrases
from cdp_assets.sources.proposing.answers import is_so
from cdp_assets.sources.proposing.beside import both
from cdp_assets.sources.proposing.changes import OPERATION, OPERATIONS, REMOVED, Log
from cdp_assets.sources.proposing.draft import Draft, Map, among, quoted, telling_apart, telling_more, together
from cdp_assets.sources.proposing.engagements import engagements
from cdp_assets.sources.proposing.file_names import file_words
from cdp_assets.sources.proposing.identifying import NUMBERS_OF_PEOPLE, PEOPLE, identifiers, other_party
from cdp_assets.sources.proposing.line_keys import key_of_lines
from cdp_assets.sources.proposing.naming import named_in_addresses, names_of_whoever_serves
from cdp_assets.sources.proposing.people import named, person
from cdp_assets.sources.proposing.phrases import words_of
from cdp_assets.sources.proposing.receipts import beside_number
from cdp_assets.sources.proposing.returns import refunds
from cdp_assets.sources.proposing.roles import NUMBERING_PEOPLE, Column
from cdp_assets.sources.proposing.subscribing import subscriptions
from cdp_assets.sources.proposing.whose import numbers_of_rows
from cdp_assets.warehouse.sql_parsing import plain_name

_ENOUGH = 20
"""So many rows have to differ before a column is believed to tell them apart, without a name that says so."""

_TELLING_LETTERS = 3
"""So many letters of a word stand for it."""

_UPDATED = frozenset({"contacts", "tickets", "opportunities", "accounts", "orders", "subscriptions"})
"""Kinds whose rows change after they were made."""

_DONE_BY_PEOPLE = frozenset({
    "events", "engagements", "tickets", "interactions", "survey_responses", "loyalty", "subscriptions", "refunds",
})  # fmt: skip
"""Kinds whose rows are something that people did, and may name."""

_SAYING_NOTHING = frozenset({None, "products", "accounts", "consents"})
"""Kinds whose rows say nothing of whether a person wants advertising, or nothing else."""

_DELETED = re.compile(r"((cdc|fivetran|airbyte|ab|sdc|dbt|dlt|stitch|meta|record|row|is|was|soft) )*deleted( flag)?")
_DELETED_AT = re.compile(r"(\w+ )*(deleted (at|on|date|time)|(date|time) deleted|deletion (date|time)|deleted at utc)")
"""What tools that copy tables call what marks rows that are not there any more."""

_TRIED = re.compile(r"is (a )?test( \w+)?|test (lead|contact|customer|user|order|record)")
"""What is called what marks rows that somebody made only to try something out."""


def stream_of(draft: Draft, kind: str | None, name: str) -> dict[str, Any]:
    """The fields of a stream for a file of some kind; without maps if nothing is known of it."""
    log = draft.sample.log
    key = draft.key = [draft.names[each] for each in log.key] if log is not None else _key(draft, kind)
    if kind != PEOPLE:
        draft.columns = _without_names_of_whoever_serves(draft)
    if kind == PEOPLE:
        draft.columns = [_numbered_as_people(draft, column) for column in draft.columns]
        if any([draft.names[each.address]] == key and each.role is None for each in draft.columns):
            draft.doubts.append(f"{key[0]} is taken for what numbers rows, since no two have the same")
    elif kind in _DONE_BY_PEOPLE:
        draft.columns = _with_names_of_people(draft)
    elif kind == "lines":
        draft.columns = _with_names_of_articles(draft)
    maps = list(_MAPS[kind](draft)) if kind is not None else []
    if kind in ("events", PEOPLE):
        _tell_amounts(draft)
    times = _times_of(draft, kind)
    if kind not in _SAYING_NOTHING:
        at = None if kind == PEOPLE else draft.sql(*times)
        maps += consent.marketing(draft, people=kind == PEOPLE, at=at, changing=kind in _UPDATED)
    event_time = draft.name_of_time(*times)
    updated = draft.name_of_time("updated_at") if kind in _UPDATED and key else None
    linked = kind == PEOPLE and bool(key) and _are_linked(draft, key)
    people = kind == PEOPLE and bool(key) and not linked and _are_people(draft, key)
    whole = updated is None and (people or linked or kind in ("products", "accounts"))
    deleted = None
    if log is not None:
        updated = None if log.changed_at is None else draft.name_of(log.changed_at)
        deleted, whole = _removed(draft, log), False
    elif key and (kind in _UPDATED or kind == "products"):
        deleted = _deleted(draft)
    load = "upsert" if key and (updated is not None or whole or deleted is not None) else "append"
    if load == "upsert" and whole:
        draft.doubts.append("who is missing from the next file stays; if each file is the whole list: `load: snapshot`")
    fields = {"name": name, "files": "", "format": draft.sample.format, "load": load} | draft.sample.layout({})
    if draft.zone is not None:
        fields["zone"] = draft.zone
    if key:
        fields["key"] = key
        if draft.key_repeats:
            fields["key_repeats"] = True
    elif kind is not None:
        draft.doubts.append("nothing tells its rows apart, so each one counts, even if it comes again")
    if updated is not None:
        fields["updated_at"] = updated
    if event_time is not None:
        fields["event_time"] = event_time
    if draft.delivered_at is not None:
        fields["delivered_at"] = draft.delivered_at
    if deleted is not None:
        fields["deleted"] = deleted
    if people:
        fields["person"] = True
    fields["columns"] = {}
    known_by = [_of_nobody_tried(draft, each) for each in identifiers(draft, kind)]
    if not (known_by or people):
        maps = [map_ for map_ in maps if map_["to"] != "consents" or "contact_point" in map_["set"]]
    if draft.derive:
        fields["derive"] = draft.derive
    if known_by:
        fields["identifiers"] = known_by
    if maps:
        fields["maps"] = maps
    return fields


def _tell_amounts(draft: Draft) -> None:
    """Say which amount of rows with a time is none of an order, as they are taken for something else."""
    paid, at = draft.of("gross", "net", "amount", "line_total"), draft.of("created_at", "happened_at")
    if paid is not None and at is not None and paid.values.filled and at.values.filled:
        draft.doubts.append(f"{draft.names[paid.address]} feeds no table: if rows are sales, map them into `orders`")


_EVENT_TIMES: dict[str, tuple[str, ...]] = {
    "contacts": ("updated_at", "created_at"),
    "products": (),
    "consents": ("consented_at", "happened_at", "created_at", "updated_at"),
    "events": ("happened_at", "created_at", "received_at", "started_at"),
    "tickets": ("created_at", "happened_at"),
    "opportunities": ("created_at", "happened_at"),
    "accounts": ("created_at",),
    "subscriptions": ("started_at", "created_at", "happened_at"),
    "interactions": ("started_at", "created_at", "happened_at"),
    "orders": ("created_at", "happened_at"),
    "lines": ("created_at", "happened_at"),
}


def _times_of(draft: Draft, kind: str | None) -> tuple[str, ...]:
    """The roles of when a row's fact happened, the most telling first: what was booked happens when it starts."""
    times = _EVENT_TIMES.get(kind or "", ("happened_at", "created_at", "updated_at"))
    booked = kind == "events" and phrases.called(draft.sample.named, "appointments")
    return ("happened_at", "started_at", "created_at", "received_at") if booked else times


def _numbered_as_people(draft: Draft, column: Column) -> Column:
    """The key as the number of a person if it is called as the file of people is: ``kun_id`` of *kunden*."""
    if column.role is not None or [draft.names[column.address]] != draft.key or not phrases.is_number(column.words):
        return column
    said, files = headings.subject(column.words), draft.sample.named.split()
    mine = len(said) >= _TELLING_LETTERS and any(
        word.startswith(said) and phrases.called(word, "people") for word in files
    )
    return replace(column, role="person_id") if mine else column


def _without_names_of_whoever_serves(draft: Draft) -> Sequence[Column]:
    """The columns without the names of those who serve the people of many rows."""
    found = names_of_whoever_serves(draft.columns, draft.sample.columns)
    draft.doubts += [
        f"{draft.names[each.address]} stands beside many different people: it is nobody's name" for each in found
    ]
    return [replace(each, role=None) if each in found else each for each in draft.columns]


def _with_names_of_people(draft: Draft) -> Sequence[Column]:
    """The columns with the names of whose addresses stand beside them, where nothing else names them."""
    found = named_in_addresses(draft.columns, draft.sample.columns)
    if found is None:
        return draft.columns
    name = draft.names[found.address]
    draft.doubts.append(f"{name} is taken for the name of a person, since addresses beside it have words of it")
    return [replace(each, role="full_name") if each is found else each for each in draft.columns]


def _with_names_of_articles(draft: Draft) -> Sequence[Column]:
    """The columns of lines with a mere *name* as that of what was sold: nothing else names it, and nobody is known by
    the rows, or each article has one name.
    """
    name, article = draft.of("name"), draft.of("sku")
    if name is None or draft.of("product_name", "description") is not None:
        return draft.columns
    if draft.of("email", "phone", "family_name", "full_name", *NUMBERING_PEOPLE) is not None:
        named = article and {*both(draft.sample.columns[article.address], draft.sample.columns[name.address])}
        if article is None or not article.values.repeated or len(named or ()) > article.values.distinct:
            return draft.columns
    return [replace(each, role="product_name") if each is name else each for each in draft.columns]


def _deleted(draft: Draft) -> str | None:
    """A condition for rows that are marked as deleted; None if none can be."""
    for _, condition in deletions(draft):
        draft.doubts.append(f"rows are taken for deleted where {condition}")
        return condition
    return None


def deletions(draft: Draft) -> Iterator[tuple[Column, str]]:
    """Columns that mark rows as deleted, each with a condition for those that are."""
    for column in draft.columns:
        name, values = plain_name(draft.names[column.address]), column.values
        words = words_of(draft.names[column.address])  # without what all of an answer stands in
        if (_DELETED.fullmatch(words) or _TRIED.fullmatch(words)) and values.type in ("boolean", "integer"):
            yield column, is_so(name, column)
        # Of a text, who knows whether it stands for none.
        elif _DELETED_AT.fullmatch(words) and (values.type in ("date", "timestamp") or not values.filled):
            yield column, f"{name} is not null"
        elif OPERATION.fullmatch(words) and values.filled and draft.texts(column) <= OPERATIONS:
            yield column, _removes(name)


def _of_nobody_tried(draft: Draft, found: dict[str, str]) -> dict[str, str]:
    """An identifier but for rows that somebody made only to try something out: those are nobody's."""
    tried = [
        is_so(plain_name(draft.names[column.address]), column)
        for column in draft.columns
        if _TRIED.fullmatch(column.words) and column.values.type in ("boolean", "integer")
    ]
    if not tried:
        return found
    return found | {"value": f"case when not coalesce({' or '.join(tried)}, false) then {found['value']} end"}


def _removed(draft: Draft, log: Log) -> str:
    """A condition for rows of a log that take a record away."""
    condition = _removes(plain_name(draft.names[log.operation]))
    draft.doubts.append(
        f"it is taken for a log of changes: of the rows with the same {' and '.join(draft.key)} the last one counts, "
        f"and takes the record away where {condition}"
    )
    return condition


def _removes(name: str) -> str:
    return f"lower({name}) in ({', '.join(quoted(word) for word in REMOVED)})"


def _key(draft: Draft, kind: str | None) -> list[str]:
    """What tells rows apart: an id that is unique in the sample, or a few that are together."""
    own = _OWN_NUMBERS.get(kind or "", "id")
    roles = ("id", "message_id", own)
    for role in roles:
        column = draft.of(role)
        if column is not None and column.values.unique:
            return [draft.names[column.address]]
    order = draft.of("order_id") if kind in ("orders", "lines") else None
    day, places = beside_number(draft, order) if order is not None else (None, [])
    slip = (*([day] if day is not None and places else ()), *places, order)
    if kind == "orders" and places:
        return telling_apart(draft, *slip)
    if kind == "lines":
        return key_of_lines(draft, slip, day, list(_numbers(draft, kind)))
    # Of several numbers people are known by one of theirs, before one of which nothing says what it is of.
    number = next(iter(sorted(_numbers(draft, kind), key=lambda each: kind == PEOPLE and each.role is None)), None)
    if number is not None:
        return [draft.names[number.address]]
    if kind == PEOPLE:
        coded = _code(draft)
        if coded is not None:
            name = draft.names[coded.address]
            draft.doubts.append(f"{name} is taken for the number of a person, since no two rows have the same")
            number = replace(coded, role="person_id", values=replace(coded.values, type="string"))
            draft.columns = [number if each is coded else each for each in draft.columns]
            return [name]
        column = draft.of("email")
        # Who wants no advertising may be told by a telephone alone in the next file.
        whole = draft.of("phone") is None or not consent_headings.is_of_refusals(draft.sample.named)
        if whole and column is not None and column.values.unique and column.address not in draft.sample.firsts:
            draft.doubts.append("people have no number here: their e-mail address is the key")
            return [draft.names[column.address]]
    if kind == "consents" and draft.of("consented_at", "withdrawn_at", *_EVENT_TIMES["consents"]) is None:
        about = [
            draft.of("anything", "email", "phone", *NUMBERING_PEOPLE),
            draft.of("purpose"),
            draft.of("consent_channel", "channel"),
        ]
        return telling_apart(draft, *(column for column in about if column is not None))
    if kind == "engagements" and draft.of("action") is not None:
        return telling_apart(
            draft, draft.of("campaign_id", "campaign"), draft.of("person_id", "email"), draft.of("action")
        )
    return []


def _numbers(draft: Draft, kind: str | None) -> Iterator[Column]:
    """The columns whose headings say that they number rows, and that have another number in each."""
    rows = [] if kind == PEOPLE else numbers_of_rows(draft.columns)
    own = {
        _OWN_NUMBERS.get(kind or "", "id"),
        *(("opportunity_id",) if kind == "orders" else ()),
    }  # dealers close deals
    others = _NUMBERS_OF_OTHERS - own if kind is not None else frozenset()
    if kind == "lines" and any(each.values.repeated for each in draft.all_of("order_id")):
        others -= {"person_id"}  # who takes part
    elif kind == PEOPLE and any(each.values.repeated for each in draft.all_of("person_id")):
        others -= {"subscription_id"}  # of which somebody has several
    for column in draft.columns:
        if not column.values.unique or not headings.is_number_of_row(column.words) or _in_words(draft, column):
            continue
        if kind in (PEOPLE, "orders") and headings.is_of_a_thing(column.words):
            continue  # its next owner is somebody else
        if kind != "accounts" and headings.is_shared(column.words):
            continue
        if "rounded" in column.values.looks:
            continue  # other rows may have been other numbers
        if column in rows or column.role not in others or (kind == "events" and _numbers_the_files_rows(draft, column)):
            yield column


def _numbers_the_files_rows(draft: Draft, column: Column) -> bool:
    """Whether a number is one of what the file is called: an *Appointment ID* in *appointments*."""
    subject = headings.subject(column.words)
    return any(headings.are_one_word(subject, word) for word in draft.sample.named.split())


def _in_words(draft: Draft, column: Column) -> bool:
    """Whether a column called a name holds some, rather than numbers as ``#1001``."""
    texts = filter(None, draft.sample.columns[column.address])
    return column.words.split()[-1:] == ["name"] and not all(any(map(str.isdigit, text)) for text in texts)


_OWN_NUMBERS = {
    "orders": "order_id",
    "tickets": "ticket_id",
    "opportunities": "opportunity_id",
    "subscriptions": "subscription_id",
    "events": "message_id",
    "refunds": "refund_id",
    "contacts": "person_id",
    "loyalty": "id",
    "products": "sku",
}
"""Kind → the role of the number of its rows."""

_NUMBERS_OF_OTHERS = {
    *_OWN_NUMBERS.values(), "phone", "postal_code", "account_id", "parent_id", "name", "given_name", "family_name",
    "full_name", "company",
} - {"id"}  # fmt: skip
"""Roles that tell rows of one kind apart, and rows of others only as long as there is one of each."""


_DESCRIBING = ("birth_date", "gender", "given_name", "family_name", "postal_code", "city")
"""Roles of what is known of people, beside how to reach them, and seldom told with what they did."""


def _are_linked(draft: Draft, key: list[str]) -> bool:
    """Whether rows are about people whom another file lists, such as what they belong to, and number themselves."""
    return any(
        draft.names[column.address] not in key
        and (column.values.repeated or not headings.is_number_of_row(column.words))
        for column in draft.columns
        if column.address in draft.joined
    )


def _are_people(draft: Draft, key: list[str]) -> bool:
    """Whether rows are people, maybe the same several times, rather than something that they did."""
    if draft.of(*_DESCRIBING) is not None:
        return True
    if any(draft.names[column.address] in key and column.role in NUMBERS_OF_PEOPLE for column in draft.columns):
        return True
    return not _come_again(draft) and draft.of("full_name", "company", "opt_in", "opt_out") is not None


def _come_again(draft: Draft) -> bool:
    """Whether several rows can be reached by the same address or number."""
    return any(column.values.repeated for role in ("email", "phone") for column in draft.all_of(role))


def _code(draft: Draft) -> Column | None:
    """A column whose values look like numbers that somebody gave out to people, whatever it is called.

    None where people have a number already, or come again with other ones; and no plain numbers of different lengths,
    which may be amounts: who has the same number is the same person.
    """
    numbered = draft.of("person_id", "id", "lead_id", "external_id", "loyalty_number", "order_id") is not None
    if numbered or _come_again(draft):
        return None
    for column in draft.columns:
        values = column.values
        texts = {text for text in draft.sample.columns[column.address] if text}
        alike = len({len(text) for text in texts}) == 1 or not all(text.isdigit() for text in texts)
        if headings.is_of_a_thing(column.words):
            continue
        if column.role is None and values.unique and values.rows >= _ENOUGH and "code" in values.looks and alike:
            return column
    return None


def _subscriptions(draft: Draft) -> Iterator[Map]:
    found = list(subscriptions(draft))
    told = draft.given(plan=draft.sql("plan", "plan_id", "product_name"))
    yield from (map_ | {"set": map_["set"] | told} for map_ in found if map_["to"] == "subscriptions")
    if found:
        yield from person(draft)


def _tickets(draft: Draft) -> Iterator[Map]:
    status = draft.sql("status")
    values = draft.given(
        ticket_id=draft.sql("ticket_id", "id"),
        opened_at=draft.sql("created_at", "happened_at"),
        resolved_at=draft.sql("resolved_at"),
        topic=_first_tag(draft),
        priority=draft.sql("priority"),
        subject=draft.sql("subject"),
        satisfaction=draft.sql("satisfaction", "score"),
    )
    if status is not None:
        column = cast(Column, draft.of("status"))
        resolved, open_ = among(draft, column, "resolved", seen=True), among(draft, column, "open", seen=True)
        values["status"] = f"case when {resolved} then 'resolved' when {open_} then 'open' else lower({status}) end"
    yield {"to": "tickets", "set": values}
    yield from named(draft)


def _first_tag(draft: Draft) -> str | None:
    """What something is about: the first of its tags."""
    tags = draft.of("tags")
    if tags is None or tags.values.type != "json":
        return draft.sql("tags")
    path = "$[0]" if "texts" in tags.values.looks else "$[0].name"
    return f"json_extract_string({draft.expression(tags)}, '{path}')"


def _interactions(draft: Draft) -> Iterator[Map]:
    written = draft.of("notes") is not None and draft.of("duration") is None
    kind = "chat" if written or phrases.called(words_of(draft.sample.path.stem), "chats") else "call"
    values = draft.given(
        direction=_direction(draft),
        occurred_at=draft.sql("started_at", "created_at", "happened_at"),
        duration_seconds=draft.sql("duration"),
        topic=_first_tag(draft) or draft.sql("reason"),
        body=draft.sql("notes", "comment"),
    )
    yield {"to": "interactions", "set": {"kind": f"'{kind}'", **values}}
    yield from person(draft)
    if (party := other_party(draft)) is not None:
        yield {"to": "contact_points", "set": {"kind": "'phone'", "value": party}}


def _direction(draft: Draft) -> str | None:
    """Which way something went, as `interactions` calls it."""
    column = draft.of("direction")
    if column is None or draft.texts(column) <= {"inbound", "outbound"}:
        return draft.sql("direction")
    cases = " ".join(f"when {among(draft, column, way, seen=True)} then '{way}'" for way in ("inbound", "outbound"))
    return f"case {cases} end"


def _surveys(draft: Draft) -> Iterator[Map]:
    values = draft.given(
        survey=draft.sql("survey") or "'survey'",
        score=draft.sql("score"),
        comment=draft.sql("comment", "notes"),
        responded_at=draft.sql("happened_at", "created_at", "received_at"),
    )
    yield {"to": "survey_responses", "set": values}
    yield from (map_ for map_ in person(draft) if map_["to"] == "contacts")


def _events(draft: Draft) -> Iterator[Map]:
    type_ = draft.of("type")
    if type_ is not None and len(draft.texts(type_)) < 2:
        type_ = None  # it says the same of every row
    name, kind = draft.sql("event_name", "action"), draft.expression(type_) if type_ is not None else None
    values = draft.given(
        event_id=plain_name(draft.key[0]) if draft.key else draft.sql("message_id", "id"),
        event_name=f"coalesce({name}, {kind})" if name and kind else name or kind or _only_event(draft),
        occurred_at=draft.sql(*_times_of(draft, "events")),
        received_at=draft.sql("received_at"),
        page_url=draft.sql("page_url"),
        referrer=draft.sql("referrer"),
        utm_source=draft.sql("utm_source"),
        utm_medium=draft.sql("utm_medium"),
        utm_campaign=draft.sql("utm_campaign"),
        utm_term=draft.sql("utm_term"),
        utm_content=draft.sql("utm_content"),
        click_id=draft.sql("click_id"),
        session_id=draft.sql("session_id"),
        device_type=draft.sql("device_type"),
        locale=draft.sql("language"),
        network=draft.sql("ip"),
        place=_place(draft),
        properties=draft.sql("properties"),
    )
    if "event_id" not in values and "occurred_at" in values:
        roles = ("anonymous_id", "person_id", "email", "loyalty_number", "phone", "device_id")
        who = [who for role in roles if (who := draft.of(role)) is not None]
        at = draft.of(*_times_of(draft, "events"))
        told = [column for column in (at, draft.of("event_name", "action"), type_, *who) if column is not None]
        parts = [f"cast({values['occurred_at']} as varchar)", values["event_name"]]
        values["event_id"] = together(parts, map(draft.expression, (*who, *telling_more(draft, told))))
    yield {"to": "events", "set": values}
    yield from _renamed(draft, kind)
    identified = type_ is not None and "identify" in draft.texts(type_) and draft.of("family_name") is not None
    condition = f"{kind} = 'identify'" if identified else None
    wanted = ("contacts",) if draft.of(*phrases.NAMES) is not None else ()
    yield from (
        map_ for map_ in person(draft, where=condition) if map_["to"] in wanted or map_["set"].get("kind") == "'email'"
    )
    if not wanted:
        yield from named(draft)


def _only_event(draft: Draft) -> str:
    """The name of events where no column has one: of pages that were seen, or that of the file."""
    if draft.of("page_url") is not None:
        return "'page'"
    name = "_".join(file_words(draft.sample.path))
    draft.doubts.append(f"rows are taken for something that people did, again and again: an event named {name}")
    return quoted(name)


def _place(draft: Draft) -> str | None:
    """Where an event came from, by its network."""
    located = [column for column in draft.columns if re.search(r"\b(geo|location)\b", column.words)]
    parts = [
        plain_name(draft.names[column.address])
        for role in ("country", "city")
        for column in located
        if column.role == role
    ]
    return " || '/' || ".join(parts[:2]) or None


def _renamed(draft: Draft, kind: str | None) -> Iterator[Map]:
    """What Segment calls `alias` and `group`, where events can be told apart by their type."""
    before, now, group = draft.sql("previous_id"), draft.sql("person_id"), draft.sql("group_id")
    at = draft.sql("happened_at", "created_at", "received_at")
    if before and now and at:
        values = {"identifier_type": "'user_id'", "old_value": before, "new_value": now, "occurred_at": at}
        yield {"to": "identifier_aliases", "where": f"{before} is not null", "set": values}
    if group and kind:
        told = draft.given(
            account_id=group,
            account_name=draft.sql("company", "name"),
            industry=draft.sql("industry"),
            employees=draft.sql("employees"),
        )
        yield {"to": "accounts", "where": f"{kind} = 'group' and {group} is not null", "id": group, "set": told}


_MAPS: dict[str, Callable[[Draft], Iterator[Map]]] = {
    "contacts": person,
    "orders": commerce.orders,
    "lines": commerce.lines,
    "products": commerce.products,
    "refunds": refunds,
    "subscriptions": _subscriptions,
    "opportunities": deals.opportunities,
    "accounts": deals.accounts,
    "loyalty": commerce.loyalty,
    "tickets": _tickets,
    "interactions": _interactions,
    "survey_responses": _surveys,
    "engagements": engagements,
    "events": _events,
    "consents": consent_log.words,
}
