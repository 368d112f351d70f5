"""What people did with messages, as cells say it, becomes rows of `engagements`.

Belongs here: which words of a column of actions are known, and what becomes of them and of the others. Does not belong
here: logs of consent (`consent_log.py`), and telling either (`signing.py`, `kinds.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import replace

from cdp_assets.sources.proposing import cells
from cdp_assets.sources.proposing.answers import LEAVING, where_known
from cdp_assets.sources.proposing.columns import says_channels
from cdp_assets.sources.proposing.consent_log import channel_of
from cdp_assets.sources.proposing.draft import Draft, Map, among, only_where, quoted
from cdp_assets.sources.proposing.people import named
from cdp_assets.sources.proposing.roles import Column
from cdp_assets.sources.proposing.signing import speaks_of_letters
from cdp_assets.sources.proposing.values import Texts
from cdp_assets.warehouse.sql_parsing import plain_name


def with_known_actions(columns: Sequence[Column], texts: Texts, file: str) -> list[Column]:
    """The columns with one of actions as that of names of events where it says nothing that is done with messages.

    Args:
        columns: The columns.
        texts: The sample.
        file: The words of the file's name.
    """
    return [
        replace(column, role="event_name")
        if column.role == "action" and not _known(cells.words_in(texts[column.address]), column, file)
        else column
        for column in columns
    ]


def engagements(draft: Draft) -> Iterator[Map]:
    """A map of what was done with messages, and one of the names of whoever did it."""
    column, clicked = draft.of("action"), draft.of("click_id") is not None
    action, where = ("'clicked'", None) if column is None else _done(draft, column)
    values = draft.given(
        channel=_channel(draft, "'ads'" if clicked else "'email'"),
        campaign_id=draft.sql("campaign_id", "campaign", "utm_campaign"),
        variant=draft.sql("variant"),
        action=action,
        occurred_at=draft.sql("happened_at", "created_at"),
        contact_point=draft.sql("email", "phone"),
    )
    yield {"to": "engagements", **only_where(where), "set": values}
    yield from named(draft)


def _known(said: Set[str], column: Column, file: str) -> Set[str]:
    """Those words of a column that say what was done with a message.

    Those of signing off are of letters beside others, or where something speaks of letters.
    """
    sure = said & {*cells.actions(), *cells.surely_said_by(("withdrawn",))}
    of_letters = bool(sure) or speaks_of_letters(file) or speaks_of_letters(column.words)
    return said & {*sure, *cells.said_by(LEAVING)} if of_letters else sure


def _done(draft: Draft, column: Column) -> tuple[str, str | None]:
    """What was done, as `engagements` calls it, and a condition for that it has a word for it, if some have none.

    What comes later in other words has none, and so is refused, rather than passed over: it may be a withdrawal.
    """
    name = draft.names[column.address]
    said = cells.words_in(draft.texts(column))
    by_action: dict[str, list[str]] = {}
    for word, action in cells.actions().items():
        by_action.setdefault(action, []).append(quoted(word))
    cases = [
        f"when lower(trim({plain_name(name)}, '. ')) in ({', '.join(words)}) then '{action}'"
        for action, words in by_action.items()
    ]
    cases += [f"when {among(draft, column, kind)} then 'unsubscribed'" for kind in LEAVING]
    done = draft.derived(f"{name}_done", f"case {' '.join(cases)} end")
    unknown = said - _known(said, column, draft.sample.named)
    if not unknown:
        return done, None
    draft.doubts.append(f"{', '.join(sorted(unknown))} in {name} is nothing that is known to be done with messages")
    return done, where_known(plain_name(name), done, unknown)


def _channel(draft: Draft, unsaid: str) -> str:
    """By which channel messages went: as a column says, else by what else is told."""
    if any(says_channels(column, draft.sample.columns) for column in draft.all_of("channel")):
        return f"coalesce({channel_of(draft)}, {unsaid})"
    return unsaid
