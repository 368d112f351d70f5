"""What the answers of mail servers mean for a message."""

from __future__ import annotations

import re

from cdp_assets.activation.connectors.connector import REFUSED, RETRY, Outcome
from cdp_assets.ledger.outbox import BOUNCED

_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


def refused_recipient(code: int, text: bytes) -> Outcome:
    """The answer to a recipient; a dead mailbox is a bounce."""
    return Outcome(REFUSED, code, BOUNCED) if is_dead(code, text) else answered(code)


def is_dead(code: int, text: bytes) -> bool:
    """Whether a server that refuses a recipient says that there is no such mailbox, or that it is disabled.

    By the enhanced status code (RFC 3463: 5.1.x is an address, 5.2.1 a disabled mailbox) where there is one, since 550
    alone also stands for a policy; without one by 550, 551 and 553 (RFC 5321, 4.2.3).
    """
    enhanced = _ENHANCED.match(text.decode("ascii", "replace"))
    if enhanced is not None:
        return enhanced.group().startswith(("5.1.", "5.2.1"))
    return code in (550, 551, 553)


def answered(code: int) -> Outcome:
    """5xx is for good, everything else for now (RFC 5321, 4.2.1)."""
    return Outcome(REFUSED if 500 <= code < 600 else RETRY, code, f"smtp_{code}")
