"""Taking in what came back: mails about messages of ours become suppressions, before anything more is sent.

Belongs here: from a mailbox to the ledger. Does not belong here: what a mail says (`bounce_reports.py`), and fetching
mails (`mailboxes.py`).
"""

from __future__ import annotations

import imaplib
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from cdp_assets.activation.bounce_reports import report_of
from cdp_assets.activation.connectors import secrets_of
from cdp_assets.activation.mailboxes import Mailbox, opened
from cdp_assets.activation.ways import EmailWay
from cdp_assets.ledger import Ledger, outbox, permissions

if TYPE_CHECKING:
    from cdp_assets.activation.spec import DestinationSpec
    from cdp_assets.settings import Settings

_AT_ONCE = 500


@dataclass
class TakenIn:
    """What a look at a mailbox came to.

    Args:
        mails: Mails looked at.
        bounced: Messages that came back because there is no such mailbox.
        complained: Messages about which their receivers complained.
        failed: Why the mailbox could not be read to its end, if so; what was read counts.
    """

    mails: int = 0
    bounced: int = 0
    complained: int = 0
    failed: str | None = None


def take_in(
    spec: DestinationSpec, settings: Settings, env: Mapping[str, str], ledger: Ledger, now: datetime
) -> TakenIn | None:
    """Look into the mailbox that a destination's bounces go to; null if it names none.

    A mailbox that cannot be read is told of and stops nothing: what is in it waits for the next look.
    """
    way = spec.connector
    if not isinstance(way, EmailWay) or way.bounces is None:
        return None
    found = TakenIn()
    try:
        with closing(opened(way.bounces, settings.data, secrets_of(spec, settings, env))) as mailbox:
            take_from(mailbox, ledger, now, found)
    except (OSError, imaplib.IMAP4.error) as error:
        found.failed = type(error).__name__
    return found


def take_from(mailbox: Mailbox, ledger: Ledger, now: datetime, found: TakenIn) -> None:
    """Note what the mails say, and then that they have been looked at; a crash in between repeats without harm."""
    mails = mailbox.unread()
    while some := list(islice(mails, _AT_ONCE)):
        reports = [report for _, mail in some if (report := report_of(mail)) is not None]
        with ledger.transaction() as connection:
            told = outbox.reported(connection, {report.key: report.reason for report in reports}, now)
            if told:
                permissions.suppress(connection, [(*each, now) for each in told])
        mailbox.mark([name for name, _ in some])
        found.mails += len(some)
        found.bounced += sum(reason == outbox.BOUNCED for _, _, reason in told)
        found.complained += sum(reason == outbox.COMPLAINED for _, _, reason in told)
