"""Flags on records of people, or on what they did, become rows of `consents`.

Belongs here: columns that say who wants advertising, and doubts about those that may. Does not belong here: what cells
say of consent (`answers.py`), by which channel and since when (`flags.py`), and logs, a row a word (`consent_log.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from cdp_assets.sources.proposing import cells, consent_headings, headings, phrases
from cdp_assets.sources.proposing.answers import DENYING, GRANTING, LEAVING, answer_of, known_answers
from cdp_assets.sources.proposing.columns import says_channels
from cdp_assets.sources.proposing.consent_log import all_refused, channel_of, tells_each
from cdp_assets.sources.proposing.consent_words import (
    WHEN,
    WITHDRAWN,
    has_addresses,
    is_known_otherwise,
    of_everything,
    reached,
    refused_at,
    word,
)
from cdp_assets.sources.proposing.draft import Draft, Map, among, first_of, of_its_languages, only_where, quoted
from cdp_assets.sources.proposing.flags import (
    alike,
    changed,
    channels_granted,
    channels_refused,
    end_of,
    points_permitting,
    points_refusing,
    time_of_change,
    when,
)
from cdp_assets.sources.proposing.roles import SOLD_OR_ASKED, Column
from cdp_assets.warehouse.sql_parsing import plain_name

MAY_SAY_WHO_WANTS_IT = "may say who wants advertising: it is left out"
"""What a doubt says of columns that may be of consent, and are not understood."""
_SPEAKING = frozenset({"answer", "opt_in", "opt_out", "withdrawn_at", "consented_at"})
_SAYING = frozenset({"opt_in", "opt_out", "withdrawn_at"})
_NOT_SPELLING = frozenset({"action", "answer"})
"""Roles of columns whose words of refusal are read otherwise."""
_SAYING_NOTHING = ("", "[]", "{}", "0", "null", "none", "-")
"""Cells of columns that may refuse, of whom they say nothing."""
_MOST_CODES = 6
"""So many states in numbers consent has at most."""
_LISTED = re.compile(r"[. ]*(?:[;,|/]\s*|$)")
"""What stands between words of a list, and after the last one."""
_MESSAGE = re.compile(r"\b(message|body)$")


def marketing(draft: Draft, *, people: bool, at: str | None, changing: bool) -> Iterator[Map]:
    """Maps of the columns that say yes or no to advertising by e-mail or by text message.

    A yes is taken for a flag stamped by the export, which never overrides what the person has said somewhere else, and
    so is a no; that somebody has unsubscribed is taken for their word, and so is the time at which they did. A refusal
    is for each address of a row, and a yes for the first.

    Args:
        draft: The draft.
        people: Whether rows are people, rather than what they did.
        at: When it was done, as an expression; None where rows are people, or nothing says so.
        changing: Whether rows change after they were made, so that a refusal is not as old as they are.
    """
    states = _states_of_subscribers(draft) if people else []
    times = _times_of_leaving(draft, states, people=people)
    said = list(_said(draft, states, times, at, None if changing else at, people=people))
    if people and not draft.all_of("opt_in") and not any(map_["set"]["status"] == "'granted'" for map_ in said):
        said += _opted_in(draft)
    granted = [map_ for map_ in said if map_["set"]["status"] == "'granted'"]
    for column, condition in (_withheld(draft, times, people=people) if granted else {}).items():
        for map_ in granted:
            if _may_be_by(column, map_):
                map_["where"] += f" and {condition}"
    yield from said


def _opted_in(draft: Draft) -> Iterator[Map]:
    """Whom a time of opting in is told of permits what it names since then, where nothing else says who does."""
    for column in _filled(draft.all_of("consented_at")) if tells_each(draft) else ():
        if consent_headings.is_of_opting_in(column.words):
            opted_at = draft.expression(column)
            draft.doubts.append(f"{draft.names[column.address]} is taken for when advertising was consented to")
            yield from _grants(draft, column, opted_at, f"{opted_at} is not null")


def _may_be_by(column: Column, map_: Map) -> bool:
    """Whether a column that may refuse names no channel, or that of a map."""
    channels = consent_headings.channels_said(column.words)
    return not channels or map_["set"]["channel"].strip("'") in channels


def _said(
    draft: Draft,
    states: Sequence[Column],
    times: Sequence[Column],
    at: str | None,
    done_at: str | None,
    *,
    people: bool,
) -> Iterator[Map]:
    """The maps of all that a file says.

    Args:
        draft: The draft.
        states: The columns that say who subscribes, and are not called consent.
        times: The columns with times at which somebody left.
        at: As above.
        done_at: The same where what was done does not change.
        people: As above.
    """
    for time in times:
        yield from _withdrawn(draft, time)
    if not states and not tells_each(draft):
        yield from all_refused(draft, *(draft.all_of("email") if not times else ()), *draft.all_of("phone"))
    by = next((each for each in draft.columns if says_channels(each, draft.sample.columns)), None)
    for column in (*draft.all_of("opt_in"), *draft.all_of("opt_out"), *states):
        if not column.values.filled:
            continue
        if not (reached(draft, "email") or reached(draft, "phone") or is_known_otherwise(draft)):
            name = draft.names[column.address]
            draft.doubts.append(f"{name} says who wants advertising, but there is no address that `consents` needs")
            continue
        # Members are active too.
        granting = ("granted",) if column in states and not _are_letters(draft) else GRANTING
        yield from _flagged(draft, column, granting, by, times, at, done_at, people=people)
    _doubt_of_plain_flags(draft)
    yield from _spelled_out(draft, states, times, done_at, None if people else by)
    yield from _answered(draft, at)


def _doubt_of_plain_flags(draft: Draft) -> None:
    """Tell of a flag that says of nothing what it is for, beside one that does: it may be of confirming, or of what
    others offer, and a no is heard all the same.
    """
    flags = _filled(draft.all_of("opt_in"))
    telling = [each for each in flags if consent_headings.is_of_advertising(each.words)]
    for column in flags if telling else ():
        if column not in telling and not consent_headings.channels_said(column.words):
            names = ", ".join(draft.names[each.address] for each in telling)
            told = f"{draft.names[column.address]} does not say what it is for beside {names}: who says no in either"
            draft.doubts.append(f"{told} is refused; take it out if it is for what others offer")


def _flagged(
    draft: Draft,
    column: Column,
    granting: Sequence[str],
    by: Column | None,
    times: Sequence[Column],
    at: str | None,
    done_at: str | None,
    *,
    people: bool,
) -> Iterator[Map]:
    """Maps of one column that says yes or no.

    Args:
        draft: The draft.
        column: The column.
        granting: The kinds of words that grant something.
        by: The column that says by which channel, if there is one: then a yes is of none that is known.
        times: The columns with times at which somebody left.
        at: As above.
        done_at: The same where what was done does not change.
        people: As above.
    """
    name, refuses, given_at = draft.names[column.address], column.role == "opt_out", when(draft, column, at)
    own = bool(known_answers(draft, column, LEAVING))
    granting = ("yes",) if refuses and own else granting  # who is said not to have left has not
    answer = answer_of(draft, column, granting, seen=True)
    if answer is None:
        return
    said, _ = answer
    truth = column.values.type == "boolean"
    denied = truth or bool(known_answers(draft, column, DENYING))
    flags = denied or bool(known_answers(draft, column, granting))
    if given_at is None and not (refuses or own) and (by is not None or not denied):
        draft.doubts.append(f"{name} says who wants advertising, but there is no time that `consents` needs")
        return
    if by is not None:
        told = f"{draft.names[by.address]} says by which channel: whom {name} says yes of has consented to none"
        draft.doubts.append(told)
        if not (refuses or own):
            return
    draft.doubts.append(f"{name} is taken for {'refusing' if refuses else 'consent to'} advertising (`consents`)")
    if refuses or own:
        gone = plain_name(name) if truth else f"{said} in ('withdrawn', 'granted')"
        where = gone if refuses else f"{said} = 'withdrawn'"
        yield from _refusals(draft, column, WITHDRAWN, _left_by(draft, column, times, done_at), where, own=True)
    if refuses or by is not None or not flags:
        return
    left = "" if own else ", 'withdrawn'"
    yes, no, status = f"{said} = 'granted'", f"{said} in ('denied'{left})", said
    if truth:
        yes, no, status = plain_name(name), f"not {plain_name(name)}", "'denied'"
    if given_at is None:
        draft.doubts.append(f"who says yes in {name} is left out: there is no time that `consents` needs")
    else:
        yield from _grants(draft, column, given_at, f"{yes} and {given_at} is not null")
    if people or given_at is None:
        yield from _refusals(draft, column, status, _left_by(draft, column, (), done_at), no, own=False)
    else:
        yield from _refusals(draft, column, status, given_at, f"{no} and {given_at} is not null", own=False)


def _grants(draft: Draft, column: Column, given_at: str, where: str) -> Iterator[Map]:
    """Whom a column says yes of permits each of the channels that it names, by the first address that goes there."""
    ends = end_of(draft, column)
    if ends is not None:
        draft.doubt(f"{draft.names[ends.address]} is taken for when consent ends (`expires_at`)")
    for channel in channels_granted(draft, column):
        points = points_permitting(draft, channel)
        if points or not has_addresses(draft):
            if not points:
                of_everything(draft)
            expires_at = None if ends is None else draft.expression(ends)
            yield word(
                first_of(*points), quoted(channel), "'granted'", given_at, where, own=False, expires_at=expires_at
            )
        else:
            name = draft.names[column.address]
            draft.doubts.append(f"{name} says who wants advertising, but there is no address that `consents` needs")


def _refusals(draft: Draft, column: Column, status: str, at: str, where: str, *, own: bool) -> Iterator[Map]:
    """Who refuses by a column does so by each of its channels, at all addresses."""
    for channel in channels_refused(draft, column):
        points = points_refusing(draft, channel)
        if not points:
            of_everything(draft)
        for point in points or (None,):
            yield word(point, quoted(channel), status, at, where, own=own)


def _spelled_out(
    draft: Draft, states: Sequence[Column], times: Sequence[Column], done_at: str | None, by: Column | None
) -> Iterator[Map]:
    """From columns that may be called anything, of whom they say *do not e-mail*, alone or in a list; by the channel
    that another column says where they name none.
    """
    for column in draft.columns:
        if column.role in _NOT_SPELLING or column.values.type != "string":
            continue
        read = cells.said_by(("withdrawn",)) if column in states or column.role in ("opt_in", "opt_out") else ()
        found = _refused_in(draft, column) - {*read}
        if not found:
            continue
        points = [*reached(draft, "email"), *reached(draft, "phone")]
        name = draft.names[column.address]
        if not points and not is_known_otherwise(draft):
            draft.doubts.append(f"{name} says who wants no advertising, but there is no address that `consents` needs")
            continue
        if not points:
            of_everything(draft)
        draft.doubts.append(f"{', '.join(sorted(found))} in {name} is taken for refusing advertising (`consents`)")
        at = _left_by(draft, column, times, done_at)
        known = of_its_languages(draft, found, cells.refusing(), cells.refusing(further=False))
        pattern = f"(^|[;,|/])\\s*({'|'.join(known)})[. ]*($|[;,|/])"
        where = f"regexp_matches(lower({plain_name(name)}), {quoted(pattern)})"
        for point in points or (None,):
            yield word(point, _channel_spelled_out(draft, column, found, by), WITHDRAWN, at, where, own=True)


def _refused_in(draft: Draft, column: Column) -> set[str]:
    """The words of refusing that a column says, alone or in a list."""
    return {word for text in draft.texts(column) for word in _LISTED.split(text)} & cells.refusing().keys()


def _answered(draft: Draft, at: str | None) -> Iterator[Map]:
    """From messages of people that say no more than *STOP*: they want no others. Where nothing says which way messages
    went, some have to say so.
    """
    way, text, phone = draft.of("direction"), draft.of("notes"), draft.sql("phone")
    if text is None or phone is None or (way is not None and at is None):
        return
    if way is None and not (_MESSAGE.search(text.words) and known_answers(draft, text, ("withdrawn",))):
        return
    draft.doubts.append("messages from people that say no more than STOP, or the like, are their withdrawal")
    named = f"{draft.sample.named} {' '.join(column.words for column in draft.columns)}"
    inbound = None if way is None else among(draft, way, "inbound", seen=True)
    stopped = only_where(inbound, among(draft, text, "withdrawn"))["where"]
    channel = "'whatsapp'" if "whatsapp" in named.split() else "'sms'"
    yield word(phone, channel, WITHDRAWN, at or refused_at(draft, changed(draft, text)), stopped, own=True)


def _channel_spelled_out(draft: Draft, column: Column, found: Iterable[str], by: Column | None) -> str:
    """By which channel such words refuse; each of them where a row says several, or others than the sample."""
    words_by: dict[str, list[str]] = {}
    for told in sorted(found):
        channel = cells.refusing()[told]
        flagged = channel == "flag"
        if flagged:
            channel, *others = channels_refused(draft, column)
            channel = "any" if others else channel
        by_word = f"coalesce({channel_of(draft)}, 'any')" if flagged and by is not None else quoted(channel)
        words_by.setdefault(by_word, []).append(quoted(told))
    said = f"lower(trim({plain_name(draft.names[column.address])}, '. '))"
    cases = [
        f"when {said} in ({', '.join(words)}) then {channel}"
        for channel, words in words_by.items()
        if channel != "'any'"
    ]
    return f"case {' '.join(cases)} else 'any' end" if cases else "'any'"


def _left_by(draft: Draft, flag: Column, times: Sequence[Column], done_at: str | None) -> str:
    """When a refusal was there at the latest: with what was done, if that does not change."""
    channels = {*channels_refused(draft, flag)}
    own = [column for column in times if channels & {*channels_refused(draft, column)}]
    nearest = max(own, key=lambda column: alike(column.address, flag.address), default=None)
    left = None if nearest is None else draft.expression(nearest)
    if done_at is None:
        return refused_at(draft, left, changed(draft, flag))
    return refused_at(draft, left, time_of_change(draft, flag), done_at)


def left_out(draft: Draft, maps: Sequence[Map]) -> str | None:
    """A doubt where headings or the file's name speak of consent, and nothing is known of it by them; else None."""
    spoken = [
        draft.names[each.address]
        for each in draft.columns
        if each.role in _SPEAKING or consent_headings.is_of_consent(each.words)
    ]
    named = draft.sample.named
    if any(map_["to"] == "consents" for map_ in maps):
        return None
    if not (spoken or consent_headings.is_of_consent(named) or consent_headings.is_of_refusals(named)):
        return None
    where = ", ".join(spoken) or draft.sample.path.name
    known, dated = has_addresses(draft) or is_known_otherwise(draft), draft.of("withdrawn_at", *WHEN) is not None
    lacking = "name no address" if not known else "say it in no known way" if dated else "say not when it was"
    return f"rows speak of consent and {lacking}: nothing is known of consent by them ({where})"


def unread(draft: Draft, *, taken: bool = True) -> Iterator[str]:
    """Doubts about columns that speak of advertising, of consent or of refusals, and are not understood.

    Args:
        draft: The draft.
        taken: Whether those that are understood are taken: if they are not, doubts tell of them too.
    """
    there = [each for each in draft.columns if each.values.filled and not _says_nothing(each)]
    left = [each for each in there if each.role is None or not taken]
    speaking = [] if taken else [each for each in left if each.role in _SAYING or _refused_in(draft, each)]
    asked = [each for each in left if _is_yes_or_no(draft, each)]
    elsewhere = [
        each
        for each in asked
        if consent_headings.is_of_consent(each.words) and consent_headings.is_of_other_consent(each.words)
    ]
    events = [*draft.all_of("event_name"), *draft.all_of("type")]
    found = [
        each
        for each in left
        if each in speaking
        or _may_refuse(each)
        or _may_be_taken_back(each)
        or consent_headings.is_end_of_consent(each.words)
        or (each in asked and _may_ask(draft, each))
    ]
    found += [each for each in draft.all_of("status") if _may_be_coded(draft, each)]
    found += [each for each in events if known_answers(draft, each, ("signed_off",)) - cells.refusing().keys()]
    if told := [each for each in found if each not in elsewhere]:
        yield _left_out(draft, *told)
    if names := ", ".join(draft.names[each.address] for each in elsewhere):
        yield f"{names} is taken for consent to something else than advertising: it is left out"


def _left_out(draft: Draft, *columns: Column) -> str:
    names = ", ".join(draft.names[each.address] for each in columns)
    return f"{names} {MAY_SAY_WHO_WANTS_IT}"


def _says_nothing(column: Column) -> bool:
    return next(phrases.meanings(column.words), None) == "nothing"


def _may_refuse(column: Column) -> bool:
    spoken = consent_headings.is_of_refusals(column.words) or consent_headings.is_of_leaving(column.words)
    return spoken and not _is_time(column)


def _may_be_taken_back(column: Column) -> bool:
    return _is_time(column) and _is_of_something_else(column) and not headings.is_of_an_order(column.words)


def _is_of_something_else(column: Column) -> bool:
    """Whether a column is of what was taken back, and not said to be of advertising: *Abmeldung vom Kurs*."""
    return consent_headings.is_taken_back(column.words) and not consent_headings.is_of_leaving(column.words)


def _may_ask(draft: Draft, column: Column) -> bool:
    """Whether a column of yes and no may ask for consent: by its heading, which may only name a channel beside another
    flag, or say *active* in a list of subscribers.
    """
    words, channels = column.words, consent_headings.channels_said(column.words)
    contact = consent_headings.is_of_every_channel(words) or (consent_headings.is_negated(words) and bool(channels))
    beside = bool(channels) and draft.of("opt_in", "opt_out") is not None
    subscribing = _are_subscribers(draft) and words in cells.said_by(("active", "granted"))
    spoken = consent_headings.is_of_advertising(words) or consent_headings.is_of_consent(words)
    return spoken or contact or beside or subscribing


def _may_be_coded(draft: Draft, column: Column) -> bool:
    """Whether a status in numbers, of which nothing says what they mean, may be that of consent: another heading speaks
    of it, and nothing was sold or asked.
    """
    texts = draft.texts(column)
    if not texts or len(texts) > _MOST_CODES or not all(map(str.isdigit, texts)):
        return False
    spoken = any(_may_refuse(each) or consent_headings.is_of_consent(each.words) for each in draft.columns)
    return (spoken or _are_subscribers(draft)) and not any(each.role in SOLD_OR_ASKED for each in draft.columns)


def _are_subscribers(draft: Draft) -> bool:
    """Whether a file is called a list of subscribers, or of those who get letters."""
    return _are_letters(draft) or phrases.called(draft.sample.named, "subscribers")


def _is_yes_or_no(draft: Draft, column: Column) -> bool:
    texts = draft.texts(column)
    return column.values.type == "boolean" or (bool(texts) and texts <= cells.said_by(("yes", "no")))


def _are_letters(draft: Draft) -> bool:
    """Whether a file is called a list of those who get letters."""
    return phrases.called(draft.sample.named, "newsletters")


def _states_of_subscribers(draft: Draft) -> list[Column]:
    """The columns that say who still subscribes to letters, or does not any more, though they are not called consent;
    of several those that name a channel.
    """
    telling = cells.ANSWERS if _are_letters(draft) else ("withdrawn",)
    states = [each for each in draft.all_of("status") if each.values.filled]
    first_ = [each for each in states if known_answers(draft, each, telling)][:1]
    subscribed = cells.said_by(("granted", "denied", "withdrawn")) - cells.said_by(("settled",))
    others = [
        each
        for each in states
        if each not in first_ and consent_headings.channels_said(each.words) and draft.texts(each) & subscribed
    ]
    return first_ + others


def _times_of_leaving(draft: Draft, states: Sequence[Column], *, people: bool) -> list[Column]:
    """The columns with times at which somebody has unsubscribed; of subscribers, at which they ended being one. Where
    rows are of what people did, that may be what was taken back, if a heading says not what.
    """
    left = _filled(draft.all_of("withdrawn_at"))
    if not people:
        draft.doubts += [_left_out(draft, each) for each in left if not consent_headings.is_of_leaving(each.words)]
        return [column for column in left if consent_headings.is_of_leaving(column.words)]
    subscribers = bool(states) or _are_subscribers(draft)
    return left or (_given_up(draft) or _filled(draft.all_of("ended_at"))[:1] if subscribers else [])


def _given_up(draft: Draft) -> list[Column]:
    """The columns with times at which something was given up that nobody names, which may be letters."""
    return [
        replace(column, role="withdrawn_at")
        for column in draft.columns
        if 0 < column.values.filled < column.values.rows
        and _is_time(column)
        and column.role != "birth_date"
        and consent_headings.may_be_of_leaving(column.words)
    ]


def _withheld(draft: Draft, times: Sequence[Column], *, people: bool) -> dict[Column, str]:
    """Columns that are not understood and may say who wants no advertising any more, each with a condition for rows of
    which it says nothing.
    """
    left = [column for column in _given_up(draft) if column not in times] if people else []
    unread_ = [
        column
        for column in draft.columns
        if column.role is None
        and _may_refuse(column)
        and (consent_headings.may_be_of_leaving(column.words) or not _is_of_something_else(column))
    ]
    conditions = {column: f"{draft.expression(column)} is null" for column in left}
    for column in unread_:
        none = draft.texts(column) & {*_SAYING_NOTHING, *cells.says("no")}
        if none or column.values.filled < column.values.rows:
            text = f"cast({plain_name(draft.names[column.address])} as varchar)"
            words = ", ".join(map(quoted, sorted({*_SAYING_NOTHING, *none})))
            conditions[column] = f"coalesce(lower(trim({text}, '. ')), '') in ({words})"
    if conditions:
        told = ", ".join(draft.names[column.address] for column in conditions)
        draft.doubts.append(f"whoever has a value in {told} is granted nothing: it may be of who wants no advertising")
    return conditions


def _is_time(column: Column) -> bool:
    return column.values.type in ("date", "timestamp") or column.values.epoch is not None


def _filled(columns: Iterable[Column]) -> list[Column]:
    return [column for column in columns if column.values.filled]


def _withdrawn(draft: Draft, column: Column) -> Iterator[Map]:
    """From one of those columns."""
    when_left, name = draft.expression(column), draft.names[column.address]
    if not (reached(draft, "email") or reached(draft, "phone") or is_known_otherwise(draft)):
        return
    draft.doubts.append(f"{name} is taken for the time at which advertising was refused (`consents`)")
    yield from _refusals(draft, column, WITHDRAWN, when_left, f"{when_left} is not null", own=True)
