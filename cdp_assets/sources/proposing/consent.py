"""Flags on records of people, or on what they did, become rows of `consents`.

Belongs here: columns that say who wants advertising, and doubts about those that may. Does not belong here: what cells
say of consent (`answers.py`), by which channel and since when (`flags.py`), and logs, a row a word (`consent_log.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from cdp_assets.sources.proposing import headings
from cdp_assets.sources.proposing.answers import DENYING, GRANTING, answer_of, known_answers
from cdp_assets.sources.proposing.consent_log import all_refused, tells_each
from cdp_assets.sources.proposing.consent_words import (
    WHEN,
    WITHDRAWN,
    first,
    from_delivery,
    has_addresses,
    is_known_otherwise,
    of_everything,
    reached,
    refused_at,
    word,
)
from cdp_assets.sources.proposing.draft import Draft, Map, of_its_languages, quoted
from cdp_assets.sources.proposing.roles import Column, says_channels
from cdp_assets.warehouse.sql_parsing import plain_name

_SPEAKING = frozenset({"answer", "opt_in", "opt_out", "withdrawn_at", "consented_at"})
_NOT_SPELLING = frozenset({"action", "answer"})
"""Roles of columns whose words of refusal are read otherwise."""
_LISTED = re.compile(r"[. ]*(?:[;,|/]\s*|$)")
"""What stands between words of a list, and after the last one."""
_ANYTHING = re.compile("")
_OF_CHANGES = re.compile(r"\b(updated?|changed?|modified|last|latest|geändert|aktualisiert)\b")
_OF_TELEPHONES = re.compile(r"\b(sms|texts|text marketing|phone|mobile|telefon|arama|call|dnd|dnc|disturb)\b")


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
    done_at = None if changing else at
    state = _state_of_subscribers(draft) if people else None
    left_at = _left_at(draft, state) if people else _filled(draft.of("withdrawn_at"))
    yield from _withdrawn(draft, left_at)
    if state is None and not tells_each(draft):
        yield from all_refused(draft, *(draft.all_of("email") if left_at is None else ()), *draft.all_of("phone"))
    by = next((each for each in draft.columns if says_channels(each, draft.sample.columns)), None)
    for column in (*draft.all_of("opt_in"), *draft.all_of("opt_out"), *([state] if state is not None else [])):
        if not column.values.filled:
            continue
        name = draft.names[column.address]
        channel = _channel_of_a_flag(draft, column)
        points, when = reached(draft, "email" if channel == "email" else "phone"), _when(draft, column, at)
        refuses = column.role == "opt_out"
        if not points and not (is_known_otherwise(draft) and (refuses or not has_addresses(draft))):
            draft.doubts.append(f"{name} says who wants advertising, but there is no address that `consents` needs")
            continue
        if not points:
            of_everything(draft)
        own = bool(known_answers(draft, column, ("withdrawn",)))
        # Members are active too, and who is said not to have left has not.
        granting = ("granted",) if column is state and not _are_letters(draft) else GRANTING
        granting = ("yes",) if refuses and own else granting
        answer = answer_of(draft, column, granting, seen=True)
        if answer is None:
            continue
        said, _ = answer
        truth = column.values.type == "boolean"
        if when is None and not (refuses or own):
            denied = truth or bool(known_answers(draft, column, DENYING))
            if by is None and denied:
                no = f"not {plain_name(name)}" if truth else f"{said} = 'denied'"
                for point in points or (None,):
                    yield word(point, quoted(channel), "'denied'", from_delivery(draft), no, own=False)
                draft.doubts.append(f"who says yes in {name} is left out: there is no time that `consents` needs")
            else:
                draft.doubts.append(f"{name} says who wants advertising, but there is no time that `consents` needs")
            continue
        if by is not None:
            told = f"{draft.names[by.address]} says by which channel: whom {name} says yes of has consented to none"
            draft.doubts.append(told)
            if not (refuses or own):
                continue
        draft.doubts.append(f"{name} is taken for {'refusing' if refuses else 'consent to'} advertising (`consents`)")
        if refuses or own:
            gone = plain_name(name) if truth else f"{said} in ('withdrawn', 'granted')"
            where = gone if refuses else f"{said} = 'withdrawn'"
            gone_at = _left_by(draft, column, left_at, done_at)
            for point in points or (None,):
                yield word(point, quoted(channel), WITHDRAWN, gone_at, where, own=True)
        flags = truth or bool(known_answers(draft, column, (*granting, *DENYING)))
        if by is None and when is not None and not refuses and flags:
            left = "" if own else ", 'withdrawn'"
            yes, no = f"{said} = 'granted'", f"{said} in ('denied'{left})"
            if truth:
                yes, no, said = plain_name(name), f"not {plain_name(name)}", "'denied'"
            told_at = f"{when} is not null"
            yield word(first(points), quoted(channel), "'granted'", when, f"{yes} and {told_at}", own=False)
            for point in points or (None,):
                yield word(point, quoted(channel), said, when, f"{no} and {told_at}", own=False)
    yield from _spelled_out(draft, state, left_at, done_at)


def _spelled_out(draft: Draft, state: Column | None, left_at: Column | None, done_at: str | None) -> Iterator[Map]:
    """From columns that may be called anything, of whom they say *do not e-mail*, alone or in a list."""
    for column in draft.columns:
        if column.role in _NOT_SPELLING or column.values.type != "string":
            continue
        read = headings.said_by(("withdrawn",)) if column is state or column.role in ("opt_in", "opt_out") else ()
        found = {word for text in draft.texts(column) for word in _LISTED.split(text)} & headings.refusing().keys()
        found -= {*read}
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
        at = _left_by(draft, column, left_at, done_at)
        known = of_its_languages(draft, found, headings.refusing(), headings.refusing(further=False))
        pattern = f"(^|[;,|/])\\s*({'|'.join(known)})[. ]*($|[;,|/])"
        where = f"regexp_matches(lower({plain_name(name)}), {quoted(pattern)})"
        for point in points or (None,):
            yield word(point, _channel_spelled_out(draft, column, found), WITHDRAWN, at, where, own=True)


def _channel_spelled_out(draft: Draft, column: Column, found: Iterable[str]) -> str:
    """By which channel such words refuse; each of them where a row says several, or others than the sample."""
    by: dict[str, list[str]] = {}
    for told in sorted(found):
        channel = headings.refusing()[told]
        by.setdefault(_channel_of_a_flag(draft, column) if channel == "flag" else channel, []).append(quoted(told))
    said = f"lower(trim({plain_name(draft.names[column.address])}, '. '))"
    cases = [
        f"when {said} in ({', '.join(words)}) then '{channel}'" for channel, words in by.items() if channel != "any"
    ]
    return f"case {' '.join(cases)} else 'any' end" if cases else "'any'"


def _left_by(draft: Draft, flag: Column, left_at: Column | None, done_at: str | None) -> str:
    """When a refusal was there at the latest: with what was done, if that does not change."""
    left = None if left_at is None else draft.expression(left_at)
    if done_at is None:
        return refused_at(draft, left, _changed(draft, flag))
    return refused_at(draft, left, _time_of(draft, flag, _OF_CHANGES), done_at)


def left_out(draft: Draft, maps: Sequence[Map]) -> str | None:
    """A doubt where headings or the file's name speak of consent, and nothing is known of it by them; else None."""
    spoken = [
        draft.names[each.address]
        for each in draft.columns
        if each.role in _SPEAKING or headings.is_of_consent(each.words)
    ]
    named = draft.sample.named
    if any(map_["to"] == "consents" for map_ in maps):
        return None
    if not (spoken or headings.is_of_consent(named) or headings.is_of_refusals(named)):
        return None
    where = ", ".join(spoken) or draft.sample.path.name
    reached = has_addresses(draft) or is_known_otherwise(draft)
    when = draft.of("withdrawn_at", *WHEN)
    lacking = "name no address" if not reached else "say not when it was" if when is None else "say it in no known way"
    return f"rows speak of consent and {lacking}: nothing is known of consent by them ({where})"


def unread(draft: Draft) -> str | None:
    """A doubt about columns that say yes or no, speak of mail or advertising, and are not understood; else None."""
    found = [
        draft.names[each.address]
        for each in draft.columns
        if each.role is None and headings.is_of_advertising(each.words) and _is_yes_or_no(draft, each)
    ]
    return f"{', '.join(found)} may say who wants advertising: it is left out" if found else None


def _is_yes_or_no(draft: Draft, column: Column) -> bool:
    texts = draft.texts(column)
    return column.values.type == "boolean" or (bool(texts) and texts <= headings.said_by(("yes", "no")))


def _channel_of_a_flag(draft: Draft, flag: Column) -> str:
    """By which channel a flag on a person says something, by its heading and by how they can be reached."""
    phone = draft.of("phone")
    if re.search(r"\b(whatsapp|wa)\b", flag.words if phone is None or draft.of("email") else phone.words):
        return "whatsapp"
    return "sms" if _OF_TELEPHONES.search(flag.words) else "email"


def _are_letters(draft: Draft) -> bool:
    """Whether a file is called a list of those who get letters."""
    return headings.called(draft.sample.named, "newsletters")


def _state_of_subscribers(draft: Draft) -> Column | None:
    """The column that says who still subscribes to letters, or does not any more, though it is not called consent."""
    telling = headings.ANSWERS if _are_letters(draft) else ("withdrawn",)
    return next((each for each in draft.all_of("status") if known_answers(draft, each, telling)), None)


def _left_at(draft: Draft, state: Column | None) -> Column | None:
    """The column with the time at which somebody has unsubscribed; of subscribers, at which they ended being one."""
    subscribers = state is not None or _are_letters(draft) or headings.called(draft.sample.named, "subscribers")
    column = draft.of("withdrawn_at", *(["ended_at"] if subscribers else []))
    return _filled(column)


def _filled(column: Column | None) -> Column | None:
    return column if column is not None and column.values.filled else None


def _withdrawn(draft: Draft, column: Column | None) -> Iterator[Map]:
    """From that column."""
    emails = reached(draft, "email")
    if column is None or not emails:
        return
    when, name = draft.expression(column), draft.names[column.address]
    draft.doubts.append(f"{name} is taken for the time at which advertising was refused (`consents`)")
    for email in emails:
        yield word(email, "'email'", WITHDRAWN, when, f"{when} is not null", own=True)


def _when(draft: Draft, flag: Column, at: str | None) -> str | None:
    """When it was said: by the column whose address is most like the flag's, else when the row last changed, or when
    what it tells was done.
    """
    own = _time_of(draft, flag)
    if own is None:
        return draft.sql(*WHEN) or at
    beside = draft.sql(*WHEN[1:]) or at
    return own if beside is None else f"coalesce({own}, {beside})"


def _changed(draft: Draft, flag: Column) -> str | None:
    """When a refusal was there at the latest: neither when the row was made, nor when somebody had opted in, which may
    be years before.
    """
    return _time_of(draft, flag, _OF_CHANGES) or draft.sql("updated_at", "happened_at")


def _time_of(draft: Draft, flag: Column, called: re.Pattern[str] = _ANYTHING) -> str | None:
    """The time of consent whose column's address is most like the flag's, of those with such a heading."""
    own = [column for column in draft.all_of("consented_at") if column.values.filled and called.search(column.words)]
    nearest = max(own, key=lambda column: _alike(column.address, flag.address), default=None)
    return None if nearest is None else draft.expression(nearest)


def _alike(one: str, other: str) -> int:
    """How many characters two addresses have in common from the beginning."""
    return next((place for place, (left, right) in enumerate(zip(one, other, strict=False)) if left != right), 0)
