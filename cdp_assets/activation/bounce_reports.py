"""What mail that comes back says: delivery status notifications (RFC 3464) and complaints (ARF, RFC 5965).

A report counts only for a message of ours, known by its Message-ID, which holds the idempotency key: so nobody can have
an address suppressed by writing a report about it, and a report whose addresses were blacked out counts all the same.

Mails are taken apart, not understood: whatever somebody sends, nothing here raises.

Belongs here: reading one mail. Does not belong here: where mails come from (`mailboxes.py`) and what follows from them
(`bounces.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message

from cdp_assets.activation.connectors.smtp_replies import is_dead
from cdp_assets.ledger.outbox import BOUNCED, COMPLAINED

_KEY = re.compile(r"<([0-9a-f]{32})@[^<>@\s]+>")
_SMTP = re.compile(r"^\s*smtp\s*;\s*(?:\S+\s+)??([245]\d\d)[ -](.*)$", re.IGNORECASE | re.DOTALL)
_COMPLAINTS = frozenset({"abuse", "fraud"})


@dataclass(frozen=True)
class Report:
    """What a mail says of one message of ours.

    Args:
        key: The message's idempotency key.
        reason: `BOUNCED` (there is no such mailbox) or `COMPLAINED`.
    """

    key: str
    reason: str


def report_of(mail: bytes) -> Report | None:
    """The report in a mail; null if it is none, is about no message of ours, or says nothing final."""
    parsed = message_from_bytes(mail)
    if parsed.get_content_type() != "multipart/report":
        return None
    kind = str(parsed.get_param("report-type") or "").lower()
    reasons = {"delivery-status": _bounced, "feedback-report": _complained}
    if kind not in reasons or not reasons[kind](parsed):
        return None
    key = _key_of(parsed)
    return None if key is None else Report(key, BOUNCED if kind == "delivery-status" else COMPLAINED)


def _bounced(mail: Message) -> bool:
    """Whether a recipient's mailbox is not there. A delay, a full mailbox or a policy is no such thing."""
    return any(
        str(fields.get("action", "")).strip().lower() == "failed" and _says_dead(fields)
        for part in mail.walk()
        if part.get_content_type() == "message/delivery-status"
        for fields in _blocks(part)
    )


def _says_dead(fields: Message) -> bool:
    status = str(fields.get("status", "")).strip()
    answer = _SMTP.match(str(fields.get("diagnostic-code", "")))
    if answer is not None and (not status or status.startswith("5.0.")):
        # 5.0.0 says that it failed, and nothing more: the server's own words may.
        return is_dead(int(answer.group(1)), answer.group(2).encode())
    return is_dead(0, status.encode())


def _complained(mail: Message) -> bool:
    return any(
        str(fields.get("feedback-type", "")).strip().lower() in _COMPLAINTS
        for part in mail.walk()
        if part.get_content_type() == "message/feedback-report"
        for fields in _blocks(part)
    )


def _blocks(part: Message) -> Iterator[Message]:
    """The groups of fields of a machine-readable part."""
    payload = part.get_payload()
    if isinstance(payload, list):
        yield from (each for each in payload if isinstance(each, Message))
    else:
        content = part.get_payload(decode=True)
        text = content if isinstance(content, bytes) else str(payload).encode()
        yield message_from_bytes(text.strip())


def _key_of(mail: Message) -> str | None:
    """The key of the message that comes back: in its own headers, or what the report refers to."""
    headers: list[Message]
    for part in mail.walk():
        kind = part.get_content_type()
        if kind == "message/rfc822":
            headers = [each for each in part.walk() if each is not part]
        elif kind == "text/rfc822-headers":
            headers = [*_blocks(part)]
        else:
            continue
        for each in headers:
            if found := _KEY.search(str(each.get("message-id", ""))):
                return found.group(1)
    for name in ("x-original-message-id", "in-reply-to", "references"):
        if found := _KEY.search(str(mail.get(name, ""))):
            return found.group(1)
    return None
