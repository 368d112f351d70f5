"""Audiences at advertising platforms, kept equal by difference: who is added and who is removed, in a call each.

Only hashes leave (`audience_hashes.py`). The platforms take additions and removals again without harm. An identifier
that a person has no more is removed before the others are added (`ledger_rows.removals_before_updates`). Of a postal
address, which Google takes only as a whole, the former one stays there where a part of it is the same, until the list's
own membership duration ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from cdp_assets.activation.connectors.connector import DELIVERED, REFUSED, Outcome
from cdp_assets.activation.differences import LEFT
from cdp_assets.activation.message import Message

_NOTHING_TO_DO = Outcome(DELIVERED)
_NOBODY = Outcome(REFUSED, error="no_identifier")


def by_direction(
    messages: Sequence[Message],
    known: Callable[[Message], bool],
    call: Callable[[Sequence[Message], datetime], Outcome],
    at: datetime,
) -> list[Outcome]:
    """One call for those who leave and one for the others; people without any identifier are refused, unless they leave
    what they cannot be on.

    A batch holds each person once, so the two may go in any order.
    """
    outcomes = {told.outbox_id: _NOTHING_TO_DO if told.change == LEFT else _NOBODY for told in messages}
    usable = [told for told in messages if known(told)]
    for leaving in (True, False):
        chosen = [told for told in usable if (told.change == LEFT) == leaving]
        if chosen:
            outcome = call(chosen, at)
            outcomes.update({told.outbox_id: outcome for told in chosen})
    return [outcomes[told.outbox_id] for told in messages]
