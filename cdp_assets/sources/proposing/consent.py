"""Columns that say who wants advertising become rows of `consents`.

Belongs here: what cells say of consent, flags on records of people, and words in logs of consent. Does not belong here:
which files are such logs, a row a word (`kinds.py`, `roles.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from cdp_assets.sources.proposing import headings
from cdp_assets.sources.proposing.draft import Draft, Map, among, of_its_languages, quoted
from cdp_assets.sources.proposing.roles import NUMBERING_PEOPLE, Column, says_channels
from cdp_assets.warehouse.sql_parsing import plain_name

_WHEN = ("consented_at", "updated_at", "created_at", "happened_at")
_GRANTING, _DENYING = ("yes", "active", "granted"), ("no", "denied")
_SPEAKING = frozenset({"answer", "opt_in", "opt_out", "withdrawn_at", "consented_at"})
_BY_TELEPHONE = ("sms", "whatsapp", "phone")
_WITHDRAWN = "'withdrawn'"
_FEW_WORDS = 20
_NOT_SPELLING = frozenset({"action", "answer"})
"""Roles of columns whose words of refusal are read otherwise."""
_LISTED = re.compile(r"[. ]*(?:[;,|/]\s*|$)")
"""What stands between words of a list, and after the last one."""
_ANYTHING = re.compile("")
_OF_CHANGES = re.compile(r"\b(updated?|changed?|modified|last|latest|geändert|aktualisiert)\b")
_OF_TELEPHONES = re.compile(r"\b(sms|texts|text marketing|phone|mobile|telefon|arama|call|dnd|dnc|disturb)\b")


def known_answers(draft: Draft, column: Column, kinds: Sequence[str] = headings.ANSWERS) -> set[str]:
    """What a column of the sample says of consent, but for what is no word of some kinds."""
    return {text.strip(". ") for text in draft.texts(column)} & headings.said_by(kinds)


def answer_of(
    draft: Draft, column: Column, granting: Sequence[str] = _GRANTING, *, seen: bool = False
) -> tuple[str, str] | None:
    """The status of what a column says on consent, and a condition for that something is said; None if no word of the
    sample is known. Of those that are not a doubt tells: they say nothing. What comes later in other words has no
    status, and so is refused, rather than passed over: it may be a withdrawal.

    Args:
        draft: The draft.
        column: The column.
        granting: The kinds of words that grant something.
        seen: Whether of words that grant those of the sample are enough, and of those that deny if it has any.
    """
    name = draft.names[column.address]
    if column.values.type == "boolean":
        flag = plain_name(name)
        return f"case when {flag} then 'granted' else 'denied' end", f"{flag} is not null"
    known = known_answers(draft, column)
    strange = {text.strip(". ") for text in draft.texts(column)} - known
    unknown = strange - headings.refusing().keys()
    if not known and unknown < strange:
        return None  # it is spelled out
    if not known:
        draft.doubts.append(f"none of what {name} says is known to be yes or no: it is left out")
        return None
    if unknown:
        draft.doubts.append(f"{', '.join(sorted(unknown))} in {name} is taken neither for yes nor for no")
    meanings = (("pending", ("pending",)), ("denied", _DENYING), ("granted", granting))
    cases = [f"when {among(draft, column, 'withdrawn')} then 'withdrawn'"]
    for status, kinds in meanings:
        there = [kind for kind in kinds if known_answers(draft, column, (kind,))] if seen else kinds
        if there or (status == "denied" and known_answers(draft, column, (*granting, *_DENYING))):
            told = (among(draft, column, kind, seen=seen) for kind in there or kinds)
            cases.append(f"when {' or '.join(told)} then '{status}'")
    said = draft.derived(f"{name}_answer", f"case {' '.join(cases)} end")
    if len(unknown) > _FEW_WORDS:
        return said, f"{said} is not null"
    others = f" and lower(trim({plain_name(name)}, '. ')) not in ({', '.join(map(quoted, sorted(unknown)))})"
    return said, f"{plain_name(name)} is not null{others if unknown else ''}"


def purpose_of(draft: Draft) -> str:
    """What consent is for, as `consents` calls it where it is advertising; that too if no column says."""
    column = draft.of("purpose")
    if column is None:
        return "'marketing'"
    purpose = draft.expression(column)
    if draft.texts(column) & {*headings.says("marketing")} - {"marketing"}:
        return f"case when {among(draft, column, 'marketing', seen=True)} then 'marketing' else lower({purpose}) end"
    return purpose if _is_lower(draft, column) else f"lower({purpose})"


def channel_of(draft: Draft) -> str:
    """By which channel consent holds, as `consents` calls it; any if no column says."""
    column = _channel(draft)
    if column is None:
        return "'any'"
    channel, texts = draft.expression(column), draft.texts(column)
    cases = [
        f"when {among(draft, column, kind, seen=True)} then '{kind}'"
        for kind in headings.CHANNELS
        if texts & {*headings.says(kind)} - {kind}
    ]
    if "mail" in texts and texts & {*headings.says("email")} - {"mail"}:
        draft.doubts.append(f"mail in {draft.names[column.address]} is taken for letters, since e-mail is said as well")
        cases.insert(0, f"when lower(trim({channel}, '. ')) = 'mail' then 'post'")
    if cases:
        return f"case {' '.join(cases)} else lower({channel}) end"
    return channel if _is_lower(draft, column) else f"lower({channel})"


def _channel(draft: Draft) -> Column | None:
    return draft.of("consent_channel", "channel")


def words(draft: Draft) -> Iterator[Map]:
    """A map of a log of consent, each row of which is a word; one more each for those that only say who refuses."""
    told = list(_told(draft)) if _tells_each(draft) else []
    if not told:
        yield from _refused(draft, *draft.all_of("email"), *draft.all_of("phone"), *draft.all_of("anything"))
        return
    draft.doubts.append('every row is taken for the person\'s own word (`explicit: "true"`)')
    column = _channel(draft)
    channel = channel_of(draft)
    unknown = set() if column is None else draft.texts(column) - headings.said_by(headings.CHANNELS)
    if column is not None and unknown:
        listed = ", ".join(sorted(unknown))
        draft.doubts.append(f"{listed} in {draft.names[column.address]} is no known channel: it is taken as it is")
    if not _has_addresses(draft):
        _of_everything(draft)
    for status, given, at in told:
        by = channel
        refuses = None if status == _WITHDRAWN else f"{status} in ('withdrawn', 'denied')"
        if at is None:
            at = _from_delivery(draft)
            draft.doubt("nothing says when consent was given, which `consents` needs: it is left out")
            given = refuses or given
        if column is not None:
            everywhere = "'any'" if refuses is None else f"case when {refuses} then 'any' end"
            by = f"coalesce({channel}, {everywhere})"
        values = draft.given(
            contact_point=_point(draft, column, channel),
            purpose=purpose_of(draft),
            channel=by,
            status=status,
            explicit="true",
            legal_basis=draft.sql("legal_basis"),
            evidence=draft.sql("evidence"),
            occurred_at=at,
            expires_at=draft.sql("expires_at"),
        )
        yield {"to": "consents", "where": given, "set": values}
        for further in _reached(draft, "email")[1:] if draft.of("anything") is None else ():
            refused = given if refuses is None else f"{given} and {refuses}"
            yield {"to": "consents", "where": refused, "set": values | {"contact_point": further}}


def _point(draft: Draft, column: Column | None, channel: str) -> str | None:
    """Who is reached: by telephone the number, where there is an address too."""
    email, phone = _first(_reached(draft, "email")), draft.of("phone")
    if draft.of("anything") is not None or email is None or phone is None or not phone.values.filled or column is None:
        return draft.sql("anything") or email or draft.sql("phone")
    number, telephones = draft.expression(phone), ", ".join(quoted(each) for each in _BY_TELEPHONE)
    return (
        f"case when {channel} in ({telephones}) then coalesce({number}, {email}) else coalesce({email}, {number}) end"
    )


def _from_delivery(draft: Draft) -> str:
    """When a refusal was first read, where nothing says when it was."""
    draft.doubt("nothing says when consent was refused: it was by the delivery that first says so (`delivered_at`)")
    return draft.delivery()


def _told(draft: Draft) -> Iterator[tuple[str, str, str | None]]:
    """What the columns of a log say: status, a condition for that it is said, and when it was."""
    at, left = draft.sql("consented_at", "happened_at", "created_at", "updated_at"), draft.sql("withdrawn_at")
    answers = [column for role in ("answer", "status", "type", "opt_in") for column in draft.all_of(role)]
    answered = max(answers, key=lambda column: bool(known_answers(draft, column)), default=None)
    answer = answer_of(draft, answered) if answered is not None else None
    if answer is not None:
        said, given = answer
        when = at or left
        if at is not None and left is not None:
            when = f"case when {said} = 'withdrawn' then coalesce({left}, {at}) else {at} end"
        yield said, given, when
    if draft.of("consent_channel") is None:
        return
    said_else = "" if answer is None else f" and {answer[0]} is distinct from 'withdrawn'"
    refusals = [column for column in draft.all_of("opt_out") if column.values.filled]
    for column in refusals:
        if (refused := answer_of(draft, column, seen=True)) is not None:
            said = refused[0]
            name = plain_name(draft.names[column.address])
            gone = name if column.values.type == "boolean" else f"{said} in ('withdrawn', 'granted')"
            yield _WITHDRAWN, gone, at if left is None else f"coalesce({left}, {at or left})"
    if left is not None:
        yield _WITHDRAWN, f"{left} is not null{said_else}", left


def _tells_each(draft: Draft) -> bool:
    """Whether columns say of each row what was granted or refused, rather than the file's name of all of them."""
    return not headings.is_of_refusals(draft.sample.named) or (
        draft.of("answer", "purpose", "opt_in", "opt_out") is not None
    )


def _refused(draft: Draft, *points: Column) -> Iterator[Map]:
    """Of everybody in a list of those who want no advertising, but for whom its status says otherwise.

    Args:
        draft: The draft.
        points: The columns with the addresses and telephones that are theirs.
    """
    if not headings.is_of_refusals(draft.sample.named):
        return
    named, at = draft.sample.path.name, draft.sql("withdrawn_at", *_WHEN[1:])
    known = [draft.expression(each) for each in points]
    if not known and not _is_known_otherwise(draft):
        return
    at = _refused_at(draft, at)
    spared, but = "", ""
    for state in draft.all_of("status"):
        others = known_answers(draft, state, _GRANTING)
        if others and draft.texts(state) & headings.said_by(("blocked", "withdrawn")):
            kinds = [kind for kind in _GRANTING if known_answers(draft, state, (kind,))]
            spared += "".join(f" and not coalesce({among(draft, state, kind, seen=True)}, false)" for kind in kinds)
            but = f" but where {draft.names[state.address]} says {', '.join(sorted(others))}"
    draft.doubts.append(f"every row of {named} is taken for a withdrawal of advertising{but} (`consents`)")
    by = f"coalesce({channel_of(draft)}, 'any')" if draft.of("consent_channel") is not None else "'any'"
    if not known:
        _of_everything(draft)
        yield _word(None, by, _WITHDRAWN, at, f"{at} is not null{spared}", own=True)
    for point in known:
        yield _word(point, by, _WITHDRAWN, at, f"{point} is not null{spared}", own=True)


def _is_lower(draft: Draft, column: Column) -> bool:
    return all((text or "").islower() for text in draft.sample.columns[column.address] if text)


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
    if state is None and not _tells_each(draft):
        yield from _refused(draft, *(draft.all_of("email") if left_at is None else ()), *draft.all_of("phone"))
    by = next((each for each in draft.columns if says_channels(each, draft.sample.columns)), None)
    for column in (*draft.all_of("opt_in"), *draft.all_of("opt_out"), *([state] if state is not None else [])):
        if not column.values.filled:
            continue
        name = draft.names[column.address]
        channel = _channel_of_a_flag(draft, column)
        points, when = _reached(draft, "email" if channel == "email" else "phone"), _when(draft, column, at)
        refuses = column.role == "opt_out"
        if not points and not (_is_known_otherwise(draft) and (refuses or not _has_addresses(draft))):
            draft.doubts.append(f"{name} says who wants advertising, but there is no address that `consents` needs")
            continue
        if not points:
            _of_everything(draft)
        own = bool(known_answers(draft, column, ("withdrawn",)))
        # Members are active too, and who is said not to have left has not.
        granting = ("granted",) if column is state and not _are_letters(draft) else _GRANTING
        granting = ("yes",) if refuses and own else granting
        answer = answer_of(draft, column, granting, seen=True)
        if answer is None:
            continue
        said, _ = answer
        truth = column.values.type == "boolean"
        if when is None and not (refuses or own):
            denied = truth or bool(known_answers(draft, column, _DENYING))
            if by is None and denied:
                no = f"not {plain_name(name)}" if truth else f"{said} = 'denied'"
                for point in points or (None,):
                    yield _word(point, quoted(channel), "'denied'", _from_delivery(draft), no, own=False)
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
                yield _word(point, quoted(channel), _WITHDRAWN, gone_at, where, own=True)
        flags = truth or bool(known_answers(draft, column, (*granting, *_DENYING)))
        if by is None and when is not None and not refuses and flags:
            left = "" if own else ", 'withdrawn'"
            yes, no = f"{said} = 'granted'", f"{said} in ('denied'{left})"
            if truth:
                yes, no, said = plain_name(name), f"not {plain_name(name)}", "'denied'"
            told_at = f"{when} is not null"
            yield _word(_first(points), quoted(channel), "'granted'", when, f"{yes} and {told_at}", own=False)
            for point in points or (None,):
                yield _word(point, quoted(channel), said, when, f"{no} and {told_at}", own=False)
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
        points = [*_reached(draft, "email"), *_reached(draft, "phone")]
        name = draft.names[column.address]
        if not points and not _is_known_otherwise(draft):
            draft.doubts.append(f"{name} says who wants no advertising, but there is no address that `consents` needs")
            continue
        if not points:
            _of_everything(draft)
        draft.doubts.append(f"{', '.join(sorted(found))} in {name} is taken for refusing advertising (`consents`)")
        at = _left_by(draft, column, left_at, done_at)
        known = of_its_languages(draft, found, headings.refusing(), headings.refusing(further=False))
        pattern = f"(^|[;,|/])\\s*({'|'.join(known)})[. ]*($|[;,|/])"
        where = f"regexp_matches(lower({plain_name(name)}), {quoted(pattern)})"
        for point in points or (None,):
            yield _word(point, _channel_spelled_out(draft, column, found), _WITHDRAWN, at, where, own=True)


def _channel_spelled_out(draft: Draft, column: Column, found: Iterable[str]) -> str:
    """By which channel such words refuse; each of them where a row says several, or others than the sample."""
    by: dict[str, list[str]] = {}
    for word in sorted(found):
        channel = headings.refusing()[word]
        by.setdefault(_channel_of_a_flag(draft, column) if channel == "flag" else channel, []).append(quoted(word))
    said = f"lower(trim({plain_name(draft.names[column.address])}, '. '))"
    cases = [
        f"when {said} in ({', '.join(words)}) then '{channel}'" for channel, words in by.items() if channel != "any"
    ]
    return f"case {' '.join(cases)} else 'any' end" if cases else "'any'"


def _reached(draft: Draft, role: str) -> list[str]:
    """The addresses or telephones of a row, as expressions."""
    return [draft.expression(each) for each in draft.all_of(role)]


def _first(points: Sequence[str]) -> str | None:
    """The first of some addresses that a row has."""
    return f"coalesce({', '.join(points)})" if len(points) > 1 else next(iter(points), None)


def _left_by(draft: Draft, flag: Column, left_at: Column | None, done_at: str | None) -> str:
    """When a refusal was there at the latest: with what was done, if that does not change."""
    left = None if left_at is None else draft.expression(left_at)
    if done_at is None:
        return _refused_at(draft, left, _changed(draft, flag))
    return _refused_at(draft, left, _time_of(draft, flag, _OF_CHANGES), done_at)


def _refused_at(draft: Draft, *times: str | None) -> str:
    """When something was refused: the first of the times that a row has, else when it was first read."""
    known = [at for at in times if at is not None]
    return f"coalesce({', '.join([*known, draft.delivery()])})" if known else _from_delivery(draft)


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
    reached = _has_addresses(draft) or _is_known_otherwise(draft)
    when = draft.of("withdrawn_at", *_WHEN)
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
    emails = _reached(draft, "email")
    if column is None or not emails:
        return
    when, name = draft.expression(column), draft.names[column.address]
    draft.doubts.append(f"{name} is taken for the time at which advertising was refused (`consents`)")
    for email in emails:
        yield _word(email, "'email'", _WITHDRAWN, when, f"{when} is not null", own=True)


def _is_known_otherwise(draft: Draft) -> bool:
    """Whether people have a number, so that a word without an address can be for all addresses of theirs."""
    return draft.of(*NUMBERING_PEOPLE) is not None


def _of_everything(draft: Draft) -> None:
    draft.doubt(
        "words on consent without an address are taken for all addresses and telephones of whom the row is about"
    )


def _has_addresses(draft: Draft) -> bool:
    return draft.of("anything", "email", "phone") is not None


def _word(point: str | None, channel: str, status: str, when: str, where: str, *, own: bool) -> Map:
    """What is said of advertising to an address; ``own`` if it is the person's own word."""
    said = {
        **({} if point is None else {"contact_point": point}),
        "purpose": "'marketing'",
        "channel": channel,
        "status": status,
        "explicit": "true" if own else "false",
        "occurred_at": when,
    }
    return {"to": "consents", "where": where, "set": said}


def _when(draft: Draft, flag: Column, at: str | None) -> str | None:
    """When it was said: by the column whose address is most like the flag's, else when the row last changed, or when
    what it tells was done.
    """
    own = _time_of(draft, flag)
    if own is None:
        return draft.sql(*_WHEN) or at
    beside = draft.sql(*_WHEN[1:]) or at
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
