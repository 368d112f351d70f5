"""By which channel a flag on people says that they want advertising or do not, and since when.

Belongs here: what the headings of such columns, and of times beside them, tell. Does not belong here: what becomes of
it (`consent.py`).
"""

from __future__ import annotations

import re

from cdp_assets.sources.proposing import consent_headings
from cdp_assets.sources.proposing.answers import known_answers
from cdp_assets.sources.proposing.consent_words import BY_TELEPHONE, WHEN, reached
from cdp_assets.sources.proposing.draft import Draft
from cdp_assets.sources.proposing.roles import Column

_ANYTHING = re.compile("")
_OF_CHANGES = re.compile(r"\b(updated?|changed?|modified|last|latest|status|geandert|aktualisiert)\b")
_OF_VISITS = re.compile(r"\b(visit\w*|seen|login|visite\w*|besuch\w*|visita\w*|bezoek\w*|wizyt\w*)\b")
_ASKING = frozenset({"opt_in", "opt_out", "status"})
_BY_EMAIL = ("email",)
_OF_LISTS = frozenset({"email", "sms", "whatsapp"})
"""Channels that lists of people are called after."""
_SUBSCRIBING = ("granted", "signed_up")
_MOMENT = re.compile(r" (date|datum|at|on|am|time|timestamp|zeitpunkt|fecha|data)$")
"""What stands behind a flag's heading in that of its time."""


def channels_granted(draft: Draft, flag: Column) -> tuple[str, ...]:
    """By which channels a flag permits advertising: those that its heading names, else that of the list; none where it
    may be of several.
    """
    if _may_be_calls_or_texts(draft, flag):
        return (*_named(draft, flag), "phone" if consent_headings.is_of_telephones(flag.words) else "sms")
    if (named := _named(draft, flag)) or len(listed := _of_the_list(draft)) == 1:
        return named or listed
    draft.doubt(
        f"whether {draft.names[flag.address]} is of e-mail or of text messages nothing says: a yes permits none"
    )
    return ()


def channels_refused(draft: Draft, flag: Column) -> tuple[str, ...]:
    """By which channels a flag refuses advertising: by any where it speaks of all contact, or of none and people have
    no e-mail address, or nothing says which their list is of; and by calls and text messages where it may be of
    either, unless another flag is of the latter.
    """
    if _may_be_calls_or_texts(draft, flag):
        others = (each for each in draft.columns if each is not flag and each.role in _ASKING)
        texts = any("sms" in consent_headings.channels_said(each.words) for each in others)
        return (*_named(draft, flag), "phone", *(() if texts else ("sms",)))
    if consent_headings.is_of_every_channel(flag.words) and not consent_headings.channels_said(flag.words):
        return ("any",)
    if named := _named(draft, flag):
        return named
    listed, sure = _of_the_list(draft), _of_the_file(draft) or _BY_EMAIL
    certain = len(listed) == 1 and listed[0] in sure and points_permitting(draft, listed[0])
    return listed if certain else ("any",)


def _of_the_list(draft: Draft) -> tuple[str, ...]:
    """By which channels flags may be that name none: those that the file is called after; where it begins with a number
    that all have, text messages, if it says who subscribes or not all have an e-mail address, or else either; otherwise
    by e-mail.
    """
    if called := _of_the_file(draft):
        return called
    head, email = draft.columns[0], draft.of("email")
    if head.role != "phone" or head.values.filled < head.values.rows:
        return _BY_EMAIL
    subscribing = any(known_answers(draft, each, _SUBSCRIBING) for role in _ASKING for each in draft.all_of(role))
    if not subscribing and (email is None or email.values.filled == email.values.rows):
        return (*_BY_EMAIL, "sms")
    draft.doubt(f"its rows begin with {draft.names[head.address]}: who subscribes is taken to do so to text messages")
    return ("sms",)


def _of_the_file(draft: Draft) -> tuple[str, ...]:
    """The channels that a file is called after, of those that lists of people are."""
    return tuple(each for each in consent_headings.channels_of_file(draft.sample.named) if each in _OF_LISTS)


def _named(draft: Draft, flag: Column) -> tuple[str, ...]:
    """The channels that a heading names; that of the only number that people are reached by, if it is of one; and
    letters for mail, where another flag is of e-mail.
    """
    if consent_headings.is_of_either_mail(flag.words) and any(
        consent_headings.is_of_e_mail(each.words) for each in draft.columns if each is not flag and each.role in _ASKING
    ):
        draft.doubt(f"{draft.names[flag.address]} is taken for letters, since e-mail is said as well")
        return ("post",)
    phone = draft.of("phone")
    only = phone is not None and draft.of("email") is None and "whatsapp" in consent_headings.channels_said(phone.words)
    return ("whatsapp",) if only else consent_headings.channels_said(flag.words)


def _may_be_calls_or_texts(draft: Draft, flag: Column) -> bool:
    """Whether a heading speaks of telephones, and does not say what comes by them."""
    spoken = consent_headings.is_of_telephones(flag.words) or consent_headings.is_of_mobiles(flag.words)
    return spoken and not {*BY_TELEPHONE} & {*_named(draft, flag)}


def points_permitting(draft: Draft, channel: str) -> list[str]:
    """The addresses or telephones of a row that a channel goes to, as expressions; others where it goes to neither."""
    emails, phones = reached(draft, "email"), reached(draft, "phone")
    if channel in BY_TELEPHONE:
        return phones
    return emails if channel == "email" else emails or phones


def points_refusing(draft: Draft, channel: str) -> list[str]:
    """The same for a refusal, which is the person's: what else they are reached by, if the channel goes to nothing."""
    emails, phones = reached(draft, "email"), reached(draft, "phone")
    return emails + phones if channel == "any" else points_permitting(draft, channel) or emails or phones


def when(draft: Draft, flag: Column, at: str | None) -> str | None:
    """When it was said: by the column that is called like the flag, or whose address is most like its, else when the
    row last changed, or when what it tells was done.
    """
    own = time_of(draft, flag)
    beside = draft.sql(*WHEN[1:]) or at
    if own is None or beside is None:
        return own or beside
    return f"coalesce({own}, {beside})"


def changed(draft: Draft, flag: Column) -> str | None:
    """When a refusal was there at the latest: neither when the row was made, nor when somebody had opted in or was last
    seen, which may be years before.
    """
    if (own := time_of_change(draft, flag)) is not None:
        return own
    at = draft.of("updated_at", "happened_at")
    return None if at is None or _OF_VISITS.search(at.words) else draft.expression(at)


def time_of_change(draft: Draft, flag: Column) -> str | None:
    """When what a flag says last changed, by a column that says so."""
    return time_of(draft, flag, _OF_CHANGES)


def time_of(draft: Draft, flag: Column, called: re.Pattern[str] = _ANYTHING) -> str | None:
    """The time of consent that is called like the flag, or whose column's address is most like the flag's; of those
    with such a heading.
    """
    own = [column for column in draft.all_of("consented_at") if column.values.filled]
    beside = [column for column in draft.columns if _is_time_of(column, flag)]
    there = [column for column in beside or own if called.search(column.words)]
    nearest = max(there, key=lambda column: alike(column.address, flag.address), default=None)
    return None if nearest is None else draft.expression(nearest)


def end_of(draft: Draft, flag: Column) -> Column | None:
    """The column that says when consent ends by itself: of several the one whose address is most like the flag's, and
    of another channel none. One that does not say what ends is that of consent after a column of it.
    """
    channels = {*channels_granted(draft, flag)}
    before = (None, *draft.columns)
    own = [
        column
        for column, previous in zip(draft.columns, before, strict=False)
        if column.role in ("expires_at", "ended_at")
        and column.values.filled
        and (consent_headings.is_end_of_consent(column.words) or (previous is not None and _follows(column, previous)))
        and ({*consent_headings.channels_said(column.words)} or channels) & channels
    ]
    return max(own, key=lambda column: alike(column.address, flag.address), default=None)


def _follows(end: Column, previous: Column) -> bool:
    """Whether an end, of which nothing says what ends, stands beside a column of consent."""
    return consent_headings.is_just_an_end(end.words) and consent_headings.is_of_consent(previous.words)


def _is_time_of(column: Column, flag: Column) -> bool:
    """Whether a column is called like a flag, or like what it ends with that speaks of consent, and a moment: *E-mail
    status date* beside *E-mail status*, *Permission date* beside *E-mail permission*.
    """
    stem = _MOMENT.sub("", column.words)
    if stem == column.words or column.values.type not in ("date", "timestamp") or not column.values.filled:
        return False
    return stem == flag.words or (flag.words.endswith(f" {stem}") and consent_headings.is_of_consent(stem))


def alike(one: str, other: str) -> int:
    """How many characters two addresses have in common from the beginning."""
    return next((place for place, (left, right) in enumerate(zip(one, other, strict=False)) if left != right), 0)
