"""Logs of consent, each row of which is a word, and lists of those who want no advertising.

Belongs here: what their columns become. Does not belong here: which files are such logs (`kinds.py`, `roles.py`), and
flags on records of people (`consent.py`).
"""

from __future__ import annotations

from collections.abc import Iterator

from cdp_assets.sources.proposing import cells, consent_headings
from cdp_assets.sources.proposing.answers import GRANTING, answer_of, known_answers
from cdp_assets.sources.proposing.consent_words import (
    BY_TELEPHONE,
    WHEN,
    WITHDRAWN,
    from_delivery,
    has_addresses,
    is_known_otherwise,
    of_everything,
    reached,
    refused_at,
    word,
)
from cdp_assets.sources.proposing.draft import Draft, Map, among, first_of, quoted
from cdp_assets.sources.proposing.people import named
from cdp_assets.sources.proposing.roles import Column
from cdp_assets.sources.proposing.signing import are_of_letters_only, speaks_of_letters
from cdp_assets.warehouse.sql_parsing import plain_name


def words(draft: Draft) -> Iterator[Map]:
    """A map of a log of consent, each row of which is a word; one more each for those that only say who refuses."""
    told = list(_told(draft)) if tells_each(draft) else []
    if not told:
        yield from all_refused(draft, *draft.all_of("email"), *draft.all_of("phone"), *draft.all_of("anything"))
        return
    draft.doubts.append('every row is taken for the person\'s own word (`explicit: "true"`)')
    column = _channel(draft)
    channel = channel_of(draft)
    _doubt_of_courses(draft)
    unknown = set() if column is None else draft.texts(column) - cells.said_by(cells.CHANNELS)
    if column is not None and unknown:
        listed = ", ".join(sorted(unknown))
        draft.doubts.append(f"{listed} in {draft.names[column.address]} is no known channel: it is taken as it is")
    if not has_addresses(draft):
        of_everything(draft)
    for status, given, at in told:
        by = channel
        refuses = None if status == WITHDRAWN else f"{status} in ('withdrawn', 'denied')"
        if at is None:
            at = from_delivery(draft)
            draft.doubt("nothing says when consent was given, which `consents` needs: it is left out")
            given = refuses or given
        if column is not None:
            everywhere = "'any'" if refuses is None else f"case when {refuses} then 'any' end"
            by = f"coalesce({channel}, {everywhere})"
        elif draft.of("answer") is not None and draft.of("purpose") is None:
            by = _channel_of_letters(draft, refuses)
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
        for further in reached(draft, "email")[1:] if draft.of("anything") is None else ():
            refused = given if refuses is None else f"{given} and {refuses}"
            yield {"to": "consents", "where": refused, "set": values | {"contact_point": further}}
    yield from named(draft)


def tells_each(draft: Draft) -> bool:
    """Whether columns say of each row what was granted or refused, rather than the file's name of all of them."""
    return not consent_headings.is_of_refusals(draft.sample.named) or (
        draft.of("answer", "purpose", "opt_in", "opt_out") is not None
    )


def all_refused(draft: Draft, *points: Column) -> Iterator[Map]:
    """Of everybody in a list of those who want no advertising, but for whom its status says otherwise.

    Args:
        draft: The draft.
        points: The columns with the addresses and telephones that are theirs.
    """
    if not consent_headings.is_of_refusals(draft.sample.named):
        return
    named, at = draft.sample.path.name, draft.sql("withdrawn_at", *WHEN[1:])
    known = [draft.expression(each) for each in points]
    if not known and not is_known_otherwise(draft):
        return
    at = refused_at(draft, at)
    spared, but = "", ""
    for state in draft.all_of("status"):
        others = known_answers(draft, state, GRANTING)
        if others and draft.texts(state) & cells.said_by(("blocked", "withdrawn")):
            kinds = [kind for kind in GRANTING if known_answers(draft, state, (kind,))]
            spared += "".join(f" and not coalesce({among(draft, state, kind, seen=True)}, false)" for kind in kinds)
            but = f" but where {draft.names[state.address]} says {', '.join(sorted(others))}"
    draft.doubts.append(f"every row of {named} is taken for a withdrawal of advertising{but} (`consents`)")
    by = f"coalesce({channel_of(draft)}, 'any')" if draft.of("consent_channel") is not None else "'any'"
    if not known:
        of_everything(draft)
        yield word(None, by, WITHDRAWN, at, f"{at} is not null{spared}", own=True)
    for point in known:
        yield word(point, by, WITHDRAWN, at, f"{point} is not null{spared}", own=True)


def _told(draft: Draft) -> Iterator[tuple[str, str, str | None]]:
    """What the columns of a log say: status, a condition for that it is said, and when it was."""
    at, left = draft.sql("consented_at", "happened_at", "created_at", "updated_at"), draft.sql("withdrawn_at")
    answers = [column for role in ("answer", "status", "type", "opt_in") for column in draft.all_of(role)]
    answered = max(answers, key=lambda column: bool(known_answers(draft, column)), default=None)
    answer = answer_of(draft, answered) if answered is not None else None
    if answer is not None:
        said, given = answer
        when = at or left
        if at is not None and _is_when_opted_in(draft):
            gone = refused_at(draft, left)
            when = f"case when {said} in ('withdrawn', 'denied') then {gone} else {at} end"
        elif at is not None and left is not None:
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
            yield WITHDRAWN, gone, at if left is None else f"coalesce({left}, {at or left})"
    if left is not None:
        yield WITHDRAWN, f"{left} is not null{said_else}", left


def _is_when_opted_in(draft: Draft) -> bool:
    """Whether the only time of consent is that of opting in, which no refusal has."""
    at = draft.of("consented_at")
    return at is not None and consent_headings.is_when_opted_in(at.words)


def _point(draft: Draft, column: Column | None, channel: str) -> str | None:
    """Who is reached: by telephone the number, where there is an address too."""
    email, phone = first_of(*reached(draft, "email")), draft.of("phone")
    if draft.of("anything") is not None or email is None or phone is None or not phone.values.filled or column is None:
        return draft.sql("anything") or email or draft.sql("phone")
    number, telephones = draft.expression(phone), ", ".join(quoted(each) for each in BY_TELEPHONE)
    return (
        f"case when {channel} in ({telephones}) then coalesce({number}, {email}) else coalesce({email}, {number}) end"
    )


def purpose_of(draft: Draft) -> str:
    """What consent is for, as `consents` calls it where it is advertising; that too if no column says."""
    column = draft.of("purpose")
    if column is None:
        return "'marketing'"
    purpose = draft.expression(column)
    if draft.texts(column) & {*cells.says("marketing")} - {"marketing"}:
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
        for kind in cells.CHANNELS
        if texts & {*cells.says(kind)} - {kind}
    ]
    if "mail" in texts and texts & {*cells.says("email")} - {"mail"}:
        draft.doubts.append(f"mail in {draft.names[column.address]} is taken for letters, since e-mail is said as well")
        cases.insert(0, f"when lower(trim({channel}, '. ')) = 'mail' then 'post'")
    if cases:
        return f"case {' '.join(cases)} else lower({channel}) end"
    return channel if _is_lower(draft, column) else f"lower({channel})"


def _channel_of_letters(draft: Draft, refuses: str | None) -> str:
    """By which channel where rows say neither that nor a purpose: the one that the file is called after, else a refusal
    by any, and a yes by what goes to the address.
    """
    said = consent_headings.channels_of_file(draft.sample.named)
    if len(said) == 1 or refuses is None or draft.of("anything") is not None:
        return quoted(said[0]) if len(said) == 1 else "'any'"
    goes = "'email'" if reached(draft, "email") else "'sms'"
    return f"case when {refuses} then 'any' else {goes} end"


def _doubt_of_courses(draft: Draft) -> None:
    """Tell words that may be of courses or logins where nothing but what stands beside them says that they are not."""
    column = draft.of("answer")
    if column is None or any(map(speaks_of_letters, (draft.sample.named, column.words))):
        return
    if not are_of_letters_only(draft.sample.columns[column.address]):
        name = draft.names[column.address]
        draft.doubts.append(f"{name} is taken for consent to letters, and not for courses, logins or the like")


def _channel(draft: Draft) -> Column | None:
    return draft.of("consent_channel", "channel")


def _is_lower(draft: Draft, column: Column) -> bool:
    return all((text or "").islower() for text in draft.sample.columns[column.address] if text)
